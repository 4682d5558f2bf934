"""manage.py load KIND FILE: the import machine on the command line."""

import json
from argparse import ArgumentParser
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm import memory
from spm.errors import RuleViolation
from spm.imports import batches, refused_rows
from spm.imports.choices import BatchState
from spm.imports.kinds import kind_named
from spm.imports.mappings import Mapping
from spm.imports.models import ImportBatch
from spm.jobs.queue import in_process

SHOWN = 20  # refused rows listed on the terminal
EMPTY = dict.fromkeys(["read", "new", "changed", "unchanged", "refused", "parked", "superseded"], 0)


class Command(BaseCommand):
    help = "Load a file of one kind. Exit 0: committed (also when all is unchanged); 1: nothing loaded, and why."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", help="periods, teams, people, …; see docs/imports.md")
        parser.add_argument("file", type=Path)
        parser.add_argument("--map", type=Path, metavar="M.toml", help="mapping of the file's headers")
        parser.add_argument("--source", default="file", help="where lines come from; ids are unique within it")
        parser.add_argument("--dry-run", action="store_true", help="judge every row, load nothing")
        parser.add_argument("--partial", action="store_true", help="load the good rows, write the refused to a file")
        parser.add_argument("--snapshot", action="store_true", help="the file is complete: take out lines it lacks")
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout, everything else on stderr")
        for name in ("delimiter", "encoding", "sheet", "date-format", "decimal"):
            parser.add_argument(f"--{name}")

    def run_from_argv(self, argv: list[str]) -> None:
        """A process of its own ends with the file."""
        memory.settle()
        super().run_from_argv(argv)

    def handle(self, *args: Any, **options: Any) -> None:
        started = monotonic()
        batch, reason = None, ""
        try:
            batch = self._upload(options)
            with in_process():
                self._load(batch, is_dry=options["dry_run"])
        except RuleViolation as error:
            reason = str(error)
        seconds = round(monotonic() - started, 2)
        if options["json"]:
            self.stdout.write(json.dumps(_report(batch, seconds), ensure_ascii=False))
        self._tell(batch, reason, seconds)
        if options["dry_run"] and batch:
            batch.delete()

    def _upload(self, options: dict[str, Any]) -> ImportBatch:
        kind, path = kind_named(options["kind"]), options["file"]
        mapping = _mapping(options)
        try:
            with path.open("rb") as file:
                return batches.upload(
                    kind,
                    file,
                    path.name,
                    mapping=mapping,
                    source=options["source"],
                    is_snapshot=options["snapshot"],
                    is_partial=options["partial"],
                )
        except OSError as error:
            raise RuleViolation(
                _("%(file)s cannot be read: %(error)s.") % {"file": path, "error": error.strerror}
            ) from error

    def _load(self, batch: ImportBatch, *, is_dry: bool) -> None:
        if is_dry:
            batches.preview(batch)
        else:
            batches.commit(batch)

    def _tell(self, batch: ImportBatch | None, reason: str, seconds: float) -> None:
        """Words on stderr; exit 1 where nothing was loaded."""
        for note in batch.notes if batch else []:
            self.stderr.write(str(note))
        if batch:
            self._tell_rows(batch)
        is_dry_and_good = bool(batch and batch.state == BatchState.PREVIEWED and not batch.refused)
        if batch and batch.rows.exists() and batch.state == BatchState.COMMITTED:
            self._keep_refused(batch)
        reason = reason or (batch.reason if batch else "")
        if not (batch and (batch.state == BatchState.COMMITTED or is_dry_and_good)):
            raise CommandError(reason or _("Nothing was loaded."), returncode=1)
        said = ", ".join(f"{name} {count}" for name, count in batches.counts(batch).items())
        self.stderr.write(f"{batch.kind}: {said}; {seconds} s")

    def _keep_refused(self, batch: ImportBatch) -> None:
        """What was not loaded, as a file in the current folder; whatever becomes of it, the batch is committed."""
        path = Path(f"refused-{batch.pk}.csv")
        try:
            path.write_bytes(refused_rows.as_csv(batch))
        except OSError as error:
            told = _(
                "%(file)s cannot be written: %(error)s. The page of this import has the rows that were not loaded."
            )
            self.stderr.write(told % {"file": path, "error": error.strerror})
        else:
            self.stderr.write(_("The rows that were not loaded are in %(file)s.") % {"file": path})

    def _tell_rows(self, batch: ImportBatch) -> None:
        """The first rows that are not loaded; then each complaint that several rows share, with their number."""
        for row in batch.rows.all()[:SHOWN]:
            self.stderr.write(f"{row.number}  {row.column}  {row.value[:80]!r}  {row.reason}")
        for one in refused_rows.grouped(batch, SHOWN):
            if one["count"] > 1:
                told = ngettext("%(count)d row:", "%(count)d rows:", one["count"]) % {"count": one["count"]}
                self.stderr.write(f"{told}  {one['column']}  {one['value'][:80]!r}  {one['reason']}")


def _mapping(options: dict[str, Any]) -> Mapping:
    """The mapping file, with what the command line says about the format over it."""
    mapping = Mapping()
    if options["map"]:
        try:
            mapping = Mapping.from_toml(options["map"].read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            reason = _("The mapping %(file)s cannot be read: %(error)s.")
            raise RuleViolation(reason % {"file": options["map"], "error": error}) from error
    given = {
        "delimiter": options["delimiter"],
        "encoding": options["encoding"],
        "sheet": options["sheet"],
        "date": options["date_format"],
        "decimal": options["decimal"],
    }
    said = {name: value for name, value in given.items() if value is not None}
    plain = mapping.to_json()
    return Mapping.from_json({**plain, "format": {**plain.get("format", {}), **said}}) if said else mapping


def _report(batch: ImportBatch | None, seconds: float) -> dict[str, Any]:
    """The object that --json prints."""
    if batch is None:
        return {**EMPTY, "committed": False, "batch": None, "seconds": seconds, "refused_rows": []}
    rows = batch.rows.filter(outcome="refused").values_list("number", "column", "value", "reason")
    return {
        **batches.counts(batch),
        "committed": batch.state == BatchState.COMMITTED,
        "batch": batch.pk,
        "seconds": seconds,
        "refused_rows": [dict(zip(["row", "column", "value", "reason"], row, strict=True)) for row in rows],
    }
