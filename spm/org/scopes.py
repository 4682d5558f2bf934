"""Whom a user may see, worked out once per request.

The tree of *today* decides (reliability INV-37): a former manager sees nothing of a person any more, while the team
rows of the periods he led stay his, for which ``led`` keeps the dates.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.apps import apps
from django.db.models import Subquery

from spm.org import current
from spm.org.trees import TreeHistory, read_history

if TYPE_CHECKING:
    from spm.org.models import User


@dataclass(frozen=True)
class LedSpan:
    """A team a user leads or led: from ``starts_on`` up to, not including, ``until``; None = still."""

    team: int
    starts_on: date
    until: date | None


@dataclass(frozen=True)
class Scope:
    """Primary keys a user may see. None stands for everything, an empty set for nothing."""

    people: frozenset[int] | None
    teams: frozenset[int] | None
    leads: frozenset[int]  # teams led today and everything below them
    led: tuple[LedSpan, ...]  # teams led at any time, directly

    @property
    def everything(self) -> bool:
        return self.people is None

    @property
    def is_manager(self) -> bool:
        return bool(self.leads)


NOTHING = Scope(frozenset(), frozenset(), frozenset(), ())


def scope_of(user: "User") -> Scope:
    """The scope of a signed-in user; NOTHING for anonymous and deactivated ones.

    Kept on the user object, which lives as long as the request, so that a role taken away counts at the next one.
    """
    if not user.is_active or user.pk is None:
        return NOTHING
    kept: Scope | None = getattr(user, "_scope", None)
    if kept is None:
        kept = _read_scope(user)
        user._scope = kept  # type: ignore[attr-defined]  # noqa: SLF001  # cached for the request
    return kept


def history_of(user: "User") -> TreeHistory:
    """The organisation's dated rows, read once per request; who may see what of them is for the caller to decide."""
    kept: TreeHistory | None = getattr(user, "_history", None)
    if kept is None:
        kept = read_history()
        user._history = kept  # type: ignore[attr-defined]  # noqa: SLF001  # cached for the request
    return kept


def lend_history(user: "User", others: Iterable["User"]) -> None:
    """Give others who are asked about in the same request the rows that ``user`` reads: they are of everybody."""
    history = history_of(user)
    for other in others:
        other._history = history  # type: ignore[attr-defined]  # noqa: SLF001  # cached for the request


def _read_scope(user: "User") -> Scope:
    company = current.company()
    history = history_of(user)
    tree = history.as_of(company.today() if company else date.today())  # noqa: DTZ011  # no company: no zone yet
    leads = frozenset(tree.subtree(tree.led_by(user.pk)))
    led = _led_spans(user.pk, history)
    if user.is_admin:
        return Scope(None, None, leads, led)
    own_team = tree.team_of.get(user.pk)
    teams = leads | ({own_team} if own_team else set())
    return Scope(frozenset(tree.reports_of(user.pk) | {user.pk}), frozenset(teams), leads, led)


def shared_from(user: "User") -> dict[int, frozenset[int]]:
    """The teams that the user belongs to, leads or stands below, each with those who lead it or stand above it."""
    company = current.company()
    tree = history_of(user).as_of(company.today() if company else date.today())  # noqa: DTZ011  # as in _read_scope
    near = [tree.team_of.get(user.pk), *tree.led_by(user.pk)]
    teams = {above for team in near for above in tree.ancestors(team)}
    return {team: frozenset(tree.lead[above] for above in tree.ancestors(team) if above in tree.lead) for team in teams}


def _led_spans(person: int, history: TreeHistory) -> tuple[LedSpan, ...]:
    spans = []
    for team in sorted({team for team, lead, _ in history.leads if lead == person}):
        rows = [(lead, start) for subject, lead, start in history.leads if subject == team]
        ends = [start for _, start in rows[1:]]
        for (lead, start), until in zip(rows, [*ends, None], strict=True):
            if lead == person:
                spans.append(LedSpan(team, start, until))
    return tuple(spans)


def manager_name(user: "User", person: int, day: date) -> str:
    """The name of the lead nearest above a person; empty where there is none. Who leads whom is no secret."""
    manager = history_of(user).as_of(day).manager_of(person)
    if manager is None:
        return ""
    name: str = apps.get_model("org.User").objects.values_list("name", flat=True).get(pk=manager)
    return name


def manager_named(user: "User", person: int, day: date) -> Subquery:
    """The name of that lead, to be read along with other rows; NULL where there is none."""
    manager = history_of(user).as_of(day).manager_of(person)
    return Subquery(apps.get_model("org.User").objects.filter(pk=manager).values("name"))


def around(person: int) -> set[int]:
    """Keys of those who may see a person today: the person, who leads a team above, and admins. Two queries."""
    company = current.company()
    tree = read_history().as_of(company.today() if company else date.today())  # noqa: DTZ011  # as in _read_scope
    admins = apps.get_model("org.User").objects.filter(is_admin=True, is_active=True)
    return {person, *tree.leads_above(person), *admins.values_list("pk", flat=True)}
