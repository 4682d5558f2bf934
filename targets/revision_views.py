"""Pages of the lock and of revisions: the list, the request, one revision with its decision."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from spm.errors import RuleViolation
from spm.org import clock
from spm.org.gates import user_of
from spm.org.models import FiscalYear, Period, User
from spm.ui import typed
from spm.ui.exports import export_format
from targets import access, cycles, grid_cells, revision_queries, revisions, tables
from targets.batches import Conflict
from targets.choices import Measure, PlanKind, RevisionCause
from targets.models import CompanyPlan
from targets.revision_forms import EVERY, MOST_ROWS, RevisionForm, TooMany, keys_of, row_keys
from targets.revision_queries import Choice

BESIDE = ("fiscal_year", "effective", "author", "decided_by", "based_on", "applied_by")
SHOWING = frozenset({"add", "remove", "change"})
"""Buttons of the request that only draw its form anew."""


def _year(request: HttpRequest, label: str) -> FiscalYear:
    year: FiscalYear = get_object_or_404(FiscalYear.objects.visible_to(user_of(request)), label=label)
    return year


def _working(request: HttpRequest, year: FiscalYear) -> CompanyPlan | None:
    return CompanyPlan.objects.visible_to(user_of(request)).working().filter(fiscal_year=year).first()


@require_POST
@login_required
def lock(request: HttpRequest, year: str) -> HttpResponse:
    """Keep the year's numbers as its baseline; from now on they change by revisions."""
    user, fiscal_year = user_of(request), _year(request, year)
    if not access.can_lock(user):
        raise PermissionDenied
    try:
        cycles.lock_year(fiscal_year, user)
        messages.success(request, _("%(year)s is locked. Its baseline is kept.") % {"year": fiscal_year.label})
    except RuleViolation as error:
        messages.warning(request, str(error))
    return redirect("targets:year", year=year)


@login_required
@require_safe
def revision_list(request: HttpRequest, year: str) -> HttpResponseBase:
    """What was asked for, by whom, and what became of it."""
    user, fiscal_year = user_of(request), _year(request, year)
    if not access.can_see_plan(user):
        raise PermissionDenied
    working, listed = _working(request, fiscal_year), revision_queries.listed(user, fiscal_year)
    if export_format(request):
        return tables.export_revisions(request, fiscal_year.label, listed)
    context = {
        "year": fiscal_year,
        "revisions": listed,
        "locked": working is not None and working.locked_at is not None,
        "can_request": working is not None and access.can_request_revision(user, working),
    }
    return render(request, "targets/revision_list.html", context)


def _form(request: HttpRequest, year: FiscalYear, months: list[Period], choices: list[Choice]) -> RevisionForm | None:
    """The request that the form or the address describes; None before it names whom, what and from when.

    404 for whom the user may not ask. Raises TooMany.
    """
    user, names = user_of(request), {choice.key: choice.label for choice in choices}
    sent = request.POST if "row" in request.POST else request.GET
    keys = row_keys([*sent.getlist("row"), *_chosen(request, sent)])
    keys = [key for key in keys if key.text != request.POST.get("remove")]
    effective = request.POST.get("effective") or request.GET.get("effective", "")
    if not keys or not months or not effective.isdecimal() or len(effective) > 18:
        return None
    if {key.choice for key in keys} - names.keys():
        raise Http404
    if len(keys) > MOST_ROWS:
        raise TooMany(_("A request holds at most %(n)s rows; make a second one.") % {"n": MOST_ROWS})
    first = get_object_or_404(Period.objects.visible_to(user).leaves().filter(fiscal_year=year), pk=int(effective))
    if request.method != "POST" and first not in months:
        first = months[0]
    form = revision_queries.form_of(user, year, first, [(key, names[key.choice]) for key in keys])
    form.bind(request.POST.dict(), get_language())
    return form


def _chosen(request: HttpRequest, sent: QueryDict) -> list[str]:
    """The rows that are added: by the address, or by the form's button."""
    if request.method == "POST" and "row" in request.POST and "add" not in request.POST:
        return []
    holder, measure = sent.get("holder", ""), sent.get("measure", "")
    return keys_of(holder, measure) if holder and measure else []


@login_required
def revision_new(request: HttpRequest, year: str) -> HttpResponse:
    """Ask for a revision: whom, of which measures and from when, then the new numbers per month."""
    user, fiscal_year = user_of(request), _year(request, year)
    working = _working(request, fiscal_year)
    if working is None or not access.can_request_revision(user, working):
        raise PermissionDenied
    choices, months = revision_queries.choices(user), revision_queries.changeable(user, fiscal_year)
    form, status = None, 200
    try:
        form = _form(request, fiscal_year, months, choices)
    except TooMany as error:
        messages.error(request, str(error))
        status = 422
    if request.method == "POST" and form is not None:
        if "spread" in request.POST:
            status = 200 if _spread_total(request, form) else 422
        elif not request.POST.keys() & SHOWING:
            if done := _request(request, working, form):
                return done
            status = 422
    context = {
        "year": fiscal_year,
        "form": form,
        "choices": choices,
        "measures": [*Measure.choices, (EVERY, _("All measures"))],
        "months": months,
        "causes": RevisionCause.choices,
        "sent": request.POST,
    }
    return render(request, "targets/revision_form.html", context, status=status)


def _spread_total(request: HttpRequest, form: RevisionForm) -> bool:
    """Whether the total of one row could be read and spread; the company alone may have one below zero."""
    company, key = clock.company(), request.POST.get("spread", "")
    currency, text = company.currency if company else "EUR", request.POST.get(f"total:{key}", "").strip()
    try:
        total = grid_cells.read_amount(text, currency, get_language() or "", negative=key.startswith("company:"))
        form.spread(key, total, currency)
    except RuleViolation as error:
        messages.error(request, str(error))
        return False
    return True


def _request(request: HttpRequest, working: CompanyPlan, form: RevisionForm) -> HttpResponse | None:
    if form.has_errors:
        messages.error(request, _("Nothing is stored yet: look at the marked cells."))
        return None
    told: dict[str, Any] = {name: request.POST.get(name, "") for name in ("cause", "reason")}
    try:
        revision = revisions.request(working, form.wanted(), effective=form.effective, by=user_of(request), **told)
    except RuleViolation as error:
        messages.error(request, str(error))
        return None
    messages.success(request, _("Revision %(n)s is requested. An admin decides.") % {"n": revision.number})
    return redirect("targets:revision", year=working.fiscal_year.label, pk=revision.pk)


def _revision(user: User, year: FiscalYear, pk: int) -> CompanyPlan:
    rows = CompanyPlan.objects.visible_to(user).telling(user).filter(fiscal_year=year, kind=PlanKind.REVISION)
    revision: CompanyPlan = get_object_or_404(rows.select_related(*BESIDE), pk=pk)
    return revision


@login_required
@require_safe
def revision_detail(request: HttpRequest, year: str, pk: int) -> HttpResponseBase:
    """Before and after by month, the effect on totals, and the decision."""
    user, fiscal_year = user_of(request), _year(request, year)
    if not access.can_see_plan(user):
        raise PermissionDenied
    return _detail(request, fiscal_year, _revision(user, fiscal_year, pk))


def _detail(request: HttpRequest, year: FiscalYear, revision: CompanyPlan, status: int = 200) -> HttpResponseBase:
    view = revision_queries.view_of(user_of(request), revision)
    if export_format(request) and request.method == "GET":
        return tables.export_revision(request, view, f"revision-{year.label}-{revision.number}")
    context = {"year": year, "view": view, "typed": typed.kept(request)}
    return render(request, "targets/revision_detail.html", context, status=status)


@require_POST
@login_required
def revision_decide(request: HttpRequest, year: str, pk: int) -> HttpResponseBase:
    """Approve the revision, or turn it down with a comment."""
    user, fiscal_year = user_of(request), _year(request, year)
    revision = _revision(user, fiscal_year, pk)
    if not access.can_decide_revision(user, revision):
        raise PermissionDenied
    try:
        if "approve" in request.POST:
            revisions.approve(revision, by=user, seen=request.POST.get("seen", ""))
            messages.success(request, _("Revision %(n)s is in force.") % {"n": revision.number})
        else:
            revisions.reject(revision, by=user, comment=request.POST.get("comment", ""))
            messages.success(request, _("Revision %(n)s is rejected.") % {"n": revision.number})
    except Conflict as error:
        messages.warning(request, f"{error} {_('The page shows what the revision would change now.')}")
        return _detail(request, fiscal_year, revision, status=409)
    except RuleViolation as error:
        messages.error(request, str(error))
        typed.keep(request, "comment")
    return redirect("targets:revision", year=year, pk=pk)
