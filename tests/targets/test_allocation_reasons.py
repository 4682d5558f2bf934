"""The allocation grid from the review on: the reason is asked where it is stored, undo is offered where it is meant."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from spm.org.models import User
from targets.models import CompanyPlan, GoalBatch, PlanningCycle
from targets.plans import set_plan_line
from tests.targets.test_allocation_views import give, name, page, period, quota, save, url

pytestmark = pytest.mark.django_db


def test_from_the_review_on_a_total_is_shown_first_and_its_reason_asked_there(site, cast, plan, cycle):
    give(plan, cast.rep, 1200)
    PlanningCycle.objects.update(stage="review")
    total = {name(cast.rep, "2027"): "1.5M"}
    first = save(site, total)
    assert first.status_code == 200
    assert 'name="spread" value="below"' in page(first)
    assert page(first).count('name="reason"') == 1
    refused = save(site, total, spread="below")
    assert refused.status_code == 422
    assert page(refused).count("From the review on") == 1
    assert 'value="1.5M"' in page(refused)
    assert quota(cast.rep) == 1200
    assert save(site, total, spread="below", reason="More potential").status_code == 302
    assert (quota(cast.rep), GoalBatch.objects.latest("pk").reason) == (1_500_000, "More potential")


def test_from_the_review_on_a_month_without_a_reason_is_kept_until_it_is_given(site, cast, plan):
    PlanningCycle.objects.update(stage="review")
    refused = save(site, {name(cast.rep): "300k"})
    assert refused.status_code == 422
    assert 'value="300k"' in page(refused)
    assert "Why does 1 number change?" in page(refused)
    assert page(refused).count('name="reason"') == 1
    assert save(site, {name(cast.rep): "300k"}, reason="Asked for").status_code == 302


def test_what_was_typed_in_a_stage_that_is_done_is_not_offered_to_undo(site, cast, cycle):
    cycle.stages.create(stage="allocate")
    save(site, {name(cast.rep): "100"})
    assert site.get(url()).context["view"].undoable is not None
    cycle.stages.update(done_at=timezone.now())
    assert site.get(url()).context["view"].undoable is None


def test_a_number_that_somebody_else_has_changed_since_is_not_offered_to_undo(site, cast, plan):
    save(site, {name(cast.rep): "100"})
    give(plan, cast.rep, 800, by=cast.north_manager)
    assert site.get(url()).context["view"].undoable is None


def give_company(plan, amount):
    admin = User.objects.get(name="Admin")
    set_plan_line(plan, measure="bookings", period=period("2027-01"), amount=Decimal(amount), by=admin)


def test_the_grid_of_people_offers_no_undo_of_the_company_plan(site, plan):
    set_plan_line(
        plan, measure="bookings", period=period("2027-01"), amount=Decimal(5), by=User.objects.get(name="Admin")
    )
    assert site.get(reverse("targets:company", args=["2027"])).context["view"].undoable is not None
    assert site.get(url()).context["view"].undoable is None


def test_an_approved_company_plan_is_not_offered_to_undo(site, plan):
    set_plan_line(
        plan, measure="bookings", period=period("2027-01"), amount=Decimal(5), by=User.objects.get(name="Admin")
    )
    CompanyPlan.objects.filter(pk=plan.pk).update(state="approved", decided_at=timezone.now())
    assert site.get(reverse("targets:company", args=["2027"])).context["view"].undoable is None
