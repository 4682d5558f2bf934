"""The data folder of the demo: whether its company is still to be loaded, and starting over.

A marker file says that the folder was made by ``manage.py demo``, and how far it came. Without it nothing is ever
deleted: a folder of one's own, named by mistake, stays as it is.
"""

import shutil
from pathlib import Path

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.jobs.serving import only_one

MARKER = "norvik-demo"
LOADING, LOADED = "loading", "loaded"
DATABASES = ("spm.sqlite3", "cache.sqlite3")
MADE = ["celerybeat-schedule", *(f"{name}{suffix}" for name in DATABASES for suffix in ("", "-wal", "-shm"))]
MADE_FOLDERS = ("broker", "generated", "mail", "static")


class ForeignFolder(RuleViolation):
    """The data folder holds an installation that is not the demo's."""


def begin(folder: Path, *, reset: bool) -> bool:
    """Whether the demo company is to be loaded into this folder: it is new, was interrupted, or ``reset`` is wanted.

    Deletes what an earlier demo left there in the last two cases. Raises ForeignFolder where there is a database
    that no demo made, CannotStart where one is running. No database connection may be open.
    """
    marker = folder / MARKER
    state = marker.read_text(encoding="utf-8") if marker.exists() else ""
    if not state and (folder / DATABASES[0]).exists():
        raise ForeignFolder(
            _("%(folder)s holds an installation that is not the demo. Set SPM_DATA_DIR to another folder.")
            % {"folder": folder}
        )
    if state == LOADED and not reset:
        return False
    if state:
        with only_one(folder):  # never under the feet of a running demo
            _clear(folder)
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text(LOADING, encoding="utf-8")
    return True


def finish(folder: Path) -> None:
    """Remember that the demo company is loaded and rolled up."""
    (folder / MARKER).write_text(LOADED, encoding="utf-8")


def _clear(folder: Path) -> None:
    """Delete what the demo made and nothing else; the key stays, since this process signs with it already."""
    for name in MADE:
        (folder / name).unlink(missing_ok=True)
    for name in MADE_FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
