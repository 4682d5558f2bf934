"""The company plan as a grid: three measures of the whole company and of each segment, beside them last year.

Frozen dataclasses, read once: a fixed number of queries for any number of segments. Amounts in company currency, None =
no number. Months are matched with those of last year by their number in the year, so that 4-4-5, 13 periods and 53
weeks work. Rules: ux.md, Company plan; domain.md, Seasonality.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from spm.market.models import Account
from spm.money import ZERO
from spm.org.access import can_administer
from spm.org.choices import PeriodState
from spm.org.clock import company, today
from spm.org.models import Company, Period, User
from targets import access, batches, cautions, curves, last_year, measures, past_plans
from targets.allocation_facts import Amounts, Calendar, read_calendar
from targets.choices import Measure
from targets.goals import of_segment
from targets.grid_cells import Cell
from targets.models import Attainment, CompanyPlan, PlanLine
from targets.past_plans import AsOf

WHOLE = ""
"""The segment of a line for the whole company."""

type Key = tuple[str, str]
"""(segment, measure)."""


@dataclass(frozen=True, slots=True)
class Before:
    """Last year of one segment and measure. ``leaves``: leaf of this year → that number a year before, once over.

    ``whole``: the whole year, while it still runs to date as a whole one by the season.
    """

    leaves: Amounts
    whole: Decimal | None


NOTHING = Before({}, None)


@dataclass(frozen=True)
class Facts:
    """What stands in a version of the company plan, and last year. ``is_over``: last year has ended.

    ``past``: the day whose end is shown, for reading alone; last year is what is known of it now.
    """

    plan: CompanyPlan
    currency: str
    calendar: Calendar
    segments: tuple[str, ...]  # the whole company first
    given: Mapping[Key, Amounts]
    befores: Mapping[Key, Before]
    is_over: bool
    past: AsOf | None = None

    def own(self, segment: str, measure: str, period: Period) -> Decimal | None:
        """The number given to the whole company or to a segment, as the sum of its leaf periods."""
        own = self.given.get((segment, measure), {})
        return _sum(own.get(leaf.pk) for leaf in self.calendar.leaves_in(period))

    def split(self, measure: str, period: Period) -> Decimal | None:
        """The sum of the segments."""
        return _sum(self.own(segment, measure, period) for segment in self.segments if segment != WHOLE)

    def counted(self, segment: str, measure: str, period: Period) -> Decimal | None:
        """What counts: of the company month by month its own number, else the sum of its segments."""
        if segment != WHOLE:
            return self.own(segment, measure, period)
        return _sum(self._counted(measure, leaf) for leaf in self.calendar.leaves_in(period))

    def _counted(self, measure: str, leaf: Period) -> Decimal | None:
        own = self.given.get((WHOLE, measure), {}).get(leaf.pk)
        return self.split(measure, leaf) if own is None else own

    def before(self, segment: str, measure: str, period: Period) -> Decimal | None:
        """Last year's number; of a part of the year only where all of that part is over."""
        found = self.befores.get((segment, measure), NOTHING)
        if period == self.calendar.year:
            return found.whole
        leaves = [leaf.pk for leaf in self.calendar.leaves_in(period)]
        return _sum(found.leaves[leaf] for leaf in leaves) if found.leaves.keys() >= set(leaves) else None

    def growth(self, segment: str, measure: str, period: Period) -> Decimal | None:
        """The number that counts against last year's, as a ratio."""
        before = self.before(segment, measure, period)
        return cautions.growth(self.counted(segment, measure, period), before) if before is not None else None

    def rate(self, segment: str, period: Period) -> Decimal | None:
        """Planned margin ÷ planned revenue."""
        return _rate(*(self.counted(segment, measure, period) for measure in (Measure.MARGIN, Measure.REVENUE)))

    def rate_before(self, segment: str, period: Period) -> Decimal | None:
        """Last year's margin ÷ the revenue on which it was earned."""
        return _rate(*(self.before(segment, measure, period) for measure in (Measure.MARGIN, curves.BASE)))


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one measure of the whole company or of a segment."""

    segment: str
    measure: Measure
    name: str
    year: Cell
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class CompanyGrid:
    """One version of the company plan. ``revision`` goes back with every write as ``seen``."""

    facts: Facts
    year: str
    currency: str
    columns: tuple[Period, ...]
    rows: tuple[Row, ...]
    revision: int
    is_open: bool
    can_edit: bool


def read_facts(user: User, plan: CompanyPlan, more: Iterable[str] = (), past: AsOf | None = None) -> Facts:
    """Everything about a version of the plan; ``more``: segments to show although they have no number yet.

    ``past``: the day as whose end left them the numbers are read.
    """
    calendar, our_company = read_calendar(plan.fiscal_year), company()
    currency = our_company.currency if our_company else Company.objects.values_list("currency", flat=True).get()
    given: dict[Key, dict[int, Decimal]] = defaultdict(dict)
    for segment, measure, leaf, amount in _numbers(user, plan, past):
        given[segment, measure][leaf] = amount
    segments = sorted({segment for segment, _measure in given} | set(more) | {WHOLE})
    return Facts(
        plan=plan,
        currency=currency,
        calendar=calendar,
        segments=tuple(segments),
        given=dict(given),
        befores=_befores(user, calendar, with_segments=len(segments) > 1),
        is_over=bool(calendar.before) and calendar.before[-1].ends_on < today(our_company),
        past=past,
    )


def _numbers(user: User, plan: CompanyPlan, past: AsOf | None) -> Iterable[tuple[str, str, int, Decimal]]:
    """(segment, measure, leaf period, amount); of a past day for whoever reads the plan today."""
    if past is None or past.until is None:
        rows = PlanLine.objects.visible_to(user).filter(plan=plan)
        return rows.values_list("segment", "measure", "period_id", "amount")
    return past_plans.amounts(plan, past.until) if access.can_read_plan(user, plan.fiscal_year) else []


def read_grid(facts: Facts, user: User, columns: Sequence[Period]) -> CompanyGrid:
    """The grid of the facts, with these periods across."""
    can_edit = facts.past is None and access.can_edit_plan(user, facts.plan)
    rows = [
        _row(facts, segment, measure, columns, can_edit=can_edit) for segment in facts.segments for measure in Measure
    ]
    return CompanyGrid(
        facts=facts,
        year=facts.calendar.year.label,
        currency=facts.currency,
        columns=tuple(columns),
        rows=tuple(rows),
        revision=batches.newest(facts.plan),
        is_open=access.is_open(facts.plan),
        can_edit=can_edit,
    )


def account_segments(user: User) -> list[str]:
    """The segments of the accounts, for whoever adds one to the plan."""
    rows = Account.objects.visible_to(user).exclude(segment="").order_by("segment")
    return list(rows.values_list("segment", flat=True).distinct())


def segment_name(segment: str) -> str:
    """How a segment, or the whole company, is called."""
    return segment or _("Whole company")


def _row(facts: Facts, segment: str, measure: Measure, columns: Sequence[Period], *, can_edit: bool) -> Row:
    def cell(period: Period) -> Cell:
        closed = all(leaf.state == PeriodState.CLOSED for leaf in facts.calendar.leaves_in(period))
        amount = facts.own(segment, measure, period)
        return Cell(of_segment(segment), measure, period, amount, False, closed, can_edit and not closed)

    name = f"{segment_name(segment)}, {measure.label}"
    return Row(segment, measure, name, cell(facts.calendar.year), tuple(cell(period) for period in columns))


def _befores(user: User, calendar: Calendar, *, with_segments: bool) -> dict[Key, Before]:
    """Last year of the company, as rolled up, and of its segments: sums of everybody's credits, so for admins alone."""
    if not calendar.before:
        return {}
    sums: dict[Key, dict[int, Decimal]] = defaultdict(dict)
    rows = Attainment.objects.visible_to(user).filter(company__isnull=False, period__in=calendar.before)
    for measure, leaf, actual, base in rows.values_list("measure", "period_id", "actual", "base"):
        sums[WHOLE, measure][leaf] = actual
        if measure == Measure.MARGIN:
            sums[WHOLE, curves.BASE][leaf] = base
    if with_segments and can_administer(user):
        first, last = calendar.before[0].starts_on, calendar.before[-1].ends_on
        starts = [leaf.starts_on for leaf in calendar.before]
        for (segment, measure), days in curves.by_segment(first, last).items():
            for day, amount in days.items():
                leaf = calendar.before[bisect_right(starts, day) - 1].pk
                sums[segment, measure][leaf] = sums[segment, measure].get(leaf, ZERO) + amount
    return {key: _before(calendar, found) for key, found in sums.items()}


def _before(calendar: Calendar, sums: Amounts) -> Before:
    now = today(company())
    share = last_year.elapsed(calendar.before, calendar.weights, now)
    over = {leaf.number: sums.get(leaf.pk, ZERO) for leaf in calendar.before if leaf.ends_on < now}
    whole = sum(sums.values(), ZERO) / share if share else None
    return Before({leaf.pk: over[leaf.number] for leaf in calendar.leaves if leaf.number in over}, whole)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if known else None


def _rate(margin: Decimal | None, revenue: Decimal | None) -> Decimal | None:
    return None if margin is None or revenue is None else measures.margin_rate(margin, revenue)
