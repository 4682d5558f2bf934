"""Rectangles of a tree map: areas as the sizes, nothing outside the box, nothing on top of anything."""

from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spm.ui.treemap import PHONE, WIDE, Rect, draw, squarify

SIZES = st.lists(st.integers(1, 10_000_000), min_size=1, max_size=40)
SLACK = Decimal("0.000001")


def overlap(one: Rect, other: Rect) -> bool:
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return across > SLACK and down > SLACK


@given(SIZES)
def test_areas_are_as_the_sizes_inside_the_box_and_apart(sizes):
    box = Rect(Decimal(0), Decimal(0), Decimal(1100), Decimal(320))
    sizes = [Decimal(size) for size in sorted(sizes, reverse=True)]
    rects = squarify(sizes, box)
    for size, rect in zip(sizes, rects, strict=True):
        assert abs(rect.width * rect.height - size * box.width * box.height / sum(sizes)) < Decimal("0.01")
        assert rect.x >= -SLACK
        assert rect.x + rect.width <= box.width + SLACK
        assert rect.y >= -SLACK
        assert rect.y + rect.height <= box.height + SLACK
    assert not any(overlap(one, other) for one, other in combinations(rects, 2))


def test_equal_sizes_give_nearly_square_tiles():
    rects = squarify([Decimal(1)] * 12, Rect(Decimal(0), Decimal(0), Decimal(400), Decimal(300)))
    assert all(Decimal("0.5") < rect.width / rect.height < 2 for rect in rects)


def test_what_is_nothing_has_no_tile_and_the_others_keep_their_place():
    tiles = draw([Decimal(0), Decimal(5), Decimal(9)], [("A", ""), ("B", "80 %"), ("C", "")], WIDE)
    assert [(tile.index, tile.name, tile.note) for tile in tiles] == [(1, "B", "80 %"), (2, "C", "")]
    assert draw([], [], PHONE) == draw([Decimal(0)], [("A", "")], WIDE) == []


@pytest.mark.parametrize(("many", "shown"), [(1, "Norway and Denmark"), (24, "Norway …"), (400, "")])
def test_a_name_is_cut_to_its_tile_or_left_out(many, shown):
    tiles = draw([Decimal(1)] * many, [("Norway and Denmark", "")] * many, PHONE)
    assert {tile.name for tile in tiles} == {shown}
