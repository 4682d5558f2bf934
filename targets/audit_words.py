"""What the audit log says about the planning cycle, in the reader's language."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from spm.org.audit_words import listed, named, tell
from spm.org.choices import AuditKind
from spm.ui.numbers import day
from targets.choices import PlanState, Stage
from targets.models import PlanningCycle


def _created(detail: Mapping[str, Any]) -> str:
    if not detail.get("copied_from"):
        return ""
    said = _("Copied from %(year)s, with its numbers.") if detail.get("with_numbers") else _("Copied from %(year)s.")
    return said % {"year": detail["copied_from"]}


def _moved(detail: Mapping[str, Any]) -> str:
    said = f"{Stage(detail['before']).label} → {Stage(detail['after']).label}"
    return named(said, detail["reason"]) if detail.get("reason") else said


def _set(detail: Mapping[str, Any]) -> str:
    policy = [
        named(capfirst(str(getattr(PlanningCycle._meta.get_field(name), "verbose_name", name))), f"{before} → {after}")
        for name, (before, after) in detail.get("policy", {}).items()
    ]
    stages = [
        named(str(Stage(stage).label), ", ".join(_stage(told["before"], told["after"])))
        for stage, told in detail.get("stages", {}).items()
    ]
    return listed(policy + stages)


def _stage(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """What of owner and due date is another now."""
    for name in ("owner", "due_on"):
        if before[name] != after[name]:
            yield f"{_told(before[name])} → {_told(after[name])}"


def _told(text: str) -> str:
    """An owner, or a day in words."""
    try:
        return day(date.fromisoformat(text))
    except ValueError:
        return text or "—"


def _rates(detail: Mapping[str, Any]) -> str:
    said = listed(named(code, f"{before or '—'} → {after or '—'}") for code, (before, after) in detail["rates"].items())
    return f"{said} ({detail['reason']})" if detail.get("reason") else said


def _ramp(detail: Mapping[str, Any]) -> str:
    said = [" · ".join(f"{percent} %" for percent in detail[side]) or "—" for side in ("before", "after")]
    words = " → ".join(said)
    return f"{words} ({_('default')})" if detail.get("is_default") else words


def _approval(detail: Mapping[str, Any]) -> str:
    state = str(PlanState(detail["state"]).label)
    return f"{state}: {detail['comment']}" if detail.get("comment") else state


tell(AuditKind.RAMP, _ramp)
tell(AuditKind.PLAN_APPROVAL, _approval)
tell(AuditKind.PLAN_RATES, _rates)
tell(AuditKind.PLAN_CYCLE, _created)
tell(AuditKind.PLAN_STAGE, _moved)
tell(AuditKind.PLAN_POLICY, _set)
