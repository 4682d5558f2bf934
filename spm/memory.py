"""How a process that answers requests or runs jobs collects garbage, and where it keeps the frames of its calls.

The collector counts what is made, and walks everything that lives when it has counted enough. A page makes tens of
thousands of small objects that end with it, so that with Python's usual thresholds many a page waits for a walk through
the whole application, which never ends: one page in twenty took twice as long, and a third of the time of an import
went there.
"""

import gc
from collections.abc import Callable
from types import FunctionType
from typing import cast

MADE = 50_000  # objects between two looks at the newest ones; the largest pages make as many
ROOM = 2**15  # places of eight bytes that one frame claims; the calls that it makes find as many again


def in_one_piece[**P, R](call: Callable[P, R]) -> Callable[P, R]:
    """``call``, with room for the frames of all that it calls in one piece of memory.

    Python keeps frames in pieces of 16 KB, and gives one back with the call that asked for it. Where the edge of a
    piece falls into a loop, each round asks the system for memory anew: by the depth of its calls alone the team page
    took up to 40 % longer. A frame that does not fit makes Python take a piece large enough for it and what follows.
    Mended in Python itself by newer releases of 3.13 and 3.14 (python/cpython#142183).
    """

    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        return call(*args, **kwargs)

    code = cast(FunctionType, called)
    code.__code__ = code.__code__.replace(co_stacksize=ROOM)
    return called


def settle() -> None:
    """Leave what is loaded by now, and lives as long as the process, out of every later walk; walk less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(MADE, *gc.get_threshold()[1:])
