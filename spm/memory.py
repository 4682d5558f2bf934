"""How a process that answers requests or runs jobs collects garbage.

The collector counts what is made, and walks everything that lives when it has counted enough. A page makes tens of
thousands of small objects that end with it, so that with Python's usual thresholds many a page waits for a walk through
the whole application, which never ends: one page in twenty took twice as long, and a third of the time of an import
went there.
"""

import gc

MADE = 50_000  # objects between two looks at the newest ones; the largest pages make as many


def settle() -> None:
    """Leave what is loaded by now, and lives as long as the process, out of every later walk; walk less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(MADE, *gc.get_threshold()[1:])
