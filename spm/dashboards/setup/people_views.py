"""Setup: people, where they belong, and how they get in."""

from copy import copy
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from spm.dashboards.setup import queries, tables
from spm.dashboards.setup.forms import LeaveForm, PeopleFilter, PersonForm, PlaceForm, first_of
from spm.dashboards.setup.forms_ramps import PersonRampForm
from spm.errors import RuleViolation
from spm.org import access, invitations, people, retries, sessions
from spm.org.clock import today
from spm.org.gates import admins_only, user_of, visible_or_404
from spm.org.models import Membership, User
from spm.ui.exports import export_format
from targets import ramp_queries
from targets.access import can_set_ramp
from targets.ramp_queries import RampOf


@require_safe
@admins_only
def person_list(request: HttpRequest) -> HttpResponseBase:
    """Everybody, searchable, 50 a page."""
    narrowed = PeopleFilter(request.GET)
    values = narrowed.cleaned_data if narrowed.is_valid() else {}
    user = user_of(request)
    rows = queries.people_rows(user, values.get("q", ""), values.get("state", ""))
    if export_format(request):
        return tables.export_people(request, rows)
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    without = User.objects.visible_to(user).without_access().count()
    context = {"page": page, "form": narrowed, "total": len(rows), "without_access": without}
    return render(request, "setup/people.html", context)


@admins_only
def person_create(request: HttpRequest) -> HttpResponse:
    """A new person; the page of the person then offers team and invitation."""
    form = PersonForm(request.POST or None, initial=first_of(today()))
    if request.method == "POST" and form.is_valid():
        try:
            person = people.create_person(by=user_of(request), **form.told)
        except RuleViolation as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, _("%(name)s is added. Next: a team, then the invitation.") % {"name": person.name}
            )
            return redirect("setup:person", pk=person.pk)
    context = {"form": form, "title": _("New person")}
    return render(request, "setup/person_form.html", context, status=422 if form.errors else 200)


@admins_only
def person_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: facts to edit, memberships with their dates, access."""
    user, person = user_of(request), person_of(request, pk)
    form = PersonForm(request.POST or None, instance=copy(person))  # the page goes on about the person as stored
    if not access.can_change_role(user, person):
        form.fields["is_admin"].disabled = True
    if request.method == "POST" and form.is_valid():
        try:
            _store(person, user, form)
            messages.success(request, _("Saved."))
            return redirect("setup:person", pk=pk)
        except RuleViolation as error:
            form.add_error(None, str(error))
    context = {"form": form, "person": person, **_person_parts(user, person)}
    return render(request, "setup/person.html", context, status=422 if form.errors else 200)


def person_of(request: HttpRequest, pk: int) -> User:
    """The person to act on. 404 when hidden, 403 when seen but not to be edited."""
    person = visible_or_404(User, request, pk=pk)
    if not access.can_edit_person(user_of(request), person):
        raise PermissionDenied
    return person


@retries.atomic
def _store(person: User, by: User, form: PersonForm) -> None:
    people.lock_admins()  # before the person's own row, or two admins who edit each other would wait for ever
    form.claim()
    values = form.told
    people.set_role(person, is_admin=values.pop("is_admin"), by=by)
    people.update_person(person, by=by, **values)


def _person_parts(user: User, person: User) -> dict[str, Any]:
    memberships = (
        Membership.objects.visible_to(user).filter(person=person).select_related("team").order_by("-starts_on")
    )
    now = memberships.filter(starts_on__lte=today()).first()
    return {
        "memberships": memberships,
        "place": PlaceForm(user=user, initial={**first_of(today()), "team": now and now.team}),
        "leave": LeaveForm(initial={"left_on": person.left_on or today()}),
        "can_invite": access.can_invite(user, person),
        "can_end_sessions": (may_end := access.can_end_sessions(user, person)),
        "sessions": sessions.count_of(person) if may_end else 0,
        "invited_at": invitations.last_sent(person),
        "by_mail": bool(settings.EMAIL_URL),
        "ramp": (ramp := ramp_queries.ramp_of(user, person)),
        "ramp_form": _ramp_form(user, person, ramp),
    }


def _ramp_form(user: User, person: User, ramp: RampOf) -> PersonRampForm | None:
    """None for oneself."""
    if not can_set_ramp(user, person):
        return None
    return PersonRampForm(user=user, initial={"ramp": ramp.choice, "starts_on": ramp.starts_on or today()})


@require_POST
@admins_only
def person_place(request: HttpRequest, pk: int) -> HttpResponse:
    """From a day on, the person belongs to a team, or to none."""
    person = person_of(request, pk)
    form = PlaceForm(request.POST, user=user_of(request))
    if form.is_valid():
        people.place_member(person, **form.cleaned_data, by=user_of(request))
        messages.success(request, queries.placed_words(user_of(request), form.cleaned_data["starts_on"]))
    else:
        messages.error(request, _("Choose a team and a day."))
    return redirect("setup:person", pk=pk)


@require_POST
@admins_only
def person_leave(request: HttpRequest, pk: int) -> HttpResponse:
    """The last day: from the day after, no team and no access any more. Sent again, another last day."""
    person = person_of(request, pk)
    form = LeaveForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["left_on"][0]))
    elif person == user_of(request):
        messages.error(request, _("You cannot take your own access away."))
    else:
        try:
            people.leave(person, left_on=form.cleaned_data["left_on"], by=user_of(request))
            messages.success(request, _("%(name)s leaves. Numbers of the past stay.") % {"name": person.name})
        except RuleViolation as error:
            messages.error(request, str(error))
    return redirect("setup:person", pk=pk)


@require_POST
@admins_only
def person_sign_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign the person out of every browser; who may sign in does so anew."""
    user, person = user_of(request), person_of(request, pk)
    if not access.can_end_sessions(user, person):
        raise PermissionDenied
    sessions.end_all(person, by=user)
    messages.success(request, _("%(name)s is signed out everywhere.") % {"name": person.name})
    return redirect("setup:person", pk=pk)
