"""Plain pages for what went wrong: they need no database, no session and no signed-in user."""

import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template import loader

from spm.errors import has_no_room, sqlstate

RETRY_AFTER = 30  # seconds a browser or proxy may wait when the database is away
BUSY_AFTER = 5  # the same when it only waits for somebody else's write
BUSY = {"55P03", "57014", "40P01", "40001"}
"""PostgreSQL: a lock or a statement took longer than its limit; a deadlock, a serialisation lost once too often."""
ACCOUNT_FORMS = "/accounts/"
"""Addresses whose forms hold passwords and codes: nothing of them is written into a page."""


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page("400.html", 400)


def unstorable(request: HttpRequest) -> HttpResponse:
    """400: the address or the form holds a text that no database holds (``keys.is_storable``)."""
    return _page("400.html", 400, context={"is_text": True})


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A page that other roles open, or an action that was refused: two sentences, since only one changes anything."""
    return _page("403.html", 403, context={"is_page": request.method in ("GET", "HEAD")})


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """One body for "not there" and "not yours" (reliability.md §2, Permissions)."""
    return _page("404.html", 404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page("403_csrf.html", 403)


def too_often(seconds: int) -> HttpResponse:
    """429 for somebody who is signed in; allauth has a page of its own for sign-ins."""
    return _page("429_wait.html", 429, {"Retry-After": str(seconds)})


def is_busy(error: BaseException | None) -> bool:
    """The database is well, but somebody else's write stood in the way for longer than a request may wait."""
    locked = getattr(error.__cause__, "sqlite_errorname", "").startswith("SQLITE_BUSY") if error else False
    return isinstance(error, OperationalError) and (locked or sqlstate(error) in BUSY)


def busy(request: HttpRequest) -> HttpResponse:
    """503 with what was sent, to be sent again: the transaction is rolled back, so nothing of it is stored.

    Files cannot be kept, and passwords are not.
    """
    headers = {"Retry-After": str(BUSY_AFTER), "Cache-Control": "no-store, private"}
    if request.headers.get("HX-Request"):  # the form that was sent stands in the page still
        return _page("503_busy_toast.html", 503, headers | {"HX-Retarget": "#toasts", "HX-Reswap": "beforeend"})
    keeps = request.method == "POST" and not request.FILES and not request.path.startswith(ACCOUNT_FORMS)
    sent = [(name, value) for name, values in request.POST.lists() for value in values] if keeps else []
    again = [(name, value) for name, value in sent if name != "csrfmiddlewaretoken"]
    context = {"address": request.get_full_path(), "again": again, "was_post": request.method == "POST"}
    return _page("503_busy.html", 503, headers, context | {"token": get_token(request) if keeps else ""})


def server_error(request: HttpRequest) -> HttpResponse:
    """500; or 503 where the database is away or too busy, or a disk full, which waiting mends."""
    if is_busy(sys.exception()):
        return busy(request)
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        return _page("503.html", 503, {"Retry-After": str(RETRY_AFTER)})
    if has_no_room(sys.exception()):
        return _page("503_full.html", 503, {"Retry-After": str(RETRY_AFTER)})
    return _page("500.html", 500)


def _page(
    template: str, status: int, headers: dict[str, Any] | None = None, context: dict[str, Any] | None = None
) -> HttpResponse:
    return HttpResponse(loader.get_template(template).render(context), status=status, headers=headers)
