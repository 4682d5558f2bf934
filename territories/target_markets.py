"""The target markets of a territory: documented parts of its market, put in, taken out and brought back."""

from django.db.models import Max
from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.market.models import Territory
from spm.org import clock, retries
from spm.org.models import User
from territories import caps
from territories.field_writing import BadWords, still_there, words
from territories.models import TargetMarket
from territories.target_customers import NAME, ListFull, lock


@retries.atomic
def add(territory: Territory, name: str, *, owner: User | None = None) -> TargetMarket:
    """A market at the end of the list. Raises BadWords, ListFull."""
    lock(territory.pk)
    said = words(name, NAME)
    if not said:
        raise BadWords(_("Give the target market a name."))
    _refuse_full(territory)
    last = TargetMarket.objects.filter(territory=territory).aggregate(last=Max("position"))["last"] or 0
    return TargetMarket.objects.create(territory=territory, position=last + 1, name=said, owner=owner)


def _refuse_full(territory: Territory) -> None:
    if TargetMarket.objects.standing().filter(territory=territory).count() >= caps.MARKETS:
        raise ListFull(_("A territory takes %(most)d target markets. Take out one first.") % {"most": caps.MARKETS})


@retries.atomic
def take_out(row: TargetMarket) -> None:
    """Off the page; ``bring_back`` is its undo. Raises AlreadyGone."""
    lock(row.territory_id)
    row = still_there(TargetMarket.objects.standing(), row.pk)
    row.removed_at = clock.now()
    row.version += 1
    row.save()


@retries.atomic
def bring_back(territory: Territory, pk: int) -> None:
    """Undo, at its old place. Raises RuleViolation, ListFull."""
    lock(territory.pk)
    row = TargetMarket.objects.filter(territory=territory, pk=pk, removed_at__isnull=False).first()
    if row is None:
        raise RuleViolation(_("There is no such target market to bring back."))
    _refuse_full(territory)
    row.removed_at = None
    row.version += 1
    row.save()
