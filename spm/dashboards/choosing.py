"""From the query string of an address to the view it asks for, over the company's calendar.

Whatever stands in an address, a page comes: a value nobody knows becomes the nearest sensible one, and ``told`` says
so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from itertools import takewhile

from django.http import QueryDict
from django.utils.translation import gettext as _

from spm.dashboards import columns
from spm.dashboards.periods import SORTS, THIS, YTD, Compare, Leaf, Quarter, Span, Version, View, Window
from spm.org.choices import PeriodLevel
from spm.org.models import Period
from spm.periods import elapsed_share, year_before
from spm.ui.numbers import quarter_title
from targets.choices import Measure

MONTHS_AVERAGED = 3
MONTHS_TRAILED = 12
DAYS_OF_A_YEAR = 364  # 52 weeks
DAYS_APART = 7
"""So far may the ends of two leaf periods lie from the same dates of two years: weeks beside calendar months."""


type Lock = tuple[datetime | None, int]
"""When the numbers of a fiscal year were locked (None: they are not), and how many revisions were approved since."""


class Calendar:
    """All stored periods of the company, arranged for choosing one. Raises nothing; may be empty."""

    def __init__(self, periods: Iterable[Period], today: date, locks: Mapping[int, Lock] | None = None) -> None:
        self.locks = locks or {}
        self.revised = frozenset(year for year, (_locked_at, revisions) in self.locks.items() if revisions)
        rows = sorted(periods, key=lambda row: row.starts_on)
        self.today = today
        self.years = [row for row in rows if row.level == PeriodLevel.YEAR]
        self.quarters = [row for row in rows if row.level == PeriodLevel.QUARTER]
        self.leaves = [self._leaf(row) for row in rows if row.level == PeriodLevel.MONTH]

    def _leaf(self, row: Period) -> Leaf:
        elapsed, days = elapsed_share(row.starts_on, row.ends_on, self.today)
        return Leaf(
            row.pk,
            row.number,
            row.label,
            row.starts_on,
            row.ends_on,
            row.parent_id or row.pk,
            row.fiscal_year_id,
            row.state,
            elapsed,
            days,
            over=row.ends_on < self.today,
        )

    def leaves_of(self, period: Period) -> tuple[Leaf, ...]:
        return tuple(
            leaf
            for leaf in self.leaves
            if period.starts_on <= leaf.starts_on <= period.ends_on and leaf.fiscal_year == period.fiscal_year_id
        )

    def current_year(self) -> Period | None:
        """The year of the clock's day, else the last one before it, else the first one after."""
        begun = [year for year in self.years if year.starts_on <= self.today]
        return begun[-1] if begun else (self.years[0] if self.years else None)

    def begun(self) -> list[Leaf]:
        return [leaf for leaf in self.leaves if leaf.begun]

    def at(self, day: date, rows: Sequence[Period]) -> Period | None:
        return next((row for row in rows if row.starts_on <= day <= row.ends_on), None)


def choose(calendar: Calendar, params: QueryDict, default_measure: Measure) -> View | None:
    """The view an address asks for; None while the company has no calendar."""
    told: list[str] = []
    year = calendar.current_year()
    if year is None or not calendar.leaves:
        return None
    asked = running_label(calendar, params.get("period", ""), year)
    span, label, leaves = _span(calendar, asked, year, told)
    locked_at, revisions = calendar.locks.get(leaves[0].fiscal_year, (None, 0))
    compare = _known(Compare, params.get("compare", ""), Compare.LAST_YEAR, told, _("comparison"))
    view = View(
        span=span,
        label=label,
        title=_title(calendar, span, label, leaves),
        measure=_known(Measure, params.get("measure", ""), default_measure, told, _("measure")),
        compare=compare,
        team=params.get("team", "")[:200],
        sort=_sort(params.get("sort", ""), told),
        page=_page(params.get("page", "")),
        today=calendar.today,
        window=_window(calendar, leaves, compare, span),
        spans=tuple(_other_spans(calendar, leaves)),
        columns=_columns(params.getlist("columns"), told),
        plan=_version(calendar, params.get("plan", ""), leaves, told),
        revised=calendar.revised,
        locked_at=locked_at,
        revisions=revisions,
        told=tuple(told),
    )
    before, after = _neighbours(calendar, span, label)
    return replace(view, previous=before, following=after)


def _known[Kind: StrEnum | Measure](kind: type[Kind], text: str, default: Kind, told: list[str], noun: str) -> Kind:
    if not text:
        return default
    try:
        return kind(text)
    except ValueError:
        told.append(_("“%(text)s” is not a %(noun)s we know.") % {"text": text[:40], "noun": noun})
        return default


def _version(calendar: Calendar, text: str, leaves: tuple[Leaf, ...], told: list[str]) -> Version:
    """The version asked for; a year without revisions has but one."""
    version = _known(Version, text, Version.CURRENT, told, _("version of the plan"))
    if version is Version.BASELINE and leaves[0].fiscal_year not in calendar.revised:
        told.append(_("This year has no approved revision: its quotas are those in force."))
        return Version.CURRENT
    return version


def _sort(text: str, told: list[str]) -> str:
    if not text or text.removeprefix("-") in SORTS:
        return text or SORTS[0]
    told.append(_("“%(text)s” is not a column to sort by.") % {"text": text[:40]})
    return SORTS[0]


def _columns(texts: list[str], told: list[str]) -> tuple[str, ...]:
    known, unknown = columns.asked(texts)
    told += [_("“%(text)s” is not a column we know.") % {"text": word[:40]} for word in unknown[:1]]
    return tuple(known)


def _page(text: str) -> int:
    return min(max(int(text), 1), 10_000) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _span(calendar: Calendar, text: str, year: Period, told: list[str]) -> tuple[Span, str, tuple[Leaf, ...]]:
    """The span, its label and its leaf periods; an unknown label means the current year."""
    if text.endswith(YTD) and (row := _labelled(calendar.years, text.removesuffix(YTD))):
        leaves = calendar.leaves_of(row)
        return Span.YTD, text, tuple(leaf for leaf in leaves if leaf.begun) or leaves[:1]
    for span, rows in ((Span.YEAR, calendar.years), (Span.QUARTER, calendar.quarters)):
        if row := _labelled(rows, text):
            return span, text, calendar.leaves_of(row)
    if leaf := next((leaf for leaf in calendar.leaves if leaf.label == text), None):
        return Span.MONTH, text, (leaf,)
    if text:
        told.append(_("There is no period “%(text)s”; this is %(year)s.") % {"text": text[:40], "year": year.label})
    return Span.YEAR, year.label, calendar.leaves_of(year)


def running_label(calendar: Calendar, text: str, year: Period) -> str:
    """What "this-month", "this-quarter", "this-ytd" or "this-year" is called today; any other text as it is.

    Where the clock stands outside the calendar it is the year that stands for today.
    """
    span = text.removeprefix(THIS)
    if not text.startswith(THIS) or span not in Span:
        return text
    known: dict[str, Sequence[Leaf | Period]] = {Span.MONTH: calendar.leaves, Span.QUARTER: calendar.quarters}
    rows = known.get(span, ())
    now = next((row for row in rows if row.starts_on <= calendar.today <= row.ends_on), year)
    return now.label + (YTD if span == Span.YTD else "")


def _labelled(rows: Sequence[Period], label: str) -> Period | None:
    return next((row for row in rows if row.label == label), None)


def _title(calendar: Calendar, span: Span, label: str, leaves: tuple[Leaf, ...]) -> str:
    if span is Span.YTD:
        return _("%(year)s to %(leaf)s") % {"year": label.removesuffix(YTD), "leaf": leaves[-1].title}
    if span is Span.MONTH:
        return leaves[0].title
    quarter = _labelled(calendar.quarters, label) if span is Span.QUARTER else None
    return quarter_title(label, quarter.number) if quarter else _("Year %(year)s") % {"year": label}


def _window(calendar: Calendar, leaves: tuple[Leaf, ...], compare: Compare, span: Span) -> Window:
    done = [leaf for leaf in calendar.leaves if leaf.over]
    begun = calendar.begun()
    last = leaves[-1].ends_on
    years = {leaf.fiscal_year for leaf in leaves}
    quarters = [row for row in calendar.quarters if row.fiscal_year_id in years]
    return Window(
        leaves=leaves,
        before=_before(calendar, leaves, compare, span),
        recent=tuple([leaf for leaf in done if leaf.ends_on <= last][-MONTHS_AVERAGED:]),
        trail=tuple([leaf for leaf in begun if leaf.starts_on <= last][-MONTHS_TRAILED:]),
        quarters=tuple(Quarter(row.pk, row.label, row.number, calendar.leaves_of(row)) for row in quarters),
    )


def _before(calendar: Calendar, leaves: tuple[Leaf, ...], compare: Compare, span: Span) -> tuple[Leaf, ...]:
    """The leaf periods to compare with, one for one with the first of ``leaves``.

    None at all where one of ``leaves`` that has begun has no partner: a part would be compared with the whole.
    """
    if compare in (Compare.PLAN, Compare.NONE):
        return ()
    if compare is Compare.PREVIOUS and span in (Span.MONTH, Span.QUARTER):
        partners = _just_before(calendar, leaves, span)
    else:
        partners = _last_year(calendar, leaves)
    known = tuple(leaf for leaf in takewhile(bool, partners) if leaf)
    return known if all(not leaf.begun for leaf in leaves[len(known) :]) else ()


def _just_before(calendar: Calendar, leaves: tuple[Leaf, ...], span: Span) -> list[Leaf | None]:
    """Those of the month or the quarter right before; of a quarter that is cut into as many."""
    first = calendar.leaves.index(leaves[0])
    if span is Span.MONTH:
        return [*calendar.leaves[max(first - 1, 0) : first]]
    last = calendar.leaves[first - 1] if first else None
    earlier = [leaf for leaf in calendar.leaves[:first] if last and leaf.quarter == last.quarter]
    return [*earlier] if len(earlier) == len(leaves) else []


def _last_year(calendar: Calendar, leaves: tuple[Leaf, ...]) -> list[Leaf | None]:
    """Those of the same number where both years are cut alike; else those of the same days, or none."""
    place = next(i for i, year in enumerate(calendar.years) if year.fiscal_year_id == leaves[0].fiscal_year)
    if place and _cut_alike(calendar, calendar.years[place - 1], calendar.years[place]):
        numbered = {leaf.number: leaf for leaf in calendar.leaves_of(calendar.years[place - 1])}
        return [numbered.get(leaf.number) for leaf in leaves]
    return [_a_year_before(calendar, leaf) for leaf in leaves]


def _cut_alike(calendar: Calendar, earlier: Period, later: Period) -> bool:
    """Whether two years follow each other, are whole, and have the same kind of calendar and as many leaf periods."""
    follows = (later.starts_on - earlier.ends_on).days == 1
    are_whole = all((year.ends_on - year.starts_on).days + 1 >= DAYS_OF_A_YEAR for year in (earlier, later))
    same_kind = earlier.fiscal_year.calendar_kind == later.fiscal_year.calendar_kind
    as_many = len(calendar.leaves_of(earlier)) == len(calendar.leaves_of(later))
    return follows and are_whole and same_kind and as_many


def _a_year_before(calendar: Calendar, leaf: Leaf) -> Leaf | None:
    """The leaf period of the same days a year before, each end at most ``DAYS_APART`` away; None without one."""
    ends = [year_before(leaf.starts_on), year_before(leaf.ends_on)]

    def away(other: Leaf) -> list[int]:
        return [abs((one - end).days) for one, end in zip((other.starts_on, other.ends_on), ends, strict=True)]

    near = [other for other in calendar.leaves if max(away(other)) <= DAYS_APART]
    return min(near, key=lambda other: sum(away(other)), default=None)


def _neighbours(calendar: Calendar, span: Span, label: str) -> tuple[str, str]:
    if span is Span.MONTH:
        labels = [leaf.label for leaf in calendar.leaves]
    else:
        rows = calendar.quarters if span is Span.QUARTER else calendar.years
        labels = [row.label + (YTD if span is Span.YTD else "") for row in rows]
    place = labels.index(label)
    return (labels[place - 1] if place else ""), (labels[place + 1] if place + 1 < len(labels) else "")


def _other_spans(calendar: Calendar, leaves: tuple[Leaf, ...]) -> Iterable[tuple[Span, str]]:
    """Where the buttons Month, Quarter, YTD and Year lead: to the clock's day where it lies in what is shown."""
    year = next(year for year in calendar.years if year.fiscal_year_id == leaves[0].fiscal_year)
    in_year = calendar.leaves_of(year)
    day = calendar.today if year.starts_on <= calendar.today <= year.ends_on else leaves[-1].ends_on
    leaf = next((leaf for leaf in in_year if leaf.starts_on <= day <= leaf.ends_on), leaves[-1])
    quarter = next(row for row in calendar.quarters if row.pk == leaf.quarter)
    yield Span.MONTH, leaf.label
    yield Span.QUARTER, quarter.label
    yield Span.YTD, year.label + YTD
    yield Span.YEAR, year.label
