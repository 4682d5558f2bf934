"""The planning cycles of the demo company: this year locked and revised, next year in review (ux.md, Demo story)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from spm.dashboards.norvik import cast, exchange, figures, sheets
from spm.org import clock
from spm.org.models import FiscalYear, Period, Team, User
from spm.talk.models import Notification
from targets import (
    approvals,
    cycles,
    letters,
    plan_rates,
    plans,
    proposals,
    quotas,
    ramp_schedules,
    recipients,
    revisions,
    scenarios,
)
from targets.choices import Measure, RevisionCause, Stage, WhatIf
from targets.cycles import StagePlan
from targets.goals import Goal, GoalModel, of_person, of_team
from targets.models import PlanningCycle, Quota, QuotaLetter
from targets.scenario_steps import Adjustment

REVISED = {
    figures.HIRED_IN_APRIL: (RevisionCause.HIRE, _("Hired in April, with a ramped quota")),
    figures.GIVEN_A_TERRITORY: (RevisionCause.TERRITORY, _("Given a territory on 1 July")),
}
ZONE = "Europe/Berlin"
DUE = ((8, 31), (9, 15), (10, 15), (11, 15), (11, 30))  # month and day of each stage up to the lock, the year before
QUESTIONS = {
    "N1": _("One order made 41 % of my year. Does the number count on another one like it?"),
    "S3": _("Two of my key accounts closed a plant each. On which ones is the growth of 2027 built?"),
}
AGREED = ("N2", "N4", "S1")
PROPOSED = {  # from below: thousands of bookings, and why
    "N1": (4500, _("Without the one large order I come to 4.1 M€; with its second plant to more.")),
    "S3": (3050, _("Two plants less; the others grow by a tenth.")),
}
SOUTH_SEES = (17400, _("The two plants that closed took 0.6 M€ with them."))


def set_ramp() -> None:
    """New hires carry less in their first three months; of the people of today that is who was hired in April."""
    percents = [Decimal(percent) for percent in figures.RAMP_SCHEDULE]
    ramp_schedules.set_schedule(str(_("New hires")), percents, is_default=True, by=_admin())


def set_plan_rates(years: Iterable[int]) -> None:
    """What a krone is worth in the plan of each year, before the first line in kroner comes."""
    for year in FiscalYear.objects.filter(label__in=[str(year) for year in years]):
        rates = {exchange.KRONER: Decimal(exchange.PLANNED[int(year.label)])}
        plan_rates.set_plan_rates(year, rates, by=_admin(), reason=str(_("The treasurer's outlook")))


def lock_and_revise() -> None:
    """The current year by its cycle up to the lock in November, and who was revised since, asked for by the director.

    Everybody agreed and has acknowledged; whoever came with a revision, once it was in force.
    """
    year = FiscalYear.objects.get(label=str(figures.THIS_YEAR))
    with clock.at(moment(date(2025, 8, 25))):
        cycle = _begin(year)
        _approve_plan(year)
    _move(cycle, Stage.ALLOCATE, date(2025, 8, 29))
    _move(cycle, Stage.REVIEW, date(2025, 9, 12))
    with clock.at(moment(date(2025, 9, 15))):
        sent = letters.send(QuotaLetter.objects.filter(cycle=cycle), by=_director())
    for letter in sent:
        with clock.at(moment(date(2025, 9, 18))):
            letters.agree(letter, by=letter.person)
        with clock.at(moment(date(2025, 9, 22))):
            letters.approve(letter, by=_director())
    _move(cycle, Stage.APPROVE, date(2025, 10, 14))
    _move(cycle, Stage.LOCK, date(2025, 11, 13))
    _acknowledge(cycle, date(2025, 11, 18))
    _move(cycle, Stage.MONITOR, date(2025, 11, 28))
    for code, (cause, reason) in REVISED.items():
        wanted = _revised_quotas(year)[cast.SELLERS[code].email]
        first = min((goal.period for _model, goal in wanted), key=lambda leaf: leaf.starts_on)
        with clock.at(moment(first.starts_on - timedelta(days=4))):
            told: dict[str, Any] = {"effective": first, "cause": cause, "reason": str(reason), "on": first.starts_on}
            asked = revisions.request(plans.working_plan(year), wanted, by=_director(), **told)
        with clock.at(moment(first.starts_on - timedelta(days=2))):
            revisions.approve(asked, by=_admin(), on=first.starts_on)
            if recipients.prepare(cycle):
                letters.send(QuotaLetter.objects.filter(cycle=cycle, sent_at=None), by=_director())
        _acknowledge(cycle, first.starts_on + timedelta(days=3))


def moment(day: date, hour: int = 10) -> datetime:
    """An hour of a day of the story, in the demo company's time zone."""
    return datetime.combine(day, time(hour), ZoneInfo(ZONE))


def _move(cycle: PlanningCycle, to: Stage, day: date) -> None:
    with clock.at(moment(day)):
        cycles.advance(cycle, to, _admin())


def _acknowledge(cycle: PlanningCycle, day: date) -> None:
    with clock.at(moment(day)):
        for letter in QuotaLetter.objects.filter(cycle=cycle, acknowledged_at=None).select_related("person"):
            letters.acknowledge(letter, by=letter.person)


def plan_next_year() -> None:
    """Next year: the plan published, four fifths of it allocated, letters out in two teams, two questions open."""
    year = FiscalYear.objects.get(label=str(figures.NEXT_YEAR))
    with clock.at(moment(date(2026, 8, 24))):
        cycle = _begin(year)
        _approve_plan(year)
    _move(cycle, Stage.ALLOCATE, date(2026, 8, 31))
    with clock.at(moment(date(2026, 9, 8))):
        _allocate(year)
    with clock.at(moment(date(2026, 9, 9))):
        _ask_what_if(year)
    _move(cycle, Stage.REVIEW, date(2026, 9, 11))
    _send_letters(cycle)
    _propose(cycle)
    read = Notification.objects.filter(created_at__lt=timezone.now()).exclude(
        kind__in=("quota_published", "quota_question")
    )
    read.update(read_at=moment(figures.TODAY, 7))  # what was told on the way is no news on the demo's day


def _begin(year: FiscalYear) -> PlanningCycle:
    """A cycle whose stages the admin owns, each due on its day of the year before; watched to the year's end."""
    cycle = cycles.create_cycle(year, by=_admin())
    before = year.starts_on.year - 1
    days = [*(date(before, *day) for day in DUE), year.ends_on]
    due = dict(zip(Stage, days, strict=True))
    owners = {Stage.ALLOCATE: _director(), Stage.REVIEW: _director()}
    shapes: dict[str, StagePlan] = {stage: StagePlan(owners.get(stage, _admin()), day) for stage, day in due.items()}
    cycles.set_stages(cycle, shapes, by=_admin())
    return cycle


def _approve_plan(year: FiscalYear) -> None:
    """By another admin where there is one: whoever loads the demo beside an account of their own; else by its one."""
    others = User.objects.people().filter(is_admin=True, is_active=True).exclude(pk=_admin().pk)
    approvals.submit(plans.working_plan(year), by=_admin())
    approvals.approve(plans.working_plan(year), by=others.order_by("pk").first() or _admin())


def _allocate(year: FiscalYear) -> None:
    working, whole = plans.working_plan(year), Period.objects.get(label=year.label)
    people, teams = _keys(User, "email"), _keys(Team, "name")
    numbers = figures.next_year
    targets = [
        Goal(of_team(teams[name]), measure, whole, Decimal(numbers(thousands, measure)))
        for name, thousands in figures.NEXT_TARGETS.items()
        for measure in Measure.values
    ]
    own = [
        Goal(of_person(people[cast.SELLERS[code].email]), measure, whole, Decimal(numbers(thousands, measure)))
        for code, thousands in figures.NEXT_QUOTAS.items()
        for measure in Measure.values
    ]
    plans.set_targets(working, targets, by=_admin())
    quotas.set_quotas(working, own, by=_admin())


def _send_letters(cycle: PlanningCycle) -> None:
    """Proposals to everybody who has a number; some agree, two ask, the others think."""
    reps = User.objects.filter(quotas__plan__fiscal_year=cycle.fiscal_year_id, quotas__plan__kind="working").distinct()
    made = [QuotaLetter.objects.get_or_create(cycle=cycle, person=rep)[0] for rep in reps.order_by("pk")]
    with clock.at(moment(date(2026, 9, 14))):
        by_email = {letter.person.email: letter for letter in letters.send(made, by=_director())}
    for code in AGREED:
        letter = by_email[cast.SELLERS[code].email]
        with clock.at(moment(date(2026, 9, 16))):
            letters.agree(letter, by=letter.person)
    for code, question in QUESTIONS.items():
        letter = by_email[cast.SELLERS[code].email]
        with clock.at(moment(date(2026, 9, 17))):
            letters.ask(letter, by=letter.person, text=str(question))


def _propose(cycle: PlanningCycle) -> None:
    """What two reps and the manager of South think that the year can be, beside what they were given."""
    for code, (thousands, why) in PROPOSED.items():
        rep = User.objects.get(email=cast.SELLERS[code].email)
        with clock.at(moment(date(2026, 9, 17), 11)):
            told: dict[str, Any] = {"by": rep, "note": str(why)}
            proposals.propose(cycle, of_person(rep.pk), Measure.BOOKINGS, Decimal(thousands * 1000), **told)
    manager, south = User.objects.get(email=cast.MANAGERS[figures.SOUTH].email), Team.objects.get(name=figures.SOUTH)
    thousands, why = SOUTH_SEES
    with clock.at(moment(date(2026, 9, 18), 7)):
        told = {"by": manager, "note": str(why)}
        proposals.propose(cycle, of_team(south.pk), Measure.BOOKINGS, Decimal(thousands * 1000), **told)


def _ask_what_if(year: FiscalYear) -> None:
    """A scenario that the admin has begun: two hires who relieve the reps of South from April on."""
    scenario = scenarios.create(
        plans.working_plan(year), str(_("Two more hires in South")), _admin(), reason=str(_("Asked by the board"))
    )
    april = Period.objects.leaves().get(fiscal_year=year, starts_on__month=4)
    south = Team.objects.get(name=figures.SOUTH)
    hires = Adjustment(WhatIf.HIRE, team=south.pk, starts=april, count=2)
    scenarios.adjust(scenario, hires, _admin(), reason=str(_("South has the longest waiting list of leads")))


def _revised_quotas(year: FiscalYear) -> dict[str, list[tuple[GoalModel, Goal]]]:
    """E-mail → the new numbers of each month."""
    leaves = {leaf.label: leaf for leaf in Period.objects.leaves().filter(fiscal_year=year)}
    people = _keys(User, "email")
    revised: dict[str, list[tuple[GoalModel, Goal]]] = defaultdict(list)
    for email, measure, label, amount, _currency in sheets.revision().rows:
        revised[email].append((Quota, Goal(of_person(people[email]), measure, leaves[label], Decimal(amount))))
    return revised


def _keys(model: type[User] | type[Team], name: str) -> dict[str, int]:
    return dict(model.objects.values_list(name, "pk"))


def _admin() -> User:
    found: User = User.objects.get(email=cast.ADMIN.email)
    return found


def _director() -> User:
    found: User = User.objects.get(email=cast.DIRECTOR.email)
    return found
