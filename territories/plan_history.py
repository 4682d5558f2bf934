"""Two versions of a plan side by side, word by word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from django.utils.translation import gettext as _

from spm.org import clock
from spm.org.models import User
from spm.ui import diff
from spm.ui.numbers import day, decimals_of, number
from territories import plan_content, plans
from territories.choices import PlanState, Risk, Section
from territories.models import PlanVersion, TerritoryPlan
from territories.plan_content import GOALS
from territories.plan_lines import SHAPES
from territories.plan_sheets import PlanSheet, SectionSheet

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
    """What two versions say: by default the one before, and the plan as it stands."""
    rows = list(PlanVersion.objects.visible_to(user).filter(plan=plan).order_by("-pk"))
    contents: dict[str, Mapping[str, Any]] = {NOW: plan_content.content_of(plan)}
    choices = [Choice(NOW, f"v{plan.number} {PlanState(plan.state).label}")]
    for row in rows:
        contents[str(row.pk)] = row.content
        choices.append(Choice(str(row.pk), f"v{row.number} {PlanState(row.state).label}, {day(clock.day_of(row.at))}"))
    before = before if before in contents else _the_one_before(plan, rows)
    after = after if after in contents else NOW
    return History(choices, before, after, _parts(contents[before], contents[after]))


def _the_one_before(plan: TerritoryPlan, rows: Sequence[PlanVersion]) -> str:
    """What was kept last while the plan is written on; the version before once it is handed in, its own copy else."""
    older = [row for row in rows if plans.is_written(plan) or row.number < plan.number]
    return str((older or rows)[0].pk) if rows else NOW


def with_baseline(sheet: PlanSheet) -> PlanSheet:
    """The page of a plan with its first approved version laid over it; as it is where there is none. No query."""
    first = next((step for step in reversed(sheet.steps) if step.state == PlanState.APPROVED), None)
    if first is None:
        return sheet
    now = plan_content.lines_content(sheet.lines)
    parts = [_laid_over(part, first.content["lines"][part.section], now[part.section]) for part in sheet.sections]
    return replace(sheet, sections=parts, baseline=f"v{first.number}, {day(clock.day_of(first.at))}")


def _laid_over(part: SectionSheet, old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> SectionSheet:
    lines, gone, shown = [], [], iter(part.lines)
    for before, after in _paired(old, new):
        if after is None:
            gone.append(_sentence(part.section, before))
            continue
        runs = diff.words(_sentence(part.section, before), _sentence(part.section, after))
        lines.append(replace(next(shown), was=runs if diff.differs(runs) else ()))
    return replace(part, lines=lines, gone=gone)


type Line = Mapping[str, Any]


def _paired(old: Sequence[Line], new: Sequence[Line]) -> list[tuple[Line | None, Line | None]]:
    """The lines of a section as they are, each beside what it was, wherever it stood; those that went at their place.

    A line is known by its key. Versions of before lines were kept by their key are compared place by place.
    """
    if not all(line.get("line") for line in (*old, *new)):
        return list(zip_longest(old, new))
    known = {line["line"]: line for line in old}
    stays = {line["line"] for line in new}
    pairs: list[tuple[Line | None, Line | None]] = [(known.get(line["line"]), line) for line in new]
    for place, line in enumerate(old):
        if line["line"] not in stays:
            pairs.insert(place, (line, None))
    return pairs


def _parts(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Part]:
    goals = [_changed(_goal(name, before["goals"].get(name)), _goal(name, after["goals"].get(name))) for name in GOALS]
    parts = [Part(_("Goals of the year"), [line for line in goals if line.runs])]
    for section in Section:
        old, new = before["lines"][section.value], after["lines"][section.value]
        lines = [_changed(_sentence(section, a), _sentence(section, b)) for a, b in _paired(old, new)]
        if section == Section.RETENTION and (before["base"] or after["base"]):
            lines.insert(0, _changed(_base(before["base"]), _base(after["base"])))
        parts.append(Part(str(section.label), lines))
    return parts


def _changed(before: str, after: str) -> Changed:
    return Changed(diff.words(before, after))


def _goal(name: str, text: str | None) -> str:
    labels = {"revenue_goal": _("Revenue"), "margin_goal": _("Margin %"), "new_business_goal": _("New-business share")}
    return f"{labels[name]}: {_shown('amount', text)}" if text else ""


def _base(text: str | None) -> str:
    return _("Retention base: %(amount)s") % {"amount": _shown("amount", text)} if text else ""


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
