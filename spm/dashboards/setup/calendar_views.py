"""Setup: fiscal years and the state of their periods."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from spm.dashboards.setup import queries, tables
from spm.dashboards.setup.forms import ReasonForm, YearForm, first_year
from spm.errors import RuleViolation
from spm.org import access, calendars
from spm.org.choices import PeriodLevel
from spm.org.clock import company, today
from spm.org.gates import admins_only, user_of, visible_or_404
from spm.org.models import Period
from spm.ui.exports import export_format
from targets import closing


@admins_only
def calendar(request: HttpRequest) -> HttpResponseBase:
    """The fiscal years with their periods, and a form for one more; without a company first the form of that."""
    if company() is None:
        messages.info(request, _("Name the company and its currency first; the fiscal year comes after."))
        return redirect("setup:company")
    years = queries.calendar_rows(user_of(request))
    if export_format(request) and request.method == "GET":
        return tables.export_calendar(request, years)
    form = YearForm(request.POST or None, initial=first_year(today()) if not years else None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            year = calendars.create_year(values["label"], values["starts_on"], values["kind"], values["weeks"])
        except (RuleViolation, ValueError) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Fiscal year %(year)s is created.") % {"year": year.label})
            return redirect("setup:calendar" if years else "setup:welcome")
    context = {"form": form, "years": years}
    return render(request, "setup/calendar.html", context, status=422 if form.errors else 200)


def _leaf(request: HttpRequest, pk: int) -> Period:
    """The leaf period to act on. 404 when it is none, 403 when the user may not close periods."""
    leaf = visible_or_404(Period, request, pk=pk, level=PeriodLevel.MONTH)
    if not access.can_close_period(user_of(request), leaf):
        raise PermissionDenied
    return leaf


def _act(request: HttpRequest, pk: int, verb: Callable[..., object], done: str) -> HttpResponse:
    leaf = _leaf(request, pk)
    try:
        verb(leaf, by=user_of(request))
        messages.success(request, done % {"period": leaf.title})
    except RuleViolation as error:
        messages.error(request, str(error))
    return redirect("setup:calendar")


@require_POST
@admins_only
def period_soft_close(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, closing.soft_close, _("%(period)s is soft-closed: late rows wait."))


@require_POST
@admins_only
def period_close(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, closing.close, _("%(period)s is closed."))


@admins_only
def period_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the reason, then open the period again."""
    leaf = _leaf(request, pk)
    if not access.can_reopen_period(user_of(request), leaf):
        raise PermissionDenied
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            closing.reopen(leaf, by=user_of(request), reason=form.cleaned_data["reason"])
        except RuleViolation as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%(period)s is open again.") % {"period": leaf.title})
            return redirect("setup:calendar")
    return render(request, "setup/reopen.html", {"form": form, "leaf": leaf}, status=422 if form.errors else 200)
