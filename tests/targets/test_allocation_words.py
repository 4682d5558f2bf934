"""What the allocation grid tells beside its numbers: why they changed, who else is at work, what stands on the rows."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from spm.org.models import Period
from targets import batches, presences
from targets.models import GoalBatch, PlanningCycle, Proposal, Quota
from targets.plans import set_target, working_plan
from targets.quotas import set_quota

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
    assert "Reason (kept in the history)" in page(site.get(url()))
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
