"""The company of this installation, read at most once per request.

Outside a request (commands, jobs, tests) every call reads it anew.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from django.apps import apps
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

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

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        kept: dict[str, Company | None] = {}
        token = _kept.set(kept)
        try:
            response = self.get_response(request)
        finally:
            _kept.reset(token)
        if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
            response.streaming_content = _streamed(iter(response), kept)
        return response


def _streamed(parts: Iterable[bytes], kept: "dict[str, Company | None]") -> Iterator[bytes]:
    """What is still read while an answer is sent belongs to its request."""
    rest = iter(parts)
    while True:
        token = _kept.set(kept)
        try:
            part = next(rest)
        except StopIteration:
            return
        finally:
            _kept.reset(token)
        yield part
