"""A database of the bench's own: made, migrated, and taken away again. The user's data is never touched."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

SQLITE_FILE = "spm.sqlite3"  # as in any data folder, so that a process of its own finds it there


@contextmanager
def database_of_its_own() -> Iterator[None]:
    """Inside the block the default connection leads to an empty, migrated database that ends with the block."""
    settings = connection.settings_dict
    usual, options = settings["NAME"], dict(settings["OPTIONS"])
    with tempfile.TemporaryDirectory(prefix="spm-bench-") as folder:
        connection.close()
        settings["OPTIONS"].pop("pool", None)
        own = f"spm_bench_{os.getpid()}" if connection.vendor == "postgresql" else str(Path(folder) / SQLITE_FILE)
        settings["TEST"]["NAME"] = own
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        try:
            yield
        finally:
            connection.creation.destroy_test_db(usual, verbosity=0)
            settings["OPTIONS"] = options
