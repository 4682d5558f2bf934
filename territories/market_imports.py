"""The import kind of target customers: whom a territory wants, in which order, and what became of them.

A row is an account, or the name of one that is none yet. Rows with a rank take that place, the others keep their order
around them; so a file may be what the page exported, and loaded twice it changes nothing.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from spm.imports import journal
from spm.imports.bulk import chunks
from spm.imports.kinds import (
    UNCHANGED,
    Column,
    ColumnType,
    ImportKind,
    Loader,
    Row,
    Run,
    Verdict,
    changed,
    new,
    refused,
    register,
)
from spm.imports.models import ImportBatch
from spm.imports.records import Refused
from spm.imports.zeros import ZeroForms
from spm.keys import normalise
from spm.market.imports import TERRITORY, UNKNOWN_ACCOUNT, UNKNOWN_TERRITORY
from spm.market.models import Account, ProductFamily, Territory
from spm.org.models import User
from territories import caps, target_customers
from territories.choices import TargetStatus
from territories.field_writing import LARGEST
from territories.models import TargetCustomer

COLUMNS = ("product_family", "potential", "reason", "next_step", "status", "outcome")
WRITTEN = ("product_family", "potential", "reason", "next_step", "status", "outcome_words", "rank")
IDENTITY = ("territory", "account", "name")
type Subject = tuple[int, int | None, str]
"""Territory, account, and in its normal form the name of what is none yet."""


@dataclass
class Wanted:
    """What a row wants. ``values``: columns of the model that the file fills, the family in its normal form.

    ``asked``: the rank; ``number``: which row of the file it is, from 0.
    """

    number: int
    subject: Subject
    name: str
    values: dict[str, Any]
    family: str  # as the file spells it
    asked: int | None
    stored: TargetCustomer | None

    @property
    def status(self) -> str:
        kept = self.stored.status if self.stored else TargetStatus.OPEN
        return str(self.values.get("status", kept))


@dataclass
class _Stored:
    """The lists of the territories that a file names."""

    territories: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)
    families: dict[str, int] = field(default_factory=dict)
    rows: dict[Subject, TargetCustomer] = field(default_factory=dict)
    ranking: dict[int, list[TargetCustomer]] = field(default_factory=lambda: defaultdict(list))


class CustomerLoader(Loader):
    """Compares the file with the lists it names; they are locked once the rows are to be written."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.stored = _Stored()
        self.ranks: dict[Subject, int] = {}
        self._writes = False

    def lock(self) -> None:
        self._writes = True  # what the rows name is locked as soon as they are seen

    def _read(self, rows: Sequence[Row]) -> None:
        real = dict(Territory.objects.real().values_list("key", "pk"))
        families = dict(ProductFamily.objects.values_list("key", "pk"))
        self.stored = stored = _Stored(real, dict(Account.objects.values_list("key", "pk")), families)
        named = {normalise(row.values["territory"]) for row in rows}
        for block in chunks(sorted(real[key] for key in named if key in real)):
            if self._writes:
                list(Territory.objects.select_for_update(no_key=True).filter(pk__in=block).order_by("pk"))
            for row in TargetCustomer.objects.standing().filter(territory__in=block).order_by("rank", "pk"):
                stored.rows[row.territory_id, row.account_id, row.key] = row
                if row.status == TargetStatus.OPEN:
                    stored.ranking[row.territory_id].append(row)

    # Judging ----------------------------------------------------------------------------------------------------------

    def judge(self, rows: Sequence[Row]) -> list[Verdict]:
        self._read(rows)
        found: list[Wanted | Verdict] = []
        for number, row in enumerate(rows):
            try:
                found.append(self._wanted(number, row.values))
            except Refused as refusal:
                found.append(refusal.verdict)
        self._rank(rows, found)
        return [one if isinstance(one, Verdict) else self._verdict(one) for one in found]

    def _verdict(self, wanted: Wanted) -> Verdict:
        row = wanted.stored
        if row is None:
            return new(wanted)
        same = all(self._now(row, name) == value for name, value in wanted.values.items())
        return UNCHANGED if same and self.ranks.get(wanted.subject) == row.rank else changed(wanted)

    def _now(self, row: TargetCustomer, name: str) -> Any:
        if name != "product_family":
            return getattr(row, name)
        names = {pk: key for key, pk in self.stored.families.items()}
        return names.get(row.product_family_id or 0, "")

    def _wanted(self, number: int, values: dict[str, Any]) -> Wanted:
        """Raises Refused."""
        subject, name = self._subject(values)
        stored = self.stored.rows.get(subject)
        filled = {header: values[header] for header in COLUMNS if header in values}
        family = values.get("product_family") or ""
        wanted = Wanted(number, subject, name, _columns(filled), family, values.get("rank"), stored)
        self._check_outcome(wanted, values)
        if wanted.asked is not None and not 1 <= wanted.asked <= caps.CUSTOMERS:
            told = _("A rank is a whole number from 1 to %(most)d.") % {"most": caps.CUSTOMERS}
            raise Refused("rank", wanted.asked, told)
        return wanted

    def _subject(self, values: dict[str, Any]) -> tuple[Subject, str]:
        territory = self.stored.territories.get(normalise(values["territory"]))
        if territory is None:
            raise Refused("territory", values["territory"], UNKNOWN_TERRITORY)
        number, name = values.get("account_id"), " ".join((values.get("name") or "").split())
        if not number and not name:
            raise Refused("account_id", "", _("Name the account, or write the name of what is none yet."))
        if number and name:
            raise Refused("name", name, _("An account has its name already; leave this empty."))
        if not number:
            return (territory, None, normalise(name)), name
        account = self.stored.accounts.get(normalise(number))
        if account is None:
            told = ZeroForms(self.stored.accounts).sentence(normalise(number), UNKNOWN_ACCOUNT)
            raise Refused("account_id", number, told)
        return (territory, account, ""), ""

    def _check_outcome(self, wanted: Wanted, values: dict[str, Any]) -> None:
        kept = wanted.stored.outcome_words if wanted.stored else ""
        if wanted.status == TargetStatus.OPEN:
            if wanted.values.get("outcome_words"):
                raise Refused("outcome", values["outcome"], _("Only what is won or dropped has an outcome."))
            wanted.values["outcome_words"] = ""
            return
        if wanted.asked is not None:
            raise Refused("rank", wanted.asked, _("What is won or dropped has no rank; leave this empty."))
        if wanted.status == TargetStatus.DROPPED and not wanted.values.get("outcome_words", kept):
            raise Refused("outcome", "", _("Say why it is dropped; whoever plans next year will ask."))

    # Ranks ------------------------------------------------------------------------------------------------------------

    def _rank(self, rows: Sequence[Row], found: list[Wanted | Verdict]) -> None:
        """Give every row its rank, or refuse it; again after each refusal, which makes a list shorter."""
        standing = -1
        while standing != (standing := sum(isinstance(one, Wanted) for one in found)):
            self.ranks = {}
            grouped: dict[int, list[Wanted]] = defaultdict(list)
            for one in found:
                if isinstance(one, Wanted):
                    grouped[one.subject[0]].append(one)
            for territory, wanted in grouped.items():
                for one, told in self._arrange(territory, wanted):
                    column = "territory" if one.asked is None else "rank"
                    found[one.number] = refused(column, rows[one.number].values.get(column), told)

    def _arrange(self, territory: int, wanted: Sequence[Wanted]) -> Iterable[tuple[Wanted, str]]:
        """Fill in ``ranks`` of one territory; the rows that find no place, and why."""
        by_subject = {one.subject: one for one in wanted}
        kept = [(territory, row.account_id, row.key) for row in self.stored.ranking[territory]]
        order = [key for key in kept if key not in by_subject or by_subject[key].status == TargetStatus.OPEN]
        order += [one.subject for one in wanted if one.status == TargetStatus.OPEN and one.subject not in order]
        if len(order) > caps.CUSTOMERS:
            told = _("A territory takes %(most)d target customers.") % {"most": caps.CUSTOMERS}
            late = [by_subject[key] for key in order[caps.CUSTOMERS :] if key in by_subject]
            yield from ((one, told) for one in late)
            return
        places: dict[int, Subject] = {}
        for key in order:
            one = by_subject.get(key)
            if one is None or one.asked is None:
                continue
            if one.asked in places:
                yield one, _("Another row of the file has this rank in this territory.")
            places.setdefault(one.asked, key)
        taken = set(places.values())
        self.ranks |= _merged(places, [key for key in order if key not in taken])

    # Writing ----------------------------------------------------------------------------------------------------------

    def write(self, verdicts: Sequence[Verdict]) -> None:
        wanted: list[Wanted] = [verdict.payload for verdict in verdicts if verdict.payload]
        self._make_families(wanted)
        differences, saved = [], []
        for one in wanted:
            before = journal.said(one.stored, WRITTEN) if one.stored else None
            row = one.stored or self._make(one)
            for name, value in one.values.items():
                if name == "product_family":
                    row.product_family_id = self.stored.families[value] if value else None
                else:
                    setattr(row, name, value)
            row.rank = self.ranks.get(one.subject)
            row.version += 1 if before is not None else 0
            row.save()
            saved.append(row)
            names = WRITTEN if before is not None else (*IDENTITY, *WRITTEN)
            differences.append((before, journal.said(row, names)))
        touched = {one.subject for one in wanted}
        lands = {one.subject[0] for one in wanted}
        for row in (row for land in sorted(lands) for row in self.stored.ranking[land]):
            key = (row.territory_id, row.account_id, row.key)
            if key not in touched and self.ranks.get(key) != row.rank:
                before = journal.said(row, ("rank",))
                row.rank = self.ranks[key]
                row.save(update_fields=["rank"])
                saved.append(row)
                differences.append((before, journal.said(row, ("rank",))))
        journal.record(self.run.batch, differences, saved)

    def _make(self, one: Wanted) -> TargetCustomer:
        territory, account, _key = one.subject
        return TargetCustomer(territory_id=territory, account_id=account, name=one.name)

    def _make_families(self, wanted: Sequence[Wanted]) -> None:
        """A family is made by the first row that names it, and stays when the import is undone."""
        named = {one.values["product_family"]: one for one in wanted if one.values.get("product_family")}
        for key in sorted(set(named) - set(self.stored.families)):
            self.stored.families[key] = ProductFamily.objects.create(name=named[key].family, key=key).pk


def _merged(places: Mapping[int, Subject], others: Sequence[Subject]) -> dict[Subject, int]:
    """The rank of each: those with a place have it, or an end that comes before it; the others stand around them."""
    asked, rest = deque(sorted(places)), deque(others)
    found: dict[Subject, int] = {}
    for rank in range(1, len(asked) + len(rest) + 1):
        is_due = bool(asked) and (asked[0] <= rank or not rest)
        found[places[asked.popleft()] if is_due else rest.popleft()] = rank
    return found


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    """What the file says, as the columns of the model hold it. Raises Refused."""
    found: dict[str, Any] = {}
    for header, value in values.items():
        if header == "potential":
            if value is not None and (value < 0 or value >= LARGEST or value != round(value, 2)):
                raise Refused("potential", value, _("Write an amount from 0 on, with at most two decimals."))
            found["potential"] = value
        elif header == "product_family":
            found["product_family"] = normalise(value or "")
        elif header == "status":
            found["status"] = value or TargetStatus.OPEN
        else:
            found["outcome_words" if header == "outcome" else header] = " ".join((value or "").split())
    return found


@register
class TargetCustomers(ImportKind):
    name = "target_customers"
    label = gettext_lazy("Target customers")
    help = gettext_lazy("Whom a territory wants, ranked; accounts, or names that are none yet.")
    columns = (
        TERRITORY,
        Column("rank", ColumnType.INTEGER, help=gettext_lazy("empty = where it stands, else at the end"), example="1"),
        Column(
            "account_id",
            max_length=100,
            is_code=True,
            help=gettext_lazy("or the name of what is none"),
            example="A-1001",
        ),
        Column("name", max_length=target_customers.NAME, example=""),
        Column("product_family", example="Dryers"),
        Column("potential", ColumnType.AMOUNT, help=gettext_lazy("a year's amount"), example="80000"),
        Column("reason", max_length=caps.WHY, example="Second hall planned, the rival's contract ends in June"),
        Column("next_step", max_length=caps.NEXT_STEP, example="Energy audit of line 2"),
        Column("status", ColumnType.CHOICE, choices=tuple(TargetStatus.values), example="open"),
        Column("outcome", max_length=caps.WHY, help=gettext_lazy("needed of what is dropped"), example=""),
    )
    key = ("territory", "account_id", "name")
    loader = CustomerLoader
    order = 156

    def undo(self, batch: ImportBatch, by: User | None) -> None:
        keys = list(batch.changes.values_list("object_pk", flat=True))
        lands = {row.territory_id for block in chunks(keys) for row in TargetCustomer.objects.filter(pk__in=block)}
        for land in sorted(lands):
            target_customers.lock(land)
        journal.restore(batch, by)
        for land in sorted(lands):
            target_customers.close_ranks(land)
