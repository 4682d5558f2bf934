"""The demo company: loaded through the import machine like any other company's files, and taken away with one verb."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from time import perf_counter

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection, transaction
from django.utils.translation import gettext as _

from spm.dashboards import demo_planning
from spm.dashboards.norvik import cast, figures, sheets
from spm.errors import RuleViolation
from spm.imports import batches
from spm.imports.choices import BatchState
from spm.imports.kinds import kind_named
from spm.imports.models import ImportBatch
from spm.jobs.queue import enqueue
from spm.jobs.waiting import wait_for_jobs
from spm.org import calendars, guards
from spm.org.choices import CalendarKind
from spm.org.models import Company, FiscalYear, Period, User
from targets import closing

PASSWORD = "norvik-demo-2026"  # noqa: S105  # printed at each start: the demo's people are invented, and so is this
SOURCE = "norvik"
CLOSED_UNTIL = date(2026, 6, 30)  # the second quarter; July and August are soft-closed, September open


class NotEmpty(RuleViolation):
    """The database holds something, and the demo company goes into an empty one alone."""


class DemoRefused(RuleViolation):
    """A file of the demo company was not loaded: its generator and an import kind disagree."""


@dataclass
class Phases:
    """Tells what each phase of a start took, in seconds."""

    report: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        started = perf_counter()
        yield
        self.seconds[name] = perf_counter() - started
        self._tell(name, self.seconds[name])

    def total(self) -> None:
        """Tell the sum of all phases."""
        self._tell(_("Together"), sum(self.seconds.values()))

    def _tell(self, name: str, seconds: float) -> None:
        self.report(f"{name:.<40} {seconds:6.1f} s")


def is_loaded() -> bool:
    """Whether the company of this database is the demo company."""
    return Company.objects.filter(is_demo=True).exists()


def is_empty() -> bool:
    """Whether nobody and nothing has been stored yet, sentinels aside."""
    return not Company.objects.exists() and not User.objects.people().exists() and not FiscalYear.objects.exists()


def may_load(*, reset: bool) -> bool:
    """Whether to load the demo company into this server's database; with ``reset`` an earlier one is removed first.

    False where it is loaded already. Raises NotEmpty where the database holds anything else.
    """
    if is_loaded() and not reset:
        return False
    if is_loaded():
        remove()
    if not is_empty():
        raise NotEmpty(_("The demo company is loaded into an empty database only; this one holds data."))
    return True


def build(phases: Phases) -> None:
    """Make Norvik Industrial in an empty database: load its files, roll it up, close its past months.

    Raises DemoRefused where a file is refused or a job fails.
    """
    load(phases)
    roll_up(phases)
    close_periods(phases)
    with phases.phase(_("Planning of next year")):
        demo_planning.plan_next_year()
    Company.objects.update(is_demo=True)  # last: a half-loaded company never passes for the demo
    phases.total()


def load(phases: Phases) -> None:
    """Store company and calendar, then every file by the import machine. Rolls nothing up."""
    with phases.phase(_("Company and calendar")):
        _found_company()
    with phases.phase(_("People, territories, accounts")):
        _load(sheets.structure())
        _give_passwords()
    with phases.phase(_("Plans, targets, quotas")):
        _load(sheets.goals())
        demo_planning.set_ramp()
        demo_planning.lock_and_revise()
    with phases.phase(_("Orders, invoices, shares")):
        _load(sheets.actuals())


def roll_up(phases: Phases) -> None:
    """Ask for the roll-up as everybody does, by a job, and wait until the workers have done all there is to do.

    Raises DemoRefused where a job failed.
    """
    with phases.phase(_("Roll-up by Celery") if not settings.JOBS_IN_PROCESS else _("Roll-up")):
        enqueue("rollup", subject=_("Demo company"))
        failed = wait_for_jobs()
    if failed:
        raise DemoRefused(f"{failed[0]}: {failed[0].error}")


def close_periods(phases: Phases) -> None:
    """Close what the schedule would have closed by the clock's day. After the roll-up: a closing keeps its totals."""
    with phases.phase(_("Closing of past months")):
        over = Period.objects.leaves().filter(ends_on__lt=figures.TODAY).order_by("starts_on")
        for period in over.filter(ends_on__lte=CLOSED_UNTIL):
            closing.close(period, by=_admin())
        for period in over.filter(ends_on__gt=CLOSED_UNTIL):
            closing.soft_close(period, by=_admin())


def remove() -> None:
    """Take everything out of the database, the demo's people and their sessions included, as it was before the demo.

    In one transaction: the guards, which forbid just this, are dropped, and put back by the signal that ``migrate``
    sends, with the sentinel rows. Raises RuleViolation where the company is not the demo company.
    """
    if not is_loaded():
        raise RuleViolation(_("Only the demo company can be removed like this."))
    with transaction.atomic():
        guards.drop(connection)
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), tables, reset_sequences=True))
        ContentType.objects.clear_cache()
        emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)


def _found_company() -> None:
    Company.objects.create(
        pk=1,
        name="Norvik Industrial",
        currency=figures.CURRENCY,
        timezone="Europe/Berlin",
        fixed_today=settings.TODAY or figures.TODAY,
        require_admin_mfa=False,
    )
    for year in range(figures.FIRST_YEAR, figures.NEXT_YEAR + 1):
        calendars.create_year(str(year), date(year, 1, 1), CalendarKind.MONTHS)


def _load(files: list[sheets.Sheet]) -> None:
    for sheet in files:
        by = _admin()
        batch = batches.upload(kind_named(sheet.kind), BytesIO(sheet.csv()), sheet.name, source=SOURCE, by=by)
        batches.commit(batch, by)
        if batch.state != BatchState.COMMITTED:
            raise DemoRefused(f"{sheet.name}: {batch.reason} {_first_refusal(batch)}")


def _first_refusal(batch: ImportBatch) -> str:
    row = batch.rows.order_by("number").first()
    return f"{row.number}, {row.column} {row.value!r}: {row.reason}" if row else ""


def _admin() -> User | None:
    admin: User | None = User.objects.filter(email=cast.ADMIN.email).first()
    return admin


def _give_passwords() -> None:
    """The same hash for everybody: hashing takes long on purpose, and these passwords are no secret."""
    User.objects.people().filter(is_active=True).update(password=make_password(PASSWORD))
