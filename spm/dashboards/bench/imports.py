"""An import of 100,000 lines against the least the database could do: the same rows in bulk, with their indexes."""

import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection, transaction

from spm.imports import bulk
from spm.money import to_units
from spm.org.models import User
from targets.choices import ActualKind, RunState
from targets.models import Actual, RollupRun

LINES = 100_000
ROUNDS = 3
SOURCE, FLOOR_SOURCE = "bench-import", "bench-floor"
FIRST, DAYS = date(2026, 1, 1), 365
HEADERS = ("external_id", "kind", "date", "email", "amount", "cost", "currency")
COLUMNS = (
    "source",
    "external_id",
    "external_key",
    "kind",
    "date",
    "person",
    "account",
    "territory",
    "product_family",
    "partner",
    "amount",
    "cost",
    "currency",
    "version",
    "is_tombstone",
    "batch",
)


def measure(lines: int = LINES) -> dict[str, Any]:
    """Import ``lines`` lines with ``manage.py load`` in a process of its own, then write the same rows in bulk.

    The import is all of it: the file's bytes kept, parsed, validated, written, credited and committed. The roll-up
    that follows is taken out of its seconds; memory is the highest of that process, Python and Django included, in MB.
    """
    with tempfile.TemporaryDirectory(prefix="spm-bench-") as folder:
        path = Path(folder) / "actuals.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([HEADERS, *_rows(lines)])
        report = _load(path)
    if report["new"] != lines:
        raise CommandError(f"The import of the bench took {report['new']} of {lines} lines.")
    imported = report["seconds"] - _roll_up_seconds()
    floor = min(_floor() for _round in range(ROUNDS))
    return {
        "import_seconds": round(imported, 2),
        "bulk_load_seconds": round(floor, 2),
        "import_vs_bulk_load": round(imported / floor, 2),
        "import_peak_mb": _peak_of_children(),
    }


def _rows(lines: int) -> Iterator[tuple[str, ...]]:
    """Lines of one year by people of the company, every tenth without cost."""
    random = Random(11)  # noqa: S311  # repeatable, not a secret
    emails = list(User.objects.people().filter(email__startswith="rep").order_by("pk").values_list("email", flat=True))
    for number in range(lines):
        day = FIRST + timedelta(days=number * DAYS // lines)
        kind = ActualKind.REVENUE if number % 2 else ActualKind.BOOKING
        cents = random.randrange(1_000, 5_000_000)
        cost = f"{cents * 6 // 1000}.00" if number % 10 else ""
        amount = f"{cents // 100}.{cents % 100:02}"
        yield (f"I{number}", kind.value, day.isoformat(), random.choice(emails), amount, cost, "EUR")  # noqa: S311


def _load(path: Path) -> dict[str, Any]:
    """What ``manage.py load`` reports; its jobs run in its own process."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "load", "actuals", str(path)]
    done = subprocess.run(  # noqa: S603  # a command of our own
        [*command, "--source", SOURCE, "--json"],
        env=_environment(path.parent),
        cwd=path.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandError(f"The import of the bench failed: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _environment(folder: Path) -> dict[str, str]:
    """What leads another process to the database of the bench, and to no cache or file of the user's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_URL", "CACHE_URL"))}
    known = connection.settings_dict
    if connection.vendor == "sqlite":
        return kept | {"SPM_DATA_DIR": str(Path(known["NAME"]).parent)}
    user, password = quote(known["USER"], safe=""), quote(known["PASSWORD"], safe="")
    port = f":{known['PORT']}" if known["PORT"] else ""
    url = f"postgres://{user}:{password}@{known['HOST']}{port}/{known['NAME']}"
    return kept | {"DATABASE_URL": url, "SPM_DATA_DIR": str(folder)}


def _roll_up_seconds() -> float:
    """How long the roll-up took that followed: one transaction, since the lines lie in one year."""
    newest = RollupRun.objects.filter(state=RunState.DONE).order_by("-pk").first()
    return newest.milliseconds / 1000 if newest else 0.0


def _floor() -> float:
    """Write the imported lines once more as they stand, under another source, and take them out again."""
    rows = [
        (FLOOR_SOURCE, *(_stored(value) for value in row[1:]))
        for row in Actual.objects.filter(source=SOURCE).order_by("pk").values_list(*COLUMNS)
    ]
    started = perf_counter()
    with transaction.atomic():
        _write(rows)
    taken = perf_counter() - started
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {Actual._meta.db_table} WHERE source = %s", [FLOOR_SOURCE])  # noqa: S608  # a name
    return taken


def _write(rows: list[tuple[Any, ...]]) -> None:
    """COPY, or executemany on SQLite: the import itself may know quicker ways."""
    if connection.vendor == "postgresql":
        bulk.insert(Actual, COLUMNS, rows)
        return
    columns = [str(Actual._meta.get_field(name).column) for name in COLUMNS]  # type: ignore[union-attr]  # all have one
    marks = ", ".join(["%s"] * len(columns))
    statement = f"INSERT INTO {Actual._meta.db_table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608  # names
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)


def _stored(value: Any) -> Any:
    """As the database stores it: money in whole ten-thousandths."""
    return to_units(value) if isinstance(value, Decimal) else value


def _peak_of_children() -> int:
    """The highest memory of a finished child in MB; macOS tells bytes where Linux tells kilobytes."""
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit)
