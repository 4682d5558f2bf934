"""The one-page plans of Norvik's sellers as files: this year's of all, next year's as far as they are written.

Amounts come from the story: key accounts from what they bought the year before, the rest of the quota from the
retention base, partners and new business, so that the gap check of a finished plan is closed.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from spm.dashboards.norvik import page_words as words
from spm.dashboards.norvik.cast import SELLERS, Row
from spm.dashboards.norvik.figures import (
    BEFORE_REVISION,
    BY_CODE,
    EXPECTED_SHARE,
    GIVEN_A_TERRITORY,
    LOST_AN_ACCOUNT,
    NEXT_QUOTAS,
    NEXT_YEAR,
    THIS_YEAR,
)
from spm.dashboards.norvik.market import CUSTOMERS_OF, MOVES, PARTNERS, Customer
from spm.dashboards.norvik.noise import draw
from spm.dashboards.norvik.orders import orders

HEADERS = "fiscal_year email section line account_id partner text entry next_step risk amount due_on"
APPROVED, SUBMITTED, RETURNED = "N4", ("N3", "S1"), "N2"
DRAFTS = {"N1": 4, "N5": 3, "S3": 3, "S4": 2}  # how many sections are written so far; nobody else has begun
OPEN_GAP = 140  # k€ that the returned plan has not named yet
TEN = 10_000


def plan_rows(year: int, codes: list[str]) -> list[Row]:
    """Every line of these sellers' plans of a year, in the columns of HEADERS."""
    return [row for code in codes for row in _plan(year, code)]


def base_of(year: int, code: str) -> int:
    """The retention base in euro."""
    return _amounts(year, code)[1]


def quota_of(year: int, code: str) -> int:
    """The bookings quota in k€ that the plan is written against; 0 where there is none yet."""
    if year == NEXT_YEAR:
        return NEXT_QUOTAS.get(code, 0)
    return BEFORE_REVISION["bookings"] if code == GIVEN_A_TERRITORY else BY_CODE[code].bookings


def accounts_of(year: int, code: str) -> list[Customer]:
    """The customers that the plan names, those who bought most first among the key ones, then among the others."""
    own = list(CUSTOMERS_OF[code])
    if year == NEXT_YEAR and code == "N1":
        own.remove(MOVES)
    ranked = sorted(own, key=lambda one: (not one.is_key, -_sold(year - 1).get(one.account_id, 0), one.number))
    return ranked[: 6 if code == RETURNED else 5]


@cache
def _sold(year: int) -> Mapping[str, int]:
    """Account → bookings of a year in euro; of the running year, the whole year at the season's pace."""
    cents: dict[str, int] = defaultdict(int)
    for order in orders():
        if order.date.year == year:
            cents[order.account_id] += order.cents
    share = int(EXPECTED_SHARE * 100) if year == THIS_YEAR else 100
    return {account: amount // share for account, amount in cents.items()}


def _amounts(year: int, code: str) -> tuple[list[int], int, list[int], list[int]]:
    """Goals of the key accounts, the retention base, two of partners, three of new business, in euro.

    They add up to the quota; the returned plan leaves OPEN_GAP.
    """
    quota, sold = quota_of(year, code) * 1000, _sold(year - 1)
    wanted = [max(sold.get(one.account_id, 0), 60_000) * 108 // 100 for one in accounts_of(year, code)]
    most = quota * 55 // 100
    factor = min(most * 100 // sum(wanted), 100) if quota else 100
    goals = [amount * factor // 100 // TEN * TEN for amount in wanted]
    channel = [quota * part // 1000 // TEN * TEN for part in (50, 35)]
    base = quota * (20 + draw(year, code) % 6) // 100 // TEN * TEN
    rest = max(quota - sum(goals) - base - sum(channel) - _open(year, code), 0)
    business = [rest * part // 100 // TEN * TEN for part in (42, 33)]
    return goals, base, channel, [*business, rest - sum(business)]


def _open(year: int, code: str) -> int:
    """What the plan leaves unnamed, in euro."""
    return OPEN_GAP * 1000 if (year, code) == (NEXT_YEAR, RETURNED) else 0


def _plan(year: int, code: str) -> list[Row]:
    goals, _base, channel, business = _amounts(year, code)
    named = accounts_of(year, code)
    turn = draw(code) % 6 + (year - THIS_YEAR)
    places: dict[str, Any] = {"account": named[0].name, "few": 6 + turn, "many": 10 + turn, "rate": 30 + turn % 4}

    def said(texts: words.Texts, i: int, account: str = "") -> str:
        """The i-th of some texts, each plan beginning elsewhere; with a partner's share of a line without places."""
        text = str(texts[(turn + i) % len(texts)])
        return text % (places | {"account": account or places["account"]}) if "%(" in text else text

    lines: dict[str, list[dict[str, Any]]] = {
        "goals": [{"text": said(words.GOALS, i), "due_on": _day(year, 3 + 3 * i)} for i in range(3)],
        "accounts": [
            {
                "account_id": one.account_id,
                "amount": goal,
                "entry": said(words.ENTRIES, i),
                "next_step": said(words.NEXT_STEPS, i),
                "due_on": _day(year, 1 + (2 * i + turn) % 9),
            }
            for i, (one, goal) in enumerate(zip(named, goals, strict=True))
        ],
        "business": [
            {"text": said(words.BUSINESS, i), "amount": amount, "due_on": _day(year, 5 + 2 * i)}
            for i, amount in enumerate(business)
        ],
        "retention": [
            {
                "text": said(words.RETENTION, i, one.name),
                "account_id": one.account_id,
                "risk": ("high", "medium", "low")[i],
                "due_on": _day(year, 4 + i),
            }
            for i, one in enumerate(_at_risk(code, named))
        ],
        "channel": [
            {"partner": PARTNERS[(turn + i) % 4], "text": said(words.CHANNEL, i), "amount": amount}
            for i, amount in enumerate(channel)
        ],
        "support": [{"text": said(words.SUPPORT, i)} for i in range(2 + draw(code) % 2)],
    }
    written = DRAFTS.get(code, len(lines)) if year == NEXT_YEAR else len(lines)
    return [
        tuple(str(value or "") for value in _row(year, code, section, number, line))
        for section, found in list(lines.items())[:written]
        for number, line in enumerate(found, start=1)
    ]


def _row(year: int, code: str, section: str, number: int, line: dict[str, Any]) -> list[Any]:
    values = {"fiscal_year": year, "email": SELLERS[code].email, "section": section, "line": number} | line
    return [values.get(header) for header in HEADERS.split()]


def _at_risk(code: str, named: list[Customer]) -> list[Customer]:
    """Whom the plan fears to lose; the one who is going to lose a key account saw it coming as a small risk."""
    return named[1:4] if code != LOST_AN_ACCOUNT else [named[1], named[2], named[0]]


def _day(year: int, month: int) -> str:
    return date(year, month, 15 if month % 2 else 28).isoformat()
