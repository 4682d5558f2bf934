"""A hundred thousand accounts placed by rules, every one of them elsewhere, against one UPDATE … FROM of those rows."""

from datetime import date, timedelta
from time import perf_counter
from typing import Any

from django.core.management.base import CommandError
from django.db import connection, transaction

from spm import memory
from spm.imports import bulk
from spm.market.models import Account, AccountPlacement, Territory
from spm.org.models import User
from territories import rule_sets
from territories.models import RuleSet, TerritoryRule

ACCOUNTS, RULES, ROUNDS = 100_000, 200, 3
FIRST = date(2026, 10, 1)
COLUMNS = (
    "id",
    "external_id",
    "key",
    "name",
    "country",
    "region",
    "industry",
    "segment",
    "postal_code",
    "tier",
    "version",
)


def measure(accounts: int = ACCOUNTS) -> dict[str, Any]:
    """Seconds of an activation, from reading accounts to history, and of the bare update; nothing of it is kept.

    Garbage is collected as in a web process, where rules are activated.
    """
    memory.settle()
    with transaction.atomic():
        by = User.objects.create(email="placer@bench.invalid", name="Placer", is_admin=True)
        areas = list(Territory.objects.real().order_by("pk").values_list("pk", flat=True))
        _accounts(accounts)
        placed, updated = [], []
        for number in range(ROUNDS):
            day = FIRST + timedelta(days=number)
            rule_set = _rules(by, areas, number)
            started = perf_counter()
            moved = rule_sets.activate(rule_set, day, by)
            placed.append(perf_counter() - started)
            if moved != accounts:
                raise CommandError(f"The bench placed {moved} of {accounts} accounts.")
            with transaction.atomic():
                updated.append(_update(day, areas[number]))
                transaction.set_rollback(True)
        transaction.set_rollback(True)
    return {
        "placed_accounts": accounts,
        "placing_seconds": round(min(placed), 3),
        "update_from_seconds": round(min(updated), 3),
        "placing_vs_update": round(min(placed) / min(updated), 3),
    }


def _accounts(count: int) -> None:
    """Spread over as many postal areas as there are rules, two of three by country alone."""
    keys = bulk.reserve(Account, count)
    rows = (
        (
            key,
            f"P{at}",
            f"p{at}",
            f"Account {at}",
            f"Country {at % RULES}",
            "",
            "",
            "",
            f"{at % 90 + 10}{at % 1000:03}",
            "",
            0,
        )
        for at, key in enumerate(keys)
    )
    bulk.insert(Account, COLUMNS, rows)


def _rules(by: User, areas: list[int], turn: int) -> RuleSet:
    """One rule a country, every other one with a range of postal codes, and a last one for what these leave over."""
    made = rule_sets.draft(f"Round {turn}", by)
    rules = []
    for at in range(RULES):
        codes = ("10", "99") if at % 2 else ("", "")
        rules.append(
            TerritoryRule(
                rule_set=made,
                territory_id=areas[(at + turn) % len(areas)],
                priority=at,
                country=f"country {at}",
                postal_from=codes[0],
                postal_to=codes[1],
            )
        )
    rules.append(TerritoryRule(rule_set=made, territory_id=areas[0], priority=RULES))
    TerritoryRule.objects.bulk_create(rules)
    return made


def _update(day: date, territory: int) -> float:
    """The same rows set anew by one statement, from a table that holds what is wanted."""
    table = connection.ops.quote_name(AccountPlacement._meta.db_table)
    wanted = f"CREATE TEMPORARY TABLE bench_wanted AS SELECT account_id, {int(territory)} AS territory_id"
    with connection.cursor() as cursor:
        cursor.execute(f"{wanted} FROM {table} WHERE starts_on = %s", [day])
        cursor.execute("CREATE UNIQUE INDEX bench_wanted_account ON bench_wanted (account_id)")
        started = perf_counter()
        cursor.execute(
            f"UPDATE {table} SET territory_id = w.territory_id FROM bench_wanted w"  # noqa: S608  # names of our own
            f" WHERE w.account_id = {table}.account_id AND {table}.starts_on = %s",
            [day],
        )
        return perf_counter() - started
