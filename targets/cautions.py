"""Warnings in words about the numbers of an allocation. They forbid nothing but what the policy blocks."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext as _

from spm.ui.numbers import money_compact, percent
from targets.choices import LimitAction
from targets.lacking import Lacking
from targets.last_year import LastYear
from targets.models import PlanningCycle

HUNDRED = Decimal(100)


class CautionKind(StrEnum):
    GROWTH = "growth"
    FLOOR = "floor"
    POTENTIAL = "potential"
    ONE_DEAL = "one_deal"
    OVER = "over"
    LACKING = "lacking"


@dataclass(frozen=True, slots=True)
class Caution:
    """One sentence; ``blocks`` when the policy forbids to apply what it is about."""

    kind: CautionKind
    sentence: str
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """The cycle's policy, percents as whole percents (8 = 8 %)."""

    over_min: Decimal
    over_max: Decimal
    blocks: bool
    growth_limit: Decimal
    growth_floor: Decimal
    deal_limit: Decimal
    currency: str

    @property
    def least(self) -> Decimal:
        """The least over-assignment that the policy allows, as a ratio."""
        return self.over_min / HUNDRED

    def allows(self, over: Decimal | None) -> bool:
        """Whether an over-assignment (ratio) lies within the policy; none at all does."""
        return over is None or self.over_min <= over * HUNDRED <= self.over_max


def limits_of(cycle: PlanningCycle, currency: str) -> Limits:
    return Limits(
        cycle.over_min,
        cycle.over_max,
        cycle.over_action == LimitAction.BLOCK,
        cycle.growth_limit,
        cycle.growth_floor,
        cycle.deal_limit,
        currency,
    )


def growth(quota: Decimal | None, before: Decimal) -> Decimal | None:
    """The year's number against last year adjusted, as a ratio; None without one of both."""
    return quota / before - 1 if quota is not None and before > 0 else None


def of_number(
    limits: Limits, quota: Decimal | None, last: LastYear | None, potential: Decimal | None
) -> tuple[Caution, ...]:
    """What there is to say about one year's number of a person or a team."""
    if not quota:
        return ()
    found = [*_growth(limits, quota, last), *_potential(limits, quota, potential), *_one_deal(limits, last)]
    return tuple(found)


def of_over(limits: Limits, over: Decimal | None, lacking: Lacking) -> tuple[Caution, ...]:
    """What there is to say about the over-assignment (ratio) of a team or the company, and of who has no number yet."""
    if limits.allows(over) or over is None:
        return ()
    if lacking.explains(over, limits.least):
        return (Caution(CautionKind.LACKING, f"{lacking.words}."),)
    words = {"over": percent(over, 1, signed=True), "low": _plain(limits.over_min), "high": _plain(limits.over_max)}
    sentence = _("Over-assignment %(over)s: the policy is %(low)s to %(high)s.") % words
    return (Caution(CautionKind.OVER, sentence, blocks=limits.blocks),)


def _growth(limits: Limits, quota: Decimal, last: LastYear | None) -> list[Caution]:
    rate = growth(quota, last.adjusted) if last else None
    if rate is None:
        return []
    words = {"growth": percent(rate, 1, signed=True)}
    if rate * HUNDRED > limits.growth_limit:
        words["limit"] = _plain(limits.growth_limit)
        return [Caution(CautionKind.GROWTH, _("Growth %(growth)s: above the %(limit)s limit.") % words)]
    if rate * HUNDRED < limits.growth_floor:
        words["limit"] = _plain(limits.growth_floor)
        return [Caution(CautionKind.FLOOR, _("Growth %(growth)s: below the floor of %(limit)s.") % words)]
    return []


def _potential(limits: Limits, quota: Decimal, potential: Decimal | None) -> list[Caution]:
    if not potential or quota <= potential:
        return []
    words = {
        "more": money_compact(quota - potential, limits.currency),
        "potential": money_compact(potential, limits.currency),
    }
    return [Caution(CautionKind.POTENTIAL, _("%(more)s above the known potential of %(potential)s.") % words)]


def _one_deal(limits: Limits, last: LastYear | None) -> list[Caution]:
    share = last.largest_share if last else None
    if last is None or share is None or share * HUNDRED <= limits.deal_limit:
        return []
    words = {"share": percent(share)}
    if last.left_out:
        return [Caution(CautionKind.ONE_DEAL, _("One deal is %(share)s of last year; not in Adjusted.") % words)]
    return [Caution(CautionKind.ONE_DEAL, _("One deal is %(share)s of last year.") % words)]


def _plain(whole_percent: Decimal) -> str:
    """A limit as it was set: "8 %", "7.5 %"."""
    places = max(0, -int(whole_percent.normalize().as_tuple().exponent))
    return percent(whole_percent / HUNDRED, places)
