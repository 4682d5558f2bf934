"""The company of this installation, read at most once per request.

Outside a request (commands, jobs, tests) every call reads it anew.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from django.apps import apps
from django.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from spm.org.models import Company

_kept: ContextVar[dict[str, "Company | None"] | None] = ContextVar("kept", default=None)


def company() -> "Company | None":
    """The company, or None before it is set up."""
    kept = _kept.get()
    if kept is None:
        return _read()
    if "company" not in kept:
        kept["company"] = _read()
    return kept["company"]


def _read() -> "Company | None":
    # Looked up by name: querysets ask for the company's day, so this module stands below the models.
    found: Company | None = apps.get_model("org.Company").objects.first()
    return found


@contextmanager
def unkept() -> Iterator[None]:
    """Read anew at every call, as outside a request: for a job that runs inside one, and may make the company."""
    token = _kept.set(None)
    try:
        yield
    finally:
        _kept.reset(token)


class CompanyMiddleware:
    """Opens and ends the time in which one reading serves."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _kept.set({})
        try:
            return self.get_response(request)
        finally:
            _kept.reset(token)
