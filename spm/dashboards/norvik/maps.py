"""The maps of Norvik's key accounts as files: who decides there, whom the sellers have met, in which steps they decide.

How well an account is known follows its seller: North has met nearly everybody, the rep of the gaps (S3) hangs on one
maintenance lead, the others stand between.
"""

from datetime import date, timedelta

from spm.dashboards.norvik import map_words as words
from spm.dashboards.norvik.cast import SELLERS, Row
from spm.dashboards.norvik.figures import LOST_AN_ACCOUNT, TODAY
from spm.dashboards.norvik.market import CUSTOMERS, Customer
from spm.dashboards.norvik.noise import between, draw, pick

PEOPLE_HEADERS = (
    "account_id name wanted title role influence support relation_email reports_to listens_to last_met_on next_step"
)
STEP_HEADERS = "account_id position name owner criterion evidence due_on done_on"
UNKNOWN_TO = "S3"  # whose accounts hang on one person each
PLACES = (  # role, influence, support from and to; in the order of TITLES
    ("decider", 5, 0, 2),
    ("decider", 4, -1, 1),
    ("influence", 3, 0, 2),
    ("user", 2, 1, 2),
    ("blocker", 3, -2, -1),
)
MAINTENANCE = 3  # the place of the maintenance lead
KEY = tuple(customer for customer in CUSTOMERS if customer.is_key)


def people_rows() -> list[Row]:
    return [row for customer in KEY for row in _people(customer)]


def step_rows() -> list[Row]:
    """Of two key accounts in three; the others have not been asked yet."""
    return [row for customer in KEY if draw("steps", customer.account_id) % 3 for row in _steps(customer)]


def names_of(customer: Customer) -> list[str]:
    """The people of an account, in the order of TITLES; no name comes twice within one."""
    first, last = draw("first", customer.account_id), draw("last", customer.account_id)
    return [
        f"{words.FIRST[(first + 7 * i) % len(words.FIRST)]} {words.LAST[(last + 5 * i) % len(words.LAST)]}"
        for i in range(_many(customer))
    ]


def _many(customer: Customer) -> int:
    return 4 if customer.code == UNKNOWN_TO else between(3, len(PLACES), "people", customer.account_id)


def _people(customer: Customer) -> list[Row]:
    names, number = names_of(customer), customer.account_id
    rows = [_person(customer, names, place) for place in range(len(names))]
    if draw("wanted", number) % 2:
        wanted = str(pick(words.WANTED, number, "wanted"))
        rows.append((number, "", wanted, "", "influence", "4", "", "", names[0], "", "", ""))
    return rows


def _person(customer: Customer, names: list[str], place: int) -> Row:
    role, influence, low, high = PLACES[place]
    number, seller = customer.account_id, SELLERS[customer.code].email
    met = _met(customer, place)
    support = str(between(low, high, number, place, "support")) if met or place == 1 else ""
    planned = place < 2 and draw("next", number, place) % 3
    return (
        number,
        names[place],
        "",
        str(words.TITLES[place]),
        role,
        str(influence),
        support,
        seller if met else "",
        names[0] if 0 < place < len(PLACES) - 1 else "",
        names[2] if place == 0 and draw("heard", number) % 2 else "",
        met.isoformat() if met else "",
        str(pick(words.STEPS_AHEAD, number, place)) if planned else "",
    )


def _met(customer: Customer, place: int) -> date | None:
    """When the person was last met; None = never."""
    number = customer.account_id
    if customer.code == UNKNOWN_TO:
        return TODAY - timedelta(days=between(40, 120, number, place, "met")) if place == MAINTENANCE else None
    if customer.code == LOST_AN_ACCOUNT and customer.number == 1:
        return date(2026, 6, 2) - timedelta(days=place) if place < 2 else None
    known = {"N": 9, "C": 7, "S": 5}[customer.code[0]]  # of ten
    if draw("known", number, place) % 10 >= known:
        return None
    return TODAY - timedelta(days=between(4, 150, number, place, "met"))


def _steps(customer: Customer) -> list[Row]:
    """Three to five of the usual steps, the first ones done."""
    number, names = customer.account_id, names_of(customer)
    many = between(3, len(words.DECISION), "steps", number, "many")
    done = between(0, 2, "steps", number, "done")
    begun = TODAY - timedelta(days=between(30, 100, "steps", number, "begun"))
    rows: list[Row] = []
    for step in range(many):
        day = begun + timedelta(days=42 * step)
        is_done = step < done and day < TODAY
        finished = min(day + timedelta(days=between(0, 5, number, step, "late")), TODAY)
        rows.append(
            (
                number,
                str(step + 1),
                str(words.DECISION[step if step < many - 1 else -1]),
                names[(2, 2, 0, 1, 0)[step]],
                str(words.CRITERIA[step if step < many - 1 else -1]),
                str(pick(words.EVIDENCE, number, step)) if is_done else "",
                day.isoformat(),
                finished.isoformat() if is_done else "",
            )
        )
    return rows
