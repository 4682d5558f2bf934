"""Killed at any statement, every verb of a year's planning has done all of its work or none of it.

After each kill the database is as it was before, or as it is when the verb gets through, and what the verb asked of
jobs is finished by the sweeper. Batches, saved versions, the sending and the approval of letters have tests of their
own. The verbs run in other processes, so they find by themselves what they act on.
"""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.apps import apps
from django.db import models, transaction
from django.utils import timezone

from spm.jobs.models import Job
from spm.jobs.sweeper import sweep
from spm.org.models import FiscalYear, Period, User
from spm.org.verification import run_all
from spm.ui.fields import MoneyField
from targets import (
    approvals,
    cycles,
    holds,
    letters,
    one_offs,
    plan_rates,
    proposals,
    ramp_schedules,
    revisions,
    rollup,
    scenarios,
)
from targets.choices import Measure, RevisionCause, Stage, WhatIf
from targets.cycles import StagePlan
from targets.goals import Goal, of_person
from targets.models import (
    Actual,
    CompanyPlan,
    PlanningCycle,
    Quota,
    QuotaLetter,
    RampSchedule,
    Rate,
    RollupRun,
    ScenarioStep,
)
from targets.plans import set_plan_line, set_target, working_plan
from targets.quotas import set_quota
from targets.recipients import prepare
from targets.scenario_steps import Adjustment
from tests import children
from tests.builders import approve_plan, make_actual, make_company, make_person, make_team, make_year

pytestmark = pytest.mark.django_db(transaction=True)

WHY = {"cause": RevisionCause.TERRITORY, "reason": "A territory moved"}


def october():
    return Period.objects.leaves().get(label="2026-10")


def person(name):
    return User.objects.get(name=name)


def cycle():
    return PlanningCycle.objects.select_related("fiscal_year").get()


def plan(kind="working"):
    return CompanyPlan.objects.select_related("fiscal_year").filter(kind=kind).latest("pk")


def letter():
    return QuotaLetter.objects.select_related("cycle__fiscal_year", "person").get()


# What is there before


def in_stage(stage):
    """A company, a team and a rep with a number of 1,000 in October, in the year's cycle at that stage."""
    make_company()
    year = make_year()
    boss, _second = make_person("Admin", is_admin=True), make_person("Second", is_admin=True)
    team = make_team("North", lead=make_person("Lead"))
    rep = make_person("Rep", team=team)
    cycles.create_cycle(year, boss)
    told = {"measure": "bookings", "period": october(), "amount": Decimal(1000), "by": boss}
    set_plan_line(working_plan(year), **told)
    set_target(working_plan(year), holder=team, **told)
    set_quota(working_plan(year), person=rep, **told)
    if stage != Stage.PLAN:
        approve_plan(year, boss)
        PlanningCycle.objects.update(stage=stage)
    if stage in (Stage.REVIEW, Stage.APPROVE):
        prepare(cycle())


def with_answer():
    in_stage(Stage.REVIEW)
    letters.send([letter()], person("Lead"))
    letters.ask(letter(), person("Rep"), "Does this count the customer that left?")


def with_letter():
    in_stage(Stage.REVIEW)
    letters.send([letter()], person("Lead"))


def with_deal_of_last_year():
    in_stage(Stage.ALLOCATE)
    make_year("2025", date(2025, 1, 1))
    make_actual(person("Rep"), "2025-03-10", 1000, kind="booking")
    rollup.roll_up_stale()


def locked():
    in_stage(Stage.APPROVE)
    cycles.advance(cycle(), Stage.LOCK, person("Admin"))


def with_request():
    locked()
    ask_for_revision()


def with_scenario():
    in_stage(Stage.ALLOCATE)
    scenarios.create(plan(), "What if", person("Admin"))


def with_step():
    with_scenario()
    hire()


def with_scenario_of_a_locked_year():
    with_scenario()
    PlanningCycle.objects.update(stage=Stage.APPROVE)
    grow()
    cycles.advance(cycle(), Stage.LOCK, person("Admin"))


def with_dollars():
    in_stage(Stage.PLAN)
    Rate.objects.create(currency="USD", starts_on=date(2026, 1, 1), rate=Decimal("0.95"))
    make_actual(person("Rep"), "2026-03-10", 1000, cost=600, currency="USD")
    rollup.roll_up_stale()


def with_ramp():
    in_stage(Stage.PLAN)
    ramp_schedules.set_schedule("Experienced", [Decimal(80)], is_default=True, by=person("Admin"))


# The verbs


def create_cycle():
    source = PlanningCycle.objects.get(fiscal_year__label="2026")
    cycles.create_cycle(FiscalYear.objects.get(label="2027"), person("Admin"), copy_from=source, with_numbers=True)


def publish():
    cycles.advance(cycle(), Stage.ALLOCATE, person("Admin"))


def begin_review():
    cycles.advance(cycle(), Stage.REVIEW, person("Admin"))


def lock():
    cycles.advance(cycle(), Stage.LOCK, person("Admin"))


def step_back():
    cycles.step_back(cycle(), "The board wants more", person("Admin"))


def return_company_plan():
    approvals.send_back(plan(), by=person("Second"), comment="Too low")


def reject_letter():
    letters.reject(letter(), person("Lead"), "It is taken out")


def agree():
    letters.agree(letter(), person("Rep"))


def ask():
    letters.ask(letter(), person("Rep"), "Does this count the customer that left?")


def acknowledge():
    letters.acknowledge(letter(), person("Rep"))


def propose():
    rep = person("Rep")
    proposals.propose(cycle(), of_person(rep.pk), Measure.BOOKINGS, Decimal(900), by=rep, note="One plant less")


def set_stages():
    days = {stage.value: StagePlan(person("Lead"), date(2026, 9, 1 + place)) for place, stage in enumerate(Stage)}
    cycles.set_stages(cycle(), days, by=person("Admin"))


def set_policy():
    cycles.set_policy(cycle(), by=person("Admin"), over_max=Decimal(5))


def leave_out():
    deal = Actual.objects.get(date=date(2025, 3, 10))
    one_offs.leave_out(cycle(), deal, reason="A stadium", by=person("Admin"))


def hold():
    holds.hold(plan(), of_person(person("Rep").pk), "bookings", october(), by=person("Admin"))


def ask_for_revision():
    wanted = [(Quota, Goal(of_person(person("Rep").pk), "bookings", october(), Decimal(1500)))]
    revisions.request(plan(), wanted, effective=october(), by=person("Lead"), **WHY)


def approve_revision():
    revisions.approve(plan("revision"), by=person("Admin"))


def reject_revision():
    revisions.reject(plan("revision"), by=person("Admin"), comment="Not this year")


def create_scenario():
    scenarios.create(plan(), "Another", person("Admin"))


def grow():
    scenarios.adjust(plan("scenario"), Adjustment(WhatIf.GROWTH, percent=Decimal(10)), person("Admin"))


def hire():
    north = person("Rep").memberships.get().team_id
    asked = Adjustment(WhatIf.HIRE, team=north, starts=october())
    scenarios.adjust(plan("scenario"), asked, person("Admin"), reason="One more")


def undo_step():
    scenarios.undo(ScenarioStep.objects.select_related("plan", "batch__plan").get(), person("Admin"))


def adopt():
    scenarios.adopt(plan("scenario"), person("Admin"), reason="The board said yes")


def discard():
    scenarios.discard(plan("scenario"), person("Admin"))


def hand_on():
    scenarios.request_revision(plan("scenario"), person("Admin"), **WHY)


def set_plan_rates():
    plan_rates.set_plan_rates(plan().fiscal_year, {"USD": Decimal("0.9")}, by=person("Admin"), reason="Outlook")


def save_ramp():
    ramp_schedules.save(RampSchedule(name="New hires", is_default=True), [Decimal(0), Decimal(50)], by=person("Admin"))


VERBS = [
    (create_cycle, lambda: in_stage(Stage.PLAN) or make_year("2027", date(2027, 1, 1))),
    (publish, lambda: in_stage(Stage.PLAN) or approve_plan(cycle().fiscal_year, person("Admin"))),
    (begin_review, lambda: in_stage(Stage.ALLOCATE)),
    (lock, lambda: in_stage(Stage.APPROVE)),
    (step_back, lambda: in_stage(Stage.ALLOCATE)),
    (return_company_plan, lambda: in_stage(Stage.PLAN) or approvals.submit(plan(), by=person("Admin"))),
    (reject_letter, with_answer),
    (agree, with_letter),
    (ask, with_letter),
    (acknowledge, locked),
    (propose, with_letter),
    (set_stages, lambda: in_stage(Stage.PLAN)),
    (set_policy, lambda: in_stage(Stage.PLAN)),
    (leave_out, with_deal_of_last_year),
    (hold, lambda: in_stage(Stage.ALLOCATE)),
    (ask_for_revision, locked),
    (approve_revision, with_request),
    (reject_revision, with_request),
    (create_scenario, with_scenario),
    (hire, with_scenario),
    (undo_step, with_step),
    (adopt, with_step),
    (discard, with_step),
    (hand_on, with_scenario_of_a_locked_year),
    (set_plan_rates, with_dollars),
    (save_ramp, with_ramp),
]

# What is compared

OURS = ("org", "jobs", "talk", "imports", "market", "targets")
KINDS = (MoneyField, models.DecimalField, models.BooleanField, models.SmallIntegerField, models.ForeignKey)


def told(field):
    """Whether the field says something of the work rather than of when it ran or which keys it drew."""
    if field.name == "milliseconds":
        return False
    if isinstance(field, models.ForeignKey):
        return field.null or field.related_model in (User, Period)
    return bool(field.choices) or isinstance(field, (*KINDS, models.PositiveIntegerField, models.DateTimeField))


def column_of(field):
    """People and periods by what they are called: on PostgreSQL those that are made draw other keys each time."""
    named = {User: "name", Period: "label"}.get(field.related_model)
    return f"{field.name}__{named}" if named else field.attname


def value_of(field, value):
    if isinstance(field, models.DateTimeField) or (
        isinstance(field, models.ForeignKey) and field.related_model not in (User, Period)
    ):
        return value is not None
    return value


def whole_state(names=()):
    """Every row of every table that planning or an import writes, by what it says; history, audit, jobs among them."""
    found = {}
    for model in apps.get_models():
        if model._meta.app_label in OURS and (not names or model.__name__ in names):
            fields = [field for field in model._meta.concrete_fields if not field.primary_key and told(field)]
            rows = model._base_manager.values_list(*[column_of(field) for field in fields or [model._meta.pk]])
            found[model.__name__] = Counter(
                tuple(value_of(field, value) for field, value in zip(fields, row, strict=False)) for row in rows
            )
    return found


def sweep_up():
    """What the minute after next brings: every job that is due and in nobody's hands, run here."""
    with time_machine.travel(timezone.now() + timedelta(minutes=20), tick=False):
        sweep(timezone.now())


def kill_before_every_statement(verb):
    """The database is as before or as after the verb, whenever it was killed; returns the statements it took."""
    old = whole_state()
    with transaction.atomic():
        verb()
        new = whole_state()
        transaction.set_rollback(True)
    moving = [name for name in new if new[name] != old.get(name)]
    assert moving
    states, ended = [], False
    for ended in children.kills(verb):
        states.append(whole_state(moving))
        if any(states[-1][name] != old[name] for name in moving):
            break
        assert not ended
    assert ended or whole_state() == new
    return len(states)


@pytest.mark.parametrize(("verb", "prepared"), VERBS, ids=[verb.__name__ for verb, _ in VERBS])
def test_inv_23_killed_at_every_statement_it_has_happened_or_not_and_the_sweeper_ends_it(verb, prepared):
    prepared()
    assert kill_before_every_statement(verb) > 5
    sweep_up()
    assert not Job.objects.exclude(state="done").exists()
    assert not RollupRun.objects.stale().exists()
    assert [finding for finding in run_all() if finding.breaches] == []


def torn():
    """What a verb without its one transaction would do: a stage is left, and the next one is not entered."""
    cycle().stages.filter(stage=Stage.PLAN).update(done_at=timezone.now(), done_by=person("Admin"))
    PlanningCycle.objects.update(stage=Stage.ALLOCATE)


def test_inv_23_control_a_verb_that_is_not_one_transaction_is_found():
    in_stage(Stage.PLAN)
    with pytest.raises(AssertionError):
        kill_before_every_statement(torn)
