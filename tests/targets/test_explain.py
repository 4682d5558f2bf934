"""Why a line does not count: the first rule that fails, and sums that equal the tile."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from targets import rollup
from targets.choices import Measure
from targets.curves import Stretch
from targets.explain import Holder, Question, counting, first_failing, left_out
from targets.models import Actual, Attainment, Credit
from tests.builders import make_actual, make_territory

pytestmark = pytest.mark.django_db
YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def person_in(person, first, last):
    return Holder((Stretch(first, last, frozenset({person.pk})),), person=person.pk)


@pytest.fixture
def holder(cast, year):
    return person_in(cast.rep, date(2026, 1, 1), date(2026, 3, 31))


def reason(holder, measure=Measure.REVENUE):
    """{external id: rule} of every line left out."""
    found = left_out(holder, measure, Actual.objects.all(), YEAR)
    return {
        line.external_id: first_failing(Question(line, list(line.credits.all()), holder, measure)).rule
        for line in found
    }


def test_a_line_of_another_day_fails_by_date(cast, holder):
    make_actual(cast.rep, "2026-04-01", external_id="late")
    assert reason(holder) == {"late": "date"}


def test_a_line_of_another_kind_fails_by_measure(cast, holder):
    make_actual(cast.rep, external_id="order", kind="booking")
    assert reason(holder) == {"order": "measure"}


def test_margin_without_a_cost_fails_by_measure(cast, holder):
    make_actual(cast.rep, external_id="costless")
    make_actual(cast.rep, external_id="costed", cost=60)
    assert reason(holder, Measure.MARGIN) == {"costless": "measure"}
    assert sum(row.counts for row in counting(holder, Measure.MARGIN, Credit.objects.all())) == 40


def test_a_territory_the_asker_may_not_read_is_not_named(cast, year):
    land, other = make_territory("Land"), make_territory("Secret")
    line = make_actual(cast.rep, external_id="moved")
    Credit.objects.filter(actual=line).update(territory=other)
    days = Stretch(date(2026, 1, 1), date(2026, 3, 31), None)
    asked = Question(line, list(line.credits.all()), Holder((days,), territories=frozenset({land.pk})), Measure.REVENUE)
    assert "Secret" in first_failing(asked).sentence
    hidden = first_failing(replace(asked, territories={land.pk}))
    assert (hidden.rule, "Secret" in hidden.sentence) == ("territory", False)


def test_a_line_whose_credit_went_elsewhere_fails_by_share(cast, holder):
    line = make_actual(cast.rep, external_id="given-away")
    Credit.objects.filter(actual=line).update(person=cast.outsider)
    assert reason(holder) == {"given-away": "share"}


def test_the_first_rule_that_fails_is_told(cast, holder):
    make_actual(cast.rep, "2026-04-01", external_id="both", kind="booking")
    assert reason(holder) == {"both": "date"}


def test_a_line_of_another_territory_fails_by_territory(cast, year):
    land, other = make_territory("Land"), make_territory("Other")
    make_actual(cast.rep, external_id="here", territory=land)
    line = make_actual(cast.rep, external_id="there", territory=land)
    Credit.objects.filter(actual=line).update(territory=other)
    holder = Holder((Stretch(*YEAR, None),), territories=frozenset({land.pk}))
    assert reason(holder) == {"there": "territory"}


def test_the_counted_credits_sum_to_the_roll_up(cast, holder):
    for i in range(1, 5):
        make_actual(cast.rep, f"2026-0{i}-15", Decimal("10.0001") * i, cost=Decimal("3.3333"))
    rollup.rebuild()
    for measure in (Measure.REVENUE, Measure.MARGIN):
        counted = sum(row.counts for row in counting(holder, measure, Credit.objects.all()))
        rows = Attainment.objects.filter(person=cast.rep, measure=measure, period__label__in=["2026-Q1"])
        assert counted == rows.get().actual
