"""manage.py bench: the ratios of the speed goals, measured on a generated company in a database of its own."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from spm.dashboards.bench import allocations, company, imports, pages, placements, rollups
from spm.dashboards.bench.database import database_of_its_own

GOALS = {
    "rebuild_vs_group_by": 1.5,
    "incremental_vs_rebuild": 0.10,
    "incremental_growth_10x": 1.5,
    "incremental_growth_history_10x": 1.5,
    "import_vs_bulk_load": 8,
    "import_peak_mb": 300,
    "allocate_vs_bulk_update": 5,
    "placing_vs_update": 3,
    "page_vs_plain_page": 8,
    "allocation_page_vs_plain_page": 8,
    "queries_max": 20,
}
"""What each ratio should not exceed (docs/operations.md)."""
WHOLE_FROM = 0.1
"""The least scale at which imports and placements have their full size."""


class Command(BaseCommand):
    help = "Measure speed as ratios on this machine; scale 1 is 500 reps and 1,000,000 actuals."

    def add_arguments(self, parser: ArgumentParser) -> None:
        usual = 1.0 if connection.vendor == "postgresql" else 0.1
        parser.add_argument("--scale", type=float, default=usual, help=f"size of the company (default {usual})")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, **options: Any) -> None:
        scale = options["scale"]
        if scale <= 0:
            raise CommandError("--scale must be above 0")
        small, short = self.measure(scale / 10), self.measure(scale, history=0.1)
        figures = self.measure(scale, whole=True)
        for key, other in {"incremental_growth_10x": small, "incremental_growth_history_10x": short}.items():
            figures[key] = round(figures["incremental_seconds"] / other["incremental_seconds"], 3)
        if options["json"]:
            self.stdout.write(json.dumps(figures))
            return
        for key, value in figures.items():
            goal = f"   goal ≤ {GOALS[key]}" if key in GOALS else ""
            self.stdout.write(f"{key:<32}{value}{goal}")

    def measure(self, scale: float, *, history: float = 1, whole: bool = False) -> dict[str, Any]:
        """The figures of one generated company; ``whole``: also of an import and of pages.

        ``history``: with that part of its lines, of the same people.
        """
        with database_of_its_own():
            self.stderr.write(f"scale {scale:g}: generating")
            size = company.generate(scale, history)
            self.stderr.write(f"scale {scale:g}: measuring {size.actuals} lines of {size.reps} reps")
            figures = {"database": connection.vendor, "scale": scale, "actuals": size.actuals} | rollups.measure()
            if whole:
                figures |= pages.measure() | allocations.measure()
                # The size of these two is part of their goal; a try below the usual scale takes a part of it.
                part = min(scale / WHOLE_FROM, 1)
                figures |= placements.measure(round(placements.ACCOUNTS * part))
                figures |= imports.measure(round(imports.LINES * part))
        return figures
