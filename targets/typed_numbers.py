"""What somebody typed into the grid of an allocation, and what moves with it.

A number of several leaf periods falls on them in their present proportions, beside those that are held. A changed total
of a team moves everybody below it in the same way (ux.md, Targets; ``rescaling.prorate``); what was typed beside it
stays as typed. A total that moves numbers which stand already is shown before it is written.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.money import ZERO
from spm.org.models import Period, User
from spm.org.scopes import history_of, scope_of
from targets import access, allocation, rescaling
from targets.allocation_facts import Facts, read_facts
from targets.allocation_grid import Rights, Sheet
from targets.allocation_preview import CellChange, Preview, preview_of
from targets.allotting import told
from targets.choices import BatchKind, Method
from targets.goals import MODEL_OF, Goal, HeldNumber, Holder, of_team, refuse_amount
from targets.models import CompanyPlan, GoalBatch, PlanningCycle
from targets.rescaling import Branch
from targets.spreading import CannotSpread, around_held

type Cells = dict[Holder, dict[int, Decimal | None]]
"""Holder → leaf period → what it becomes; None takes it away."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What is to be written. ``moves_below``: of teams, the numbers of others move with their totals.

    ``is_total``: numbers that stand already move with a total, so it is to be looked at first.
    """

    preview: Preview
    moves_below: bool
    is_total: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where it was typed. ``team`` None: the grid of the company."""

    plan: CompanyPlan
    cycle: PlanningCycle
    measure: str
    team: int | None
    by: User


def read(place: Place, goals: Sequence[Goal], *, below: bool = True) -> Typed:
    """What writing these numbers of people and teams changes; without ``below`` the totals of teams move nobody.

    Raises HeldNumber, BadAmount, RuleViolation for a period given twice, and CannotAllocate, which names the team,
    where the held numbers do not allow it.
    """
    facts = read_facts(place.plan, place.cycle, place.measure, history_of(place.by))
    typed = _typed(facts, goals)
    moved = _moved(facts, _rights(facts, place.by), typed) if below else {}
    cells = [*_changes(facts, typed), *_changes(facts, moved)]
    order = {holder: place for place, holder in enumerate(_in_order(facts, None))}
    cells.sort(key=lambda cell: order.get(cell.holder, len(order)))
    node = None if place.team is None else of_team(place.team)
    spread = {goal.holder for goal in goals if goal.period == facts.calendar.year}
    return Typed(
        preview=preview_of(facts, scope_of(place.by), node, Method.CURRENT, cells),
        moves_below=bool(moved),
        is_total=bool(moved) or any(cell.before is not None for cell in cells if cell.holder in spread),
    )


def write(typed: Typed, place: Place, *, kind: BatchKind, reason: str = "", seen: int | str | None = None) -> GoalBatch:
    """Write it as one batch. Raises what ``allocation.write_cells`` raises."""
    goals = [
        (MODEL_OF[cell.holder.column], Goal(cell.holder, place.measure, cell.period, cell.after))
        for cell in typed.preview.cells
    ]
    kind = BatchKind.SPREAD if typed.moves_below else kind
    return allocation.write_cells(place.plan, goals, by=place.by, kind=kind, reason=reason, seen=seen)


# What was typed


def _typed(facts: Facts, goals: Iterable[Goal]) -> Cells:
    found: Cells = {}
    for goal in goals:
        own, parts = found.setdefault(goal.holder, {}), _parts(facts, goal)
        if own.keys() & parts.keys():
            words = {"period": goal.period.label}
            raise RuleViolation(_("%(period)s is given twice: as itself, or within its quarter or year.") % words)
        own |= parts
    return found


def _parts(facts: Facts, goal: Goal) -> dict[int, Decimal | None]:
    """The leaf periods of a number that may move."""
    leaves, given = facts.calendar.leaves_in(goal.period), facts.given.get(goal.holder, {})
    stays = facts.stays(goal.holder)
    free = [leaf for leaf in leaves if leaf.pk not in stays]
    now = [given.get(leaf.pk, ZERO) for leaf in leaves]
    if goal.holder.column == "team_id" and given and not given.keys() >= {leaf.pk for leaf in leaves}:
        sheet = Sheet(facts, leaves)  # what stands below counts where the team has no target of its own
        now = [sheet.amount(goal.holder, leaf) or ZERO for leaf in leaves]
    differs = goal.amount != (sum(now, ZERO) if given else None)
    if differs and not free and any(leaf.pk in facts.held.get(goal.holder, ()) for leaf in leaves):
        raise HeldNumber(_("%(period)s is held. Release it to change it.") % {"period": goal.period.label})
    if goal.amount is None:
        return {leaf.pk: None for leaf in free}
    refuse_amount(goal.amount, facts.currency)
    held = {i: _minor(facts, now[i]) for i, leaf in enumerate(leaves) if leaf.pk in stays}
    moving = [amount for leaf, amount in zip(leaves, now, strict=True) if leaf.pk not in stays]
    weights = now if any(moving) else _season(facts, leaves)
    try:
        row = around_held(goal.holder, _minor(facts, goal.amount), held, weights)
    except CannotSpread as error:
        raise told(facts, error) from error
    return {leaf.pk: row[i] * facts.coin for i, leaf in enumerate(leaves) if i not in held}


def _season(facts: Facts, leaves: Sequence[Period]) -> list[Decimal]:
    weights = dict(zip((leaf.pk for leaf in facts.calendar.leaves), facts.calendar.season, strict=True))
    season = [weights[leaf.pk] for leaf in leaves]
    return season if any(season) else [Decimal(1)] * len(season)


def _minor(facts: Facts, amount: Decimal) -> int:
    return int(amount / facts.coin)


# What moves with it


def _rights(facts: Facts, by: User) -> Rights:
    teams = set(facts.tree.parent)
    return Rights(access.numbers_of(by, facts.people), access.targets_of(by, teams), access.spreads_of(by, teams))


def _moved(facts: Facts, rights: Rights, typed: Cells) -> Cells:
    """What becomes of everybody below the teams whose total was typed."""
    teams = {int(holder.key) for holder in typed if holder.column == "team_id"}
    tops = [team for team in sorted(teams) if not teams & set(facts.tree.ancestors(team)[1:])]
    forest = _Forest(facts, rights, typed)
    found: dict[Hashable, list[int]] = {}
    for team in tops:
        try:
            found |= rescaling.prorate(*forest.root(of_team(team)))
        except CannotSpread as error:
            raise told(facts, error) from error
    return {
        holder: moved
        for holder, row in found.items()
        if isinstance(holder, Holder) and facts.given.get(holder) and (moved := forest.moved(holder, row))
    }


class _Forest:
    """The numbers below the teams whose totals were typed, as ``rescaling`` takes them."""

    def __init__(self, facts: Facts, rights: Rights, typed: Mapping[Holder, Mapping[int, Decimal | None]]) -> None:
        self.facts, self.rights, self.typed = facts, rights, typed
        self.leaves = facts.calendar.leaves
        self.sheet = Sheet(facts, self.leaves)

    def root(self, holder: Holder) -> tuple[Branch, list[int]]:
        """The branch of a team, and its number as it was typed; where it was taken away, nothing moves below."""
        branch, typed = self._branch(holder), self.typed[holder]
        new = [
            now if (amount := typed.get(leaf.pk)) is None else self._minor(amount) for leaf, now in self._now(branch)
        ]
        return branch, new

    def _now(self, branch: Branch) -> Iterator[tuple[Period, int]]:
        return zip(self.leaves, branch.leaves, strict=True)

    def _branch(self, holder: Holder) -> Branch:
        now = [self._minor(self.sheet.amount(holder, leaf)) for leaf in self.leaves]
        if not self._may_move(holder):
            return Branch(holder, tuple(now), stays=True)
        stays = self.facts.stays(holder) if self.facts.given.get(holder) else frozenset()
        held = {i: now[i] for i, leaf in enumerate(self.leaves) if leaf.pk in stays}
        is_team, own = holder.column == "team_id", self.typed.get(holder, {})
        for i, leaf in enumerate(self.leaves):
            if leaf.pk in own:
                held[i] = now[i] if is_team and own[leaf.pk] is None else self._minor(own[leaf.pk])
        below = self.facts.below(int(holder.key)) if is_team else []
        return Branch(holder, tuple(now), tuple(self._branch(child) for child in below), held=held)

    def _may_move(self, holder: Holder) -> bool:
        if holder.column == "person_id":
            return self.rights.may_set(holder)
        has_target = bool(self.facts.given.get(holder))
        return holder.key in self.rights.spreads and (self.rights.may_set(holder) or not has_target)

    def moved(self, holder: Holder, row: Sequence[int]) -> dict[int, Decimal | None]:
        """The leaf periods that change and were not typed; a team without a target in one has none there after it."""
        given, typed = self.facts.given.get(holder, {}), self.typed.get(holder, {})
        is_person = holder.column == "person_id"
        return {
            leaf.pk: amount * self.facts.coin
            for leaf, amount in zip(self.leaves, row, strict=True)
            if leaf.pk not in typed and amount != self._minor(given.get(leaf.pk)) and (is_person or leaf.pk in given)
        }

    def _minor(self, amount: Decimal | None) -> int:
        return _minor(self.facts, amount or ZERO)


# Cells


def _changes(facts: Facts, cells: Cells) -> Iterator[CellChange]:
    for holder, own in cells.items():
        given = facts.given.get(holder, {})
        for leaf in facts.calendar.leaves:
            if leaf.pk in own and own[leaf.pk] != given.get(leaf.pk):
                yield CellChange(holder, leaf, given.get(leaf.pk), own[leaf.pk])


def _in_order(facts: Facts, team: int | None) -> Iterator[Holder]:
    """Everybody as the page lists them."""
    for holder in facts.below(team):
        yield holder
        if holder.column == "team_id":
            yield from _in_order(facts, int(holder.key))
