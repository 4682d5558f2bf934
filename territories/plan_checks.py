"""What a plan lacks: sections without a complete line, and the part of the quota that nobody has named yet."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from spm.money import ZERO
from territories.choices import Section
from territories.models import PlanSection, TerritoryPlan, TerritoryPlanLine
from territories.plan_lines import SHAPES


@dataclass(frozen=True, slots=True)
class Stripe:
    """A part of the bar of the gap check, as attributes of a drawing."""

    name: str
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Named goals against the bookings quota of the year, in company currency. ``quota`` None = none is known yet."""

    accounts: Decimal
    business: Decimal
    base: Decimal  # retention
    channel: Decimal
    quota: Decimal | None

    @property
    def named(self) -> Decimal:
        return self.accounts + self.business + self.base + self.channel

    @property
    def left(self) -> Decimal | None:
        """Quota − named: above 0 "not yet named", below 0 named beyond the quota; None without a quota."""
        return None if self.quota is None else self.quota - self.named

    @property
    def bar(self) -> list[Stripe]:
        """What is named, side by side on a width of 100 that is the quota, or what is named where that is more."""
        whole, found, at = max(self.quota or ZERO, self.named), [], ZERO
        named = (
            ("accounts", self.accounts),
            ("business", self.business),
            ("base", self.base),
            ("channel", self.channel),
        )
        for name, amount in named:
            if whole and amount > 0:
                width = amount * 100 / whole
                found.append(Stripe(name, f"{at:.2f}", f"{width:.2f}"))
                at += width
        return found

    @property
    def distance(self) -> Decimal | None:
        """How far what is named is from the quota, whichever way."""
        return None if self.left is None else abs(self.left)


def gap_of(lines: Iterable[TerritoryPlanLine], base: Decimal | None, quota: Decimal | None) -> Gap:
    """The gap check of one plan, from its lines."""
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        if SHAPES[line.section].counts and line.amount is not None:
            sums[line.section] += line.amount
    return Gap(sums[Section.ACCOUNTS], sums[Section.BUSINESS], base or ZERO, sums[Section.CHANNEL], quota)


def is_complete(line: Any) -> bool:
    """Whether a line says all that its section needs."""
    return all(getattr(line, "account_id" if name == "account" else name) for name in SHAPES[line.section].needed)


def complete_sections(lines: Iterable[TerritoryPlanLine]) -> set[str]:
    """Sections with at least one line, all of them complete."""
    found: Mapping[str, list[TerritoryPlanLine]] = defaultdict(list)
    for line in lines:
        found[line.section].append(line)
    return {section for section, rows in found.items() if all(is_complete(row) for row in rows)}


def missing(plan: TerritoryPlan) -> list[str]:
    """Sections that still lack something, in the order of the page; one query."""
    done = complete_sections(TerritoryPlanLine.objects.filter(plan=plan))
    return [section for section in Section.values if section not in done]


def base_of(plan: TerritoryPlan) -> Decimal | None:
    found: Decimal | None = (
        PlanSection.objects.filter(plan=plan, section=Section.RETENTION).values_list("base", flat=True).first()
    )
    return found
