"""Actuals and credits from files: upsert, restatement, snapshot, undo, and totals that do not depend on the order."""

from decimal import Decimal

import pytest
from django.db.models import Sum

from spm.imports import batches
from spm.imports.choices import BatchState
from spm.market.models import ProductFamily
from spm.org.choices import PeriodState
from spm.org.models import Period
from targets.models import Actual, ActualVersion, Attainment, Credit
from targets.rollup import roll_up_stale
from tests.builders import make_account, make_person, make_territory
from tests.spm.imports_help import load, told, upload

pytestmark = pytest.mark.django_db

HEADER = "external_id,kind,date,email,account_id,territory,product_family,amount,cost\n"
ROWS = [
    "a-1,revenue,2026-01-15,ana@x.com,A-1,,Pumps,100.1234,60\n",
    "a-2,revenue,2026-01-16,bob@x.com,,NW,pumps,50,\n",
    "a-3,booking,2026-02-01,,,,,(12.50),\n",
]
FILE = HEADER + "".join(ROWS)


@pytest.fixture
def world(year):
    make_person("Ana", email="ana@x.com"), make_person("Bob", email="bob@x.com")
    make_account(external_id="A-1"), make_territory("NW")


def totals():
    """Everything a page would show, after the roll-up."""
    roll_up_stale()
    columns = ("period__label", "measure", "person__email", "territory__code", "company", "actual", "lines")
    return sorted(map(str, Attainment.objects.exclude(actual=0, lines=0).values_list(*columns)))


def credited():
    return Credit.objects.aggregate(Sum("amount"))["amount__sum"]


def test_lines_are_recorded_with_their_credits_and_families(world):
    assert told(load("actuals", FILE)) == {"read": 3, "new": 3}
    assert credited() == Decimal("137.6234")
    assert ProductFamily.objects.get().name == "Pumps"
    assert Actual.objects.get(external_key="a-3").person.is_house


def test_a_family_is_made_by_a_line_that_is_loaded_alone(world):
    rows = (
        ROWS[0].replace("ana@x.com", "nobody@x.com").replace("Pumps", "Ghosts").replace("a-1", "a-0")
        + ROWS[1]
        + ROWS[0]
    )
    more = ROWS[1].replace("a-2", "a-4").replace("pumps", "Valves") + ROWS[1].replace("a-2", "a-5")
    batch = load("actuals", HEADER + rows + more, is_partial=True)
    assert told(batch) == {"read": 5, "new": 4, "refused": 1}
    families = Actual.objects.order_by("external_key").values_list("external_key", "product_family__key")
    assert list(families) == [("a-1", "pumps"), ("a-2", "pumps"), ("a-4", "valves"), ("a-5", "pumps")]
    assert set(ProductFamily.objects.values_list("name", flat=True)) == {"pumps", "Valves"}


def test_inv_10_the_same_file_twice_changes_nothing(world):
    load("actuals", FILE)
    before = totals()
    again = load("actuals", FILE.replace("a-1", " A-1"))
    assert (told(again), again.state) == ({"read": 3, "unchanged": 3}, BatchState.COMMITTED)
    assert (totals(), ActualVersion.objects.count()) == (before, 0)


def test_inv_11_order_of_rows_and_cut_of_the_file_do_not_matter(world):
    whole = load("actuals", FILE)
    before = totals()
    batches.undo(load("actuals", HEADER + ROWS[0].replace("100.1234", "7")))
    assert totals() == before
    first = {row.external_key: (row.amount, row.date, row.person_id) for row in Actual.objects.all()}
    load("actuals", HEADER + ROWS[2] + ROWS[1], source="other")
    load("actuals", HEADER + ROWS[0], source="other")
    others = Actual.objects.filter(source="other")
    assert {row.external_key: (row.amount, row.date, row.person_id) for row in others} == first
    batches.undo(whole)
    assert totals() == before


def test_inv_13_a_restated_line_keeps_its_old_form(world):
    load("actuals", FILE)
    batch = load("actuals", FILE.replace("50,", "70,"))
    assert told(batch) == {"read": 3, "changed": 1, "unchanged": 2}
    assert ActualVersion.objects.get().delta == 20


def test_inv_14_every_row_is_accounted_for(world):
    text = FILE + ROWS[0].replace("100.1234", "9") + "x-1,revenue,2026-13-01,,,,,1,\nx-2,sale,2026-01-01,,,,,1,\n"
    batch = load("actuals", text, is_partial=True)
    assert told(batch) == {"read": 6, "new": 3, "refused": 2, "superseded": 1}
    assert list(batch.rows.values_list("number", "column", "value")) == [(6, "date", "2026-13-01"), (7, "kind", "sale")]
    assert Actual.objects.get(external_key="a-1").amount == 9


def test_inv_15_one_refused_row_and_nothing_is_loaded(world):
    batch = load("actuals", FILE + "x-1,revenue,2026-01-01,nobody@x.com,,,,1,\nx-2,revenue,2031-01-01,,,,,1,\n")
    assert (batch.state, batch.refused, Actual.objects.count()) == (BatchState.REFUSED, 2, 0)
    assert "2 rows are refused" in batch.reason


def test_unknown_names_and_other_currencies_are_refused(world):
    lines = "e-1,revenue,2026-01-01,,Z,,1,\ne-2,revenue,2026-01-01,,,Z,1,\ne-3,revenue,2026-01-01,,,,1,USD\n"
    batch = load("actuals", "external_id,kind,date,email,account_id,territory,amount,currency\n" + lines)
    assert [row.column for row in batch.rows.all()] == ["account_id", "territory", "currency"]


def test_inv_16_undo_restores_every_total_exactly(world):
    load("actuals", FILE)
    before = totals()
    batch = load("actuals", FILE.replace("50,", "70,").replace("a-3", "a-4"))
    assert totals() != before
    batches.undo(batch)
    assert totals() == before
    batch.refresh_from_db()
    assert batch.state == BatchState.UNDONE


def test_inv_17_only_a_snapshot_takes_lines_out_and_its_preview_says_how_many(world):
    load("actuals", FILE)
    load("actuals", HEADER + ROWS[0])
    assert Actual.objects.in_force().count() == 3
    batch = upload("actuals", HEADER + ROWS[0], is_snapshot=True)
    assert any("2 stored lines" in note for note in batches.preview(batch).notes)
    assert Actual.objects.in_force().count() == 3
    batches.commit(batch)
    assert Actual.objects.in_force().count() == 1
    batches.undo(batch)
    assert Actual.objects.in_force().count() == 3


def test_inv_29_late_lines_of_a_closed_period_are_parked_and_the_rest_is_loaded(world):
    Period.objects.filter(label="2026-02").update(state=PeriodState.SOFT_CLOSED)
    batch = load("actuals", FILE)
    assert told(batch) == {"read": 3, "new": 2, "parked": 1}
    assert batch.rows.get().reason == "2026-02 is closed for new lines."


def test_a_preview_counts_and_writes_nothing(world):
    batch = batches.preview(upload("actuals", FILE))
    assert (told(batch), batch.state) == ({"read": 3, "new": 3}, BatchState.PREVIEWED)
    assert (Actual.objects.count(), ProductFamily.objects.count()) == (0, 0)


CREDITS = """
    external_id,email,territory,share,overlay
    a-1,ana@x.com,,0.6,
    a-1,bob@x.com,,0.4,
    A-1,bob@x.com,NW,0.5,yes
"""


def test_credits_replace_the_default_as_a_set_and_undo_brings_it_back(world):
    load("actuals", FILE)
    before = totals()
    batch = load("credits", CREDITS)
    assert told(batch) == {"read": 3, "new": 3}
    assert credited() == Decimal("137.6234") + Decimal("50.0617")
    assert told(load("credits", CREDITS)) == {"read": 3, "unchanged": 3}
    batches.undo(batch)
    assert totals() == before


def test_inv_03_shares_that_do_not_sum_to_one_and_unknown_lines_are_refused_as_a_set(world):
    load("actuals", FILE)
    batch = load("credits", "external_id,email,share\na-1,ana@x.com,0.6\na-1,bob@x.com,0.39\nzz,ana@x.com,1\n")
    assert told(batch) == {"read": 3, "refused": 3}
    assert "0.99" in batch.rows.first().reason
    batch = load("credits", "external_id,email,share\na-1,ana@x.com,1.2\na-1,bob@x.com,-0.2\n")
    assert batch.refused == 2


@pytest.mark.parametrize("spoilt", ["A-1,bob@x.com,NW,o.5,yes", "a-1,nobody@x.com,NW,0.5,yes"])
def test_a_set_of_which_a_row_cannot_be_read_is_refused_as_a_whole(world, spoilt):
    load("actuals", FILE)
    load("credits", CREDITS)
    before = totals()
    rows = f"external_id,email,territory,share,overlay\na-1,ana@x.com,,1,\n{spoilt}\na-2,bob@x.com,,1,\n"
    batch = load("credits", rows, is_partial=True)
    assert told(batch) == {"read": 3, "new": 1, "refused": 2}
    assert totals() == before
