"""The files that make the demo company, in the order in which an admin would load them."""

import csv
import io
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from spm.dashboards.norvik import cast, exchange, market, plans
from spm.dashboards.norvik.cast import Row
from spm.dashboards.norvik.figures import FIRST_YEAR, NEXT_YEAR, TODAY
from spm.dashboards.norvik.invoices import Invoice, invoices
from spm.dashboards.norvik.orders import Order, orders

AUGUST_EXPORT = date(2026, 8, 31)  # the first file of actuals ends here; the second one brings September
RESTATED = "SO26-0200"  # typed wrongly in the first file, put right by the second
RESTATED_BY = 1_250_000  # cents too much at first
PLAN_HEADERS = "fiscal_year measure period segment amount currency"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One file: the kind of import, its name, canonical headers and rows of text."""

    kind: str
    name: str
    headers: Row
    rows: tuple[Row, ...]

    def csv(self) -> bytes:
        """The file as an admin would upload it: UTF-8, commas, CRLF."""
        text = io.StringIO(newline="")
        csv.writer(text).writerows([self.headers, *self.rows])
        return text.getvalue().encode()


def _sheet(kind: str, headers: str, rows: list[Row], name: str = "") -> Sheet:
    return Sheet(kind, f"norvik-{name or kind.replace('_', '-')}.csv", tuple(headers.split()), tuple(rows))


def structure() -> list[Sheet]:
    """People, teams, territories and accounts."""
    return [
        _sheet("people", "email name employee_id starts_on left_on is_admin locale", cast.people_rows()),
        _sheet("teams", "team parent lead_email", cast.team_rows()),
        _sheet("memberships", "email team starts_on", cast.membership_rows()),
        _sheet("territories", "territory parent name", cast.territory_rows()),
        _sheet("assignments", "territory email role starts_on", cast.assignment_rows()),
        _sheet(
            "accounts",
            "account_id name parent_id industry segment country region postal_code tier potential owner_email",
            market.account_rows(_bought()),
        ),
        _sheet("placements", "account_id territory starts_on", market.placement_rows()),
    ]


def _bought() -> dict[str, int]:
    """Account → the most it ordered, or was billed, in one calendar year or the last 365 days; k€, rounded up."""
    booked = orders()
    lines = [("booked", order.date, order.account_id, order.cents) for order in booked]
    lines += [("billed", one.date, one.order.account_id, one.cents) for one in invoices(booked)]
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for kind, day, account, cents in lines:
        sums[account, kind, str(day.year)] += cents
        if (TODAY - day).days < 365:
            sums[account, kind, "newest"] += cents
    most: dict[str, int] = {}
    for (account, _kind, _year), cents in sums.items():
        most[account] = max(most.get(account, 0), -(-cents // 100_000))
    return most


def goals() -> list[Sheet]:
    """Season, company plans up to this year's, targets, and the quotas as given at the start of each year."""
    return [
        _sheet("seasonality", "profile fiscal_year period_no weight", plans.season_rows()),
        _sheet("company_plan", PLAN_HEADERS, plans.plan_rows(range(FIRST_YEAR, NEXT_YEAR))),
        _sheet("targets", "scope key measure period amount currency", plans.target_rows()),
        _sheet("quotas", "email measure period amount currency", plans.quota_rows()),
    ]


def next_plan() -> Sheet:
    """The company plan of next year, as it is published a year later."""
    return _sheet("company_plan", PLAN_HEADERS, plans.plan_rows([NEXT_YEAR]), f"company-plan-{NEXT_YEAR}")


def revision() -> Sheet:
    """The quotas that changed within 2026, after the baseline was frozen."""
    return _sheet("quotas", "email measure period amount currency", plans.revision_rows(), "quotas-revised")


def actuals() -> list[Sheet]:
    """What a krone is worth; bookings and revenue to August; September, with a restated line; who shares an order."""
    booked = orders()
    billed = invoices(booked)
    headers = "external_id kind date email account_id territory product_family partner amount cost currency"
    early = [_booking(order, _first_given(order)) for order in booked if order.date <= AUGUST_EXPORT]
    early += [_revenue(invoice) for invoice in billed if invoice.date <= AUGUST_EXPORT]
    late = [_booking(order, order.given) for order in booked if order.date > AUGUST_EXPORT or order.number == RESTATED]
    late += [_revenue(invoice) for invoice in billed if invoice.date > AUGUST_EXPORT]
    return [
        _sheet("rates", "currency starts_on rate", exchange.rate_rows()),
        _sheet("actuals", headers, early, "actuals-to-august"),
        _sheet("actuals", headers, late, "actuals-september"),
        _sheet("credits", "external_id email territory share overlay", _credit_rows(booked, billed)),
    ]


def _first_given(order: Order) -> int:
    return order.given + (RESTATED_BY if order.number == RESTATED else 0)


def _booking(order: Order, given: int) -> Row:
    seller = cast.seller(order.code, order.date).email
    what = (order.account_id, "", order.family, order.partner)
    return (order.number, "booking", order.date.isoformat(), seller, *what, _amount(given), "", order.currency)


def _revenue(invoice: Invoice) -> Row:
    order = invoice.order
    seller = cast.seller(order.code, order.date).email
    what = (order.account_id, "", order.family, order.partner)
    cost = "" if invoice.given_cost is None else _amount(invoice.given_cost)
    amounts = (_amount(invoice.given), cost, order.currency)
    return (invoice.number, "revenue", invoice.date.isoformat(), seller, *what, *amounts)


def _credit_rows(booked: list[Order], billed: list[Invoice]) -> list[Row]:
    lines = [(order.number, order) for order in booked] + [(invoice.number, invoice.order) for invoice in billed]
    return [row for number, order in lines for row in _credits(number, order)]


def _credits(number: str, order: Order) -> list[Row]:
    if not order.shares and not order.overlay:
        return []
    shares = order.shares or ((order.code, Decimal(1)),)
    rows: list[Row] = [(number, cast.seller(code, order.date).email, code, str(share), "") for code, share in shares]
    if order.overlay:
        rows.append((number, cast.SPECIALIST.email, order.code, str(order.overlay), "true"))
    return rows


def _amount(cents: int) -> str:
    return str(Decimal(cents).scaleb(-2))
