#!/usr/bin/env python3
"""Django's command line: ``python3 -m uv run manage.py demo`` is the place to start."""

import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line
from django.db import DatabaseError

from spm import errors
from spm.keys import is_storable


def main(argv: list[str]) -> None:
    """Run one command. What a person can mend of the database or of the words typed ends in a sentence, exit code 1."""
    for word in argv:
        if not is_storable(word):
            sys.exit(
                f"“{word.encode(errors='backslashreplace').decode()}” is not written in UTF-8: rename or retype it."
            )
    try:
        execute_from_command_line(argv)
    except DatabaseError as error:
        if errors.lacks_tables(error):
            sys.exit("The database has no tables yet, or those of an older version. Make them: manage.py migrate")
        if errors.is_out_of_reach(error):
            sys.exit(f"The database cannot be used: {str(error).strip()}")
        raise


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spm.settings")
    if sys.argv[1:2] == ["demo"]:
        # The demo has a data folder and a sign-in page of its own, which the settings read before any command runs.
        own = os.environ.get("SPM_DATA_DIR") or str(Path(__file__).resolve().parent / "var" / "demo")
        os.environ["SPM_DATA_DIR"] = own
        os.environ.setdefault("SPM_DEMO", "1")
    main(sys.argv)
