"""The board of everybody's plans, and the form of a year: its words, and its roll-out to everybody in one action."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from spm.errors import RuleViolation
from spm.org import audit, clock
from spm.org.choices import AuditKind
from spm.org.gates import admins_only, user_of, visible_or_404
from spm.org.limits import spend
from spm.org.models import FiscalYear
from spm.ui.exports import export_format
from targets.basis import basis_of
from territories import access, plan_board, plan_files, plan_forms, plans, tables
from territories.choices import FileFormat
from territories.models import PlanFile, TerritoryPlan


@login_required
@require_safe
def plan_board_page(request: HttpRequest) -> HttpResponseBase:
    """Managers and admins: the plans of a year by state. A rep is sent on to the own plan."""
    user = user_of(request)
    year = _year(request)
    if year is None:
        return render(request, "dashboards/no_calendar.html", {"title": _("Territory plans")})
    if not access.can_see_board(user):
        return _own(request, year)
    basis = basis_of(request.GET, year)
    page = plan_board.board(user, year, baseline=basis.is_baseline)
    if export_format(request):
        return tables.export_board(request, page, basis.suffix)
    context = {"page": page, "basis": basis, "file": plan_files.newest(year, user)}
    return render(request, "territories/plan_board.html", context)


def _year(request: HttpRequest) -> FiscalYear | None:
    """The year asked for, else the newest one that plans are written for, else the one that runs."""
    years = FiscalYear.objects.visible_to(user_of(request))
    if label := request.GET.get("year", ""):
        return visible_or_404(FiscalYear, request, label=label)
    planned = TerritoryPlan.objects.visible_to(user_of(request)).order_by("-fiscal_year__starts_on").first()
    if planned is not None:
        return years.filter(pk=planned.fiscal_year_id).first()
    return years.filter(ends_on__gte=clock.today()).order_by("starts_on").first() or years.last()


def _own(request: HttpRequest, year: FiscalYear) -> HttpResponse:
    user = user_of(request)
    plan = TerritoryPlan.objects.visible_to(user).filter(person=user, fiscal_year=year).select_related("fiscal_year")
    found = plan.first()
    if found is None:
        return render(request, "territories/plan_none.html", {"year": year})
    return redirect(plans.path_of(found))


# All of them on paper


@require_POST
@login_required
def plan_file_ask(request: HttpRequest, year: str) -> HttpResponse:
    """Ask for all plans of the year in one file, made in the background: to print from the browser, or as PDF."""
    user, fiscal_year = user_of(request), visible_or_404(FiscalYear, request, label=year)
    if not access.can_see_board(user):
        raise PermissionDenied
    try:
        spend(request, "export")
        wanted = FileFormat.PDF if request.POST.get("format") == FileFormat.PDF else FileFormat.PAGE
        plan_files.ask(fiscal_year, user, get_language() or settings.LANGUAGE_CODE, wanted)
    except RuleViolation as error:
        messages.error(request, str(error))
    return redirect(f"{reverse('territories:plan-board')}?year={year}#file")


@login_required
@require_safe
def plan_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The file, for whoever asked for it, for a quarter of an hour: a page to print, or a PDF to keep."""
    user, file = user_of(request), visible_or_404(PlanFile, request, pk=pk)
    data = plan_files.download(file, user)
    audit.record(AuditKind.EXPORT, actor=user, subject=request.path, request=request, format=file.format)
    is_pdf = file.format == FileFormat.PDF
    response = HttpResponse(data, content_type="application/pdf" if is_pdf else "text/html; charset=utf-8")
    if is_pdf:
        response["Content-Disposition"] = f'attachment; filename="territory-plans-{file.fiscal_year_id}.pdf"'
    response["Cache-Control"] = "no-store"
    return response


# The form of the year


@admins_only
def template_edit(request: HttpRequest, year: str) -> HttpResponse:
    """Headings, questions and examples of the six sections, with what is left of each line; fixed once rolled out."""
    fiscal_year = visible_or_404(FiscalYear, request, label=year)
    template = plans.template_of(fiscal_year)
    sections = plan_forms.sections_of(template)
    forms = plan_forms.section_forms(sections, request.POST or None)
    due = plan_forms.DueForm(request.POST or None, instance=template)
    if request.method == "POST":
        if not access.can_edit_template(user_of(request), template):
            messages.error(request, _("This form is rolled out, and fixed."))
            return redirect("territories:template", year=year)
        if all([due.is_valid(), *(form.is_valid() for form in forms)]):
            try:
                plan_forms.store([due, *forms])
            except RuleViolation as error:
                due.add_error(None, str(error))
            else:
                messages.success(request, _("Saved."))
                return redirect("territories:template", year=year)
    context = {
        "year": fiscal_year,
        "template": template,
        "forms": forms,
        "due": due,
        "can_edit": access.can_edit_template(user_of(request), template),
    }
    return render(request, "territories/template_edit.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@admins_only
def roll_out(request: HttpRequest, year: str) -> HttpResponse:
    """Fix the form and open a plan for everybody who writes one."""
    fiscal_year = visible_or_404(FiscalYear, request, label=year)
    try:
        count = plans.roll_out(fiscal_year, user_of(request))
        messages.success(request, ngettext("%(n)d plan is open.", "%(n)d plans are open.", count) % {"n": count})
    except RuleViolation as error:
        messages.error(request, str(error))
    return redirect(f"{reverse('territories:plan-board')}?year={year}")
