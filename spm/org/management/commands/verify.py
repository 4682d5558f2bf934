"""manage.py verify: check every invariant that the data can show."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from spm.org.verification import Finding, known, run_all


class Command(BaseCommand):
    help = "Check every invariant that the data can show; exit with 1 when one is broken."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", nargs="*", default=[], metavar="INV-nn", help="check these invariants alone")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, **options: Any) -> None:
        numbers = [number.upper() for number in options["only"]]
        if unknown := sorted(set(numbers).difference(known())):
            told = _("No check is called %(unknown)s. There are: %(known)s.")
            raise CommandError(told % {"unknown": ", ".join(unknown), "known": ", ".join(known())})
        findings = run_all(numbers)
        if options["json"]:
            self.stdout.write(json.dumps(as_json(findings)))
        else:
            for finding in findings:
                self.tell(finding)
        if any(finding.breaches for finding in findings):
            raise SystemExit(1)

    def tell(self, finding: Finding) -> None:
        verdict = self.style.ERROR(_("BROKEN")) if finding.breaches else self.style.SUCCESS(_("ok"))
        self.stdout.write(f"{finding.invariant.number} {verdict} {finding.invariant.sentence}")
        for breach in finding.breaches:
            rows = ", ".join(map(str, breach.ids))
            self.stdout.write(f"    {breach.text}" + (f" ({_('rows')} {rows})" if rows else ""))


def as_json(findings: list[Finding]) -> dict[str, Any]:
    """The report as JSON: ``{ok, invariants: [{number, sentence, breaches: [{text, ids}]}]}``."""
    return {
        "ok": not any(finding.breaches for finding in findings),
        "invariants": [
            {
                "number": finding.invariant.number,
                "sentence": finding.invariant.sentence,
                "breaches": [{"text": breach.text, "ids": list(breach.ids)} for breach in finding.breaches],
            }
            for finding in findings
        ],
    }
