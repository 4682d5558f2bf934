"""What holds for every request of a signed-in person: the time zone, the session's age, the second factor, no copy."""

import time
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from spm.org import clock, people
from spm.org.limits import TooOften
from spm.org.models import User
from spm.ui.error_pages import too_often
from spm.ui.standing import stands_at
from spm.zones import known_zones

STARTED = "spm_signed_in_at"
"""Session key: when the person signed in, in seconds since 1970."""
SEEN = "spm_seen_at"
"""Session key: when the idle time last started over, in the same unit."""
OPEN_WITHOUT = ("account_", "mfa_", "usersessions_")
"""Routes that an admin without the second factor needs, to set it up or to leave."""

type Handler = Callable[[HttpRequest], HttpResponse]


class ZoneMiddleware:
    """Moments are shown in the person's time zone; in the company's where the person left it open.

    In the demo they lie in its story.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not isinstance(request.user, User):
            return self.get_response(request)
        zone = zone_of(request.user)
        with stands_at(clock.standing_day()), timezone.override(ZoneInfo(zone) if zone in known_zones() else None):
            return self.get_response(request)


def zone_of(person: User) -> str:
    """The name of the time zone a person reads in, empty where nobody set one."""
    company = clock.company()
    return person.timezone or (company.timezone if company else "")


class SessionRules:
    """Stands after AuthenticationMiddleware and MessageMiddleware.

    A session ends at its absolute age, and after the person's last day, whatever happened in it: the request then goes
    on as an anonymous one. An admin without a second factor is led to set one up where the company requires it. No
    browser or proxy keeps a copy of a signed-in page. Rules: reliability.md §3, 6.3.3, 7.3, 14.3.2.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        person = request.user
        if isinstance(person, User) and (_is_too_old(request) or _has_left(person)):
            logout(request)
        elif isinstance(person, User):
            _renew(request)
        response = self.get_response(request)
        kept = response.headers.get("Cache-Control", "")
        if isinstance(person, User) and not ("no-store" in kept and "private" in kept):
            response.headers["Cache-Control"] = "no-store, private"
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:  # noqa: ARG002  # Django's signature
        """Who does something costly too often is told to wait."""
        return too_often(exception.seconds) if isinstance(exception, TooOften) else None

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:  # noqa: ARG002  # Django's signature
        match, person = request.resolver_match, request.user
        if not isinstance(person, User) or not person.is_admin or match is None:
            return None
        if (match.url_name or "").startswith(OPEN_WITHOUT) or not _lacks_second_factor(person):
            return None
        if request.headers.get("HX-Request"):
            return HttpResponseClientRedirect(reverse(settings.SECOND_FACTOR_URL))
        return redirect(settings.SECOND_FACTOR_URL)


def _is_too_old(request: HttpRequest) -> bool:
    started = request.session.setdefault(STARTED, int(time.time()))
    return bool(time.time() - started > settings.SESSION_ABSOLUTE_AGE)


def _renew(request: HttpRequest) -> None:
    """Let the idle time start over. Not on every request: each is a write, and SQLite has one write lock."""
    now = int(time.time())
    if now - request.session.get(SEEN, 0) > settings.SESSION_RENEW_AFTER:
        request.session[SEEN] = now  # a session that changed is saved, and then lives for its full age again


def _has_left(person: User) -> bool:
    if person.left_on is None or person.left_on >= clock.today():
        return False
    people.end_departed()
    person.refresh_from_db(fields=["is_active"])
    return not person.is_active


def _lacks_second_factor(person: User) -> bool:
    company = clock.company()
    return bool(
        company
        and company.require_admin_mfa
        and not company.is_demo
        and not settings.DEMO
        and not is_mfa_enabled(person)
    )
