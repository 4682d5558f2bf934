"""Norvik's orders: bookings line by line, made so that each rep's months and dates to date are met to the cent."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from spm.dashboards.norvik import exchange
from spm.dashboards.norvik.figures import (
    BOOKINGS_2024,
    FULL_2025,
    REPS,
    SEASON,
    THIS_YEAR,
    TODAY,
    Rep,
    booked_to_date,
    month_quotas,
)
from spm.dashboards.norvik.market import CUSTOMERS_OF, LOST, PARTNERS, PROJECTS, REPEATS, Customer
from spm.dashboards.norvik.noise import between, draw, pick
from spm.money import split

HOLIDAYS = ((1, 1), (5, 1), (12, 25), (12, 26))
CUT_DAY = 18  # September is made in two halves, so that "last year, same date" is exact as well


@dataclass(frozen=True, slots=True)
class Order:
    """One booking of a seller, in cents of a euro. ``cents`` may be negative: a cancellation.

    ``shares``: (territory code, share) of the sellers credited, empty = the seller alone. ``overlay``: the share
    credited to the specialist beside them. ``invoiced``: a cancelled order and its cancellation never are.
    """

    code: str
    date: date
    account_id: str
    family: str
    cents: int
    is_project: bool = False
    partner: str = ""
    shares: tuple[tuple[str, Decimal], ...] = ()
    overlay: Decimal = Decimal(0)
    invoiced: bool = True
    number: str = ""

    @property
    def currency(self) -> str:
        return exchange.currency_of(self.account_id)

    @property
    def given(self) -> int:
        """What the order is made out over, in cents of its own currency."""
        return exchange.given_for(self.cents, self.currency, self.date)

    def credited(self, code: str) -> int:
        """The cents that count for the seller of a territory code."""
        shares = dict(self.shares) or {self.code: Decimal(1)}
        return int(self.cents * shares.get(code, Decimal(0)))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days of one month that hold a known sum of a rep's bookings, in cents."""

    code: str
    starts_on: date
    ends_on: date
    cents: int


def _shared(code: str, own: str, other: str, rest: str) -> tuple[tuple[str, Decimal], ...]:
    return ((code, Decimal(own)), (other, Decimal(rest)))


def _key(code: str, number: int = 1) -> str:
    return CUSTOMERS_OF[code][number - 1].account_id


SPECIALS = (
    # 41 % of N1's bookings in one order; the specialist helped.
    Order("N1", date(2026, 6, 17), _key("N1"), PROJECTS[0], 144_000_000, True, overlay=Decimal("0.25")),
    # Orders that two sellers share.
    Order("N2", date(2026, 5, 12), _key("N2"), PROJECTS[0], 26_000_000, True, shares=_shared("N2", "0.6", "C1", "0.4")),
    Order("C2", date(2026, 3, 19), _key("C2"), PROJECTS[2], 18_000_000, True, shares=_shared("C2", "0.7", "N4", "0.3")),
    Order("S1", date(2026, 2, 10), _key("S1"), PROJECTS[1], 12_000_000, True, shares=_shared("S1", "0.5", "C1", "0.5")),
    Order("S4", date(2026, 4, 14), _key("S4"), PROJECTS[3], 9_000_000, True, shares=_shared("S4", "0.5", "S1", "0.5")),
    Order("C3", date(2026, 8, 20), _key("C3"), PROJECTS[2], 9_500_000, True, overlay=Decimal("0.5")),
    # S2 loses its first key account: the order of May is cancelled in June, and none follows.
    Order("S2", date(2026, 5, 21), LOST.account_id, PROJECTS[0], 11_840_000, True, invoiced=False),
    Order("S2", date(2026, 6, 11), LOST.account_id, PROJECTS[0], -11_840_000, invoiced=False),
)


def stretches(rep: Rep) -> list[Stretch]:
    """All of a rep's bookings from January 2024 to the clock's day, cut into months."""
    return [*_earlier(rep), *_this_year(rep)]


def _this_year(rep: Rep) -> list[Stretch]:
    quotas = month_quotas(rep, "bookings")[:9]
    weights = [quota * percent for quota, percent in zip(quotas[:8], rep.months[:8], strict=True)]
    weights.append(quotas[8] * rep.months[8] * CUT_DAY // 30)
    parts = split(int(booked_to_date(rep) * 100), weights)
    days = [_month(THIS_YEAR, month) for month in range(1, 9)] + [(date(THIS_YEAR, 9, 1), TODAY)]
    return [Stretch(rep.code, *ends, cents) for ends, cents in zip(days, parts, strict=True) if cents]


def _earlier(rep: Rep) -> list[Stretch]:
    to_date = int(booked_to_date(rep) * 100 / rep.on_last_year)
    year = to_date * FULL_2025 // 100
    days = [_month(2025, month) for month in range(1, 9)]
    days += [(date(2025, 9, 1), date(2025, 9, CUT_DAY)), (date(2025, 9, CUT_DAY + 1), date(2025, 9, 30))]
    days += [_month(2025, month) for month in range(10, 13)]
    season = [*SEASON[:8], 6, 4, *SEASON[9:]]
    weights = [weight * between(92, 106, rep.code, 2025, i) for i, weight in enumerate(season)]
    parts = split(to_date, weights[:9]) + split(year - to_date, weights[9:])
    before = [_month(2024, month) for month in range(1, 13)]
    weights = [weight * between(92, 106, rep.code, 2024, i) for i, weight in enumerate(SEASON)]
    parts = split(year * BOOKINGS_2024 // 100, weights) + parts
    return [Stretch(rep.code, *ends, cents) for ends, cents in zip(before + days, parts, strict=True)]


def _month(year: int, month: int) -> tuple[date, date]:
    first = date(year, month, 1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def orders() -> list[Order]:
    """Every order by date, numbered within its year."""
    return list(_all_orders())


@cache
def _all_orders() -> tuple[Order, ...]:
    made = [*SPECIALS]
    for rep in REPS:
        for stretch in stretches(rep):
            made += _fill(stretch)
    made.sort(key=lambda order: (order.date, order.account_id, order.cents, order.code))
    return tuple(_numbered(made))


def _numbered(made: list[Order]) -> Iterator[Order]:
    counts: dict[int, int] = {}
    for order in made:
        counts[order.date.year] = counts.get(order.date.year, 0) + 1
        yield replace(order, number=f"SO{order.date:%y}-{counts[order.date.year]:04}")


def _fill(stretch: Stretch) -> list[Order]:
    """Orders that, with the special ones, bring exactly the sum of the stretch."""
    given = sum(
        order.credited(stretch.code) for order in SPECIALS if stretch.starts_on <= order.date <= stretch.ends_on
    )
    key = (stretch.code, stretch.starts_on)
    is_short = (stretch.ends_on - stretch.starts_on).days < 25
    projects = pick((0, 0, 1) if is_short else (0, 0, 1, 1, 1, 1, 1, 1, 1, 2), *key, "projects")
    repeats = between(2, 3, *key) if is_short else between(3, 5, *key)
    weights = [between(40, 90, *key, "project", i) for i in range(projects)]
    weights += [between(8, 24, *key, "repeat", i) for i in range(repeats)]
    return [
        _order(stretch, i, cents, is_project=i < projects)
        for i, cents in enumerate(split(stretch.cents - given, weights))
    ]


def _order(stretch: Stretch, number: int, cents: int, *, is_project: bool) -> Order:
    key = (stretch.code, stretch.starts_on, number)
    day = pick(_working_days(stretch.starts_on, stretch.ends_on), *key, "day")
    customer = _customer(stretch.code, day, number, is_project=is_project)
    return Order(
        code=stretch.code,
        date=day,
        account_id=customer.account_id,
        family=pick(PROJECTS if is_project else REPEATS, *key, "family"),
        cents=cents,
        is_project=is_project,
        partner=pick(PARTNERS, customer.account_id) if stretch.code in ("C3", "C4") else "",
    )


def _customer(code: str, day: date, number: int, *, is_project: bool) -> Customer:
    """Key accounts buy more often; the lost one bought every month, and nothing since its last order; two are new."""
    theirs = tuple(customer for customer in CUSTOMERS_OF[code] if customer.first_buys <= day)
    if code == LOST.code and number == 1 and day < date(2026, 6, 1):
        return LOST
    if code == LOST.code and day >= date(2026, 6, 1):
        theirs = theirs[1:]
    keys = tuple(customer for customer in theirs if customer.is_key)
    wants_key = draw(code, day, number, "key") % 100 < (60 if is_project else 35)
    return pick(keys if wants_key else theirs, code, day, number, "customer")


def _working_days(first: date, last: date) -> list[date]:
    days = (first + timedelta(days=i) for i in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS]
