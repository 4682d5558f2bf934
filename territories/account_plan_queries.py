"""Reads for the plan of an account: its words, objectives, reviews, how well the account is covered, who wrote when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from spm.market.models import Account
from spm.org import clock
from spm.org.models import Company, FiscalYear, User
from territories import access, account_plans, caps, map_queries, measures
from territories.account_facts import part_of
from territories.account_plans import FIELDS, WORDS
from territories.models import AccountObjective, AccountPlan, AccountReview

OBJECTIVE_FIELDS = ("text", "measure", "amount", "due_on", "done_on")
MOST_CHANGES = 12


@dataclass(frozen=True, slots=True)
class ObjectiveRow:
    pk: int
    row: str
    text: str
    measure: str
    amount: Decimal | None
    due_on: date | None
    done_on: date | None
    is_late: bool
    fields: Mapping[str, str]
    version: int


@dataclass(frozen=True, slots=True)
class ReviewRow:
    pk: int
    due_on: date
    held_on: date | None
    by: str
    score: int | None
    comment: str
    is_due: bool


@dataclass(frozen=True, slots=True)
class Edit:
    """Somebody wrote at a moment; ``fields``: labels of what changed."""

    at: datetime
    by: str
    fields: str


@dataclass(frozen=True)
class PlanPage:
    """``plan`` is None until the first word is written."""

    account: Account
    company: Company
    year: str
    years: Sequence[str]
    words: Mapping[str, str]
    version: int
    objectives: Sequence[ObjectiveRow]
    reviews: Sequence[ReviewRow]
    edits: Sequence[Edit]
    coverage: Decimal | None
    never: int
    roles: int
    people: int
    met: int
    is_single: bool
    may_copy: bool
    can_review: bool
    today: date

    @property
    def done(self) -> int:
        return sum(row.done_on is not None for row in self.objectives)

    @property
    def takes_objectives(self) -> bool:
        return len(self.objectives) < caps.OBJECTIVES

    @property
    def planned(self) -> list[ReviewRow]:
        return [row for row in self.reviews if row.held_on is None]

    @property
    def held(self) -> list[ReviewRow]:
        return [row for row in self.reviews if row.held_on is not None]

    @property
    def drawn(self) -> tuple[dict[str, str], dict[str, int]]:
        """What the fields say as the page is drawn, and the versions they were drawn from."""
        fields = {f"{account_plans.PLAN}-{name}": text for name, text in self.words.items()}
        fields |= {f"{row.row}-{name}": text for row in self.objectives for name, text in row.fields.items()}
        return fields, {account_plans.PLAN: self.version} | {row.row: row.version for row in self.objectives}


def plan_page(user: User, company: Company, account: Account, year: FiscalYear, years: Sequence[str]) -> PlanPage:
    """One year of one account; a fixed number of queries."""
    today = clock.today()
    found = AccountPlan.objects.visible_to(user).filter(account=account)
    plans = list(found.select_related("fiscal_year").order_by("fiscal_year__starts_on"))
    plan = next((one for one in plans if one.fiscal_year_id == year.pk), None)
    parts = [part_of(row) for row in map_queries.people_of(user, account)]
    never, roles = measures.never_met(parts, today)
    objectives = objectives_of(user, plan, today)
    earlier = any(one.fiscal_year.starts_on < year.starts_on for one in plans)
    is_blank = plan is None or not (objectives or any(getattr(plan, name) for name in WORDS))
    return PlanPage(
        account=account,
        company=company,
        year=year.label,
        years=years,
        words={name: FIELDS.shown(plan, name) if plan else "" for name in WORDS},
        version=plan.version if plan else 0,
        objectives=objectives,
        reviews=reviews_of(user, plan, today),
        edits=_edits(plan),
        coverage=measures.contact_coverage(parts, today),
        never=never,
        roles=roles,
        people=len(parts),
        met=measures.threads(parts, today),
        is_single=measures.is_single_threaded(parts, today),
        may_copy=earlier and is_blank,
        can_review=access.can_review_account(user, plan or AccountPlan(account=account, fiscal_year=year)),
        today=today,
    )


def objectives_of(user: User, plan: AccountPlan | None, today: date) -> list[ObjectiveRow]:
    if plan is None:
        return []
    rows = AccountObjective.objects.visible_to(user).filter(plan=plan).order_by("position", "pk")
    return [
        ObjectiveRow(
            pk=row.pk,
            row=f"{account_plans.OBJECTIVE}{row.pk}",
            text=row.text,
            measure=row.measure,
            amount=row.amount,
            due_on=row.due_on,
            done_on=row.done_on,
            is_late=row.done_on is None and row.due_on is not None and row.due_on < today,
            fields={name: FIELDS.shown(row, name) for name in OBJECTIVE_FIELDS},
            version=row.version,
        )
        for row in rows
    ]


def reviews_of(user: User, plan: AccountPlan | None, today: date) -> list[ReviewRow]:
    """The next first, then those held, the newest first."""
    if plan is None:
        return []
    rows = list(AccountReview.objects.visible_to(user).filter(plan=plan).select_related("by").order_by("due_on"))
    ordered = [row for row in rows if row.held_on is None] + [row for row in reversed(rows) if row.held_on]
    return [
        ReviewRow(
            pk=row.pk,
            due_on=row.due_on,
            held_on=row.held_on,
            by=row.by.name if row.by else "",
            score=row.score,
            comment=row.comment,
            is_due=row.held_on is None and row.due_on <= today,
        )
        for row in ordered
    ]


def _edits(plan: AccountPlan | None) -> list[Edit]:
    """The newest changes of the plan's own words."""
    if plan is None:
        return []
    rows: list[Any] = list(plan.history.select_related("history_user").order_by("-history_id")[: MOST_CHANGES + 1])
    columns = {field.name: field for field in AccountPlan._meta.concrete_fields}
    labels = {name: str(columns[name].verbose_name) for name in WORDS}
    edits = []
    for row, before in zip(rows, [*rows[1:], None], strict=True):
        names = [name for name in WORDS if getattr(row, name) != (getattr(before, name) if before else "")]
        if names:
            who = row.history_user.name if row.history_user else ""
            edits.append(Edit(row.history_date, who, ", ".join(labels[name] for name in names)))
    return edits[:MOST_CHANGES]
