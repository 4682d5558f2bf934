"""What a quota letter tells that its reader may not look up: numbers as they were sent, and the range of the team.

Colleagues' quotas stay theirs: from four people on the range is given, without names. Amounts in company currency.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import Any

from django.db.models import Sum

from spm.org import clock
from spm.org.trees import read_history
from spm.ui.fields import MoneyField
from targets.choices import Measure, PlanKind
from targets.holdups import tree_for
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


def as_sent(letter: QuotaLetter) -> Cells:
    """The quotas of the letter's person as they stood when it was sent, whatever is being changed since."""
    return cells_at(letter.cycle.fiscal_year_id, letter.person_id, letter.sent_at) if letter.sent_at else {}


def cells_at(year: int, person: int, moment: datetime) -> Cells:
    """One person's quotas of a year's working plan as they stood at a moment, from the history; one query."""
    rows = Quota.history.filter(
        plan__fiscal_year=year, plan__kind=PlanKind.WORKING, person=person, history_date__lte=moment
    )
    last: dict[int, tuple[Any, ...]] = {}
    for row in rows.order_by("history_date", "history_id").values_list(
        "id", "period_id", "measure", "amount", "history_type"
    ):
        last[row[0]] = row
    return {(row[1], row[2]): row[3] for row in last.values() if row[4] != "-"}


def team_ranges(cycle: PlanningCycle, person: int) -> list[Range]:
    """The range of each measure in the person's team, of those in which four people or more have a quota."""
    tree = tree_for(cycle, read_history(), clock.today())
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
