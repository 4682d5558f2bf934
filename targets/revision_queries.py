"""What the pages of revisions show, as far as the viewer sees whom a revision concerns."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from spm.org.access import can_administer
from spm.org.models import FiscalYear, Period, Team, User
from targets import batches, revisions
from targets.access import can_decide_revision
from targets.batches import Change
from targets.choices import Measure, PlanKind
from targets.goals import Holder, of_person, of_segment, of_team
from targets.models import CompanyPlan, Quota

ZERO = Decimal(0)


@dataclass(frozen=True)
class MonthMove:
    """One month of one holder: None = no number."""

    month: str
    before: Decimal | None
    after: Decimal | None

    @property
    def difference(self) -> Decimal:
        return (self.after or ZERO) - (self.before or ZERO)


@dataclass(frozen=True)
class HolderMoves:
    """What a revision does to one holder and measure, month by month."""

    name: str
    measure: str
    months: tuple[MonthMove, ...]

    @property
    def total(self) -> MonthMove:
        return MonthMove(
            "", sum((m.before or ZERO for m in self.months), ZERO), sum((m.after or ZERO for m in self.months), ZERO)
        )


@dataclass(frozen=True)
class Effect:
    """The sum of all quotas of a measure over the months revised, before and after."""

    measure: str
    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True)
class RevisionView:
    """One revision as a page shows it. ``hidden``: numbers of people the viewer does not see."""

    revision: CompanyPlan
    holders: tuple[HolderMoves, ...]
    effects: tuple[Effect, ...]
    hidden: int
    can_decide: bool
    seen: int  # the working version's newest batch: what an approval is compared with


@dataclass(frozen=True)
class Choice:
    """Whose numbers a request may revise: ``key`` as the form sends it."""

    key: str
    label: str


def listed(user: User, year: FiscalYear) -> list[CompanyPlan]:
    """The revisions of a year, newest first; ``told`` of each: whether the user may read its words."""
    rows = CompanyPlan.objects.visible_to(user).telling(user).filter(fiscal_year=year, kind=PlanKind.REVISION)
    return list(rows.select_related("effective", "author", "decided_by").order_by("-number"))


def view_of(user: User, revision: CompanyPlan) -> RevisionView:
    """Before and after by month and holder, and the effect on totals."""
    moves = revisions.moves(revision)
    names = names_of(user, [move.holder for move in moves])
    periods = Period.objects.visible_to(user).filter(fiscal_year=revision.fiscal_year_id)
    months = {period.pk: period for period in periods}
    grouped: dict[tuple[Holder, str], list[MonthMove]] = defaultdict(list)
    seen = [move for move in moves if move.holder in names]
    for move in sorted(seen, key=lambda move: months[move.period].starts_on):
        grouped[move.holder, move.measure].append(MonthMove(months[move.period].title, move.before, move.after))
    holders = [
        HolderMoves(names[holder], str(Measure(measure).label), tuple(lines))
        for (holder, measure), lines in grouped.items()
    ]
    hidden = len(moves) - len(seen)
    decides = can_decide_revision(user, revision)
    newest = batches.newest(revision.based_on) if decides and revision.based_on else 0
    return RevisionView(revision, tuple(holders), _effects(seen), hidden, decides, newest)


def names_of(user: User, holders: Iterable[Holder]) -> dict[Holder, str]:
    """The names of those holders whose numbers the viewer sees."""
    keys: dict[str, set[int | str]] = defaultdict(set)
    for holder in holders:
        keys[holder.column].add(holder.key)
    people = User.objects.visible_to(user).filter(pk__in=keys["person_id"])
    teams = Team.objects.visible_to(user).led_by(user).filter(pk__in=keys["team_id"])
    found = {of_person(pk): name for pk, name in people.values_list("pk", "name")}
    found |= {of_team(pk): name for pk, name in teams.values_list("pk", "name")}
    return found | {of_segment(str(key)): str(key) or _("Whole company") for key in keys["segment"]}


def _effects(moves: Iterable[Change]) -> tuple[Effect, ...]:
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for move in moves:
        if move.model is Quota:
            sums[move.measure][0] += move.before or ZERO
            sums[move.measure][1] += move.after or ZERO
    return tuple(Effect(str(measure.label), *sums[measure]) for measure in Measure if measure in sums)


def choices(user: User) -> list[Choice]:
    """Everybody whose number the user may ask to revise: not the own one."""
    people = User.objects.visible_to(user).filter(is_active=True).exclude(pk=user.pk).order_by("name", "pk")
    teams = Team.objects.visible_to(user).led_by(user).order_by("name", "pk")
    found = [Choice(f"person:{pk}", name) for pk, name in people.values_list("pk", "name")]
    found += [Choice(f"team:{pk}", name) for pk, name in teams.values_list("pk", "name")]
    return [*found, Choice("company:", _("Whole company"))] if can_administer(user) else found


def months_from(user: User, year: FiscalYear, effective: Period) -> list[Period]:
    """The leaf periods of the year from the effective one on."""
    leaves = Period.objects.visible_to(user).leaves().filter(fiscal_year=year, starts_on__gte=effective.starts_on)
    return list(leaves.order_by("starts_on"))


def in_force(user: User, year: FiscalYear, model: Any, holder: Holder, measure: str) -> dict[int, Decimal]:
    """Leaf period → the number in force, of one holder and measure; ``model``: PlanLine, Target or Quota."""
    rows = model.objects.visible_to(user).in_force().filter(plan__fiscal_year=year, measure=measure)
    return dict(rows.filter(**{holder.column: holder.key}).values_list("period", "amount"))
