"""Is it fair? Each person's number beside what it is built on: potential, last year, history, ramp, tenure.

Ratios are compared with the median of the people shown, so a sheet tells nothing of those its reader does not see.
Amounts in company currency, ratios as Decimals. Rule: domain.md §4, Quota fairness sheet.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from statistics import median
from typing import Any

from django.db.models import F, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.money import ZERO
from spm.org.choices import PeriodLevel
from spm.org.clock import today
from spm.org.models import ALWAYS, FiscalYear, Period, User
from spm.ui.fields import MoneyField
from spm.ui.numbers import percent
from targets import as_last_year
from targets.allocation_facts import potentials
from targets.choices import Measure
from targets.cycles import cycle_of
from targets.models import CompanyPlan, PeriodTotal, PlanningCycle, Quota
from targets.ramps import read_ramps
from targets.scenario_numbers import Places, read_places

FAR = Decimal("0.2")
"""A ratio this far from the median is an outlier."""
YEARS = 3
"""Years of history that are looked at, last year among them."""
SORTS = ("name", "team", "quota", "potential", "last", "history", "ramp", "tenure")


@dataclass(frozen=True, slots=True)
class Share:
    """The quota ÷ what it is compared with. ``distance``: from the median of all rows, ÷ the median."""

    base: Decimal | None
    ratio: Decimal | None
    distance: Decimal | None = None

    @property
    def far(self) -> bool:
        return self.distance is not None and abs(self.distance) > FAR

    @property
    def words(self) -> str:
        """How far from the median."""
        if self.distance is None:
            return ""
        away = percent(abs(self.distance))
        if abs(self.distance) < Decimal("0.005"):
            return _("at the median")
        text = _("%(away)s above the median") if self.distance > 0 else _("%(away)s below the median")
        return text % {"away": away}


@dataclass(frozen=True, slots=True)
class FairnessRow:
    """One person. ``ramp``: the share of a full year carried; ``months``: since the start, None: since ever."""

    person: int
    name: str
    team: str
    quota: Decimal
    potential: Share
    last: Share
    history: Share
    years: int  # of history
    ramp: Decimal | None
    months: int | None

    @property
    def misses(self) -> bool:
        """Repeating last year is not enough."""
        return self.last.ratio is not None and self.last.ratio > 1

    @property
    def far(self) -> bool:
        return self.potential.far or self.last.far or self.history.far


@dataclass(frozen=True, slots=True)
class FairnessSheet:
    """Everybody with a number whom the reader sees. ``medians``: of potential, last year, history."""

    measure: str
    rows: tuple[FairnessRow, ...]
    medians: tuple[Decimal | None, Decimal | None, Decimal | None]
    before: str

    @property
    def sentence(self) -> str:
        """The answer of the page."""
        if not self.rows:
            return _("Nobody has a number yet.")
        with_potential = [row for row in self.rows if row.potential.distance is not None]
        above = sum((row.potential.distance or ZERO) > FAR for row in with_potential)
        words = {"n": above, "of": len(with_potential), "far": percent(FAR)}
        if with_potential:
            text = ngettext(
                "%(n)s of %(of)s carries more than %(far)s above the median per potential.",
                "%(n)s of %(of)s carry more than %(far)s above the median per potential.",
                above,
            )
            first = text % words
        else:
            first = _("No potential is known of their accounts.")
        compared = [row for row in self.rows if row.last.ratio is not None]
        missing = sum(row.misses for row in compared)
        text = ngettext(
            "%(n)s of %(of)s would miss the number by repeating last year.",
            "%(n)s of %(of)s would miss their number by repeating last year.",
            missing,
        )
        return f"{first} {text % {'n': missing, 'of': len(compared)}}" if compared else first


def sheet(user: User, year: FiscalYear, plan: CompanyPlan, measure: str, sort: str = "-potential") -> FairnessSheet:
    """The sheet of one version, of the people whose numbers the user sees."""
    now = today()
    cycle = cycle_of(year) or PlanningCycle(pk=0, fiscal_year=year)
    quotas = Quota.objects.visible_to(user).filter(plan=plan, measure=measure).order_by().values_list("person")
    given: dict[int, Decimal] = dict(quotas.annotate(sum=Sum("amount", output_field=MoneyField())))
    given = {person: amount for person, amount in given.items() if amount}
    places = read_places(plan, user, now)
    outlook = as_last_year.read(cycle, measure, places, given, read_ramps(), now)
    names = dict(User.objects.visible_to(user).filter(pk__in=given).values_list("pk", "name"))
    known, earlier = potentials(year.starts_on), _earlier(year, measure, given)
    rows = [
        FairnessRow(
            person=person,
            name=names[person],
            team=places.history.teams.get(places.home.get(person, 0), ""),
            quota=quota,
            potential=_share(quota, known.get(person)),
            last=_share(quota, outlook.last[person].adjusted if person in outlook.last else None),
            history=_share(quota, _mean(_years(person, outlook, earlier, places))),
            years=len(_years(person, outlook, earlier, places)),
            ramp=outlook.share(outlook.capacity[person]) if person in outlook.capacity else None,
            months=_months(places, person, now),
        )
        for person, quota in given.items()
        if person in names
    ]
    told, medians = _with_distances(rows)
    return FairnessSheet(Measure(measure), tuple(_sorted(told, sort)), medians, places.calendar.before_label)


def _share(quota: Decimal, base: Decimal | None) -> Share:
    return Share(base, quota / base if base is not None and base > 0 else None)


def _mean(amounts: Sequence[Decimal]) -> Decimal | None:
    return sum(amounts, ZERO) / len(amounts) if amounts else None


def _earlier(year: FiscalYear, measure: str, people: Mapping[int, Decimal]) -> dict[int, dict[date, Decimal]]:
    """Person → first day of a year → what was credited then, of the years before last year. One query."""
    before = FiscalYear.objects.filter(starts_on__lt=year.starts_on).order_by("-starts_on").values("pk")[1:YEARS]
    rows = PeriodTotal.objects.filter(
        period__fiscal_year__in=before, period__level=PeriodLevel.MONTH, measure=measure, person__in=people
    )
    summed = rows.order_by().values_list("person_id", "period__fiscal_year__starts_on")
    found: dict[int, dict[date, Decimal]] = {}
    for person, first, amount in summed.annotate(sum=Sum(F("amount") + F("overlay"), output_field=MoneyField())):
        found.setdefault(person, {})[first] = amount
    return found


def _years(
    person: int, outlook: as_last_year.Outlook, earlier: Mapping[int, Mapping[date, Decimal]], places: Places
) -> list[Decimal]:
    """What the person sold in each whole year of presence, last year scaled to a whole one."""
    presence = places.presence.get(person)
    joined = presence.first if presence and presence.first else ALWAYS
    found = [amount for first, amount in earlier.get(person, {}).items() if joined <= first]
    before: tuple[Period, ...] = places.calendar.before
    if person in outlook.last and outlook.last[person].actual and before and joined <= before[0].starts_on:
        found.append(outlook.last[person].whole)
    return found


def _months(places: Places, person: int, now: date) -> int | None:
    """Whole months since the person joined; None where that is not known."""
    presence = places.presence.get(person)
    if presence is None or presence.first is None or presence.first <= ALWAYS:
        return None
    first = presence.first
    return max((now.year - first.year) * 12 + now.month - first.month - (now.day < first.day), 0)


def _with_distances(rows: Sequence[FairnessRow]) -> tuple[list[FairnessRow], Any]:
    """The rows with each ratio's distance from the median of its column, and these medians."""
    columns = [[row.potential for row in rows], [row.last for row in rows], [row.history for row in rows]]
    medians = tuple(_median([one.ratio for one in column if one.ratio is not None]) for column in columns)
    placed = [[_placed(one, middle) for one in column] for column, middle in zip(columns, medians, strict=True)]
    told = [
        replace(row, potential=potential, last=last, history=history)
        for row, potential, last, history in zip(rows, *placed, strict=True)
    ]
    return told, medians


def _median(ratios: Sequence[Decimal]) -> Decimal | None:
    return median(ratios) if ratios else None


def _placed(share: Share, middle: Decimal | None) -> Share:
    if share.ratio is None or not middle:
        return share
    return Share(share.base, share.ratio, share.ratio / middle - 1)


def _sorted(rows: Sequence[FairnessRow], sort: str) -> list[FairnessRow]:
    """By a column, "-potential" for the largest first; who has no value stands last, ties by name."""
    key = sort.removeprefix("-")
    value: dict[str, Callable[[FairnessRow], Any]] = {
        "name": lambda row: row.name.casefold(),
        "team": lambda row: row.team.casefold(),
        "quota": lambda row: row.quota,
        "potential": lambda row: row.potential.ratio,
        "last": lambda row: row.last.ratio,
        "history": lambda row: row.history.ratio,
        "ramp": lambda row: row.ramp,
        "tenure": lambda row: row.months,
    }
    chosen = value.get(key, value["potential"])
    by_name = sorted(rows, key=lambda row: (row.name.casefold(), row.person))
    known = [row for row in by_name if chosen(row) is not None]
    known.sort(key=chosen, reverse=sort.startswith("-"))
    return known + [row for row in by_name if chosen(row) is None]
