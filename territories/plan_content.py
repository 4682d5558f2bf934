"""A plan as one value: what a version keeps, what two versions are compared by, and what a dropped change restores.

{"goals": {"revenue_goal": text or None, …}, "base": text or None,
 "lines": {section: [{"account": key or None, "account_name": …, "partner": …, …, "due_on": ISO or None}, …]}}
Amounts and percentages are decimal text.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from spm.org.models import User
from spm.org.tracking import delete_tracked, save_tracked
from territories.choices import Section
from territories.models import PlanSection, TerritoryPlan, TerritoryPlanLine
from territories.plan_lines import WORDS

type Content = dict[str, Any]
GOALS = ("revenue_goal", "margin_goal", "new_business_goal")
"""Goals of the person's own, on the plan itself."""


def content_of(plan: TerritoryPlan) -> Content:
    """The words of a plan as they stand; two queries."""
    bases = PlanSection.objects.filter(plan=plan, section=Section.RETENTION).values_list("base", flat=True)
    lines = TerritoryPlanLine.objects.filter(plan=plan).select_related("account").order_by("section", "position")
    return {
        "goals": {name: _text(getattr(plan, name)) for name in GOALS},
        "base": _text(next(iter(bases), None)),
        "lines": lines_content(lines),
    }


def lines_content(lines: Iterable[TerritoryPlanLine]) -> dict[str, list[dict[str, Any]]]:
    """The words of lines by section; ``lines`` come with their accounts, each section in its order."""
    found: dict[str, list[dict[str, Any]]] = {section.value: [] for section in Section}
    for line in lines:
        found[line.section].append(line_content(line))
    return found


def line_content(line: TerritoryPlanLine) -> dict[str, Any]:
    """The words of one line; ``line`` comes with its account."""
    values = {name: _text(getattr(line, name)) for name in WORDS if name != "account"}
    return {"account": line.account_id, "account_name": line.account.name if line.account else ""} | values


def write_content(plan: TerritoryPlan, content: Content, by: User) -> None:
    """Put these words in the place of those that stand, inside the caller's transaction.

    Lines are matched by section and position, so that what is known of their progress stays with the place.
    """
    for name, text in content["goals"].items():
        setattr(plan, name, _decimal(text))
    plan.save(update_fields=[*GOALS])
    PlanSection.objects.filter(plan=plan, section=Section.RETENTION).update(base=_decimal(content["base"]))
    stored = {(line.section, line.position): line for line in TerritoryPlanLine.objects.filter(plan=plan)}
    for section, lines in content["lines"].items():
        for position, words in enumerate(lines, start=1):
            line = stored.pop((section, position), None)
            line = line or TerritoryPlanLine(plan=plan, section=section, position=position)
            _fill(line, words)
            line.version += 1
            save_tracked(line, by=by)
    for line in stored.values():
        delete_tracked(line, by=by)


def _fill(line: TerritoryPlanLine, words: dict[str, Any]) -> None:
    line.account_id = words["account"]
    for name in ("partner", "text", "entry", "next_step", "risk"):
        setattr(line, name, words[name] or "")
    line.amount = _decimal(words["amount"])
    line.due_on = date.fromisoformat(words["due_on"]) if words["due_on"] else None


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, date) else str(value)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
