"""The team tree of any day, read once and held in memory.

The dated rows are few (a few hundred), so one reading of each table answers every question about every day; walking
parents by SQL would need a recursive query per question and date.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from django.apps import apps
from django.db.models import F, Value

TEAM, LEAD, HOME = range(3)  # the parts of one reading: teams with their placements, leads, memberships


@dataclass(frozen=True)
class TeamTree:
    """Teams, leads and members in force on one day. All values are primary keys."""

    parent: dict[int, int | None]
    lead: dict[int, int]
    team_of: dict[int, int]  # person → team; people without a team are absent
    children: dict[int, list[int]] = field(default_factory=dict)
    members: dict[int, list[int]] = field(default_factory=dict)

    @property
    def roots(self) -> list[int]:
        return [team for team, parent in self.parent.items() if parent is None]

    @property
    def used_roots(self) -> list[int]:
        """The roots that have a lead, a member or a team below: not those that were only just made."""
        return [team for team in self.roots if team in self.lead or self.members.get(team) or self.children.get(team)]

    def subtree(self, teams: Iterable[int]) -> set[int]:
        """The teams given and everything below them."""
        found: set[int] = set()
        waiting = list(teams)
        while waiting:
            team = waiting.pop()
            if team not in found:
                found.add(team)
                waiting.extend(self.children.get(team, []))
        return found

    def ancestors(self, team: int | None) -> list[int]:
        """The team given, its parent, and so on up to the root."""
        chain: list[int] = []
        while team is not None and team not in chain:
            chain.append(team)
            team = self.parent.get(team)
        return chain

    def led_by(self, person: int) -> list[int]:
        return [team for team, lead in self.lead.items() if lead == person]

    def people_in(self, teams: Iterable[int]) -> set[int]:
        return {person for team in teams for person in self.members.get(team, [])}

    def reports_of(self, person: int) -> set[int]:
        """Everybody whose numbers this person answers for: members and leads of the teams led, all the way down."""
        below = self.subtree(self.led_by(person))
        return (self.people_in(below) | {self.lead[team] for team in below if team in self.lead}) - {person}

    def manager_of(self, person: int) -> int | None:
        """The lead nearest above the person; a lead's own manager is the lead of the parent team."""
        for team in self.ancestors(self.team_of.get(person)) or self._above_led(person):
            lead = self.lead.get(team)
            if lead is not None and lead != person:
                return lead
        return None

    def leads_above(self, person: int) -> set[int]:
        """Everybody who leads a team that the person is in or leads, or one above it."""
        teams = {team for own in (self.team_of.get(person), *self.led_by(person)) for team in self.ancestors(own)}
        return {self.lead[team] for team in teams if team in self.lead}

    def _above_led(self, person: int) -> list[int]:
        led = self.led_by(person)
        return self.ancestors(led[0]) if led else []


@dataclass(frozen=True)
class TreeHistory:
    """Every dated row of the organisation, from which the tree of any day follows without another query.

    The rows of a subject are sorted by their start, so that the last one that has begun is the one in force.
    """

    teams: dict[int, str]  # primary key → name, in order of name
    placements: list[tuple[int, int | None, date]]  # team, parent, from when
    leads: list[tuple[int, int | None, date]]  # team, person, from when
    memberships: list[tuple[int, int | None, date]]  # person, team, from when
    _known: dict[date, TeamTree] = field(default_factory=dict, init=False, repr=False, compare=False)

    def as_of(self, day: date) -> TeamTree:
        """The tree of ``day``: one and the same object for all days between which nothing changed."""
        since = max((start for start in self._starts if start <= day), default=date.min)
        if since not in self._known:
            self._known[since] = self._tree(since)
        return self._known[since]

    @cached_property
    def _starts(self) -> set[date]:
        return {start for rows in (self.placements, self.leads, self.memberships) for _of, _to, start in rows}

    def _tree(self, day: date) -> TeamTree:
        placed, lead, team_of = (_in_force(rows, day) for rows in (self.placements, self.leads, self.memberships))
        parent = {team: placed.get(team) for team in self.teams}
        children: dict[int, list[int]] = defaultdict(list)
        for below, above in parent.items():
            if above is not None:
                children[above].append(below)
        homes = {person: team for person, team in team_of.items() if team is not None}
        members: dict[int, list[int]] = defaultdict(list)
        for person, home in homes.items():
            members[home].append(person)
        leading = {team: person for team, person in lead.items() if person is not None}
        return TeamTree(parent, leading, homes, dict(children), dict(members))


def _in_force(rows: list[tuple[int, int | None, date]], day: date) -> dict[int, int | None]:
    """Subject → object on ``day``; of several rows the last one that has begun wins."""
    return {subject: value for subject, value, start in rows if start <= day}


def distinct(trees: Iterable[TeamTree]) -> list[TeamTree]:
    """Each tree once, the first in front: many days share one."""
    return list({id(tree): tree for tree in trees}.values())


def read_history() -> TreeHistory:
    """One query, whatever the number of days that are asked for afterwards."""
    # Looked up by name: querysets ask for the tree, so this module stands below the models.
    since, row = F("placements__starts_on"), F("placements__pk")
    placed = apps.get_model("org.Team").objects.annotate(part=Value(TEAM), start=since, row=row)
    leads = apps.get_model("org.TeamLead").objects.annotate(part=Value(LEAD), row=F("pk"), none=Value(""))
    homes = apps.get_model("org.Membership").objects.annotate(part=Value(HOME), row=F("pk"), none=Value(""))
    named = placed.order_by().values_list("part", "name", "pk", "placements__parent", "start", "row")
    led = leads.order_by().values_list("part", "none", "team", "person", "starts_on", "row")
    held = homes.order_by().values_list("part", "none", "person", "team", "starts_on", "row")
    rows = named.union(led, held, all=True).order_by("part", "name", "start", "row")
    teams: dict[int, str] = {}
    dated: dict[int, list[tuple[int, int | None, date]]] = {TEAM: [], LEAD: [], HOME: []}
    for part, name, subject, value, start, _row in rows:
        if part == TEAM:
            teams[subject] = name
        if start is not None:
            dated[part].append((subject, value, start))
    return TreeHistory(teams, dated[TEAM], dated[LEAD], dated[HOME])


def tree_as_of(day: date) -> TeamTree:
    """The tree in force on ``day``: one query, whatever its size."""
    return read_history().as_of(day)
