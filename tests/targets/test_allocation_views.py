"""The page of the allocation grid: typed, pasted, spread, held, undone, taken out as a file."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from spm.org.models import Period
from spm.org.people import place_member
from targets import batches, cycles, grid_blocks, presences
from targets.models import CompanyPlan, GoalBatch, Hold, PlanningCycle, Proposal, Quota
from targets.plans import set_plan_line, set_target, working_plan
from targets.quotas import set_quota
from tests.builders import make_person, make_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(year):
    return working_plan(make_year("2027", date(2027, 1, 1)))


@pytest.fixture
def cycle(plan):
    return PlanningCycle.objects.create(fiscal_year=plan.fiscal_year, stage="allocate")


@pytest.fixture
def site(client, cast, cycle):
    """The admin's browser, with a year to plan."""
    client.force_login(cast.admin)
    return client


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


def test_typed_quarters_are_one_batch(site, cast, plan):
    cells = {name(cast.rep): "1.2M", name(cast.rep, "2027-Q2"): "900k"}
    assert save(site, cells, reason="Opening").status_code == 302
    assert (quota(cast.rep), quota(cast.rep, "2027-Q1")) == (2_100_000, 1_200_000)
    assert (GoalBatch.objects.get().kind, GoalBatch.objects.get().reason) == ("edit", "Opening")


def test_amounts_are_read_as_the_language_writes_them(site, cast):
    save_in_french = site.post(
        url(), {"seen": 0, "was": "{}", name(cast.rep): "1,2M"}, headers={"accept-language": "fr"}
    )
    assert save_in_french.status_code == 302
    assert quota(cast.rep) == 1_200_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("twelve", "is not an amount"),
        ("66O", "Did you mean 660?"),
        ("-5", "is not negative"),
        ("9" * 15, "is too large: it must stay below 100,000,000,000"),
        ("0.001", "not a whole number"),
    ],
)
def test_what_cannot_be_stored_is_kept_and_explained(site, cast, text, said):
    answer = save(site, {name(cast.rep): text, name(cast.teammate): "100"})
    assert answer.status_code == 422
    assert said in page(answer)
    assert f'value="{text}"' in page(answer)
    assert not Quota.objects.exists()


def test_a_year_beside_quarters_must_be_their_sum(site, cast):
    quarters = {name(cast.rep, f"2027-Q{n}"): "25" for n in range(1, 5)}
    assert save(site, quarters | {name(cast.rep, "2027"): "99"}).status_code == 422
    assert save(site, quarters | {name(cast.rep, "2027"): "100"}).status_code == 302
    assert quota(cast.rep) == 100


def test_untouched_cells_are_not_sent_back(site, cast, plan):
    give(plan, cast.rep, 400)
    was = f'{{"{name(cast.rep)}": "100"}}'
    give(plan, cast.rep, 800)
    assert save(site, {name(cast.rep): "100", "was": was}).status_code == 302
    assert quota(cast.rep) == 800


def test_inv_32_of_two_people_who_edit_the_second_sees_both_values(site, cast, plan):
    give(plan, cast.rep, 90, "2027-01", by=cast.director)
    answer = save(site, {name(cast.rep): "150"}, seen=0)
    assert answer.status_code == 409
    conflict = answer.context["view"].conflicts[0]
    assert conflict["label"] == "Rep One, Jan 2027"
    assert conflict["theirs"].startswith("90 (Director, ")
    assert 'value="150"' in page(answer)
    assert quota(cast.rep) == 90
    assert save(site, {name(cast.rep): "150"}, seen=answer.context["view"].seen).status_code == 302
    assert quota(cast.rep) == 150


@pytest.mark.parametrize("seen", ["999999", "-1", "many", ""])
def test_a_revision_number_never_given_out_stores_nothing(site, cast, seen):
    answer = save(site, {name(cast.rep): "150"}, seen=seen)
    assert answer.status_code == 422
    assert 'value="150"' in page(answer)
    assert not Quota.objects.exists()


def test_nobody_changes_the_own_number(site, cast, plan):
    give(plan, cast.admin, 100)
    assert save(site, {name(cast.admin): "900"}).status_code == 422
    assert quota(cast.admin) == 100


def test_a_manager_sets_whoever_stands_below_and_nobody_else(site, cast):
    site.force_login(cast.north_manager)
    assert cast.outsider.name not in page(site.get(url()))
    assert save(site, {name(cast.outsider): "900"}).status_code == 422
    assert save(site, {name(cast.rep): "900"}).status_code == 302
    assert site.get(url(team=cast.south.pk)).status_code == 404


def test_a_rep_may_not_open_the_grid(site, cast):
    site.force_login(cast.rep)
    assert site.get(url()).status_code == 403


def test_a_number_is_not_stored_in_a_stage_that_is_past(site, cast, cycle):
    PlanningCycle.objects.update(stage="monitor")
    answer = save(site, {name(cast.rep): "900"})
    assert (answer.status_code, Quota.objects.exists()) == (422, False)
    assert "this belongs to" in page(answer)


def test_a_locked_year_is_read_and_leads_to_revisions(site, cast, plan):
    give(plan, cast.rep, 100)
    type(plan).objects.filter(pk=plan.pk).update(locked_at="2026-09-18T00:00Z")
    shown = page(site.get(url()))
    assert 'name="c:' not in shown
    assert reverse("targets:revision-new", args=["2027"]) in shown
    for verb in ("", "paste", "spread"):
        answer = save(site, {name(cast.rep): "900", "method": "even", "block": "1"}, verb=verb)
        assert answer.status_code == 422
    assert quota(cast.rep) == 100


# Blocks


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


# Spreads, holds, undo


def test_a_spread_is_previewed_and_then_applied_as_one_batch(site, cast, plan):
    set_plan_line(plan, measure="bookings", period=period(), amount=Decimal(3000))
    chosen = {"method": "even", "ramp": "1"}
    answer = save(site, chosen, verb="spread")
    assert len(answer.context["preview"].rows) >= 3
    assert not Quota.objects.exists()
    assert save(site, chosen | {"apply": "1"}, verb="spread").status_code == 302
    assert sum(row.amount for row in Quota.objects.all()) == 3000
    assert GoalBatch.objects.filter(kind="method").count() == 1


def test_a_new_total_of_a_team_is_spread_over_those_below(site, cast, plan):
    chosen = {"node": cast.north.pk, "method": "even", "total": "1,000", "apply": "1"}
    save(site, chosen, verb="spread")
    assert (quota(cast.rep), quota(cast.teammate)) == (500, 500)


def test_the_manual_method_asks_for_the_percent_of_each(site, cast, plan):
    set_target(plan, holder=cast.north, measure="bookings", period=period(), amount=Decimal(1000))
    chosen = {"node": cast.north.pk, "method": "manual"}
    parts = save(site, chosen, verb="spread").context["parts"]
    assert [(label, share) for _name, label, share in parts] == [("Rep One", 50), ("Rep Two", 50)]
    shares = {parts[0][0]: "70", parts[1][0]: "30"}
    save(site, chosen | shares | {"apply": "1"}, verb="spread")
    assert (quota(cast.rep), quota(cast.teammate)) == (700, 300)


@pytest.mark.parametrize(
    "chosen", [{"method": "magic"}, {"method": "even", "total": "x"}, {"method": "even", "over": "x"}]
)
def test_a_spread_that_cannot_be_read_is_explained(site, cast, chosen):
    assert save(site, chosen, verb="spread").status_code == 422


def test_a_number_is_held_and_released(site, cast, plan):
    give(plan, cast.rep, 100)
    site.post(url("hold"), {"cell": name(cast.rep, "2027")})
    assert Hold.objects.get().person == cast.rep
    site.post(url("hold"), {"release": name(cast.rep, "2027")})
    assert not Hold.objects.exists()


def test_a_manager_holds_no_number_of_another_team(site, cast):
    site.force_login(cast.north_manager)
    assert site.post(url("hold"), {"cell": name(cast.outsider, "2027")}).status_code == 403
    assert site.post(url("hold"), {"cell": "c:person:x:1"}).status_code == 404


def test_one_undo_takes_the_whole_batch_back(site, cast):
    save(site, {name(cast.rep): "100", name(cast.teammate): "200"})
    batch = site.get(url()).context["view"].undoable
    assert site.post(url("undo"), {"batch": batch.pk}).status_code == 302
    assert not Quota.objects.exists()
    assert site.get(url()).context["view"].undoable is None


def test_nobody_undoes_what_somebody_else_did(site, cast):
    save(site, {name(cast.rep): "100"})
    batch = GoalBatch.objects.get()
    site.force_login(cast.north_manager)
    assert site.post(url("undo"), {"batch": batch.pk}).status_code == 404
    assert quota(cast.rep) == 100


# Why, and who else


@pytest.mark.parametrize(
    ("more", "reason"), [({}, "Typed into the allocation grid"), ({"kind": "paste"}, "Pasted into the allocation grid")]
)
def test_without_a_reason_it_is_kept_how_a_number_came(site, cast, more, reason):
    save(site, {name(cast.rep): "100"}, **more)
    assert GoalBatch.objects.get().reason == reason
    assert set(Quota.history.values_list("history_change_reason", flat=True)) == {reason}


def test_a_spread_keeps_its_method_as_the_reason(site, cast, plan):
    set_target(plan, holder=cast.north, measure="bookings", period=period(), amount=Decimal(1000))
    save(site, {"node": cast.north.pk, "method": "even", "apply": "1"}, verb="spread")
    assert GoalBatch.objects.latest("pk").reason == "Spread by “Even”"


def test_three_hundred_characters_of_a_reason_are_kept_with_each_number(site, cast):
    save(site, {name(cast.rep): "100"}, reason="x" * 400)
    assert set(Quota.history.values_list("history_change_reason", flat=True)) == {"x" * 300}


@pytest.mark.parametrize("stage", ["review", "approve"])
def test_from_the_review_on_each_change_says_why(site, cast, plan, stage):
    give(plan, cast.rep, 100)
    PlanningCycle.objects.update(stage=stage)
    assert "required" in page(site.get(url())).split('id="reason"')[1].split(">")[0]
    answer = save(site, {name(cast.rep): "300"}, reason="  ")
    assert answer.status_code == 422
    assert "write a reason" in page(answer)
    assert 'value="300"' in page(answer)
    set_target(plan, holder=cast.north, measure="bookings", period=period(), amount=Decimal(1000))
    assert save(site, {"node": cast.north.pk, "method": "even", "apply": "1"}, verb="spread").status_code == 422
    assert save(site, {name(cast.rep): "300"}, reason="Lost a customer").status_code == 302
    assert save(site, {"batch": GoalBatch.objects.latest("pk").pk}, verb="undo").status_code == 302
    assert GoalBatch.objects.latest("pk").reason == "Undone: Lost a customer"


def test_what_somebody_else_changes_just_now_is_told(site, cast, plan, monkeypatch):
    give(plan, cast.rep, 100, by=cast.director)
    give(plan, cast.rep, 200, by=cast.admin)
    shown = page(site.get(url()))
    assert "Director changed 12 numbers" in shown
    assert "Admin changed" not in shown
    monkeypatch.setattr(presences, "LATELY", timedelta(0))
    assert "Director changed" not in page(site.get(url()))


def test_a_manager_is_told_of_the_numbers_seen_and_of_no_others(site, cast, plan):
    give(plan, cast.outsider, 100, by=cast.admin)
    site.force_login(cast.north_manager)
    assert "Admin changed" not in page(site.get(url()))
    give(plan, cast.rep, 100, "2027-01", by=cast.admin)
    assert "Admin changed 1 number " in page(site.get(url()))


# Columns


def test_over_assignment_margin_and_the_note_of_a_proposal_stand_on_the_rows(site, cast, cycle, plan):
    set_target(plan, holder=cast.north, measure="bookings", period=period(), amount=Decimal(1000))
    give(plan, cast.rep, 1100)
    for measure, amount in (("margin", 300), ("revenue", 1000)):
        set_quota(plan, person=cast.rep, measure=measure, period=period(), amount=Decimal(amount))
    Proposal.objects.create(cycle=cycle, person=cast.rep, measure="bookings", amount=900, note="A customer closes")
    shown = page(site.get(url())).replace("\u202f", " ").replace("\xa0", " ")
    assert "Handed on: 1.1 k€ (+10.0 %)" in shown
    assert "30.0 %" in shown
    assert "“A customer closes”" in shown


def test_the_columns_are_chosen_and_stay_chosen(site, cast):
    usual = page(site.get(url()))
    assert ("col-margin" in usual, "alloc-usual" in usual, "Not covered<span" in usual) == (True, True, False)
    chosen = page(site.get(url(show="lost")))
    assert ("col-margin" in chosen, "alloc-usual" in chosen, "Not covered<span" in chosen) == (False, False, True)
    sent = {"seen": 0, "was": "{}", name(cast.rep): "1"}
    assert site.post(url(show="lost"), sent).headers["Location"].endswith("&show=lost")


# Size


def test_a_year_without_a_cycle_is_shown_and_typed_into(client, cast, plan):
    client.force_login(cast.admin)
    assert save(client, {name(cast.rep): "100"}).status_code == 302
    assert save(client, {"method": "even"}, verb="spread").status_code == 422


def test_many_people_of_one_team_stand_on_pages(site, cast):
    for _each in range(70):
        make_person(team=cast.south)
    first = site.get(url(team=cast.south.pk, columns="months")).context["view"]
    assert (len(first.lines), first.next_page) == (60, 2)
    assert len(site.get(url(team=cast.south.pk, page=2)).context["view"].lines) == 11


@pytest.mark.parametrize("people", [1, 40])
def test_the_page_takes_the_same_queries_for_any_number_of_people(site, cast, plan, people, django_assert_num_queries):
    for _each in range(people):
        give(plan, make_person(team=cast.north), 100)
    site.get(url())
    with django_assert_num_queries(20):
        site.get(url())


@pytest.fixture
def blocked(plan, cycle, cast):
    """North has to give 1,000, of which Rep One has all; at most 8 % more may be given."""
    cycles.set_policy(cycle, by=cast.admin, over_action="block", over_max=Decimal(8))
    set_target(plan, holder=cast.north, measure="bookings", period=period(), amount=Decimal(1000), by=cast.admin)
    give(plan, cast.rep, 1000)
    return plan


def test_a_cell_that_would_lie_above_a_policy_that_blocks_is_refused_and_stays_typed(site, blocked, cast):
    answer = save(site, {name(cast.teammate, "2027"): "81"})
    assert answer.status_code == 422
    assert "North, Bookings: over-assignment would be +8.1" in page(answer)
    assert 'value="81"' in page(answer)
    assert quota(cast.teammate) == 0
    assert save(site, {name(cast.teammate, "2027"): "80"}).status_code == 302
    assert quota(cast.teammate) == 80


def test_a_target_lowered_under_what_is_handed_on_is_refused_alone_and_stored_with_it(site, blocked, cast):
    lower = {f"c:team:{cast.north.pk}:{period().pk}": "500", "spread": "alone"}
    assert save(site, lower).status_code == 422
    assert save(site, lower | {name(cast.rep, "2027"): "500"}).status_code == 302
    assert quota(cast.rep) == 500


def test_what_is_not_yet_handed_on_is_no_fault_nor_is_a_step_down_from_above_the_policy(site, blocked, cast):
    assert save(site, {name(cast.rep, "2027"): "100"}, spread="below").status_code == 302
    give(blocked, cast.rep, 3000)
    assert save(site, {name(cast.rep, "2027"): "2000"}, spread="below").status_code == 302
    assert save(site, {name(cast.rep, "2027"): "2001"}, spread="below").status_code == 422


def test_a_policy_that_warns_refuses_no_cell(site, blocked, cast):
    PlanningCycle.objects.update(over_action="warn")
    assert save(site, {name(cast.rep, "2027"): "9000"}, spread="below").status_code == 302


def test_a_page_that_is_only_read_makes_no_plan(client, cast, year):
    make_year("2030", date(2030, 1, 1))
    for person, page in ((cast.north_manager, "allocate"), (cast.admin, "allocate"), (cast.admin, "company")):
        client.force_login(person)
        assert client.get(f"/targets/2030/{page}/").status_code == 200
    assert not CompanyPlan.objects.filter(fiscal_year__label="2030").exists()


@pytest.mark.parametrize("more", [{}, {"format": "csv"}])
def test_who_joins_next_year_is_not_named_to_the_manager_to_be(client, cast, cycle, plan, more):
    place_member(cast.outsider, team=cast.north, starts_on=date(2027, 1, 1))
    give(plan, cast.rep, 1_200)
    give(plan, cast.outsider, 98_765)
    client.force_login(cast.north_manager)
    answer = client.get(url(team=cast.north.pk, columns="months", **more))
    page = (answer.getvalue() if answer.streaming else answer.content).decode()
    assert cast.rep.name in page
    assert cast.outsider.name not in page
    assert cast.outsider.email not in page


def test_a_year_typed_and_overtaken_is_one_line_of_the_conflict(site, cast, plan):
    give(plan, cast.rep, 1200, by=cast.director)
    answer = save(site, {name(cast.rep, "2027"): "2400"}, seen=0, spread="below")
    (conflict,) = answer.context["view"].conflicts
    assert (conflict["label"], conflict["yours"]) == ("Rep One, Jan 2027 to Dec 2027", "2,400")
    assert conflict["theirs"].startswith("1,200 (Director, ")
