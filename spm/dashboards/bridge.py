"""The lying bridge: plan to date, over-assignment, quota to date, teams, actual."""

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from spm.dashboards.figures import ZERO, Figures
from spm.ui.bridge import Bridge, Step, draw
from spm.ui.numbers import percent, signed_thousands, thousands

MOST_STEPS = 8


def bridge(total: Figures, parts: Sequence[tuple[str, Decimal]]) -> Bridge | None:
    """``parts``: (name, gap to quota pace), which add up to the whole gap. None without a quota."""
    if not total.quota or not total.expected:
        return None
    return draw(_steps(total, parts))


def _steps(total: Figures, parts: Sequence[tuple[str, Decimal]]) -> list[Step]:
    steps, reached = [], total.expected
    if total.plan_expected:
        quota = total.beside_plan.expected
        pad = quota - total.plan_expected
        label = _("Over-assignment, %(share)s") % {"share": percent(pad / total.plan_expected, 1)}
        name = _("Plan") if total.is_over else _("Plan to date")
        steps.append(Step(name, "total", ZERO, total.plan_expected, thousands(total.plan_expected)))
        steps.append(Step(label, "pad", total.plan_expected, quota, signed_thousands(pad)))
        if unplanned := total.expected - quota:
            name = _("Quota of periods without a plan")
            steps.append(Step(name, "pad", quota, total.expected, signed_thousands(unplanned)))
    goal = _("Quota") if total.is_over else _("Quota to date")
    steps.append(Step(goal, "total", ZERO, total.expected, thousands(total.expected)))
    for name, gap in _few(parts):
        kind = "up" if gap >= 0 else "down"
        steps.append(Step(name, kind, reached, reached + gap, signed_thousands(gap)))
        reached += gap
    steps.append(Step(_("Actual"), "actual", ZERO, total.actual, thousands(total.actual)))
    return steps


def _few(parts: Sequence[tuple[str, Decimal]]) -> list[tuple[str, Decimal]]:
    """The largest parts, gains first, and all others as one."""
    kept = sorted(parts, key=lambda part: -abs(part[1]))[:MOST_STEPS]
    rest = sum((gap for name, gap in parts if (name, gap) not in kept), ZERO)
    ordered = sorted(kept, key=lambda part: -part[1])
    return [*ordered, (_("All others"), rest)] if rest else ordered
