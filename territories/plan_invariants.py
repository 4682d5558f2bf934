"""The invariants of the one-page plans that the data can show, read row by row without the forms' help."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from spm.org.verification import Breach, invariant
from territories import caps, plan_content
from territories.choices import PlanState, Section
from territories.models import PlanSection, PlanTemplate, PlanVersion, TemplateSection, TerritoryPlan, TerritoryPlanLine
from territories.plan_lines import SHAPES, TEXTS

SIGNED = (PlanState.SUBMITTED, PlanState.APPROVED)


@invariant("INV-60", "Every text of a plan and of its form keeps its cap, and every section its number of lines.")
def texts_keep_their_caps() -> Iterator[Breach]:
    for line in TerritoryPlanLine.objects.order_by("pk").iterator():
        long = [name for name, most in TEXTS.items() if len(getattr(line, name)) > most]
        long += ["text"] if len(line.partner) + len(line.text) > caps.LINE else []
        long += ["evidence"] if len(line.evidence) > caps.EVIDENCE else []
        if long:
            yield Breach(f"{', '.join(sorted(set(long)))} of a plan line is too long for its page", (line.pk,))
        if not 1 <= line.position <= caps.lines_of(line.section):
            yield Breach(f"line {line.position} of {line.section} is beyond the page", (line.pk,))
        if foreign := _foreign(line):
            yield Breach(f"a line of {line.section} holds {', '.join(foreign)}", (line.pk,))
    most = {"heading": caps.HEADING, "question": caps.QUESTION, "example": caps.EXAMPLE}
    for row in TemplateSection.objects.order_by("pk"):
        if any(len(getattr(row, name)) > length for name, length in most.items()):
            yield Breach("a text of the form is too long for its page", (row.pk,))


def _foreign(line: TerritoryPlanLine) -> list[str]:
    """Columns that a line of this section has no place for on the page."""
    names = ("account", "risk", "amount", "due_on", *TEXTS)
    value = {name: getattr(line, "account_id" if name == "account" else name) for name in names}
    return [name for name in names if name not in SHAPES[line.section].columns and value[name] not in (None, "")]


@invariant("INV-60", "What is handed in or approved says what its version kept, word by word.")
def frozen_words_stay() -> Iterator[Breach]:
    kept = {(row.plan_id, row.number, row.state): row.content for row in PlanVersion.objects.iterator()}
    for plan in TerritoryPlan.objects.filter(state__in=SIGNED).order_by("pk"):
        content = kept.get((plan.pk, plan.number, plan.state))
        if content is None:
            yield Breach(f"version {plan.number} of a plan is {plan.state}, and no copy of it is kept", (plan.pk,))
        elif _words(content) != _words(plan_content.content_of(plan)):
            yield Breach(f"a {plan.state} plan says something else than its version {plan.number}", (plan.pk,))


def _words(content: plan_content.Content) -> Any:
    """What was written, without the names of accounts, which may be renamed, and without keys, which are no words."""
    lines = {
        section: [
            {name: value for name, value in line.items() if name not in ("line", "account_name")} for line in rows
        ]
        for section, rows in content["lines"].items()
    }
    return content["goals"], content["base"], lines


@invariant("INV-61", "Each person has one plan in a year, with its six sections.")
def one_plan_each() -> Iterator[Breach]:
    counts = Counter(TerritoryPlan.objects.values_list("fiscal_year", "person"))
    for (year, person), count in sorted(counts.items()):
        if count > 1:
            keys = TerritoryPlan.objects.filter(fiscal_year=year, person=person).values_list("pk", flat=True)
            yield Breach(f"person {person} has {count} plans in fiscal year {year}", tuple(keys))
    sections: dict[int, list[str]] = defaultdict(list)
    for plan, section in PlanSection.objects.values_list("plan", "section"):
        sections[plan].append(section)
    for pk in TerritoryPlan.objects.order_by("pk").values_list("pk", flat=True):
        if sorted(sections[pk]) != sorted(Section.values):
            yield Breach("a plan has not its six sections, each once", (pk,))
    for template in PlanTemplate.objects.prefetch_related("sections").order_by("pk"):
        if sorted(row.section for row in template.sections.all()) != sorted(Section.values):
            yield Breach("the form of a year has not its six sections, each once", (template.pk,))


@invariant("INV-61", "Versions of a plan are numbered from 1 without a gap; what was decided had been handed in.")
def versions_follow_each_other() -> Iterator[Breach]:
    versions: dict[int, list[PlanVersion]] = defaultdict(list)
    for row in PlanVersion.objects.defer("content").order_by("pk"):
        versions[row.plan_id].append(row)
    plans = {plan.pk: plan for plan in TerritoryPlan.objects.all()}
    for pk, rows in sorted(versions.items()):
        numbers = [row.number for row in rows if row.state == PlanState.SUBMITTED]
        if numbers != list(range(1, len(numbers) + 1)):
            yield Breach(f"versions were handed in as {numbers}", (pk,))
        decided = [row for row in rows if row.state != PlanState.SUBMITTED]
        if any(row.number not in numbers for row in decided):
            yield Breach("a version was decided and never handed in", (pk,))
        approved = max((row.number for row in decided if row.state == PlanState.APPROVED), default=None)
        if plans[pk].approved_number != approved:
            yield Breach(f"version {plans[pk].approved_number} is in force, the newest approved is {approved}", (pk,))
    for plan in plans.values():
        if plan.approved_number is not None and plan.pk not in versions:
            yield Breach("a plan is in force and no version of it is kept", (plan.pk,))


@invariant("INV-61", "A plan is handed in by its author, and decided by somebody else.")
def nobody_decides_their_own() -> Iterator[Breach]:
    for row in PlanVersion.objects.defer("content").select_related("plan").order_by("pk"):
        is_author = row.by_id == row.plan.person_id
        if row.state == PlanState.SUBMITTED and not is_author:
            yield Breach(f"version {row.number} was handed in by somebody else", (row.plan_id, row.pk))
        if row.state != PlanState.SUBMITTED and is_author:
            yield Breach(f"version {row.number} was {row.state} by its author", (row.plan_id, row.pk))
    for plan in TerritoryPlan.objects.filter(decided_by__isnull=False).order_by("pk"):
        if plan.decided_by_id == plan.person_id:
            yield Breach("a plan was decided by its author", (plan.pk,))
