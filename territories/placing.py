"""Accounts placed by rules as a set: what would move on a day, and the dated rows that move it, in few statements.

An account that no rule claims stands in no territory from that day on. Rows are written with their history and without
instances; whatever is said for later days stays. Totals follow by the signals of dated facts.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import starmap
from typing import NamedTuple

from django.db import connection

from spm.imports import bulk
from spm.market.models import AccountPlacement
from spm.org import clock
from spm.org.models import User
from spm.org.signals import facts_moved
from spm.ui.fields import stored
from territories.matching import TEXTS, Facts, Matcher, Rule
from territories.models import RuleSet

HISTORY = AccountPlacement.history.model
BLOCK = 20_000
READ = {name: name for name in TEXTS} | {"postal": "postal_code", "size": "potential"}  # by field of Facts
EMPTY = {"size": "NULL"}  # as it is read where no rule asks for it; texts are empty ones
WRITTEN = """
    INSERT INTO {history} (id, starts_on, account_id, territory_id, history_date, history_type, history_user_id)
    SELECT id, starts_on, account_id, territory_id, %s, %s, %s FROM {table} WHERE starts_on = %s
"""


class Move(NamedTuple):
    """An account that would stand elsewhere from the day on; None = in no territory. ``rule`` None: none claims it."""

    account: int
    before: int | None
    after: int | None
    rule: int | None


def rules_of(rule_set: RuleSet) -> list[Rule]:
    """The rules of a set, sizes in whole ten-thousandths."""
    texts = ("country", "region", "industry", "segment", "postal_from", "postal_to")
    names = ("pk", "territory", "priority", "account", *texts)
    rows = rule_set.rules.order_by("pk").values_list(*names, stored("size_from"), stored("size_to"))
    return [Rule(*row) for row in rows]


def facts(rules: Iterable[Rule]) -> Iterator[Facts]:
    """Every account as these rules see it, by key; what none of them asks for is left empty.

    Read past the ORM, which would take longer than the rules themselves.
    """
    asked = {field for rule in rules for field in rule.asks}
    columns = ", ".join(column if field in asked else EMPTY.get(field, "''") for field, column in READ.items())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {columns} FROM market_account ORDER BY id")  # noqa: S608  # constants of this module
        while rows := cursor.fetchmany(BLOCK):
            yield from starmap(Facts, rows)


def standing(day: date) -> dict[int, int | None]:
    """Account → its territory on the day; accounts without any row are absent."""
    rows = AccountPlacement.objects.filter(starts_on__lte=day).order_by("account", "starts_on")
    return dict(rows.values_list("account", "territory").iterator(chunk_size=20_000))


def moves(rules: Sequence[Rule], day: date) -> list[Move]:
    """What the rules would change on the day; two queries."""
    matcher, now = Matcher(rules), standing(day)
    found = []
    for one in facts(rules):
        rule = matcher.place(one)
        before, after = now.get(one.account), rule.territory if rule else None
        if before != after:
            found.append(Move(one.account, before, after, rule.pk if rule else None))
    return found


def write(found: Sequence[tuple[int, int | None]], day: date, by: User | None) -> int:
    """(account, territory or None) as rows that start on the day, history included; how many. Inside ``atomic``.

    The caller has said ``facts_moving``; this says ``facts_moved``.
    """
    if not found:
        return 0
    same_day = dict(AccountPlacement.objects.filter(starts_on=day).values_list("account", "pk"))
    start = day.isoformat()  # a text for each row, where the driver would write each date anew
    fresh = [(account, territory, start) for account, territory in found if account not in same_day]
    again = [(same_day[account], territory) for account, territory in found if account in same_day]
    newest = AccountPlacement.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    bulk.insert(AccountPlacement, ("account", "territory", "starts_on"), fresh)
    bulk.update(AccountPlacement, ("territory",), again)
    _history("+", day, by, f"AND id > {int(newest)}")
    for keys in bulk.chunks([pk for pk, _territory in again]):
        _history("~", day, by, f"AND id IN ({', '.join(str(int(key)) for key in keys)})")
    facts_moved.send(AccountPlacement, since=day, recredit=True)
    return len(found)


def _history(kind: str, day: date, by: User | None, which: str) -> None:
    quote = connection.ops.quote_name
    sql = WRITTEN.format(history=quote(HISTORY._meta.db_table), table=quote(AccountPlacement._meta.db_table))
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} {which}", [clock.now(), kind, by.pk if by else None, day])
