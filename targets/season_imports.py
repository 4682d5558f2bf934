"""Import of seasonality profiles: how a year's amount falls on its periods."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from spm.errors import RuleViolation
from spm.imports import journal
from spm.imports.kinds import UNCHANGED, Column, ColumnType, Loader, Row, Verdict, changed, new, refused, register
from spm.imports.records import RecordKind
from spm.keys import normalise
from spm.org.models import FiscalYear
from targets.goal_imports import UNKNOWN_YEAR
from targets.models import SeasonalityProfile, SeasonalityWeight
from targets.seasonality import set_profile

MOST_DECIMALS = Decimal("0.000001")


class SeasonalityLoader(Loader):
    """The rows of one profile add to its weights; the first profile of a year, or of all years, is the default."""

    def judge(self, rows: Sequence[Row]) -> list[Verdict]:
        stored = {
            (normalise(name), number): weight
            for name, number, weight in SeasonalityWeight.objects.values_list("profile__name", "period_no", "weight")
        }
        verdicts = [self._verdict(row, stored) for row in rows]
        faults = self._faults([verdict.payload for verdict in verdicts if verdict.payload])
        for i, row in enumerate(rows):
            fault = faults.get(normalise(row.values["profile"]))
            if fault and verdicts[i].payload:
                verdicts[i] = refused("profile", row.values["profile"], fault)
        return verdicts

    def _verdict(self, row: Row, stored: dict[tuple[str, int], Decimal]) -> Verdict:
        values = row.values
        if values.get("fiscal_year") and values["fiscal_year"] not in self._years:
            return refused("fiscal_year", values["fiscal_year"], UNKNOWN_YEAR)
        weight = values["weight"]
        if weight < 0 or weight != weight.quantize(MOST_DECIMALS) or weight >= 10**6:
            return refused("weight", weight, _("A weight is a number from 0 to 999,999 with at most six decimals."))
        if not 0 < values["period_no"] < 1000:
            return refused("period_no", values["period_no"], _("Periods are numbered from 1 within their year."))
        before = stored.get((normalise(values["profile"]), values["period_no"]))
        if before is None:
            return new(row)
        return UNCHANGED if before == weight else changed(row)

    @cached_property
    def _years(self) -> dict[str, FiscalYear]:
        return {year.label: year for year in FiscalYear.objects.all()}

    def _faults(self, rows: Sequence[Row]) -> dict[str, str]:
        faults = {}
        with transaction.atomic():
            for key, wanted in _profiles(rows).items():
                try:
                    with transaction.atomic():
                        self._set(wanted)
                except RuleViolation as fault:
                    faults[key] = str(fault)
            transaction.set_rollback(True)
        return faults

    def _set(self, rows: Sequence[Row]) -> None:
        name, label = rows[0].values["profile"], rows[0].values.get("fiscal_year")
        known = next((one for one in SeasonalityProfile.objects.all() if normalise(one.name) == normalise(name)), None)
        year = self._years[label] if label else (known.fiscal_year if known else None)
        weights = dict(known.weights.values_list("period_no", "weight")) if known else {}
        weights |= {row.values["period_no"]: row.values["weight"] for row in rows}
        others = SeasonalityProfile.objects.filter(fiscal_year=year, is_default=True)
        is_default = known.is_default if known else not others.exists()
        set_profile(known.name if known else name, weights, fiscal_year=year, is_default=is_default)

    def write(self, verdicts: Sequence[Verdict]) -> None:
        before = journal.snapshot((SeasonalityProfile, SeasonalityWeight))
        for wanted in _profiles([verdict.payload for verdict in verdicts if verdict.payload]).values():
            self._set(wanted)
        journal.record_since(self.run.batch, before)


def _profiles(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The rows of each profile by its normal form, in a fixed order."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[normalise(row.values["profile"])].append(row)
    return dict(sorted(found.items()))


@register
class Seasonality(RecordKind):
    name = "seasonality"
    label = gettext_lazy("Seasonality")
    help = gettext_lazy("How a year's amount falls on its periods: any positive weights, only their proportion counts.")
    columns = (
        Column("profile", required=True, filled=True, max_length=100, example="Standard"),
        Column("fiscal_year", max_length=20, help=gettext_lazy("empty = all years"), example=""),
        Column("period_no", ColumnType.INTEGER, required=True, filled=True, example="1"),
        Column("weight", ColumnType.NUMBER, required=True, filled=True, example="7.5"),
    )
    key = ("profile", "period_no")
    loader = SeasonalityLoader
    order = 90
