"""All plans of a year in one file: asked for, made by a job with progress, opened by its asker, and gone soon.

What is in it is what the asker sees when it is made, and who may open it is looked at again when it is fetched
(reliability INV-39, INV-40).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import transaction
from django.http import Http404
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from spm.errors import NothingToDo, RuleViolation
from spm.jobs.choices import JobState
from spm.jobs.queue import enqueue
from spm.jobs.registry import Running
from spm.org import clock, retries
from spm.org.models import Company, FiscalYear, User
from territories import access, plan_pdf, plan_queries
from territories.choices import FileFormat, PlanState
from territories.models import PlanFile, TerritoryPlan
from territories.models.files import KEPT

KIND = "plan_file"


@retries.atomic
def ask(year: FiscalYear, by: User, language: str, wanted: FileFormat = FileFormat.PDF) -> PlanFile:
    """Ask for the plans of a year that ``by`` sees; the file under way where it is asked for twice.

    Raises NoPdf for a PDF without the extra, NothingToDo where there is no plan.
    """
    if wanted == FileFormat.PDF and not plan_pdf.is_installed():
        plan_pdf.Booklet()  # says why
    forget()
    under_way = PlanFile.objects.filter(asked_by=by, fiscal_year=year, format=wanted, made_at=None).first()
    if under_way is not None and under_way.job is not None and not under_way.job.is_over:
        return under_way
    if not plans_of(year, by):
        raise NothingToDo(_("There is no plan of %(year)s to print.") % {"year": year.label})
    file = PlanFile.objects.create(fiscal_year=year, asked_by=by, format=wanted)
    file.job = enqueue(KIND, subject=year.label, arguments={"file": file.pk, "language": language}, by=by)
    file.save(update_fields=["job"])
    return file


def plans_of(year: FiscalYear, user: User) -> list[TerritoryPlan]:
    """The plans that are begun, by name of the person."""
    rows = TerritoryPlan.objects.visible_to(user).filter(fiscal_year=year)
    known = rows.select_related("fiscal_year", "person", "territory").order_by("person__name", "pk")
    return [plan for plan in known if plan.started_from or plan.state != PlanState.DRAFT]


def make(job: Running) -> None:
    """Draw each plan as on its print page, and keep all of them as one file. Run twice, the second takes its place.

    They are drawn one by one, so that the progress is that of the drawing, and memory does not grow with their layouts.
    """
    file = PlanFile.objects.select_related("fiscal_year", "asked_by").get(pk=job.arguments["file"])
    company, user = clock.company(), file.asked_by
    if company is None or not user.is_active:
        raise RuleViolation(_("Nobody is there any more to read this file."))
    with translation.override(job.arguments["language"]):
        known = plans_of(file.fiscal_year, user)
        pages = _pages(job, known, company, user)
        data = _bound(pages, file) if file.format == FileFormat.PDF else _document(pages, file).encode()
    with transaction.atomic():
        job.confirm()
        file.data, file.plans, file.made_at = data, len(known), timezone.now()
        file.holds = [plan.pk for plan in known]
        file.save(update_fields=["data", "plans", "holds", "made_at"])
    job.progress(len(known) + 1, len(known) + 1, _("Ready"))


def _pages(job: Running, known: list[TerritoryPlan], company: Company, user: User) -> Iterator[str]:
    """The print page of each plan; the progress goes on once it has been taken."""
    for number, plan in enumerate(known, start=1):
        sheet = plan_queries.plan_sheet(user, plan, company)  # one at a time: only its page is kept
        yield render_to_string("territories/_print_page.html", {"sheet": sheet})
        job.progress(number, len(known) + 1, plan.person.name)


def _document(pages: Iterable[str], file: PlanFile) -> str:
    is_pdf = file.format == FileFormat.PDF
    context = {"pages": list(pages), "year": file.fiscal_year, "is_file": is_pdf}
    return render_to_string("territories/plans_print.html", context)


def _bound(pages: Iterable[str], file: PlanFile) -> bytes:
    booklet = plan_pdf.Booklet()
    for page in pages:
        booklet.add(_document([page], file))
    if booklet.is_empty:
        booklet.add(_document([], file))  # a page that says so: whoever asked sees none of them any more
    return booklet.pdf()


def download(file: PlanFile, user: User) -> bytes:
    """The bytes, for whoever asked. Raises Http404 where it is not ready, is somebody else's, or is over its time."""
    over = file.made_at is None or file.made_at + KEPT <= timezone.now()
    may_not = file.asked_by_id != user.pk or not access.can_see_board(user)
    if over or may_not or file.data is None:
        raise Http404
    if TerritoryPlan.objects.visible_to(user).filter(pk__in=file.holds).count() < len(file.holds):
        raise Http404  # somebody in it is led by another manager by now
    return bytes(file.data)


def newest(year: FiscalYear, user: User, now: datetime | None = None) -> PlanFile | None:
    """The user's last file of that year, ready or in the making, as long as it may be had."""
    moment = now or timezone.now()
    rows = PlanFile.objects.visible_to(user).fresh(moment - KEPT).filter(fiscal_year=year)
    found: PlanFile | None = rows.select_related("job").defer("data").first()
    return found


def forget(now: datetime | None = None) -> int:
    """Delete what is over its time; how many. What a job still waits to make, however long, is not."""
    moment = now or timezone.now()
    old = PlanFile.objects.filter(asked_at__lt=moment - 2 * KEPT, made_at=None)
    gone, _by_model = old.exclude(job__state__in=(JobState.WAITING, JobState.RUNNING)).delete()
    return gone + PlanFile.objects.filter(made_at__lte=moment - KEPT).delete()[0]
