"""Who may open which page of numbers. *See* is ``visible_to``; *do* is a ``can_<verb>`` here."""

from spm.org.access import can_administer, is_manager
from spm.org.models import User
from spm.org.scopes import scope_of


def can_open_performance(user: User) -> bool:
    """Numbers of several people together: whoever leads a team today, and admins."""
    return can_administer(user) or is_manager(user)


def can_open_team(user: User, team: int) -> bool:
    """Members see their team, but its numbers are for those who lead it or stand above it."""
    scope = scope_of(user)
    return scope.everything or team in scope.leads
