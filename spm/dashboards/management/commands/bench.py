"""manage.py bench: the ratios of the speed goals, measured on a generated company in a database of its own."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from spm.dashboards.bench import company, rollups
from spm.dashboards.bench.database import database_of_its_own

GOALS = {"rebuild_vs_group_by": 1.5, "incremental_vs_rebuild": 0.10, "incremental_growth_10x": 1.5}
"""What each ratio should not exceed (docs/operations.md)."""


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
        small = self.measure(scale / 10)
        figures = self.measure(scale)
        figures["incremental_growth_10x"] = round(figures["incremental_seconds"] / small["incremental_seconds"], 3)
        if options["json"]:
            self.stdout.write(json.dumps(figures))
            return
        for key, value in figures.items():
            goal = f"   goal ≤ {GOALS[key]}" if key in GOALS else ""
            self.stdout.write(f"{key:<26}{value}{goal}")

    def measure(self, scale: float) -> dict[str, Any]:
        """The figures of one generated company; seconds are the best of a few runs."""
        with database_of_its_own():
            self.stderr.write(f"scale {scale:g}: generating")
            size = company.generate(scale)
            self.stderr.write(f"scale {scale:g}: measuring {size.actuals} lines of {size.reps} reps")
            self.settle()
            rebuild, floor = rollups.seconds_of_rebuild(), rollups.seconds_of_floor()
            increment = rollups.seconds_of_increment()
        return {
            "database": connection.vendor,
            "scale": scale,
            "actuals": size.actuals,
            "rebuild_seconds": round(rebuild, 3),
            "group_by_seconds": round(floor, 3),
            "incremental_seconds": round(increment, 4),
            "rebuild_vs_group_by": round(rebuild / floor, 3),
            "incremental_vs_rebuild": round(increment / rebuild, 4),
        }

    def settle(self) -> None:
        """Statistics as a database in use has them."""
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
