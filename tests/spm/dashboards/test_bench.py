"""``manage.py bench`` gives a ratio for every speed goal, here of a company of the smallest size."""

import json
import os
import subprocess
import sys
from pathlib import Path

from spm.dashboards.management.commands.bench import GOALS

ROOT = Path(__file__).parents[3]
GROWTH = {"incremental_growth_10x", "incremental_growth_history_10x"}  # one run against another
ONCE = """
import json
from spm.dashboards.bench import allocations, pages, placements, rollups
from spm.dashboards.management.commands.bench import Command
pages.ROUNDS = pages.WARM_UP = placements.ROUNDS = rollups.ROUNDS = 1
print(json.dumps(Command().measure(0.001, whole=True)))
"""


def test_every_goal_has_a_figure_from_a_database_of_its_own(tmp_path):
    environment = os.environ | {"SPM_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "spm.settings"}
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "--command", ONCE],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert set(GOALS) - GROWTH <= set(figures)
    assert all(figures[key] > 0 for key in set(GOALS) - GROWTH)
    assert figures["queries_max"] <= GOALS["queries_max"]
    assert figures["actuals"] == 1_000
