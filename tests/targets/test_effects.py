"""The currency effect: what lines in other currencies count for beyond the plan rates of their year.

By hand, in euro: 2026 is planned at 0.90 for a dollar. The dollar stands at 0.95 from January and 0.85 from March. In
January Rep bills 1,000 USD that cost 600: 950 and 570, at plan 900 and 540, an effect of 50 on revenue and 20 on margin
(380 instead of 360). In March the same: 850 and 510, an effect of −50 and −20. Beside them 100 euro each month.
"""

import csv
import html
import re
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spm.errors import PeriodClosed
from spm.imports import batches
from spm.market.models import Territory
from spm.org import guards
from spm.org.choices import PeriodState
from spm.org.models import Period
from spm.org.verification import run_all
from targets import actuals, closing, rollup
from targets.crediting import Share
from targets.lines import CreditSet
from targets.models import Actual, Attainment, Credit, PeriodTotal, Rate
from targets.plan_rates import set_plan_rates
from tests.builders import make_actual, make_line, make_territory
from tests.spm.imports_help import load

D = Decimal
pytestmark = pytest.mark.django_db


@pytest.fixture
def dollars(year, cast):
    """The rates by date, and the plan's."""
    for month, rate in ((1, "0.95"), (3, "0.85")):
        Rate.objects.create(currency="USD", starts_on=date(2026, month, 1), rate=D(rate))
    set_plan_rates(year, {"USD": D("0.9")}, by=cast.admin)
    return cast


@pytest.fixture
def sold(dollars):
    """The lines of the text above, rolled up; Rep owns a patch of a region."""
    make_territory("Patch", parent=make_territory("Region"), owner=dollars.rep)
    for month in (1, 3):
        make_actual(dollars.rep, f"2026-0{month}-10", 1000, cost=600, currency="USD", external_id=f"usd-{month}")
        make_actual(dollars.rep, f"2026-0{month}-11", 100, cost=40)
    rollup.roll_up_stale()
    return dollars


def effect(label, measure="revenue", **holder):
    """(actual, effect) of one holder."""
    return Attainment.objects.values_list("actual", "effect").get(period__label=label, measure=measure, **holder)


def broken():
    return {finding.invariant.number for finding in run_all() if finding.breaches}


def share(person, part, **more):
    return Share(person.pk, None, D(part), **more)


def split(external_id, *shares):
    with actuals.recording("test") as recorder:
        return recorder.record_credits([CreditSet(external_id, shares)])


@pytest.mark.parametrize(
    ("label", "measure", "figures"),
    [
        ("2026-01", "revenue", (1050, 50)),
        ("2026-01", "margin", (440, 20)),
        ("2026-03", "revenue", (950, -50)),
        ("2026-03", "margin", (400, -20)),
        ("2026-Q1", "revenue", (2000, 0)),
        ("2026", "margin", (840, 0)),
    ],
)
def test_actual_and_effect_stand_apart_for_every_holder_month_quarter_and_year(sold, label, measure, figures):
    holders = [{"person": sold.rep}, {"team": sold.north}, {"team": sold.sales}, {"company": 1}]
    holders += [{"territory__code": code} for code in ("Patch", "Region")]
    assert {effect(label, measure, **holder) for holder in holders} == {figures}


def test_bookings_have_an_effect_of_their_own(dollars):
    make_actual(dollars.rep, "2026-01-10", 1000, currency="USD", kind="booking")
    rollup.roll_up_stale()
    assert effect("2026-01", "bookings", person=dollars.rep) == (950, 50)
    assert not Attainment.objects.filter(measure="revenue", period__label="2026-01").exclude(effect=0)


def test_a_shared_line_shares_its_effect_and_overlays_have_theirs_alone(sold):
    split("usd-1", share(sold.rep, "0.3"), share(sold.outsider, "0.7"), share(sold.loner, "0.5", is_overlay=True))
    rollup.roll_up_stale()
    assert effect("2026-01", person=sold.rep) == (385, 15)
    assert effect("2026-01", person=sold.outsider) == (665, 35)
    assert effect("2026-01", person=sold.loner) == (475, 25)
    assert effect("2026-01", "margin", person=sold.loner) == (190, 10)
    assert (effect("2026-01", team=sold.south), effect("2026-01", company=1)) == ((665, 35), (1050, 50))


def test_without_a_cost_there_is_no_margin_and_no_effect_on_it(dollars):
    make_actual(dollars.rep, "2026-01-10", 1000, currency="USD")
    rollup.roll_up_stale()
    assert effect("2026-01", "margin", person=dollars.rep) == (0, 0)


def test_a_currency_without_a_plan_rate_has_no_effect_until_it_gets_one(dollars, year):
    Rate.objects.create(currency="GBP", starts_on=date(2026, 1, 1), rate=D("1.15"))
    make_actual(dollars.rep, "2026-01-10", 100, currency="GBP")
    rollup.roll_up_stale()
    assert effect("2026-01", company=1) == (115, 0)
    set_plan_rates(year, {"GBP": D("1.2")}, by=dollars.admin)
    rollup.roll_up_stale()
    assert effect("2026-01", company=1) == (115, -5)


def test_a_plan_rate_set_anew_moves_the_effect_and_no_actual(sold, year):
    split("usd-1", share(sold.rep, "0.3"), share(sold.outsider, "0.7"))
    set_plan_rates(year, {"USD": D("0.8")}, by=sold.admin)
    rollup.roll_up_stale()
    assert (effect("2026-01", person=sold.rep), effect("2026-01", company=1)) == ((385, 45), (1050, 150))
    assert effect("2026-03", "margin", company=1) == (400, 20)
    set_plan_rates(year, {"USD": None}, by=sold.admin)
    rollup.roll_up_stale()
    assert effect("2026-Q1", company=1) == (2000, 0)
    assert not Credit.objects.exclude(effect=0, cost_effect=0)


def test_a_plan_rate_is_not_set_past_a_closed_month_that_has_lines_in_it(sold, year):
    closing.close(Period.objects.get(label="2026-01"), by=sold.admin)
    with pytest.raises(PeriodClosed, match="Jan 2026"):
        set_plan_rates(year, {"USD": D("0.8")}, by=sold.admin)
    set_plan_rates(year, {"CHF": D(1)}, by=sold.admin)
    assert effect("2026-01", company=1) == (1050, 50)


def test_restated_vanished_and_undone_lines_take_their_effect_along(dollars):
    header = "external_id,kind,date,email,amount,cost,currency\n"
    row = f"x,revenue,2026-01-10,{dollars.rep.email},1000,600,USD\n"
    load("actuals", header + row)
    batch = load("actuals", header + row.replace("1000", "1100"))
    rollup.roll_up_stale()
    assert effect("2026-01", company=1) == (1045, 55)
    batches.undo(batch)
    rollup.roll_up_stale()
    assert effect("2026-01", company=1) == (950, 50)
    batches.undo(Actual.objects.get().batch)
    rollup.roll_up_stale()
    assert not Attainment.objects.exclude(effect=0)


def test_the_effect_of_a_closed_month_is_part_of_its_closing(sold):
    kept = closing.close(Period.objects.get(label="2026-01"), by=sold.admin)
    assert "50.0000" in {row["effect"] for row in kept.rows}
    assert Period.objects.get(label="2026-01").state == PeriodState.CLOSED


def test_a_company_of_one_currency_is_not_asked_to_sum_any(year, cast):
    make_actual(cast.rep, amount=100)
    with CaptureQueriesContext(connection) as queries:
        rollup.roll_up_stale()
    assert not any("SUM(CASE WHEN c.is_overlay THEN 0 ELSE c.effect" in query["sql"] for query in queries)
    assert not PeriodTotal.objects.exclude(effect=0, overlay_effect=0)


# Pages


PAGES = (
    *("/performance/", "/performance/teams/{north}/", "/territories/{patch}/"),
    *("/performance/print/", "/performance/teams/{north}/print/"),
)


def told(client, sold, address):
    where = {"north": sold.north.pk, "patch": Territory.objects.get(code="Patch").pk, "rep": sold.rep.pk}
    return client.get(address.format_map(where) + "?measure=revenue&period=2026-01").content.decode()


@pytest.mark.parametrize("address", PAGES)
def test_pages_tell_the_effect_and_the_math_takes_it_apart(client, sold, address):
    client.force_login(sold.admin)
    text = told(client, sold, address)
    assert "Of which currency effect +€50: at plan rates it is €1\xa0k." in html.unescape(text)
    assert "+€50.00" in text or "print" in address


@pytest.mark.parametrize(
    ("address", "row"),
    [("/performance/teams/{north}/print/", "North"), ("/performance/reps/{rep}/print/", "Jan 2026")],
)
def test_on_paper_each_row_tells_both_rates_and_the_effect(client, sold, address, row):
    """In thousands: 1,050 booked at the rates of their days are 1,000 at plan rates, and 50 of effect."""
    client.force_login(sold.admin)
    text = told(client, sold, address)
    body = text[text.index("Teams and reps" if row == "North" else "Month by month") :]
    assert re.findall(r"<th[^>]*>(At plan rates|Currency effect)<", body) == ["At plan rates", "Currency effect"]
    cells = re.search(rf"<tr[^>]*><th scope=\"row\">{row}.*?</tr>", body, re.DOTALL)
    assert cells
    assert re.findall(r'<td class="num">([^<]*)</td>', cells[0])[-2:] == ["1.0", "+0.1"]


def test_the_page_of_a_person_tells_the_effect_and_the_lines_their_rate(client, sold):
    client.force_login(sold.rep)
    text = client.get(f"/performance/reps/{sold.rep.pk}/?measure=revenue&period=2026-03").content.decode()
    assert "Currency effect included" in text
    assert "−€50" in text
    lines = client.get(f"/performance/actuals/?measure=revenue&period=2026-03&person={sold.rep.pk}").content.decode()
    assert "1,000 USD × 0.85" in lines


RATES = ("Actual", "At plan rates", "Currency effect")


def in_file(client, address):
    """Name of a row → what its file says of actual, at plan rates and effect."""
    text = b"".join(client.get(f"{address}&format=csv").streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    return {
        next(row[key] for key in ("Name", "Territory", "Month") if key in row): [row[key] for key in RATES]
        for row in rows
    }


def test_files_tell_both_rates_and_the_effect_apart_in_each_row(client, sold):
    client.force_login(sold.admin)
    made = ["1050.00", "1000.00", "50.00"]
    teams = in_file(client, "/performance/?measure=revenue&period=2026-01")
    assert (teams["North"], teams[sold.rep.name]) == (made, made)
    months = in_file(client, f"/performance/reps/{sold.rep.pk}/?measure=revenue&period=2026-Q1")
    assert months["Mar 2026"] == ["950.00", "1000.00", "-50.00"]
    assert months["Total"] == ["2000.00", "2000.00", "0.00"]
    assert in_file(client, "/territories/?measure=revenue&period=2026-01")["Patch"] == made


def test_the_columns_of_both_rates_can_be_chosen_on_the_page(client, sold):
    client.force_login(sold.admin)
    chosen = "?measure=revenue&period=2026-01&columns=actual,at_plan_rates,effect"
    for address in (f"/performance/{chosen}", f"/performance/reps/{sold.rep.pk}/{chosen}"):
        text = client.get(address).content.decode()
        assert "At plan rates" in text
        assert "Currency effect" in text
        assert "€1,050.00" in text or "1.1" in text


def test_a_file_of_one_currency_has_no_column_of_rates(client, year, cast):
    make_actual(cast.rep, "2026-01-10", 100)
    rollup.roll_up_stale()
    client.force_login(cast.admin)
    answer = client.get("/performance/?measure=revenue&period=2026-01&format=csv")
    assert "plan rates" not in b"".join(answer.streaming_content).decode()


def test_no_page_speaks_of_an_effect_where_there_is_none(client, year, cast):
    make_actual(cast.rep, "2026-01-10", 100)
    rollup.roll_up_stale()
    client.force_login(cast.admin)
    pages = ("/performance/", "/performance/print/", f"/performance/reps/{cast.rep.pk}/print/")
    for address in (*pages, f"/performance/reps/{cast.rep.pk}/"):
        text = client.get(f"{address}?measure=revenue&period=2026-01").content.decode()
        assert "100" in text
        assert "urrency effect" not in text


# Verification


def test_inv_52_sound_effects_have_no_breach(sold):
    split("usd-1", share(sold.rep, "0.3333"), share(sold.outsider, "0.6667"), share(sold.loner, 1, is_overlay=True))
    rollup.roll_up_stale()
    assert not broken()


@pytest.mark.parametrize(
    "plant",
    [
        lambda: Credit.objects.filter(actual__external_id="usd-1").update(effect=49),
        lambda: Credit.objects.filter(actual__external_id="usd-1").update(cost_effect=31),
        lambda: Credit.objects.filter(actual__currency="EUR").update(effect=1),
        lambda: PeriodTotal.objects.filter(measure="revenue").update(effect=1),
        lambda: PeriodTotal.objects.filter(measure="margin").update(overlay_effect=1),
        lambda: Attainment.objects.filter(team__isnull=False, period__label="2026-01").update(effect=1),
        lambda: Attainment.objects.filter(territory__isnull=False, period__label="2026-01").update(effect=1),
    ],
)
def test_inv_52_a_planted_breach_is_found(sold, plant):
    guards.drop(connection)
    plant()
    assert "INV-52" in broken()


line = st.fixed_dictionaries(
    {
        "day": st.sampled_from(("2026-01-10", "2026-03-10", "2026-07-01")),
        "amount": st.decimals(min_value=-(10**6), max_value=10**6, places=4),
        "cost": st.none() | st.decimals(min_value=0, max_value=10**6, places=4),
        "currency": st.sampled_from(("USD", "EUR")),
        "kind": st.sampled_from(("revenue", "booking")),
        "part": st.decimals(min_value=0, max_value=1, places=4),
    }
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(line, min_size=1, max_size=8), plan=st.decimals(min_value="0.0001", max_value=9, places=6))
def test_at_plan_rates_and_effect_make_the_actual_at_every_level(dollars, year, lines, plan):
    Actual.objects.update(is_tombstone=True)
    Credit.objects.all().delete()
    set_plan_rates(year, {"USD": plan}, by=dollars.admin)
    with actuals.recording("test") as recorder:
        made = [make_line(dollars.rep, **{k: v for k, v in one.items() if k != "part"}) for one in lines]
        recorder.record(made)
        recorder.record_credits(
            [
                CreditSet(row.external_id, (share(dollars.rep, one["part"]), share(dollars.outsider, 1 - one["part"])))
                for row, one in zip(made, lines, strict=True)
            ]
        )
    rollup.rebuild()
    rows = Actual.objects.in_force().filter(kind="revenue").values_list("amount", "given_amount", "rate")
    at_plan = sum((amount if rate is None else round(given * plan, 2) for amount, given, rate in rows), D(0))
    whole = Attainment.objects.filter(company=1, period__label="2026", measure="revenue").first()
    assert (whole.actual - whole.effect if whole else 0) == at_plan
    assert not broken() & {"INV-02", "INV-03", "INV-04", "INV-05", "INV-22", "INV-51", "INV-52"}
