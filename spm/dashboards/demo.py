"""The demo company: loaded through the import machine like any other company's files, and taken away with one verb.

``manage.py demo`` loads it into a data folder of its own; the first-run page, by a job, into an empty database whose
admin is somebody already (``demo_loading``). That admin is no part of it, and outlives it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import BytesIO
from time import perf_counter

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.management.color import no_style
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from spm.dashboards import demo_accounts, demo_market, demo_moves, demo_planning, demo_plans
from spm.dashboards.demo_planning import moment
from spm.dashboards.norvik import cast, figures, sheets
from spm.errors import RuleViolation
from spm.imports import batches
from spm.imports.choices import BatchState
from spm.imports.kinds import kind_named
from spm.imports.models import ImportBatch
from spm.jobs.models import Job
from spm.jobs.queue import enqueue
from spm.jobs.waiting import wait_for_jobs
from spm.market.models import Territory
from spm.org import audit, calendars, clock, guards
from spm.org.choices import AuditKind, CalendarKind
from spm.org.models import Company, FiscalYear, Period, Team, User
from spm.org.tracking import save_tracked
from spm.periods import ONE_DAY
from targets import closing, rollup
from targets.choices import RunState
from targets.models import RollupRun

PASSWORD = "norvik-demo-2026"  # noqa: S105  # printed at each start: the demo's people are invented, and so is this
SOURCE = "norvik"
NAME = "Norvik Industrial"
FOUNDED = date(2025, 8, 20)  # before this year was planned
NEXT_PLANNED = date(2026, 8, 20)  # and a year later the next one
CLOSED_AFTER = timedelta(days=8)
STEPS = 35  # that Phases.begun is told of: thirteen phases and twenty-two files
OWN = (User, EmailAddress, Authenticator, UserSession, Session, Job)
"""What an admin who outlives the demo is made of, and the jobs they asked for."""
CLOSED_UNTIL = date(2026, 6, 30)  # the second quarter; July and August are soft-closed, September open


class NotEmpty(RuleViolation):
    """The database holds something, and the demo company goes into an empty one alone."""


class DemoRefused(RuleViolation):
    """A file of the demo company was not loaded: its generator and an import kind disagree."""


@dataclass
class Phases:
    """Tells what each phase of a start took, in seconds. ``begun`` hears of each phase and file when it begins."""

    report: Callable[[str], None]
    begun: Callable[[str], None] = lambda _name: None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        self.begun(name)
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


def is_half_loaded() -> bool:
    """Whether the loading of the demo company was broken off: its clock stands still, and it is not the demo yet."""
    return Company.objects.filter(name=NAME, is_demo=False, fixed_today__isnull=False).exists()


def is_empty(but: User | None = None) -> bool:
    """Whether nobody and nothing has been stored yet, sentinels and the person ``but`` aside."""
    people = User.objects.people().exclude(pk=but.pk) if but else User.objects.people()
    stored = (Company.objects.all(), people, FiscalYear.objects.all(), Team.objects.all(), Territory.objects.real())
    return not any(rows.exists() for rows in stored)


def refuse_unless_empty(but: User | None = None) -> None:
    """Raises NotEmpty, which says why the demo company cannot be loaded here."""
    if not is_empty(but):
        raise NotEmpty(_("The demo company is loaded into an empty database only; this one holds data."))


def may_load(*, reset: bool) -> bool:
    """Whether to load the demo company into this server's database; with ``reset`` an earlier one is removed first.

    False where it is loaded already. Raises NotEmpty where the database holds anything else.
    """
    if is_loaded() and not reset:
        return False
    if is_loaded():
        remove()
    refuse_unless_empty()
    return True


def build(phases: Phases, *, by: User | None = None) -> None:
    """Make Norvik Industrial in an empty database: load its files, roll it up, close its past months.

    ``by``: the admin who asked for it from the browser. Its people then get no password: the printed one is known to
    everybody, and this server may be open to everybody. Raises DemoRefused where a file is refused or a job fails.
    """
    load(phases, with_passwords=by is None)
    (roll_up if by is None else roll_up_here)(phases)
    close_periods(phases)
    with phases.phase(_("Planning of next year")):
        with clock.at(moment(NEXT_PLANNED)):
            _load([sheets.next_plan()], phases)
            demo_planning.set_plan_rates([figures.NEXT_YEAR])
        demo_planning.plan_next_year()
    _write_pages(phases)
    with phases.phase(_("Drafts of moves")):
        demo_moves.draft_the_next()
    with phases.phase(_("Maps and plans of accounts")), clock.at(moment(figures.TODAY, 7)):
        _load(demo_accounts.files(), phases)
        demo_accounts.write_plans()
    with phases.phase(_("Deals, target markets and customers")), clock.at(moment(figures.TODAY, 7)):
        demo_market.write_deals()
        _load(demo_market.files(), phases)
        demo_market.write_markets()
    _date_roll_ups()
    Company.objects.update(is_demo=True)  # last: a half-loaded company never passes for the demo
    phases.total()


def load(phases: Phases, *, with_passwords: bool = True) -> None:
    """Store company and calendar, then every file by the import machine, each on its day of the story.

    Last year alone is rolled up here: this year's letters tell what was sold then.
    """
    with phases.phase(_("Company and calendar")), clock.at(moment(FOUNDED)):
        _found_company()
    with phases.phase(_("People, territories, accounts")), clock.at(moment(FOUNDED)):
        _load(sheets.structure(), phases)
        if with_passwords:
            _give_passwords()
    with phases.phase(_("Plans, targets, quotas")), clock.at(moment(FOUNDED, 14)):
        _load(sheets.goals(), phases)
        demo_planning.set_ramp()
        demo_planning.set_plan_rates(range(figures.FIRST_YEAR, figures.NEXT_YEAR))
    with phases.phase(_("Orders, invoices, shares")), clock.at(moment(figures.TODAY, 6)):
        _load(sheets.actuals(), phases)
    with phases.phase(_("Planning of this year")):
        before = Period.objects.leaves().filter(fiscal_year__label=str(figures.THIS_YEAR - 1))
        rollup.roll_up_together(list(before.values_list("pk", flat=True)), only_stale=True)
        demo_planning.lock_and_revise()
    with phases.phase(_("Moves of accounts")):
        demo_moves.split_the_channel()


def _write_pages(phases: Phases) -> None:
    """The territory plans of both years, each file on its day; they quote quotas and totals, so they come last."""
    this_year, hired, next_year = demo_plans.files()
    with phases.phase(_("Territory plans")):
        demo_plans.open_this_year()
        with clock.at(moment(date(2025, 12, 3), 9)):
            _load([this_year], phases)
        demo_plans.approve_this_year()
        with clock.at(moment(date(2026, 4, 20), 9)):
            _load([hired], phases)
        demo_plans.approve_the_hired()
        demo_plans.live_up_to()
        demo_plans.open_next_year()
        with clock.at(moment(date(2026, 9, 8), 9)):
            _load([next_year], phases)
        demo_plans.decide_next_year()


def roll_up(phases: Phases) -> None:
    """Ask for the roll-up as everybody does, by a job, and wait until the workers have done all there is to do.

    Raises DemoRefused where a job failed.
    """
    with phases.phase(_("Roll-up by Celery") if not settings.JOBS_IN_PROCESS else _("Roll-up")):
        enqueue("rollup", subject=_("Demo company"))
        failed = wait_for_jobs()
    if failed:
        raise DemoRefused(f"{failed[0]}: {failed[0].error}")


def roll_up_here(phases: Phases) -> None:
    """The same inside a job, which cannot wait for others: it would be among those it waits for."""
    with phases.phase(_("Roll-up")):
        rollup.roll_up_stale()


def close_periods(phases: Phases) -> None:
    """Close what the schedule would have closed by the clock's day. After the roll-up: a closing keeps its totals.

    What ended before the company was loaded is closed the day after: a closing knows the teams that stand by then.
    """
    with phases.phase(_("Closing of past months")):
        over = Period.objects.leaves().filter(ends_on__lt=figures.TODAY).order_by("starts_on")
        for period in over.filter(ends_on__lte=CLOSED_UNTIL):
            with clock.at(moment(max(period.ends_on + CLOSED_AFTER, FOUNDED + ONE_DAY))):
                closing.close(period, by=_admin())
        for period in over.filter(ends_on__gt=CLOSED_UNTIL):
            with clock.at(moment(period.ends_on + CLOSED_AFTER)):
                closing.soft_close(period, by=_admin())


def _date_roll_ups() -> None:
    """The workers know no story: their roll-up becomes that of the demo's morning, as ``clock.at`` would store it."""
    done = min(moment(figures.TODAY, 7), timezone.now())
    RollupRun.objects.filter(state=RunState.DONE).update(requested_at=done, finished_at=done)


def remove(keep: User | None = None) -> None:
    """Take the demo company out of the database, as it was before: its people and their sessions are gone too.

    ``keep``: an admin of one's own, who stays, signed in. Raises RuleViolation where the company is not the demo
    company.
    """
    if not is_loaded():
        raise RuleViolation(_("Only the demo company can be removed like this."))
    with transaction.atomic():
        clear(keep)
        if keep:
            audit.record(AuditKind.DEMO_REMOVED, actor=keep, subject=NAME)


def clear(keep: User | None, job: int | None = None) -> None:
    """Empty the database but for ``keep`` and the job whose key is ``job``, whatever it holds.

    In one transaction: the guards, which forbid just this, are dropped, and put back by the signal that ``migrate``
    sends, with the sentinel rows.
    """
    with transaction.atomic():
        guards.drop(connection)
        kept = {model._meta.db_table for model in OWN} if keep else set()
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        emptied = [table for table in tables if table not in kept]
        connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), emptied, reset_sequences=True))
        if keep:
            _forget_others(keep, job)
        ContentType.objects.clear_cache()
        emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)
        if keep:
            save_tracked(
                User.objects.get(pk=keep.pk), by=keep
            )  # the history has gone with the others', and every person has one (INV-31)


def _forget_others(keep: User, job: int | None) -> None:
    """Past the collector, which would ask every emptied table, and past the history, which is empty and stays so."""
    own = [row.pk for row in Session.objects.iterator() if row.get_decoded().get(SESSION_KEY) == str(keep.pk)]
    others = [Job.objects.exclude(pk=job or 0), Session.objects.exclude(pk__in=own)]
    others += [model.objects.exclude(user=keep) for model in (UserSession, Authenticator, EmailAddress)]
    for rows in (*others, User.objects.exclude(pk=keep.pk)):
        rows._raw_delete(connection.alias)  # noqa: SLF001  # see above
    connection.check_constraints()  # PostgreSQL makes no trigger on a table with a check still to come


def _found_company() -> None:
    Company.objects.create(
        pk=1,
        name=NAME,
        currency=figures.CURRENCY,
        timezone=demo_planning.ZONE,
        language=get_language() or settings.LANGUAGE_CODE,
        fixed_today=settings.TODAY or figures.TODAY,
        require_admin_mfa=False,
    )
    for year in range(figures.FIRST_YEAR, figures.NEXT_YEAR + 1):
        calendars.create_year(str(year), date(year, 1, 1), CalendarKind.MONTHS)


def _load(files: list[sheets.Sheet], phases: Phases) -> None:
    for sheet in files:
        phases.begun(sheet.name)
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
