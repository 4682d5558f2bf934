"""The demo company from the browser: loaded by a job into a database that holds nobody but its first admin."""

from contextlib import ExitStack
from dataclasses import dataclass

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from spm.dashboards import demo, demo_people
from spm.errors import RuleViolation
from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.jobs.queue import enqueue
from spm.jobs.registry import Running
from spm.org import access, audit, clock, people, retries
from spm.org.choices import AuditKind
from spm.org.models import User

KIND = "demo"


@dataclass(frozen=True)
class Loading:
    """How it stands, for the first-run page. ``failure``: why the last try ended, while it can be repeated."""

    may_load: bool
    job: Job | None
    failure: str
    people: demo_people.DemoPeople | None
    """Of the demo company where it is loaded: as whom one can look at it."""


def loading(user: User) -> Loading:
    """At most a handful of queries, and one alone once there is a company of one's own."""
    company = clock.company()
    if company and company.is_demo:
        return Loading(may_load=False, job=None, failure="", people=demo_people.of_company())
    if company and not demo.is_half_loaded():
        return Loading(may_load=False, job=None, failure="", people=None)
    last = Job.objects.filter(kind=KIND).order_by("-pk").first()
    if last and not last.is_over:
        return Loading(may_load=False, job=last, failure="", people=None)
    failure = last.error if last and last.state == JobState.FAILED else ""
    return Loading(may_load=_may_begin(user), job=None, failure=failure, people=None)


def _may_begin(user: User) -> bool:
    return demo.is_half_loaded() or demo.is_empty(but=user)


@retries.atomic
def ask(by: User, language: str) -> Job | None:
    """The job that loads the demo company, its texts in ``language``; the one under way where it is asked for twice.

    Raises NotEmpty where the database holds more than ``by``.
    """
    people.lock_admins()  # of two who ask at once, the second finds the job of the first
    under_way = Job.objects.filter(kind=KIND, state__in=[JobState.WAITING, JobState.RUNNING]).first()
    if under_way:
        return under_way
    if not demo.is_half_loaded():
        demo.refuse_unless_empty(but=by)
    return enqueue(KIND, arguments={"language": language}, by=by)


def load(job: Running) -> None:
    """All of the demo company, or nothing of it: what was loaded when it ends badly is taken out again.

    A worker that was killed could not do so; the next attempt does, before it begins anew. Raises NotEmpty.
    """
    by = job.job.created_by
    if by is None or not access.can_administer(by):
        raise RuleViolation(_("Only an admin loads the demo company."))
    if demo.is_half_loaded():
        _clear(job, by)
    demo.refuse_unless_empty(but=by)
    with translation.override(job.arguments["language"]), ExitStack() as unless_done:
        unless_done.callback(_clear, job, by)
        demo.build(demo.Phases(report=lambda _line: None, begun=_Steps(job)), by=by)
        audit.record(AuditKind.DEMO_LOADED, actor=by, subject=demo.NAME)
        job.progress(demo.STEPS, demo.STEPS, _("Demo company loaded"))
        unless_done.pop_all()


def _clear(job: Running, by: User) -> None:
    with transaction.atomic():
        job.confirm()  # never under the feet of another attempt
        demo.clear(by, job.job.pk)


class _Steps:
    """Counts what begins, into the progress of the job. Raises LeaseLost where another attempt has begun meanwhile."""

    def __init__(self, job: Running) -> None:
        self._job, self._begun = job, 0

    def __call__(self, name: str) -> None:
        with transaction.atomic():
            self._job.confirm()
        self._job.progress(self._begun, demo.STEPS, name)
        self._begun += 1
