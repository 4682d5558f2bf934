"""Blocks pasted into the allocation grid: shown first, laid over people or by name, stored as one batch."""

from decimal import Decimal

import pytest
from django.urls import reverse

from spm.org.models import Period
from targets import batches, grid_blocks
from targets.models import GoalBatch, Hold, Quota
from targets.plans import working_plan
from targets.quotas import set_quota
from tests.builders import make_line_of_plan, make_person

pytestmark = pytest.mark.django_db


def period(label="2027"):
    return Period.objects.get(label=label)


def name(person, label="2027-Q1"):
    return f"c:person:{person.pk}:{period(label).pk}"


def url(verb="", **query):
    address = reverse(f"targets:allocate{verb and '-'}{verb}", args=["2027"])
    return address + ("?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else "")


def give(plan, person, amount, label="2027", by=None):
    set_quota(plan, person=person, measure="bookings", period=period(label), amount=Decimal(amount), by=by)


def quota(person, label="2027"):
    rows = Quota.objects.filter(person=person, measure="bookings")
    leaves = period(label).pk
    return sum(
        row.amount for row in rows if leaves in (row.period_id, row.period.parent_id, row.period.parent.parent_id)
    )


def save(site, cells, seen=None, verb="", **more):
    seen = batches.newest(working_plan(period().fiscal_year)) if seen is None else seen
    return site.post(url(verb), {"seen": seen, "was": "{}"} | cells | more)


def page(answer):
    return answer.content.decode()


def row_of(site, person):
    rows = site.get(url()).context["grid"].rows
    return [row.name for row in rows].index(person.name)


def paste(site, text, person, column=1):
    place = {"at_row": row_of(site, person), "at_column": column}
    return save(site, {"block": text} | place, verb="paste")


def test_a_pasted_block_is_shown_first_and_stored_as_one_batch(site, cast):
    answer = paste(site, '100\t"1,100"\r\n200\t66O\r\n\r\n', cast.rep)
    assert answer.status_code == 200
    pasted = answer.context["view"].pasted
    assert (pasted.count, pasted.accepted, pasted.rejected, len(pasted.rows)) == (4, 3, 1, 2)
    assert not Quota.objects.exists()
    sent = {
        one.cell.name: one.text for line in answer.context["view"].lines for one in line.inputs if one.cell.editable
    }
    stored = site.post(url(), sent | {"seen": 0, "was": "{}", "kind": "paste", "skip": "1"}, follow=True)
    assert "1 cell was left out" in page(stored)
    assert (quota(cast.rep), quota(cast.teammate)) == (1200, 200)
    assert GoalBatch.objects.get().kind == "paste"


def test_a_block_larger_than_the_grid_names_what_lies_outside(site, cast):
    block = "\n".join("\t".join("1" for _column in range(12)) for _row in range(14))
    pasted = paste(site, block, cast.outsider).context["view"].pasted
    assert (pasted.accepted, pasted.rejected) == (4, 14 * 12 - 4)
    assert "lies outside the grid" in pasted.rows[-1].faults[0]
    assert not Quota.objects.exists()


def test_a_block_of_fourteen_people_and_twelve_months_is_read_in_one_go(site, cast):
    for number in range(14):
        make_person(f"Zed {number:02}", team=cast.south)
    block = "\n".join("\t".join(f"1 {column:03}" for column in range(12)) for _row in range(14))
    top = [row.name for row in site.get(url(columns="months")).context["grid"].rows].index("Zed 00")
    answer = site.post(url("paste", columns="months"), {"seen": 0, "block": block, "at_row": top, "at_column": 1})
    assert answer.context["view"].pasted.accepted == 14 * 12
    assert answer.context["view"].after.allocated == 14 * sum(1000 + column for column in range(12))


def laid(answer):
    """Name → the texts of each pasted line."""
    return [(row.name, [cell.text for cell in row.cells]) for row in answer.context["view"].pasted.rows]


def test_a_block_that_begins_on_a_person_falls_on_people_alone(site, cast):
    answer = paste(site, "1\n2\n3", cast.rep)
    assert [name for name, _cells in laid(answer)] == ["Rep One", "Rep Two", "Rep Three"]
    team = [row.name for row in answer.context["grid"].rows].index("North")
    sent = {"block": "1\n2", "at_row": team, "at_column": 1}
    assert [name for name, _cells in laid(save(site, sent, verb="paste"))] == ["North", "Rep One"]


def test_lines_that_begin_with_a_name_fall_on_its_row(site, cast):
    block = f"Rep\tQ1\nrep  THREE\t1\t2\n{cast.rep.email}\t3\nNobody\t4\nRep One\t5"
    answer = paste(site, block, cast.teammate)
    pasted = answer.context["view"].pasted
    assert [row.name for row in pasted.rows] == ["Rep", "Rep Three", "Rep One", "Nobody", "Rep One"]
    assert [row.faults for row in pasted.rows] == [
        ["This page has no row “Rep”."],
        [],
        [],
        ["This page has no row “Nobody”."],
        ["“Rep One” stands in this block twice."],
    ]
    assert set(pasted.texts.values()) == {"1", "2", "3"}


def test_two_people_of_one_name_are_told_apart_by_their_e_mails(site, cast):
    twin = make_person("Rep One", team=cast.south, email="twin@example.com")
    assert "Several rows" in paste(site, "Rep One\t1\nRep Two\t2", cast.rep).context["view"].pasted.rows[0].faults[0]
    named = paste(site, f"Rep One\t{twin.email}\t2", cast.rep).context["view"].pasted
    assert named.texts == {name(twin): "2"}


def test_under_a_plan_of_some_months_the_preview_counts_what_is_pasted_in_them_alone(site, cast):
    """January and February are planned with 100 each: of 300 in the first quarter they hold 200."""
    for label in ("2027-01", "2027-02"):
        make_line_of_plan(label, 100)
    after = paste(site, "300\t900", cast.rep).context["view"].after
    assert (after.to_allocate, after.allocated, after.over) == (200, 200, 0)
    save(site, {name(cast.rep): "300", name(cast.rep, "2027-Q2"): "900"})
    assert site.get(url()).context["grid"].totals.allocated == 200


def test_a_pasted_cell_that_is_held_is_refused_unless_it_says_the_same(site, cast, plan):
    give(plan, cast.rep, 300, "2027-Q1")
    Hold.objects.create(plan=plan, person=cast.rep, measure="bookings", period=period("2027-Q1"))
    assert paste(site, "400\t5", cast.rep).context["view"].pasted.rejected == 1
    assert paste(site, "300\t5", cast.rep).context["view"].pasted.rejected == 0


@pytest.mark.parametrize("text", ["", "\n\t\n", '"' + "x" * 200_000])
def test_what_is_no_block_is_refused_in_words(site, cast, text):
    assert paste(site, text, cast.rep).status_code == 422


@pytest.mark.parametrize("place", ["", "x", "9999", "-1"])
def test_a_block_begins_at_a_cell_of_the_grid(site, cast, place):
    assert save(site, {"block": "1", "at_row": place, "at_column": "0"}, verb="paste").status_code == 422


def test_what_was_typed_survives_the_preview_of_a_paste(site, cast):
    answer = save(
        site,
        {name(cast.outsider): "777", "block": "5", "at_row": row_of(site, cast.rep), "at_column": 1},
        verb="paste",
    )
    assert 'value="777"' in page(answer)


def test_quoted_cells_may_hold_tabs_and_lines():
    assert grid_blocks.read_block('"a\tb"\t"c\nd"\n1\t\n\n') == [["a\tb", "c\nd"], ["1", ""]]
