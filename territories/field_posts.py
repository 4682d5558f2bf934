"""The form of fields that save themselves, as a request: what it changes, and how the outcome is told to its script."""

import json
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from territories.field_writing import Change, Outcome

PREFIX = "f."
MOST_FIELDS = 900
"""Of one post; the fullest map and the fullest plan have fewer."""


class TooManyFields(RuleViolation):
    """More than any page has; nothing of it is stored."""


def drawn_of(request: HttpRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields and the versions of rows that the form was drawn from; empty where that cannot be read."""
    try:
        drawn = json.loads(request.POST.get("drawn", "{}"))
        return dict(drawn.get("fields", {})), dict(drawn.get("versions", {}))
    except (ValueError, AttributeError, TypeError, RecursionError):
        return {}, {}


def changes_of(request: HttpRequest) -> list[Change]:
    """Fields of the form that say something else than when they were drawn. Raises TooManyFields."""
    if len(request.POST) > MOST_FIELDS:
        told = _("%(count)d fields at once are more than a page has; nothing was stored. Send them in parts.")
        raise TooManyFields(told % {"count": len(request.POST)})
    fields, versions = drawn_of(request)
    changes = []
    for key, text in request.POST.items():
        row, _dash, name = key.removeprefix(PREFIX).partition("-")
        was = str(fields.get(f"{row}-{name}", ""))
        if key.startswith(PREFIX) and isinstance(text, str) and text.strip().replace("\r\n", "\n") != was:
            seen = versions.get(row, 0)
            changes.append(Change(row, name, text, seen if isinstance(seen, int) else 0, was))
    return changes


def is_script(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def status_of(outcome: Outcome) -> int:
    return 409 if outcome.conflicts else 422 if outcome.refused else 200


def told(outcome: Outcome) -> dict[str, Any]:
    """The outcome as JSON for static/js/autosave.js."""
    at = timezone.localtime(outcome.saved_at) if outcome.saved_at else None
    return {
        "versions": outcome.versions,
        "shown": outcome.shown,
        "refused": outcome.refused,
        "saved": time_format(at, "H:i") if at else "",
        "conflicts": [
            {"field": one.change.key, "yours": one.change.text, "theirs": one.theirs, "version": one.version}
            for one in outcome.conflicts
        ],
    }
