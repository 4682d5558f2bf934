"""Lines drawn by the server: where points, labels and ticks stand."""

from decimal import Decimal

from spm.ui.lines import BOTTOM, LEFT, RIGHT, TOP, Line, draw

ZERO, ONE, TEN = Decimal(0), Decimal(1), Decimal(10)


def places(drawn):
    return [tuple(map(Decimal, point.split(","))) for point in drawn.points.split()]


def test_a_line_runs_from_the_left_bottom_to_the_right_top():
    drawing = draw([Line("plan", "Plan 10", [(ZERO, ZERO), (ONE, TEN)])], [(Decimal("0.5"), "Q1")], "k€")
    assert places(drawing.lines[0]) == [(LEFT, BOTTOM), (RIGHT, TOP)]
    assert drawing.ticks[0] == (f"{BOTTOM:.1f}", "0")
    assert drawing.spans == ((f"{(LEFT + RIGHT) / 2:.1f}", "Q1"),)
    assert drawing.today == ""


def test_a_stepped_line_runs_level_before_it_rises():
    drawing = draw(
        [Line("actual", "", [(ZERO, ZERO), (ONE, TEN)], is_stepped=True)],
        [],
        "k€",
        ONE,
    )
    assert places(drawing.lines[0]) == [(LEFT, BOTTOM), (RIGHT, BOTTOM), (RIGHT, TOP)]
    assert drawing.today == f"{RIGHT:.1f}"


def test_names_of_lines_that_end_together_stand_apart():
    ends = [
        Line("plan", "A", [(ONE, TEN)]),
        Line("last-year", "B", [(ONE, TEN)]),
        Line("actual", "C", []),
    ]
    drawing = draw(ends, [], "k€")
    assert [line.text for line in drawing.lines] == ["A", "B"]
    assert Decimal(drawing.lines[1].y) - Decimal(drawing.lines[0].y) == 15


def test_amounts_below_nought_have_room():
    drawing = draw([Line("actual", "A", [(ZERO, Decimal(-5)), (ONE, Decimal(5))])], [], "k€")
    assert all(TOP <= y <= BOTTOM for _x, y in places(drawing.lines[0]))
    assert "0" in [text for _y, text in drawing.ticks]


def test_nothing_at_all_is_an_empty_frame():
    assert draw([], [], "k€").lines == ()
