"""The page of a year's rates: plan rates that an admin sets before the lock, and the rates by date."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from spm.errors import RuleViolation
from spm.org import clock
from spm.org.gates import user_of, visible_or_404
from spm.org.models import FiscalYear
from spm.ui.exports import export_format
from targets import access, plan_rates, rate_queries, rate_tables
from targets.rate_forms import PlanRatesForm
from targets.rate_queries import RatesPage


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def rates(request: HttpRequest, year: str) -> HttpResponseBase:
    """What the year is planned at and what was in force by date; an admin sets plan rates here."""
    user, fiscal_year = user_of(request), visible_or_404(FiscalYear, request, label=year)
    may_set = access.can_set_plan_rates(user)
    if not access.can_see_plan(user) or (request.method == "POST" and not may_set):
        raise PermissionDenied
    query = request.GET
    page = rate_queries.rates_page(user, fiscal_year, query.get("currency", ""), query.get("page", ""))
    if export_format(request) and request.method == "GET":
        return rate_tables.export(request, page)
    form = _form(request, page) if may_set else None
    if form is not None and form.is_bound and form.is_valid() and _stored(request, fiscal_year, form):
        return redirect("targets:rates", year=year)
    context = {"year": fiscal_year, "page": page, "form": form, "lines": _lines(page, form)}
    return render(request, "targets/rates.html", context, status=422 if form is not None and form.is_bound else 200)


def _form(request: HttpRequest, page: RatesPage) -> PlanRatesForm:
    company = clock.company()
    return PlanRatesForm(
        request.POST if request.method == "POST" else None,
        rates=page.rates,
        own=company.currency if company else "",
        fixed=page.locked_at is not None,
        seen=plan_rates.newest(page.year),
    )


def _lines(page: RatesPage, form: PlanRatesForm | None) -> list[tuple[object, object]]:
    """Each plan rate with its field, or None where it cannot be set."""
    return [(one, form.field_of(one.currency) if form else None) for one in page.planned]


def _stored(request: HttpRequest, year: FiscalYear, form: PlanRatesForm) -> bool:
    try:
        changed = plan_rates.set_plan_rates(
            year,
            form.wanted,
            by=user_of(request),
            reason=form.cleaned_data["reason"],
            seen=form.cleaned_data["seen"] or 0,
        )
    except RuleViolation as error:
        form.add_error(None, str(error))
        return False
    count = len(changed)
    told = ngettext("%(n)s plan rate set.", "%(n)s plan rates set.", count) % {"n": count}
    messages.success(request, told if count else _("Nothing has changed."))
    return True
