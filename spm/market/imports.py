"""The kinds of import that fill the market: territories and who holds them, accounts and where they stand."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from spm.imports.choices import RowOutcome
from spm.imports.cycles import in_cycles
from spm.imports.kinds import Column, ColumnType, Row, Verdict, refused, register
from spm.imports.organisation import PEOPLE_BY_EMAIL, PERSON, STARTS_ON, UNKNOWN_PERSON
from spm.imports.records import DatedLoader, Fact, RecordKind, RecordLoader, Reference, Refused, Shelf
from spm.keys import normalise
from spm.market.choices import HELPING, AssignmentRole
from spm.market.models import Account, AccountPlacement, Assignment, Territory
from spm.org.models import ALWAYS, User

UNKNOWN_TERRITORY = gettext_lazy("There is no such territory. Load territories first.")
UNKNOWN_ACCOUNT = gettext_lazy("There is no such account. Load accounts first.")
TERRITORY = Column("territory", required=True, filled=True, is_code=True, example="NW")
IN_TERRITORY = Reference(Territory, "territory", UNKNOWN_TERRITORY)
UNDER_TERRITORY = Reference(Territory, "parent", UNKNOWN_TERRITORY)
OF_ACCOUNT = Reference(Account, "account_id", UNKNOWN_ACCOUNT)
UNDER_ACCOUNT = Reference(Account, "parent_id", UNKNOWN_ACCOUNT)
ACCOUNT_OWNER = Reference(User, "owner_email", UNKNOWN_PERSON)
UNASSIGNED = "unassigned"  # the key of the sentinel row
ACCOUNT_ID = Column("account_id", required=True, filled=True, max_length=100, is_code=True, example="A-1001")

TERRITORIES = Shelf(Territory, {"key": "key"}, {"name": "name", "parent": "parent__key"}, moves=True)
TERRITORY_KEYS = Shelf(Territory, {"key": "key"})
ACCOUNT_TEXTS = ("industry", "segment", "country", "region", "postal_code", "tier")
ACCOUNTS = Shelf(
    Account,
    {"key": "key"},
    {
        **{name: name for name in ("name", *ACCOUNT_TEXTS, "potential")},
        "parent": "parent__key",
        "owner": "owner__email_key",
    },
)
ACCOUNT_KEYS = Shelf(Account, {"key": "key"})
OWNERS = Shelf(
    Assignment,
    {"territory": "territory__key", "starts_on": "starts_on"},
    {"person": "person__email_key"},
    where={"role": AssignmentRole.OWNER},
    moves=True,
    recredits=True,
)
OVERLAYS = Shelf(
    Assignment,
    {"territory": "territory__key", "person": "person__email_key", "starts_on": "starts_on"},
    {"role": "role"},
    where={"role__in": HELPING},
)
PLACEMENTS = Shelf(
    AccountPlacement,
    {"account": "account__key", "starts_on": "starts_on"},
    {"territory": "territory__key"},
    moves=True,
    recredits=True,
)


class TreeLoader(RecordLoader):
    """Rows that may name a parent of their own kind, perhaps further down in the file."""

    own: str  # the column of the row's own key
    parent: str
    tree: Shelf

    def prepare(self, rows: Sequence[Row]) -> None:
        self.coming = {normalise(row.values[self.own]) for row in rows}

    def review(self, rows: Sequence[Row], verdicts: list[Verdict]) -> None:
        """Refuse rows that would stand below themselves (INV-33)."""
        parents = {key[0]: stored.values["parent"] for key, stored in self.table(self.tree).rows.items()}
        for verdict in verdicts:
            for fact in verdict.payload or ():
                parents[fact.key[0]] = fact.values.get("parent", parents.get(fact.key[0]))
        ringed = in_cycles(parents)
        for i, row in enumerate(rows):
            if normalise(row.values[self.own]) in ringed and verdicts[i].payload:
                verdicts[i] = refused(self.parent, row.values.get(self.parent), _("It would stand below itself."))


class TerritoryLoader(TreeLoader):
    shelves = (TERRITORIES,)
    own, parent, tree = "territory", "parent", TERRITORIES

    def facts(self, values: dict[str, Any]) -> list[Fact]:
        code = values["territory"]
        key = normalise(code)
        if key == UNASSIGNED:
            raise Refused("territory", code, _("This name is reserved for lines that no territory claims."))
        said = {"name": values["name"]} if values.get("name") else {}
        if "parent" in values:
            said["parent"] = self.known(UNDER_TERRITORY, values)
        return [Fact(TERRITORIES, (key,), said, {"code": code, "name": code})]


@register
class Territories(RecordKind):
    name = "territories"
    label = gettext_lazy("Territories")
    help = gettext_lazy("Slices of the market, perhaps in a tree.")
    columns = (
        TERRITORY,
        Column("parent", is_code=True, help=gettext_lazy("empty = at the top"), example="West"),
        Column("name", example="Northwest"),
    )
    key = ("territory",)
    loader = TerritoryLoader
    order = 50


class AssignmentLoader(RecordLoader):
    shelves = (TERRITORY_KEYS, PEOPLE_BY_EMAIL, OWNERS, OVERLAYS)

    def facts(self, values: dict[str, Any]) -> list[Fact]:
        territory = self.known(IN_TERRITORY, values)
        person = self.known(PERSON, values)
        day = values.get("starts_on") or ALWAYS
        if values.get("role") not in HELPING:
            return [Fact(OWNERS, (territory, day), {"person": person})]
        if person is None:
            raise Refused("email", "", _("An overlay assignment needs a person."))
        return [Fact(OVERLAYS, (territory, person, day), {"role": values["role"]})]

    def review(self, rows: Sequence[Row], verdicts: list[Verdict]) -> None:
        """Refuse rows by which two people would own a territory on one day."""
        owners: dict[tuple[str, date], set[str]] = defaultdict(set)
        places = [_ownership(row.values) for row in rows]
        for row, place in zip(rows, places, strict=True):
            if place:
                owners[place].add(normalise(row.values["email"] or ""))
        for i, place in enumerate(places):
            if place and len(owners[place]) > 1 and verdicts[i].outcome != RowOutcome.REFUSED:
                reason = _("The file names two owners of this territory for the same day.")
                verdicts[i] = refused("email", rows[i].values["email"], reason)


def _ownership(values: dict[str, Any]) -> tuple[str, date] | None:
    """The territory and day that a row gives an owner, or makes vacant; None for an overlay."""
    if values.get("role") in HELPING:
        return None
    return normalise(values["territory"]), values.get("starts_on") or ALWAYS


@register
class Assignments(RecordKind):
    name = "assignments"
    label = gettext_lazy("Territory assignments")
    help = gettext_lazy("Who holds which territory, and from when. An empty e-mail leaves it vacant.")
    columns = (
        TERRITORY,
        Column("email", ColumnType.EMAIL, required=True, max_length=254, example="ana@example.com"),
        Column("role", ColumnType.CHOICE, choices=tuple(AssignmentRole.values), example="owner"),
        STARTS_ON,
    )
    key = ("territory", "role", "email", "starts_on")
    loader = AssignmentLoader
    order = 60

    def identity(self, values: dict[str, Any]) -> tuple[Any, ...]:
        """A row that comes twice is one; two owners of one territory and day are for the loader to refuse."""
        overlay = values.get("role") in HELPING
        return (normalise(values["territory"]), overlay, normalise(values["email"] or ""), values.get("starts_on"))


class AccountLoader(TreeLoader):
    shelves = (PEOPLE_BY_EMAIL, ACCOUNTS)
    own, parent, tree = "account_id", "parent_id", ACCOUNTS

    def facts(self, values: dict[str, Any]) -> list[Fact]:
        identifier = values["account_id"]
        said: dict[str, Any] = {name: values[name] or "" for name in ACCOUNT_TEXTS if name in values}
        if values.get("name"):
            said["name"] = values["name"]
        if "potential" in values:
            said["potential"] = values["potential"]
        if "parent_id" in values:
            said["parent"] = self.known(UNDER_ACCOUNT, values)
        if "owner_email" in values:
            said["owner"] = self.known(ACCOUNT_OWNER, values)
        return [Fact(ACCOUNTS, (normalise(identifier),), said, {"external_id": identifier, "name": identifier})]


@register
class Accounts(RecordKind):
    name = "accounts"
    label = gettext_lazy("Accounts")
    help = gettext_lazy("Customers and target customers. The potential is a year's amount in the company's currency.")
    columns = (
        ACCOUNT_ID,
        Column("name", max_length=300, example="Bright Bikes"),
        Column("parent_id", max_length=100, is_code=True, example=""),
        Column("industry", max_length=120, example="Retail"),
        Column("segment", max_length=120, example="Mid-market"),
        Column("country", max_length=120, example="France"),
        Column("region", max_length=120, example="Bretagne"),
        Column("postal_code", max_length=20, is_code=True, example="35000"),
        Column("tier", max_length=40, example="A"),
        Column("potential", ColumnType.AMOUNT, example="120000"),
        Column("owner_email", ColumnType.EMAIL, max_length=254, example="ana@example.com"),
    )
    key = ("account_id",)
    loader = AccountLoader
    order = 70


class PlacementLoader(DatedLoader):
    shelves = (TERRITORY_KEYS, ACCOUNT_KEYS, PLACEMENTS)
    subject, place = OF_ACCOUNT, IN_TERRITORY


@register
class Placements(RecordKind):
    name = "placements"
    label = gettext_lazy("Account placements")
    help = gettext_lazy("Which territory an account stands in, and from when. An empty territory takes it out.")
    columns = (ACCOUNT_ID, Column("territory", required=True, is_code=True, example="NW"), STARTS_ON)
    key = ("account_id", "starts_on")
    loader = PlacementLoader
    order = 80
