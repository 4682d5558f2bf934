"""Whom the sign-in page of the demo offers: the three roles with one click, everybody in a list."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from spm.dashboards.norvik import cast
from spm.org import clock
from spm.org.access import can_administer
from spm.org.models import Membership, TeamLead, User


@dataclass(frozen=True)
class Role:
    """A one-click sign-in."""

    label: str | Promise
    person: User
    detail: str


@dataclass(frozen=True)
class DemoPeople:
    roles: list[Role]
    everybody: list[User]


def is_open() -> bool:
    """Whether one may sign in with one click: started by ``manage.py demo`` and holding the demo company."""
    company = clock.company() if settings.DEMO else None
    return company is not None and company.is_demo


def may_switch(user: object) -> bool:
    """Whether the user may look at the demo company as somebody else: its admins, wherever it was loaded."""
    company = clock.company()
    return isinstance(user, User) and can_administer(user) and company is not None and company.is_demo


def is_own(user: User) -> bool:
    """Whether the user is somebody of one's own and not of the demo's cast, and so outlives it."""
    return user.email not in {person.email for person in cast.PEOPLE}


def people() -> list[User]:
    """Everybody who may sign in, by name."""
    return list(User.objects.people().filter(is_active=True).order_by("name"))


def offered() -> DemoPeople | None:
    """What the sign-in page offers; None outside ``manage.py demo``."""
    return of_company() if is_open() else None


def of_company() -> DemoPeople:
    """The roles of the demo company. The manager leads a team with members; the rep is a member of that team."""
    everybody = people()
    members = {row.person_id: row.team_id for row in Membership.objects.as_of(clock.today())}
    leads = {
        row.person_id: row.team
        for row in TeamLead.objects.as_of(clock.today()).select_related("team").order_by("team__name")
        if row.person_id and row.team_id in set(members.values())
    }
    roles = [Role(_("Admin"), person, "") for person in everybody if person.is_admin][:1]
    managers = sorted((p for p in everybody if p.pk in leads), key=lambda p: leads[p.pk].name)
    chosen = managers[len(managers) // 2 :][:1]  # the middle one: in the demo story the team that is behind
    roles += [Role(_("Manager"), person, leads[person.pk].name) for person in chosen]
    team = leads[chosen[0].pk].pk if chosen else None
    reps = [p for p in everybody if members.get(p.pk) == team and p.pk not in leads and not p.is_admin]
    roles += [Role(_("Rep"), person, leads[chosen[0].pk].name) for person in reps[:1] if chosen]
    return DemoPeople(roles, everybody)
