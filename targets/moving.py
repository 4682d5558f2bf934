"""What a territory is of its owner's number: by what it sold last year, else by potential, else one of several."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from spm.market.choices import AssignmentRole
from spm.market.models import AccountPlacement, Assignment
from spm.money import ZERO
from spm.org.models import Period
from spm.ui.fields import MoneyField
from targets import curves
from targets.choices import Measure
from targets.models import Credit

HUNDRED = Decimal(100)


def owner_of(territory: int, day: date) -> int | None:
    """Who holds the territory on that day."""
    found = Assignment.objects.as_of(day).filter(territory=territory, role=AssignmentRole.OWNER)
    return found.values_list("person", flat=True).first()


def share_of(territory: int, person: int, day: date, last_year: Sequence[Period]) -> Decimal:
    """Percent of the person's number that goes with the territory (0 … 100)."""
    held = Assignment.objects.as_of(day).filter(person=person, role=AssignmentRole.OWNER)
    territories = sorted(held.values_list("territory", flat=True))
    for amounts in (_sold(person, last_year), _potential(territories, day)):
        whole = sum((max(amount, ZERO) for amount in amounts.values()), ZERO)
        part = amounts.get(territory, ZERO)
        if whole > 0 and part > 0:
            return HUNDRED * part / whole
    return HUNDRED / max(len(territories), 1)


def _sold(person: int, leaves: Sequence[Period]) -> dict[int, Decimal]:
    """Territory → bookings credited to the person in these leaf periods."""
    if not leaves:
        return {}
    rows = Credit.objects.filter(person=person, date__range=(leaves[0].starts_on, leaves[-1].ends_on))
    counted = curves.counted(Measure.BOOKINGS, rows).order_by().values_list("territory")
    return dict(counted.annotate(sum=Sum("counts", output_field=MoneyField())))


def _potential(territories: Sequence[int], day: date) -> dict[int, Decimal]:
    """Territory → known potential of the accounts placed there."""
    placed = AccountPlacement.objects.as_of(day).filter(territory__in=territories, account__potential__isnull=False)
    rows = placed.order_by().values_list("territory")
    return dict(rows.annotate(sum=Sum("account__potential", output_field=MoneyField())))
