"""What must be true before the processes start: schema, catalogues, cache table, static files."""

import os
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from spm.errors import RuleViolation
from spm.ui.catalogues import compile_all


class CannotStart(RuleViolation):
    """Something about this machine or its settings is in the way."""


def prepare(report: Callable[[str], None]) -> None:
    """Make the installation ready to serve: repeatable, takes a second where nothing changed."""
    writable_data_dir()
    assemble(report)
    call_command("migrate", interactive=False, verbosity=0)
    if "cache" in settings.DATABASES:
        call_command("createcachetable", database="cache", verbosity=0)


def assemble(report: Callable[[str], None]) -> None:
    """What is made from files alone: compiled catalogues, collected static files."""
    compiled = compile_all()
    if compiled:
        report(f"Compiled {compiled} translation catalogues.")
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
