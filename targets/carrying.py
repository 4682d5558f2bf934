"""What a planning cycle takes over from the year before: its season, and on request its numbers."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.org.choices import PeriodLevel
from spm.org.models import FiscalYear, Period, User
from targets import plans, quotas
from targets.goals import Goal, of_person, of_segment, of_team, of_territory
from targets.models import CompanyPlan, PlanLine, Quota, SeasonalityProfile, Target
from targets.seasonality import set_profile

NAME_LENGTH = 100


def copy_season(source: FiscalYear, year: FiscalYear) -> SeasonalityProfile | None:
    """Give ``year`` the default profile that ``source`` has for itself; None where there is none, or nothing to do.

    A year of another number of leaf periods keeps the profile of all years: weights go by period number.
    """
    profile = source.seasonality.filter(is_default=True).order_by("pk").first()
    if profile is None or year.seasonality.filter(is_default=True).exists():
        return None
    if len(_leaves(source)) != len(_leaves(year)):
        return None
    if source.label in profile.name:
        name = profile.name.replace(source.label, year.label)
    else:
        name = f"{profile.name} {year.label}"
    weights = dict(profile.weights.values_list("period_no", "weight"))
    return set_profile(name[:NAME_LENGTH], weights, fiscal_year=year)


def copy_numbers(source: CompanyPlan, target: CompanyPlan, *, by: User | None) -> None:
    """Set plan lines, targets and quotas of ``target`` to those of ``source``, leaf period by leaf period.

    People who left get no quota, and nobody the one they would set themselves. Raises RuleViolation where ``target``
    holds numbers already, or its year has another number of leaf periods.
    """
    label = source.fiscal_year.label
    models: tuple[Any, ...] = (PlanLine, Target, Quota)
    if any(model.objects.filter(plan=target).exists() for model in models):
        raise RuleViolation(
            _("%(year)s has numbers already; none are copied over them.") % {"year": target.fiscal_year}
        )
    before, after = _leaves(source.fiscal_year), _leaves(target.fiscal_year)
    if set(before) != set(after):
        words = {"year": target.fiscal_year.label, "before": label}
        raise RuleViolation(_("%(year)s has other periods than %(before)s: its numbers cannot be copied.") % words)
    moved = {period.pk: after[number] for number, period in before.items()}
    reason = _("Copied from %(year)s") % {"year": label}
    plans.set_plan_lines(target, _lines(source, moved), by=by, reason=reason)
    plans.set_targets(target, _targets(source, moved), by=by, reason=reason)
    quotas.set_quotas(target, _quotas(source, moved, by), by=by, reason=reason)


def _leaves(year: FiscalYear) -> dict[int, Period]:
    return {period.number: period for period in year.periods.filter(level=PeriodLevel.MONTH)}


def _lines(source: CompanyPlan, moved: Mapping[int, Period]) -> list[Goal]:
    rows = PlanLine.objects.filter(plan=source).order_by("pk")
    return [Goal(of_segment(row.segment), row.measure, moved[row.period_id], row.amount) for row in rows]


def _targets(source: CompanyPlan, moved: Mapping[int, Period]) -> list[Goal]:
    rows: Iterable[Any] = Target.objects.filter(plan=source).order_by("pk")
    return [
        Goal(
            of_team(row.team_id) if row.team_id else of_territory(row.territory_id),
            row.measure,
            moved[row.period_id],
            row.amount,
        )
        for row in rows
    ]


def _quotas(source: CompanyPlan, moved: Mapping[int, Period], by: User | None) -> list[Goal]:
    rows = Quota.objects.filter(plan=source, person__is_active=True).order_by("pk")
    if by is not None:
        rows = rows.exclude(person=by)
    return [Goal(of_person(row.person_id), row.measure, moved[row.period_id], row.amount) for row in rows]
