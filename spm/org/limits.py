"""How often one person may do what costs the server much: upload, export, search, try a job again.

Counted in the shared cache, up to the numbers of ``settings.LIMITS``; one person's haste holds up nobody else.
Rule: reliability.md §3, 2.4.1.
"""

import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from spm.org.gates import user_of


class TooOften(Exception):
    """The person has reached the limit; ``seconds`` until it starts over. Becomes a page with status 429."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def spend(request: HttpRequest, action: str) -> None:
    """Count one ``action`` of the request's user. Raises TooOften beyond the number allowed in the current window."""
    most, window = settings.LIMITS[action]
    number, passed = divmod(int(time.time()), window)
    key = f"limit:{action}:{user_of(request).pk}:{number}"
    cache.add(key, 0, timeout=window)
    try:
        count = cache.incr(key)
    except ValueError:  # the cache was emptied between the two
        return
    if count > most:
        raise TooOften(window - passed)
