"""A plan as one value: what a version keeps, what two versions are compared by, and what a dropped change restores.

{"goals": {"revenue_goal": text or None, …}, "base": text or None,
 "lines": {section: [{"line": key, "account": key or None, "account_name": …, "partner": …, "due_on": ISO or None}, …]}}
Amounts and percentages are decimal text. Versions of before lines were kept by their key have no "line".
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
    return {
        "line": line.pk,
        "account": line.account_id,
        "account_name": line.account.name if line.account else "",
    } | values


def write_content(plan: TerritoryPlan, content: Content, by: User) -> None:
    """Put these words in the place of those that stand, inside the caller's transaction.

    A line is known by its key, so that status, evidence and comments stay with it, wherever it was moved meanwhile;
    one that was taken out comes back under its key with the status it had. Words of another plan make new lines.
    """
    for name, text in content["goals"].items():
        setattr(plan, name, _decimal(text))
    plan.save(update_fields=[*GOALS])
    PlanSection.objects.filter(plan=plan, section=Section.RETENTION).update(base=_decimal(content["base"]))
    stored = {line.pk: line for line in TerritoryPlanLine.objects.filter(plan=plan)}
    wanted = {section: _known(stored, section, lines) for section, lines in content["lines"].items()}
    stays = {line.pk for rows in wanted.values() for _words, line in rows if line is not None}
    for key in set(stored) - stays:
        delete_tracked(stored.pop(key), by=by)
    for section, rows in wanted.items():
        _write_section(plan, section, rows, by)


type Words = dict[str, Any]


def _known(
    stored: dict[int, TerritoryPlanLine], section: str, lines: Iterable[Words]
) -> list[tuple[Words, TerritoryPlanLine | None]]:
    """Each line's words, and the row that is known by its key, or where there is none by its place."""
    by_place = {line.position: line for line in stored.values() if line.section == section}
    return [
        (words, stored.get(words["line"]) if words.get("line") else by_place.get(place))
        for place, words in enumerate(lines, start=1)
    ]


def _write_section(
    plan: TerritoryPlan, section: str, rows: list[tuple[Words, TerritoryPlanLine | None]], by: User
) -> None:
    standing = [line for _words, line in rows if line is not None]
    for words, line in rows:
        if line is not None and line.account_id not in (None, words["account"]):
            line.account = None  # it stands in one line alone, also while lines take each other's
            save_tracked(line, by=by)
    for place, (words, known) in enumerate(rows, start=1):
        line = known or _come_back(words, TerritoryPlanLine(plan=plan, section=section))
        _take_place(line, place, standing, len(rows), by)
        standing += [] if known else [line]
        _fill(line, words)
        line.version += 1
        save_tracked(line, by=by)


def _take_place(line: TerritoryPlanLine, place: int, standing: list[TerritoryPlanLine], most: int, by: User) -> None:
    """Bring the line to its place; who stands there goes to the line's, or to one that is free."""
    there = next((one for one in standing if one.position == place), None)
    if there is not None and there is not line:
        if line in standing:
            change_places(line, there, by)
        else:
            taken = {one.position for one in standing}
            there.position = next(free for free in range(most, 0, -1) if free not in taken)
            save_tracked(there, by=by)
    line.position = place


def change_places(one: TerritoryPlanLine, other: TerritoryPlanLine, by: User) -> None:
    """Of two lines of a section; the constraint looks at every statement, so one waits at 0 for a moment."""
    mine, theirs = one.position, other.position
    for line, place in ((one, 0), (other, mine), (one, theirs)):
        line.position = place
        save_tracked(line, by=by)


def _come_back(words: Words, line: TerritoryPlanLine) -> TerritoryPlanLine:
    """The line with what was known of its progress when it was taken out of this plan."""
    gone = TerritoryPlanLine.history.filter(id=words.get("line"), plan_id=line.plan_id, history_type="-")
    last = gone.order_by("-history_id").first()
    if last is not None:
        line.status, line.evidence, line.touched_at = last.status, last.evidence, last.touched_at
        revive(line, last.id)
    return line


def revive(line: TerritoryPlanLine, key: int) -> None:
    """Make it the row that was taken out under this key, to which comments and kept versions still point.

    Its version goes past every one that a page can have been drawn from: each was a row of its history.
    """
    line.pk, line.version = key, TerritoryPlanLine.history.filter(id=key).count()
    line._state.adding = True  # noqa: SLF001  # there is no such row to update now


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
