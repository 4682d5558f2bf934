"""What was typed into a form that was refused, kept for the page that the browser is sent back to."""

from collections.abc import Mapping

from django.http import HttpRequest

KEY = "spm_typed"
"""Session key: name of a field → text, until the next page that asks."""
MOST_CHARACTERS = 5_000


def keep(request: HttpRequest, *names: str) -> None:
    """Keep these fields of the form for the next page, each up to MOST_CHARACTERS."""
    request.session[KEY] = {name: request.POST.get(name, "")[:MOST_CHARACTERS] for name in names}


def kept(request: HttpRequest) -> Mapping[str, str]:
    """What was kept, once; empty where nothing was refused."""
    found: Mapping[str, str] = request.session.pop(KEY) if KEY in request.session else {}
    return found
