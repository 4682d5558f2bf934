"""An allocation as a file: whole, edited in a spreadsheet, and back with the differences shown before it is loaded."""

from decimal import Decimal

import pytest
from django.urls import reverse

from spm.imports import batches as imports
from spm.imports import queries
from spm.imports.choices import BatchState
from targets import batches, cycles, policy, versions
from targets.choices import PlanKind
from targets.models import GoalBatch, Hold, Quota, Target
from targets.plans import set_plan_line
from tests.builders import make_person, make_territory
from tests.spm.imports_help import load, told, upload
from tests.targets.file_help import downloaded, give, lines, period, previewed, quota, rows, target, url

pytestmark = pytest.mark.django_db


def test_the_file_holds_everybody_however_the_page_is_folded(site, cast, plan):
    for _each in range(73):
        make_person(team=cast.south)
    assert len(site.get(url()).context["grid"].rows) < 10
    found = lines(downloaded(site), "quotas")
    assert len(found) == 1 + 4 * 76
    assert {line[4] for line in found[1:]} == {None}
    assert len({line[1] for line in found[1:]}) == 76


def test_the_second_sheet_holds_the_targets_of_teams_and_territories(site, cast, plan):
    territory = make_territory("North-West")
    target(plan, cast.north, 1200)
    target(plan, territory, 1200)
    give(plan, cast.outsider, 100)
    file = downloaded(site)
    found = lines(file, "targets")
    assert found[0] == ["scope", "key", "measure", "period", "amount"]
    assert [(line[:2], line[4]) for line in found[1::4]] == [
        (["team", cast.north.code], 300),
        (["team", cast.sales.code], None),
        (["team", cast.south.code], None),
        (["territory", territory.code], 300),
    ]
    assert told(load("targets", file, filename="quotas.xlsx", by=cast.admin)) == {"read": 16, "unchanged": 16}


def test_quarters_that_come_back_unchanged_leave_their_months_alone(site, cast, plan):
    give(plan, cast.rep, 250, "2027-01")
    give(plan, cast.rep, 50, "2027-03")
    history = Quota.history.count()
    batch = load("quotas", downloaded(site), filename="quotas.xlsx", by=cast.admin)
    assert told(batch) == {"read": 12, "unchanged": 12}
    assert batch.notes[-1] == "11 rows without an amount change nothing."
    assert Quota.history.count() == history


def test_a_manager_takes_out_all_teams_led(site, cast, plan):
    site.force_login(cast.director)
    assert {line[0] for line in lines(downloaded(site), "quotas")[1:]} == {"Rep One", "Rep Two", "Rep Three"}
    site.force_login(cast.north_manager)
    assert {line[0] for line in lines(downloaded(site), "quotas")[1:]} == {"Rep One", "Rep Two"}


# Back, by whom


def test_a_manager_imports_the_numbers_of_the_people_led_and_no_others(cast, plan):
    text = rows(
        f"{cast.rep.email},bookings,2027-01,100",
        f"{cast.outsider.email},bookings,2027-01,100",
        "nobody@example.com,bookings,2027-01,100",
        f"{cast.north_manager.email},bookings,2027-01,100",
    )
    batch = previewed("quotas", text, cast.north_manager)
    assert told(batch) == {"read": 4, "new": 1, "refused": 3}
    sentences = list(batch.rows.order_by("number").values_list("reason", flat=True))
    assert sentences[0] == sentences[1] == "Managers set the numbers of the people they lead."
    assert sentences[2] == "Nobody sets their own quota."
    batch.is_partial = True
    imports.commit(batch, by=cast.north_manager)
    assert (quota(cast.rep), quota(cast.outsider)) == (100, 0)
    assert Quota.history.first().history_change_reason == "From the file “file.csv”"


def test_a_manager_imports_the_targets_below_and_leaves_the_own_as_it_is(cast, plan):
    target(plan, cast.north, 1200)
    target(plan, cast.sales, 2400)
    head = "scope,key,measure,period,amount"
    same = rows(f"team,{cast.sales.code},bookings,2027,2400", f"team,{cast.north.code},bookings,2027,1300", head=head)
    assert told(load("targets", same, by=cast.director)) == {"read": 2, "changed": 1, "unchanged": 1}
    other = rows(f"team,{cast.sales.code},bookings,2027,9", "territory,x,bookings,2027,9", head=head)
    batch = previewed("targets", other, cast.director)
    assert told(batch) == {"read": 2, "refused": 2}
    assert {row.reason for row in batch.rows.all()} == {
        "Managers set the targets of the teams below their own.",
        "The targets of territories are for an admin to set.",
    }
    beside = rows(f"team,{cast.south.code},bookings,2027,9", head=head)
    assert told(previewed("targets", beside, cast.north_manager)) == {"read": 1, "refused": 1}


def test_a_manager_finds_the_own_imports_and_no_others(client, cast, plan):
    client.force_login(cast.north_manager)
    assert reverse("imports:create", args=["quotas"]) in client.get(url()).content.decode()
    assert client.get(reverse("imports:create", args=["quotas"])).status_code == 200
    assert client.get(reverse("imports:create", args=["people"])).status_code == 403
    own = upload("quotas", rows(f"{cast.rep.email},bookings,2027-01,100"), by=cast.north_manager)
    theirs = upload("quotas", rows(f"{cast.rep.email},bookings,2027-01,100"), by=cast.admin)
    assert client.get(reverse("imports:detail", args=[own.pk])).status_code == 200
    assert client.get(reverse("imports:detail", args=[theirs.pk])).status_code == 404
    assert [row[0] for row in client.get(reverse("imports:list")).context["rows"]] == [own]
    client.force_login(cast.rep)
    assert client.get(reverse("imports:detail", args=[own.pk])).status_code == 403


def test_who_no_longer_leads_them_takes_no_import_back(cast, plan):
    batch = load("quotas", rows(f"{cast.rep.email},bookings,2027-01,100"), by=cast.north_manager)
    with pytest.raises(imports.RuleViolation, match="no longer yours"):
        imports.undo(batch, by=cast.south_manager)
    imports.undo(batch, by=cast.north_manager)
    assert quota(cast.rep) == 0


# Shown first


def test_the_preview_shows_each_number_before_and_after_and_the_totals(site, cast, plan):
    give(plan, cast.rep, 100, "2027-01")
    give(plan, cast.teammate, 50, "2027-01")
    text = rows(
        f"{cast.rep.email},bookings,2027-01,150",
        f"{cast.teammate.email},bookings,2027-01,50",
        f"{cast.outsider.email},bookings,2027-Q1,300",
    )
    batch = previewed("quotas", text, cast.admin)
    changes = queries.batch_page(batch, cast.admin).changes
    assert [(row.name, row.period, row.before, row.after, row.difference) for row in changes.rows] == [
        ("Rep One", "2027-01", 100, 150, 50),
        ("Rep Three", "2027-Q1", None, 300, 300),
    ]
    assert [(str(one.group), one.before, one.after) for one in changes.sums] == [("Bookings", 100, 450)]
    shown = site.get(reverse("imports:detail", args=[batch.pk])).content.decode()
    assert shown.index("What loading changes") < shown.index(">Load<")
    assert "+300" in shown


def test_the_preview_lists_the_first_and_counts_all(cast, plan):
    people = [make_person(team=cast.south) for _each in range(60)]
    text = rows(*(f"{one.email},bookings,2027-{month:02},1" for one in people for month in range(1, 11)))
    changes = queries.batch_page(previewed("quotas", text, cast.admin), cast.admin).changes
    assert (len(changes.rows), changes.count, changes.more, changes.sums[0].after) == (500, 600, 100, 600)


def test_targets_and_the_company_plan_show_what_changes_too(cast, plan):
    set_plan_line(plan, measure="margin", period=period("2027-01"), amount=Decimal(10))
    batch = previewed(
        "company_plan", rows("2027,margin,2027-01,25", head="fiscal_year,measure,period,amount"), cast.admin
    )
    (row,) = queries.batch_page(batch, cast.admin).changes.rows
    assert (row.name, row.before, row.after) == ("Whole company", 10, 25)
    text = rows(f"team,{cast.north.code},bookings,2027,1200", head="scope,key,measure,period,amount")
    (row,) = queries.batch_page(previewed("targets", text, cast.admin), cast.admin).changes.rows
    assert (row.name, row.before, row.after) == ("North", None, 1200)


# Held, and a policy that blocks


def test_an_import_leaves_held_numbers_as_they_are(cast, plan):
    give(plan, cast.rep, 1200)
    Hold.objects.create(plan=plan, person=cast.rep, measure="bookings", period=period("2027-Q1"))
    batch = previewed("quotas", rows(f"{cast.rep.email},bookings,2027-02,5"), cast.admin)
    assert batch.rows.get().reason == "2027-02 is held. Release it to change it."
    load("quotas", rows(f"{cast.rep.email},bookings,2027,2100"), by=cast.admin)
    leaves = Quota.objects.filter(person=cast.rep).order_by("period__starts_on").values_list("amount", flat=True)
    assert list(leaves) == [100] * 3 + [200] * 9


@pytest.fixture
def blocked(plan, cycle, cast):
    """North has to give 1,000, of which Rep One has all; at most 8 % more may be given."""
    target(plan, cast.north, 1000)
    give(plan, cast.rep, 1000, by=cast.admin)
    cycles.set_policy(cycle, by=cast.admin, over_action="block", over_max=Decimal(8))
    return plan


def test_a_file_that_would_lie_above_a_policy_that_blocks_is_refused_in_words(cast, blocked):
    text = rows(f"{cast.teammate.email},bookings,2027,100")
    for verb in (imports.preview, imports.commit):
        batch = upload("quotas", text, by=cast.admin)
        with pytest.raises(policy.OutsidePolicy):
            verb(batch)
        batch.refresh_from_db()
        assert batch.state == BatchState.REFUSED
        assert "North, Bookings: over-assignment would be +10" in batch.reason
    assert quota(cast.teammate) == 0
    assert told(load("quotas", rows(f"{cast.teammate.email},bookings,2027,80"), by=cast.admin)) == {"read": 1, "new": 1}


def test_an_import_is_not_taken_back_into_what_the_policy_blocks(cast, blocked):
    batch = load("quotas", rows(f"{cast.rep.email},bookings,2027,500"), by=cast.admin)
    give(blocked, cast.teammate, 500)
    with pytest.raises(policy.OutsidePolicy, match="North, Bookings"):
        imports.undo(batch, by=cast.admin)
    assert quota(cast.rep) == 500


def test_an_undo_does_not_lead_into_what_the_policy_blocks(site, cast, blocked):
    give(blocked, cast.rep, 500, by=cast.admin)
    last = GoalBatch.objects.latest("pk")
    give(blocked, cast.teammate, 500)
    with pytest.raises(policy.OutsidePolicy):
        batches.undo(last, by=cast.admin)
    answer = site.post(reverse("targets:allocate-undo", args=["2027"]), {"batch": last.pk}, follow=True)
    assert "the policy blocks above" in answer.content.decode()
    assert quota(cast.rep) == 500


def test_a_version_above_the_policy_is_not_restored(cast, blocked):
    saved = versions.copy_plan(blocked, PlanKind.SAVED, "All in", cast.admin)
    target(blocked, cast.north, 500, by=cast.admin)
    give(blocked, cast.rep, 500)
    Quota.objects.filter(plan=saved).update(amount=100)
    Target.objects.filter(plan=saved).update(amount=50)
    with pytest.raises(policy.OutsidePolicy, match="North, Bookings"):
        versions.restore(saved, cast.admin)
    assert quota(cast.rep) == 500


def test_a_company_plan_is_not_typed_below_what_is_handed_on(site, cast, blocked):
    set_plan_line(blocked, measure="bookings", period=period(), amount=Decimal(1000))
    cell = f"c:bookings::{period().pk}"
    sent = {"seen": batches.newest(blocked), "was": "{}", cell: "900"}
    answer = site.post(reverse("targets:company", args=["2027"]), sent)
    assert answer.status_code == 422
    assert "The company, Bookings: over-assignment would be" in answer.content.decode()
    assert site.post(reverse("targets:company", args=["2027"]), sent | {cell: "950"}).status_code == 302
