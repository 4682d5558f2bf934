"""Target customers from files: ranked, capped, refused with a reason, undone as a whole, exported and loaded again."""

import io
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.urls import reverse

from spm.imports import batches
from spm.imports.journal import ChangedSince
from spm.imports.workbooks import template
from spm.market.models import ProductFamily
from spm.org.verification import run_all
from territories import caps, target_customers
from territories.choices import TargetStatus
from territories.market_imports import TargetCustomers
from territories.market_tables import CUSTOMERS
from territories.models import TargetCustomer
from tests.builders import make_account
from tests.spm.imports_help import load, told, upload
from tests.territories.market_help import ranking

HEADER = "territory,rank,account_id,name,product_family,potential,reason,next_step,status,outcome\n"


def file(wanting, *rows):
    names = {"t": wanting.territory.code, "a": wanting.account.external_id, "b": wanting.second.external_id}
    return HEADER + "\n".join(row.format(**names) for row in rows)


def refusals(batch):
    return [(row.number, row.column) for row in batch.rows.order_by("number")]


@pytest.fixture
def rows(wanting):
    return file(
        wanting,
        "{t},2,{b},,dryers,1000.50,Second hall,Call her,,",
        "{t},1,,Fresh Foods,Dryers,7,,,open,",
        "{t},,,Nordic Dairy,,,,,dropped,Sold to a rival",
    )


def test_rows_take_their_ranks_and_again_change_nothing(wanting, rows):
    assert told(load("target_customers", rows)) == {"read": 3, "new": 1, "changed": 2}
    assert ranking(wanting.territory) == ["Fresh Foods", "Ostsee", "Halvorsen"]
    ostsee = TargetCustomer.objects.get(account=wanting.second)
    assert (ostsee.potential, ostsee.reason, ostsee.next_step) == (Decimal("1000.50"), "Second hall", "Call her")
    assert ostsee.product_family == ProductFamily.objects.get()  # two spellings, one family
    dropped = TargetCustomer.objects.get(name="Nordic Dairy")
    assert (dropped.status, dropped.outcome_words, dropped.rank) == (TargetStatus.DROPPED, "Sold to a rival", None)
    assert told(load("target_customers", rows)) == {"read": 3, "unchanged": 3}
    assert not any(finding.breaches for finding in run_all(("INV-75", "INV-76")))


def test_undo_puts_rows_and_ranks_back(wanting, rows):
    batch = load("target_customers", rows)
    batches.undo(batch, wanting.admin)
    assert ranking(wanting.territory) == ["Halvorsen", "Ostsee", "Nordic Dairy"]
    assert TargetCustomer.objects.count() == 3
    assert not any(finding.breaches for finding in run_all(("INV-75",)))


def test_undo_closes_the_ranks_around_what_was_added_since(wanting):
    batch = load("target_customers", file(wanting, "{t},,,Fresh Foods,,,,,,"))
    target_customers.add(wanting.territory, name="By hand")
    batches.undo(batch, wanting.admin)
    assert ranking(wanting.territory) == ["Halvorsen", "Ostsee", "Nordic Dairy", "By hand"]


def test_undo_is_refused_where_somebody_ranked_since(wanting, rows):
    batch = load("target_customers", rows)
    target_customers.move(TargetCustomer.objects.get(name="Fresh Foods"), 3, seen=1)
    with pytest.raises(ChangedSince):
        batches.undo(batch, wanting.admin)
    assert ranking(wanting.territory)[2] == "Fresh Foods"


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("Nowhere,1,{a},,,,,,,", "territory"),
        ("Unassigned,1,{a},,,,,,,", "territory"),
        ("{t},1,ZZ-1,,,,,,,", "account_id"),
        ("{t},1,,,,,,,,", "account_id"),
        ("{t},1,{a},Halvorsen,,,,,,", "name"),
        ("{t},0,{a},,,,,,,", "rank"),
        ("{t},61,{a},,,,,,,", "rank"),
        ("{t},1.5,{a},,,,,,,", "rank"),
        ("{t},,{a},,,-1,,,,", "potential"),
        ("{t},,{a},,,0.001,,,,", "potential"),
        ("{t},,{a},,,much,,,,", "potential"),
        ("{t},,{a},,,,,,maybe,", "status"),
        ("{t},,{a},,,,,,dropped,", "outcome"),
        ("{t},,{a},,,,,,open,Because", "outcome"),
        ("{t},1,{a},,,,,,won,", "rank"),
        ("{t},,{a},,,,{why},,,", "reason"),
        ("{t},,{a},,,,,{step},,", "next_step"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_column(wanting, row, column):
    row = row.replace("{why}", "x" * (caps.WHY + 1)).replace("{step}", "x" * (caps.NEXT_STEP + 1))
    batch = load("target_customers", file(wanting, row))
    assert refusals(batch) == [(2, column)]
    assert all(line.reason for line in batch.rows.all())
    assert ranking(wanting.territory) == ["Halvorsen", "Ostsee", "Nordic Dairy"]


def test_two_rows_of_one_rank_are_refused(wanting):
    batch = load(
        "target_customers",
        file(wanting, "{t},1,{a},,,,,,,", "{t},1,{b},,,,,,,", "{t},4,,New,,,,,,", "{t},,ZZ-1,,,,,,,"),
    )
    assert refusals(batch) == [(3, "rank"), (5, "account_id")]


def test_a_rank_beyond_the_end_is_the_last_one_and_several_keep_their_order(wanting):
    load("target_customers", file(wanting, "{t},40,{a},,,,,,,"))
    assert ranking(wanting.territory) == ["Ostsee", "Nordic Dairy", "Halvorsen"]
    load("target_customers", file(wanting, "{t},9,{b},,,,,,,", "{t},2,,New,,,,,,", "{t},7,,Late,,,,,,"))
    assert ranking(wanting.territory) == ["Nordic Dairy", "New", "Halvorsen", "Late", "Ostsee"]
    assert not any(finding.breaches for finding in run_all(("INV-75",)))


def test_a_list_cut_into_files_by_rank_ends_as_the_whole(wanting):
    rows = ["{t},1,,First,,,,,,", "{t},2,,Second,,,,,,", "{t},4,{a},,,,,,,", "{t},5,,Fifth,,,,,,"]
    for row in rows:
        load("target_customers", file(wanting, row))
    one_by_one = ranking(wanting.territory)
    assert one_by_one == ["First", "Second", "Ostsee", "Halvorsen", "Fifth", "Nordic Dairy"]
    assert told(load("target_customers", file(wanting, *rows))) == {"read": 4, "unchanged": 4}


def test_more_than_a_territory_takes_is_refused(wanting):
    rows = [f"{{t}},,,Name {number},,,,,," for number in range(caps.CUSTOMERS - 2)]
    batch = load("target_customers", file(wanting, *rows))
    assert refusals(batch) == [(len(rows) + 1, "territory")]


def test_what_the_page_exports_loads_again(wanting, rows, client):
    load("target_customers", rows)
    client.force_login(wanting.rep)
    answer = client.get(reverse("territories:market-page", args=[wanting.territory.pk]), {"format": "csv"})
    text = b"".join(answer.streaming_content)
    assert text.decode("utf-8-sig").splitlines()[0] == ",".join(CUSTOMERS)
    assert told(load("target_customers", text)) == {"read": 4, "unchanged": 4}
    assert list(CUSTOMERS) == [column.name for column in TargetCustomers.columns]


def test_the_workbook_of_the_kind_and_the_command_line(wanting, rows, tmp_path):
    assert template(TargetCustomers())
    path = tmp_path / "wanted.csv"
    path.write_text(rows)
    for expected in ("new", "unchanged"):
        out = io.StringIO()
        call_command("load", "target_customers", str(path), stdout=out, stderr=out)
        assert expected in out.getvalue()
    assert ranking(wanting.territory) == ["Fresh Foods", "Ostsee", "Halvorsen"]


def test_a_preview_writes_nothing(wanting, rows):
    upload("target_customers", rows)
    assert ranking(wanting.territory) == ["Halvorsen", "Ostsee", "Nordic Dairy"]


def test_an_account_named_with_lost_zeros_is_told_so(wanting):
    make_account("Zero", external_id="0042")
    batch = load("target_customers", file(wanting, "{t},,42,,,,,,,"))
    assert "0042" in batch.rows.get().reason
