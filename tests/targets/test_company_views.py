"""The page of the company plan: typed, pasted, spread by a season, undone, taken out as a file and loaded again."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from spm.org.choices import PeriodState
from spm.org.models import Period
from targets import rollup, seasonality
from targets.models import CompanyPlan, GoalBatch, PlanLine, PlanningCycle, SeasonalityProfile
from targets.plans import working_plan
from tests.builders import make_account, make_actual, make_year
from tests.targets.company_help import give, name, page, period, save, spread, stored, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(year):
    return working_plan(make_year("2027", date(2027, 1, 1)))


@pytest.fixture
def cycle(plan):
    return PlanningCycle.objects.create(fiscal_year=plan.fiscal_year, stage="plan")


@pytest.fixture
def site(client, cast, cycle):
    """The admin's browser, with a year to plan."""
    client.force_login(cast.admin)
    return client


@pytest.fixture
def last_year(cast, year):
    """2026: bookings of 100 in January, 300 in March, to an account of the segment Direct."""
    account = make_account("Acme", segment="Direct")
    for day, amount in (("2026-01-15", 100), ("2026-03-10", 300)):
        make_actual(cast.rep, day, amount, account=account, kind="booking")
    rollup.roll_up_stale()


@pytest.fixture
def over(monkeypatch):
    """It is 2027: last year is over."""
    monkeypatch.setattr("targets.company_grid.today", lambda *_of: date(2027, 1, 5))


# Typing


def test_typed_months_of_several_measures_and_segments_are_one_batch(site):
    cells = {name(): "1.2M", name("2027-02", "margin"): "-400", name(segment="Direct"): "300k"}
    assert site.post(url(segment="Direct"), {"seen": 0, "was": "{}", "reason": "Board"} | cells).status_code == 302
    assert (stored(), stored("margin")) == ({"2027-01": 1_200_000}, {"2027-02": -400})
    assert stored(segment="Direct") == {"2027-01": 300_000}
    batch = GoalBatch.objects.get()
    assert (batch.kind, batch.reason, len(batch.changes)) == ("edit", "Board", 3)


def test_a_segment_may_have_any_name(site):
    answer = site.get(reverse("targets:company", args=["2027"]), {"segment": "A:B & Söhne/%"})
    cell = answer.context["grid"].rows[3].cells[0]
    address = url() + "?" + answer.context["view"].place.query
    assert site.post(address, {"seen": 0, "was": "{}", cell.name: "5"}).status_code == 302
    assert stored(segment="A:B & Söhne/%") == {"2027-01": 5}


@pytest.mark.parametrize(("text", "said"), [("many", "is not an amount"), ("0.001", "not a whole number")])
def test_what_cannot_be_stored_is_kept_and_explained(site, text, said):
    answer = save(site, {name(): text, name("2027-02"): "100"})
    assert answer.status_code == 422
    assert said in page(answer)
    assert f'value="{text}"' in page(answer)
    assert not PlanLine.objects.exists()


def test_a_year_typed_beside_its_months_must_be_their_sum(site):
    months = {name(f"2027-{month:02}"): "10" for month in range(1, 13)}
    answer = save(site, months | {name("2027"): "99"})
    assert (answer.status_code, PlanLine.objects.exists()) == (422, False)
    assert "add up to 120" in page(answer)
    assert save(site, months | {name("2027"): "120"}).status_code == 302
    assert sum(stored().values()) == 120


def test_inv_32_of_two_people_who_edit_the_second_sees_both_values(site, cast, plan):
    give(plan, 90, "2027-01", by=cast.director)
    answer = save(site, {name(): "150"}, seen=0)
    assert answer.status_code == 409
    (conflict,) = answer.context["view"].conflicts
    assert (conflict["label"], conflict["yours"]) == ("Whole company, Bookings, Jan 2027", "150")
    assert conflict["theirs"].startswith("90 (Director, ")
    assert 'value="150"' in page(answer)
    assert stored() == {"2027-01": 90}
    assert save(site, {name(): "150"}, seen=answer.context["view"].seen).status_code == 302
    assert stored() == {"2027-01": 150}


@pytest.mark.parametrize("seen", ["999999", "-1", "many", ""])
def test_a_revision_number_never_given_out_stores_nothing(site, seen):
    assert save(site, {name(): "150"}, seen=seen).status_code == 422
    assert not PlanLine.objects.exists()


def test_a_closed_month_is_shown_and_not_typed_into(site, plan):
    give(plan, 90, "2027-01")
    Period.objects.filter(label="2027-01").update(state=PeriodState.CLOSED)
    shown = page(site.get(url()))
    assert name("2027-02") in shown
    assert f'name="{name()}"' not in shown
    assert save(site, {name(): "150"}).status_code == 422
    assert stored() == {"2027-01": 90}


def test_managers_read_the_plan_and_change_nothing(site, cast, plan, last_year):
    give(plan, 900)
    give(plan, 90, segment="Direct")
    PlanningCycle.objects.update(stage="allocate")
    site.force_login(cast.north_manager)
    answer = site.get(url())
    assert (answer.status_code, 'name="c:' in page(answer)) == (200, False)
    direct = answer.context["view"].blocks[1].lines[0]
    assert (direct.year.counted, direct.year.before) == (90, None)
    for verb in ("", "paste", "spread", "undo"):
        assert save(site, {name(): "150", "batch": "1"}, verb=verb).status_code == 403
    site.force_login(cast.rep)
    assert site.get(url()).status_code == 403


def test_a_locked_year_is_read_and_leads_to_revisions(site, plan):
    give(plan, 100)
    CompanyPlan.objects.filter(pk=plan.pk).update(locked_at="2026-09-18T00:00Z")
    shown = page(site.get(url()))
    assert 'name="c:' not in shown
    assert reverse("targets:revision-new", args=["2027"]) in shown
    for verb in ("", "paste"):
        assert save(site, {name(): "900", "block": "1"}, verb=verb).status_code == 422
    assert spread(site, "even", "900").status_code == 422
    assert sum(stored().values()) == 100


def test_a_number_is_not_stored_in_a_stage_that_is_past(site, cycle):
    PlanningCycle.objects.update(stage="monitor")
    assert save(site, {name(): "900"}).status_code == 422
    assert spread(site, "even", "900").status_code == 422
    assert not PlanLine.objects.exists()


def test_a_pasted_block_is_shown_first_with_its_faults(site):
    place = {"block": "100\t200\n1O\t400\n", "at_row": 1, "at_column": 2}
    pasted = save(site, place, verb="paste").context["view"].pasted
    assert (pasted.accepted, pasted.rejected, pasted.rows[0].name) == (3, 1, "Whole company, Revenue")
    assert pasted.columns == ("Feb 2027", "Mar 2027")
    assert not PlanLine.objects.exists()


def test_a_block_larger_than_the_plan_names_what_lies_outside(site):
    """Five lines of fourteen, laid on January of the first of three measures: twelve months of each are on the page."""
    block = "\n".join("\t".join("1" for _column in range(14)) for _row in range(5))
    pasted = save(site, {"block": block, "at_row": 0, "at_column": 1}, verb="paste").context["view"].pasted
    assert (pasted.accepted, pasted.rejected) == (3 * 12, 5 * 14 - 3 * 12)
    assert "lies outside the grid" in pasted.rows[-1].faults[0]
    assert not PlanLine.objects.exists()


def test_one_undo_takes_the_whole_batch_back(site):
    save(site, {name(): "100", name("2027-02", "margin"): "200"})
    batch = site.get(url()).context["view"].undoable
    assert save(site, {"batch": batch.pk}, verb="undo").status_code == 302
    assert not PlanLine.objects.exists()


# Beside the numbers


def test_last_year_and_growth_stand_beside_every_number(site, plan, last_year, over):
    give(plan, 150, "2027-01")
    give(plan, 650, "2027-03")
    line = site.get(url()).context["view"].blocks[0].lines[0]
    assert (line.year.before, line.year.growth) == (400, 1)
    january, _february, march, quarter = line.entries[:4]
    assert [(one.counted, one.before, one.growth) for one in (january, march, quarter)] == [
        (150, 100, Decimal("0.5")),
        (650, 300, march.growth),
        (800, 400, 1),
    ]
    assert quarter.drawn is None


def test_a_month_that_is_not_over_is_compared_with_nothing(site, plan, last_year, monkeypatch):
    monkeypatch.setattr("targets.company_grid.today", lambda *_of: date(2026, 3, 31))
    give(plan, 1200)
    line = site.get(url()).context["view"].blocks[0].lines[0]
    assert [one.before for one in line.entries[:4]] == [100, 0, None, None]
    assert line.year.before == 400 / (Decimal(3) / 12)


def test_margin_of_a_segment_counts_lines_with_a_known_cost(site, cast, plan, year, over):
    account = make_account(segment="Direct")
    for amount, cost in ((100, 60), (50, None)):
        make_actual(cast.rep, "2026-02-01", amount, cost=cost, account=account)
    give(plan, 1, segment="Direct")
    block = site.get(url()).context["view"].blocks[1]
    assert [line.year.before for line in block.lines] == [None, 150, 40]
    assert block.before_rate == Decimal("0.4")


def test_segments_are_parts_of_the_company_and_compared_with_their_accounts(site, plan, last_year, over):
    give(plan, 1200)
    give(plan, 800, segment="Direct")
    whole, direct = (block.lines[0] for block in site.get(url()).context["view"].blocks)
    assert (whole.split, whole.unsplit, whole.year.counted) == (800, 400, 1200)
    assert (direct.year.before, direct.year.growth) == (400, 1)


def test_a_company_without_a_number_of_its_own_is_the_sum_of_its_segments(site, plan):
    give(plan, 1200, segment="Direct")
    give(plan, 600, segment="Channel")
    answer = site.get(url())
    whole = answer.context["view"].blocks[0].lines[0]
    assert (whole.year.counted, whole.year.drawn.text, whole.year.hint, whole.unsplit) == (1800, "", "1,800", None)
    assert answer.context["view"].totals[0].amount == 1800


def test_margin_rate_is_recomputed_from_sums(site, plan):
    give(plan, 1000, "2027-01", "revenue")
    give(plan, 300, "2027-01", "margin")
    give(plan, 3000, "2027-02", "revenue")
    give(plan, 1200, "2027-02", "margin")
    block = site.get(url()).context["view"].blocks[0]
    assert [one.rate for one in block.rates[:4]] == [Decimal("0.3"), Decimal("0.4"), None, Decimal("0.375")]
    assert block.year_rate == Decimal("0.375")


def test_each_change_stands_below_with_its_measure_and_segment(site, plan, cast):
    give(plan, 7, "2027-01", "margin", "Direct", by=cast.admin)
    change = site.get(url()).context["changes"][0]
    assert (change.what, change.period, change.amount, change.by) == ("Margin · Direct", "Jan 2027", 7, cast.admin)


# Spreading


def test_an_even_spread_is_previewed_and_then_applied_as_one_batch(site):
    preview = spread(site, "even", "1,000").context["preview"]
    assert (preview.count, preview.after) == (12, 1000)
    assert not PlanLine.objects.exists()
    assert spread(site, "even", "1,000", apply="1").status_code == 302
    assert (sum(stored().values()), stored()["2027-01"]) == (1000, Decimal("83.34"))
    assert GoalBatch.objects.get().kind == "spread"


def test_a_total_falls_as_last_year_did(site, last_year, over):
    spread(site, "last_year", "2000", apply="1")
    assert {label: amount for label, amount in stored().items() if amount} == {"2027-01": 500, "2027-03": 1500}


def test_months_of_last_year_that_are_not_over_follow_its_season(site, last_year, monkeypatch):
    monkeypatch.setattr("targets.company_grid.today", lambda *_of: date(2026, 4, 1))
    spread(site, "last_year", "1600", apply="1")
    assert [stored()[f"2027-{month:02}"] for month in (1, 2, 3, 4, 12)] == [
        100, 0, 300, Decimal("133.34"), Decimal("133.33")
    ]  # fmt: skip


def test_without_last_year_there_is_nothing_to_follow(site):
    answer = spread(site, "last_year", "2000")
    assert answer.status_code == 422
    assert "no numbers to follow" in page(answer)


def test_a_quarter_keeps_its_proportions_under_a_new_total(site, plan):
    for label, amount in (("2027-04", 100), ("2027-05", 300), ("2027-07", 50)):
        give(plan, amount, label)
    spread(site, "current", "800", of="2027-Q2", apply="1")
    assert stored() == {"2027-04": 200, "2027-05": 600, "2027-06": 0, "2027-07": 50}


def test_weights_of_ones_own_are_asked_for_and_kept_as_a_profile(site, plan):
    shares = spread(site, "custom", "1200").context["shares"]
    assert [share for _period, share in shares] == ["8.33"] * 12
    weights = {f"weight:{month}": "1" for month in range(1, 12)} | {"weight:12": "9"}
    kept = {"keep_as": "Late", "is_default": "1"}
    assert spread(site, "custom", "1200", apply="1", **weights, **kept).status_code == 302
    assert (stored()["2027-01"], stored()["2027-12"]) == (60, 540)
    assert seasonality.weights_of(plan.fiscal_year)[12] == 9
    late = SeasonalityProfile.objects.get(name="Late")
    spread(site, f"profile:{late.pk}", "2400", row="revenue:", apply="1")
    assert stored("revenue")["2027-12"] == 1080
    again = spread(site, "custom", "1300", apply="1", **weights, **kept)
    assert (again.status_code, sum(stored().values())) == (422, 1200)


@pytest.mark.parametrize(
    "chosen",
    [
        {"season": "magic"},
        {"season": "even", "total": "x"},
        {"season": "even", "total": ""},
        {"season": "even", "row": "bookings:Nowhere"},
        {"season": "even", "period": "1"},
        {"season": "custom", "weight:1": "-1"},
        {"season": "custom", "weight:1": "0"},
        {"season": "profile:1"},
    ],
)
def test_a_spread_that_cannot_be_is_explained(site, chosen):
    wish = {"row": "bookings:", "period": period().pk, "total": "900"} | chosen
    assert save(site, wish, verb="spread").status_code == 422
    assert not PlanLine.objects.exists()


def test_closed_months_keep_their_number_when_a_total_is_spread(site, plan):
    give(plan, 300, "2027-01")
    Period.objects.filter(label="2027-01").update(state=PeriodState.CLOSED)
    spread(site, "even", "1400", apply="1")
    assert (stored()["2027-01"], stored()["2027-02"], sum(stored().values())) == (300, 100, 1400)
    assert spread(site, "even", "200").status_code == 422


def test_a_spread_meets_what_somebody_else_changed_meanwhile(site, cast, plan):
    give(plan, 90, "2027-01", by=cast.director)
    assert spread(site, "even", "1200", apply="1", seen=0).status_code == 409
    assert stored() == {"2027-01": 90}


# Calendars


def test_weeks_and_a_53rd_of_them_are_matched_by_number(client, cast, year):
    client.force_login(cast.admin)
    make_year("W26", date(2031, 1, 1), kind="445")
    long = make_year("W27", date(2031, 12, 31), kind="445", weeks=53)
    address = reverse("targets:company-spread", args=[long.label])
    chosen = {"row": "bookings:", "period": period("W27").pk, "season": "even", "total": "1200", "apply": "1"}
    assert client.post(address, chosen | {"seen": 0}).status_code == 302
    assert set(PlanLine.objects.values_list("amount", flat=True)) == {Decimal(100)}
    heads = client.get(reverse("targets:company", args=[long.label])).context["view"].heads
    assert [head.is_sum for head in heads] == [False, False, False, True] * 4


# Size


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_takes_the_same_queries_for_any_number_of_segments(
    site, plan, last_year, count, django_assert_max_num_queries
):
    for number in range(count):
        give(plan, 1200, segment=f"Segment {number}")
    site.get(url())
    with django_assert_max_num_queries(20):
        site.get(url())


def test_each_number_has_its_history_a_page_at_a_time(site, plan, cast, monkeypatch):
    monkeypatch.setattr("targets.number_history.PER_PAGE", 2)
    for amount in ("100", "200", "300"):
        give(plan, amount, "2027-01", by=cast.admin)
    give(plan, "40", "2027-01", segment="Water")
    give(plan, "70", "2027-01", measure="margin")
    page = site.get(url("history", measure="bookings", segment=""))
    assert [(row.before, row.amount) for row in page.context["changes"]] == [(200, 300), (100, 200)]
    assert page.context["changes"].paginator.count == 3
    assert page.context["table"].totals == (300, None, 70)
    older = site.get(url("history", measure="bookings", page="2")).context["changes"]
    assert [(row.before, row.amount) for row in older] == [(None, 100)]
    water = site.get(url("history", segment="Water")).context
    assert (water["name"], [row.amount for row in water["changes"]]) == ("Water", [40])
    assert "company/history/?measure=bookings&amp;segment=Water" in site.get(url()).content.decode()
