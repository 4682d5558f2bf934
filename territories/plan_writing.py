"""Writing a plan, field by field: autosave, lines added, moved, taken out and brought back.

A change names what it was made on (``was``, and the row's version ``seen``). Where somebody, or another window, has
written the same field since, nothing is overwritten: the change comes back as a conflict with both texts. A field
that cannot be taken comes back with a sentence. Everything else of the same call is kept. Rule: ux.md, Autosave.
"""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.org import clock, retries
from spm.org.models import User
from spm.org.tracking import delete_tracked, save_tracked
from spm.ui.amounts import parse_amount
from spm.ui.numbers import decimals_of, number
from territories import account_naming, caps, field_writing, plan_content, plans
from territories.choices import Risk, Section, SectionReview
from territories.field_writing import BadWords, Change, Conflict, Outcome, still_there
from territories.models import PlanSection, TerritoryPlan, TerritoryPlanLine
from territories.plan_content import GOALS
from territories.plan_lines import SHAPES, TEXTS


class NotWritable(RuleViolation):
    """The plan is handed in or approved: its words stay."""


class PageFull(RuleViolation):
    """The section has all the lines that the page holds."""


@retries.atomic
def save(plan: TerritoryPlan, changes: Sequence[Change], by: User) -> Outcome:
    """Write fields of a plan. Raises NotWritable; everything else is told in the outcome."""
    plan = writable(plan.pk)
    outcome, lines, touched = Outcome(), _lines_of(plan), set()
    base = PlanSection.objects.get_or_create(plan=plan, section=Section.RETENTION)[0]
    rows: dict[str, Any] = {"plan": plan, "base": base} | {str(pk): line for pk, line in lines.items()}
    for change in changes:
        row = rows.get(change.row)
        if row is None or change.name not in _names(change.row, row):
            outcome.refused[change.key] = _("This line is gone; somebody took it out meanwhile.")
            continue
        if _write(row, change, by, outcome):
            touched.add(change.row)
    outcome.keep_typed(changes)
    for name in sorted(touched):
        rows[name].version += 1
        _store(rows[name], by)
    if touched:
        mark_edited(plan, {_section_of(name, rows[name]) for name in touched} - {None})
        outcome.saved_at = plan.edited_at
    outcome.versions = {name: row.version for name, row in rows.items()}
    return outcome


def writable(pk: int) -> TerritoryPlan:
    """The plan under lock. Raises NotWritable."""
    plan = plans.lock(pk)
    if not plans.is_written(plan):
        raise NotWritable(_("This plan is handed in or approved, its words stay as they are. Propose a change."))
    return plan


def _lines_of(plan: TerritoryPlan) -> dict[int, TerritoryPlanLine]:
    return {line.pk: line for line in TerritoryPlanLine.objects.filter(plan=plan).select_related("account")}


def _names(row: str, stored: Any) -> tuple[str, ...]:
    if row == "plan":
        return GOALS
    return ("base",) if row == "base" else SHAPES[stored.section].columns


def _section_of(row: str, stored: Any) -> str | None:
    return None if row == "plan" else Section.RETENTION if row == "base" else stored.section


def _write(row: Any, change: Change, by: User, outcome: Outcome) -> bool:
    """Whether the field took the change, and it says something new."""
    now = shown(row, change.name)
    if field_writing.clashes(change, row.version, now):
        at = getattr(row, "touched_at", None) or getattr(row, "edited_at", None)
        outcome.conflicts.append(Conflict(change, now, row.version, at))
        return False
    try:
        value = _PARSERS[change.name](change.text, by)
    except BadWords as refusal:
        outcome.refused[change.key] = str(refusal)
        return False
    if change.name == "account" and value is not None and _stands_already(row, value):
        outcome.refused[change.key] = _("This account stands in another line of the plan.")
        return False
    if change.name in ("partner", "text") and len(value) + len(getattr(row, _OTHER[change.name])) > caps.LINE:
        outcome.refused[change.key] = _too_long(len(value) + len(getattr(row, _OTHER[change.name])), caps.LINE)
        return False
    if getattr(row, _attribute(change.name)) == value:
        outcome.shown[change.key] = now  # said in other words, such as a part of the name
        return False
    setattr(row, _attribute(change.name), value)
    outcome.shown[change.key] = shown(row, change.name)
    return True


def _stands_already(line: TerritoryPlanLine, account: int) -> bool:
    others = TerritoryPlanLine.objects.filter(plan=line.plan_id, section=line.section, account=account)
    return line.section == Section.ACCOUNTS and others.exclude(pk=line.pk).exists()


def _attribute(name: str) -> str:
    return "account_id" if name == "account" else name


def _store(row: Any, by: User) -> None:
    if isinstance(row, TerritoryPlanLine):
        save_tracked(row, by=by)
    else:
        row.save()


def mark_edited(plan: TerritoryPlan, sections: set[str | None]) -> None:
    """The plan was written on now; what the manager said of these sections no longer stands."""
    plan.edited_at = clock.now()
    plan.save(update_fields=["edited_at"])
    said = PlanSection.objects.filter(plan=plan, section__in=sections).exclude(review=SectionReview.OPEN)
    said.update(review=SectionReview.OPEN, reviewed_by=None, reviewed_at=None)


# Lines


@retries.atomic
def add_line(plan: TerritoryPlan, section: Section, by: User) -> TerritoryPlanLine:
    """An empty line at the end of a section. Raises NotWritable and PageFull."""
    plan = writable(plan.pk)
    line = TerritoryPlanLine(plan=plan, section=section, position=_place(plan, section))
    save_tracked(line, by=by)
    if not plan.started_from:
        plan.started_from = "blank"
        plan.save(update_fields=["started_from"])
    mark_edited(plan, {section})
    return line


def _place(plan: TerritoryPlan, section: str) -> int:
    """The place below the last line, or else the first one that a file left free. Raises PageFull."""
    taken = set(TerritoryPlanLine.objects.filter(plan=plan, section=section).values_list("position", flat=True))
    most = caps.lines_of(section)
    if len(taken) >= most:
        raise PageFull(_("This section takes %(most)d lines, so that the plan stays one page.") % {"most": most})
    last = max(taken, default=0)
    return last + 1 if last < most else next(place for place in range(1, most) if place not in taken)


@retries.atomic
def remove_line(line: TerritoryPlanLine, by: User) -> None:
    """Take a line out; those below move up. Its history row is what ``restore_line`` reads. Raises NotWritable."""
    plan = writable(line.plan_id)
    line = still_there(TerritoryPlanLine.objects.all(), line.pk)
    section, position = line.section, line.position
    delete_tracked(line, by=by)
    for below in TerritoryPlanLine.objects.filter(plan=plan, section=section, position__gt=position).order_by(
        "position"
    ):
        below.position -= 1
        save_tracked(below, by=by)
    mark_edited(plan, {section})


@retries.atomic
def restore_line(plan: TerritoryPlan, pk: int, by: User) -> TerritoryPlanLine:
    """Bring a line back that was taken out, at the end of its section, with its key: what was said of it is its again.

    Raises NotWritable, PageFull, RuleViolation.
    """
    plan = writable(plan.pk)
    gone = TerritoryPlanLine.history.filter(id=pk, plan_id=plan.pk, history_type="-").order_by("-history_id").first()
    if gone is None or TerritoryPlanLine.objects.filter(pk=pk).exists():
        raise RuleViolation(_("There is no such line to bring back."))
    stands = TerritoryPlanLine.objects.filter(plan=plan, section=gone.section)
    place = _place(plan, gone.section)
    if gone.section == Section.ACCOUNTS and stands.filter(account=gone.account_id).exists():
        raise RuleViolation(_("This account stands in another line of the plan."))
    line: TerritoryPlanLine = gone.instance
    line.position = place
    plan_content.revive(line, pk)
    save_tracked(line, by=by)
    mark_edited(plan, {line.section})
    return line


@retries.atomic
def move_line(line: TerritoryPlanLine, up: bool, by: User) -> None:  # noqa: FBT001  # one of two directions
    """Change places with the neighbour above or below; at the end of the section nothing happens."""
    plan = writable(line.plan_id)
    line = still_there(TerritoryPlanLine.objects.all(), line.pk)
    others = TerritoryPlanLine.objects.filter(plan=plan, section=line.section)
    above, below = others.filter(position__lt=line.position), others.filter(position__gt=line.position)
    other = above.order_by("-position").first() if up else below.order_by("position").first()
    if other is None:
        return
    plan_content.change_places(line, other, by)
    mark_edited(plan, {line.section})


# Reading what was typed, and showing what is stored


def shown(row: Any, name: str) -> str:
    """What is stored, as an input shows it in the reader's language; of an account its name."""
    value = getattr(row, name)
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    return number(value, decimals_of(value)) if isinstance(value, Decimal) else str(value)


_OTHER = {"partner": "text", "text": "partner"}
"""The two share one line of the page, and its cap."""


def _too_long(count: int, most: int) -> str:
    told = _("%(count)d characters are too many: %(most)d fit, so that the plan stays one page.")
    return told % {"count": count, "most": most}


def _words(most: int) -> Callable[[str, User], str]:
    def parse(text: str, _by: User) -> str:
        words = " ".join(text.replace("\x00", "").split())
        if len(words) > most:
            raise BadWords(_too_long(len(words), most))
        return words

    return parse


def _percent(text: str, _by: User) -> Decimal | None:
    if not text.strip():
        return None
    try:
        value = parse_amount(text.replace("%", ""))
    except ValueError as error:
        raise BadWords(_("Write a percentage, like 31.5.")) from error
    if not -99 <= value <= 100 or value != round(value, 1):
        raise BadWords(_("Write a percentage of at most 100, with one decimal."))
    return value


def _risk(text: str, _by: User) -> str:
    if text not in ("", *Risk.values):
        raise BadWords(_("Choose high, medium or low."))
    return text


def _account(text: str, by: User) -> int | None:
    found = account_naming.account_meant(text, by)
    return found.pk if found else None


_PARSERS: dict[str, Callable[[str, User], Any]] = {
    **{name: _words(most) for name, most in TEXTS.items()},
    "amount": field_writing.amount,
    "base": field_writing.amount,
    "revenue_goal": field_writing.amount,
    "margin_goal": _percent,
    "new_business_goal": _percent,
    "due_on": field_writing.day,
    "risk": _risk,
    "account": _account,
}
