"""The language of the person, for the request; what no address may hold; and a database that is busy."""

from collections.abc import Callable

import structlog
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from spm.errors import sqlstate
from spm.ui import error_pages

type Handler = Callable[[HttpRequest], HttpResponse]

logger = structlog.get_logger(__name__)


class LanguageMiddleware:
    """After sign-in, the person's own language; the browser's where left open.

    Stands after AuthenticationMiddleware. LocaleMiddleware has already chosen by the browser.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = getattr(request.user, "locale", "")
        if language:
            translation.activate(language)
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)


class PlainAddressMiddleware:
    """Refuses (400) an address with a NUL character: PostgreSQL's text cannot hold one, so no search may ask for it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> None:
        if "\x00" in request.path or any("\x00" in value for values in request.GET.lists() for value in values[1]):
            raise BadRequest("NUL in the address")


class BusyMiddleware:
    """A write that waited too long for another one's is told in a sentence, and logged as one line: nothing broke."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not error_pages.is_busy(exception):
            return None
        logger.warning("database_busy", path=request.path, sqlstate=sqlstate(exception))
        return error_pages.busy(request)
