"""What a territory is beside its figures: accounts, potential, how many key accounts were met of late, its plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, Sum

from spm.dashboards.periods import View
from spm.market.models import AccountPlacement, Territory
from spm.market.querysets import is_key
from spm.money import total
from spm.org.models import User
from spm.ui.fields import MoneyField
from territories import plans
from territories.models import Stakeholder, TerritoryPlan

TOUCHED_DAYS = 30
"""A key account counts as covered where somebody there was met within so many days (ux.md, Territories)."""


@dataclass(frozen=True, slots=True)
class Land:
    """Accounts that stand in a territory and those below it today; ``potential`` None = of none it is known."""

    accounts: int = 0
    key: int = 0
    met: int = 0  # key accounts where somebody was met within ``TOUCHED_DAYS``
    potential: Decimal | None = None

    @property
    def coverage(self) -> Decimal | None:
        """Of the key accounts; None where there is none."""
        return Decimal(self.met) / self.key if self.key else None


@dataclass(frozen=True, slots=True)
class PlanOf:
    state: str
    label: str
    href: str


def lands(user: User, view: View, territories: Sequence[Territory]) -> dict[int, Land]:
    """Territory → what stands in it and below; one query."""
    placed = AccountPlacement.objects.visible_to(user).as_of(view.today).filter(territory__isnull=False).order_by()
    key = is_key("account__")
    own: dict[int, Land] = {}
    since = view.today - timedelta(days=TOUCHED_DAYS - 1)
    of_account = Stakeholder.objects.visible_to(user).filter(account=OuterRef("account"))
    met = Exists(of_account.filter(last_met_on__range=(since, view.today)))
    sums = placed.values_list("territory").annotate(
        many=Count("pk"),
        keys=Count("pk", filter=key),
        met=Count("pk", filter=Q(key, met)),
        sum=Sum("account__potential", output_field=MoneyField()),
    )
    for territory, many, keys, covered, potential in sums:
        own[territory] = Land(many, keys, covered, potential)
    return _with_below(own, {row.pk: row.parent_id for row in territories})


def _with_below(own: Mapping[int, Land], parents: Mapping[int, int | None]) -> dict[int, Land]:
    found: dict[int, Land] = {}
    for key, land in own.items():
        at: int | None = key
        while at is not None:
            found[at] = _plus(found.get(at, Land()), land)
            at = parents.get(at)
    return found


def _plus(one: Land, other: Land) -> Land:
    potential = total((one.potential, other.potential))
    return Land(one.accounts + other.accounts, one.key + other.key, one.met + other.met, potential)


def plans_of(user: User, view: View) -> dict[int, PlanOf]:
    """Territory → the plan somebody writes for it in the year shown; one query."""
    year = view.window.leaves[0].fiscal_year
    rows = TerritoryPlan.objects.visible_to(user).filter(Q(fiscal_year=year), territory__isnull=False)
    return {
        row.territory_id or 0: PlanOf(row.state, row.get_state_display(), plans.path_of(row))
        for row in rows.select_related("fiscal_year", "person")
    }
