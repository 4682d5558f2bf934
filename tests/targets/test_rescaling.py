"""Numbers that hang together are scaled, and hang together still, to the minor unit."""

import os
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from targets.rescaling import Branch, columns, fit, prorate, rescale, row, times
from targets.spreading import CannotSpread, percent_of

EXAMPLES = 2_000 if os.environ.get("SPM_CI") == "1" else 200


def grown(random, leaves, depth, key=(0,)):
    """Any tree: a team with people and teams below, some absent at first, some whose number stays."""
    own = tuple(random.choice((0, random.randint(0, 10**7))) for _leaf in range(leaves))
    if not depth:
        return Branch(key, own, stays=random.random() < 0.1)
    below = tuple(grown(random, leaves, depth - 1, (*key, i)) for i in range(random.randint(1, 4)))
    return Branch(key, own, below)


def walk(branch):
    yield branch
    for child in branch.children:
        yield from walk(child)


def free(branch):
    return [child for child in branch.children if not child.stays]


@settings(max_examples=EXAMPLES)
@given(st.integers(), st.integers(1, 13), st.integers(1, 3), st.integers(-100, 300))
def test_growth_scales_every_level_to_the_minor_unit(seed, leaves, depth, percent):
    tree = grown(Random(seed), leaves, depth)
    factor = 1 + Fraction(percent, 100)
    own = row(tree.leaves, times(tree.amount, factor))
    found = rescale(tree, own, factor, {})
    assert sum(found[tree.key]) == round(tree.amount * factor)
    for node in walk(tree):
        if node.key in found and any(child.amount for child in free(node)):
            before = sum(child.amount for child in free(node))
            new = [found[child.key] for child in free(node)]
            assert sum(map(sum, new)) == round(before * factor)
            assert min(min(one) for one in new) >= 0


@settings(max_examples=EXAMPLES)
@given(st.integers(), st.integers(1, 13), st.decimals(-20, 60, places=2))
def test_children_and_over_assignment_reconcile_to_the_parent(seed, leaves, percent):
    tree = grown(Random(seed), leaves, 2)
    over = {node.key: percent for node in walk(tree) if any(child.amount for child in free(node))}
    try:
        found = rescale(tree, tree.leaves, Fraction(1), over)
    except CannotSpread:
        reject()  # what stays is more than there is to give
    for node in walk(tree):
        if node.key in over and node.key in found and any(child.amount for child in free(node)):
            stays = sum(child.amount for child in node.children if child.stays)
            given_on = sum(sum(found[child.key]) for child in free(node)) + stays
            own = sum(found[node.key])
            assert given_on == own + percent_of(own, percent)


@settings(max_examples=EXAMPLES)
@given(st.integers(), st.integers(1, 12), st.integers(1, 13), st.integers(0, 10**9))
def test_a_matrix_is_fitted_to_any_sums_of_rows_and_columns(seed, height, width, total):
    random = Random(seed)
    rows = [[random.randint(1, 10**6) for _column in range(width)] for _row in range(height)]
    years, sums = row([sum(one) for one in rows], total), row([sum(one) for one in zip(*rows, strict=True)], total)
    found = fit(rows, years, sums)
    assert [sum(one) for one in found] == years
    assert [sum(one) for one in zip(*found, strict=True)] == sums
    assert min(min(one) for one in found) >= 0


def test_growth_of_five_percent_by_hand():
    """3,000.00 planned; 3,150.00 given on, 5 % over it; three people, one of whom began in the second half."""
    people = (Branch("a", (50_000, 55_000)), Branch("b", (90_000, 60_000)), Branch("c", (0, 60_000)))
    tree = Branch("plan", (150_000, 150_000), people)
    found = rescale(tree, row(tree.leaves, 315_000), Fraction(105, 100), {})
    assert found == {
        "plan": [157_500, 157_500],
        "a": [52_500, 57_750],
        "b": [94_500, 63_000],
        "c": [0, 63_000],
    }


def test_cents_that_do_not_divide_stay_in_the_row_and_in_the_column():
    tree = Branch("plan", (10, 10), (Branch("a", (3, 4)), Branch("b", (4, 3)), Branch("c", (3, 3))))
    found = rescale(tree, [15, 15], Fraction(3, 2), {})
    assert [sum(found[key]) for key in "abc"] == [11, 10, 9]
    assert [sum(column) for column in zip(*(found[key] for key in "abc"), strict=True)] == [15, 15]


def test_who_was_not_there_yet_gets_nothing_for_that_time():
    assert columns([[0, 50], [100, 50]], [110, 110]) == [[0, 55], [110, 55]]


def test_over_assignment_below_what_stays_is_refused():
    tree = Branch("plan", (100,), (Branch("own", (90,), stays=True), Branch("a", (10,))))
    with pytest.raises(CannotSpread):
        rescale(tree, (100,), Fraction(1), {"plan": Decimal(-20)})


def test_a_negative_plan_is_scaled_period_by_period():
    assert times(-105, Fraction(105, 100)) == -110


def held_at_random(random, branch, own):
    """The same tree with some cells held, at another number now and then."""
    held = {}
    for j, amount in enumerate(branch.leaves):
        if random.random() < 0.2:
            held[j] = random.choice((amount, random.randint(0, 10**5)))
    below = tuple(held_at_random(random, child, own) for child in branch.children)
    return replace(branch, children=below, held={} if branch.key == own else held)


@settings(max_examples=EXAMPLES)
@given(st.integers(), st.integers(1, 13), st.integers(1, 3))
def test_a_changed_total_moves_the_free_cells_alone_and_adds_up(seed, leaves, depth):
    random = Random(seed)
    tree = held_at_random(random, grown(random, leaves, depth), (0,))
    own = [random.choice((amount, random.randint(0, 10**7))) for amount in tree.leaves]
    try:
        found = prorate(tree, own)
    except CannotSpread:
        reject()
    for node in walk(tree):
        new, moved = found[node.key], [j for j in range(leaves) if found[node.key][j] != node.leaves[j]]
        assert min(new) >= 0
        held = [dict(enumerate(child.leaves)) if child.stays else child.held for child in node.children]
        for child, fixed in zip(node.children, held, strict=True):
            for j in range(leaves):
                if j in fixed or j not in moved:
                    assert found[child.key][j] == fixed.get(j, child.leaves[j])
        both = zip(node.children, held, strict=True)
        if any(child.leaves[j] and j not in fixed for child, fixed in both for j in moved):
            below = {j: sum(child.leaves[j] for child in node.children) for j in moved}
            exact = [Fraction(below[j] * new[j], node.leaves[j]) if node.leaves[j] else new[j] for j in moved]
            assert sum(found[child.key][j] for child in node.children for j in moved) == round(sum(exact))


def test_who_begins_in_april_gets_nothing_before_when_the_total_changes():
    reps = (Branch("all year", (100, 100)), Branch("from april", (0, 100)))
    found = prorate(Branch("team", (100, 200), reps), [200, 400])
    assert (found["all year"], found["from april"]) == ([200, 200], [0, 200])


def test_a_team_that_gives_more_than_it_has_goes_on_doing_so():
    reps = (Branch("one", (60,)), Branch("two", (48,)))
    assert prorate(Branch("team", (100,), reps), [200]) == {"team": [200], "one": [120], "two": [96]}


def test_held_cells_above_the_new_total_are_told():
    reps = (Branch("one", (60, 60), held={0: 60, 1: 60}), Branch("two", (40, 40)))
    with pytest.raises(CannotSpread, match="held numbers are more"):
        prorate(Branch("team", (100, 100), reps), [50, 50])


def test_the_cents_of_equal_reps_even_out_over_the_year():
    reps = tuple(Branch(name, (100,) * 12) for name in "abc")
    found = prorate(Branch("team", (300,) * 12, reps), [100] * 12)
    assert [sum(found[name]) for name in "abc"] == [400, 400, 400]
