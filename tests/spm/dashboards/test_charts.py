"""Where names stand in the drawing of pacing."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from spm.dashboards.charts import STRONG, _end_labels, _ends_with, scale_for
from spm.dashboards.pacing import Pacing
from spm.dashboards.periods import Leaf, Window

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
WINDOW = Window((Leaf(1, 1, "2026", FIRST, LAST, 1, 1, "open", 365, 365, True),), (), (), (), ())


def pacing_to(day):
    return Pacing([(LAST, Decimal(100))], False, [], [(day, Decimal(99))], None)


def test_names_at_the_end_stand_clear_of_each_other_and_the_actual_is_strong():
    thin, thick = {"width": 2}, {"width": 3}
    lines = [
        ("Quota", [(LAST, Decimal(100))], thin),
        ("Last year", [(LAST, Decimal(98))], thin),
        ("Actual", [(LAST - timedelta(days=3), Decimal(99))], thick),
    ]
    labels = _end_labels(lines, scale_for(Decimal(100), "EUR"))
    heights = sorted(label["y"] for label in labels)
    assert all(high - low >= Decimal("7.5") for low, high in zip(heights, heights[1:], strict=False))
    assert {label["x"] for label in labels} == {LAST}
    assert [label["text"].split()[0] for label in labels if label["font"] == STRONG] == ["Actual"]


@pytest.mark.parametrize(("days", "near"), [(0, True), (20, True), (40, False)])
def test_the_actual_is_named_among_them_where_it_ends_near_to_the_end(days, near):
    assert _ends_with(pacing_to(LAST - timedelta(days=days)), WINDOW) is near


def test_a_period_without_an_actual_names_none():
    assert not _ends_with(Pacing([(LAST, Decimal(100))], False, [], [], None), WINDOW)
