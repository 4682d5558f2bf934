"""The demo's clock stands still: what was told lies in its story, and what is done in it is shown on its day."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from spm.org import audit, clock
from spm.org.choices import AuditKind
from spm.org.models import AuditEntry, Company, Team
from spm.org.tracking import save_tracked
from spm.ui.numbers import ago, day, moment
from spm.ui.standing import stands_at
from tests.builders import make_person

STORY = datetime(2025, 8, 25, 10, tzinfo=UTC)
LATER = datetime(2026, 11, 30, 9, 15, tzinfo=UTC)


def test_the_audit_log_and_the_history_bear_the_moment_that_is_told(db):
    admin = make_person("Ops", is_admin=True)
    team = Team(name="North")
    with clock.at(STORY):
        audit.record(AuditKind.PLAN_CYCLE, actor=admin, subject="2026")
        save_tracked(team, by=admin)
    assert AuditEntry.objects.get(kind=AuditKind.PLAN_CYCLE).at == STORY
    assert team.history.get().history_date == STORY
    save_tracked(team, by=admin)
    assert timezone.now() - team.history.first().history_date < timedelta(minutes=1)


def test_a_moment_after_the_day_at_which_a_clock_stands_is_shown_on_it():
    with stands_at(date(2026, 9, 18)):
        assert moment(LATER, "en") == "18 Sep 2026, 09:15"
        assert day(LATER, "en") == "18 Sep 2026"
        assert moment(STORY, "en") == "25 Aug 2025, 10:00"
        assert ago(STORY, LATER, "en") == "1 year ago"
        assert ago(LATER - timedelta(minutes=5), LATER, "en") == "5 minutes ago"
        assert ago(datetime(2026, 9, 18, 21, tzinfo=UTC), LATER, "en") == "1 second ago"
    assert moment(LATER, "en") == "30 Nov 2026, 09:15"


def test_the_pages_of_a_demo_show_no_moment_after_its_day_and_those_of_a_company_do(client, year, cast):
    audit.record(AuditKind.PLAN_CYCLE, actor=cast.admin, subject="2026")
    client.force_login(cast.admin)
    real, day_of_story = moment(timezone.now(), "en").split(",")[0], "18 Sep 2026"
    assert real in client.get("/setup/audit/").content.decode()
    Company.objects.update(is_demo=True)
    page = client.get("/setup/audit/").content.decode()
    assert real not in page
    assert day_of_story in page


@pytest.mark.parametrize("folder", ["spm", "targets", "territories"])
def test_only_what_makes_the_demo_tells_a_moment(folder):
    files = (settings.BASE_DIR / folder).rglob("*.py")
    found = {file.name for file in files if re.search(r"\bclock\.at\(", Path(file).read_text())}
    assert found <= {
        "demo.py",
        "demo_planning.py",
        "demo_plans.py",
        "demo_accounts.py",
        "demo_market.py",
        "demo_moves.py",
        "demo_loading.py",
    }, found
