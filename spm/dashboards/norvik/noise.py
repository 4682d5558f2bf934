"""Variety without chance: every draw is a hash of its key, the same on every machine and in every Python."""

from collections.abc import Sequence
from hashlib import blake2b


def draw(*key: object) -> int:
    """A whole number of 32 bits that looks random and depends on ``key`` alone."""
    text = "|".join(str(part) for part in key)
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest())


def between(low: int, high: int, *key: object) -> int:
    """A whole number from ``low`` to ``high``, both inclusive."""
    return low + draw(*key) % (high - low + 1)


def pick[Option](options: Sequence[Option], *key: object) -> Option:
    """One of ``options``."""
    return options[draw(*key) % len(options)]
