"""How much of a number goes with accounts. Pure; amounts in company currency.

The share of accounts in a number is what they sold last year in the number's measure ÷ what all accounts of its holder
sold then; where nothing was sold, their potential ÷ the potential of all; where none is known, their count ÷ the count
of all (the same ladder as ``targets.moving``). Credit notes that outweigh an account's sales count as zero, so a share
lies between 0 and 1. The accounts of a person are those of every territory the person holds on the effective day, since
the quota covers them all; those of a territory's target are its own.

From the effective day on that share of each month's number moves. The months already carry the season; inside the month
that holds the effective day the number is spread evenly over its days, as pace is (design.md §4): moving on the 16th of
a month of 30 days moves 15/30 of the month's share. Each month's part is rounded once, half to even, to whole minor
units; it is taken from the one and given to the other, so sums before and after are equal to the minor unit.
"""

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from spm.money import ZERO, minor_unit


class Days(Protocol):
    """A leaf period: its first and last day."""

    starts_on: date
    ends_on: date


def share(
    moved: Collection[int], every: Collection[int], sold: Mapping[int, Decimal], potential: Mapping[int, Decimal]
) -> Fraction:
    """The part of a number that goes with ``moved``, 0 to 1. ``every``: all accounts of its holder, those included.

    ``sold``, ``potential``: by account; without an entry nothing is known of it.
    """
    for amounts in (sold, potential):
        whole = _sum(every, amounts)
        if whole > 0:
            return Fraction(_sum(moved, amounts)) / Fraction(whole)
    return Fraction(len(moved), len(every)) if every else Fraction(0)


def of_month(leaf: Days, effective_on: date) -> Fraction:
    """The part of a leaf period that lies on or after the day, 0 to 1."""
    days = (leaf.ends_on - leaf.starts_on).days + 1
    left = (leaf.ends_on - effective_on).days + 1
    return Fraction(min(max(left, 0), days), days)


def moved(number: Decimal, part: Fraction, leaf: Days, effective_on: date, currency: str) -> Decimal:
    """What of a month's number moves, in whole minor units."""
    coin = minor_unit(currency)
    return round(Fraction(number) * part * of_month(leaf, effective_on) / Fraction(coin)) * coin


def _sum(accounts: Collection[int], amounts: Mapping[int, Decimal]) -> Decimal:
    return sum((max(amounts.get(account, ZERO), ZERO) for account in accounts), ZERO)
