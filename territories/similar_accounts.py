"""What similar accounts spend on a family of products: the ground of the value expected from a white cell.

*Similar* are all accounts of the company of the same segment that are key accounts alike. Of those that bought the
family in the last 365 days the mean is taken, and rounded to two digits, so that no single account can be read from it;
of fewer than five buyers nothing is said. It knows no users: a mean of five says nothing of one.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Case, Count, Sum, Value, When

from spm.market.choices import KEY_TIERS
from spm.market.models import Account
from spm.market.querysets import is_key
from spm.ui.fields import MoneyField
from targets.choices import Measure
from targets.curves import counted
from targets.models import Credit

LEAST = 5  # buyers, below which no mean is told
DAYS = 365
type Kin = tuple[str, bool]
"""Segment, and whether it is a key account."""


@dataclass(frozen=True, slots=True)
class Mean:
    """``amount``: per buyer and year, None of fewer than LEAST buyers."""

    amount: Decimal | None
    buyers: int


def kin_of(account: Account) -> Kin:
    return account.segment, account.tier.strip().casefold() in KEY_TIERS


def means(measure: Measure, today: date, segments: set[str]) -> dict[tuple[Kin, int], Mean]:
    """(kin, family) → mean, for accounts of these segments; an account without a segment has no kin. One query."""
    named = segments - {""}
    key = Case(When(is_key("actual__account__"), then=Value(True)), default=Value(False))  # noqa: FBT003  # of the database
    rows = Credit.objects.filter(is_overlay=False, date__gt=today - timedelta(days=DAYS), date__lte=today)
    rows = rows.filter(actual__account__segment__in=named, actual__product_family__isnull=False)
    summed = counted(measure, rows).order_by().values_list("actual__account__segment", key, "actual__product_family")
    told = summed.annotate(sum=Sum("counts", output_field=MoneyField()), buyers=Count("actual__account", distinct=True))
    return {
        ((segment, is_one), family): Mean(_mean(amount, buyers), buyers)
        for segment, is_one, family, amount, buyers in told
    }


def _mean(amount: Decimal | None, buyers: int) -> Decimal | None:
    """Rounded to two digits; None of too few buyers, or where credit notes ate it up."""
    if buyers < LEAST or not amount or amount <= 0:
        return None
    mean = amount / buyers
    place = Decimal(1).scaleb(mean.adjusted() - 1)
    return (mean / place).quantize(Decimal(1), rounding=ROUND_HALF_UP) * place


def expected(mean: Decimal | None, potential: Decimal | None, year: Decimal) -> Decimal | None:
    """What a white cell may bring in a year: the mean, but no more than the account's potential leaves open.

    ``year``: what the account brought in the last 365 days. None where nothing can be said.
    """
    if mean is None or potential is None:
        return mean
    return max(min(mean, potential - year), Decimal(0))
