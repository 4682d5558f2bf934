"""The company's calendar: fiscal years made by rule, or loaded leaf by leaf from a file.

Whatever the kind, the stored rows are what counts: leaf periods fill their quarter, quarters their year, and years
follow each other, to the day, without gap or overlap (reliability INV-04, INV-06).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from spm.errors import RuleViolation
from spm.org import retries
from spm.org.choices import CalendarKind, PeriodLevel, PeriodState
from spm.org.models import Company, FiscalYear, Period
from spm.periods import ONE_DAY, BadYear, Unfit, leaves_of

LABEL_LENGTH = 20
UNFIT = {
    Unfit.NOT_THE_FIRST: gettext_lazy("A year of calendar months starts on the first of a month."),
    Unfit.WEEKS: gettext_lazy("A year of weeks has 52 or 53 of them."),
    Unfit.FILE: gettext_lazy("The periods of this calendar are loaded from a file."),
    Unfit.TOO_FAR: gettext_lazy("No calendar reaches that far."),
}


class BadCalendar(RuleViolation):
    """The calendar would not be seamless, or says two things at once."""


class UnknownPeriod(RuleViolation):
    """No period of any level bears this label."""


@dataclass(frozen=True, slots=True)
class LeafRow:
    """One leaf period as a file states it; both ends inclusive."""

    quarter: str
    period: str
    starts_on: date
    ends_on: date


@retries.atomic
def create_year(label: str, first_day: date, kind: str, weeks: int = 52) -> FiscalYear:
    """Make a fiscal year with its leaf periods and quarters by the rule of ``kind``.

    ``weeks`` is 52 or 53, for calendars of weeks alone: the 53rd lengthens the last leaf. Quarters are labelled
    ``<label>-Q1`` … ``-Q4``. Raises BadCalendar when the year does not adjoin those there are, or its label is taken.
    """
    label = label.strip()
    _lock_calendar()
    if FiscalYear.objects.filter(label=label).exists():
        raise BadCalendar(_("The fiscal year %(label)s exists already.") % {"label": label})
    try:
        leaves = leaves_of(kind, label, first_day, weeks)
    except BadYear as error:
        raise BadCalendar(str(UNFIT[error.why])) from error
    rows = [LeafRow(f"{label}-Q{leaf.quarter}", leaf.label, leaf.starts_on, leaf.ends_on) for leaf in leaves]
    return _store_year(label, kind, rows)


def create_following(last: FiscalYear, label: str) -> FiscalYear:
    """The fiscal year after ``last``, by its rule; of weeks: 52. Raises BadCalendar, also after a year from a file."""
    return create_year(label, last.ends_on + ONE_DAY, last.calendar_kind)


@retries.atomic
def load_leaves(fiscal_year: str, rows: Iterable[LeafRow]) -> FiscalYear:
    """Make a fiscal year out of its leaf periods, or lengthen the year by those it does not have yet.

    A quarter may be one leaf, both under one label. Rows that are there already change nothing; a row that differs
    from what is stored is refused, since numbers may hang on it. Raises BadCalendar with a sentence for the first
    fault: no days, gap, overlap, a quarter in two pieces, a label twice.
    """
    label = fiscal_year.strip()
    _lock_calendar()
    year = FiscalYear.objects.filter(label=label).first()
    stored = stored_leaves(year) if year else []
    merged = sorted({*rows, *stored}, key=lambda row: (row.starts_on, row.ends_on, row.period))
    if not merged:
        raise BadCalendar(_("The fiscal year %(label)s has no periods.") % {"label": label})
    if year and merged == stored:
        return year
    _refuse_faults(merged)
    if year is None:
        return _store_year(label, CalendarKind.FILE, merged)
    return _lengthen(year, stored, merged)


def stored_leaves(year: FiscalYear) -> list[LeafRow]:
    """The leaf periods of a stored year, in order, as a file would state them."""
    leaves = year.periods.filter(level=PeriodLevel.MONTH).select_related("parent").order_by("starts_on")
    return [LeafRow(leaf.parent.label, leaf.label, leaf.starts_on, leaf.ends_on) for leaf in leaves if leaf.parent]


def period_named(label: str) -> Period:
    """The period that bears this label: a leaf before a quarter before a year. Raises UnknownPeriod."""
    found: Period | None = Period.objects.labelled(label.strip()).first()
    if found is None:
        raise UnknownPeriod(_("There is no period “%(label)s” in the calendar.") % {"label": label.strip()})
    return found


def _lock_calendar() -> None:
    """Two writers of the calendar take turns, or both would find that their year fits."""
    list(Company.objects.select_for_update(no_key=True))


def _refuse_faults(rows: Sequence[LeafRow]) -> None:
    for row in rows:
        _refuse_label(row.period)
        _refuse_label(row.quarter)
        if row.ends_on < row.starts_on:
            raise BadCalendar(_("The period %(label)s ends before it starts.") % {"label": row.period})
    for before, after in pairwise(rows):
        _refuse_seam(before.period, before.ends_on, after.period, after.starts_on)
    _refuse_twice(row.period for row in rows)
    _refuse_twice(quarter for quarter, _leaves in groupby(rows, key=lambda row: row.quarter))


def _refuse_label(label: str) -> None:
    if not label or len(label) > LABEL_LENGTH:
        raise BadCalendar(
            _("The label “%(label)s” must have 1 to %(length)d characters.") % {"label": label, "length": LABEL_LENGTH}
        )


def _refuse_seam(before: str, ends_on: date, after: str, starts_on: date) -> None:
    names = {"before": before, "after": after, "ends": ends_on.isoformat(), "starts": starts_on.isoformat()}
    if starts_on <= ends_on:
        raise BadCalendar(
            _("%(before)s (until %(ends)s) and %(after)s (from %(starts)s) overlap or differ from each other.") % names
        )
    if starts_on != ends_on + ONE_DAY:
        raise BadCalendar(
            _("Between %(before)s (until %(ends)s) and %(after)s (from %(starts)s) days are missing.") % names
        )


def _refuse_twice(labels: Iterable[str]) -> None:
    seen = set()
    for label in labels:
        if label in seen:
            raise BadCalendar(_("“%(label)s” appears twice, or in two pieces.") % {"label": label})
        seen.add(label)


def _refuse_neighbours(label: str, first: date, last: date) -> None:
    """Years follow each other: the one before ends the day before, the one after starts the day after."""
    others = FiscalYear.objects.exclude(label=label)
    before = others.filter(starts_on__lte=first).order_by("-starts_on").first()
    after = others.filter(starts_on__gt=first).order_by("starts_on").first()
    if before:
        _refuse_seam(before.label, before.ends_on, label, first)
    if after:
        _refuse_seam(label, last, after.label, after.starts_on)


def _refuse_taken(level: str, labels: Iterable[str]) -> None:
    taken = Period.objects.filter(level=level, label__in=list(labels)).first()
    if taken:
        raise BadCalendar(
            _("The label %(label)s is taken by the fiscal year %(year)s.")
            % {"label": taken.label, "year": taken.fiscal_year.label}
        )


def _store_year(label: str, kind: str, rows: Sequence[LeafRow]) -> FiscalYear:
    _refuse_label(label)
    _refuse_faults(rows)
    first, last = rows[0].starts_on, rows[-1].ends_on
    _refuse_neighbours(label, first, last)
    _refuse_taken(PeriodLevel.YEAR, [label])
    year = FiscalYear.objects.create(label=label, starts_on=first, ends_on=last, calendar_kind=kind)
    top = Period.objects.create(
        fiscal_year=year, level=PeriodLevel.YEAR, number=1, label=label, starts_on=first, ends_on=last
    )
    _store_leaves(top, rows)
    return year


def _store_leaves(top: Period, rows: Sequence[LeafRow], *, quarters_before: int = 0, leaves_before: int = 0) -> None:
    """Store leaves with their quarters, none of which exists yet, numbered on from those before."""
    _refuse_taken(PeriodLevel.QUARTER, {row.quarter for row in rows})
    _refuse_taken(PeriodLevel.MONTH, {row.period for row in rows})
    number = leaves_before
    grouped = groupby(rows, key=lambda row: row.quarter)
    for quarter_number, (quarter_label, group) in enumerate(grouped, start=quarters_before + 1):
        leaves = list(group)
        quarter = Period.objects.create(
            fiscal_year=top.fiscal_year,
            level=PeriodLevel.QUARTER,
            parent=top,
            number=quarter_number,
            label=quarter_label,
            starts_on=leaves[0].starts_on,
            ends_on=leaves[-1].ends_on,
        )
        Period.objects.bulk_create(_leaf(quarter, number + i, leaf) for i, leaf in enumerate(leaves, start=1))
        number += len(leaves)


def _leaf(quarter: Period, number: int, row: LeafRow) -> Period:
    return Period(
        fiscal_year=quarter.fiscal_year,
        level=PeriodLevel.MONTH,
        parent=quarter,
        number=number,
        label=row.period,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
    )


def _lengthen(year: FiscalYear, stored: Sequence[LeafRow], merged: Sequence[LeafRow]) -> FiscalYear:
    """Add the leaves after the stored ones; the last stored quarter may go on, while its last leaf is not closed."""
    if merged[: len(stored)] != stored:
        raise BadCalendar(
            _("Periods can be added to the end of the fiscal year %(label)s only.") % {"label": year.label}
        )
    added = list(merged[len(stored) :])
    _refuse_neighbours(year.label, year.starts_on, added[-1].ends_on)
    _refuse_closed(year)
    year.ends_on = added[-1].ends_on
    year.save(update_fields=["ends_on"])
    top = year.periods.get(level=PeriodLevel.YEAR)
    top.ends_on = year.ends_on
    top.save(update_fields=["ends_on"])
    leaves_before = len(stored)
    quarter = year.periods.filter(level=PeriodLevel.QUARTER).order_by("-number")[0]
    continued = [row for row in added if row.quarter == quarter.label]
    if continued:
        _refuse_taken(PeriodLevel.MONTH, [row.period for row in continued])
        quarter.ends_on = continued[-1].ends_on
        quarter.save(update_fields=["ends_on"])
        Period.objects.bulk_create(
            _leaf(quarter, number, row) for number, row in enumerate(continued, start=leaves_before + 1)
        )
    rest = added[len(continued) :]
    _store_leaves(top, rest, quarters_before=quarter.number, leaves_before=leaves_before + len(continued))
    return year


def _refuse_closed(year: FiscalYear) -> None:
    closed = year.periods.filter(state=PeriodState.CLOSED).order_by("-starts_on").first()
    last = year.periods.filter(level=PeriodLevel.MONTH).order_by("-starts_on").first()
    if closed and closed == last:
        raise BadCalendar(
            _("%(period)s is closed, so %(year)s does not grow.") % {"period": closed.label, "year": year.label}
        )
