"""Where people stand in the drawing of the power map."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from territories import power_map
from territories.power_map import Dot


def dot(pk, **fields):
    values = {"name": f"Person {pk}", "role": "decider", "influence": 3, "support": 0, "is_met": True} | fields
    return Dot(pk=pk, **values)


def test_support_goes_right_and_influence_goes_up():
    drawing = power_map.draw([dot(1, support=-2, influence=1), dot(2, support=2, influence=5)], [])
    against, for_us = drawing.marks
    assert against.x < for_us.x
    assert against.y > for_us.y
    assert (against.tone, for_us.tone) == ("against", "for")


def test_unknown_support_stands_apart_at_the_left():
    unknown, neutral = power_map.draw([dot(1, support=None), dot(2, support=-2)], []).marks
    assert unknown.x < power_map.LEFT + power_map.UNKNOWN <= neutral.x
    assert unknown.tone == "open"


def test_a_long_name_is_cut_beside_its_mark_and_whole_in_its_title():
    (mark,) = power_map.draw([dot(1, name="Maximiliane von Hohenstein-Waldburg")], []).marks
    assert len(mark.label) <= power_map.LONGEST
    assert mark.label.endswith("…")
    assert mark.title == "Maximiliane von Hohenstein-Waldburg"


def test_lines_run_to_the_chief_and_from_who_is_listened_to():
    drawing = power_map.draw([dot(1, influence=5), dot(2, influence=2, reports_to=1), dot(3, influence=1)], [(3, 1)])
    chief, informal = drawing.strokes
    assert (chief.is_informal, informal.is_informal) == (False, True)
    assert (chief.x2, chief.y2) == (drawing.marks[0].x, drawing.marks[0].y)
    assert informal.path != f"M{informal.x1} {informal.y1}L{informal.x2} {informal.y2}"


def test_a_line_to_somebody_who_is_not_drawn_is_left_out():
    assert power_map.draw([dot(1, reports_to=9)], [(1, 9)]).strokes == []


@given(st.lists(st.tuples(st.integers(1, 5), st.none() | st.integers(-2, 2)), max_size=40))
def test_no_two_people_stand_on_one_spot_and_all_stand_inside(places):
    dots = [dot(number, influence=row, support=column) for number, (row, column) in enumerate(places)]
    drawing = power_map.draw(dots, [])
    spots = {(mark.x, mark.y) for mark in drawing.marks}
    assert len(spots) == len(dots)
    assert all(0 < mark.x < drawing.width and 0 < mark.y < drawing.bottom for mark in drawing.marks)
    for column in {mark.x for mark in drawing.marks}:
        heights = sorted(mark.y for mark in drawing.marks if mark.x == column)
        assert all(lower - upper >= power_map.LINE for upper, lower in pairwise(heights))
