"""Reads for the board of everybody's plans in a year: who has written what, how far, and what waits for whom."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext as _

from spm.money import ZERO
from spm.org import clock
from spm.org.models import FiscalYear, User
from spm.ui.fields import MoneyField
from targets.choices import Measure
from targets.models import Quota
from territories import access, plan_checks, plan_live, plans
from territories.choices import PlanState, Section
from territories.models import PlanSection, PlanTemplate, TerritoryPlan, TerritoryPlanLine

NOT_STARTED = "none"
COLUMNS = (NOT_STARTED, PlanState.DRAFT, PlanState.SUBMITTED, PlanState.RETURNED, PlanState.APPROVED)


@dataclass(frozen=True, slots=True)
class Card:
    pk: int
    person: User
    territory: str
    state: str
    label: str
    number: int
    complete: int  # of six sections
    named: Decimal
    quota: Decimal | None
    edited_at: datetime | None
    days: int  # since it came into this state
    progress: Decimal | None
    stale: int  # lines of a living plan that nobody has touched
    href: str
    can_nudge: bool

    @property
    def left(self) -> Decimal | None:
        return None if self.quota is None else self.quota - self.named


@dataclass(frozen=True, slots=True)
class Column:
    state: str
    label: str
    cards: Sequence[Card]

    @property
    def oldest(self) -> int:
        """Days of the one that stands here longest."""
        return max((card.days for card in self.cards), default=0)


@dataclass(frozen=True, slots=True)
class Board:
    year: FiscalYear
    years: Sequence[str]
    columns: Sequence[Column]
    template: PlanTemplate | None
    can_roll_out: bool
    waiting: int  # people who write a plan and have none

    @property
    def cards(self) -> list[Card]:
        return [card for column in self.columns for card in column.cards]

    @property
    def submitted(self) -> int:
        return sum(card.state == PlanState.SUBMITTED for card in self.cards)


def board(user: User, year: FiscalYear, *, baseline: bool = False) -> Board:
    """Everybody's plans that the user sees; a fixed number of queries. ``baseline``: beside quotas as locked."""
    rows = TerritoryPlan.objects.visible_to(user).filter(fiscal_year=year)
    known = list(rows.select_related("person", "territory", "fiscal_year").order_by("person__name", "pk"))
    lines: dict[int, list[TerritoryPlanLine]] = defaultdict(list)
    for line in TerritoryPlanLine.objects.visible_to(user).filter(plan__in=known):
        lines[line.plan_id].append(line)
    bases = dict(
        PlanSection.objects.visible_to(user)
        .filter(plan__in=known, section=Section.RETENTION)
        .values_list("plan", "base")
    )
    quotas = _quotas(user, year, baseline=baseline)
    cards = [_card(user, plan, lines[plan.pk], bases.get(plan.pk), quotas.get(plan.person_id)) for plan in known]
    template = PlanTemplate.objects.visible_to(user).filter(fiscal_year=year).first()
    can_roll_out = access.can_roll_out(user)
    have = {plan.person_id for plan in known}
    waiting = sum(person.pk not in have for person in plans.writers_of(year)) if can_roll_out else 0
    return Board(
        year=year,
        years=list(FiscalYear.objects.visible_to(user).order_by("-starts_on").values_list("label", flat=True)),
        columns=[Column(state, label_of(state), [card for card in cards if card.state == state]) for state in COLUMNS],
        template=template,
        can_roll_out=can_roll_out,
        waiting=waiting,
    )


def label_of(state: str) -> str:
    return _("Not started") if state == NOT_STARTED else str(PlanState(state).label)


def _quotas(user: User, year: FiscalYear, *, baseline: bool) -> dict[int, Decimal]:
    rows = Quota.objects.visible_to(user).of_version(baseline=baseline)
    rows = rows.filter(plan__fiscal_year=year, measure=Measure.BOOKINGS)
    summed = rows.order_by().values_list("person").annotate(sum=Sum("amount", output_field=MoneyField()))
    return dict(summed)


def _card(
    user: User, plan: TerritoryPlan, lines: Sequence[TerritoryPlanLine], base: Decimal | None, quota: Decimal | None
) -> Card:
    begun = bool(plan.started_from) or bool(lines)
    state = NOT_STARTED if plan.state == PlanState.DRAFT and not begun else plan.state
    since = plan.decided_at or plan.submitted_at or plan.edited_at or plan.created_at
    return Card(
        pk=plan.pk,
        person=plan.person,
        territory=plan.territory.name if plan.territory else "",
        state=state,
        label=label_of(state),
        number=plan.number,
        complete=len(plan_checks.complete_sections(lines)),
        named=plan_checks.gap_of(lines, base, quota).named,
        quota=quota or None,
        edited_at=plan.edited_at,
        days=max((clock.today() - clock.day_of(since)).days, 0),
        progress=plan_live.progress(lines) if plan.approved_number is not None else None,
        stale=sum(plan_live.is_stale(line, plan) for line in lines),
        href=plans.path_of(plan),
        can_nudge=access.can_nudge(user, plan),
    )


def named_in_all(cards: Sequence[Card]) -> Decimal:
    return sum((card.named for card in cards), ZERO)
