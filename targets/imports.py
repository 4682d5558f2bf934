"""The kinds of import that bring numbers: imported lines and their credits here, goals in ``goal_imports``."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from spm.imports.choices import RowOutcome
from spm.imports.kinds import UNCHANGED, Column, ColumnType, ImportKind, Loader, Row, Run, Verdict, refused, register
from spm.imports.models import ImportBatch
from spm.imports.organisation import UNKNOWN_PERSON
from spm.imports.records import Refused
from spm.imports.zeros import ZeroForms
from spm.keys import normalise
from spm.market.imports import UNKNOWN_ACCOUNT, UNKNOWN_TERRITORY
from spm.market.models import ProductFamily
from spm.org.models import User
from targets import actuals, lines, unloaded
from targets.choices import OTHER_KIND_WORDS, ActualKind
from targets.crediting import Resolver, Share
from targets.goal_imports import CompanyPlans, Quotas, Targets
from targets.rate_imports import RateKind
from targets.season_imports import Seasonality
from targets.staleness import lock_all_leaves, mark_stale

__all__ = ["Actuals", "CompanyPlans", "Credits", "Quotas", "RateKind", "Seasonality", "Targets"]

EXTERNAL_ID = Column("external_id", required=True, filled=True, max_length=100, is_code=True, example="INV-2026-00017")


class LineLoader(Loader):
    """What the two kinds share: names of a row become primary keys, with one sentence for a name nobody knows."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.recorder = actuals.Recorder(run.source, run.batch)
        self.forms: dict[str, ZeroForms] = {}  # column → the ids that its cells may name

    def lock(self) -> None:
        lock_all_leaves()
        self.recorder = actuals.Recorder(self.run.source, self.run.batch)
        self.forms = {}

    @property
    def resolver(self) -> Resolver:
        return self.recorder.resolver

    def person(self, values: dict[str, Any]) -> int:
        name = values.get("email")
        found = self._look_up(self.resolver.people, "email", name, UNKNOWN_PERSON)
        return self.resolver.house if found is None else found

    def territory(self, values: dict[str, Any]) -> int | None:
        return self._look_up(self.resolver.territories, "territory", values.get("territory"), UNKNOWN_TERRITORY)

    def account(self, values: dict[str, Any]) -> int | None:
        return self._look_up(self.resolver.accounts, "account_id", values.get("account_id"), UNKNOWN_ACCOUNT)

    def _look_up(self, known: dict[str, int], column: str, name: str | None, unknown: Any) -> int | None:
        if not name:
            return None
        found = known.get(name) or known.get(normalise(name))
        if found is None:
            if column not in self.forms:
                self.forms[column] = ZeroForms(known)
            raise Refused(column, name, self.forms[column].sentence(normalise(name), unknown))
        return found

    def finish(self) -> None:
        mark_stale(self.recorder.touched)


class ActualLoader(LineLoader):
    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.families: dict[str, str] = {}  # normal form → as the file first spells it
        self.coming: dict[str, int] = {}  # normal form of a family that nobody has made yet → its number below zero
        self.seen: set[str] = set()
        self.zeros = ZeroForms()  # ids of the file that begin with a zero

    def survey(self, rows: Sequence[Row]) -> None:
        self.zeros.update(key for row in rows if (key := row.values["external_id"])[:1] == "0")
        for name in dict.fromkeys(row.values.get("product_family") for row in rows):
            if name:
                self.families.setdefault(normalise(name), name)
        if self.run.is_snapshot:
            self.seen.update(normalise(row.values["external_id"]) for row in rows)

    def judge(self, rows: Sequence[Row]) -> list[Verdict]:
        verdicts: list[Verdict] = [UNCHANGED] * len(rows)
        places, found = [], []
        for i, row in enumerate(rows):
            try:
                found.append(self._line(row.values))
                places.append(i)
            except Refused as refusal:
                verdicts[i] = refusal.verdict
        for i, line, verdict in zip(places, found, self.recorder.judge(found), strict=True):
            fuller = self.zeros.fuller(line.key) if verdict.outcome == RowOutcome.NEW else None
            verdicts[i] = self._told(line, lines.lost_zeros(line.key, fuller) if fuller else verdict)
        return verdicts

    def _line(self, values: dict[str, Any]) -> lines.Line:
        return lines.Line(
            external_id=values["external_id"],
            kind=values["kind"],
            date=values["date"],
            person=self.person(values),
            account=self.account(values),
            territory=self.territory(values),
            product_family=self._family(values.get("product_family")),
            partner=values.get("partner") or "",
            amount=values["amount"],
            cost=values.get("cost"),
            currency=values.get("currency") or self.run.company.currency,
        )

    def _family(self, name: str | None) -> int | None:
        """A primary key; a number below zero for a family that is made with the first of its lines to be written."""
        if not name:
            return None
        key = normalise(name)
        return self.resolver.families.get(key) or self.coming.setdefault(key, -1 - len(self.coming))

    def _told(self, line: lines.Line, verdict: lines.Verdict) -> Verdict:
        """The recorder's verdict with the column that it is about."""
        column, value = ("date", line.date.isoformat())
        if verdict.column:
            column, value = verdict.column, getattr(line, verdict.column)
        if not verdict.reason:
            column = value = ""
        facts = unloaded.facts_of(line, verdict.rule, self.resolver) if verdict.rule else None
        return Verdict(verdict.outcome, column, value, verdict.reason, line, facts)

    def write(self, verdicts: Sequence[Verdict]) -> None:
        wanted = (RowOutcome.NEW, RowOutcome.CHANGED)
        found = [verdict.payload for verdict in verdicts if verdict.outcome in wanted]
        made = self._made({family for line in found if (family := line.product_family or 0) < 0})
        self.recorder.write_judged(
            [
                replace(line, product_family=made[line.product_family]) if line.product_family in made else line
                for line in found
            ]
        )

    def _made(self, numbers: set[int]) -> dict[int | None, int]:
        """Number of a family that was not there → its primary key, made where that has not happened yet."""
        known = self.resolver.families
        keys = {key: number for key, number in self.coming.items() if number in numbers}
        fresh = [ProductFamily(name=self.families[key], key=key) for key in sorted(keys) if key not in known]
        ProductFamily.objects.bulk_create(fresh)
        known.update({family.key: family.pk for family in fresh})
        return {number: known[key] for key, number in keys.items()}

    def absent(self) -> int:
        return self.recorder.vanishing(self.seen)

    def finish(self) -> None:
        if self.run.is_snapshot:
            self.recorder.vanish(self.seen)
        super().finish()


class LineKind(ImportKind):
    """Lines and credits keep versions of their own, from which an import is undone."""

    def undo(self, batch: ImportBatch, by: User | None) -> None:  # noqa: ARG002  # the base class's signature
        actuals.undo(batch)


@register
class Actuals(LineKind):
    name = "actuals"
    label = gettext_lazy("Actuals")
    help = gettext_lazy("Bookings and revenue, one line each. The same id again restates the line.")
    columns = (
        EXTERNAL_ID,
        Column(
            "kind",
            ColumnType.CHOICE,
            required=True,
            filled=True,
            choices=tuple(ActualKind.values),
            other_words=OTHER_KIND_WORDS,
            example="revenue",
        ),
        Column("date", ColumnType.DATE, required=True, filled=True, example="2026-03-31"),
        Column(
            "email",
            ColumnType.EMAIL,
            max_length=254,
            help=gettext_lazy("empty = house sale"),
            example="ana@example.com",
        ),
        Column("account_id", max_length=100, is_code=True, example="A-1001"),
        Column("territory", is_code=True, help=gettext_lazy("empty = by account or person"), example=""),
        Column("product_family", is_code=True, example="Pumps"),
        Column("partner", example=""),
        Column("amount", ColumnType.AMOUNT, required=True, filled=True, example="1250.00"),
        Column("cost", ColumnType.AMOUNT, example="830.00"),
        Column(
            "currency", ColumnType.CURRENCY, max_length=3, help=gettext_lazy("empty = the company's"), example="EUR"
        ),
    )
    key = ("external_id",)
    loader = ActualLoader
    streams = True
    takes_snapshots = True
    order = 130


class CreditLoader(LineLoader):
    """The rows of one line are judged as a set; the first of them carries the set."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.spoiled: set[str] = set()  # lines of which a row could not even be read

    def survey_refused(self, cells: Sequence[Mapping[str, str]]) -> None:
        self.spoiled.update(normalise(row.get("external_id", "")) for row in cells)

    def judge(self, rows: Sequence[Row]) -> list[Verdict]:
        verdicts: dict[int, Verdict] = {}
        sets: dict[str, list[tuple[int, Share]]] = defaultdict(list)
        spoiled = set(self.spoiled)
        for i, row in enumerate(rows):
            key = normalise(row.values["external_id"])
            try:
                sets[key].append((i, self._share(row.values)))
            except Refused as refusal:
                verdicts[i] = refusal.verdict
                spoiled.add(key)
        for key in spoiled:
            told = _("Another row of this line is refused.")
            verdicts |= {
                i: refused("external_id", rows[i].values["external_id"], told) for i, _share in sets.pop(key, [])
            }
        wanted = {
            key: lines.CreditSet(rows[parts[0][0]].values["external_id"], tuple(part for _i, part in parts))
            for key, parts in sets.items()
        }
        found = zip(wanted.items(), self.recorder.judge_credits(list(wanted.values())), strict=True)
        for (key, one), verdict in found:
            verdicts |= self._told([i for i, _part in sets[key]], one, verdict)
        return [verdicts[i] for i in range(len(rows))]

    def _share(self, values: dict[str, Any]) -> Share:
        share = values["share"]
        if not 0 <= share <= 1:
            raise Refused("share", share, _("A share is a fraction from 0 to 1."))
        return Share(self.person(values), self.territory(values), share, bool(values.get("overlay")))

    @staticmethod
    def _told(places: list[int], one: lines.CreditSet, verdict: lines.Verdict) -> dict[int, Verdict]:
        column, value = ("external_id", one.external_id) if verdict.reason else ("", "")
        facts = {"rule": verdict.rule, "key": one.key} if verdict.rule else None
        return {
            place: Verdict(verdict.outcome, column, value, verdict.reason, one if place == places[0] else None, facts)
            for place in places
        }

    def write(self, verdicts: Sequence[Verdict]) -> None:
        wanted = (RowOutcome.NEW, RowOutcome.CHANGED)
        sets = [verdict.payload for verdict in verdicts if verdict.payload and verdict.outcome in wanted]
        self.recorder.record_credits(sets)


@register
class Credits(LineKind):
    name = "credits"
    label = gettext_lazy("Credits")
    help = gettext_lazy("Who shares a line. The rows of one line replace its default credit and must sum to 1.")
    columns = (
        EXTERNAL_ID,
        Column("email", ColumnType.EMAIL, required=True, max_length=254, example="ana@example.com"),
        Column("territory", is_code=True, help=gettext_lazy("empty = by account or person"), example=""),
        Column("share", ColumnType.NUMBER, required=True, filled=True, example="0.6"),
        Column("overlay", ColumnType.BOOLEAN, example="no"),
    )
    key = ("external_id", "email", "territory", "overlay")
    loader = CreditLoader
    order = 140
