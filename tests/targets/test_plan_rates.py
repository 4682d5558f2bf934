"""Plan rates: set before the lock and fixed by it, told with who and why; goals in another currency take them."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from spm.imports import batches
from spm.org import guards
from spm.org.choices import AuditKind
from spm.org.models import AuditEntry
from spm.org.verification import run_all
from targets import locking
from targets.goals import Goal, LockedPlan, of_person
from targets.models import Actual, CompanyPlan, PlanLine, PlanRate, Quota, Rate, Target
from targets.plan_rates import BadCurrency, SetMeanwhile, newest, set_plan_rates
from targets.plans import working_plan
from targets.quotas import set_quotas
from targets.rate_forms import RateField
from targets.rates import BadRate, NoRate, plan_rate
from tests.builders import make_quota
from tests.spm.imports_help import load, told

D = Decimal
pytestmark = pytest.mark.django_db


@pytest.fixture
def planned(year, cast):
    """2026 is planned at 0.9 euro for a dollar and 0.006 for a yen."""
    set_plan_rates(year, {"USD": D("0.9"), "JPY": D("0.006")}, by=cast.admin, reason="Bank's outlook")
    return year


def lock(year, cast) -> None:
    make_quota(cast.rep, "2026-12", 100)
    locking.lock(working_plan(year), by=cast.admin)


QUOTAS = "email,measure,period,amount,currency\n"


def broken() -> set[str]:
    return {finding.invariant.number for finding in run_all() if finding.breaches}


# Goals in another currency


def test_goals_of_every_kind_are_converted_at_the_plan_rate_of_their_year(planned, cast):
    load("company_plan", "fiscal_year,measure,period,amount,currency\n2026,revenue,2026-01,1000,USD\n")
    load("targets", "scope,key,measure,period,amount,currency\nteam,North,revenue,2026-01,500.01,USD\n")
    load("quotas", f"{QUOTAS}{cast.rep.email},revenue,2026-01,12345,JPY\n")
    stored = [model.objects.get().amount for model in (PlanLine, Target, Quota)]
    assert stored == [900, D("450.01"), D("74.07")]  # 450.009 and 74.07


def test_a_year_in_another_currency_is_converted_before_it_is_spread(planned, cast):
    batch = load("quotas", f"{QUOTAS}{cast.rep.email},revenue,2026,100.01,USD\n")
    assert told(batch) == {"read": 1, "new": 1}
    assert sum(Quota.objects.values_list("amount", flat=True)) == D("90.01")  # 90.009, rounded once


def test_the_same_goals_again_are_unchanged_and_undo_takes_them_away(planned, cast):
    text = f"{QUOTAS}{cast.rep.email},revenue,2026-Q1,1000,USD\n"
    batch = load("quotas", text)
    assert told(load("quotas", text)) == {"read": 1, "unchanged": 1}
    batches.undo(batch)
    assert not Quota.objects.exists()


def test_a_plan_rate_set_anew_moves_no_number_that_stands(planned, cast):
    text = f"{QUOTAS}{cast.rep.email},revenue,2026-01,1000,USD\n"
    load("quotas", text)
    set_plan_rates(planned, {"USD": D("0.8")}, by=cast.admin)
    assert Quota.objects.get().amount == 900
    assert told(load("quotas", text)) == {"read": 1, "changed": 1}
    assert Quota.objects.get().amount == 800


def test_without_a_plan_rate_the_row_is_refused_with_the_year(planned, cast):
    batch = load("quotas", f"{QUOTAS}{cast.rep.email},revenue,2026-01,10,CHF\n")
    row = batch.rows.get()
    assert (row.column, row.value, row.reason) == ("currency", "CHF", "There is no plan rate for CHF in 2026.")


@pytest.mark.parametrize(
    ("amount", "currency", "error"), [("0.5", "JPY", "whole number"), ("99999999999", "KWD", "too large")]
)
def test_a_part_of_a_coin_and_what_grows_too_large_are_refused(planned, cast, amount, currency, error):
    set_plan_rates(planned, {"KWD": D(85000)}, by=cast.admin)
    batch = load("quotas", f"{QUOTAS}{cast.rep.email},revenue,2026-01,{amount},{currency}\n")
    row = batch.rows.get()
    assert (row.column, error in row.reason) == ("amount", True)


def test_a_hundred_goals_in_dollars_read_the_plan_rates_once(planned, cast, django_assert_max_num_queries):
    leaves = planned.periods.filter(level="month")
    goals = [Goal(of_person(cast.rep.pk), "revenue", leaf, D(100), "USD") for leaf in leaves]
    plan = working_plan(planned)
    with django_assert_max_num_queries(30):
        set_quotas(plan, goals, by=cast.admin)


# Setting them


def test_a_rate_is_set_changed_and_taken_away_with_who_and_why(planned, cast):
    set_plan_rates(planned, {"USD": D("0.95"), "JPY": None}, by=cast.director, reason="New outlook")
    assert (plan_rate(planned, "USD"), PlanRate.objects.count()) == (D("0.95"), 1)
    states = PlanRate.history.values_list(
        "currency", "rate", "history_type", "history_user__name", "history_change_reason"
    )
    assert ("USD", D("0.95"), "~", "Director", "New outlook") in states
    assert ("JPY", D("0.006"), "-", "Director", "New outlook") in states
    entry = AuditEntry.objects.filter(kind=AuditKind.PLAN_RATES).latest("pk")
    assert entry.detail["rates"] == {"JPY": ["0.006", None], "USD": ["0.9", "0.95"]}
    with pytest.raises(NoRate):
        plan_rate(planned, "JPY")


def test_the_same_rates_again_leave_no_trace(planned, cast):
    before = PlanRate.history.count(), AuditEntry.objects.count()
    assert set_plan_rates(planned, {"USD": D("0.900")}, by=cast.admin) == []
    assert (PlanRate.history.count(), AuditEntry.objects.count()) == before


@pytest.mark.parametrize(
    ("code", "rate", "error"),
    [("EUR", "1", BadCurrency), ("XXQ", "1", BadCurrency), ("CHF", "0", BadRate), ("CHF", "1e-13", BadRate)],
)
def test_a_bad_rate_is_refused_and_none_is_set(year, cast, code, rate, error):
    with pytest.raises(error):
        set_plan_rates(year, {"AUD": D(1), code: D(rate)}, by=cast.admin)
    assert not PlanRate.objects.exists()


def test_who_saw_an_older_state_is_told_who_set_it(planned, cast):
    seen = newest(planned)
    set_plan_rates(planned, {"USD": D("0.91")}, by=cast.director, seen=seen)
    with pytest.raises(SetMeanwhile, match="Director set plan rates"):
        set_plan_rates(planned, {"USD": D("0.92")}, by=cast.admin, seen=seen)


# The lock


def test_inv_50_the_lock_fixes_the_rates_and_leaves_room_for_a_new_currency(planned, cast):
    lock(planned, cast)
    for wanted in ({"USD": D("0.95")}, {"USD": None}):
        with pytest.raises(LockedPlan, match="2026 is locked: its plan rate for USD stays."):
            set_plan_rates(planned, wanted, by=cast.admin)
    set_plan_rates(planned, {"CHF": D("1.05")}, by=cast.admin)
    assert plan_rate(planned, "CHF") == D("1.05")


def test_inv_50_the_database_refuses_too_and_verify_finds_what_slipped_by(planned, cast):
    lock(planned, cast)
    usd = PlanRate.objects.filter(currency="USD")
    for write in (lambda: usd.update(rate=1), lambda: usd.delete()):
        with pytest.raises(DatabaseError, match="INV-50"), transaction.atomic():
            write()
    assert "INV-50" not in broken()
    guards.drop(connection)
    usd.update(rate=1)
    assert "INV-50" in broken()


def test_inv_50_a_change_after_the_lock_is_found_by_its_history(planned, cast):
    set_plan_rates(planned, {"USD": D("0.95")}, by=cast.admin)
    assert "INV-50" not in broken()
    working_plan(planned)
    CompanyPlan.objects.working().update(locked_at=timezone.now() - timedelta(days=1))
    assert "INV-50" in broken()


@pytest.mark.parametrize("change", [{"amount": D(901)}, {"cost": D(1)}, {"rate": D("0.91")}, {"currency": "EUR"}])
def test_inv_51_a_line_that_is_not_its_given_amount_times_its_rate_is_found(planned, cast, change):
    Rate.objects.create(currency="USD", starts_on=date(2026, 1, 1), rate=D("0.9"))
    load(
        "actuals",
        f"external_id,kind,date,email,amount,cost,currency\no,revenue,2026-01-05,{cast.rep.email},1000,9,USD\n",
    )
    assert "INV-51" not in broken()
    guards.drop(connection)
    Actual.objects.update(**change)
    assert "INV-51" in broken()


# The page


@pytest.fixture
def page(client, planned, cast):
    client.force_login(cast.admin)
    load(
        "rates",
        "currency,starts_on,rate\nUSD,2025-12-01,0.88\nUSD,2026-06-01,0.927\nUSD,2027-01-01,1\nGBP,2026-02-01,1.15\n",
    )
    return reverse("targets:rates", args=["2026"])


def test_the_page_tells_plan_market_and_history(client, page):
    text = client.get(page).content.decode()
    assert "+3.0" in text  # 0.927 against 0.9
    assert "Bank&#x27;s outlook" in text
    assert "1 Jun 2026" in text
    assert "2027" not in text.split("<main", 1)[1].split("Rates by date", 1)[1].split("History", 1)[0].replace(
        "Jan 2027", ""
    )


def test_the_rates_of_one_currency_have_equally_many_decimals(client, page):
    dated = client.get(page).content.decode().split("Rates by date", 1)[1]
    assert '<td class="num">0.880</td>' in dated
    assert '<td class="num">0.927</td>' in dated
    assert '<td class="num">1.15</td>' in dated


def test_an_admin_sets_rates_and_a_reason(client, page, planned):
    sent = {
        "rate_USD": "0,95",
        "rate_JPY": "",
        "currency": "chf",
        "rate": "1.055",
        "reason": "Why",
        "seen": newest(planned),
    }
    assert client.post(page, sent).status_code == 302
    assert dict(PlanRate.objects.values_list("currency", "rate")) == {"USD": D("0.95"), "CHF": D("1.055")}


@pytest.mark.parametrize(
    "typed",
    [
        {"rate_USD": "abc"},
        {"rate_USD": "-1"},
        {"rate_USD": "0"},
        {"currency": "CHF"},
        {"rate": "1.1"},
        {"currency": "EUR", "rate": "1"},
        {"currency": "USD", "rate": "1"},
        {"currency": "??", "rate": "1"},
        {"seen": "0", "rate_USD": "0.95"},
    ],
)
def test_bad_input_is_told_kept_and_stores_nothing(client, page, planned, typed):
    sent = {
        "rate_USD": "0.9",
        "rate_JPY": "0.006",
        "currency": "",
        "rate": "",
        "reason": "",
        "seen": newest(planned),
    } | typed
    before = PlanRate.history.count()
    answer = client.post(page, sent)
    assert (answer.status_code, PlanRate.history.count()) == (422, before)
    assert all(f'value="{text}"' in answer.content.decode() for text in typed.values() if text != "0")


def test_after_the_lock_no_rate_has_a_field_and_a_sent_one_is_passed_by(client, page, planned, cast):
    lock(planned, cast)
    assert 'name="rate_USD"' not in client.get(page).content.decode()
    client.post(page, {"rate_USD": "0.5", "currency": "", "rate": "", "reason": "", "seen": newest(planned)})
    assert plan_rate(planned, "USD") == D("0.9")


def test_managers_read_and_do_not_set_and_reps_have_no_page(client, page, cast):
    client.force_login(cast.north_manager)
    assert b"<form method" not in client.get(page).content.split(b"<main")[1]
    assert client.post(page, {}).status_code == 403
    client.force_login(cast.rep)
    assert client.get(page).status_code == 403


def test_a_company_of_one_currency_reads_so(client, year, cast):
    client.force_login(cast.north_manager)
    assert "Everything is in EUR" in client.get(reverse("targets:rates", args=["2026"])).content.decode()


def test_the_rates_of_a_year_come_back_as_they_went_out(client, page):
    sheet = b"".join(client.get(f"{page}?format=csv").streaming_content).decode("utf-8-sig")
    assert sheet.splitlines() == [
        "currency,starts_on,rate", "GBP,2026-02-01,1.15", "USD,2026-06-01,0.927", "USD,2025-12-01,0.88"
    ]  # fmt: skip
    assert told(load("rates", sheet)) == {"read": 3, "unchanged": 3}


@pytest.mark.parametrize(("table", "rows"), [("plan", 4), ("history", 3), ("", 4)])
def test_every_table_is_a_workbook_too(client, page, table, rows, tmp_path):
    file = tmp_path / "rates.xlsx"
    file.write_bytes(b"".join(client.get(f"{page}?table={table}&format=xlsx").streaming_content))
    assert load_workbook(file).worksheets[0].max_row == rows


def test_a_hundred_rates_cost_no_more_queries_than_one(client, page, django_assert_max_num_queries):
    days = [date(2026, 1, 1) + timedelta(days=i) for i in range(100)]
    Rate.objects.bulk_create(Rate(currency="SEK", starts_on=day, rate=D("0.09")) for day in days)
    client.get(page)
    with django_assert_max_num_queries(20):
        assert "Next" in client.get(page).content.decode()


@pytest.mark.parametrize(
    ("text", "rate"), [("1.085", "1.085"), ("1,085", "1.085"), ("0,9", "0.9"), ("17 500", "17500")]
)
def test_a_single_mark_in_a_rate_is_its_decimal_sign(text, rate):
    assert RateField().clean(text) == D(rate)
