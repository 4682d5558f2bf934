"""Reads behind the setup pages, as frozen values."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from spm.imports.models import ImportBatch
from spm.market.models import AccountPlacement, Assignment, Territory
from spm.org import invitations
from spm.org.choices import PeriodLevel, PeriodState
from spm.org.clock import today
from spm.org.models import FiscalYear, Period, Team, User
from spm.org.scopes import history_of
from spm.org.trees import TeamTree
from targets.models import RampSchedule, RollupRun
from targets.unloaded import waiting_count

MOST_LISTED = 50  # people on the page that invites them all


@dataclass(frozen=True)
class PersonRow:
    """One line of the list of people; ``state`` is active, invited, no_access or left."""

    pk: int
    name: str
    email: str
    employee_id: str
    team: str
    leads: str
    is_admin: bool
    state: str
    last_login: datetime | None


@dataclass(frozen=True)
class TreeRow:
    """One node of a tree, in the order it is drawn; ``depth`` 0 is a root."""

    pk: int
    name: str
    depth: int
    holder: str  # the lead of a team, the owner of a territory; empty = vacant
    size: int  # members of a team, accounts placed in a territory
    is_region: bool = False  # territories stand below it, and have the owners


@dataclass(frozen=True)
class LeafRow:
    pk: int
    label: str
    quarter: str
    starts_on: date
    ends_on: date
    state: str
    state_label: str
    is_over: bool
    is_stale: bool
    rolled_up_at: datetime | None


@dataclass(frozen=True)
class YearRow:
    label: str
    starts_on: date
    ends_on: date
    kind: str
    leaves: tuple[LeafRow, ...]
    is_current: bool


def person_state(person: User, invited: set[int]) -> str:
    if not person.is_active:
        return "left"
    if person.has_usable_password():
        return "active"
    return "invited" if person.pk in invited else "no_access"


def people_rows(user: User, search: str = "", state: str = "") -> list[PersonRow]:
    """Everybody the user sees, by name; ``search`` looks into name, e-mail and employee id."""
    people = User.objects.visible_to(user)
    if search:
        people = people.filter(
            Q(name__icontains=search) | Q(email__icontains=search) | Q(employee_id__icontains=search)
        )
    tree = history_of(user).as_of(today())
    teams = dict(Team.objects.visible_to(user).values_list("pk", "name"))
    invited = set(invitations.waiting())
    rows = [_person_row(person, tree, teams, invited) for person in people]
    return [row for row in rows if not state or row.state == state]


def _person_row(person: User, tree: TeamTree, teams: dict[int, str], invited: set[int]) -> PersonRow:
    return PersonRow(
        pk=person.pk,
        name=person.name,
        email=person.email,
        employee_id=person.employee_id,
        team=teams.get(tree.team_of.get(person.pk, 0), ""),
        leads=", ".join(teams[team] for team in tree.led_by(person.pk) if team in teams),
        is_admin=person.is_admin,
        state=person_state(person, invited),
        last_login=person.last_login,
    )


@dataclass(frozen=True)
class InvitePage:
    """Who has no access yet. ``recent``: were sent a link within the last day, and are left out unless asked for."""

    waiting: tuple[User, ...]
    recent: tuple[User, ...]
    by_mail: bool

    @property
    def everybody(self) -> tuple[User, ...]:
        return (*self.waiting, *self.recent)

    @property
    def shown(self) -> tuple[User, ...]:
        return self.everybody[:MOST_LISTED]

    @property
    def more(self) -> int:
        return max(len(self.everybody) - MOST_LISTED, 0)

    def wanted(self, *, again: bool) -> tuple[User, ...]:
        return self.everybody if again else self.waiting


def invite_page(user: User) -> InvitePage:
    """Everybody the user sees who cannot sign in yet, by name, each with ``invited_at``: one query."""
    since = timezone.now() - invitations.RECENTLY
    people = list(User.objects.visible_to(user).without_access())
    parts: tuple[list[User], list[User]] = ([], [])
    for person in people:
        parts[bool(person.invited_at and person.invited_at >= since)].append(person)
    waiting, recent = parts
    return InvitePage(tuple(waiting), tuple(recent), bool(settings.EMAIL_URL))


def team_rows(user: User) -> list[TreeRow]:
    """The team tree of today, roots first, each followed by what stands below it."""
    tree = history_of(user).as_of(today())
    names = dict(Team.objects.visible_to(user).values_list("pk", "name"))
    people = dict(User.objects.visible_to(user).values_list("pk", "name"))

    def walk(team: int, depth: int) -> Iterator[TreeRow]:
        holder = people.get(tree.lead.get(team, 0), "")
        yield TreeRow(team, names[team], depth, holder, len(tree.members.get(team, [])))
        for child in tree.children.get(team, []):
            yield from walk(child, depth + 1)

    return [row for root in tree.roots if root in names for row in walk(root, 0)]


def territory_rows(user: User) -> list[TreeRow]:
    """The tree of territories with today's owners and the number of accounts that stand in each today."""
    territories = list(Territory.objects.visible_to(user).real().order_by("name", "pk"))
    owners = dict(
        Assignment.objects.visible_to(user)
        .as_of(today())
        .filter(role="owner", person__isnull=False)
        .values_list("territory", "person__name")
    )
    placed = AccountPlacement.objects.visible_to(user).as_of(today()).order_by().values("territory")
    sizes = dict(placed.annotate(size=Count("account")).values_list("territory", "size"))
    below: dict[int | None, list[Territory]] = {}
    for territory in territories:
        below.setdefault(territory.parent_id, []).append(territory)

    def walk(parent: int | None, depth: int) -> Iterator[TreeRow]:
        for node in below.get(parent, []):
            yield TreeRow(node.pk, node.name, depth, owners.get(node.pk, ""), sizes.get(node.pk, 0), node.pk in below)
            yield from walk(node.pk, depth + 1)

    return list(walk(None, 0))


def calendar_rows(user: User) -> list[YearRow]:
    """Fiscal years, newest first, each with its leaf periods and how they stand."""
    runs = RollupRun.objects.visible_to(user)
    day = today()
    stale = set(runs.stale().values_list("period", flat=True))
    done = dict(runs.done().order_by("pk").values_list("period", "finished_at"))
    leaves: dict[int, list[LeafRow]] = {}
    # The years first: a year that somebody makes between the two reads is then left out, not shown without its months.
    years = list(FiscalYear.objects.visible_to(user).order_by("-starts_on"))
    periods = Period.objects.visible_to(user).filter(level=PeriodLevel.MONTH).select_related("parent")
    for leaf in periods.order_by("starts_on"):
        leaves.setdefault(leaf.fiscal_year_id, []).append(
            LeafRow(
                pk=leaf.pk,
                label=leaf.title,
                quarter=leaf.parent.title if leaf.parent else "",
                starts_on=leaf.starts_on,
                ends_on=leaf.ends_on,
                state=leaf.state,
                state_label=str(PeriodState(leaf.state).label),
                is_over=leaf.ends_on < day,
                is_stale=leaf.pk in stale,
                rolled_up_at=done.get(leaf.pk),
            )
        )
    return [
        YearRow(
            year.label,
            year.starts_on,
            year.ends_on,
            year.get_calendar_kind_display(),
            tuple(leaves.get(year.pk, ())),
            is_current=year.starts_on <= day <= year.ends_on or len(years) == 1,
        )
        for year in years
    ]


def active_people(user: User) -> list[User]:
    """Everybody with access today, by name; one query."""
    return list(User.objects.visible_to(user).filter(is_active=True))


def homeless(user: User, people: Iterable[User]) -> list[User]:
    """Those of ``people`` who belong to no team today, though they neither lead one nor administer."""
    tree = history_of(user).as_of(today())
    placed = {*tree.team_of, *tree.lead.values()}
    return [person for person in people if not person.is_admin and person.pk not in placed]


def without_team(user: User) -> list[User]:
    """Active people who belong to no team today."""
    return homeless(user, active_people(user))


def parked_rows(user: User) -> int:
    """What imported rows bring that waits for its period to open."""
    found = waiting_count(ImportBatch.objects.visible_to(user)).values_list("count", flat=True)
    return next(iter(found), 0)


@dataclass(frozen=True)
class Facts:
    """How many there are of what setup keeps, for the overview."""

    people: int
    without_team: int
    teams: int
    territories: int
    ramps: int
    years: int
    stale: int
    parked: int


def facts(user: User) -> Facts:
    """Eight counts; admins only, like the page."""
    return Facts(
        people=User.objects.visible_to(user).filter(is_active=True).count(),
        without_team=len(without_team(user)),
        teams=Team.objects.visible_to(user).count(),
        territories=Territory.objects.visible_to(user).real().count(),
        ramps=RampSchedule.objects.visible_to(user).count(),
        years=FiscalYear.objects.visible_to(user).count(),
        stale=RollupRun.objects.visible_to(user).stale().count(),
        parked=parked_rows(user),
    )


def mail_facts() -> dict[str, str]:
    """How mail leaves, without any secret: ``host`` empty = mails are kept as files."""
    options = settings.MAILERS["default"].get("OPTIONS", {})
    return {"host": str(options.get("host", "")), "folder": str(options.get("file_path", ""))}


def placed_words(user: User, since: date) -> str:
    """What a change of team from a day on does, to be told after it; ``since`` may lie in closed periods."""
    closed = Period.objects.visible_to(user).leaves().filter(state=PeriodState.CLOSED, ends_on__gte=since)
    if closed.exists():
        return _(
            "Saved. Team totals from that day on are counted again; closed periods keep the teams of their closing."
        )
    return _("Saved. Team totals from that day on are counted again.")
