"""What a quota letter tells that its reader may not look up: numbers as they were sent, and the range of the team.

Colleagues' quotas stay theirs: from four people on the range is given, without names. Amounts in company currency.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import Any

from django.db.models import Max, QuerySet, Sum

from spm.org import clock
from spm.org.trees import TreeHistory
from spm.ui.fields import MoneyField
from targets.choices import Measure, PlanKind
from targets.grounds import tree_for
from targets.models import CompanyPlan, PlanningCycle, Quota, QuotaLetter

FEWEST = 4  # people; of fewer the range would tell whose number it is

type Cells = dict[tuple[int, str], Decimal]
"""(leaf period, measure) → amount."""


@dataclass(frozen=True, slots=True)
class Range:
    """The lowest, the middle and the highest quota of the year in a team."""

    measure: Measure
    low: Decimal
    middle: Decimal
    high: Decimal
    people: int


def is_draft(cycle: PlanningCycle, plan: CompanyPlan | None) -> bool:
    """Whether the year's numbers are proposals still: it has not begun, and is not locked (``years_in_draft``)."""
    locked = plan is not None and plan.locked_at is not None
    return not locked and cycle.fiscal_year.starts_on > clock.today()


@dataclass(frozen=True, slots=True)
class Moved:
    """One number that is another than the letter told; None: there is none."""

    period: int
    measure: Measure
    sent: Decimal | None
    now: Decimal | None


def moved_since(plan: CompanyPlan, letters: Iterable[QuotaLetter]) -> dict[int, list[Moved]]:
    """Letter → every number of a leaf period that is another now than when it was sent. Three queries.

    A letter whose numbers stand is absent. Months count, not the year alone: who agreed to January did not to December.
    """
    sent = {letter.person_id: letter for letter in letters if letter.sent_at}
    history = Quota.history.filter(plan=plan, person__in=list(sent))
    newest = history.order_by().values_list("person_id").annotate(newest=Max("history_date"))
    touched = {person: sent[person] for person, day in newest if day > sent[person].sent_at}
    then, now = _cells_then(history, touched), _cells_now(plan, touched)
    found = {letter.pk: _moved(then[person], now[person]) for person, letter in touched.items()}
    return {pk: moved for pk, moved in found.items() if moved}


@dataclass(frozen=True, slots=True)
class Sent:
    """What a letter told, whatever is being changed since. ``changed_at``: when a number was last written."""

    cells: Cells
    before: Cells | None  # as its version before told; None in the first version
    sent_at: datetime
    changed_at: datetime | None

    def moved(self, now: Cells) -> list[Moved]:
        """The numbers that are another ``now`` than it told."""
        return _moved(self.cells, now) if self.changed_at and self.changed_at > self.sent_at else []

    @property
    def renewed(self) -> list[Moved]:
        """The numbers that it told differently from its version before."""
        return [] if self.before is None else _moved(self.before, self.cells)


def as_sent(letter: QuotaLetter) -> Sent | None:
    """The quotas of the letter's person as they stood when it was sent, from the history; None: it never was.

    One query.
    """
    if letter.sent_at is None:
        return None
    rows = Quota.history.filter(
        plan__fiscal_year=letter.cycle.fiscal_year_id, plan__kind=PlanKind.WORKING, person=letter.person_id
    )
    columns = ("history_date", "id", "period_id", "measure", "amount", "history_type")
    states = list(rows.order_by("history_date", "history_id").values_list(*columns))
    before = _cells_at(states, letter.sent_before_at) if letter.sent_before_at else None
    return Sent(_cells_at(states, letter.sent_at), before, letter.sent_at, states[-1][0] if states else None)


def _cells_at(states: Iterable[tuple[Any, ...]], moment: datetime) -> Cells:
    """What stood at a moment. ``states``: in the order in which they were written."""
    last = {pk: cell for day, pk, *cell in states if day <= moment}
    return {(period, measure): amount for period, measure, amount, kind in last.values() if kind != "-"}


def _cells_then(history: QuerySet[Any], letters: Mapping[int, QuotaLetter]) -> dict[int, Cells]:
    last: dict[int, dict[int, tuple[Any, ...]]] = {person: {} for person in letters}
    columns = ("person_id", "history_date", "id", "period_id", "measure", "amount", "history_type")
    rows = history.filter(person__in=list(letters)).order_by("history_date", "history_id").values_list(*columns)
    for person, day, pk, *cell in rows if letters else ():
        if day <= letters[person].sent_at:
            last[person][pk] = tuple(cell)
    return {person: {cell[:2]: cell[2] for cell in rows.values() if cell[3] != "-"} for person, rows in last.items()}


def _cells_now(plan: CompanyPlan, people: Iterable[int]) -> dict[int, Cells]:
    found: dict[int, Cells] = {person: {} for person in people}
    rows = Quota.objects.filter(plan=plan, person__in=list(found)) if found else Quota.objects.none()
    for person, period, measure, amount in rows.values_list("person_id", "period_id", "measure", "amount"):
        found[person][period, measure] = amount
    return found


def _moved(then: Cells, now: Cells) -> list[Moved]:
    keys = sorted(key for key in then.keys() | now.keys() if then.get(key) != now.get(key))
    return [Moved(period, Measure(name), then.get((period, name)), now.get((period, name))) for period, name in keys]


def team_ranges(cycle: PlanningCycle, person: int, history: TreeHistory) -> list[Range]:
    """The range of each measure in the person's team, of those in which four people or more have a quota."""
    tree = tree_for(cycle, history, clock.today())
    mates = tree.members.get(tree.team_of.get(person, 0), [])
    if len(mates) < FEWEST:
        return []
    rows = Quota.objects.in_force().filter(plan__fiscal_year=cycle.fiscal_year_id, person__in=mates).order_by()
    sums: dict[str, list[Decimal]] = defaultdict(list)
    for _person, measure, amount in rows.values_list("person_id", "measure").annotate(
        sum=Sum("amount", output_field=MoneyField())
    ):
        sums[measure].append(amount)
    return [_range(measure, sums[measure]) for measure in Measure if len(sums[measure]) >= FEWEST]


def _range(measure: Measure, amounts: Iterable[Decimal]) -> Range:
    ordered = sorted(amounts)
    return Range(measure, ordered[0], Decimal(median(ordered)), ordered[-1], len(ordered))
