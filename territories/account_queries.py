"""Reads for the head of an account's pages: what it bought, how it is covered, what happens next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from spm.market.models import Account
from spm.org import clock
from spm.org.models import Company, User
from territories import account_facts as facts
from territories import measures
from territories.account_stays import Whereabouts
from territories.measures import Part
from territories.models import DecisionStep, Stakeholder


@dataclass(frozen=True, slots=True)
class NextStep:
    """The next thing to happen: a step of the decision, else what is planned with the most influential person."""

    text: str
    due_on: date | None
    with_whom: str


@dataclass(frozen=True, slots=True)
class AccountHead:
    """What both pages of an account begin with; amounts are credited to people the viewer sees."""

    pk: int
    name: str
    external_id: str
    tier: str
    about: str  # industry, segment and place in one line
    parent: str
    territory: str
    territory_pk: int | None
    holder: str
    before_label: str
    now_label: str
    sales: facts.Sales
    potential: Decimal | None
    share: Decimal | None
    margin: Decimal | None
    met_on: date | None
    next_step: NextStep | None
    coverage: Decimal | None
    never: int
    roles: int
    people: int
    is_single: bool
    today: date
    company: Company


def head_of(  # noqa: PLR0913  # what was read already, by name
    user: User,
    company: Company,
    account: Account,
    where: Whereabouts,
    people: Sequence[Stakeholder],
    steps: Sequence[DecisionStep],
) -> AccountHead:
    """``people`` (with contacts) and ``steps`` are those of its map, in their order. Two queries."""
    today = clock.today()
    years = facts.years_of(today)
    sales = facts.sales_of(user, [account.pk], years, today)[account.pk]
    parts: list[Part] = [facts.part_of(row) for row in people]
    never, roles = measures.never_met(parts, today)
    place = (account.industry, account.segment, account.region, account.country)
    return AccountHead(
        pk=account.pk,
        name=account.name,
        external_id=account.external_id,
        tier=account.tier,
        about=" · ".join(filter(None, place)),
        parent=account.parent.name if account.parent else "",
        territory=where.territory.shown_name if where.territory else "",
        territory_pk=where.territory.pk if where.territory else None,
        holder=where.holder.name if where.holder else "",
        before_label=years.before.label if years.before else "",
        now_label=years.now.label if years.now else "",
        sales=sales,
        potential=account.potential,
        share=sales.share_of(account.potential),
        margin=sales.margin_rate,
        met_on=max((row.last_met_on for row in people if row.last_met_on), default=None),
        next_step=next_step_of(people, steps),
        coverage=measures.contact_coverage(parts, today),
        never=never,
        roles=roles,
        people=len(people),
        is_single=measures.is_single_threaded(parts, today),
        today=today,
        company=company,
    )


def next_step_of(people: Sequence[Stakeholder], steps: Sequence[DecisionStep]) -> NextStep | None:
    names = {row.pk: name_of(row) for row in people}
    for step in steps:
        if step.done_on is None:
            return NextStep(step.name, step.due_on, names.get(step.owner_id or 0, ""))
    planned = [row for row in people if row.next_step]
    if not planned:
        return None
    first = min(planned, key=lambda row: (-row.influence, row.pk))
    return NextStep(first.next_step, None, name_of(first))


def name_of(row: Stakeholder) -> str:
    """The person's name; of a placeholder, what is wanted."""
    return row.contact.name if row.contact else row.placeholder
