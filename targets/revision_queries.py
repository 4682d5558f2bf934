"""What the pages of revisions show, as far as the viewer sees whom a revision concerns."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from spm.org import clock
from spm.org.access import can_administer
from spm.org.models import FiscalYear, Period, Team, User
from targets import batches, revisions
from targets.access import can_decide_revision
from targets.choices import Measure, PlanKind
from targets.goals import Holder, holder_of, of_person, of_segment, of_team
from targets.models import CompanyPlan
from targets.revision_effects import Effect, effects
from targets.revision_forms import MonthField, RevisedRow, RevisionForm, RowKey

ZERO = Decimal(0)


@dataclass(frozen=True)
class MonthMove:
    """One month of one holder: None = no number; ``moved``: the revision gives it one."""

    before: Decimal | None
    after: Decimal | None
    moved: bool = True

    @property
    def difference(self) -> Decimal:
        return (self.after or ZERO) - (self.before or ZERO)


@dataclass(frozen=True)
class HolderMoves:
    """What a revision does to one holder and measure, month by month in the order of the columns."""

    name: str
    measure: str
    months: tuple[MonthMove, ...]

    @property
    def total(self) -> MonthMove:
        return MonthMove(
            sum((m.before or ZERO for m in self.months), ZERO), sum((m.after or ZERO for m in self.months), ZERO)
        )


@dataclass(frozen=True)
class RevisionView:
    """One revision as a page shows it. ``months``: those that it changes; ``hidden``: numbers of people not seen."""

    revision: CompanyPlan
    months: tuple[str, ...]
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
    seen = [move for move in moves if move.holder in names]
    periods = Period.objects.visible_to(user).filter(pk__in={move.period for move in seen}).order_by("starts_on")
    columns = list(periods)
    grouped: dict[tuple[Holder, str], dict[int, MonthMove]] = defaultdict(dict)
    for move in seen:
        grouped[move.holder, move.measure][move.period] = MonthMove(move.before, move.after)
    stays = MonthMove(None, None, moved=False)
    holders = tuple(
        HolderMoves(names[holder], str(Measure(measure).label), tuple(months.get(leaf.pk, stays) for leaf in columns))
        for (holder, measure), months in grouped.items()
    )
    decides = can_decide_revision(user, revision)
    return RevisionView(
        revision=revision,
        months=tuple(leaf.title for leaf in columns),
        holders=holders,
        effects=effects(user, revision, moves),
        hidden=len(moves) - len(seen),
        can_decide=decides,
        seen=batches.newest(revision.based_on) if decides and revision.based_on else 0,
    )


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


def choices(user: User) -> list[Choice]:
    """Everybody whose number the user may ask to revise: not the own one."""
    people = User.objects.visible_to(user).filter(is_active=True).exclude(pk=user.pk).order_by("name", "pk")
    teams = Team.objects.visible_to(user).led_by(user).order_by("name", "pk")
    found = [Choice(f"person:{pk}", name) for pk, name in people.values_list("pk", "name")]
    found += [Choice(f"team:{pk}", name) for pk, name in teams.values_list("pk", "name")]
    return [*found, Choice("company:", _("Whole company"))] if can_administer(user) else found


def changeable(user: User, year: FiscalYear) -> list[Period]:
    """The months from which a revision may count: the running one, later ones, and what was reopened."""
    return revisions.changeable(_leaves(user, year), clock.today())


def form_of(user: User, year: FiscalYear, effective: Period, named: Sequence[tuple[RowKey, str]]) -> RevisionForm:
    """The request's form: every month from the effective one on, with what is in force. ``named``: with their names.

    One query for the months and one per table.
    """
    columns = [leaf for leaf in _leaves(user, year) if leaf.starts_on >= effective.starts_on]
    free = {leaf.pk for leaf in revisions.changeable(columns, clock.today())}
    now = _in_force(user, year, [key for key, _name in named])
    rows = [
        RevisedRow(
            key,
            name,
            [
                MonthField(
                    leaf,
                    now.get((key.holder, key.measure, leaf.pk)),
                    name=f"m:{key.text}:{leaf.pk}",
                    fixed=leaf.pk not in free,
                )
                for leaf in columns
            ],
        )
        for key, name in named
    ]
    return RevisionForm(effective, columns, rows)


def _leaves(user: User, year: FiscalYear) -> list[Period]:
    return list(Period.objects.visible_to(user).leaves().filter(fiscal_year=year).order_by("starts_on"))


def _in_force(user: User, year: FiscalYear, keys: Iterable[RowKey]) -> dict[tuple[Holder, str, int], Decimal]:
    """(holder, measure, leaf period) → the number in force, as far as the user sees it."""
    held: dict[Any, dict[str, set[int | str]]] = defaultdict(lambda: defaultdict(set))
    for key in keys:
        held[key.model][key.holder.column].add(key.holder.key)
    found = {}
    for model, columns in held.items():
        for column, values in columns.items():
            rows = model.objects.visible_to(user).in_force().filter(plan__fiscal_year=year)
            for row in rows.filter(**{f"{column}__in": values}):
                found[holder_of(row), row.measure, row.period_id] = row.amount
    return found
