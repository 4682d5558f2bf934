"""Two versions of a plan side by side, word by word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from spm.org.models import User
from spm.ui import diff
from spm.ui.numbers import day, decimals_of, number
from territories import plan_content
from territories.choices import PlanState, Risk, Section
from territories.models import PlanVersion, TerritoryPlan
from territories.plan_lines import SHAPES
from territories.plan_queries import PlanSheet, SectionSheet

NOW = "now"


@dataclass(frozen=True, slots=True)
class Choice:
    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Changed:
    """One line of a section in both versions."""

    runs: Sequence[diff.Run]

    @property
    def is_changed(self) -> bool:
        return diff.differs(list(self.runs))


@dataclass(frozen=True, slots=True)
class Part:
    label: str
    lines: Sequence[Changed]

    @property
    def changes(self) -> int:
        return sum(line.is_changed for line in self.lines)


@dataclass(frozen=True)
class History:
    choices: Sequence[Choice]
    before: str
    after: str
    parts: Sequence[Part]

    @property
    def changes(self) -> int:
        return sum(part.changes for part in self.parts)


def history(user: User, plan: TerritoryPlan, before: str, after: str) -> History:
    """What two versions say, by default the newest kept one and the plan as it stands."""
    rows = list(PlanVersion.objects.visible_to(user).filter(plan=plan).order_by("-pk"))
    contents: dict[str, Mapping[str, Any]] = {NOW: plan_content.content_of(plan)}
    choices = [Choice(NOW, f"v{plan.number} {PlanState(plan.state).label}")]
    for row in rows:
        contents[str(row.pk)] = row.content
        choices.append(Choice(str(row.pk), f"v{row.number} {PlanState(row.state).label}, {day(row.at.date())}"))
    newest = str(rows[0].pk) if rows else NOW
    before, after = (before if before in contents else newest), (after if after in contents else NOW)
    return History(choices, before, after, _parts(contents[before], contents[after]))


def with_baseline(sheet: PlanSheet) -> PlanSheet:
    """The page of a plan with its first approved version laid over it; as it is where there is none. No query."""
    first = next((step for step in reversed(sheet.steps) if step.state == PlanState.APPROVED), None)
    if first is None:
        return sheet
    now = plan_content.lines_content(sheet.lines)
    parts = [_laid_over(part, first.content["lines"][part.section], now[part.section]) for part in sheet.sections]
    return replace(sheet, sections=parts, baseline=f"v{first.number}, {day(first.at.date())}")


def _laid_over(part: SectionSheet, old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> SectionSheet:
    lines = []
    for line, before, after in zip_longest(part.lines, old[: len(new)], new):
        runs = diff.words(_sentence(part.section, before), _sentence(part.section, after))
        lines.append(replace(line, was=runs if diff.differs(runs) else ()))
    return replace(part, lines=lines, gone=[_sentence(part.section, line) for line in old[len(new) :]])


def _parts(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Part]:
    parts = []
    for section in Section:
        old, new = before["lines"][section.value], after["lines"][section.value]
        pairs = zip_longest(old, new)
        lines = [Changed(diff.words(_sentence(section, a), _sentence(section, b))) for a, b in pairs]
        parts.append(Part(str(section.label), lines))
    return parts


def _sentence(section: str, line: Mapping[str, Any] | None) -> str:
    """The words of a line in the order of the page, as one text."""
    if line is None:
        return ""
    texts = []
    for name in SHAPES[section].columns:
        value = line["account_name"] if name == "account" else line[name]
        texts.append(_shown(name, value))
    return " · ".join(filter(None, texts))


def _shown(name: str, value: Any) -> str:
    if not value:
        return ""
    if name == "due_on":
        return day(date.fromisoformat(value))
    if name == "risk":
        return str(Risk(value).label)
    return number(Decimal(value), decimals_of(Decimal(value))) if name == "amount" else str(value)
