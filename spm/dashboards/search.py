"""Search over what the user may see: people, teams, territories and accounts, a few of each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from spm.dashboards import access
from spm.market.models import Account, Territory
from spm.org.models import Team, User

PER_KIND = 10
MAX_LENGTH = 100


@dataclass(frozen=True)
class Hit:
    """One line of the result; ``detail`` tells two of the same name apart, ``href`` is empty where no page is open."""

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
        _group(
            _("Teams"), "team", _matching(Team.objects.visible_to(user), words, "name", "code"), partial(_team, user)
        ),
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
            _accounts(user, words),
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
    return Hit(person.name, person.email, reverse("dashboards:rep", args=[person.pk]))


def _team(user: User, team: Team) -> Hit:
    href = reverse("dashboards:team", args=[team.pk]) if access.can_open_team(user, team.pk) else ""
    return Hit(team.name, team.code if team.code != team.name else "", href)


def _territory(territory: Territory) -> Hit:
    code = territory.code if territory.code != territory.name else ""
    return Hit(territory.name, code, reverse("dashboards:territory", args=[territory.pk]))


def _accounts(user: User, words: list[str]) -> Callable[[Account], Hit]:
    """An account whose map somebody else works has no page for this user."""
    worked = _matching(Account.objects.visible_to(user).worked_by(user), words, "name", "external_id")
    open_to = set(worked.values_list("pk", flat=True)[: PER_KIND + 1])

    def hit(account: Account) -> Hit:
        href = reverse("territories:account-detail", args=[account.pk]) if account.pk in open_to else ""
        return Hit(account.name, account.external_id, href)

    return hit
