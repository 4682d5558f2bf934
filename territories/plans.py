"""The year's plans: opened for everybody in one action, and begun blank, from last year's, or from the example.

Opening a year fixes its form; what a plan says is written in ``plan_writing`` and decided in ``plan_flow``.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from spm.errors import NothingToDo, RuleViolation
from spm.market.choices import AssignmentRole
from spm.market.models import Assignment
from spm.org import clock, retries
from spm.org.models import FiscalYear, User
from spm.org.tracking import save_tracked
from spm.org.trees import tree_as_of
from spm.talk.notices import Told, notify_each
from targets.choices import PlanKind
from targets.models import Quota
from territories import plan_content
from territories.choices import PlanStart, PlanState, Section
from territories.models import PlanSection, PlanTemplate, TemplateSection, TerritoryPlan, TerritoryPlanLine

PLAN, LINE = "territory-plan", "territory-line"
"""What people talk about: a plan, a section of it (the field of a thread on the plan), or one of its lines."""


class AlreadyBegun(RuleViolation):
    """The plan has words already; they are not overwritten."""


class NoPlanBefore(RuleViolation):
    """There is no plan of the year before to begin from."""


class RolledOut(RuleViolation):
    """The form of the year is rolled out, and fixed."""


def path_of(plan: TerritoryPlan) -> str:
    return reverse("territories:plan-detail", args=[plan.fiscal_year.label, plan.person_id])


def managers_of(plan: TerritoryPlan) -> list[User]:
    """Whom the person reports to today; nobody at the top."""
    found = tree_as_of(clock.today()).manager_of(plan.person_id)
    return list(User.objects.filter(pk=found)) if found is not None else []


def told_of(plan: TerritoryPlan, by: User) -> dict[str, Any]:
    """What every notification of a plan says of it, and where it leads."""
    named = {"path": path_of(plan), "about": (PLAN, plan.pk), "by": by}
    return named | {"year": plan.fiscal_year.label, "name": by.name}


def template_of(year: FiscalYear) -> PlanTemplate:
    """The form of a year, made where there is none: with the words of last year's form, else the product's own."""
    template, is_new = PlanTemplate.objects.get_or_create(fiscal_year=year)
    if is_new:
        before = TemplateSection.objects.filter(template__fiscal_year__starts_on__lt=year.starts_on)
        newest = before.order_by("-template__fiscal_year__starts_on").values_list("template", flat=True).first()
        known = {row.section: row for row in before.filter(template=newest)}
        TemplateSection.objects.bulk_create(_copied(template, section, known.get(section)) for section in Section)
    return template


def _copied(template: PlanTemplate, section: Section, last: TemplateSection | None) -> TemplateSection:
    words = {name: getattr(last, name) for name in ("heading", "question", "example")} if last else {}
    return TemplateSection(template=template, section=section, **words)


def writers_of(year: FiscalYear) -> list[User]:
    """Who writes a plan for ``year``: active people with a quota in it, or who own a territory on its first day.

    In a year that has begun, today counts in the place of the first day. Who is hired later is opened a plan then.
    """
    there = Q(starts_on=None) | Q(starts_on__lte=max(clock.day(), year.starts_on))
    day = min(max(clock.today(), year.starts_on), year.ends_on)
    quotas = Quota.objects.filter(plan__fiscal_year=year, plan__kind=PlanKind.WORKING, amount__gt=0)
    owners = Assignment.objects.as_of(day).filter(role=AssignmentRole.OWNER, person__isnull=False)
    either = Q(pk__in=quotas.values("person")) | Q(pk__in=owners.values("person"))
    return list(User.objects.people().filter(either, there, is_active=True).order_by("name", "pk"))


@retries.atomic
def roll_out(year: FiscalYear, by: User) -> int:
    """Fix the form of the year and open a plan for everybody who writes one; how many were opened.

    Again later it opens plans for those who came since. Raises NothingToDo where everybody has one.
    """
    template = PlanTemplate.objects.select_for_update().get(pk=template_of(year).pk)
    if template.published_at is None:
        template.published_at, template.published_by = clock.now(), by
        template.version += 1
        template.save()
    have = set(TerritoryPlan.objects.filter(fiscal_year=year).values_list("person", flat=True))
    opened = [open_plan(year, person) for person in writers_of(year) if person.pk not in have]
    if not opened:
        raise NothingToDo(_("Everybody who writes a plan for %(year)s has one.") % {"year": year.label})
    told = [Told(plan.person, path_of(plan), (PLAN, plan.pk)) for plan in opened]
    notify_each("territory_plan_opened", told, by=by, year=year.label)
    return len(opened)


def open_plan(year: FiscalYear, person: User) -> TerritoryPlan:
    """An empty plan for somebody who has none, for the territory taken last, inside the caller's transaction."""
    held = owned(person, max(clock.today(), year.starts_on))
    plan = TerritoryPlan.objects.create(fiscal_year=year, person=person, territory_id=next(iter(held), None))
    PlanSection.objects.bulk_create(PlanSection(plan=plan, section=section) for section in Section)
    return plan


def held(person: User, day: date) -> list[tuple[int, str]]:
    """Key and name of the territories that the person owns on a day, the one taken last first; one query."""
    rows = Assignment.objects.as_of(day).filter(person=person, role=AssignmentRole.OWNER)
    return list(rows.order_by("-starts_on", "territory").values_list("territory", "territory__name"))


def owned(person: User, day: date) -> list[int]:
    """The keys of ``held``."""
    return [key for key, _name in held(person, day)]


@retries.atomic
def begin(plan: TerritoryPlan, start: PlanStart, by: User) -> TerritoryPlan:
    """Begin to write: blank, with the lines of last year's plan, or with the example of the form as a first line.

    Raises AlreadyBegun where the plan has lines, NoPlanBefore.
    """
    plan = lock(plan.pk)
    if plan.started_from or TerritoryPlanLine.objects.filter(plan=plan).exists():
        raise AlreadyBegun(_("This plan is begun already."))
    if start == PlanStart.LAST_YEAR:
        _from_last_year(plan, by)
    elif start == PlanStart.EXAMPLE:
        _from_example(plan, by)
    plan.started_from, plan.edited_at = start, clock.now()
    plan.version += 1
    plan.save()
    return plan


def lock(pk: int) -> TerritoryPlan:
    """The plan as it stands, held until the transaction ends."""
    rows = TerritoryPlan.objects.select_for_update(of=("self",)).select_related("fiscal_year", "person")
    found: TerritoryPlan = rows.get(pk=pk)
    return found


def before(plan: TerritoryPlan) -> TerritoryPlan | None:
    """The same person's plan of the year before."""
    rows = TerritoryPlan.objects.filter(person=plan.person_id, fiscal_year__starts_on__lt=plan.fiscal_year.starts_on)
    return rows.order_by("-fiscal_year__starts_on").first()


def _from_last_year(plan: TerritoryPlan, by: User) -> None:
    """Last year's words without their days: what was reached, and by when, is left behind."""
    last = before(plan)
    if last is None:
        raise NoPlanBefore(_("There is no plan of last year to begin from."))
    content = plan_content.content_of(last)
    for lines in content["lines"].values():
        for words in lines:
            words["due_on"] = None
    plan_content.write_content(plan, content, by)


def _from_example(plan: TerritoryPlan, by: User) -> None:
    """One line per list section, as the form's example has it; sections without an example stay empty."""
    known = TemplateSection.objects.filter(template__fiscal_year=plan.fiscal_year).exclude(example="")
    examples: Iterable[TemplateSection] = known.exclude(section=Section.ACCOUNTS)
    for row in examples:
        line = TerritoryPlanLine(plan=plan, section=row.section, position=1, text=row.example)
        save_tracked(line, by=by)


def is_written(plan: TerritoryPlan) -> bool:
    """Whether its words may change now."""
    return plan.state in (PlanState.DRAFT, PlanState.RETURNED)
