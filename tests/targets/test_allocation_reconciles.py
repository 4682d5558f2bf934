"""By whatever method, over whatever tree and calendar a total is spread: children and over-assignment make the parent.

The whole way of an allocation but the reading and the writing of rows: facts → weights → tree → numbers in the coins of
the company's currency. Trees, holds, ramps, joiners, leavers and policies are drawn from a seed.
"""

import os
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from random import Random

import pytest
from hypothesis import event, given, reject, settings
from hypothesis import strategies as st

from spm.money import minor_unit, spread
from spm.org.models import Period
from spm.org.trees import TeamTree
from spm.periods import CalendarKind, leaves_of
from targets.allocation_facts import Calendar, Facts
from targets.allocation_grid import Rights
from targets.allotting import COMPANY, Allotter, CannotAllocate, Options
from targets.choices import Method, Proration
from targets.goals import of_person, of_team
from targets.last_year import LastYear
from targets.models import CompanyPlan, PlanningCycle
from targets.ramps import Presence, capacity

EXAMPLES = 2_000 if os.environ.get("SPM_CI") == "1" else 200
FIRST = date(2027, 1, 1)
MONTHS, WEEKS_445, THIRTEEN = CalendarKind.MONTHS, CalendarKind.WEEKS_445, CalendarKind.THIRTEEN


class Company:
    """Teams, people, numbers and a year, grown from a seed."""

    def __init__(self, seed, method):
        self.random, self.method = Random(seed), method
        self.currency = self.random.choice(("EUR", "EUR", "JPY", "KWD"))
        self.coin = minor_unit(self.currency)
        self.calendar = self.year()
        self.leaves = self.calendar.leaves
        self.tree = self.teams()
        self.people = range(1, self.random.randint(2, 12))
        self.home = {
            person: self.random.choice(list(self.tree.parent)) for person in self.people if self.random.randrange(9)
        }
        self.lines = self.row(self.random.choice((97, 10**6, 10**11)))
        self.given = self.numbers()
        self.held = self.holds()

    def year(self):
        """Leaf periods, quarters and the year, with a season that may be none, or leave periods out."""
        weeks = self.random.choice((52, 53))
        rows = leaves_of(self.random.choice((MONTHS, MONTHS, WEEKS_445, THIRTEEN)), "2027", FIRST, weeks)
        leaves = tuple(
            Period(
                pk=i, fiscal_year_id=1, number=i, label=str(i), level="month", starts_on=r.starts_on, ends_on=r.ends_on
            )
            for i, r in enumerate(rows, 1)
        )
        spans = [[leaf for leaf, row in zip(leaves, rows, strict=True) if row.quarter == n] for n in range(1, 5)]
        whole = Period(
            pk=100, fiscal_year_id=1, label="2027", level="year", starts_on=FIRST, ends_on=leaves[-1].ends_on
        )
        quarters = tuple(
            Period(pk=100 + n, fiscal_year_id=1, label=f"Q{n}", starts_on=span[0].starts_on, ends_on=span[-1].ends_on)
            for n, span in enumerate(spans, 1)
        )
        weights = {leaf.number: Decimal(self.random.randrange(0, 400)).scaleb(-2) for leaf in leaves}
        season = self.random.choice(({}, weights, weights))
        return Calendar(whole, quarters, leaves, (), "2026", season if any(season.values()) else {})

    def teams(self):
        parent, children = {}, defaultdict(list)
        for team in range(1, self.random.randint(2, 8)):
            above = self.random.choice((None, *parent))
            parent[team] = above
            if above is not None:
                children[above].append(team)
        return TeamTree(parent, {}, {}, dict(children), {})

    def row(self, most):
        """Leaf period → an amount of whole coins."""
        return {leaf.pk: self.random.randint(0, most) * self.coin for leaf in self.leaves}

    def numbers(self):
        """Who has one already: small ones, so that what is held of them fits into what is spread."""
        share = int(sum(self.lines.values()) / self.coin) // (len(self.leaves) * len(self.people) * 4)
        found = {of_person(person): self.row(share) for person in self.people if self.random.randrange(5)}
        for team in self.tree.parent:
            if self.random.randrange(3):
                whole = sum(self.lines.values()) * self.random.randint(5, 12) / 10
                amounts = spread(whole.quantize(self.coin), self.calendar_weights(), self.currency)
                found[of_team(team)] = {leaf.pk: one for leaf, one in zip(self.leaves, amounts, strict=True)}
        return found

    def calendar_weights(self):
        season = self.calendar.season
        return season if any(season) else [1] * len(season)

    def holds(self):
        held = {}
        for person in self.people:
            if not self.random.randrange(4):
                count = self.random.choice((1, 2, len(self.leaves)))
                held[of_person(person)] = frozenset(leaf.pk for leaf in self.random.sample(self.leaves, count))
        return held

    def presence(self):
        first = FIRST + timedelta(days=self.random.randrange(1, 360))
        return self.random.choice((Presence(), Presence(), Presence(first), Presence(None, first)))

    def carries(self):
        """Person → what of a full number they carry: ramp, part of the year, by one policy."""
        policy = self.random.choice(list(Proration))
        found = {}
        for person in self.people:
            there = self.presence()
            steps = [(month, Decimal(self.random.randrange(101))) for month in range(1, self.random.randint(1, 7) + 1)]
            began = self.random.choice((None, there.first, FIRST + timedelta(days=self.random.randrange(300))))
            found[person] = capacity(self.leaves, there, policy, steps, began)
        return found

    def amounts(self):
        return {person: Decimal(self.random.choice((0, 1, self.random.randrange(10**8)))) for person in self.people}

    def facts(self):
        last = {person: LastYear(adjusted=amount) for person, amount in self.amounts().items()}
        return Facts(
            cycle=PlanningCycle(),
            plan=CompanyPlan(),
            measure="bookings",
            currency=self.currency,
            limits=None,
            calendar=self.calendar,
            tree=self.tree,
            team_names={team: f"Team {team}" for team in self.tree.parent},
            people={person: f"Person {person}" for person in self.people},
            home=self.home,
            presence={},
            capacity=self.carries(),
            given=self.given,
            lines=self.lines,
            margins={},
            revision=0,
            held=self.held,
            proposals={},
            last=last,
            left={},
            elapsed=Decimal(1),
            potential=self.amounts(),
        )

    def over(self):
        nodes = (None, *self.tree.parent)
        return {
            node: Decimal(self.random.randrange(-500, 3000)).scaleb(-2)
            for node in nodes
            if not self.random.randrange(3)
        }

    def rights(self):
        """Everything, or all but one person's own number."""
        people = set(self.people) - {self.random.choice((None, None, *self.people))}
        return Rights(people, set(self.tree.parent), set(self.tree.parent))

    def options(self, facts, team):
        shares = {}
        if self.method == Method.MANUAL:
            below = facts.below(team)
            parts = spread(Decimal(100), [self.random.randint(1, 9) for _ in below], "EUR") if below else []
            shares = dict(zip(below, parts, strict=True))
        period = self.random.choice((None, None, *self.calendar.quarters))
        fresh = self.random.randint(10**4, 10**9) * self.coin if team is not None and self.random.randrange(2) else None
        return Options(fresh, period, self.over(), shares, ramp=bool(self.random.randrange(4)))


def percent_of(amount, percent):
    return int((Decimal(amount) * percent / 100).quantize(Decimal(1), ROUND_HALF_EVEN))


def hold_to_the_parent(facts, team, options, found):
    """Compare every node with those below it, walking the tree of the facts and not that of the allotter."""
    waiting, seen = [team], Counter()
    while waiting:
        node = waiting.pop()
        own = found[COMPANY if node is None else of_team(node)]
        children = [found[holder] for holder in facts.below(node)]
        waiting += [int(holder.key) for holder in facts.below(node) if holder.column == "team_id"]
        if not children:
            continue
        seen["parents"] += 1
        seen["lost"] += any(sum(child.lost) for child in children)
        over = percent_of(sum(own.leaves), options.over.get(node, Decimal(0)))
        assert sum(own.over) == over
        assert sum(map(sum, (child.full for child in children))) == sum(own.leaves) + over
        for leaf, (amount, more) in enumerate(zip(own.leaves, own.over, strict=True)):
            assert sum(child.leaves[leaf] + child.lost[leaf] for child in children) == amount + more
    return seen


@pytest.mark.parametrize("method", Method)
def test_children_and_over_assignment_make_the_parent_to_the_coin(method):
    reached = Counter()

    @settings(max_examples=EXAMPLES // len(Method))
    @given(st.integers(0, 2**48))
    def reconciles(seed):
        grown = Company(seed, method)
        facts, rights = grown.facts(), grown.rights()
        team = grown.random.choice((None, *(one for one in grown.tree.parent if facts.people_below(one))))
        options = grown.options(facts, team)
        try:
            allotter = Allotter(facts, method, options, rights)
            found = allotter.below(team)
        except CannotAllocate:
            reached["refused"] += 1
            reject()  # held numbers that do not fit, or nobody to go by: told, not bent
        seen = hold_to_the_parent(facts, team, options, found)
        event(f"{facts.currency}, {len(allotter.leaves)} periods")
        for holder, stays in facts.held.items():
            for place, leaf in enumerate(allotter.leaves):
                if holder in found and leaf.pk in stays:
                    assert found[holder].leaves[place] * grown.coin == facts.given.get(holder, {}).get(leaf.pk, 0)
                    seen["held"] += 1
        assert all(min(one.leaves) >= 0 for one in found.values())
        if options.total is not None:
            assert found[of_team(team)].amount * grown.coin == options.total
        reached.update(name for name, count in seen.items() if count)

    reconciles()
    examples = EXAMPLES // len(Method)
    assert reached["parents"] >= examples  # none of them was an allocation of nothing
    assert reached["held"] >= examples // 5
    assert method == Method.CURRENT or reached["lost"] >= examples // 3
