"""Language and time zone of the person, for the request."""

from collections.abc import Callable
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

type Handler = Callable[[HttpRequest], HttpResponse]


class PersonalMiddleware:
    """After sign-in, the person's own language and time zone; the browser's and the company's where left open.

    Stands after AuthenticationMiddleware. LocaleMiddleware has already chosen by the browser.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        person = request.user
        language, zone = getattr(person, "locale", ""), getattr(person, "timezone", "")
        if language:
            translation.activate(language)
            request.LANGUAGE_CODE = translation.get_language()
        if zone not in available_timezones():
            return self.get_response(request)
        with timezone.override(ZoneInfo(zone)):
            return self.get_response(request)
