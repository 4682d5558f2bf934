"""Norvik's deals as the CRM has them: projects that were won are its orders; others are open, or were lost."""

from dataclasses import dataclass
from datetime import date, timedelta

from spm.dashboards.norvik.cast import SELLERS
from spm.dashboards.norvik.figures import HIRED_ON, LOST_AN_ACCOUNT, THIS_YEAR, TODAY
from spm.dashboards.norvik.market import CUSTOMERS, CUSTOMERS_OF, PROJECTS, REPEATS, Customer
from spm.dashboards.norvik.noise import between, draw, pick
from spm.dashboards.norvik.orders import orders

LOST_EVERY = 3  # for so many accounts one deal was lost this year


@dataclass(frozen=True, slots=True)
class Deal:
    """One opportunity in whole euro. ``closed_on`` None = open."""

    number: str
    customer: Customer
    family: str
    amount: int
    opened_on: date
    close_on: date
    closed_on: date | None = None
    is_won: bool = False

    @property
    def owner(self) -> str:
        return SELLERS[self.customer.code].email

    @property
    def name(self) -> str:
        return f"{self.family}, {self.customer.name}"


def deals() -> list[Deal]:
    """All of them, numbered by account; the same on every machine."""
    return [*_won(), *(deal for customer in CUSTOMERS for deal in (*_open(customer), *_lost(customer)))]


def _won() -> list[Deal]:
    """The projects ordered this year by whoever sold them."""
    by_id = {customer.account_id: customer for customer in CUSTOMERS}
    return [
        Deal(
            number=f"OP-{order.number}",
            customer=by_id[order.account_id],
            family=order.family,
            amount=order.cents // 100,
            opened_on=max(order.date - timedelta(days=between(30, 160, order.number, "opened")), _since(order.code)),
            close_on=order.date + timedelta(days=between(-12, 20, order.number, "forecast")),
            closed_on=order.date,
            is_won=True,
        )
        for order in orders()
        if order.is_project and order.date.year == THIS_YEAR and order.cents > 0
    ]


def _since(code: str) -> date:
    """Nobody's deal begins before they do."""
    return HIRED_ON if code == "S5" else date(THIS_YEAR - 1, 6, 1)


def _open(customer: Customer) -> list[Deal]:
    """Two or three at a key account, at every other one of the rest one; none where the account was lost."""
    if customer.code == LOST_AN_ACCOUNT and customer.number == 1:
        return []
    key = customer.account_id
    many = between(2, 3, key, "open") if customer.is_key else draw("open", key) % 2
    found = []
    for number in range(many):
        is_project = number == 0 or draw("project", key, number) % 2 == 0
        family = str(pick(PROJECTS if is_project else REPEATS, key, number, "open family"))
        amount = between(60, 380, key, number, "amount") if is_project else between(8, 45, key, number, "amount")
        found.append(
            Deal(
                number=f"OP-{key}-{number + 1}",
                customer=customer,
                family=family,
                amount=amount * 1000,
                opened_on=max(TODAY - timedelta(days=between(5, 150, key, number, "age")), _since(customer.code)),
                close_on=TODAY + timedelta(days=between(-10, 160, key, number, "close")),
            )
        )
    return found


def _lost(customer: Customer) -> list[Deal]:
    key = customer.account_id
    if draw("lost", key) % LOST_EVERY:
        return []
    closed = TODAY - timedelta(days=between(10, 220, key, "lost on"))
    closed = max(closed, _since(customer.code) + timedelta(days=40))
    return [
        Deal(
            number=f"OP-{key}-L",
            customer=customer,
            family=str(pick(PROJECTS, key, "lost family")),
            amount=between(40, 260, key, "lost amount") * 1000,
            opened_on=max(closed - timedelta(days=between(30, 140, key, "lost age")), _since(customer.code)),
            close_on=closed + timedelta(days=between(-20, 20, key, "lost forecast")),
            closed_on=closed,
        )
    ]


def white_of(code: str) -> list[tuple[Customer, str]]:
    """Accounts of a territory, each with a family of projects it never bought, those with the most orders first."""
    bought: dict[str, set[str]] = {}
    count: dict[str, int] = {}
    for order in orders():
        bought.setdefault(order.account_id, set()).add(order.family)
        count[order.account_id] = count.get(order.account_id, 0) + 1
    theirs = sorted(CUSTOMERS_OF[code], key=lambda one: (-count.get(one.account_id, 0), one.number))
    found = []
    for customer in theirs:
        white = [family for family in PROJECTS if family not in bought.get(customer.account_id, set())]
        if white:
            found.append((customer, white[draw("white", customer.account_id) % len(white)]))
    return found
