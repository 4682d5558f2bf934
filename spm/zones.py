"""The time zones this machine knows. Pure Python."""

from functools import cache
from zoneinfo import available_timezones


@cache
def known_zones() -> frozenset[str]:
    """Names such as "Europe/Paris". Read once per process: the library opens some 600 files each time it is asked."""
    return frozenset(available_timezones())
