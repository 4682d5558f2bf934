"""The import kind of plan lines: the words of territory plans from a file, capped as the form caps them.

A line is named by year, person, section and number. A plan that is not open yet is opened; the words of one that is
handed in or approved stay, while status and evidence of one in force may be loaded all year.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from spm.imports import journal
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
from spm.imports.organisation import EMAIL, UNKNOWN_PERSON
from spm.imports.records import Refused
from spm.imports.zeros import ZeroForms
from spm.keys import normalise
from spm.market.imports import UNKNOWN_ACCOUNT
from spm.market.models import Account
from spm.org import clock
from spm.org.models import FiscalYear, User
from spm.org.tracking import save_tracked
from targets.goal_imports import UNKNOWN_YEAR
from territories import caps, plan_writing, plans
from territories.choices import LineStatus, Risk, Section
from territories.field_writing import LARGEST
from territories.models import TerritoryPlan, TerritoryPlanLine
from territories.plan_lines import SHAPES, TEXTS, WORDS
from territories.plan_writing import NotWritable

TRACKED = ("status", "evidence")
type Place = tuple[str, int]
"""Section and number of a line within it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a row wants of one line. ``values``: column of the model → value, those that the file fills alone."""

    year: int
    person: int
    place: Place
    values: dict[str, Any]

    @property
    def owner(self) -> tuple[int, int]:
        return self.year, self.person


class PlanLineLoader(Loader):
    """Compares the file with the plans of the years it names, and writes what differs."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.locks = False
        self._read()

    def lock(self) -> None:
        """From now on ``judge`` holds the plans that its rows name; those of others may be written meanwhile."""
        self.locks = True

    def _hold(self, rows: Sequence[Row]) -> None:
        """Lock the plans that these rows name, and read them as they are then."""
        owners = {
            (self.years.get(row.values["fiscal_year"]), self.people.get(normalise(row.values["email"]))) for row in rows
        }
        named = [plan.pk for owner, plan in self.plans.items() if owner in owners]
        list(TerritoryPlan.objects.select_for_update().filter(pk__in=named).order_by("pk").values_list("pk", flat=True))
        self._read()

    def _read(self) -> None:
        self.years = dict(FiscalYear.objects.values_list("label", "pk"))
        self.people = dict(User.objects.people().values_list("email_key", "pk"))
        self.accounts = dict(Account.objects.values_list("key", "pk"))
        self.plans = {(plan.fiscal_year_id, plan.person_id): plan for plan in TerritoryPlan.objects.all()}
        self.lines: dict[int, dict[Place, TerritoryPlanLine]] = defaultdict(dict)
        for line in TerritoryPlanLine.objects.filter(plan__in=self.plans.values()):
            self.lines[line.plan_id][line.section, line.position] = line

    # Judging ----------------------------------------------------------------------------------------------------------

    def judge(self, rows: Sequence[Row]) -> list[Verdict]:
        if self.locks:
            self._hold(rows)
        verdicts: list[Verdict] = []
        for row in rows:
            try:
                verdicts.append(self._verdict(row.values))
            except Refused as refusal:
                verdicts.append(refusal.verdict)
        self._refuse_twice(rows, verdicts)
        return verdicts

    def _verdict(self, values: dict[str, Any]) -> Verdict:
        """Raises Refused."""
        wanted = self._wanted(values)
        plan = self.plans.get(wanted.owner)
        stored = self.lines[plan.pk].get(wanted.place) if plan else None
        line = stored or TerritoryPlanLine()
        differs = {name for name, value in wanted.values.items() if getattr(line, name) != value}
        if stored is not None and not differs:
            return UNCHANGED
        self._refuse_frozen(plan, stored, differs, values)
        self._refuse_untracked(plan, wanted, differs, values)
        return changed(wanted) if stored else new(wanted)

    def _wanted(self, values: dict[str, Any]) -> Wanted:
        section, number = values["section"], values["line"]
        if values["fiscal_year"] not in self.years:
            raise Refused("fiscal_year", values["fiscal_year"], UNKNOWN_YEAR)
        person = self.people.get(normalise(values["email"]))
        if person is None:
            raise Refused("email", values["email"], UNKNOWN_PERSON)
        most = caps.lines_of(section)
        if not 1 <= number <= most:
            told = _("This section takes %(most)d lines, so that the plan stays one page.") % {"most": most}
            raise Refused("line", number, told)
        filled = {name: value for name, value in values.items() if name not in ("fiscal_year", "email", "line")}
        return Wanted(self.years[values["fiscal_year"]], person, (section, number), self._columns(section, filled))

    def _columns(self, section: str, values: dict[str, Any]) -> dict[str, Any]:
        """What the file says, as the columns of a line hold it. Raises Refused."""
        shape, found = SHAPES[section].columns, {}
        for header, value in values.items():
            name = "account" if header == "account_id" else header
            if name == "section":
                continue
            if name not in (*shape, *TRACKED):
                if value is not None:
                    raise Refused(header, value, _("This section has no such column."))
                continue
            found["account_id" if name == "account" else name] = self._value(header, value)
        return found

    def _value(self, header: str, value: Any) -> Any:
        if header == "account_id":
            return self._account(value) if value else None
        if header == "amount":
            if value is not None and (value < 0 or value >= LARGEST or value != round(value, 2)):
                raise Refused("amount", value, _("Write an amount from 0 on, with at most two decimals."))
            return value
        if header == "due_on":
            return value
        if header == "status":
            return value or LineStatus.PLANNED
        return " ".join((value or "").split())

    def _account(self, name: str) -> int:
        found = self.accounts.get(normalise(name))
        if found is None:
            told = ZeroForms(self.accounts).sentence(normalise(name), UNKNOWN_ACCOUNT)
            raise Refused("account_id", name, told)
        return found

    def _refuse_frozen(
        self, plan: TerritoryPlan | None, line: TerritoryPlanLine | None, differs: set[str], values: dict[str, Any]
    ) -> None:
        words = differs - set(TRACKED) if line else {"section"}
        if plan and words and not plans.is_written(plan):
            name = min(words)
            header = "account_id" if name == "account_id" else name
            told = _("This plan is handed in or approved, its words stay as they are. Propose a change.")
            raise Refused(header, values.get(header), told)

    def _refuse_untracked(
        self, plan: TerritoryPlan | None, wanted: Wanted, differs: set[str], values: dict[str, Any]
    ) -> None:
        if not differs & set(TRACKED):
            return
        if plan is None or plan.approved_number is None:
            raise Refused("status", values.get("status") or values.get("evidence"), _("This plan is not approved yet."))
        stored = self.lines[plan.pk].get(wanted.place)
        status = wanted.values.get("status", stored.status if stored else LineStatus.PLANNED)
        evidence = wanted.values.get("evidence", stored.evidence if stored else "")
        if status in (LineStatus.DONE, LineStatus.DROPPED) and not evidence:
            raise Refused("evidence", "", _("Say by what one sees it, or why it is dropped."))

    def _refuse_twice(self, rows: Sequence[Row], verdicts: list[Verdict]) -> None:
        """Over the whole file: a partner and the text behind it share a line; an account stands once among the key
        accounts of a plan, counting what is stored and what the file makes of it.
        """
        after: dict[tuple[int, int], dict[int, int | None]] = {}
        for owner, plan in self.plans.items():
            keys = {place[1]: line for place, line in self.lines[plan.pk].items() if place[0] == Section.ACCOUNTS}
            after[owner] = {number: line.account_id for number, line in keys.items()}
        for wanted in (verdict.payload for verdict in verdicts if verdict.payload):
            if wanted.place[0] == Section.ACCOUNTS and "account_id" in wanted.values:
                after.setdefault(wanted.owner, {})[wanted.place[1]] = wanted.values["account_id"]
        for i, verdict in enumerate(verdicts):
            if verdict.payload:
                verdicts[i] = self._checked(rows[i], verdict, after.get(verdict.payload.owner, {}))

    def _checked(self, row: Row, verdict: Verdict, accounts: dict[int, int | None]) -> Verdict:
        wanted: Wanted = verdict.payload
        account = wanted.values.get("account_id")
        if wanted.place[0] == Section.ACCOUNTS and account and list(accounts.values()).count(account) > 1:
            told = _("This account stands in another line of the plan.")
            return refused("account_id", row.values.get("account_id"), told)
        plan = self.plans.get(wanted.owner)
        stored = self.lines[plan.pk].get(wanted.place) if plan else None
        length = sum(len(wanted.values.get(name, getattr(stored, name, ""))) for name in ("partner", "text"))
        if length > caps.LINE:
            told = _("%(count)d characters are too many: %(most)d fit, so that the plan stays one page.")
            return refused("text", row.values.get("text"), told % {"count": length, "most": caps.LINE})
        return verdict

    # Writing ----------------------------------------------------------------------------------------------------------

    def write(self, verdicts: Sequence[Verdict]) -> None:
        grouped: dict[tuple[int, int], list[Wanted]] = defaultdict(list)
        for verdict in verdicts:
            if verdict.payload:
                grouped[verdict.payload.owner].append(verdict.payload)
        for owner, wanted in sorted(grouped.items()):
            self._write_plan(self.plans.get(owner) or self._open(owner), wanted)

    def _open(self, owner: tuple[int, int]) -> TerritoryPlan:
        """A plan for somebody who had none; its sections go with it when the import is undone."""
        year, person = FiscalYear.objects.get(pk=owner[0]), User.objects.get(pk=owner[1])
        plan = plans.open_plan(year, person)
        journal.record(self.run.batch, [(None, journal.said(plan, ["fiscal_year", "person"]))], [plan])
        return plan

    def _write_plan(self, plan: TerritoryPlan, wanted: Sequence[Wanted]) -> None:
        stored = self.lines[plan.pk]
        self._free_accounts(stored, wanted)
        differences, rows = [], []
        edited: set[str | None] = set()
        for one in sorted(wanted, key=lambda one: one.place):
            line = stored.get(one.place)
            before = journal.said(line, map(_field, one.values)) if line else None
            line = line or TerritoryPlanLine(plan=plan, section=one.place[0], position=one.place[1])
            if any(getattr(line, name) != value for name, value in one.values.items() if name in TRACKED):
                line.touched_at = clock.now()
            edited |= {one.place[0]} if set(one.values) - set(TRACKED) else set()
            for name, value in one.values.items():
                setattr(line, name, value)
            line.version += 1
            save_tracked(line, by=self.run.by)
            rows.append(line)
            differences.append((before, journal.said(line, map(_field, one.values))))
        journal.record(self.run.batch, differences, rows)
        if edited and plans.is_written(plan):
            plan.started_from = plan.started_from or "blank"
            plan.save(update_fields=["started_from"])
            plan_writing.mark_edited(plan, edited)

    def _free_accounts(self, stored: dict[Place, TerritoryPlanLine], wanted: Sequence[Wanted]) -> None:
        """Lines that change accounts between them name none for a moment: the constraint looks at every statement."""
        for one in wanted:
            line = stored.get(one.place)
            if line and line.account_id and one.values.get("account_id", line.account_id) != line.account_id:
                bare = TerritoryPlanLine.objects.get(pk=line.pk)
                bare.account = None
                save_tracked(bare, by=self.run.by)


def _field(name: str) -> str:
    return "account" if name == "account_id" else name


@register
class PlanLines(ImportKind):
    name = "plan_lines"
    label = gettext_lazy("Lines of territory plans")
    help = gettext_lazy("The one-page plans, a row per line. A plan that is not open yet is opened.")
    columns = (
        Column("fiscal_year", required=True, filled=True, max_length=20, example="2027"),
        EMAIL,
        Column(
            "section", ColumnType.CHOICE, required=True, filled=True, choices=tuple(Section.values), example="accounts"
        ),
        Column("line", ColumnType.INTEGER, required=True, filled=True, example="1"),
        Column("account_id", max_length=100, is_code=True, example="A-1001"),
        Column("partner", max_length=TEXTS["partner"], example=""),
        Column("text", max_length=TEXTS["text"], example=""),
        Column("entry", max_length=TEXTS["entry"], example="Energy audit in March, the plant manager pays"),
        Column("next_step", max_length=TEXTS["next_step"], example="Walk line 3 with the plant manager"),
        Column("risk", ColumnType.CHOICE, choices=tuple(Risk.values), example=""),
        Column("amount", ColumnType.AMOUNT, help=gettext_lazy("in the company's currency"), example="250000"),
        Column("due_on", ColumnType.DATE, example="2027-03-31"),
        Column("status", ColumnType.CHOICE, choices=tuple(LineStatus.values), example=""),
        Column("evidence", max_length=caps.EVIDENCE, example=""),
    )
    key = ("fiscal_year", "email", "section", "line")
    loader = PlanLineLoader
    order = 150

    def undo(self, batch: ImportBatch, by: User | None) -> None:
        """Raises ChangedSince where somebody wrote on since, NotWritable where a plan was handed in meanwhile."""
        changes = list(batch.changes.filter(model=TerritoryPlanLine._meta.label))
        lines = {row.pk: row for row in TerritoryPlanLine.objects.filter(pk__in=[one.object_pk for one in changes])}
        words = {"account_id" if name == "account" else name for name in WORDS}
        rewritten = {
            lines[one.object_pk].plan_id
            for one in changes
            if one.object_pk in lines
            and (one.before is None or any(one.before[name] != one.after[name] for name in words & set(one.before)))
        }
        for plan in TerritoryPlan.objects.select_for_update().filter(pk__in=rewritten).order_by("pk"):
            if not plans.is_written(plan):
                raise NotWritable(_("A plan of this import is handed in or approved, its words stay as they are."))
        opened = batch.changes.filter(model=TerritoryPlan._meta.label).values_list("object_pk", flat=True)
        if TerritoryPlanLine.objects.filter(plan__in=list(opened)).exclude(pk__in=lines).exists():
            raise journal.ChangedSince(_("A plan that this import opened was written on since."))
        try:
            with transaction.atomic():
                journal.restore(batch, by)
        except IntegrityError as error:
            raise journal.ChangedSince(_("A plan of this import says something else by now.")) from error
