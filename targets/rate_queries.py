"""Reads for the page of a year's rates: what it was planned at, what was in force by date, and each change."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _

from spm.org.clock import today
from spm.org.models import FiscalYear, User
from spm.ui.numbers import decimals_of
from targets.models import CompanyPlan, PlanRate, Rate

PAGE_ROWS = 50
NEWEST = 200  # changes that the page lists


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan rate of one currency, beside those of the year before and of the market; None = none."""

    currency: str
    rate: Decimal | None
    before: Decimal | None
    market: Decimal | None
    market_on: date | None
    at: datetime | None = None
    by: str = ""

    @property
    def drift(self) -> Decimal | None:
        """How far the market is from the plan: Decimal("0.03") is 3 % above."""
        return self.market / self.rate - 1 if self.market and self.rate else None


@dataclass(frozen=True, slots=True)
class Dated:
    """A rate, with the day until which it holds (None: no other has started since).

    ``decimals``: those of the longest rate of its currency here, so that each is shown with equally many.
    """

    currency: str
    starts_on: date
    rate: Decimal
    until: date | None
    decimals: int


@dataclass(frozen=True, slots=True)
class RateState:
    """One state of a plan rate: since when, by whom, and why. ``rate`` None: taken away."""

    at: datetime
    by: str
    currency: str
    rate: Decimal | None
    reason: str


@dataclass(frozen=True, slots=True)
class RatesPage:
    year: FiscalYear
    locked_at: datetime | None
    planned: list[Planned]
    currencies: list[str]
    chosen: str
    shown: list[Dated]  # of the chosen currency
    dated: Page[Dated]
    history: list[RateState]
    as_of: date

    @property
    def rates(self) -> dict[str, Decimal]:
        """Currency → plan rate."""
        return {one.currency: one.rate for one in self.planned if one.rate is not None}

    @property
    def unplanned(self) -> list[str]:
        """Currencies that are known and have no plan rate."""
        return [one.currency for one in self.planned if one.rate is None]

    @property
    def choices(self) -> list[tuple[str, str]]:
        """What the dated rates can be narrowed to."""
        return [("", _("All")), *((code, code) for code in self.currencies)]


def rates_page(user: User, year: FiscalYear, chosen: str = "", number: str = "") -> RatesPage:
    """The page; ``chosen`` narrows the dated rates to one currency, ``number`` is the page of them."""
    plan = CompanyPlan.objects.visible_to(user).working().filter(fiscal_year=year).first()
    dated, history = dated_rates(user, year), _history(year)
    currencies = sorted({one.currency for one in dated})
    chosen = chosen if chosen in currencies else ""
    shown = [one for one in dated if chosen in ("", one.currency)]
    return RatesPage(
        year=year,
        locked_at=plan.locked_at if plan else None,
        planned=planned_rates(user, year, dated, history),
        currencies=currencies,
        chosen=chosen,
        shown=shown,
        dated=Paginator(shown, PAGE_ROWS).get_page(number),
        history=history,
        as_of=_as_of(year),
    )


def dated_rates(user: User, year: FiscalYear) -> list[Dated]:
    """The rates in force at some time of the year, by currency, newest first."""
    rows: dict[str, list[tuple[date, Decimal]]] = {}
    stored = Rate.objects.visible_to(user).filter(starts_on__lte=year.ends_on).order_by("currency", "starts_on")
    for currency, day, rate in stored.values_list("currency", "starts_on", "rate"):
        rows.setdefault(currency, []).append((day, rate))
    return [one for currency, dated in rows.items() for one in _inside(currency, dated, year)]


def _inside(currency: str, dated: Sequence[tuple[date, Decimal]], year: FiscalYear) -> list[Dated]:
    first = max(0, bisect_right([day for day, _rate in dated], year.starts_on) - 1)
    ends = [day for day, _rate in dated[first + 1 :]]
    held = list(zip(dated[first:], [*ends, None], strict=True))
    decimals = max((decimals_of(rate) for (_day, rate), _until in held), default=0)
    return [Dated(currency, day, rate, until, decimals) for (day, rate), until in held][::-1]


def planned_rates(user: User, year: FiscalYear, dated: Sequence[Dated], history: Sequence[RateState]) -> list[Planned]:
    """Every currency with a plan rate, in this year or the one before, or with a rate by date."""
    rows = PlanRate.objects.visible_to(user)
    now = dict(rows.filter(fiscal_year=year).values_list("currency", "rate"))
    earlier = FiscalYear.objects.visible_to(user).filter(starts_on__lt=year.starts_on).order_by("-starts_on").first()
    before = dict(rows.filter(fiscal_year=earlier).values_list("currency", "rate")) if earlier else {}
    as_of = _as_of(year)
    market = {one.currency: one for one in reversed(dated) if one.starts_on <= as_of}
    last = {state.currency: state for state in reversed(history)}
    found = []
    for code in sorted(now.keys() | before.keys() | {one.currency for one in dated}):
        newest, state = market.get(code), last.get(code)
        found.append(
            Planned(
                currency=code,
                rate=now.get(code),
                before=before.get(code),
                market=newest.rate if newest else None,
                market_on=newest.starts_on if newest else None,
                at=state.at if state else None,
                by=state.by if state else "",
            )
        )
    return found


def _as_of(year: FiscalYear) -> date:
    """The day whose rates stand beside the plan's: today, or the year's last day once it is over."""
    return min(today(), year.ends_on)


def _history(year: FiscalYear) -> list[RateState]:
    rows: Any = PlanRate.history.filter(fiscal_year=year).select_related("history_user")
    return [
        RateState(
            row.history_date,
            row.history_user.name if row.history_user else "",
            row.currency,
            None if row.history_type == "-" else row.rate,
            row.history_change_reason or "",
        )
        for row in rows.order_by("-history_date", "-history_id")[:NEWEST]
    ]
