"""From facts to a tree for ``spreading``, and back: who gets how much by which method, what stays, what is lost."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.money import ZERO
from spm.org.models import Period
from targets.allocation_facts import Facts
from targets.allocation_grid import Rights, Sheet
from targets.choices import Method
from targets.goals import Holder, of_person, of_team, refuse_amount
from targets.spreading import (
    HELD_TOO_LITTLE,
    HELD_TOO_MUCH,
    HUNDRED,
    NEGATIVE,
    Allotment,
    CannotSpread,
    Capacity,
    Key,
    Node,
    allot,
    around_held,
)

COMPANY = Holder("company", "")
"""The key of the whole company in a tree."""


class CannotAllocate(RuleViolation):
    """The total, the held numbers or the method do not allow it; the message names the team."""


@dataclass(frozen=True, slots=True)
class Options:
    """``total``: the node's new number, None keeps it. ``period``: what is spread, None: the year.

    ``over``: percent that a team (None: the company) gives to its children beyond its own number. ``shares``: percent
    of each direct child, for the manual method; they add up to 100. ``ramp``: lower quotas by capacity.
    """

    total: Decimal | None = None
    period: Period | None = None
    over: Mapping[int | None, Decimal] = field(default_factory=dict)
    shares: Mapping[Holder, Decimal] = field(default_factory=dict)
    ramp: bool = True


class Allotter:
    """One spread of one measure: the weights, the tree, the result in minor units per leaf period.

    What is not within ``rights`` stays as it is: people, targets, and teams with everybody below them.
    """

    def __init__(self, facts: Facts, method: Method, options: Options, rights: Rights) -> None:
        self.facts, self.method, self.options, self.rights = facts, method, options, rights
        calendar = facts.calendar
        period = options.period or calendar.year
        if period not in calendar:
            words = {"period": period.label, "year": calendar.year.label}
            raise CannotAllocate(_("The period %(period)s is not part of the fiscal year %(year)s.") % words)
        self.leaves = calendar.leaves_in(period)
        weights = dict(zip(calendar.leaves, calendar.season, strict=True))
        season = [weights[leaf] for leaf in self.leaves]
        self.season = season if any(season) else [Decimal(1)] * len(season)
        self.whole_year = period.pk == calendar.year.pk
        self.weights: dict[Holder, Decimal] = {}
        for over in options.over.values():
            if not over.is_finite() or not -HUNDRED <= over <= HUNDRED * 10:
                raise CannotAllocate(_("An over-assignment lies between −100 % and 1,000 %."))
        if options.total is not None:
            refuse_amount(options.total, facts.currency)

    # Results

    def below(self, team: int | None) -> dict[Key, Allotment]:
        """What everybody below a team, or the company, gets; the node's own number among it."""
        self._weigh(team)
        node = self._node(team)
        try:
            return allot(node, self._own(team, node), self.season)
        except CannotSpread as error:
            raise self._told(error) from error

    def of_one(self, holder: Holder) -> Allotment:
        """A new total of one person over the leaf periods, in the proportions of now, else by season."""
        if self.options.total is None:
            raise CannotAllocate(_("Say which total is to be spread."))
        return Allotment(self._row(holder, self.options.total), (0,) * len(self.leaves))

    # The tree

    def _node(self, team: int | None) -> Node:
        children = []
        for holder in self.facts.below(team):
            if holder.column == "team_id":
                child = self._team(holder)
            else:
                child = Node(holder, held=self._held(holder), capacity=self._capacity(int(holder.key)))
            weight = self.weights[holder]
            children.append(replace(child, weight=weight))
        key = COMPANY if team is None else of_team(team)
        return Node(key, over_percent=self.options.over.get(team, ZERO), children=tuple(children))

    def _team(self, holder: Holder) -> Node:
        """A team below with what stands below it; one that is not the user's to spread is a number that stays."""
        if int(holder.key) in self.rights.spreads:
            return replace(self._node(int(holder.key)), held=self._held(holder))
        sheet = Sheet(self.facts, self.leaves)
        amounts = [sheet.amount(holder, leaf) or ZERO for leaf in self.leaves]
        return Node(holder, held={i: self.minor(amount) for i, amount in enumerate(amounts)})

    def _capacity(self, person: int) -> Capacity | None:
        # Present numbers carry it already.
        lowers = self.options.ramp and self.method != Method.CURRENT
        found = self.facts.capacity.get(person) if lowers else None
        if found is None or found.is_full:
            return None
        shares = dict(zip((leaf.pk for leaf in self.facts.calendar.leaves), found.shares, strict=True))
        part = tuple(shares[leaf.pk] for leaf in self.leaves)
        return Capacity(part, found.whole if self.whole_year else None)

    def _held(self, holder: Holder) -> dict[int, int]:
        """Leaf index → the number that stays: held, closed, or not the user's to set, as one's own quota is.

        A team without a target has none that could stay.
        """
        given = self.facts.given.get(holder, {})
        if self.rights.may_set(holder) or (holder.column == "team_id" and not given):
            stays = self.facts.stays(holder)
        else:
            stays = frozenset(leaf.pk for leaf in self.leaves)
        stays = stays & given.keys() if holder.column == "team_id" and given else stays
        return {i: self.minor(given.get(leaf.pk, ZERO)) for i, leaf in enumerate(self.leaves) if leaf.pk in stays}

    def _own(self, team: int | None, node: Node) -> tuple[int, ...]:
        """The node's number per leaf period: as it stands, or the new total."""
        if team is None:
            if self.options.total is not None:
                raise CannotAllocate(_("The number of the company is set in the company plan."))
            given, now = self.facts.lines, [self.facts.lines.get(leaf.pk, ZERO) for leaf in self.leaves]
        else:
            if self.options.total is not None:
                return self._row(of_team(team), self.options.total)
            given, now = self.facts.given.get(of_team(team), {}), self._now(of_team(team))
        if not given:
            raise CannotAllocate(_("%(name)s has no number to spread yet.") % {"name": self._name(node.key)})
        return tuple(self.minor(amount) for amount in now)

    def _now(self, holder: Holder) -> list[Decimal]:
        """The number of each leaf period, 0 where there is none; of a team that was given nothing at all: zeros."""
        if not self.facts.given.get(holder):
            return [ZERO] * len(self.leaves)
        sheet = Sheet(self.facts, self.leaves)
        return [sheet.amount(holder, leaf) or ZERO for leaf in self.leaves]

    def _row(self, holder: Holder, total: Decimal) -> tuple[int, ...]:
        now = self._now(holder)
        try:
            return around_held(holder, self.minor(total), self._held(holder), now if any(now) else self.season)
        except CannotSpread as error:
            raise self._told(error) from error

    # Weights

    def _weigh(self, team: int | None) -> None:
        """Weights of everybody below; those of a team are the sum of its own. Manual shares count one level down."""
        children = self.facts.below(team)
        for holder in children:
            self._weigh_one(holder)
        if self.method == Method.MANUAL:
            shares = {holder: self.options.shares.get(holder, ZERO) for holder in children}
            total = sum(self.options.shares.values(), ZERO)
            if total != HUNDRED or set(self.options.shares) - set(shares) or min(shares.values(), default=ZERO) < 0:
                raise CannotAllocate(
                    _("The shares of those directly below add up to %(total)s, not to 100.") % {"total": total}
                )
            self.weights |= shares

    def _weigh_one(self, holder: Holder) -> Decimal:
        if holder.column == "team_id":
            below = [self._weigh_one(child) for child in self.facts.below(int(holder.key))]
            own = self.facts.amount(holder) if self.method in (Method.CURRENT, Method.MANUAL) else None
            self.weights[holder] = sum(below, ZERO) if own is None else own
        else:
            self.weights[holder] = self._weight(int(holder.key))
        return self.weights[holder]

    def _weight(self, person: int) -> Decimal:
        if self.method == Method.EVEN:
            return Decimal(1)
        if self.method == Method.POTENTIAL:
            return max(self.facts.potential.get(person, ZERO), ZERO)
        if self.method == Method.LAST_YEAR:
            last = self.facts.last.get(person)
            return max(last.adjusted, ZERO) if last else ZERO
        return self.facts.amount(of_person(person)) or ZERO

    def _told(self, error: CannotSpread) -> CannotAllocate:
        return told(self.facts, error, self.method)

    def _name(self, key: Key) -> str:
        return _name(self.facts, key)

    def minor(self, amount: Decimal) -> int:
        return int(amount / self.facts.coin)


def told(facts: Facts, error: CannotSpread, method: Method = Method.CURRENT) -> CannotAllocate:
    """What does not work out, with the name of the team or person concerned."""
    words = {"name": _name(facts, error.key), "method": method.label}
    if error.reason == HELD_TOO_MUCH:
        return CannotAllocate(_("%(name)s: the held numbers are more than there is to spread.") % words)
    if error.reason == HELD_TOO_LITTLE:
        return CannotAllocate(_("%(name)s: there is nobody, and no period, left to give the rest to.") % words)
    if error.reason == NEGATIVE:
        return CannotAllocate(_("%(name)s: a number below zero is not spread over people and teams.") % words)
    return CannotAllocate(_("%(name)s: nobody there has a number to go by for “%(method)s”.") % words)


def _name(facts: Facts, key: Key) -> str:
    if not isinstance(key, Holder) or key == COMPANY:
        return _("Whole company")
    names = facts.team_names if key.column == "team_id" else facts.people
    return names.get(int(key.key), "")
