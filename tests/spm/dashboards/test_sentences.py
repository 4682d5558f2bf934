"""The leading sentence of each state."""

from dataclasses import replace
from decimal import Decimal

import pytest

from spm.dashboards.figures import Figures
from spm.dashboards.sentences import Named, Situation, about_rep, explaining, left_words, opening, second, to_rep
from targets.choices import Measure

NBSP = "\u00a0"


def at(actual=0, quota=None, expected=0, plan=None, plan_expected=0, **more):
    known = {"before": None, "recent": None, "months_left": Decimal("3.4"), "days_left": 104, "is_over": False} | more
    amounts = [None if value is None else Decimal(value) for value in (actual, quota, expected, plan, plan_expected)]
    return Figures(*amounts, **known)


def situation(figures, **more):
    values = {"name": "South", "period": "Year 2026", "measure": Measure.BOOKINGS, "currency": "EUR"}
    return Situation(figures=figures, **(values | {"is_over": False, "has_begun": True} | more))


def plain(text):
    return text.replace(NBSP, " ")


@pytest.mark.parametrize(
    ("figures", "more", "sentence"),
    [
        (at(), {}, "Nothing to show for Year 2026 yet: no quotas and no actuals"),
        (at(5000), {}, "€5 k booked in Year 2026; no quota is set, so there is no pace"),
        (at(0, 9000), {"has_begun": False}, "Year 2026 has not begun; €9 k of quota lies ahead"),
        (at(0, 9000, 4000), {}, "Nothing booked in Year 2026 so far; €4 k was expected by now"),
        (at(500, 9000, 900), {}, "Early: €500 booked with 10 % of Year 2026 behind us"),
        (at(8000, 10000, 6000), {}, "South is €2 k ahead of quota pace"),
        (at(4000, 10000, 6000), {}, "South is €2 k behind quota pace"),
        (at(9000, 10000, 10000), {"is_over": True}, "South ended Year 2026 at 90 % of quota, €1 k short"),
        (at(11000, 10000, 10000), {"is_over": True}, "South ended Year 2026 at 110 % of quota, €1 k above"),
    ],
)
def test_each_state_has_its_sentence(figures, more, sentence):
    assert plain(opening(situation(figures, **more))) == sentence


def test_the_cushion_is_named_when_the_plan_is_kept_but_the_quota_is_not():
    figures = at(33_228_720, 55_100_000, 34_713_000, 52_000_000, 32_760_000)
    groups = [Named("North", at(14, 20, 13)), Named("South", at(9_916_830, 18_500_000, 11_655_000))]
    text = plain(opening(situation(figures, is_company=True, groups=groups)))
    assert text == "101 % of plan pace but 96 % of quota pace: the 6 % cushion hides South, €1.74 M behind"


def test_few_people_explain_most_of_a_gap():
    people = [Named(str(i), at(1000 - gap, 2000, 1000)) for i, gap in enumerate((60, 25, 10, 5))]
    assert explaining(people, Decimal(-100)) == (2, Decimal("0.85"))
    text = plain(opening(situation(at(3900, 8000, 4000), people=people)))
    assert text == "South is €100 behind quota pace; 2 of 4 reps explain 85 % of it"


def test_who_makes_more_than_the_gap_explains_all_of_it():
    people = [Named(str(i), at(1000 - gap, 2000, 1000)) for i, gap in enumerate((60, 60, -20))]
    text = plain(opening(situation(at(2900, 6000, 3000), people=people)))
    assert text == "South is €100 behind quota pace; 2 of 3 reps explain all of it"


def test_the_second_line_counts_who_is_at_pace():
    people = [Named("A", at(10, 20, 10)), Named("B", at(9, 20, 10))]
    assert second(situation(at(19, 40, 20), people=people)) == "1 of 2 reps is at or above pace."


def test_a_rep_reads_what_is_to_go_and_a_manager_what_is_behind():
    figures = replace(at(588_000, 1_000_000, 600_000), recent=Decimal(103_000))
    assert plain(to_rep(situation(figures))) == (
        "€412 k to go: €121 k a month needed, your last three months averaged €103 k"
    )
    assert plain(about_rep(situation(figures), "Mar")) == (
        "€12 k behind pace and falling since Mar; €121 k a month needed, the last three averaged €103 k"
    )


def test_a_reached_quota_asks_for_nothing_more():
    assert plain(to_rep(situation(at(1200, 1000, 600)))) == "You have reached your quota: €1 k booked"


def test_in_the_last_month_the_words_are_what_is_left_and_the_days():
    late = at(9000, 10000, 9800, months_left=Decimal("0.4"), days_left=12, recent=Decimal(800))
    assert plain(to_rep(situation(late))) == "€1 k to go in 12 days, your last three months averaged €800"
    assert plain(about_rep(situation(late))) == "€800 behind pace; €1 k to go in 12 days"
    assert plain(left_words(replace(late, months_left=Decimal(1)), "EUR")) == "€1 k a month needed"
    last = replace(late, months_left=Decimal(0), days_left=0)
    assert plain(left_words(last, "EUR")) == "€1 k to go on the last day"
    assert left_words(replace(last, is_over=True), "EUR") == ""
