"""Reads for the page of one plan, on the screen and on paper: goals, six sections, what is live, what is missing."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, Subquery

from spm.market.models import Account
from spm.money import ZERO
from spm.org import clock, scopes
from spm.org.models import Company, User
from spm.talk.models import Comment
from spm.talk.queries import said_about
from targets.choices import Measure
from territories import access, anchors, caps, plan_checks, plan_goals, plan_lines, plan_live, plans
from territories.choices import PlanState, Section, SectionReview, StakeholderRole
from territories.models import (
    PlanReview,
    PlanSection,
    PlanVersion,
    Stakeholder,
    TemplateSection,
    TerritoryPlan,
    TerritoryPlanLine,
)
from territories.plan_lines import SHAPES
from territories.plan_sheets import DecisionMap, LineSheet, PlanSheet, SectionSheet, Step, Talk
from territories.plan_words import question_of
from territories.plan_writing import shown
from territories.plan_years import quotas_of, years_of

DUE_SOON = 14


def plan_sheet(user: User, plan: TerritoryPlan, company: Company) -> PlanSheet:
    """The whole page of a plan that ``user`` sees; the number of queries does not grow with its lines."""
    lines = _lines(user, plan)
    today = clock.today()
    rows = _rows(user, plan)
    base = rows[Section.RETENTION].base if Section.RETENTION in rows else None
    quotas, years = quotas_of(plan), years_of(plan)
    gap = plan_checks.gap_of(lines, base, quotas.of_year(Measure.BOOKINGS))
    live = plan_live.read(plan, lines, base, quotas, years)
    said = _said(user, plan)
    talks = _talks(said)
    maps = _maps(user, lines)
    writes = access.can_write_plan(user, plan)
    return PlanSheet(
        plan=plan,
        version=plan.version,
        year=plan.fiscal_year.label,
        person=plan.person,
        territory=plan.territory.name if plan.territory else "",
        manager=next((row.lead or "" for row in rows.values()), ""),
        company=company,
        goals=plan_goals.goals_of(plan, gap, quotas, years),
        sections=[
            _section(number, section, lines, rows.get(section.value), live, talks, maps, plan)
            for number, section in enumerate(Section, start=1)
        ],
        lines=lines,
        gap=gap,
        steps=_steps(user, plan),
        reviews=_reviews(user, plan),
        versions=_versions(plan, rows, lines),
        due_on=next((row.due_on for row in rows.values()), None),
        progress=plan_live.progress(lines),
        can_write=writes,
        can_submit=access.can_submit_plan(user, plan),
        can_withdraw=access.can_withdraw_plan(user, plan),
        can_review=access.can_review_plan(user, plan),
        can_propose=access.can_propose_change(user, plan),
        can_track=access.can_track_plan(user, plan),
        can_hold_review=access.can_hold_review(user, plan),
        can_nudge=access.can_nudge(user, plan),
        has_last_year=not plan.started_from and not lines and plans.before(plan) is not None,
        quarters=[(each.pk, each.title) for each in reversed(years.quarters) if each.starts_on <= today],
        said=said,
        own=plan.person_id == user.pk,
        territories=plans.held(plan.person, max(today, plan.fiscal_year.starts_on)) if writes else [],
        before_label=years.called(years.before, today) if years.before else "",
        sold_label=years.called(years.running(min(today, years.own[1])), today),
    )


def _lines(user: User, plan: TerritoryPlan) -> list[Any]:
    """In the order of the page; ``is_open``: whether the map of its account is the reader's to open today."""
    opened = Account.objects.visible_to(user).worked_by(user).filter(pk=OuterRef("account"))
    rows = TerritoryPlanLine.objects.visible_to(user).filter(plan=plan).annotate(is_open=Exists(opened))
    return list(rows.select_related("account").in_order())


def _rows(user: User, plan: TerritoryPlan) -> dict[str, Any]:
    """The sections with the words of their form, its day, and the manager's name; one query."""
    form = TemplateSection.objects.visible_to(user).filter(
        template__fiscal_year=plan.fiscal_year_id, section=OuterRef("section")
    )
    words = {name: Subquery(form.values(name)[:1]) for name in ("heading", "question", "example")}
    rows = PlanSection.objects.visible_to(user).filter(plan=plan).annotate(**words)
    lead = scopes.manager_named(user, plan.person_id, clock.today())
    return {row.section: row for row in rows.annotate(due_on=Subquery(form.values("template__due_on")[:1]), lead=lead)}


def _versions(plan: TerritoryPlan, rows: Mapping[str, Any], lines: Sequence[TerritoryPlanLine]) -> dict[str, int]:
    base = rows.get(Section.RETENTION)
    named = {"plan": plan.version, "base": base.version if base else 0}
    return named | {str(line.pk): line.version for line in lines}


def _section(  # noqa: PLR0913  # what a section is put together from
    number: int,
    section: Section,
    lines: Sequence[TerritoryPlanLine],
    row: Any,
    live: plan_live.LivePlan,
    talks: Mapping[tuple[str, int, str], int],
    maps: Mapping[int, DecisionMap],
    plan: TerritoryPlan,
) -> SectionSheet:
    own = [line for line in lines if line.section == section]
    sheets = [_line(line, plan, live, talks, maps) for line in own]
    counts = SHAPES[section].counts
    base = row.base if row else None
    sums = sum((line.amount or ZERO for line in own), ZERO)
    return SectionSheet(
        number=number,
        section=section.value,
        heading=(row.heading if row else "") or str(section.label),
        question=(row.question if row else "") or question_of(section),
        example=row.example if row else "",
        lines=sheets,
        most=caps.lines_of(section),
        base=base,
        base_field=shown(row, "base") if row else "",
        named=base if section == Section.RETENTION else sums if counts else None,
        live=live.sections.get(section),
        is_complete=bool(sheets) and all(sheet.is_complete for sheet in sheets),
        review=row.review if row else SectionReview.OPEN,
        review_label=str(SectionReview(row.review if row else SectionReview.OPEN).label),
        comments=talks.get((anchors.PLAN, plan.pk, section.value), 0) + sum(sheet.comments for sheet in sheets),
    )


def _line(
    line: Any,
    plan: TerritoryPlan,
    live: plan_live.LivePlan,
    talks: Mapping[tuple[str, int, str], int],
    maps: Mapping[int, DecisionMap],
) -> LineSheet:
    columns = SHAPES[line.section].columns
    return LineSheet(
        pk=line.pk,
        version=line.version,
        position=line.position,
        section=line.section,
        fields={name: shown(line, name) for name in columns},
        left=plan_lines.left_of(line, columns),
        account=line.account.name if line.account else "",
        account_pk=line.account_id,
        is_open=line.is_open,
        tier=line.account.tier if line.account else "",
        amount=line.amount,
        due_on=line.due_on,
        status=line.status,
        status_label=line.get_status_display(),
        evidence=line.evidence,
        touched_at=line.touched_at,
        is_complete=plan_checks.is_complete(line),
        is_stale=plan_live.is_stale(line, plan),
        live=live.lines.get(line.pk),
        map=maps.get(line.account_id or 0, DecisionMap()),
        comments=talks.get((anchors.LINE, line.pk, ""), 0),
        risk_label=line.get_risk_display() if line.risk else "",
    )


# What stands beside


def _said(user: User, plan: TerritoryPlan) -> list[Comment]:
    """What was said about the plan, its sections and lines; one query."""
    lines = TerritoryPlanLine.objects.visible_to(user).filter(plan=plan).order_by().values("pk")
    of_plan, of_lines = Q(thread__anchor=anchors.PLAN), Q(thread__anchor=anchors.LINE)
    return said_about(user, of_plan & Q(thread__key=plan.pk) | of_lines & Q(thread__key__in=lines))


def _talks(said: Iterable[Comment]) -> Counter[tuple[str, int, str]]:
    """(anchor, key, field) → comments in its thread, while that is open."""
    threads = (comment.thread for comment in said if comment.deleted_at is None)
    return Counter((each.anchor, each.key, each.field) for each in threads if each.resolved_at is None)


def _maps(user: User, lines: Sequence[TerritoryPlanLine]) -> dict[int, DecisionMap]:
    """Account → who was met there; one query."""
    accounts = {line.account_id for line in lines if line.account_id}
    rows = Stakeholder.objects.visible_to(user).filter(account__in=accounts).order_by()
    met: Counter[int] = Counter()
    never: Counter[int] = Counter()
    blockers: Counter[int] = Counter()
    for account, role, last_met in rows.values_list("account", "role", "last_met_on"):
        (met if last_met else never)[account] += 1
        blockers[account] += role == StakeholderRole.BLOCKER
    return {key: DecisionMap(met[key], never[key], blockers[key]) for key in accounts}


def _steps(user: User, plan: TerritoryPlan) -> list[Step]:
    rows = PlanVersion.objects.visible_to(user).filter(plan=plan).select_related("by").order_by("-pk")
    return [
        Step(row.number, row.state, str(PlanState(row.state).label), row.by.name, row.at, row.note, row.content)
        for row in rows
    ]


def _reviews(user: User, plan: TerritoryPlan) -> list[Talk]:
    rows = PlanReview.objects.visible_to(user).filter(plan=plan).select_related("period", "by").order_by("-held_on")
    return [
        Talk(
            row.period.title, row.held_on, row.notes, row.by.name, row.progress / 100 if row.progress else row.progress
        )
        for row in rows
    ]
