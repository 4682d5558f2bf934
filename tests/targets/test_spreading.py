"""A total down any tree and over any season: nothing is lost or made, to the minor unit."""

import os
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from targets.spreading import (
    Allotment,
    CannotSpread,
    Capacity,
    Node,
    allot,
    around_held,
    breaches,
    cross,
    divide,
    percent_of,
    walk,
)

EXAMPLES = 2_000 if os.environ.get("SPM_CI") == "1" else 200
EVEN = (1,) * 12

seasons = st.lists(st.integers(0, 50), min_size=1, max_size=13).filter(any)


class Trees:
    """Any tree, grown from a seed: hypothesis draws the seed and the depth, which is ten times as fast as drawing all.

    Persons and teams mixed, some numbers held, some persons not there all year.
    """

    def __init__(self, seed, leaves, total):
        self.random, self.leaves = Random(seed), leaves
        self.fits = 1 + total // (leaves * 40)  # what may be held without taking all there is

    def grow(self, depth, key=(0,)):
        random = self.random
        count = random.randrange(key == (0,), 6) if depth else 0
        children = tuple(self.grow(depth - 1, (*key, number)) for number in range(count))
        weight = Decimal(random.choice((0, 1, 1, random.randrange(10**9)))).scaleb(-random.randrange(3))
        over = Decimal(random.choice((0, 8, random.randrange(-5_000, 10_000)))).scaleb(-2)
        return Node(key, weight, self.held(key), over, None if children else self.capacity(), children)

    def held(self, key):
        if key == (0,) or self.random.randrange(5):
            return {}
        held = self.random.sample(range(self.leaves), self.random.randint(1, self.leaves))
        most = self.random.choice((1, self.fits, self.fits, self.fits, 10**8))
        return {leaf: self.random.randrange(most) for leaf in held}

    def capacity(self):
        if self.random.randrange(3):
            return None
        shares = tuple(Decimal(self.random.randrange(10_001)).scaleb(-4) for _leaf in range(self.leaves))
        return Capacity(shares, self.random.choice((None, shares[0])))


@st.composite
def cases(draw):
    season, seed = draw(seasons), draw(st.integers(0, 2**32))
    amounts = st.sampled_from((10, 10**5, 10**10)).flatmap(lambda most: st.integers(0, most))
    leaves = draw(st.lists(amounts, min_size=len(season), max_size=len(season)))
    return Trees(seed, len(season), sum(leaves)).grow(draw(st.integers(1, 4))), leaves, season


@settings(max_examples=EXAMPLES)
@given(cases())
def test_children_and_over_assignment_reconcile_to_the_parent_for_any_tree(case):
    tree, leaves, season = case
    try:
        found = allot(tree, leaves, season)
    except CannotSpread:
        reject()  # held numbers that do not fit, or nobody to give it to: told, not bent
    assert found[tree.key].full == tuple(leaves)
    assert list(breaches(tree, found)) == []
    for node in walk(tree):
        own = found[node.key]
        assert min(own.leaves) >= 0
        assert {i: own.leaves[i] for i in node.held} == node.held
        if node.children:
            assert sum(own.over) == percent_of(own.amount, node.over_percent)
            assert sum(found[child.key].amount + sum(found[child.key].lost) for child in node.children) == (
                own.amount + percent_of(own.amount, node.over_percent)
            )


@settings(max_examples=200)
@given(cases())
def test_without_held_numbers_and_pads_every_single_period_reconciles(case):
    tree, leaves, season = case
    bare = bared(tree)
    try:
        found = allot(bare, leaves, season)
    except CannotSpread:
        reject()
    for node in walk(bare):
        for i in range(len(leaves) if node.children else 0):
            assert sum(found[child.key].full[i] for child in node.children) == found[node.key].leaves[i]


def bared(node):
    return Node(node.key, node.weight, capacity=node.capacity, children=tuple(map(bared, node.children)))


@settings(max_examples=200)
@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=20), seasons)
def test_a_matrix_has_exactly_the_sums_it_is_given(rows, season):
    total = sum(rows)
    columns = [total // len(season)] * len(season)
    columns[0] += total - sum(columns)
    cells = cross(rows, columns)
    assert [sum(row) for row in cells] == rows
    assert [sum(column) for column in zip(*cells, strict=True)] == columns
    assert min(min(row) for row in cells) >= 0


def person(key, weight=1, **fields):
    return Node(key, Decimal(weight), **fields)


def test_a_hundred_over_three_gives_the_first_the_odd_cent_and_each_month_adds_up():
    found = allot(Node("team", children=(person("a"), person("b"), person("c"))), (833, 833, 834) * 4, EVEN)
    assert [found[key].amount for key in "abc"] == [3334, 3333, 3333]
    assert [sum(found[key].leaves[i] for key in "abc") for i in range(3)] == [833, 833, 834]


def test_a_team_gives_eight_percent_more_than_it_has_and_says_so():
    team = Node("team", over_percent=Decimal(8), children=(person("a", 3), person("b", 1)))
    found = allot(team, (1000,) * 12, EVEN)
    assert (found["a"].amount, found["b"].amount, sum(found["team"].over)) == (9720, 3240, 960)


def test_a_held_year_stays_and_the_rest_is_spread():
    held = person("a", held=dict.fromkeys(range(12), 100))
    found = allot(Node("team", children=(held, person("b"), person("c"))), (400,) * 12, EVEN)
    assert [found[key].amount for key in "abc"] == [1200, 1800, 1800]


def test_a_held_month_stays_and_the_other_months_take_the_rest_of_the_year():
    assert around_held("a", 1200, {0: 650}, EVEN) == (650, *[50] * 11)


def test_a_held_month_above_the_weights_share_stands_and_others_give():
    children = (person("a", 1, held={0: 900}), person("b", 9))
    assert divide("team", 1000, children, 12) == [900, 100]


@pytest.mark.parametrize(
    ("total", "children", "reason"),
    [
        (100, (person("a", held={0: 101}),), "more than the total"),
        (100, (person("a", held={0: 50, 1: 49}),), "less than the total"),
        (100, (person("a", 0), person("b", 0)), "nobody has a weight"),
        (-1, (person("a"),), "negative"),
    ],
)
def test_numbers_that_do_not_fit_are_told(total, children, reason):
    with pytest.raises(CannotSpread, match=reason):
        divide("team", total, children, 2)


def test_a_new_hire_carries_less_and_the_gap_is_lost_capacity_not_a_lower_target():
    ramp = Capacity((Decimal(0), Decimal("0.5"), *[Decimal(1)] * 10))
    found = allot(Node("team", children=(person("new", capacity=ramp), person("old"))), (200,) * 12, EVEN)
    assert found["team"].amount == 2400
    assert found["new"] == Allotment((0, 50, *[100] * 10), (100, 50, *[0] * 10))
    assert found["old"].amount == 1200


def test_by_days_the_year_is_cut_first_and_then_spread_over_the_season_that_is_left():
    from_july = Capacity((Decimal(0),) * 6 + (Decimal(1),) * 6, whole=Decimal("0.5"))
    team = Node("team", children=(person("new", capacity=from_july),))
    found = allot(team, (10,) * 6 + (190,) * 6, (1,) * 6 + (19,) * 6)
    assert found["new"].leaves == (0,) * 6 + (100,) * 6
