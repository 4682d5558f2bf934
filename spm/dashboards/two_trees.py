"""The company added up along both trees: by territory, and by person and team. The actuals are the same to the coin.

Each line counts once in a territory (or *Unassigned*) and once for a person (or the *House*); overlay credit is in
neither sum. Targets of territories and of teams are given apart, so their sums are shown side by side.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum
from django.db.models.functions import Coalesce

from spm.dashboards.periods import View
from spm.dashboards.queries import trees_of
from spm.money import ZERO, total
from spm.org.models import User
from spm.org.trees import TeamTree
from spm.ui.fields import MoneyField
from targets.models import Attainment, PeriodTotal


@dataclass(frozen=True, slots=True)
class TwoTrees:
    """Sums over the window. None = there is no target at all.

    Where a region or a team has none in a leaf period, those below it count in that one.
    """

    territory_target: Decimal | None
    territory_actual: Decimal
    unassigned: Decimal
    team_target: Decimal | None
    quotas: Decimal | None
    people_actual: Decimal
    house: Decimal

    @property
    def by_territory(self) -> Decimal:
        return self.territory_actual + self.unassigned

    @property
    def by_person(self) -> Decimal:
        return self.people_actual + self.house

    @property
    def agree(self) -> bool:
        return self.by_territory == self.by_person


def two_trees(user: User, view: View) -> TwoTrees:
    """For somebody who sees the whole company; three queries."""
    leaves = [leaf.pk for leaf in view.window.leaves]
    rows = Attainment.objects.visible_to(user).filter(measure=view.measure, period__in=leaves).order_by()
    money = MoneyField()
    areas = rows.filter(territory__isnull=False, territory__parent=None).values_list("territory__is_unassigned")
    target, actual = {}, {}
    for is_sentinel, wanted, brought in areas.annotate(
        given=Sum(Coalesce("target", "quota_sum"), output_field=money), brought=Sum("actual", output_field=money)
    ):
        target[is_sentinel], actual[is_sentinel] = wanted, brought
    goals: dict[int, dict[int, Decimal | None]] = defaultdict(dict)
    carried: list[Decimal | None] = []
    numbers = rows.filter(territory=None, company=None).values_list("team", "period")
    for team, leaf, amount in numbers.annotate(sum=Sum("target", output_field=money)):
        if team is None:
            carried.append(amount)
        else:
            goals[leaf][team] = amount
    trees = trees_of(user, view.window.leaves)
    given = [_given(trees[leaf], of, team) for leaf, of in goals.items() for team in trees[leaf].roots]
    counted = PeriodTotal.objects.visible_to(user).filter(measure=view.measure, period__in=leaves).order_by()
    sums = dict(counted.values_list("person__is_house").annotate(sum=Sum("amount", output_field=money)))
    return TwoTrees(
        territory_target=total((target.get(False), target.get(True))),
        territory_actual=actual.get(False, ZERO),
        unassigned=actual.get(True, ZERO),
        team_target=total(given),
        quotas=total(carried),
        people_actual=sums.get(False, ZERO),
        house=sums.get(True, ZERO),
    )


def _given(tree: TeamTree, goals: Mapping[int, Decimal | None], team: int) -> Decimal | None:
    """What a team was given in one leaf period; where it was given nothing, what the teams below it were."""
    if goals.get(team) is not None:
        return goals[team]
    return total(_given(tree, goals, below) for below in tree.children.get(team, ()))
