"""Reads for the map of an account: its people as an editable table and as a drawing, and the steps of its decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from spm.market.models import Account, Contact, Opportunity
from spm.org import clock
from spm.org.models import Company, User
from territories import account_queries, account_stays, caps, map_team, map_writing, power_map
from territories.account_queries import AccountHead
from territories.account_stays import Stay
from territories.choices import StakeholderRole
from territories.map_writing import FIELDS
from territories.models import AccountPlan, DecisionStep, Influence, Stakeholder
from territories.power_map import PowerMap

SUPPORTS = ((-2, "−2"), (-1, "−1"), (0, "0"), (1, "+1"), (2, "+2"))
STEP_FIELDS = ("name", "owner", "criterion", "evidence", "due_on", "done_on")
PERSON_FIELDS = ("role", "influence", "support", "relation", "reports_to", "last_met_on", "next_step")


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody on the map. ``row``: as the form names it; ``fields``: column → what an input shows."""

    pk: int
    row: str
    name: str
    title: str
    is_known: bool
    is_by_hand: bool  # name and title are ours to change
    is_met: bool
    has_left: bool
    role: str
    role_label: str
    influence: int
    support: int | None
    support_label: str
    relation: str
    relation_email: str
    reports_to: str
    last_met_on: date | None
    days: int | None  # since last met
    next_step: str
    fields: Mapping[str, str]
    version: int


@dataclass(frozen=True, slots=True)
class LineRow:
    pk: int
    source: str
    target: str
    target_pk: int


@dataclass(frozen=True, slots=True)
class StepRow:
    pk: int
    row: str
    position: int
    name: str
    owner: str
    criterion: str
    evidence: str
    due_on: date | None
    done_on: date | None
    is_late: bool
    fields: Mapping[str, str]
    version: int


@dataclass(frozen=True, slots=True)
class Deal:
    """An open opportunity. ``is_early``: we forecast its close before the customer decides."""

    name: str
    amount: Decimal | None
    close_on: date | None
    is_early: bool


@dataclass(frozen=True)
class MapSheet:
    head: AccountHead
    people: Sequence[PersonRow]
    lines: Sequence[LineRow]
    steps: Sequence[StepRow]
    drawing: PowerMap
    deals: Sequence[Deal]
    decides_on: date | None
    team: Sequence[tuple[str, str]]
    contacts: Sequence[str]  # names of contacts who are not on the map
    roles: Sequence[tuple[str, str]]
    plan: AccountPlan | None
    stays: Sequence[Stay]

    @property
    def can_grow(self) -> bool:
        return len(self.people) < caps.PEOPLE

    @property
    def takes_steps(self) -> bool:
        return len(self.steps) < caps.STEPS

    @property
    def few_steps(self) -> bool:
        return len(self.steps) < caps.FEWEST_STEPS

    @property
    def early_deals(self) -> list[Deal]:
        return [deal for deal in self.deals if deal.is_early]

    @property
    def supports(self) -> Sequence[tuple[str, str]]:
        return [(str(value), label) for value, label in SUPPORTS]

    @property
    def drawn(self) -> tuple[dict[str, str], dict[str, int]]:
        """What the fields say as the page is drawn, and the versions they were drawn from."""
        rows: list[PersonRow | StepRow] = [*self.people, *self.steps]
        fields = {f"{row.row}-{name}": text for row in rows for name, text in row.fields.items()}
        return fields, {row.row: row.version for row in rows}


def map_sheet(user: User, company: Company, account: Account) -> MapSheet:
    """The whole page; a fixed number of queries for any number of people and steps."""
    today = clock.today()
    people = people_of(user, account)
    steps = list(DecisionStep.objects.visible_to(user).filter(account=account).order_by("position"))
    lines = list(
        Influence.objects.visible_to(user).filter(source__account=account).values_list("pk", "source", "target")
    )
    where = account_stays.whereabouts(user, account)
    names = {row.pk: account_queries.name_of(row) for row in people}
    on_map = {row.contact_id for row in people}
    contacts = Contact.objects.visible_to(user).filter(account=account, left_on__isnull=True).order_by("name")
    relations = {row.relation_id for row in people if row.relation_id}
    plans = AccountPlan.objects.visible_to(user).filter(account=account, fiscal_year__starts_on__lte=today)
    decides = decision_day(steps)
    return MapSheet(
        head=account_queries.head_of(user, company, account, where, people, steps),
        people=[_person(row, names, today) for row in people],
        lines=[LineRow(pk, names[source], names[target], target) for pk, source, target in lines],
        steps=[_step(step, names, today) for step in steps],
        drawing=drawing_of(people, [(source, target) for _pk, source, target in lines]),
        deals=_deals(user, account, decides),
        decides_on=decides,
        team=[(str(pk), name) for pk, name in map_team.of(where, account, user, relations)],
        contacts=[name for pk, name in contacts.values_list("pk", "name") if pk not in on_map],
        roles=[(role.value, str(role.label)) for role in StakeholderRole],
        plan=plans.select_related("fiscal_year").order_by("-fiscal_year__starts_on").first(),
        stays=where.stays,
    )


def people_of(user: User, account: Account) -> list[Stakeholder]:
    """Everybody on the map, the most influential first."""
    rows = Stakeholder.objects.visible_to(user).filter(account=account).select_related("contact", "relation")
    return list(rows.order_by("-influence", "pk"))


def decision_day(steps: Sequence[DecisionStep]) -> date | None:
    """The day on which the customer decides: that of the last step that has one and is not done."""
    return next((step.due_on for step in reversed(steps) if step.due_on and step.done_on is None), None)


def drawing_of(people: Sequence[Stakeholder], informal: Sequence[tuple[int, int]]) -> PowerMap:
    dots = [
        power_map.Dot(
            pk=row.pk,
            name=account_queries.name_of(row),
            role=row.role,
            influence=row.influence,
            support=row.support,
            is_met=row.last_met_on is not None,
            reports_to=row.reports_to_id,
        )
        for row in people
    ]
    return power_map.draw(dots, informal)


def _person(row: Stakeholder, names: Mapping[int, str], today: date) -> PersonRow:
    by_hand = row.contact is not None and not row.contact.external_id
    columns = [*PERSON_FIELDS, *(("name", "title") if by_hand else ()), *(() if row.contact else ("wanted",))]
    fields = {name: FIELDS.shown(row, name) for name in columns}
    if row.reports_to_id not in names:  # nobody, or somebody who was taken off the map
        fields["reports_to"] = ""
    return PersonRow(
        pk=row.pk,
        row=f"{map_writing.PERSON}{row.pk}",
        name=account_queries.name_of(row),
        title=row.contact.title if row.contact else "",
        is_known=row.contact is not None,
        is_by_hand=by_hand,
        is_met=row.last_met_on is not None,
        has_left=row.contact is not None and row.contact.left_on is not None and row.contact.left_on <= today,
        role=row.role,
        role_label=str(StakeholderRole(row.role).label),
        influence=row.influence,
        support=row.support,
        support_label="?" if row.support is None else dict(SUPPORTS)[row.support],
        relation=row.relation.name if row.relation else "",
        relation_email=row.relation.email if row.relation else "",
        reports_to=names.get(row.reports_to_id or 0, ""),
        last_met_on=row.last_met_on,
        days=(today - row.last_met_on).days if row.last_met_on else None,
        next_step=row.next_step,
        fields=fields,
        version=row.version,
    )


def _step(step: DecisionStep, names: Mapping[int, str], today: date) -> StepRow:
    fields = {name: FIELDS.shown(step, name) for name in STEP_FIELDS}
    if step.owner_id not in names:
        fields["owner"] = ""
    return StepRow(
        pk=step.pk,
        row=f"{map_writing.STEP}{step.pk}",
        position=step.position,
        name=step.name,
        owner=names.get(step.owner_id or 0, ""),
        criterion=step.criterion,
        evidence=step.evidence,
        due_on=step.due_on,
        done_on=step.done_on,
        is_late=step.done_on is None and step.due_on is not None and step.due_on < today,
        fields=fields,
        version=step.version,
    )


def _deals(user: User, account: Account, decides: date | None) -> list[Deal]:
    rows = Opportunity.objects.visible_to(user).open_on(clock.today()).filter(account=account)
    return [
        Deal(row.name, row.amount, row.close_on, bool(decides and row.close_on and decides > row.close_on))
        for row in rows.order_by("close_on", "pk")[:20]
    ]
