"""Setup: ramp schedules, and by which one a person begins."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from spm.dashboards.setup import tables
from spm.dashboards.setup.forms_ramps import PersonRampForm, RampForm
from spm.errors import RuleViolation
from spm.org.gates import admins_only, user_of, visible_or_404
from spm.org.models import User
from spm.ui.exports import export_format
from targets import access, ramp_queries, ramp_schedules
from targets.models import RampSchedule


@require_safe
@admins_only
def ramp_list(request: HttpRequest) -> HttpResponseBase:
    rows = ramp_queries.schedules(user_of(request))
    if export_format(request):
        return tables.export_ramps(request, rows)
    return render(request, "setup/ramps.html", {"rows": rows})


@admins_only
def ramp_create(request: HttpRequest) -> HttpResponse:
    return _edit(request, RampSchedule(), _("New ramp schedule"))


@admins_only
def ramp_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One schedule: its name, and the percent of each month since the start."""
    schedule = visible_or_404(RampSchedule, request, pk=pk)
    return _edit(request, schedule, schedule.name)


def _edit(request: HttpRequest, schedule: RampSchedule, title: str) -> HttpResponse:
    pk, form = schedule.pk, RampForm(request.POST or None, instance=schedule)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                form.claim()
                ramp_schedules.save(form.save(commit=False), form.percents, by=user_of(request))
            messages.success(request, _("Saved. Numbers that are given already stay as they are."))
            return redirect("setup:ramps")
        except RuleViolation as error:
            form.add_error(None, str(error))
    rows = ramp_queries.schedules(user_of(request)) if pk else []
    row = next((row for row in rows if row.pk == pk), None)
    context = {"form": form, "title": title, "row": row, "pk": pk}
    return render(request, "setup/ramp_form.html", context, status=422 if form.errors else 200)


@require_POST
@admins_only
def ramp_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Take away a schedule that nobody begins by."""
    schedule = visible_or_404(RampSchedule, request, pk=pk)
    try:
        ramp_schedules.delete(schedule, by=user_of(request))
    except RuleViolation as error:
        messages.error(request, str(error))
        return redirect("setup:ramp", pk=pk)
    messages.success(request, _("%(name)s is deleted.") % {"name": schedule.name})
    return redirect("setup:ramps")


@require_POST
@admins_only
def person_ramp(request: HttpRequest, pk: int) -> HttpResponse:
    """By which schedule the person begins, and from when: the default one, one of their own, or none."""
    user, person = user_of(request), visible_or_404(User, request, pk=pk)
    if not access.can_set_ramp(user, person):
        raise PermissionDenied
    form = PersonRampForm(request.POST, user=user)
    if not form.is_valid():
        messages.error(request, _("Choose a schedule and a day."))
        return redirect("setup:person", pk=pk)
    try:
        if form.is_default:
            ramp_schedules.unassign(person, by=user)
        else:
            ramp_schedules.assign(person, form.schedule, starts_on=form.cleaned_data["starts_on"], by=user)
        messages.success(request, _("Saved. Numbers that are given already stay as they are."))
    except RuleViolation as error:
        messages.error(request, str(error))
    return redirect("setup:person", pk=pk)
