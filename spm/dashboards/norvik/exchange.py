"""Norway orders and pays in its own currency: what a krone is worth at Norvik, by date and in the plan of each year.

The rates are invented. The krone rose through 2026 while the year stays planned at 0.0852: so N2 stands on the Ahead
threshold at the rates of the bookings, and below it at plan rates. An øre is worth less than a tenth of a
cent, so every sum in cents is the worth of some sum in øre, and the story's euro hold to the cent.
"""

from bisect import bisect_right
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from spm.dashboards.norvik.cast import Row
from spm.dashboards.norvik.figures import CURRENCY
from spm.dashboards.norvik.market import CUSTOMERS
from spm.money import convert

KRONER, NORWAY = "NOK", "NO"
QUARTERS = {2024: "0.0876 0.0866 0.0852 0.0850", 2025: "0.0857 0.0855 0.0849 0.0853"}
MONTHS = {2026: "0.0855 0.0858 0.0864 0.0871 0.0875 0.0880 0.0884 0.0882 0.0886"}
PLANNED = {2024: "0.0870", 2025: "0.0858", 2026: "0.0852", 2027: "0.0880"}
DATED = [
    (date(year, 1 + place * step, 1), Decimal(rate))
    for step, table in ((3, QUARTERS), (1, MONTHS))
    for year, rates in table.items()
    for place, rate in enumerate(rates.split())
]
"""First day and rate, by day."""
_FIRST_DAYS = [day for day, _rate in DATED]
_IN_KRONER = {customer.account_id for customer in CUSTOMERS if customer.country == NORWAY}


def currency_of(account_id: str) -> str:
    """What an account orders and pays in."""
    return KRONER if account_id in _IN_KRONER else CURRENCY


def rate_on(day: date) -> Decimal:
    """What a krone is worth on a day, in euro: the newest rate that started by then."""
    return DATED[bisect_right(_FIRST_DAYS, day) - 1][1]


def given_for(cents: int, currency: str, day: date) -> int:
    """The cents, or øre, that are worth ``cents`` of a euro on ``day``, exactly."""
    if currency == CURRENCY:
        return cents
    return int((cents / rate_on(day)).quantize(Decimal(1), ROUND_HALF_EVEN))


def worth(given: int, currency: str, day: date) -> int:
    """What cents, or øre, count for on ``day``, in cents of a euro: as the application converts them."""
    if currency == CURRENCY:
        return given
    return int(convert(Decimal(given).scaleb(-2), rate_on(day), CURRENCY).scaleb(2))


def rate_rows() -> list[Row]:
    return [(KRONER, day.isoformat(), str(rate)) for day, rate in DATED]
