"""The language of the person, for the request; what no address may hold; and a database that is busy."""

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from spm.errors import sqlstate
from spm.keys import is_storable
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


class PlainTextMiddleware:
    """Refuses (400) an address or a form with a text that no database holds: none is asked for it, or stores it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        pairs = (pair for query in (request.GET, request.POST) for pair in query.lists())
        if is_storable(request.path) and all(is_storable(text) for name, values in pairs for text in (name, *values)):
            return None
        return error_pages.unstorable(request)


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
