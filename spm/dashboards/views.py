"""Pages that quote more than one app: Home, performance, the list behind a number, territories."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from spm.dashboards import access, tables
from spm.dashboards.actuals import actuals_page, deals_of, rule_of, subject_of
from spm.dashboards.board import Focus
from spm.dashboards.filters import filters_of, picker_of
from spm.dashboards.home import admin_home, in_need
from spm.dashboards.performance import Performance, focus_name
from spm.dashboards.performance import performance as read_performance
from spm.dashboards.periods import Span, View
from spm.dashboards.pins import pinned
from spm.dashboards.plan_pages import actions_due, home_plans, progress_of, with_plans
from spm.dashboards.planning import planning_of
from spm.dashboards.queries import default_focus, view_of
from spm.dashboards.reps import rep_page
from spm.dashboards.saved import Opening, menu_of, opening, with_opened
from spm.dashboards.territories import territory_list
from spm.dashboards.territory import territory_page
from spm.dashboards.wins import wins
from spm.market.models import Territory
from spm.org import clock
from spm.org.access import can_administer
from spm.org.choices import SavedPage
from spm.org.gates import user_of, visible_or_404
from spm.org.models import Company, Team, User
from spm.ui.exports import export_format
from territories.access import can_make_moves


def state_of(request: HttpRequest) -> tuple[Company | None, View | None]:
    """The company and what the address asks to see of it; what was not understood becomes a message."""
    company = clock.company()
    view = view_of(user_of(request), company, request.GET) if company else None
    for text in view.told if view else ():
        messages.info(request, text)
    return company, view


def _opened(request: HttpRequest, page: SavedPage) -> tuple[Company | None, View | None, Opening]:
    """The same where views can be saved: ``?view=12`` lies under the rest of the address."""
    user, company = user_of(request), clock.company()
    opened = opening(user, page, request.GET)
    view = view_of(user, company, opened.params) if company else None
    view = with_opened(view, opened) if view else None
    for text in view.told if view else ():
        messages.info(request, text)
    return company, view, opened


def _shown(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The whole page, or for htmx its changing part alone."""
    fragment = request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers
    response = render(request, f"{template}#view" if fragment else template, context | {"is_fragment": fragment})
    patch_vary_headers(response, ["HX-Request"])
    return response


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """What needs whom today: by what the user is, from admin to rep."""
    user = user_of(request)
    company, view, opened = _opened(request, SavedPage.HOME)
    if can_administer(user) and company is None:
        return redirect("setup:welcome")
    if can_administer(user) and company:
        told = home_plans(user)
        planning = with_plans(planning_of(user), told)
        context = {"page": admin_home(user, company, planning, told), "view": view, "planning": planning}
        more: dict[str, Any] = {"pins": pinned(user, company, opened.views)}
        return render(request, "dashboards/home_admin.html", context | more)
    if company is None or view is None:
        return render(request, "dashboards/no_calendar.html", {"title": _("Home")})
    more = {"planning": with_plans(planning_of(user), home_plans(user)), "pins": pinned(user, company, opened.views)}
    more["saved"] = menu_of(user, opened, view)
    if access.can_open_performance(user):
        page = performance_of(user, company, view, focus_of(request, view))
        if export_format(request):
            return tables.export_board(request, page)
        context = _performance_context(request, page) | more | {"needed": in_need(page), "wins": wins(page)}
        return _shown(request, "dashboards/home_manager.html", context)
    own = rep_page(user, company, view, user, is_whole=False)
    if export_format(request):
        return tables.export_rep(request, own)
    context = _rep_context(request, own) | more | {"actions": actions_due(user)}
    return _shown(request, "dashboards/home_rep.html", context)


@login_required
@require_safe
def performance(request: HttpRequest) -> HttpResponseBase:
    """The flagship: the company, or what the user leads. A rep is sent to the page of his own."""
    user = user_of(request)
    company, view, opened = _opened(request, SavedPage.PERFORMANCE)
    if not access.can_open_performance(user):
        asked = opened.params.urlencode()
        return redirect(reverse("dashboards:rep", args=[user.pk]) + (f"?{asked}" if asked else ""))
    if company is None or view is None:
        return render(request, "dashboards/no_calendar.html", {"title": _("Performance")})
    focus = focus_of(request, view)
    page = performance_of(user, company, view, focus)
    if export_format(request):
        return tables.export_board(request, page)
    context = _performance_context(request, page) | {"saved": menu_of(user, opened, view)}
    return _shown(request, "dashboards/performance.html", context)


def focus_of(request: HttpRequest, view: View) -> Focus | None:
    """The team that the address names, if its numbers are the user's to see; else what he leads."""
    user = user_of(request)
    if not view.team:
        return default_focus(user, view.today)
    if not (view.team.isascii() and view.team.isdigit()):
        raise Http404
    team = team_or_404(request, int(view.team))
    return Focus((team.pk,), is_company=False)


def team_or_404(request: HttpRequest, pk: int) -> Team:
    """A team whose numbers the user may see, for some periods at least; for everybody else there is no such page."""
    user = user_of(request)
    found: Team = get_object_or_404(Team.objects.visible_to(user, once_led=True), pk=pk)
    if not access.can_open_team(user, found.pk):
        raise Http404
    return found


def performance_of(user: User, company: Company, view: View, focus: Focus | None) -> Performance:
    """The page of a focus. Raises PermissionDenied where there is none."""
    if focus is None:
        raise PermissionDenied
    return read_performance(user, company, view, focus, focus_name(user, company, focus))


def _performance_context(request: HttpRequest, page: Performance) -> dict[str, Any]:
    return {
        "page": page,
        "view": page.view,
        "company": page.company,
        "filters": filters_of(user_of(request), page.view),
        "period_picker": picker_of(page.view),
    }


@login_required
@require_safe
def team(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One team, by the same parts as the whole."""
    user, found = user_of(request), team_or_404(request, pk)
    company, view = state_of(request)
    if company is None or view is None:
        return render(request, "dashboards/no_calendar.html", {"title": found.name})
    page = performance_of(user, company, view, Focus((found.pk,), is_company=False))
    if export_format(request):
        return tables.export_board(request, page)
    context = _performance_context(request, page) | {"team": found}
    if access.can_open_performance(user):
        context["crumbs"] = [(_("Performance"), reverse("dashboards:performance") + view.query(team=""))]
    return _shown(request, "dashboards/performance.html", context)


@login_required
@require_safe
def rep(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One person: for that person and whoever answers for him."""
    user = user_of(request)
    person = visible_or_404(User, request, pk=pk)
    company, view = state_of(request)
    if company is None or view is None:
        return render(request, "dashboards/no_calendar.html", {"title": person.name})
    page = rep_page(user, company, view, person)
    if export_format(request):
        return tables.export_rep(request, page)
    label = dict(view.spans).get(Span.YEAR, view.label)
    context = _rep_context(request, page) | {"plan": progress_of(user, person), "year_label": label}
    return _shown(request, "dashboards/rep.html", context)


def _rep_context(request: HttpRequest, page: Any) -> dict[str, Any]:
    user, view = user_of(request), page.view
    crumbs = [(_("Performance"), reverse("dashboards:performance") + view.query(team=""))]
    if page.about and page.about.team and page.about.can_open_team:
        key, name = page.about.team
        crumbs.append((name, reverse("dashboards:team", args=[key]) + view.query()))
    return {
        "page": page,
        "view": view,
        "company": page.company,
        "filters": filters_of(user, view, with_teams=False),
        "period_picker": picker_of(view),
        "crumbs": crumbs if access.can_open_performance(user) else [],
    }


@login_required
@require_safe
def actuals(request: HttpRequest) -> HttpResponseBase:
    """The lines behind a number, and those that do not count with the rule they fail."""
    user = user_of(request)
    company, view = state_of(request)
    if company is None or view is None:
        return render(request, "dashboards/no_calendar.html", {"title": _("Actuals")})
    subject = subject_of(user, company, view, request.GET)
    left_out = request.GET.get("show") == "left-out"
    if export_format(request):
        try:
            return tables.export_actuals(request, company, view, subject, left_out=left_out)
        except tables.TooLong as error:
            messages.error(request, str(error))
            shown = request.GET.copy()
            del shown["format"]
            return redirect(f"{request.path}?{shown.urlencode()}")
    page = actuals_page(user, company, view, subject, left_out=left_out, rule=rule_of(request.GET))
    context = {
        "page": page,
        "view": view,
        "company": company,
        "filters": filters_of(user, view, with_teams=False, is_compared=False, subject=subject.query),
        "period_picker": picker_of(view, **subject.query),
        "deals": deals_of(user, page),
        "crumbs": [(_("Performance"), reverse("dashboards:performance") + view.query(team=""))],
    }
    return _shown(request, "dashboards/actuals.html", context)


@login_required
@require_safe
def territories(request: HttpRequest) -> HttpResponseBase:
    """Territories with owner, accounts, actual, target and pace."""
    user = user_of(request)
    company, view = state_of(request)
    if company is None or view is None:
        return render(request, "dashboards/no_calendar.html", {"title": _("Territories")})
    page = territory_list(user, company, view)
    if export_format(request):
        return tables.export_territories(request, page)
    context = {
        "page": page,
        "view": view,
        "company": company,
        "filters": filters_of(user, view, with_teams=False, is_compared=False),
        "period_picker": picker_of(view),
    }
    return _shown(request, "dashboards/territories.html", context)


@login_required
@require_safe
def territory(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One territory: who holds it, where it stands, and its accounts with what they brought."""
    user, found = user_of(request), visible_or_404(Territory, request, pk=pk)
    company, view = state_of(request)
    if company is None or view is None:
        return render(request, "dashboards/no_calendar.html", {"title": found.shown_name})
    page = territory_page(user, company, view, found, links=not export_format(request))
    if export_format(request):
        return tables.export_territory(request, page)
    context = {
        "page": page,
        "view": view,
        "company": company,
        "filters": filters_of(user, view, with_teams=False, is_compared=False),
        "period_picker": picker_of(view),
        "crumbs": [(_("Territories"), reverse("dashboards:territories") + view.query(team=""))],
        "setup_href": reverse("setup:territory", args=[pk]) if can_administer(user) and not found.is_unassigned else "",
        "moves_href": _moves_href(user, found),
    }
    return _shown(request, "dashboards/territory.html", context)


def _moves_href(user: User, territory: Territory) -> str:
    """Where a package with accounts of this territory is begun, by who may."""
    may = can_make_moves(user) and not territory.is_unassigned
    return f"{reverse('territories:move-new')}?territory={territory.pk}" if may else ""


@login_required
@require_safe
def coaching(request: HttpRequest) -> HttpResponse:
    """Nothing is faked here: the page says what it will hold."""
    return render(request, "dashboards/coaching.html")


@login_required
@require_safe
def meetings(request: HttpRequest) -> HttpResponse:
    """Nothing is faked here: the page says what it will hold."""
    return render(request, "dashboards/meetings.html")
