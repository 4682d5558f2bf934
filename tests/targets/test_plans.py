"""Plan lines, targets and quotas: spread in minor units, with history, never past a closed period."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spm.errors import NothingToDo, PeriodClosed, RuleViolation
from spm.org import guards
from spm.org.choices import PeriodLevel, PeriodState
from spm.org.models import Period
from spm.org.verification import run_all
from targets import access
from targets.choices import PlanKind
from targets.goals import BadAmount, FrozenPlan, Goal, OwnQuota, of_person, of_segment, of_team
from targets.models import PlanLine, Quota, RollupRun, Target
from targets.number_history import states
from targets.plans import (
    freeze_baseline,
    judge_targets,
    set_plan_line,
    set_plan_lines,
    set_target,
    set_targets,
    working_plan,
)
from targets.quotas import judge_quotas, set_quota, set_quotas
from targets.rates import NoRate
from targets.seasonality import BadSeasonality, set_profile, spread_over, weights_of
from tests.builders import make_person, make_territory, make_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(year):
    return working_plan(year)


def period(label, level=PeriodLevel.MONTH):
    return Period.objects.get(label=label, level=level)


def quarter(number=1):
    return period(f"2026-Q{number}", PeriodLevel.QUARTER)


def amounts(model=Quota, **where):
    rows = model.objects.filter(**where).order_by("period__starts_on")
    return [(row.period.label, row.amount) for row in rows]


def close(label):
    Period.objects.filter(label=label, level=PeriodLevel.MONTH).update(state=PeriodState.CLOSED)


def test_the_working_plan_is_one_a_year(year):
    assert working_plan(year) == working_plan(year)


def test_a_quarters_amount_is_spread_over_its_months_to_the_cent(plan, cast):
    set_quota(plan, person=cast.rep, measure="bookings", period=quarter(), amount=Decimal(100))
    assert amounts() == [
        ("2026-01", Decimal("33.34")),
        ("2026-02", Decimal("33.33")),
        ("2026-03", Decimal("33.33")),
    ]


def test_a_years_amount_follows_the_default_season(plan, year, cast):
    set_profile("Season", {number: Decimal(4 if number == 12 else 1) for number in range(1, 13)})
    whole_year = period("2026", PeriodLevel.YEAR)
    set_target(plan, holder=cast.north, measure="revenue", period=whole_year, amount=Decimal(1500))
    assert [amount for _label, amount in amounts(Target)] == [Decimal(100)] * 11 + [Decimal(400)]


def test_the_years_own_season_comes_before_the_general_one(year):
    set_profile("General", {1: Decimal(1)})
    set_profile("Own", {1: Decimal(2)}, fiscal_year=year)
    assert weights_of(year) == {1: Decimal(2)}
    assert weights_of(make_year("2027", date(2027, 1, 1))) == {1: Decimal(1)}


def test_a_newer_default_season_takes_the_place_of_the_one_before(year):
    set_profile("First", {1: Decimal(1)})
    set_profile("Second", {1: Decimal(3), 2: Decimal(1)})
    set_profile("Second", {1: Decimal(4)})
    assert weights_of(year) == {1: Decimal(4)}


@pytest.mark.parametrize("weights", [{}, {1: Decimal(0)}, {1: Decimal(-1), 2: Decimal(2)}])
def test_a_season_of_nothing_is_refused(db, weights):
    with pytest.raises(BadSeasonality):
        set_profile("Bad", weights)


def test_a_season_that_leaves_a_period_out_is_told(plan, cast):
    set_profile("Short", {1: Decimal(1)})
    with pytest.raises(BadSeasonality, match="no weight for period 2"):
        set_quota(plan, person=cast.rep, measure="bookings", period=quarter(), amount=Decimal(100))


@given(st.integers(0, 10**12), st.lists(st.integers(0, 1000), min_size=12, max_size=12).filter(any))
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
def test_inv_04_spread_months_add_to_the_year_whatever_the_season(cents, weights):
    leaves = [Period(pk=number, number=number) for number in range(1, 13)]
    amount = Decimal(cents) / 100
    parts = spread_over(leaves, amount, "EUR", {i: Decimal(weight) for i, weight in enumerate(weights, start=1)})
    assert sum(parts.values()) == amount
    assert all(part == part.quantize(Decimal("0.01")) for part in parts.values())


def test_setting_the_same_amount_again_leaves_no_history_and_nothing_stale(plan, cast):
    set_quota(plan, person=cast.rep, measure="bookings", period=quarter(), amount=Decimal(100))
    RollupRun.objects.all().delete()
    assert set_quota(plan, person=cast.rep, measure="bookings", period=quarter(), amount=Decimal("100.00")) == []
    assert Quota.history.count() == 3
    assert not RollupRun.objects.exists()


def test_a_change_marks_its_periods_stale_and_says_what_it_was(plan, cast):
    march = period("2026-03")
    set_quota(plan, person=cast.rep, measure="bookings", period=march, amount=Decimal(10))
    RollupRun.objects.all().delete()
    (change,) = set_quota(plan, person=cast.rep, measure="bookings", period=march, amount=Decimal(12))
    assert (change.before, change.after) == (Decimal(10), Decimal(12))
    assert list(RollupRun.objects.stale().values_list("period", flat=True)) == [march.pk]


def test_inv_31_the_history_of_a_quota_tells_who_set_it_when_and_why(plan, cast):
    march = period("2026-03")
    set_quota(plan, person=cast.rep, measure="bookings", period=march, amount=Decimal(10), by=cast.admin)
    set_quota(
        plan, person=cast.rep, measure="bookings", period=march, amount=Decimal(12), by=cast.admin, reason="Second rep"
    )
    newest, first = states(Quota.objects.get().history)
    assert (newest.amount, newest.by, newest.reason) == (Decimal(12), cast.admin, "Second rep")
    assert (first.before, first.amount, first.reason) == (None, Decimal(10), "")
    assert newest.before == Decimal(10)
    assert not any(finding.breaches for finding in run_all(["INV-31"]))


def test_an_amount_taken_away_keeps_its_history(plan, cast):
    for amount in (Decimal(10), None):
        set_quota(plan, person=cast.rep, measure="bookings", period=quarter(), amount=amount, by=cast.admin)
    assert not Quota.objects.exists()
    assert list(Quota.history.filter(history_type="-").values_list("history_user", flat=True)) == [cast.admin.pk] * 3


@pytest.mark.parametrize(
    ("amount", "currency", "error"),
    [
        (Decimal("10.001"), "", BadAmount),
        (Decimal("-1"), "", BadAmount),
        (Decimal("1e12"), "", BadAmount),
        (Decimal("NaN"), "", BadAmount),
        (Decimal(10), "USD", NoRate),
    ],
)
def test_a_bad_amount_is_refused(plan, cast, amount, currency, error):
    with pytest.raises(error):
        set_quota(plan, person=cast.rep, measure="bookings", period=quarter(), amount=amount, currency=currency)
    assert not Quota.objects.exists()


def test_whole_minor_units_are_those_of_the_companys_currency(plan, cast, company):
    company.currency = "JPY"
    company.save()
    with pytest.raises(BadAmount, match="whole number of 1 JPY"):
        set_quota(plan, person=cast.rep, measure="bookings", period=quarter(), amount=Decimal("10.50"))


def test_a_company_may_plan_a_loss_of_margin(plan):
    set_plan_line(plan, measure="margin", period=period("2026-01"), amount=Decimal(-5), segment="New")
    assert amounts(PlanLine, segment="New") == [("2026-01", Decimal(-5))]


def test_inv_29_a_closed_period_refuses_the_whole_amount(plan, cast):
    close("2026-02")
    with pytest.raises(PeriodClosed, match="Feb 2026"):
        set_quota(plan, person=cast.rep, measure="bookings", period=quarter(), amount=Decimal(100))
    assert not Quota.objects.exists()


def test_inv_10_the_same_amounts_pass_through_a_closed_period(plan, cast):
    set_quota(plan, person=cast.rep, measure="bookings", period=quarter(), amount=Decimal(100))
    close("2026-02")
    assert set_quota(plan, person=cast.rep, measure="bookings", period=quarter(), amount=Decimal(100)) == []


def test_a_period_of_another_year_is_refused(plan, cast):
    make_year("2027", date(2027, 1, 1))
    with pytest.raises(RuleViolation, match="not part of the fiscal year 2026"):
        set_quota(plan, person=cast.rep, measure="bookings", period=period("2027-01"), amount=Decimal(1))


def test_nobody_sets_their_own_quota(plan, cast):
    with pytest.raises(OwnQuota):
        set_quota(plan, person=cast.admin, measure="bookings", period=quarter(), amount=Decimal(1), by=cast.admin)
    assert not access.can_edit_quota(cast.admin, plan, cast.admin)
    assert access.can_edit_quota(cast.admin, plan, cast.rep)
    assert access.can_edit_quota(cast.north_manager, plan, cast.rep)
    assert not access.can_edit_quota(cast.south_manager, plan, cast.rep)


def test_a_judgement_names_new_changed_unchanged_and_refused(plan, cast):
    rep, mate = of_person(cast.rep.pk), of_person(cast.teammate.pk)
    set_quotas(plan, [Goal(rep, "bookings", quarter(), Decimal(30)), Goal(mate, "bookings", quarter(), Decimal(30))])
    goals = [
        Goal(rep, "bookings", quarter(), Decimal(30)),
        Goal(mate, "bookings", quarter(), Decimal(60)),
        Goal(mate, "revenue", period("2026-02"), Decimal(5)),
        Goal(mate, "revenue", quarter(), Decimal(60)),
        Goal(rep, "revenue", quarter(), Decimal("0.001")),
    ]
    verdicts = judge_quotas(plan, goals)
    assert [verdict.outcome for verdict in verdicts] == ["unchanged", "changed", "new", "refused", "refused"]
    assert "twice" in verdicts[3].reason


def test_targets_of_teams_and_territories_stand_side_by_side(plan, cast):
    territory = make_territory("T1")
    set_target(plan, holder=cast.north, measure="revenue", period=quarter(), amount=Decimal(3))
    set_target(plan, holder=territory, measure="revenue", period=quarter(), amount=Decimal(6))
    assert [amount for _label, amount in amounts(Target, territory=territory)] == [Decimal(2)] * 3
    same = [Goal(of_team(cast.north.pk), "revenue", quarter(), Decimal(3))]
    assert judge_targets(plan, same)[0].outcome == "unchanged"
    assert set_targets(plan, same) == []


def test_a_thousand_quotas_take_no_query_each(plan, year):
    people = [make_person() for _ in range(12)]

    def queries(chosen):
        goals = [Goal(of_person(person.pk), "bookings", period("2026", "year"), Decimal(1200)) for person in chosen]
        with CaptureQueriesContext(
            connection,
        ) as captured:
            set_quotas(plan, goals)
        return len(captured)

    queries(people[:1])  # periods get their stale marks
    assert queries(people[1:3]) == queries(people[3:])


def test_the_baseline_is_a_frozen_copy_and_the_working_plan_goes_on(plan, cast):
    set_plan_lines(plan, [Goal(of_segment(), "revenue", quarter(), Decimal(300))])
    set_target(plan, holder=cast.north, measure="revenue", period=quarter(), amount=Decimal(300))
    set_quota(plan, person=cast.rep, measure="revenue", period=quarter(), amount=Decimal(300))
    baseline = freeze_baseline(plan, by=cast.admin, reason="Approved")
    set_quota(plan, person=cast.rep, measure="revenue", period=quarter(), amount=Decimal(600))
    assert (baseline.kind, baseline.author, baseline.reason) == (PlanKind.BASELINE, cast.admin, "Approved")
    for model in (PlanLine, Target, Quota):
        assert [amount for _label, amount in amounts(model, plan=baseline)] == [Decimal(100)] * 3
    assert [amount for _label, amount in amounts(Quota, plan=plan)] == [Decimal(200)] * 3
    assert not any(finding.breaches for finding in run_all(["INV-31"]))


def test_inv_27_a_frozen_plan_is_refused_in_words_and_below_the_orm(plan, cast):
    baseline = freeze_baseline(plan)
    with pytest.raises(FrozenPlan):
        set_quota(baseline, person=cast.rep, measure="revenue", period=quarter(), amount=Decimal(1))
    assert not access.can_edit_plan(cast.admin, baseline)
    assert "guard_targets_quota_frozen_insert" not in guards.missing(connection)


def test_a_year_has_one_baseline(plan):
    freeze_baseline(plan)
    with pytest.raises(NothingToDo):
        freeze_baseline(plan)
