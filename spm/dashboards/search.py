"""Search over what the user may see: people, teams, territories and accounts, a few of each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from spm.market.models import Account, Territory
from spm.org.models import Team, User

PER_KIND = 10
MAX_LENGTH = 100


@dataclass(frozen=True)
class Hit:
    """One line of the result; ``detail`` tells two of the same name apart."""

    name: str
    detail: str
    href: str


@dataclass(frozen=True)
class Hits:
    """The hits of one kind; ``more`` says that the list was cut."""

    label: str | Promise
    icon: str
    hits: list[Hit]
    more: bool


def find(text: str, user: User) -> list[Hits]:
    """Groups with at least one hit for the words in ``text``; all words must occur. Nothing for an empty text."""
    words = text[:MAX_LENGTH].split()
    if not words:
        return []
    groups = [
        _group(_("People"), "person", _matching(User.objects.visible_to(user), words, "name", "email"), _person),
        _group(_("Teams"), "team", _matching(Team.objects.visible_to(user), words, "name", "code"), _team),
        _group(
            _("Territories"),
            "territories",
            _matching(Territory.objects.visible_to(user).real(), words, "name", "code"),
            _territory,
        ),
        _group(
            _("Accounts"),
            "account",
            _matching(Account.objects.visible_to(user), words, "name", "external_id"),
            _account,
        ),
    ]
    return [group for group in groups if group.hits]


def _matching(rows: QuerySet[Any], words: list[str], *fields: str) -> QuerySet[Any]:
    """``rows`` in which each word occurs in one of ``fields``."""
    for word in words:
        anywhere = Q()
        for field in fields:
            anywhere |= Q(**{f"{field}__icontains": word})
        rows = rows.filter(anywhere)
    return rows


def _group(label: str | Promise, icon: str, rows: QuerySet[Any], to_hit: Callable[[Any], Hit]) -> Hits:
    found = list(rows[: PER_KIND + 1])
    return Hits(label, icon, [to_hit(row) for row in found[:PER_KIND]], more=len(found) > PER_KIND)


def _person(person: User) -> Hit:
    return Hit(person.name, person.email, f"/performance/reps/{person.pk}/")


def _team(team: Team) -> Hit:
    return Hit(team.name, team.code if team.code != team.name else "", f"/performance/teams/{team.pk}/")


def _territory(territory: Territory) -> Hit:
    code = territory.code if territory.code != territory.name else ""
    return Hit(territory.name, code, f"/performance/actuals/?territory={territory.pk}")


def _account(account: Account) -> Hit:
    return Hit(account.name, account.external_id, f"/performance/actuals/?account={account.pk}")
