"""The maps and plans of the demo's key accounts: maps from files, plans written by their sellers, reviewed in part."""

from datetime import date

from spm.dashboards.demo_planning import moment
from spm.dashboards.norvik import cast, figures, maps
from spm.dashboards.norvik import map_words as words
from spm.dashboards.norvik.figures import THIS_YEAR
from spm.dashboards.norvik.market import Customer
from spm.dashboards.norvik.noise import between, draw, pick
from spm.dashboards.norvik.sheets import Sheet
from spm.market.models import Account
from spm.org import clock
from spm.org.models import FiscalYear, User
from spm.talk.models import Notification
from territories import account_plans
from territories.account_plans import OBJECTIVE, PLAN
from territories.anchors import ACCOUNT
from territories.field_writing import Change
from territories.models import AccountReview

WRITTEN, HIRED_WROTE = date(2025, 12, 10), date(2026, 4, 24)
SET, REVIEWED, NEXT_REVIEW = date(2026, 3, 30), date(2026, 4, 15), date(2026, 10, 8)
REACHED = date(2026, 6, 18)
REVIEWING = ("N", "C")  # the manager of South reviews nothing
UNWRITTEN = maps.UNKNOWN_TO  # who has no plan of any account


def files() -> list[Sheet]:
    """People first: the owners of steps are among them."""
    return [
        _sheet("stakeholders", maps.PEOPLE_HEADERS, maps.people_rows()),
        _sheet("decision_steps", maps.STEP_HEADERS, maps.step_rows()),
    ]


def _sheet(kind: str, headers: str, rows: list[cast.Row]) -> Sheet:
    return Sheet(kind, f"norvik-{kind.replace('_', '-')}.csv", tuple(headers.split()), tuple(rows))


def write_plans() -> None:
    """Plans of two key accounts of every seller but one, and the reviews of those managers who hold them."""
    year = FiscalYear.objects.get(label=str(THIS_YEAR))
    for customer in maps.KEY:
        if customer.number <= 2 and customer.code != UNWRITTEN:
            account = Account.objects.get(external_id=customer.account_id)
            with clock.at(moment(HIRED_WROTE if customer.code == figures.HIRED_IN_APRIL else WRITTEN, 15)):
                _write(customer, account, year)
            if customer.code[0] in REVIEWING:
                _review(customer, account, year)
    Notification.objects.filter(anchor=ACCOUNT, read_at__isnull=True).update(read_at=clock.now())


def _write(customer: Customer, account: Account, year: FiscalYear) -> None:
    by, key = User.objects.get(email=cast.SELLERS[customer.code].email), customer.account_id
    said = {
        "strategy": words.STRATEGIES,
        "strengths": words.STRENGTHS,
        "weaknesses": words.WEAKNESSES,
        "chances": words.CHANCES,
        "threats": words.THREATS,
        "next_steps": words.NEXT,
    }
    written = [_change(PLAN, name, str(pick(texts, key, name))) for name, texts in said.items()]
    account_plans.save(account, year, written, by)
    for number in range(2 + draw("objectives", key) % 2):
        row = account_plans.add_objective(account, year, str(words.OBJECTIVES[number]), by)
        fields = {"measure": str(words.MEASURES[number]), "due_on": f"{THIS_YEAR}-{6 + 3 * number:02}-30"}
        if number < 2:
            fields["amount"] = str(between(4, 30, key, number, "objective") * 10_000)
        account_plans.save(account, year, [_change(f"{OBJECTIVE}{row.pk}", *one) for one in fields.items()], by)
        if number == 0 and customer.code[0] == "N":
            with clock.at(moment(REACHED, 15)):
                reached = _change(f"{OBJECTIVE}{row.pk}", "done_on", REACHED.isoformat())
                account_plans.save(account, year, [reached], by)


def _change(row: str, name: str, text: str) -> Change:
    return Change(row, name, text, 0, "")


def _review(customer: Customer, account: Account, year: FiscalYear) -> None:
    """One held in April, the next one set for October."""
    manager, key = User.objects.get(email=_manager(customer.code)), customer.account_id
    with clock.at(moment(SET, 14)):
        review: AccountReview = account_plans.schedule_review(account, year, REVIEWED, manager)
    with clock.at(moment(REVIEWED, 14)):
        score, comment = between(2, 5, key, "score"), str(pick(words.REVIEWED, key))
        account_plans.hold_review(review, score=score, comment=comment, by=manager)
        account_plans.schedule_review(account, year, NEXT_REVIEW, manager)


def _manager(code: str) -> str:
    team = figures.NORTH if code[0] == "N" else figures.CHANNEL
    return cast.MANAGERS[team].email
