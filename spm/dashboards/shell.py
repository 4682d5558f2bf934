"""What the frame of every page shows: six entries, the company, the theme. One query, and only where a page asks."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from spm.dashboards import demo_people
from spm.dashboards.setup.checklist import Checklist, checklist
from spm.org import access, clock, invitations
from spm.org.models import Company, User
from spm.talk import notices

THEMES = {"auto": _("As the system"), "light": _("Light"), "dark": _("Dark")}
THEME_COOKIE, RAIL_COOKIE, DENSITY_COOKIE = "theme", "rail", "density"


@dataclass(frozen=True)
class Entry:
    """An entry of the main navigation; ``key`` follows g on the keyboard, ``current`` is for aria-current."""

    path: str
    label: str | Promise
    icon: str
    key: str
    current: str = ""


ENTRIES = (
    Entry("/", _("Home"), "home", "h"),
    Entry("/performance/", _("Performance"), "performance", "p"),
    Entry("/targets/", _("Targets"), "targets", "t"),
    Entry("/territories/", _("Territories"), "territories", "r"),
    Entry("/coaching/", _("Coaching"), "coaching", "c"),
    Entry("/meetings/", _("Meetings"), "meetings", "m"),
)


def entries_at(path: str) -> list[Entry]:
    """The six entries, the one that ``path`` belongs to marked: "page" on itself, "true" on what lies below."""
    marked = []
    for entry in ENTRIES:
        below = path.startswith(entry.path) and entry.path != "/"
        current = "page" if path == entry.path else "true" if below else ""
        marked.append(Entry(entry.path, entry.label, entry.icon, entry.key, current))
    return marked


class Shell:
    """Read by the templates under templates/shell/; each part is worked out when it is first asked for."""

    version = settings.VERSION

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def person(self) -> User | None:
        user = getattr(self.request, "user", None)  # absent on an error before the middleware
        return user if isinstance(user, User) and user.is_authenticated else None

    @property
    def signed_in(self) -> bool:
        return self.person is not None

    @property
    def can_administer(self) -> bool:
        return self.person is not None and access.can_administer(self.person)

    @cached_property
    def company(self) -> Company | None:
        return clock.company()

    @property
    def entries(self) -> list[Entry]:
        return entries_at(self.request.path)

    @property
    def themes(self) -> list[tuple[str, str | Promise]]:
        return list(THEMES.items())

    @property
    def theme(self) -> str:
        """The person's choice; before signing in, the one in the cookie."""
        chosen = self.person.theme if self.person else self.request.COOKIES.get(THEME_COOKIE, "")
        return chosen if chosen in THEMES else "auto"

    @property
    def rail(self) -> str:
        return "narrow" if self.request.COOKIES.get(RAIL_COOKIE) == "narrow" else "wide"

    @property
    def density(self) -> str:
        """Rows of tables: "loose" (44 px) or "" (36 px), as this browser was told."""
        return "loose" if self.request.COOKIES.get(DENSITY_COOKIE) == "loose" else ""

    @cached_property
    def demo_people(self) -> demo_people.DemoPeople | None:
        return demo_people.offered()

    @property
    def waits_for_admin(self) -> bool:
        """Whether this installation is empty and nobody can sign in: no company, and no admin."""
        return self.company is None and not invitations.has_admin()

    @property
    def outlives_demo(self) -> bool:
        """Whether the reader is no part of the demo company, and stays when it is removed."""
        return self.person is not None and demo_people.is_own(self.person)

    @cached_property
    def checklist(self) -> Checklist | None:
        """The first run as far as it has come; for admins alone, and only where a page asks."""
        return checklist(self.person) if self.person and self.can_administer else None

    @cached_property
    def unread(self) -> int:
        """Notifications not read yet: one query, where a page has a bell."""
        return notices.unread_count(self.person) if self.person else 0

    @property
    def shortcuts(self) -> bool:
        return self.person is not None and self.person.shortcuts


def context(request: HttpRequest) -> dict[str, Any]:
    """Context processor: ``shell`` in every template."""
    return {"shell": SimpleLazyObject(lambda: Shell(request))}
