"""Markup put together from constants and from text that is escaped: the one place where text is declared safe.

It does what ``format_html`` does at a tenth of the cost, for the few components that a page draws by the hundred.
The pattern is always a constant (a test reads every call); whatever is put into it is escaped unless it is markup.
"""

import re
from collections.abc import Iterable
from html import escape

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

_SPECIAL = re.compile("[&<>\"']").search
"""Most values are digits or classes: one look is cheaper than the five replacements of ``escape``."""


def html(pattern: str, *values: object, **named: object) -> SafeString:
    """``pattern`` with ``values`` in the places of its braces. Raises IndexError or KeyError where one is missing."""
    if named:
        escaped = {name: _safe(value) for name, value in named.items()}
        return SafeString(pattern.format(*map(_safe, values), **escaped))  # nosec B703  # a constant, and escaped values
    return SafeString(pattern.format(*map(_safe, values)))  # nosec B703  # the same


def joined(parts: Iterable[object], between: str = "") -> SafeString:
    """The parts one after the other; ``between`` is a constant."""
    return SafeString(between.join(map(_safe, parts)))  # nosec B703  # escaped parts, between them a constant


def _safe(value: object) -> str:
    if type(value) is SafeString:
        return value
    if type(value) is str:
        return escape(value) if _SPECIAL(value) else value
    return conditional_escape(value)  # type: ignore[arg-type]  # takes anything
