"""Plain pages for what went wrong: they need no database, no session and no signed-in user."""

import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader

RETRY_AFTER = 30  # seconds a browser or proxy may wait when the database is away


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page("400.html", 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page("403.html", 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """One body for "not there" and "not yours" (reliability.md §2, Permissions)."""
    return _page("404.html", 404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page("403_csrf.html", 403)


def too_often(seconds: int) -> HttpResponse:
    """429 for somebody who is signed in; allauth has a page of its own for sign-ins."""
    return _page("429_wait.html", 429, {"Retry-After": str(seconds)})


def server_error(request: HttpRequest) -> HttpResponse:
    """500; or 503 where the database is away or too busy, which waiting mends."""
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        return _page("503.html", 503, {"Retry-After": str(RETRY_AFTER)})
    return _page("500.html", 500)


def _page(template: str, status: int, headers: dict[str, Any] | None = None) -> HttpResponse:
    return HttpResponse(loader.get_template(template).render(), status=status, headers=headers)
