"""Amounts of money: Decimal in Python, whole ten-thousandths of a currency unit where stored. Pure Python.

A *unit* here is one ten-thousandth of a currency unit; real exports carry four decimals. A *minor unit* is the
smallest coin of a currency (cent, yen): plans, targets and quotas are whole minor units.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from babel.numbers import get_currency_precision

UNITS_PER_ONE = 10_000
MAX_UNITS = 10**15 - 1  # one line holds at most 15 digits, so that sums of nine thousand of them fit in 64 bits
ZERO = Decimal(0)
EXACT = Context(prec=40)  # an amount of 15 digits times a rate of 18 needs 33


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of what there is; None where there is nothing at all."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if known else None


def to_units(amount: Decimal | float) -> int:
    """Return ``amount`` as whole ten-thousandths.

    Raises TypeError for a float (it has already lost the value) and ValueError for a fifth decimal,
    for more than 15 stored digits, and for NaN or Infinity.
    """
    if isinstance(amount, float):
        raise TypeError("money is Decimal, never float")
    decimal = Decimal(amount)
    if not decimal.is_finite():
        raise ValueError(f"not a finite amount: {amount}")
    numerator, denominator = decimal.as_integer_ratio()
    units, rest = divmod(numerator * UNITS_PER_ONE, denominator)
    if rest:
        raise ValueError(f"more than four decimals: {amount}")
    if abs(units) > MAX_UNITS:
        raise ValueError(f"more than 15 digits: {amount}")
    return units


def from_units(units: int) -> Decimal:
    """Return whole ten-thousandths as an amount with four decimals."""
    return Decimal(units).scaleb(-4)


def minor_unit(currency: str) -> Decimal:
    """Return the smallest coin of an ISO currency: 0.01 for EUR, 1 for JPY."""
    return Decimal(1).scaleb(-get_currency_precision(currency))


def to_minor(amount: Decimal, currency: str) -> Decimal:
    """Return ``amount`` rounded (half to even) to whole minor units of ``currency``."""
    return amount.quantize(minor_unit(currency), rounding=ROUND_HALF_EVEN)


def convert(amount: Decimal, rate: Decimal, currency: str) -> Decimal:
    """``amount`` of a foreign currency in whole minor units of ``currency``, of which ``rate`` buy one of the other.

    Rounded once, half to even, after an exact product. Rule: domain.md, Currency.
    """
    return EXACT.multiply(amount, rate).quantize(minor_unit(currency), ROUND_HALF_EVEN, EXACT)


def split(total: int, weights: Sequence[Decimal | int]) -> list[int]:
    """Divide a whole number in proportion to ``weights`` so that the parts add up to it exactly.

    Largest remainder; ties go to the earliest part, so callers pass parts sorted by key. Works for a negative
    total (the parts of −x are the parts of x, negated). Raises ValueError for no weights, a negative one, or all zero.
    Rule: domain.md, Rounding.
    """
    if total < 0:
        return [-part for part in split(-total, weights)]
    fractions = [Fraction(weight) for weight in weights]
    whole = sum(fractions)
    if not fractions or min(fractions) < 0 or whole == 0:
        raise ValueError("weights must not be negative, and one must be above zero")
    exact = [total * weight / whole for weight in fractions]
    parts = [int(part) for part in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def spread(amount: Decimal, weights: Sequence[Decimal | int], currency: str) -> list[Decimal]:
    """Divide ``amount`` over ``weights`` in whole minor units of ``currency``; the parts add up to it exactly.

    Raises ValueError when ``amount`` itself is not a whole number of minor units.
    """
    coin = minor_unit(currency)
    minor = amount / coin
    if minor != int(minor):
        raise ValueError(f"{amount} is not a whole number of {coin} {currency}")
    return [part * coin for part in split(int(minor), weights)]


def shares_of(amount: Decimal, shares: Sequence[Decimal]) -> list[Decimal]:
    """Divide a credited amount by ``shares`` that sum to 1, to the last ten-thousandth (largest remainder)."""
    if sum(shares) != 1:
        raise ValueError(f"shares sum to {sum(shares)}, not to 1")
    return [from_units(part) for part in split(to_units(amount), shares)]
