"""A total of the company plan spread over its months: by last year, evenly, by weights or a stored profile.

Previewed, then applied as one batch. Closed months keep their number, the others share what is left of the total.
Weights go by the number of the leaf period in its year. Rules: domain.md, Seasonality and Rounding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.money import ZERO
from spm.org import retries
from spm.org.choices import PeriodState
from spm.org.models import Period, User
from targets import access, batches, cautions, policy, seasonality
from targets.choices import BatchKind, Season
from targets.company_grid import NOTHING, Facts
from targets.goals import Goal, GoalModel, LockedPlan, lock_plan, of_segment, refuse_amount
from targets.models import CompanyPlan, GoalBatch, PlanLine, SeasonalityProfile
from targets.seasonality import BadSeasonality, spread_over

PROFILE = "profile:"
"""What a stored profile is chosen by: this and its key."""


@dataclass(frozen=True)
class Wish:
    """What is to be spread. ``total`` None keeps the present one; ``season``: a Season, or PROFILE and a key.

    ``weights``: period number → weight, of the custom season; with ``keep_as`` they become a profile of that name.
    """

    segment: str
    measure: str
    period: Period
    season: str
    total: Decimal | None = None
    weights: Mapping[int, Decimal] = field(default_factory=dict)
    keep_as: str = ""
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class MonthChange:
    """One leaf period before and after; ``last_year``: its number a year before, None = none."""

    period: Period
    before: Decimal | None
    after: Decimal
    last_year: Decimal | None

    @property
    def growth(self) -> Decimal | None:
        return None if self.last_year is None else cautions.growth(self.after, self.last_year)


@dataclass(frozen=True, slots=True)
class SpreadPreview:
    """What a spread would do; nothing is stored. ``rows``: every leaf period of the total, changed or not."""

    wish: Wish
    rows: tuple[MonthChange, ...]
    before: Decimal | None
    after: Decimal
    revision: int

    @property
    def count(self) -> int:
        """How many numbers would change."""
        return sum(row.before != row.after for row in self.rows)


def preview(facts: Facts, wish: Wish, by: User) -> SpreadPreview:
    """What the wish would change. Raises LockedPlan, BadAmount, BadSeasonality, RuleViolation without a total."""
    if not access.can_edit_plan(by, facts.plan):
        raise LockedPlan(_("%(year)s is locked. Request a revision.") % {"year": facts.calendar.year.label})
    before = facts.counted(wish.segment, wish.measure, wish.period)
    total = before if wish.total is None else wish.total
    if total is None:
        raise RuleViolation(_("Give a total: there is none yet."))
    refuse_amount(total, facts.currency, negative=True)
    own = facts.given.get((wish.segment, wish.measure), {})
    leaves = facts.calendar.leaves_in(wish.period)
    stays = {leaf.pk: own.get(leaf.pk, ZERO) for leaf in leaves if leaf.state == PeriodState.CLOSED}
    rest = total - sum(stays.values(), ZERO)
    free = [leaf for leaf in leaves if leaf.pk not in stays]
    if not free or rest * total < 0:
        raise RuleViolation(_("The closed periods hold more than this total; what is closed stays."))
    parts = stays | spread_over(free, rest, facts.currency, weights_for(facts, wish))
    last = facts.befores.get((wish.segment, wish.measure), NOTHING).leaves
    rows = tuple(MonthChange(leaf, own.get(leaf.pk), parts[leaf.pk], last.get(leaf.pk)) for leaf in leaves)
    return SpreadPreview(wish, rows, before, total, batches.newest(facts.plan))


@retries.atomic
def apply(found: SpreadPreview, facts: Facts, *, by: User, seen: int | str | None, reason: str = "") -> GoalBatch:
    """Write the preview as one batch, and keep its weights as a profile where it names one.

    Raises what ``batches.write_batch`` and ``seasonality.keep_profile`` raise; then nothing is stored.
    """
    wish = found.wish
    goals: list[tuple[GoalModel, Goal]] = [
        (PlanLine, Goal(of_segment(wish.segment), wish.measure, row.period, row.after))
        for row in found.rows
        if row.before != row.after
    ]
    if wish.keep_as:
        weights = {leaf.number: wish.weights.get(leaf.number, ZERO) for leaf in facts.calendar.leaves}
        year = facts.plan.fiscal_year
        seasonality.keep_profile(wish.keep_as, weights, fiscal_year=year, is_default=wish.is_default)
    reason = reason.strip() or _("Spread by “%(method)s”") % {"method": _season_name(facts, wish)}
    return write_cells(facts.plan, goals, by=by, kind=BatchKind.SPREAD, reason=reason, seen=seen)


@retries.atomic
def write_cells(plan: CompanyPlan, goals: Sequence[tuple[GoalModel, Goal]], **told: Any) -> GoalBatch:
    """Write numbers of the company as one batch. Raises what ``batches.write_batch`` raises.

    And OutsidePolicy where the policy blocks and what is handed on would stand too high above them.
    """
    working = lock_plan(plan)
    with policy.kept(working):
        return batches.write_batch(working, goals, **told)


def _season_name(facts: Facts, wish: Wish) -> str:
    """What the wish spreads by, as the form calls it."""
    return str(Season(wish.season).label) if wish.season in Season.values else _profile(facts, wish.season).name


def weights_for(facts: Facts, wish: Wish) -> Mapping[int, Decimal]:
    """Period number → weight; empty: all alike. Raises BadSeasonality for what cannot be followed."""
    if wish.season == Season.EVEN:
        return {}
    if wish.season == Season.LAST_YEAR:
        return as_last_year(facts, wish.segment, wish.measure)
    if wish.season == Season.CURRENT:
        return _present(facts, wish)
    if wish.season == Season.CUSTOM:
        return _own(wish)
    return _stored(facts, wish.season)


def as_last_year(facts: Facts, segment: str, measure: str) -> dict[int, Decimal]:
    """What each month of last year brought; one that is not over, or was not there, as its season promises.

    Months below zero count as zero. Raises BadSeasonality where last year has no number to follow.
    """
    calendar = facts.calendar
    over = facts.befores.get((segment, measure), NOTHING).leaves
    known = {leaf.number: max(over[leaf.pk], ZERO) for leaf in calendar.leaves if leaf.pk in over}
    season = {leaf.number: weight for leaf, weight in zip(calendar.leaves, calendar.season, strict=True)}
    share = sum((season[number] for number in known), ZERO)
    if not share or not any(known.values()):
        raise BadSeasonality(_("Last year has no numbers to follow here. Choose another seasonality."))
    pace = sum(known.values(), ZERO) / share
    return {number: known.get(number, weight * pace) for number, weight in season.items()}


def present_shares(facts: Facts, wish: Wish) -> list[tuple[Period, Decimal]]:
    """The percent of the total that each leaf period has now, with two decimals: where own weights begin."""
    leaves = facts.calendar.leaves_in(wish.period)
    try:
        weights = _present(facts, wish)
    except BadSeasonality:
        weights = {leaf.number: Decimal(1) for leaf in leaves}
    whole = sum((weights[leaf.number] for leaf in leaves), ZERO)
    return [(leaf, round(weights[leaf.number] * 100 / whole, 2)) for leaf in leaves]


def _present(facts: Facts, wish: Wish) -> dict[int, Decimal]:
    leaves = facts.calendar.leaves_in(wish.period)
    amounts = {leaf.number: facts.counted(wish.segment, wish.measure, leaf) or ZERO for leaf in leaves}
    if min(amounts.values()) < 0 or not any(amounts.values()):
        raise BadSeasonality(_("There are no numbers yet whose proportion could be kept."))
    return amounts


def _own(wish: Wish) -> Mapping[int, Decimal]:
    if not wish.weights or min(wish.weights.values()) < 0 or not any(wish.weights.values()):
        raise BadSeasonality(_("Weights must not be negative, and one must be above 0."))
    return wish.weights


def _stored(facts: Facts, chosen: str) -> dict[int, Decimal]:
    return {row.period_no: row.weight for row in _profile(facts, chosen).weights.all()}


def _profile(facts: Facts, chosen: str) -> SeasonalityProfile:
    found: dict[str, SeasonalityProfile] = {
        f"{PROFILE}{profile.pk}": profile for profile in seasonality.profiles_of(facts.plan.fiscal_year)
    }
    if chosen not in found:
        raise BadSeasonality(_("Choose a seasonality."))
    return found[chosen]
