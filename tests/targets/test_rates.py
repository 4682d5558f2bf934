"""Rates from files, and lines in other currencies: converted at the rate of their day, which then stays with them.

By hand, euro being the company's: 1 USD = 0.90 from 1 January 2026 and 0.80 from 1 March; 1 GBP = 1.15. A line of
1,000 USD on 28 February is 900 EUR, one on 1 March 800 EUR; 600 USD of cost are 540 and 480 EUR.
"""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spm.imports import batches
from spm.imports.choices import BatchState
from spm.imports.journal import ChangedSince
from spm.money import convert, minor_unit
from spm.org.choices import PeriodState
from spm.org.models import Period
from targets.models import Actual, ActualVersion, Attainment, Credit, Rate
from targets.rates import NoRate, Rates, rate_on
from targets.rollup import rebuild, roll_up_stale
from tests.builders import make_person
from tests.spm.imports_help import load, told, upload

D = Decimal
pytestmark = pytest.mark.django_db

RATES = "currency,starts_on,rate\nUSD,2026-01-01,0.90\nUSD,2026-03-01,0.80\ngbp,2026-01-01,1.15\n"
HEADER = "external_id,kind,date,email,amount,cost,currency\n"
LINES = HEADER + (
    "o-1,revenue,2026-02-28,ana@x.com,1000,600,USD\n"
    "o-2,revenue,2026-03-01,ana@x.com,1000,600,USD\n"
    "o-3,revenue,2026-03-02,ana@x.com,10.01,,GBP\n"
    "o-4,revenue,2026-03-02,ana@x.com,100.1234,60,\n"
)


@pytest.fixture
def world(year):
    return make_person("Ana", email="ana@x.com"), make_person("Bob", email="bob@x.com")


@pytest.fixture
def rates(world):
    return load("rates", RATES)


def amounts() -> dict[str, D]:
    return dict(Actual.objects.in_force().values_list("external_key", "amount"))


# Rates


def test_a_rate_holds_until_the_next_one_of_its_currency(rates):
    assert (rate_on("USD", date(2026, 2, 28)), rate_on("USD", date(2026, 3, 1))) == (D("0.9"), D("0.8"))
    assert rate_on("GBP", date(2031, 1, 1)) == D("1.15")


@pytest.mark.parametrize(("currency", "day"), [("USD", date(2025, 12, 31)), ("CHF", date(2026, 3, 4))])
def test_before_the_first_rate_there_is_none(rates, currency, day):
    with pytest.raises(NoRate, match=f"No rate for {currency} on {day}: import rates first."):
        rate_on(currency, day)


def test_a_thousand_answers_cost_one_query_per_currency(rates, django_assert_num_queries):
    known = Rates()
    with django_assert_num_queries(2):
        assert {known.on(code, date(2026, 1, 1 + i % 28)) for i in range(1000) for code in ("USD", "GBP")}


def test_rates_again_are_unchanged_a_changed_one_is_told_and_undo_brings_the_old_one_back(rates):
    assert told(load("rates", RATES)) == {"read": 3, "unchanged": 3}
    batch = load("rates", RATES.replace("0.80", "0.85"))
    assert told(batch) == {"read": 3, "changed": 1, "unchanged": 2}
    assert rate_on("USD", date(2026, 3, 1)) == D("0.85")
    batches.undo(batch)
    assert rate_on("USD", date(2026, 3, 1)) == D("0.8")
    batches.undo(rates)
    assert not Rate.objects.exists()


def test_the_undo_of_rates_changed_since_is_refused(rates):
    load("rates", RATES.replace("0.80", "0.85"))
    with pytest.raises(ChangedSince):
        batches.undo(rates)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("EUR,2026-01-01,1", "currency"),
        ("XXQ,2026-01-01,1", "currency"),
        ("USD,2026-01-01,0", "rate"),
        ("USD,2026-01-01,-0.9", "rate"),
        ("USD,2026-01-01,0.9273 €", "rate"),
        ("USD,2026-01-01,1000000", "rate"),
        ("USD,2026-01-01,0.1234567890123", "rate"),
        ("USD,,0.9", "starts_on"),
    ],
)
def test_what_cannot_be_a_rate_is_refused(world, row, column):
    batch = load("rates", f"currency,starts_on,rate\n{row}\n")
    assert (batch.state, batch.rows.get().column, Rate.objects.count()) == (BatchState.REFUSED, column, 0)


@pytest.mark.parametrize("rate", ["0.000034567891", "0.123456789012", "999999.123456789"])
def test_small_and_long_rates_are_kept_to_the_last_digit(world, rate):
    load("rates", f"currency,starts_on,rate\nVND,2026-01-01,{rate}\n")
    assert Rate.objects.get().rate == D(rate)


def test_a_preview_of_rates_writes_nothing(world):
    assert told(batches.preview(upload("rates", RATES))) == {"read": 3, "new": 3}
    assert not Rate.objects.exists()


# Lines in other currencies


def test_lines_count_at_the_rate_of_their_day_and_keep_what_was_given(rates):
    assert told(load("actuals", LINES)) == {"read": 4, "new": 4}
    assert amounts() == {"o-1": 900, "o-2": 800, "o-3": D("11.51"), "o-4": D("100.1234")}
    line = Actual.objects.get(external_key="o-1")
    assert (line.cost, line.currency, line.given_amount, line.given_cost, line.rate) == (
        540,
        "USD",
        1000,
        600,
        D("0.9"),
    )
    own = Actual.objects.get(external_key="o-4")
    assert (own.currency, own.given_amount, own.given_cost, own.rate) == ("EUR", None, None, None)


def test_credits_and_totals_are_in_the_companys_currency_and_margin_is_amount_less_cost(rates):
    load("actuals", LINES)
    roll_up_stale()
    march = Attainment.objects.filter(period__label="2026-03", person__email="ana@x.com")
    sums = dict(march.values_list("measure", "actual"))
    assert sums == {"revenue": 800 + D("11.51") + D("100.1234"), "margin": 320 + D("40.1234")}


def test_a_line_without_a_rate_is_refused_with_the_day(rates):
    batch = load("actuals", HEADER + "o-1,revenue,2026-03-04,ana@x.com,10,,CHF\n")
    row = batch.rows.get()
    assert (row.column, row.value) == ("currency", "CHF")
    assert row.reason == "No rate for CHF on 2026-03-04: import rates first."


def test_a_line_too_large_in_company_currency_is_refused(world):
    load("rates", "currency,starts_on,rate\nKWD,2026-01-01,85000\n")
    batch = load("actuals", HEADER + "o-1,revenue,2026-03-04,ana@x.com,99999999,,KWD\n")
    assert batch.rows.get().reason == "In EUR the amount is too large."


def test_the_same_file_again_changes_nothing_although_the_rate_has_changed(rates):
    load("actuals", LINES)
    load("rates", "currency,starts_on,rate\nUSD,2026-02-01,0.50\n")
    assert told(load("actuals", LINES)) == {"read": 4, "unchanged": 4}
    assert amounts()["o-1"] == 900


def test_a_restated_line_keeps_its_rate_unless_its_day_or_currency_is_restated(rates):
    load("actuals", LINES)
    load("rates", "currency,starts_on,rate\nUSD,2026-02-01,0.50\nUSD,2026-02-27,0.60\n")
    load("actuals", LINES.replace("o-1,revenue,2026-02-28,ana@x.com,1000", "o-1,revenue,2026-02-28,ana@x.com,1100"))
    assert (amounts()["o-1"], ActualVersion.objects.latest("pk").delta) == (990, 90)
    load("actuals", LINES.replace("02-28", "02-27"))
    assert (amounts()["o-1"], ActualVersion.objects.latest("pk").delta) == (600, -390)
    load("actuals", LINES.replace("02-28,ana@x.com,1000,600,USD", "02-28,ana@x.com,1000,600,GBP"))
    assert amounts()["o-1"] == 1150


def test_undo_of_a_restatement_brings_back_the_amount_at_its_old_rate(rates):
    load("actuals", LINES)
    load("rates", "currency,starts_on,rate\nUSD,2026-02-27,0.60\n")
    batch = load("actuals", LINES.replace("02-28", "02-27"))
    batches.undo(batch)
    line = Actual.objects.get(external_key="o-1")
    assert (line.amount, line.cost, line.given_amount, line.rate) == (900, 540, 1000, D("0.9"))


def test_a_line_that_was_taken_out_and_comes_back_takes_the_rate_of_now(rates):
    batches.undo(load("actuals", LINES))
    load("rates", "currency,starts_on,rate\nUSD,2026-01-01,0.95\n")
    load("actuals", LINES)
    assert amounts()["o-1"] == 950


def test_shared_credit_divides_the_converted_amount_to_the_last_ten_thousandth(rates):
    load("actuals", LINES)
    load("credits", "external_id,email,share\no-3,ana@x.com,0.3\no-3,bob@x.com,0.7\n")
    parts = Credit.objects.filter(actual__external_key="o-3").order_by("share")
    assert list(parts.values_list("amount", flat=True)) == [D("3.453"), D("8.057")]


def test_a_line_becomes_one_in_company_currency(rates):
    load("actuals", LINES)
    load("actuals", LINES.replace("1000,600,USD", "1000,600,EUR"))
    assert (amounts()["o-1"], Actual.objects.filter(rate__isnull=False).count()) == (1000, 1)


def test_late_lines_of_a_closed_period_wait_whatever_their_currency(rates):
    Period.objects.filter(label="2026-02").update(state=PeriodState.SOFT_CLOSED)
    batch = load("actuals", LINES)
    assert told(batch) == {"read": 4, "new": 3, "parked": 1}
    assert batch.rows.get().column == "date"


@given(
    amount=st.decimals(min_value=-(10**10), max_value=10**10, places=4),
    rate=st.decimals(min_value=D("0.00001"), max_value=9, places=12),
    currency=st.sampled_from(("EUR", "JPY", "KWD")),
)
def test_conversion_is_off_by_half_a_coin_at_most_and_turns_with_the_sign(amount, rate, currency):
    worth, coin = convert(amount, rate, currency), minor_unit(currency)
    assert worth % coin == 0
    assert abs(worth - amount * rate) * 2 <= coin
    assert convert(-amount, rate, currency) == -worth


def test_inv_07_totals_are_of_stored_rates_and_a_rate_that_comes_later_changes_none(rates):
    load("actuals", LINES)

    def totals():
        roll_up_stale()
        rebuild()
        return sorted(Attainment.objects.filter(person__isnull=False).values_list("period__label", "measure", "actual"))

    before = totals()
    assert {amount for label, measure, amount in before if (label, measure) == ("2026-02", "revenue")} == {D(900)}
    load("rates", "currency,starts_on,rate\nUSD,2026-02-15,0.10\n")
    assert totals() == before
    assert Actual.objects.get(external_key="o-1").amount == 900
