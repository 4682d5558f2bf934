"""What never reaches a log: one-time tokens in addresses. Pure Python.

Private text needs no filter, since nothing logs it: logs carry ids, kinds and sentences of broken rules.
Rule: reliability.md §3, 16.2.
"""

import re
from collections.abc import MutableMapping
from typing import Any

TOKEN = re.compile(r"(?<=[/=])(?=[^/\s?&]*[0-9A-Z])[\w:.\-]{20,}")
"""A path segment or query value that looks like a key: 20 characters or more with a digit or a capital in it."""


def mask_tokens(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: invitation and password reset keys in addresses become ``…``."""
    for name in ("event", "request", "path"):
        value = event.get(name)
        if isinstance(value, str):
            event[name] = TOKEN.sub("…", value)
    return event
