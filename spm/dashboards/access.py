"""Who may open which page of numbers. *See* is ``visible_to``; *do* is a ``can_<verb>`` here."""

from spm.org.access import can_administer, is_manager
from spm.org.models import User
from spm.org.scopes import LedSpan, scope_of


def can_open_performance(user: User) -> bool:
    """Numbers of several people together: whoever leads a team today, and admins."""
    return can_administer(user) or is_manager(user)


def can_open_team(user: User, team: int) -> bool:
    """The numbers of a team: for those who lead it, stand above it, or led it once (INV-37: those periods stay theirs).

    For its members they do not exist; nothing leads them there.
    """
    scope = scope_of(user)
    return scope.everything or team in scope.leads or bool(once_led(user, team))


def once_led(user: User, team: int) -> list[LedSpan]:
    """The spans in which the user led the team, where that is the only reason to see its rows; else nothing."""
    scope = scope_of(user)
    if scope.everything or team in scope.leads:
        return []
    return [span for span in scope.led if span.team == team and span.until is not None]
