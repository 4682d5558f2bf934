"""manage.py rollup: add credits up into totals and attainment, here and now."""

import json
from argparse import ArgumentParser
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from spm.org.choices import PeriodState
from spm.org.models import FiscalYear
from targets import rollup
from targets.models import RollupRun


class Command(BaseCommand):
    help = "Roll up what is stale (the default), one fiscal year, or everything. Closed periods keep their totals."

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--year", metavar="FY", help="every period of this fiscal year")
        which.add_argument("--all", action="store_true", help="every period of every year")
        which.add_argument("--stale", action="store_true", help="what waits to be rolled up")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, **options: Any) -> None:
        started = perf_counter()
        newest = RollupRun.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        if options["year"] is not None:
            runs = rollup.rebuild(self.year(options["year"]).pk)
        elif options["all"]:
            runs = rollup.rebuild()
        else:
            runs = rollup.roll_up_stale()
        self.tell(runs, newest, round(perf_counter() - started, 3), as_json=options["json"])

    def year(self, label: str) -> FiscalYear:
        found: FiscalYear | None = FiscalYear.objects.filter(label=label).first()
        if found is None:
            raise CommandError(_("There is no fiscal year %(label)s.") % {"label": label})
        return found

    def tell(self, runs: list[RollupRun], newest: int, seconds: float, *, as_json: bool) -> None:
        told = {
            "periods": len(runs),
            "credits": sum(run.credit_count for run in runs),
            "totals": sum(run.total_count for run in runs),
            "attainment": sum(run.attainment_count for run in runs),
            "seconds": seconds,
            "stale_left": RollupRun.objects.stale().exclude(period__state=PeriodState.CLOSED).count(),
            "run": max((run.pk for run in runs), default=newest),
        }
        if as_json:
            self.stdout.write(json.dumps(told))
        else:
            text = _(
                "Periods rolled up: %(periods)d; credits: %(credits)d, rows: %(attainment)d, seconds: %(seconds)s."
            )
            self.stdout.write(text % told)
