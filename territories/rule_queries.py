"""Reads for the pages of rules: the sets, one set with its gaps and overlaps, and who would move on a day."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _

from spm.imports.bulk import chunks
from spm.market.models import Account, Territory
from spm.money import ZERO
from spm.org import clock
from spm.org.models import User
from spm.ui.numbers import money_compact
from territories import matching, placing, rule_sets
from territories.models import RuleSet, TerritoryRule

PAGE_ROWS = 50
MOST_OVERLAPS = 50


@dataclass(frozen=True, slots=True)
class RuleRow:
    pk: int
    priority: int
    territory: str
    words: str
    placed: int
    claimed: int


@dataclass(frozen=True, slots=True)
class OverlapRow:
    first: str
    second: str
    accounts: int
    tied: bool


@dataclass(frozen=True, slots=True)
class Found:
    """An account in a list: where it stands and where it would stand, empty = in no territory."""

    name: str
    external_id: str
    before: str
    after: str
    potential: Decimal | None
    rule: str = ""


@dataclass(frozen=True, slots=True)
class SetPage:
    rule_set: RuleSet
    rows: Sequence[RuleRow]
    overlaps: Sequence[OverlapRow]
    ties: int  # pairs whose priorities are equal
    unplaced: Page[Found]
    everything: Sequence[RuleRow]  # rules that claim every account there is
    count: int

    @property
    def placed(self) -> int:
        return self.count - self.unplaced.paginator.count

    @property
    def idle(self) -> int:
        """Rules that place nobody."""
        return sum(row.placed == 0 for row in self.rows)


@dataclass(frozen=True, slots=True)
class Way:
    """Accounts that go from one territory to another; None = none."""

    before: str
    after: str
    accounts: int
    potential: Decimal


@dataclass(frozen=True, slots=True)
class Preview:
    rule_set: RuleSet
    day: date
    ways: Sequence[Way]
    moves: Page[Found]
    left_out: int  # of them, those that would stand in no territory
    everything: int  # rules that claim every account
    stay: int


def set_page(user: User, rule_set: RuleSet, currency: str, page: int = 1) -> SetPage:
    """The rules with what each places; gaps and overlaps of all accounts. A fixed number of queries."""
    rules = placing.rules_of(rule_set)
    review = matching.review(rules, placing.facts(rules))
    rows = list(_rows(user, rule_set, review, currency))
    by_pk = {row.pk: row for row in rows}
    overlaps = [
        OverlapRow(_named(by_pk[pair.first]), _named(by_pk[pair.second]), pair.accounts, pair.tied)
        for pair in review.overlaps[:MOST_OVERLAPS]
    ]
    ties = sum(pair.tied for pair in review.overlaps)
    shown: Page[Any] = Paginator(review.unplaced, PAGE_ROWS).get_page(page)
    stands, names = placing.standing(clock.today()), _territories(user)
    moves = [placing.Move(account, stands.get(account), None, None) for account in shown.object_list]
    shown.object_list = accounts_of(user, moves, names)
    everything = [by_pk[pk] for pk in review.catch_all]
    return SetPage(rule_set, rows, overlaps, ties, shown, everything, review.count)


def _rows(user: User, rule_set: RuleSet, review: matching.Review, currency: str) -> Iterable[RuleRow]:
    rules = TerritoryRule.objects.visible_to(user).filter(rule_set=rule_set).select_related("territory", "account")
    for rule in rules.order_by("priority", "pk"):
        counts = (review.placed[rule.pk], review.claimed[rule.pk])
        yield RuleRow(rule.pk, rule.priority, rule.territory.name, words_of(rule, currency), *counts)


def words_of(rule: TerritoryRule, currency: str) -> str:
    """The criteria of a rule in a line."""
    if rule.account:
        return _("account %(name)s") % {"name": rule.account.name}
    said = [text for text in (rule.country, rule.region, rule.industry, rule.segment) if text]
    low, high = rule.postal_from.upper(), rule.postal_to.upper()
    if low or high:
        said.append(_("postal code %(codes)s") % {"codes": low if low == high else f"{low or '…'}–{high or '…'}"})
    if rule.size_from is not None:
        said.append(_("potential from %(amount)s") % {"amount": money_compact(rule.size_from, currency)})
    if rule.size_to is not None:
        said.append(_("potential up to %(amount)s") % {"amount": money_compact(rule.size_to, currency)})
    return ", ".join(said) or _("every account")


def _named(row: RuleRow) -> str:
    return f"{row.priority} · {row.words} → {row.territory}"


def preview(user: User, rule_set: RuleSet, day: date, page: int = 1) -> Preview:
    """Who would move on the day: counts by way, and a page of the list."""
    rules = placing.rules_of(rule_set)
    moves, names = placing.moves(rules, day), _territories(user)
    potential = dict(Account.objects.visible_to(user).exclude(potential=None).values_list("pk", "potential"))
    counts = Counter((move.before, move.after) for move in moves)
    sums: dict[tuple[int | None, int | None], Decimal] = {}
    for move in moves:
        way = (move.before, move.after)
        sums[way] = sums.get(way, ZERO) + (potential.get(move.account) or ZERO)
    ways = [Way(names.get(way[0], ""), names.get(way[1], ""), many, sums[way]) for way, many in counts.most_common()]
    shown: Page[Any] = Paginator(moves, PAGE_ROWS).get_page(page)
    shown.object_list = accounts_of(user, list(shown.object_list), names)
    left_out = sum(many for (_before, after), many in counts.items() if after is None)
    accounts = Account.objects.visible_to(user).count()
    everything = sum(rule.is_bare for rule in rules)
    return Preview(rule_set, day, ways, shown, left_out, everything, accounts - len(moves))


def every_move(user: User, rule_set: RuleSet, day: date) -> list[Found]:
    """The whole list, for a file."""
    return accounts_of(user, placing.moves(placing.rules_of(rule_set), day), _territories(user))


def accounts_of(user: User, moves: Sequence[placing.Move], names: dict[int | None, str]) -> list[Found]:
    """Moves in words, in their order."""
    rows = {}
    for block in chunks([move.account for move in moves]):
        rows.update(Account.objects.visible_to(user).in_bulk(block))
    return [
        Found(row.name, row.external_id, names.get(move.before, ""), names.get(move.after, ""), row.potential)
        for move in moves
        if (row := rows.get(move.account))
    ]


def _territories(user: User) -> dict[int | None, str]:
    return {row.pk: row.name for row in Territory.objects.visible_to(user)}


@dataclass(frozen=True, slots=True)
class SetList:
    sets: Sequence[RuleSet]
    in_force: RuleSet | None
    unplaced: int  # accounts that stand in no territory today
    accounts: int


def set_list(user: User) -> SetList:
    """All sets, and how many accounts stand nowhere today."""
    today = clock.today()
    stands = placing.standing(today)
    accounts = Account.objects.visible_to(user).count()
    sets = RuleSet.objects.visible_to(user).select_related("created_by", "activated_by")
    placed = sum(territory is not None for territory in stands.values())
    return SetList(list(sets), rule_sets.in_force(today), accounts - placed, accounts)
