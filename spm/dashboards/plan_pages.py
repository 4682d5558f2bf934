"""What the front door says of territory plans: how far they are, what is due, what waits for a decision."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.dashboards.planning import Planning, Task
from spm.org import clock
from spm.org.models import User
from spm.org.scopes import history_of
from spm.ui.numbers import day as in_words
from spm.ui.numbers import number
from territories import access, plan_live, plan_reminders, plans
from territories.choices import LineStatus, PlanState, Section
from territories.models import TerritoryPlan, TerritoryPlanLine
from territories.plan_board import NOT_STARTED, label_of

SOON = timedelta(days=14)
OVER = (LineStatus.DONE, LineStatus.DROPPED)
MOST = 8


@dataclass(frozen=True, slots=True)
class Action:
    """A line of a plan that is not done. ``is_late``: its day is over; ``is_stale``: nobody touched it for long."""

    text: str
    section: str
    due_on: date | None
    status: str
    status_label: str
    href: str
    is_late: bool
    is_stale: bool
    year: str


@dataclass(frozen=True, slots=True)
class PlanProgress:
    """How far somebody's plan of the running year has come. ``share`` None: nothing is in force yet."""

    year: str
    state: str
    label: str
    share: Decimal | None
    done: int
    lines: int
    stale: int
    actions: Sequence[Action]
    more: int
    href: str


def progress_of(user: User, person: User) -> PlanProgress | None:
    """The plan of the year that runs today, where ``user`` sees it; None where there is none. Two queries."""
    today = clock.today()
    running = Q(fiscal_year__starts_on__lte=today, fiscal_year__ends_on__gte=today)
    rows = TerritoryPlan.objects.visible_to(user).filter(running, person=person)
    plan = rows.select_related("fiscal_year", "person").first()
    if plan is None:
        return None
    lines: list[TerritoryPlanLine] = list(
        TerritoryPlanLine.objects.visible_to(user).filter(plan=plan).select_related("account").in_order()
    )
    open_lines = [line for line in lines if line.status not in OVER]
    state = _state(plan)
    return PlanProgress(
        year=plan.fiscal_year.label,
        state=state,
        label=label_of(state),
        share=plan_live.progress(lines) if plan.approved_number is not None else None,
        done=sum(line.status == LineStatus.DONE for line in lines),
        lines=sum(line.status != LineStatus.DROPPED for line in lines),
        stale=sum(plan_live.is_stale(line, plan) for line in lines),
        actions=[_action(line, plan, today) for line in _by_day(open_lines)[:MOST]],
        more=max(len(open_lines) - MOST, 0),
        href=plans.path_of(plan),
    )


def _state(plan: TerritoryPlan) -> str:
    return NOT_STARTED if plan.state == PlanState.DRAFT and not plan.started_from else plan.state


def _by_day(lines: Iterable[TerritoryPlanLine]) -> list[TerritoryPlanLine]:
    """The first due first, those without a day last."""
    return sorted(lines, key=lambda line: (line.due_on is None, line.due_on or date.max))


def _action(line: TerritoryPlanLine, plan: TerritoryPlan, today: date) -> Action:
    words = line.next_step if line.section == Section.ACCOUNTS else line.text
    who = line.account.name if line.section == Section.ACCOUNTS and line.account else line.partner
    return Action(
        text=f"{who}: {words}" if who and words else who or words,
        section=str(Section(line.section).label),
        due_on=line.due_on,
        status=line.status,
        status_label=line.get_status_display(),
        href=f"{plans.path_of(plan)}#line-{line.pk}",
        is_late=line.due_on is not None and line.due_on < today,
        is_stale=plan_live.is_stale(line, plan),
        year=plan.fiscal_year.label,
    )


def actions_due(user: User) -> list[Action]:
    """What of the user's own plans in force is due within 14 days or late, by year and day. One query."""
    today = clock.today()
    rows = TerritoryPlanLine.objects.visible_to(user).filter(
        plan__person=user,
        plan__approved_number__isnull=False,
        plan__fiscal_year__ends_on__gte=today,
        due_on__lte=today + SOON,
    )
    open_lines = rows.exclude(status__in=OVER).select_related("account", "plan__fiscal_year", "plan__person")
    ordered = sorted(_by_day(open_lines), key=lambda line: line.plan.fiscal_year.starts_on)
    return [_action(line, line.plan, today) for line in ordered]


# What waits


@dataclass(frozen=True, slots=True)
class HomePlans:
    """``tasks``: what waits for the reader. ``adoption``: of the running year, what and "14 of 14"."""

    tasks: Sequence[Task]
    adoption: tuple[str, str]


def home_plans(user: User) -> HomePlans:
    """Of every year that is not over, what Home says of territory plans; one query."""
    today = clock.today()
    rows = TerritoryPlan.objects.visible_to(user).filter(fiscal_year__ends_on__gte=today)
    found = list(rows.select_related("fiscal_year__plan_template", "person").order_by("submitted_at", "pk"))
    running = [plan for plan in found if plan.fiscal_year.starts_on <= today]
    counts = {
        "part": number(sum(plan.approved_number is not None for plan in running)),
        "whole": number(len(running)),
    }
    adoption = _("Territory plans approved"), _("%(part)s of %(whole)s") % counts if running else ""
    return HomePlans([*_to_decide(user, found, today), *_to_write(user, found, today)], adoption)


def with_plans(planning: Planning, told: HomePlans) -> Planning:
    """The planning's tasks, and before them the plans that wait for the reader."""
    tasks = [*told.tasks, *planning.tasks]
    return Planning(planning.cards, tasks, planning.more, planning.cycles, planning.bands)


def _to_decide(user: User, found: Iterable[TerritoryPlan], today: date) -> list[Task]:
    """Submitted plans of those who report to the user; of who reports to nobody, to whoever may decide them."""
    tree, tasks = history_of(user).as_of(today), []
    for plan in found:
        if plan.state != PlanState.SUBMITTED or not access.can_review_plan(user, plan):
            continue
        if tree.manager_of(plan.person_id) not in (user.pk, None):
            continue
        days = (today - clock.day_of(plan.submitted_at)).days if plan.submitted_at else 0
        words = {"name": plan.person.name, "year": plan.fiscal_year.label, "days": days}
        detail = ngettext("for %(days)s day", "for %(days)s days", days) % words if days > 0 else _("since today")
        late = days > plan_reminders.PATIENCE.days
        tasks.append(
            Task(_("Territory plan %(year)s of %(name)s") % words, detail, plans.path_of(plan), _("Decide"), late)
        )
    return tasks


def _to_write(user: User, found: Iterable[TerritoryPlan], today: date) -> list[Task]:
    """The user's own plans that are not handed in, or came back."""
    tasks = []
    for plan in found:
        if plan.person_id != user.pk or not plans.is_written(plan):
            continue
        template = getattr(plan.fiscal_year, "plan_template", None)
        due = template.due_on if template and template.published_at else None
        returned, words = plan.state == PlanState.RETURNED, {"year": plan.fiscal_year.label}
        text = (
            _("Territory plan %(year)s: returned with comments") if returned else _("Territory plan %(year)s to write")
        )
        detail = _("Due on %(day)s") % {"day": in_words(due)} if due else ""
        tasks.append(Task(text % words, detail, plans.path_of(plan), _("Write"), due is not None and due < today))
    return tasks
