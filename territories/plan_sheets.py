"""What the page of one plan shows, put together by ``plan_queries``: a template cannot ask for more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from spm.org import clock
from spm.org.models import Company, User
from spm.talk.models import Comment
from spm.ui.diff import Run
from territories import caps
from territories.choices import PlanState, Section
from territories.models import TerritoryPlan, TerritoryPlanLine
from territories.plan_checks import Gap
from territories.plan_goals import Goal
from territories.plan_lines import TEXTS
from territories.plan_live import Live


@dataclass(frozen=True, slots=True)
class DecisionMap:
    """Who at an account was met: counts of stakeholders; all zero = no map yet."""

    met: int = 0
    never: int = 0
    blockers: int = 0

    @property
    def is_known(self) -> bool:
        return bool(self.met or self.never)


@dataclass(frozen=True, slots=True)
class LineSheet:
    """One line as the page shows it. ``fields``: column → what an input shows; ``left``: characters left by column."""

    pk: int
    version: int
    position: int
    section: str
    fields: Mapping[str, str]
    left: Mapping[str, int]
    account: str
    account_pk: int | None
    is_open: bool  # the map of its account is the reader's to open
    tier: str
    amount: Decimal | None
    due_on: date | None
    status: str
    status_label: str
    evidence: str
    touched_at: datetime | None
    is_complete: bool
    is_stale: bool
    live: Live | None
    map: DecisionMap
    comments: int
    risk_label: str
    was: Sequence[Run] = ()  # where the baseline is laid over it: what it said then, word by word

    @property
    def is_printed(self) -> bool:
        return self.section != Section.ACCOUNTS or self.position <= caps.PRINTED_ACCOUNTS


@dataclass(frozen=True, slots=True)
class SectionSheet:
    number: int
    section: str
    heading: str
    question: str
    example: str
    lines: Sequence[LineSheet]
    most: int
    base: Decimal | None
    base_field: str
    named: Decimal | None  # the amounts of its lines, where they count; the base, for retention
    live: Live | None
    is_complete: bool
    review: str
    review_label: str
    comments: int
    gone: Sequence[str] = ()  # lines of the baseline that stand here no more

    @property
    def can_grow(self) -> bool:
        return len(self.lines) < self.most

    @property
    def is_counted_whole(self) -> bool:
        """Its own actual is that of the section: who buys first, or again, belongs to no single line."""
        return self.section in (Section.BUSINESS, Section.RETENTION, Section.CHANNEL) and self.live is not None

    @property
    def beyond(self) -> int:
        """Lines that stand on the screen alone."""
        return sum(not line.is_printed for line in self.lines)

    @property
    def met(self) -> DecisionMap:
        return DecisionMap(
            sum(line.map.met for line in self.lines),
            sum(line.map.never for line in self.lines),
            sum(line.map.blockers for line in self.lines),
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One line of "Versions and approvals"."""

    number: int
    state: str
    label: str
    by: str
    at: datetime
    note: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Talk:
    """The notes of one quarter's review."""

    quarter: str
    held_on: date
    notes: str
    by: str
    progress: Decimal | None


@dataclass(frozen=True)
class PlanSheet:
    plan: TerritoryPlan
    version: int
    year: str
    person: User
    territory: str
    manager: str
    company: Company
    goals: Sequence[Goal]
    sections: Sequence[SectionSheet]
    lines: Sequence[TerritoryPlanLine]
    gap: Gap
    steps: Sequence[Step]
    reviews: Sequence[Talk]
    versions: Mapping[str, int]
    due_on: date | None
    progress: Decimal | None
    can_write: bool
    can_submit: bool
    can_withdraw: bool
    can_review: bool
    can_propose: bool
    can_track: bool
    can_hold_review: bool
    can_nudge: bool
    has_last_year: bool  # asked for a plan that is not begun
    quarters: Sequence[tuple[int, str]]  # key and title of those begun, for which a review may be noted; newest first
    said: Sequence[Comment]  # of the plan, its sections and lines
    own: bool
    territories: Sequence[tuple[int, str]]  # key and name of those its author owns, while he writes
    before_label: str  # the year before the plan's, as amounts stand under it; empty = there is none
    sold_label: str  # that of the year whose amounts the goal strip shows so far
    baseline: str = ""  # the version that is laid over the page, in words; empty = none

    @property
    def next_number(self) -> int:
        """The version that handing in would make."""
        return self.plan.number + any(step.number == self.plan.number for step in self.steps)

    @property
    def other_territories(self) -> list[tuple[int, str]]:
        """Those that the plan could be for instead."""
        return [(key, name) for key, name in self.territories if key != self.plan.territory_id]

    @property
    def is_running(self) -> bool:
        """In force, and its year has begun: the lines are lived up to."""
        return self.is_living and self.has_begun_year

    @property
    def has_begun_year(self) -> bool:
        return self.plan.fiscal_year.starts_on <= clock.today()

    @property
    def complete(self) -> int:
        return sum(section.is_complete for section in self.sections)

    @property
    def is_begun(self) -> bool:
        return bool(self.plan.started_from) or any(section.lines for section in self.sections)

    @property
    def is_living(self) -> bool:
        return self.plan.approved_number is not None

    @property
    def state_label(self) -> str:
        return str(PlanState(self.plan.state).label)

    @property
    def fill(self) -> Decimal:
        """The share of the page's characters that is used, from 0 to 1; above 0.9 the print takes its smaller size."""
        printed = [line for part in self.sections for line in part.lines if line.is_printed]
        used = sum(len(line.fields.get(name, "")) for line in printed for name in TEXTS)
        return Decimal(used) / caps.PAGE

    @property
    def is_full(self) -> bool:
        return self.fill > Decimal("0.9")

    @property
    def open_comments(self) -> int:
        return sum(section.comments for section in self.sections)


def as_typed(sheet: PlanSheet, typed: Mapping[str, str]) -> PlanSheet:
    """The page with what somebody typed (by name of the field, "12-text") in the place of what is stored."""

    def line(one: LineSheet) -> LineSheet:
        return replace(one, fields={name: typed.get(f"{one.pk}-{name}", text) for name, text in one.fields.items()})

    sections = [
        replace(part, lines=[line(one) for one in part.lines], base_field=typed.get("base-base", part.base_field))
        for part in sheet.sections
    ]
    goals = [replace(goal, typed=typed.get(f"plan-{goal.name}", goal.typed)) for goal in sheet.goals]
    return replace(sheet, sections=sections, goals=goals)
