"""What the audit log says about the planning cycle, in the reader's language."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from spm.org.audit_words import tell
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
    return f"{said}: {detail['reason']}" if detail.get("reason") else said


def _set(detail: Mapping[str, Any]) -> str:
    policy = [
        f"{capfirst(str(getattr(PlanningCycle._meta.get_field(name), 'verbose_name', name)))}: {before} → {after}"
        for name, (before, after) in detail.get("policy", {}).items()
    ]
    stages = [
        f"{Stage(stage).label}: {_stage(told['before'])} → {_stage(told['after'])}"
        for stage, told in detail.get("stages", {}).items()
    ]
    return "; ".join(policy + stages)


def _stage(told: Mapping[str, str]) -> str:
    due = day(date.fromisoformat(told["due_on"])) if told["due_on"] else ""
    return ", ".join(filter(None, (told["owner"], due))) or "—"


def _rates(detail: Mapping[str, Any]) -> str:
    said = "; ".join(f"{code}: {before or '—'} → {after or '—'}" for code, (before, after) in detail["rates"].items())
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
