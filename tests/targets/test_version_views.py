"""The pages of versions: listed, saved, side by side down the tree, brought back and undone."""

from decimal import Decimal

import pytest
from django.urls import reverse

from spm.org.models import Period
from targets import batches, cycles, locking, versions
from targets.models import CompanyPlan, GoalBatch, PlanLine, Quota
from targets.plans import set_plan_line, set_target, working_plan
from targets.quotas import set_quota
from tests.builders import approve_plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(cast, year):
    """January: the company 1000, of it Direct 400; the team North 900, its rep 500; a rep of South 300."""
    plan = working_plan(year)
    line(plan, 1000)
    line(plan, 400, "Direct")
    leaf = Period.objects.get(label="2026-01")
    set_target(plan, holder=cast.north, measure="bookings", period=leaf, amount=Decimal(900))
    for person, amount in ((cast.rep, 500), (cast.outsider, 300)):
        set_quota(plan, person=person, measure="bookings", period=leaf, amount=Decimal(amount))
    return plan


@pytest.fixture
def site(client, cast, plan):
    client.force_login(cast.admin)
    return client


def line(plan, amount, segment=""):
    leaf = Period.objects.get(label="2026-01")
    set_plan_line(plan, measure="bookings", period=leaf, amount=Decimal(amount), segment=segment)


def url(verb="versions", *args, **query):
    address = reverse(f"targets:{verb}", args=["2026", *args])
    return address + ("?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else "")


def page(answer):
    return answer.content.decode()


def test_a_version_is_saved_with_name_and_reason_and_listed_with_totals(site, plan, cast):
    assert site.post(url(), {"name": "Board", "reason": "First draft"}).status_code == 302
    working, saved = site.get(url()).context["lines"]
    assert (working.is_working, working.totals) == (True, (1000, None, None))
    assert (saved.title, saved.plan.author, saved.plan.reason, saved.totals[0]) == (
        "Board",
        cast.admin,
        "First draft",
        1000,
    )


def test_a_version_without_a_name_is_not_saved_and_its_reason_is_kept(site):
    answer = site.post(url(), {"name": " ", "reason": "Because"})
    assert answer.status_code == 422
    assert "Because" in page(answer)
    assert not CompanyPlan.objects.filter(kind="saved").exists()


def test_managers_read_versions_and_save_none(site, plan, cast):
    saved = versions.save_version(plan, "Board", cast.admin)
    site.force_login(cast.north_manager)
    assert "Board" in page(site.get(url()))
    assert site.post(url(), {"name": "Mine"}).status_code == 403
    assert site.post(url("version-restore", saved.pk), {"seen": "0"}).status_code == 403
    site.force_login(cast.rep)
    assert site.get(url()).status_code == 403
    assert CompanyPlan.objects.filter(kind="saved").count() == 1


def test_two_versions_stand_side_by_side_down_the_tree_and_by_month(site, plan, cast):
    saved = versions.save_version(plan, "Board", cast.admin)
    line(plan, 1250)
    found = site.get(url("version-compare", a=saved.pk, b=plan.pk)).context["page"]
    assert [(row.difference.name, row.difference.difference) for row in found.rows] == [
        ("Whole company", 250),
        ("Direct", 0),
        (cast.north.name, 0),
        (cast.rep.name, 0),
        (cast.outsider.name, 0),
    ]
    assert [row.indent for row in found.rows] == [0, 1, 1, 2, 1]
    assert found.found.months[0].share == Decimal("0.25")


def test_a_manager_compares_the_own_people_alone(site, plan, cast):
    saved = versions.save_version(plan, "Board", cast.admin)
    site.force_login(cast.north_manager)
    found = site.get(url("version-compare", a=saved.pk, b=plan.pk)).context["page"]
    assert cast.outsider.name not in {row.difference.name for row in found.rows}
    assert cast.rep.name in {row.difference.name for row in found.rows}


def test_a_comparison_is_taken_out_as_a_file(site, plan, cast):
    saved = versions.save_version(plan, "Board", cast.admin)
    line(plan, 1250)
    answer = site.get(url("version-compare", a=saved.pk, b=plan.pk, format="csv"))
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0] == 'Part,Name,Board,Working version,Difference,"Difference, %"'
    assert lines[1].startswith("Period,Jan 2026,1000.00,1250.00,250.00,0.25")
    assert len(lines) == 1 + 12 + 5


@pytest.mark.parametrize("chosen", [{"a": "1000000", "b": "x"}, {"a": "9" * 30}])
def test_versions_that_do_not_exist_are_not_found(site, chosen):
    assert site.get(url("version-compare", **chosen)).status_code == 404
    assert site.get(url("version-compare")).status_code == 200


def test_a_restore_tells_what_changes_does_it_and_is_undone(site, plan, cast):
    saved = versions.save_version(plan, "Board", cast.admin)
    line(plan, 1250)
    set_quota(plan, person=cast.rep, measure="bookings", period=Period.objects.get(label="2026-01"), amount=None)
    told = site.get(url("version-restore", saved.pk)).context
    assert (told["counts"], told["own"]) == ({"planline": 1, "target": 0, "quota": 1}, 0)
    answer = site.post(url("version-restore", saved.pk), {"seen": told["seen"], "reason": "Back"})
    assert answer.url == reverse("targets:company", args=["2026"])
    assert (
        PlanLine.objects.get(plan=plan, segment="").amount,
        Quota.objects.get(plan=plan, person=cast.rep).amount,
    ) == (
        1000,
        500,
    )
    batch = site.get(answer.url).context["view"].undoable
    assert (batch.kind, batch.reason) == ("restore", "Back")
    site.post(reverse("targets:company-undo", args=["2026"]), {"batch": batch.pk})
    assert PlanLine.objects.get(plan=plan, segment="").amount == 1250


def test_a_restore_does_not_run_over_what_somebody_else_changed(site, plan, cast):
    saved = versions.save_version(plan, "Board", cast.admin)
    seen = batches.newest(plan)
    line(plan, 1250)
    answer = site.post(url("version-restore", saved.pk), {"seen": seen, "reason": "Back"})
    assert answer.status_code == 409
    assert 'value="Back"' in page(answer)
    assert PlanLine.objects.get(plan=plan, segment="").amount == 1250
    assert site.post(url("version-restore", saved.pk), {"seen": "many"}).status_code == 422


def test_a_locked_year_is_not_restored(site, plan, cast):
    saved = versions.save_version(plan, "Board", cast.admin)
    line(plan, 1250)
    locking.lock(plan, by=cast.admin)
    count = GoalBatch.objects.count()
    assert "approved revisions alone" in page(site.get(url("version-restore", saved.pk)))
    assert site.post(url("version-restore", saved.pk), {"seen": batches.newest(plan)}).status_code == 422
    assert GoalBatch.objects.count() == count


def test_publishing_the_approved_plan_keeps_a_version(site, plan, cast):
    cycle = cycles.create_cycle(plan.fiscal_year, cast.admin)
    approve_plan(plan.fiscal_year, cast.admin)
    cycles.advance(cycle, "allocate", cast.admin)
    working, published = site.get(url()).context["lines"]
    assert (published.title, published.plan.state, published.plan.decided_by) == (
        "As published",
        "approved",
        cast.admin,
    )
    assert working.plan.state == "approved"
    assert f"by {cast.admin.name}" in page(site.get(reverse("targets:company", args=["2026"])))


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_queries_for_any_number_of_versions(site, plan, cast, count, django_assert_num_queries):
    for number in range(count):
        versions.save_version(plan, f"Version {number}", cast.admin)
    site.get(url())
    with django_assert_num_queries(8):
        site.get(url())
