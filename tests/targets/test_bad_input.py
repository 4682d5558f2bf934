"""What nobody should type, on every page of planning where numbers are typed, with plain forms and no script.

Whatever it is: a sentence says why, nothing at all is stored, and what was typed stands there again.
"""

from datetime import date
from decimal import Decimal
from urllib.parse import urljoin

import pytest
from django.apps import apps
from django.urls import reverse

from spm.org.choices import PeriodState
from spm.org.models import Period
from targets import cycles, locking, plan_rates, ramp_schedules, scenarios
from targets.choices import Stage, WhatIf
from targets.models import PlanningCycle, QuotaLetter
from targets.plans import set_plan_line, set_target, working_plan
from targets.quotas import set_quota
from targets.recipients import prepare
from targets.scenario_steps import Adjustment
from tests.builders import make_person, make_quota, make_territory, make_year
from tests.targets.forms_on_a_page import form_with, forms_of

pytestmark = pytest.mark.django_db

BAD = {
    "cells": "12\t13\n14",
    "words": "twelve",
    "negative": "-5",
    "overflow": "9" * 16,
    "infinite": "1e999",
    "no_number": "NaN",
    "markup": "<b>7</b>",
    "a_story": "1 and " * 60,
}
SAID = (
    "is not an amount",
    "is too large",
    "is not negative",
    "is not a percentage",
    "between 0 and 100",
    "less than or equal to",
    "greater than or equal to",
    "a number",
    "decimal",
    "digits",
    "At least",
    "must be positive",
    "above 0",
    "lies between",
    "below zero",
)


@pytest.fixture
def year_27(year, cast):
    """2027 in Allocate: numbers, a letter, a scenario, a plan rate; 2026 is locked with quotas in the last quarter."""
    make_person("Second", is_admin=True)
    for person in (cast.rep, cast.teammate):
        make_quota(person, "2026-11", 100)
    locking.lock(working_plan(year), by=cast.admin)
    made = make_year("2027", date(2027, 1, 1))
    plan, whole = working_plan(made), Period.objects.get(label="2027")
    cycles.create_cycle(made, cast.admin)
    PlanningCycle.objects.update(stage=Stage.ALLOCATE)
    told = {"measure": "bookings", "period": whole, "by": cast.director}
    set_plan_line(plan, amount=Decimal(1200), **told)
    for team in (cast.sales, cast.north):
        set_target(plan, holder=team, amount=Decimal(1200), **told)
    set_quota(plan, person=cast.rep, amount=Decimal(1200), **told)
    prepare(PlanningCycle.objects.get())
    QuotaLetter.objects.filter(person=cast.rep).update(state="sent", sent_at="2026-09-01T00:00Z")
    scenarios.create(plan, "What if", cast.admin)
    plan_rates.set_plan_rates(made, {"USD": Decimal("0.9")}, by=cast.admin)
    ramp_schedules.set_schedule("New hires", [Decimal(50)], is_default=True)
    make_territory("Land", owner=cast.rep)
    return made


def leaf(label):
    return Period.objects.get(label=label).pk


# Page → (who opens it, its address, the field, the button, what else is chosen). Functions, for the keys come late.
def page_of(name, cast):
    def at(route, *args, query=""):
        return reverse(route, args=args) + query

    scenario = working_plan(Period.objects.get(label="2027").fiscal_year).copies.get().pk
    revision = f"?holder=person:{cast.rep.pk}&measure=bookings&effective={leaf('2026-10')}"
    row = f"person:{cast.rep.pk}:bookings"
    pages = {
        "allocation": (cast.admin, at("targets:allocate", 2027), f"c:person:{cast.rep.pk}:{leaf('2027-Q1')}", {}),
        "allocation_of_a_manager": (
            cast.north_manager,
            at("targets:allocate", 2027, query=f"?team={cast.north.pk}"),
            f"c:person:{cast.rep.pk}:{leaf('2027')}",
            {},
        ),
        "spread_total": (cast.admin, at("targets:allocate", 2027), "total", {"node": cast.north.pk, "method": "even"}),
        "spread_over": (cast.admin, at("targets:allocate", 2027), "over", {"method": "even"}),
        "company": (cast.admin, at("targets:company", 2027), f"c:bookings::{leaf('2027-01')}", {}),
        "company_spread": (cast.admin, at("targets:company", 2027), "total", {"season": "even"}),
        "territories": (cast.admin, at("targets:territories", 2027), f"c:{territory()}:{leaf('2027-01')}", {}),
        "scenario_growth": (cast.admin, at("targets:scenario-adjust", 2027, scenario), "percent", {}),
        "scenario_over": (cast.admin, at("targets:scenario-adjust", 2027, scenario, query="?kind=over"), "percent", {}),
        "revision": (
            cast.north_manager,
            at("targets:revision-new", 2026, query=revision),
            f"m:{row}:{leaf('2026-11')}",
            {"button": "", "reason": "Because"},
        ),
        "revision_total": (
            cast.north_manager,
            at("targets:revision-new", 2026, query=revision),
            f"total:{row}",
            {"button": "spread", "reason": "Because"},
        ),
        "proposal_of_a_rep": (cast.rep, at("targets:quota", 2027, cast.rep.pk), "amount", {"note": "Gent is lost"}),
        "proposal_of_a_team": (cast.north_manager, at("targets:review", 2027), "amount", {"note": "Gent is lost"}),
        "plan_rate": (cast.admin, at("targets:rates", 2027), "rate_USD", {"reason": "Outlook"}),
        "new_plan_rate": (cast.admin, at("targets:rates", 2027), "rate", {"currency": "CHF", "reason": "Outlook"}),
        "ramp": (cast.admin, at("setup:ramp-create"), "month_1", {"name": "Slow"}),
        "policy": (cast.admin, at("targets:cycle-edit", 2027), "over_max", {}),
    }
    return pages[name]


def territory():
    return apps.get_model("market", "Territory").objects.get(name="Land").pk


PAGES = (
    *("allocation", "allocation_of_a_manager", "spread_total", "spread_over", "company", "company_spread"),
    *("territories", "scenario_growth", "scenario_over", "revision", "revision_total", "proposal_of_a_rep"),
    *("proposal_of_a_team", "plan_rate", "new_plan_rate", "ramp", "policy"),
)
# Below zero is a number there: a margin may be planned so, and a company may shrink or give on less.
SIGNED = {"company", "company_spread", "scenario_growth", "scenario_over", "spread_over", "policy"}


def everything():
    """Every row of ours."""
    ours = [
        model for model in apps.get_models() if model._meta.app_label in ("org", "talk", "targets", "market", "jobs")
    ]
    return {model.__name__: sorted(model._base_manager.values_list(), key=str) for model in ours}


def written(html):
    """Everything that stands in the fields of a page."""
    return {text for form in forms_of(html) for text in form.fields.values()}


@pytest.mark.parametrize("name", PAGES)
def test_what_is_no_number_is_told_kept_and_stores_nothing(client, cast, year_27, name):
    who, address, field, more = page_of(name, cast)
    client.force_login(who)
    more = {key: str(value) for key, value in more.items()}
    button = more.pop("button", None)
    form = form_with(client.get(address).content.decode(), field, *more)
    before = everything()
    for bad, text in BAD.items():
        if bad == "negative" and name in SIGNED:
            continue
        to, data = form.sends(button, **{field: text} | more)
        answer = client.post(urljoin(address, to), data, follow=True)
        html = answer.content.decode()
        there = {" ".join(one.split()) for one in written(html)}
        assert (answer.status_code, bool(answer.redirect_chain)) in ((422, False), (200, True)), bad
        assert {" ".join(text.split()), *more.values()} <= there, bad
        assert any(said in html for said in SAID), bad
        assert everything() == before, bad


def test_percents_by_hand_that_are_refused_stand_in_their_fields(client, cast, year_27):
    client.force_login(cast.admin)
    address = reverse("targets:allocate", args=["2027"])
    form = form_with(client.get(address).content.decode(), "method")
    to, data = form.sends(node=str(cast.north.pk), method="manual", total="1.2M", ramp="")
    asked = form_with(client.post(urljoin(address, to), data).content.decode(), f"share:person:{cast.rep.pk}")
    to, data = asked.sends(**{f"share:person:{cast.rep.pk}": "70", f"share:person:{cast.teammate.pk}": "29.5"})
    answer = client.post(urljoin(address, to), data)
    again = form_with(answer.content.decode(), f"share:person:{cast.rep.pk}")
    assert (answer.status_code, "add up to 99.5, not to 100" in answer.content.decode()) == (422, True)
    assert (again.fields[f"share:person:{cast.rep.pk}"], again.fields["total"]) == ("70", "1.2M")
    to, data = again.sends(**{f"share:person:{cast.teammate.pk}": "30"})
    assert client.post(urljoin(address, to), data).context["preview"].after.allocated == 1_200_000


def test_weights_of_ones_own_that_are_refused_stand_in_their_fields(client, cast, year_27):
    client.force_login(cast.admin)
    address = reverse("targets:company", args=["2027"])
    form = form_with(client.get(address).content.decode(), "season")
    to, data = form.sends(row="bookings:", season="custom", total="900")
    asked = form_with(client.post(urljoin(address, to), data).content.decode(), "weight:1")
    to, data = asked.sends(**{"weight:1": "8", "weight:2": "-1", "keep_as": "Hard winter"})
    answer = client.post(urljoin(address, to), data)
    again = form_with(answer.content.decode(), "weight:1")
    assert (answer.status_code, "must not be negative" in answer.content.decode()) == (422, True)
    assert [again.fields[name] for name in ("weight:1", "weight:2", "keep_as")] == ["8", "-1", "Hard winter"]
    to, data = again.sends(**{"weight:2": "2"})
    assert client.post(urljoin(address, to), data).status_code == 200


def test_the_reason_of_an_adoption_is_still_there_after_a_conflict(client, cast, year_27):
    client.force_login(cast.admin)
    plan = working_plan(year_27)
    scenario = plan.copies.get()
    scenarios.adjust(scenario, Adjustment(WhatIf.GROWTH, percent=Decimal(5)), cast.admin)
    address = reverse("targets:scenario", args=["2027", scenario.pk])
    form = form_with(client.get(address).content.decode(), "seen", "reason")
    month = Period.objects.get(label="2027-01")
    set_quota(plan, person=cast.rep, measure="bookings", period=month, amount=Decimal(7), by=cast.director)
    to, data = form.sends(reason="The board said yes")
    answer = client.post(to, data)
    again = form_with(answer.content.decode(), "seen", "reason")
    assert (answer.status_code, again.fields["reason"]) == (409, "The board said yes")
    assert again.fields["seen"] != form.fields["seen"]


def test_a_total_below_what_stays_is_refused_in_words_and_kept(client, cast, year_27):
    Period.objects.filter(label="2026-11").update(state=PeriodState.CLOSED)  # with its 100
    client.force_login(cast.north_manager)
    _who, address, field, more = page_of("revision_total", cast)
    form = form_with(client.get(address).content.decode(), field)
    to, data = form.sends(more["button"], **{field: "99", "reason": "Because"})
    answer = client.post(urljoin(address, to), data)
    assert (answer.status_code, form_with(answer.content.decode(), field).fields[field]) == (422, "99")
    assert "hold more than this total" in answer.content.decode()


# A stage that is skipped, a number that is stale

SKIPPED = {
    "review": ("admin", "targets:cycle-advance", {"to": "review"}),
    "lock": ("admin", "targets:lock", {}),
    "monitor": ("admin", "targets:cycle-advance", {"to": "monitor"}),
    "nonsense": ("admin", "targets:cycle-advance", {"to": "finish"}),
    "letters": ("north_manager", "targets:review-send", {"person": "rep"}),
    "agreement": ("rep", "targets:quota-answer", {"agree": "1", "version": "0"}),
    "acknowledgement": ("rep", "targets:quota-answer", {"acknowledge": "1"}),
    "approval": ("north_manager", "targets:quota-decide", {"approve": "1"}),
    "rejection": ("north_manager", "targets:quota-decide", {"reject": "1", "comment": "Gent is lost"}),
    "company_plan": ("admin", "targets:plan-decide", {"approve": "1"}),
    "revision": ("admin", "targets:revision-new", {"row": "person:rep:bookings", "reason": "Because"}),
    "scenario": ("admin", "targets:scenario-revise", {"cause": "market", "reason": "It grows"}),
}


@pytest.mark.parametrize("name", SKIPPED)
def test_a_stage_skipped_by_url_is_refused_with_a_sentence_and_stores_nothing(client, cast, year_27, name):
    """2027 stands in Plan: nothing is agreed to, sent, locked or revised yet."""
    PlanningCycle.objects.update(stage=Stage.PLAN)
    who, route, data = SKIPPED[name]
    keys = {"targets:quota-answer": cast.rep.pk, "targets:quota-decide": cast.rep.pk}
    keys["targets:scenario-revise"] = working_plan(year_27).copies.get().pk
    client.force_login(getattr(cast, who))
    before = everything()
    sent = {key: value.replace("rep", str(cast.rep.pk)) for key, value in data.items()}
    answer = client.post(reverse(route, args=["2027", *([keys[route]] if route in keys else [])]), sent, follow=True)
    if answer.status_code != 403:
        assert answer.status_code in (200, 422)
        assert any(message.level_tag in ("error", "warning") for message in answer.context["messages"])
    assert everything() == before
