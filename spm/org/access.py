"""Who may do what with the organisation. *See* is ``visible_to``; *do* is a ``can_<verb>`` here."""

from spm.org.models import Period, SavedView, User
from spm.org.scopes import scope_of


def is_manager(user: User) -> bool:
    """Whether the user leads a team today."""
    return scope_of(user).is_manager


def can_administer(user: User) -> bool:
    """Setup pages: company, calendar, people, teams, territories, imports, jobs, audit log."""
    return user.is_active and user.is_admin


def can_edit_person(user: User, person: User) -> bool:
    return can_administer(user) and not person.is_house


def can_change_role(user: User, person: User) -> bool:
    """Admins make and unmake admins, but nobody takes the role from themselves: the last admin stays."""
    return can_edit_person(user, person) and person.pk != user.pk


def can_invite(user: User, person: User) -> bool:
    return can_edit_person(user, person) and person.is_active and not person.has_usable_password()


def can_end_sessions(user: User, person: User) -> bool:
    """Of others: one's own are ended in the settings, where the browser in use can stay signed in."""
    return can_edit_person(user, person) and person.pk != user.pk


def can_close_period(user: User, period: Period) -> bool:
    return can_administer(user)


def can_reopen_period(user: User, period: Period) -> bool:
    return can_administer(user)


def can_edit_saved_view(user: User, view: SavedView) -> bool:
    """The owner alone: whoever it is shared with keeps an own copy."""
    return user.is_active and view.owner_id == user.pk


def can_share_with(user: User, team: int) -> bool:
    """Whoever leads the team or stands above it, and admins."""
    scope = scope_of(user)
    return scope.everything or team in scope.leads
