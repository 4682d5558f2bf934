"""Norvik's invoices: what became of the orders. Small ones are billed within weeks, projects in two instalments."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from spm.dashboards.norvik import exchange
from spm.dashboards.norvik.figures import BY_CODE, DISCOUNTER, HIRED_IN_APRIL, PREDECESSOR_LEFT_ON, TODAY
from spm.dashboards.norvik.noise import between
from spm.dashboards.norvik.orders import Order
from spm.money import split

DISCOUNTED = {2024: 310, 2025: 296, 2026: 240}  # the discounter's margin rate by year, per mille
COSTED_UNTIL = date(2026, 9, 14)  # the cost of service work is entered at the end of the month
LARGE = 100_000_000  # cents; the second instalment of such an order waits for the plant to be handed over
RETURNED = "SO26-0150"  # part of this order came back: a credit note


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice of an order; a credit note is negative. ``given_cost`` None = not known yet.

    ``given`` amounts: cents of the order's currency, of which the parts of an order are. ``cents`` and ``cost`` are
    what they count for, in cents of a euro, at the rate of the invoice's day.
    """

    order: Order
    date: date
    given: int
    given_cost: int | None
    number: str = ""

    @property
    def cents(self) -> int:
        return exchange.worth(self.given, self.order.currency, self.date)

    @property
    def cost(self) -> int | None:
        return None if self.given_cost is None else exchange.worth(self.given_cost, self.order.currency, self.date)


def invoices(orders: list[Order]) -> list[Invoice]:
    """Every invoice up to the clock's day, by date, numbered within its year."""
    made = [invoice for order in orders if order.invoiced for invoice in _of(order) if invoice.date <= TODAY]
    made.sort(key=lambda invoice: (invoice.date, invoice.order.number, invoice.given))
    return list(_numbered(made))


def _numbered(made: list[Invoice]) -> Iterator[Invoice]:
    counts: dict[int, int] = {}
    for invoice in made:
        year = invoice.date.year
        counts[year] = counts.get(year, 0) + 1
        prefix = "CN" if invoice.given < 0 else "INV"
        yield replace(invoice, number=f"{prefix}{year % 100}-{counts[year]:04}")


def _of(order: Order) -> Iterator[Invoice]:
    if order.is_project:
        first, second = split(order.given, [40, 60])
        yield _invoice(order, between(12, 25, order.number, 1), first)
        yield _invoice(order, 120 if order.cents >= LARGE else between(30, 55, order.number, 2), second)
    else:
        yield _invoice(order, between(4, 20, order.number, 1), order.given)
    if order.number == RETURNED:
        yield _invoice(order, 28, -order.given // 4)


def _invoice(order: Order, days: int, given: int) -> Invoice:
    day = order.date + timedelta(days=days)
    day -= timedelta(days=max(day.weekday() - 4, 0))
    if order.code == HIRED_IN_APRIL and order.date <= PREDECESSOR_LEFT_ON:
        day = min(day, PREDECESSOR_LEFT_ON)  # what a leaver sold is billed by the day he leaves
    rate = DISCOUNTED[day.year] if order.code == DISCOUNTER else BY_CODE[order.code].margin_rate
    rate += between(-12, 12, order.number, days)
    unknown = order.family == "Service" and day >= COSTED_UNTIL
    return Invoice(order, day, given, None if unknown else given - given * rate // 1000)
