"""The import kind of decision steps: in which steps an account decides, numbered from 1."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from spm.imports import journal
from spm.imports.kinds import UNCHANGED, Column, ColumnType, ImportKind, Row, Verdict, changed, new, refused, register
from spm.imports.models import ImportBatch
from spm.imports.records import Refused
from spm.keys import normalise
from spm.market.imports import ACCOUNT_ID
from spm.org import clock
from spm.org.models import User
from territories import caps, maps
from territories.map_imports import UNKNOWN_STAKEHOLDER, MapLoader, Write, within
from territories.models import DecisionStep

STEP_COLUMNS = ("name", "owner", "criterion", "evidence", "due_on", "done_on")


@dataclass(frozen=True, slots=True)
class WantedStep:
    account: int
    position: int
    values: dict[str, Any]


class DecisionStepLoader(MapLoader):
    def verdict(self, values: dict[str, Any]) -> Verdict:
        account, position = self.account(values), values["position"]
        within("position", position, 1, caps.STEPS)
        found = {key: self._value(account, key, values[key]) for key in STEP_COLUMNS if key in values}
        wanted = WantedStep(account, position, found)
        step = self.stored.steps.get((account, position))
        if step is None:
            return new(wanted)
        differs = any(getattr(step, _step_column(name)) != value for name, value in found.items())
        return changed(wanted) if differs else UNCHANGED

    def _value(self, account: int, key: str, value: Any) -> Any:
        if key == "owner":
            return self._owner(account, value)
        if key in ("due_on", "done_on"):
            if key == "done_on" and value is not None and value > clock.today():
                raise Refused(key, value, _("This day is still to come."))
            return value
        return " ".join((value or "").split())

    def _owner(self, account: int, name: str | None) -> int | None:
        if not name:
            return None
        row = self.stored.people.get((account, normalise(name)))
        if row is None or row.removed_at is not None:
            raise Refused("owner", name, UNKNOWN_STAKEHOLDER)
        return row.pk

    def review(self, _rows: Sequence[Row], verdicts: list[Verdict]) -> None:
        """The steps of an account are numbered from 1 without a gap."""
        found: dict[int, set[int]] = defaultdict(set)
        for account, position in self.stored.steps:
            found[account].add(position)
        for verdict in verdicts:
            if verdict.payload:
                found[verdict.payload.account].add(verdict.payload.position)
        for i, verdict in enumerate(verdicts):
            wanted = verdict.payload
            if wanted and not found[wanted.account] >= set(range(1, wanted.position + 1)):
                told = _("Steps are numbered from 1 without a gap.")
                verdicts[i] = refused("position", wanted.position, told)

    def write(self, verdicts: Sequence[Verdict]) -> None:
        self.store(self._filled(verdict.payload) for verdict in verdicts if verdict.payload)

    def _filled(self, one: WantedStep) -> Write:
        step = self.stored.steps.get((one.account, one.position))
        before = journal.said(step, STEP_COLUMNS) if step else None
        step = step or DecisionStep(account_id=one.account, position=one.position)
        for name, value in one.values.items():
            setattr(step, _step_column(name), value)
        return step, before, STEP_COLUMNS if before is not None else ("account", "position", *STEP_COLUMNS)


def _step_column(name: str) -> str:
    return "owner_id" if name == "owner" else name


@register
class DecisionSteps(ImportKind):
    name = "decision_steps"
    label = gettext_lazy("Decision steps")
    help = gettext_lazy("In which steps an account decides. Load stakeholders first.")
    columns = (
        ACCOUNT_ID,
        Column("position", ColumnType.INTEGER, required=True, filled=True, example="1"),
        Column("name", required=True, filled=True, max_length=caps.LINE, example="Budget released"),
        Column("owner", max_length=maps.NAME, help=gettext_lazy("a name on the map"), example="Hélène Courtaud"),
        Column("criterion", max_length=caps.ENTRY, example="Pays back within 24 months"),
        Column("evidence", max_length=caps.EVIDENCE, example=""),
        Column("due_on", ColumnType.DATE, example="2026-11-15"),
        Column("done_on", ColumnType.DATE, example=""),
    )
    key = ("account_id", "position")
    loader = DecisionStepLoader
    order = 154

    def undo(self, batch: ImportBatch, by: User | None) -> None:
        """Raises ChangedSince where a step beyond those that this import made stands by now."""
        made = batch.changes.filter(model=DecisionStep._meta.label, before__isnull=True).values_list(
            "object_pk", flat=True
        )
        steps = DecisionStep.objects.filter(pk__in=list(made))
        for step in steps:
            beyond = DecisionStep.objects.filter(account=step.account_id, position__gt=step.position)
            if beyond.exclude(pk__in=list(made)).exists():
                raise journal.ChangedSince(_("A step after those of this import stands by now."))
        journal.restore(batch, by)
