"""What must be true before the processes start: schema, catalogues, cache table, static files."""

import os
from collections.abc import Callable
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management import call_command

from spm.errors import RuleViolation


class CannotStart(RuleViolation):
    """Something about this machine or its settings is in the way."""


def prepare(report: Callable[[str], None]) -> None:
    """Make the installation ready to serve: repeatable, takes a second where nothing changed."""
    writable_data_dir()
    compiled = compile_catalogues()
    if compiled:
        report(f"Compiled {compiled} translation catalogues.")
    call_command("migrate", interactive=False, verbosity=0)
    if "cache" in settings.DATABASES:
        call_command("createcachetable", database="cache", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def writable_data_dir() -> Path:
    """The data folder, made if missing. Raises CannotStart where it cannot be written."""
    folder: Path = settings.DATA_DIR
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"The data folder {folder} cannot be made: {error.strerror}.") from error
    if not os.access(folder, os.W_OK):
        raise CannotStart(f"The data folder {folder} cannot be written. Set SPM_DATA_DIR to one that can.")
    return folder


def compile_catalogues() -> int:
    """Compile each translation catalogue newer than its compiled form, with Babel; return how many.

    Fresh machines have no msgfmt. The compiled file is put in place at once, so that two starts do no harm.
    """
    compiled = 0
    for folder in settings.LOCALE_PATHS:
        for source in sorted(Path(folder).glob("*/LC_MESSAGES/*.po")):
            target = source.with_suffix(".mo")
            if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
                continue
            with source.open("rb") as text:
                catalogue = read_po(text)
            part = target.with_suffix(f".{os.getpid()}")
            with part.open("wb") as binary:
                write_mo(binary, catalogue)
            part.replace(target)
            compiled += 1
    return compiled
