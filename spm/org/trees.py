"""The team tree of one day, read once and held in memory.

The dated rows are few (a few hundred), so one reading of each table answers every question about a day; walking
parents by SQL would need a recursive query per question and date.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.apps import apps


@dataclass(frozen=True)
class TeamTree:
    """Teams, leads and members in force on ``day``. All values are primary keys."""

    day: date
    parent: dict[int, int | None]
    lead: dict[int, int]
    team_of: dict[int, int]  # person → team; people without a team are absent
    children: dict[int, list[int]] = field(default_factory=dict)
    members: dict[int, list[int]] = field(default_factory=dict)

    @property
    def roots(self) -> list[int]:
        return [team for team, parent in self.parent.items() if parent is None]

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

    def _above_led(self, person: int) -> list[int]:
        led = self.led_by(person)
        return self.ancestors(led[0]) if led else []


def tree_as_of(day: date) -> TeamTree:
    """The tree in force on ``day``: four queries, whatever its size."""
    # Looked up by name: querysets ask for the tree, so this module stands below the models.
    team_placement, team = apps.get_model("org.TeamPlacement"), apps.get_model("org.Team")
    team_lead, membership = apps.get_model("org.TeamLead"), apps.get_model("org.Membership")
    placed = dict(team_placement.objects.as_of(day).values_list("team_id", "parent_id"))
    parent = {pk: placed.get(pk) for pk in team.objects.order_by("name", "pk").values_list("pk", flat=True)}
    leads = team_lead.objects.as_of(day).filter(person__isnull=False).values_list("team_id", "person_id")
    memberships = membership.objects.as_of(day).filter(team__isnull=False).values_list("person_id", "team_id")
    children: dict[int, list[int]] = defaultdict(list)
    for below, above in parent.items():
        if above is not None:
            children[above].append(below)
    team_of = dict(memberships)
    members: dict[int, list[int]] = defaultdict(list)
    for person, home in team_of.items():
        members[home].append(person)
    return TeamTree(day, parent, dict(leads), team_of, dict(children), dict(members))
