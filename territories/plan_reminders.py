"""What the year's plans remind people of, once a day: due soon, late, waiting for a decision, untouched for long.

Each reminder has a slot, so that a day run twice tells nobody twice; what stays late is told of weekly, what lies
untouched once a quarter. Who switched a kind off hears nothing of it (``talk.notices``).
"""

from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any

from django.urls import reverse

from spm.org import clock, retries
from spm.org.choices import PeriodLevel
from spm.org.models import Period, User
from spm.org.trees import tree_as_of
from spm.talk.notices import Told, notify_each
from territories import plan_live, plans
from territories.choices import PlanState
from territories.models import PlanTemplate, TerritoryPlan, TerritoryPlanLine

NEAR = timedelta(days=7)
PATIENCE = timedelta(days=5)
"""How long a plan may wait for its decision before the manager is reminded."""


def remind_all() -> int:
    """Remind of the plans of every year that is not over; how many were told."""
    today = clock.today()
    rows = PlanTemplate.objects.filter(published_at__isnull=False, fiscal_year__ends_on__gte=today)
    templates = rows.select_related("fiscal_year").order_by("pk")
    return sum(_remind(template, today) for template in templates)


@retries.atomic
def _remind(template: PlanTemplate, today: date) -> int:
    rows: Any = TerritoryPlan.objects.filter(fiscal_year=template.fiscal_year, person__is_active=True)
    known = list(rows.select_related("person", "fiscal_year").order_by("pk"))
    return _authors(template, known, today) + _managers(template, known, today) + _living(template, known, today)


def _authors(template: PlanTemplate, known: list[TerritoryPlan], today: date) -> int:
    """Who has not handed in, from a week before the day that plans are due."""
    due = template.due_on
    if due is None or due > today + NEAR:
        return 0
    kind = "territory_plan_late" if due < today else "territory_plan_due"
    open_plans = [plan for plan in known if plan.approved_number is None and plans.is_written(plan)]
    slot = f"{kind} {template.pk} {due} {max((today - due).days, 0) // 7}"
    told = [Told(plan.person, plans.path_of(plan), (plans.PLAN, plan.pk)) for plan in open_plans]
    return len(notify_each(kind, told, slot=slot, year=template.fiscal_year.label, day=due.isoformat()))


def _managers(template: PlanTemplate, known: list[TerritoryPlan], today: date) -> int:
    """Who has let plans wait, weekly, once for all of them."""
    tree = tree_as_of(today)
    zone, waiting = clock.zone(), [plan for plan in known if plan.state == PlanState.SUBMITTED]
    late = [
        plan for plan in waiting if plan.submitted_at and plan.submitted_at.astimezone(zone).date() <= today - PATIENCE
    ]
    counts = Counter(tree.manager_of(plan.person_id) for plan in late)
    people = User.objects.in_bulk([person for person in counts if person is not None])
    path = f"{reverse('territories:plan-board')}?year={template.fiscal_year.label}"
    told = 0
    for person, count in counts.items():
        if person in people:
            slot = f"territory_plans_undecided {template.pk} {today:%G-W%V}"
            one = [Told(people[person], path)]
            kind, year = "territory_plans_undecided", template.fiscal_year.label
            told += len(notify_each(kind, one, slot=slot, year=year, count=count))
    return told


def _living(template: PlanTemplate, known: list[TerritoryPlan], today: date) -> int:
    """Who lives with lines that nobody has touched for long, once a quarter."""
    rows = Period.objects.filter(level=PeriodLevel.QUARTER, fiscal_year=template.fiscal_year)
    quarter = rows.filter(starts_on__lte=today, ends_on__gte=today).first()
    living = {plan.pk: plan for plan in known if plan.approved_number is not None}
    if quarter is None or not living:
        return 0
    stale: dict[int, int] = defaultdict(int)
    for line in TerritoryPlanLine.objects.filter(plan__in=living):
        stale[line.plan_id] += plan_live.is_stale(line, living[line.plan_id])
    told = 0
    for pk, count in sorted(stale.items()):
        if count:
            plan = living[pk]
            one = Told(plan.person, plans.path_of(plan), (plans.PLAN, plan.pk))
            slot, year = f"territory_plan_stale {pk} {quarter.pk}", template.fiscal_year.label
            told += len(notify_each("territory_plan_stale", [one], slot=slot, year=year, count=count))
    return told
