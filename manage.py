#!/usr/bin/env python3
"""Django's command line: ``python3 -m uv run manage.py demo`` is the place to start."""

import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spm.settings")
    if sys.argv[1:2] == ["demo"]:
        # The demo has a data folder and a sign-in page of its own, which the settings read before any command runs.
        own = os.environ.get("SPM_DATA_DIR") or str(Path(__file__).resolve().parent / "var" / "demo")
        os.environ["SPM_DATA_DIR"] = own
        os.environ.setdefault("SPM_DEMO", "1")
    execute_from_command_line(sys.argv)
