"""Who did it and why, told to the history of a tracked row."""

from typing import Any

from django.db import models

from spm.org import clock
from spm.org.models import User


def date_history(sender: Any, history_instance: Any, **_signal: Any) -> None:  # noqa: ARG001  # the signal's signature
    """A row of history made while the demo tells its story bears the story's moment."""
    if (moment := clock.told()) is not None:
        history_instance.history_date = moment


def save_tracked(row: models.Model, *, by: User | None, reason: str = "") -> None:
    """Save a row whose model keeps history; the history row names ``by`` (None: whoever the request is of)."""
    told: Any = row
    if by is not None:
        told._history_user = by  # noqa: SLF001  # how simple-history is told
    told._change_reason = reason[:100]  # noqa: SLF001
    row.save()


def delete_tracked(row: models.Model, *, by: User | None) -> None:
    """Delete a row whose model keeps history; the history row names ``by`` (None: whoever the request is of)."""
    if by is not None:
        told: Any = row
        told._history_user = by  # noqa: SLF001  # how simple-history is told
    row.delete()
