"""Who holds a territory and who held it, what they hold besides, and its target beside the numbers of those people."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, Q, Sum
from django.urls import reverse

from spm.dashboards.periods import View
from spm.market.choices import HELPING, AssignmentRole
from spm.market.models import Assignment, Territory
from spm.org.models import User
from spm.org.scopes import history_of
from spm.ui.fields import MoneyField
from targets import measures
from targets.models import Attainment

type Way = tuple[str, str]
"""(name of another territory, its address)."""


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds the territory, and since when."""

    name: str
    since: date
    href: str


@dataclass(frozen=True, slots=True)
class Spell:
    """One stretch of holding; ``name`` empty = vacant, ``until`` None = until something is said anew."""

    name: str
    role: str
    since: date
    until: date | None
    is_now: bool


@dataclass(frozen=True, slots=True)
class Beside:
    """The territory's target beside the numbers of those who carry it; None = there is none."""

    target: Decimal | None
    below: Decimal | None  # what the territories below it were given
    owner_quota: Decimal | None
    team: str
    team_target: Decimal | None
    is_covered: bool  # target and what lies below stand in the same leaf periods

    @property
    def over(self) -> Decimal | None:
        """What the territories below carry beyond this one's target; None where they cover other leaf periods."""
        return measures.over_assignment(self.below, self.target) if self.is_covered else None

    @property
    def is_empty(self) -> bool:
        return self.target is None and self.below is None and self.owner_quota is None and self.team_target is None


@dataclass(frozen=True, slots=True)
class Holding:
    """All assignments of a territory there ever were, the newest first, and what else its owner holds today."""

    own: list[Assignment]
    others: list[Assignment]


def holding_of(user: User, territory: Territory, day: date) -> Holding:
    """What the viewer sees of it: the assignments of people he sees. One query."""
    now = Assignment.objects.as_of(day).filter(role=AssignmentRole.OWNER)
    owner = now.filter(territory=territory, person__isnull=False).values("person")
    also = now.filter(person__in=owner).exclude(territory=territory)
    rows = Assignment.objects.visible_to(user).filter(Q(territory=territory) | Q(pk__in=also.values("pk")))
    ordered = list(rows.select_related("person", "territory").order_by("-starts_on", "-pk"))
    own = [row for row in ordered if row.territory_id == territory.pk]
    return Holding(own, [row for row in ordered if row.territory_id != territory.pk])


def _ends(later: Assignment, row: Assignment) -> bool:
    """Owners follow each other; who helps is followed by what is said of the same person later."""
    if row.role in HELPING:
        return later.role in HELPING and later.person_id == row.person_id
    return later.role == row.role


def _is_now(row: Assignment, held: list[Assignment], day: date) -> bool:
    begun = [other for other in held if _ends(other, row) and other.starts_on <= day]
    return bool(begun) and begun[0] is row


def owner_now(held: list[Assignment], day: date) -> Assignment | None:
    """The row in force on the day, where it names somebody."""
    rows = (row for row in held if row.role == AssignmentRole.OWNER and _is_now(row, held, day))
    return next((row for row in rows if row.person_id), None)


def holders(held: list[Assignment], view: View, role: AssignmentRole) -> list[Held]:
    """Who holds it today in this role."""
    return [
        Held(row.person.name, row.starts_on, reverse("dashboards:rep", args=[row.person_id]) + view.query())
        for row in held
        if row.role == role and row.person and _is_now(row, held, view.today)
    ]


def spells(held: list[Assignment], day: date) -> list[Spell]:
    """The whole history, the newest first."""
    found = []
    for place, row in enumerate(held):
        after = [other.starts_on for other in held[:place] if _ends(other, row)]
        until = after[-1] - timedelta(days=1) if after else None
        name = row.person.name if row.person else ""
        if row.role == AssignmentRole.ENDED:
            continue
        found.append(Spell(name, row.get_role_display(), row.starts_on, until, _is_now(row, held, day)))
    return found


def _path(territory: int, view: View) -> str:
    return reverse("dashboards:territory", args=[territory]) + view.query()


def below(tree: Iterable[Territory], view: View, territory: Territory) -> list[Way]:
    """The territories right below it."""
    return [(row.name, _path(row.pk, view)) for row in tree if row.parent_id == territory.pk]


def held_also(holding: Holding, view: View) -> list[Way]:
    """The other territories of its owner."""
    others = sorted(holding.others, key=lambda row: row.territory.name)
    return [(row.territory.name, _path(row.territory_id, view)) for row in others]


def beside(user: User, view: View, territory: Territory, owner: Assignment | None) -> Beside:
    """Targets and quotas of the window, as the roll-up has them; one query. Teams by the tree of its last day."""
    person = owner.person_id if owner else None
    team = history_of(user).as_of(view.window.ends_on).team_of.get(person or 0)
    leaves = [leaf.pk for leaf in view.window.leaves]
    of = Q(territory=territory) | Q(person=person or 0) | Q(team=team or 0)
    rows = Attainment.objects.visible_to(user).filter(of, measure=view.measure, period__in=leaves).order_by()
    alone = Q(target__isnull=True, quota_sum__isnull=False) | Q(target__isnull=False, quota_sum__isnull=True)
    sums = rows.values_list("territory", "person", "team", "team__name").annotate(
        given=Sum("target", output_field=MoneyField()),
        carried=Sum("quota_sum", output_field=MoneyField()),
        alone=Count("pk", filter=alone),
    )
    found = {tuple(keys): (given, carried, name, apart) for *keys, name, given, carried, apart in sums}
    nothing = (None, None, "", 0)
    target, carried, _name, apart = found.get((territory.pk, None, None), nothing)
    quota, *_rest = found.get((None, person, None), nothing)
    given, _sum, name, _apart = found.get((None, None, team), nothing)
    return Beside(target, carried, quota, name, given, is_covered=not apart)
