"""Why a line does not count: the first rule that fails, and sums that equal the tile."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from spm.imports import batches
from spm.org.choices import PeriodState
from spm.org.models import Period
from targets import closing, rollup
from targets.choices import Measure, Rule
from targets.curves import Stretch
from targets.explain import Holder, Question, Verdict, counting, failing, first_failing, left_out
from targets.models import Actual, Attainment, Credit
from targets.unloaded import unloaded
from tests.builders import make_actual, make_territory
from tests.spm.imports_help import load, upload

pytestmark = pytest.mark.django_db
YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def person_in(person, first, last):
    return Holder((Stretch(first, last, frozenset({person.pk})),), person=person.pk)


@pytest.fixture
def holder(cast, year):
    return person_in(cast.rep, date(2026, 1, 1), date(2026, 3, 31))


def reason(holder, measure=Measure.REVENUE):
    """{external id: rule} of every line left out; the filter of each rule finds the same lines."""
    found = left_out(holder, measure, Actual.objects.all(), YEAR)
    told = {
        line.external_id: first_failing(Question(line, list(line.credits.all()), holder, measure)).rule
        for line in found
    }
    for rule in Rule:
        filtered = {line.external_id for line in failing(rule, holder, measure, found)}
        assert filtered == {line for line, first in told.items() if first == rule}
    return told


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
    hidden = first_failing(replace(asked, territories={land.pk: "Land"}))
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


def test_a_part_that_passes_one_rule_does_not_speak_for_another_part_in_the_next(cast, year):
    """Within Land there is overlay credit alone, or a colleague's alone: whose it is is asked of the parts in Land."""
    land, other = make_territory("Land"), make_territory("Other")
    line = make_actual(cast.rep, external_id="shared", territory=other)
    Credit.objects.filter(actual=line).update(territory=other)
    (whole,) = line.credits.all()
    part = {"actual": line, "date": line.date, "kind": line.kind, "amount": 50, "share": Decimal("0.5")}
    Credit.objects.create(person=cast.teammate, territory=land, is_overlay=True, **part)
    within = Holder((Stretch(*YEAR, None),), territories=frozenset({land.pk}))
    told = first_failing(Question(line, list(line.credits.all()), within, Measure.REVENUE))
    assert told == Verdict("share", "Overlay credit counts for the person alone, not for the whole.")
    own = Holder((Stretch(*YEAR, frozenset({cast.rep.pk})),), cast.rep.pk, frozenset({land.pk}))
    told = first_failing(Question(line, list(line.credits.all()), own, Measure.REVENUE))
    assert told == Verdict("share", "Its whole credit is with others.")
    assert whole.territory_id == other.pk


# Rows that are no lines yet

FILE = "external_id,kind,date,email,amount,cost,currency\n"


def waiting(holder, user, measure=Measure.REVENUE, territories=None):
    """{external id: (rule, sentence)} of every row of a file that is no line yet."""
    rows = unloaded(user, leaves(), holder.everybody, holder.territories)
    verdicts = {row.external_id: first_failing(Question(row, [], holder, measure, territories)) for row in rows}
    return {number: (verdict.rule, verdict.sentence) for number, verdict in verdicts.items()}


def leaves():
    return list(Period.objects.leaves().order_by("starts_on"))


def close(label, state=PeriodState.CLOSED):
    Period.objects.filter(label=label).update(state=state)


def row(number, person, day="2026-01-15", kind="revenue", amount=100, cost="", currency=""):
    return f"{number},{kind},{day},{person.email},{amount},{cost},{currency}\n"


@pytest.mark.parametrize("state", [PeriodState.CLOSED, PeriodState.SOFT_CLOSED])
def test_a_parked_row_fails_by_the_state_of_its_period(cast, holder, state):
    close("2026-01", state)
    load("actuals", FILE + row("late", cast.rep), filename="crm.csv")
    told = "Row 2 of crm.csv waits: 2026-01 is closed for new lines."
    assert waiting(holder, cast.admin) == {"late": ("period", told)}
    closing.reopen(Period.objects.get(label="2026-01"), by=cast.admin, reason="Late rows")
    ((rule, told),) = waiting(holder, cast.admin).values()
    assert (rule, "it is open again: load the file anew." in told) == ("period", True)


def test_a_row_without_a_rate_fails_by_the_rate(cast, holder):
    batch = load("actuals", FILE + row("dollars", cast.rep, currency="USD"), filename="crm.csv")
    assert batch.state == "refused"
    told = "Row 2 of crm.csv was refused: no rate for USD is in force on 15 Jan 2026."
    assert waiting(holder, cast.admin) == {"dollars": ("rate", told)}


def test_a_row_that_waits_fails_by_an_earlier_rule_first(cast, year):
    holder = person_in(cast.rep, date(2026, 2, 1), date(2026, 3, 31))
    for month in ("2026-01", "2026-02"):
        close(month)
    rows = (
        row("early", cast.rep),
        row("order", cast.rep, "2026-02-15", kind="booking"),
        row("costless", cast.rep, "2026-02-15"),
        row("sound", cast.rep, "2026-02-15", cost=60),
    )
    load("actuals", FILE + "".join(rows))
    found = {number: rule for number, (rule, _told) in waiting(holder, cast.admin, Measure.MARGIN).items()}
    assert found == {"early": "date", "order": "measure", "costless": "measure", "sound": "period"}


def test_a_row_of_another_territory_or_of_a_day_in_another_team_fails_before_the_period(cast, year):
    land, other = make_territory("Land", owner=cast.rep), make_territory("Other", owner=cast.teammate)
    close("2026-01")
    load("actuals", FILE + row("here", cast.rep) + row("there", cast.teammate))
    whole = Holder((Stretch(*YEAR, None),), territories=frozenset({land.pk}))
    assert {number: rule for number, (rule, _told) in waiting(whole, cast.admin).items()} == {"here": "period"}
    both = replace(whole, territories=frozenset({land.pk, other.pk}))
    (asked,) = (one for one in unloaded(cast.admin, leaves(), None, both.territories) if one.external_id == "there")
    told = {land.pk: "Land", other.pk: "Other"}
    seen, unseen = (first_failing(Question(asked, [], whole, Measure.REVENUE, names)) for names in (told, {}))
    assert (seen.rule, seen.sentence) == ("territory", "On that day it counted in Other.")
    assert (unseen.rule, unseen.sentence) == ("territory", "On that day it counted in another territory.")
    moved = Holder(
        (
            Stretch(date(2026, 1, 1), date(2026, 1, 31), frozenset({cast.teammate.pk})),
            Stretch(date(2026, 2, 1), date(2026, 3, 31), frozenset({cast.rep.pk})),
        )
    )
    assert waiting(moved, cast.admin)["here"] == ("share", "Its whole credit is with others.")


def test_a_row_waits_no_more_once_a_later_file_has_loaded_it(cast, holder):
    close("2026-01")
    text = FILE + row("late", cast.rep)
    load("actuals", text)
    load("actuals", FILE + row("late", cast.rep, amount=200))
    rows = unloaded(cast.admin, leaves(), holder.everybody, frozenset())
    assert [one.amount for one in rows] == [200]  # the newest form of a row alone
    closing.reopen(Period.objects.get(label="2026-01"), by=cast.admin, reason="Late rows")
    load("actuals", text)
    assert waiting(holder, cast.admin) == {}


def test_of_refused_files_the_newest_of_a_source_alone_is_looked_at(cast, holder):
    load("actuals", FILE + row("dollars", cast.rep, currency="USD"))
    load("actuals", FILE + row("pounds", cast.rep, currency="GBP"))
    load("actuals", FILE + row("francs", cast.rep, currency="CHF"), source="other")
    assert waiting(holder, cast.admin).keys() == {"pounds", "francs"}
    load("actuals", FILE + row("mended", cast.rep))
    assert waiting(holder, cast.admin).keys() == {"francs"}


def test_a_preview_and_an_undone_file_leave_nothing_that_waits(cast, holder):
    close("2026-01")
    text = FILE + row("late", cast.rep) + row("fine", cast.rep, "2026-02-15")
    batches.preview(upload("actuals", text))
    assert waiting(holder, cast.admin) == {}
    batches.undo(load("actuals", text))
    assert waiting(holder, cast.admin) == {}


def test_rows_of_people_one_does_not_see_are_not_there(cast, holder):
    close("2026-01")
    load("actuals", FILE + row("own", cast.rep) + row("house", cast.rep).replace(cast.rep.email, ""))
    everybody = Holder((Stretch(*YEAR, None),))
    assert waiting(everybody, cast.admin).keys() == {"own", "house"}
    for person in (cast.rep, cast.north_manager):
        assert waiting(everybody, person).keys() == {"own"}
    assert waiting(everybody, cast.outsider) == waiting(everybody, cast.south_manager) == {}


def test_a_line_that_no_rule_keeps_out_is_told_neutrally(cast, holder):
    line = make_actual(cast.rep)
    asked = Question(line, list(line.credits.all()), holder, Measure.REVENUE)
    assert first_failing(asked) == Verdict(None, "No rule keeps it out: look again after the next roll-up.")


def test_the_counted_credits_sum_to_the_roll_up(cast, holder):
    for i in range(1, 5):
        make_actual(cast.rep, f"2026-0{i}-15", Decimal("10.0001") * i, cost=Decimal("3.3333"))
    rollup.rebuild()
    for measure in (Measure.REVENUE, Measure.MARGIN):
        counted = sum(row.counts for row in counting(holder, measure, Credit.objects.all()))
        rows = Attainment.objects.filter(person=cast.rep, measure=measure, period__label__in=["2026-Q1"])
        assert counted == rows.get().actual
