"""Teams: a tree that changes by dated facts and never bites its own tail (INV-33)."""

from collections.abc import Iterable
from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.keys import normalise, outgrows
from spm.org import retries
from spm.org.models import ALWAYS, Company, Team, TeamLead, TeamPlacement, User
from spm.org.signals import facts_moved, facts_moving
from spm.org.tracking import save_tracked

LENGTH = 200  # of a code and of its normal form


class TeamCycle(RuleViolation):
    """A team would stand below itself."""


class BadTeam(RuleViolation):
    """The team cannot be stored as given."""


@retries.atomic
def create_team(*, code: str, name: str = "", by: User | None = None) -> Team:
    """Make a team without place or lead. Raises BadTeam for an empty code, one too long and one that is taken."""
    team = Team(code=code.strip(), name=name.strip() or code.strip())
    _refuse_code(team)
    _save(team, by)
    return team


@retries.atomic
def update_team(team: Team, *, code: str, name: str, by: User | None = None) -> bool:
    """Rename a team; False when nothing changes."""
    # Read again under lock: a save writes every column, and must not bring back what somebody else changed.
    team.refresh_from_db(from_queryset=Team.objects.select_for_update(no_key=True))
    if (team.code, team.name) == (code.strip(), name.strip()):
        return False
    team.code, team.name = code.strip(), name.strip() or code.strip()
    _refuse_code(team)
    _save(team, by)
    return True


@retries.atomic
def set_lead(team: Team, *, person: User | None, starts_on: date = ALWAYS, by: User | None = None) -> bool:
    """From ``starts_on`` the team is led by ``person`` (None: vacant); False when that is stored already."""
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)  # of two at once, the second finds the first's row
    row = TeamLead.objects.filter(team=team, starts_on=starts_on).first()
    if row and row.person_id == (person.pk if person else None):
        return False
    row = row or TeamLead(team=team, starts_on=starts_on)
    row.person = person
    save_tracked(row, by=by)
    return True


@retries.atomic
def place_team(team: Team, *, parent: Team | None, starts_on: date = ALWAYS, by: User | None = None) -> bool:
    """From ``starts_on`` the team stands under ``parent`` (None: it is a root); False when that is stored already.

    Raises TeamCycle when the team would stand below itself on any day, past or planned. Totals of open periods from
    that day on follow.
    """
    list(Company.objects.select_for_update(no_key=True))  # two moves at once could close a circle unseen
    facts_moving.send(TeamPlacement, since=starts_on)
    row = TeamPlacement.objects.filter(team=team, starts_on=starts_on).first()
    if row and row.parent_id == (parent.pk if parent else None):
        return False
    _refuse_cycle(team, parent, starts_on)
    row = row or TeamPlacement(team=team, starts_on=starts_on)
    row.parent = parent
    save_tracked(row, by=by)
    facts_moved.send(TeamPlacement, since=starts_on, recredit=False)
    return True


def first_cycle(placements: Iterable[tuple[int, int | None, date]]) -> tuple[date, list[int]] | None:
    """The first day on which a team stands below itself, with the teams of the circle; None when there is none.

    ``placements``: (team, parent or None, starts_on), in any order, one a day and team.
    """
    parent: dict[int, int | None] = {}
    by_day: dict[date, list[tuple[int, int | None]]] = {}
    for team, above, day in placements:
        by_day.setdefault(day, []).append((team, above))
    for day in sorted(by_day):
        parent.update(by_day[day])
        for team, _above in by_day[day]:
            if circle := _circle_from(team, parent):
                return day, circle
    return None


def _circle_from(team: int, parent: dict[int, int | None]) -> list[int]:
    chain, above = [team], parent.get(team)
    while above is not None and above not in chain:
        chain.append(above)
        above = parent.get(above)
    return chain if above == team else []


def _refuse_cycle(team: Team, parent: Team | None, starts_on: date) -> None:
    stored = TeamPlacement.objects.values_list("team_id", "parent_id", "starts_on")
    kept = [row for row in stored if (row[0], row[2]) != (team.pk, starts_on)]
    found = first_cycle([*kept, (team.pk, parent.pk if parent else None, starts_on)])
    if found:
        day, circle = found
        names = dict(Team.objects.filter(pk__in=circle).values_list("pk", "name"))
        chain = " → ".join(names[pk] for pk in [*circle, circle[0]])
        raise TeamCycle(
            _("From %(day)s on %(team)s would stand below itself: %(chain)s.")
            % {"day": day.isoformat(), "team": team.name, "chain": chain}
        )


def _refuse_code(team: Team) -> None:
    key = normalise(team.code)
    others = Team.objects.exclude(pk=team.pk) if team.pk else Team.objects.all()
    if not key:
        raise BadTeam(_("A team needs a code."))
    if outgrows(team.code, LENGTH):
        raise BadTeam(_("A code has at most %(most)d characters.") % {"most": LENGTH})
    if others.filter(key=key).exists():
        raise _taken(team)


def _taken(team: Team) -> BadTeam:
    return BadTeam(_("There is a team “%(code)s” already.") % {"code": team.code})


def _save(team: Team, by: User | None) -> None:
    """Save; a code that somebody else has taken since it was looked up is refused like any other."""
    try:
        with transaction.atomic():
            save_tracked(team, by=by)
    except IntegrityError as error:
        raise _taken(team) from error
