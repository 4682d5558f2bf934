"""manage.py attainment: credited sums against quotas, as a table, CSV or JSON."""

import csv
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.org.choices import PeriodLevel
from spm.org.models import FiscalYear
from targets.choices import Measure, Scope
from targets.models import Attainment, RollupRun
from targets.queries import AttainmentLine, as_cells, attainment_lines
from targets.querysets import AttainmentQuerySet

COLUMNS = AttainmentLine.__slots__
LEFT_ALIGNED = {"period", "starts_on", "ends_on", "scope", "key", "name", "measure"}


class Command(BaseCommand):
    help = "Print attainment by person, team, territory or for the company."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--year", nargs="+", required=True, metavar="FY", help='fiscal years, or "all"')
        parser.add_argument("--period", choices=PeriodLevel.values, default=PeriodLevel.QUARTER)
        parser.add_argument("--measure", choices=Measure.values, default=Measure.REVENUE)
        parser.add_argument("--by", choices=Scope.values, default=Scope.PERSON)
        parser.add_argument("--plan", choices=["current", "baseline"], default="current")
        parser.add_argument("--format", choices=["table", "csv", "json"], default="table")

    def handle(self, **options: Any) -> None:
        rows = self.rows(options["year"]).at_level(options["period"])
        lines = attainment_lines(
            rows,
            scope=Scope(options["by"]),
            measure=Measure(options["measure"]),
            of_baseline=options["plan"] == "baseline",
        )
        {"table": self.print_table, "csv": self.print_csv, "json": self.print_json}[options["format"]](list(lines))
        waiting = RollupRun.objects.stale().count()
        if waiting:
            told = ngettext(
                "%(count)d period waits to be rolled up: run `manage.py rollup --stale`.",
                "%(count)d periods wait to be rolled up: run `manage.py rollup --stale`.",
                waiting,
            )
            self.stderr.write(told % {"count": waiting})

    def rows(self, labels: list[str]) -> AttainmentQuerySet:
        """The attainment of these fiscal years. Raises CommandError for one that does not exist."""
        rows: AttainmentQuerySet = Attainment.objects.all()
        if labels == ["all"]:
            return rows
        known = set(FiscalYear.objects.values_list("label", flat=True))
        unknown = [label for label in labels if label not in known]
        if unknown:
            raise CommandError(_("There is no fiscal year %(label)s.") % {"label": ", ".join(unknown)})
        return rows.filter(period__fiscal_year__label__in=labels)

    def print_csv(self, lines: list[AttainmentLine]) -> None:
        writer = csv.writer(self.stdout, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(as_cells(lines))

    def print_json(self, lines: list[AttainmentLine]) -> None:
        """Amounts as texts, so that no reader makes floats of them; null where the CSV is empty."""
        rows = [dict(zip(COLUMNS, cells, strict=True)) for cells in as_cells(lines)]
        nullable = {"quota", "quota_sum", "variance", "attainment_pct"}
        blanked = [
            {name: None if name in nullable and not text else text for name, text in row.items()} for row in rows
        ]
        for row, line in zip(blanked, lines, strict=True):
            row |= {"lines": line.lines}  # type: ignore[dict-item]  # a count is a number
        self.stdout.write(json.dumps(blanked, ensure_ascii=False))

    def print_table(self, lines: list[AttainmentLine]) -> None:
        cells = [list(COLUMNS), *as_cells(lines)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(COLUMNS))]
        for row in cells:
            padded = [
                cell.ljust(width) if name in LEFT_ALIGNED else cell.rjust(width)
                for name, cell, width in zip(COLUMNS, row, widths, strict=True)
            ]
            self.stdout.write("  ".join(padded).rstrip())
