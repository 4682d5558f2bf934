"""Home by role: what it tells from the numbers, and what it says of parts whose data nobody records yet."""

from datetime import date

import pytest
from django.utils import timezone

from spm.dashboards.alerts import Alert
from spm.imports.models import ImportBatch, ImportRow
from spm.jobs.models import Job
from spm.org.models import Period
from targets import cycles, rollup
from targets.choices import Stage
from targets.lines import PERIOD
from targets.models import PlanningCycle, QuotaLetter
from targets.staleness import mark_stale
from tests.builders import make_actual, make_line_of_plan, make_quota, make_year

pytestmark = pytest.mark.django_db
FAILED = "A roll-up has failed: what was changed since is not counted."


@pytest.fixture
def read(client):
    """read(person) gives Home as that person meets it."""

    def get(person):
        client.force_login(person)
        return client.get("/")

    return get


def text(answer):
    return answer.content.decode()


def exceptions(answer):
    return {alert.text.replace("\u00a0", " "): alert for alert in answer.context["page"].exceptions}


# Manager


def test_a_manager_reads_of_every_part_and_why_it_is_empty(story, read):
    page = text(read(story.director))
    for title in ("My week", "Waiting for you", "Wins to praise", "Coaching rhythm"):
        assert title in page
    for sentence in (
        "none is yet.",
        "Nothing waits for you: no number and no territory plan.",
        "Coverage needs a pipeline",
    ):
        assert sentence in page


def reach(person, *amounts):
    """Bookings of each month from January on, where the quota is 100."""
    for month, amount in enumerate(amounts, start=1):
        make_quota(person, f"2026-{month:02}", 100)
        make_actual(person, f"2026-{month:02}-15", amount, kind="booking")
    rollup.rebuild()


def wins(answer):
    return [(win.person.name, win.text.split(":")[0]) for win in answer.context["wins"]]


def test_the_best_month_of_the_year_is_a_win_if_it_reached_its_quota(year, cast, read):
    reach(cast.rep, 100, 90, 100, 90, 100, 90, 100, 110)
    reach(cast.teammate, 10, 10, 10, 10, 10, 10, 10, 99)
    assert wins(read(cast.north_manager)) == [("Rep One", "Best month of the year")]


def test_the_third_month_in_a_row_at_quota_is_a_win(year, cast, read):
    reach(cast.rep, 300, 90, 100, 90, 100, 100, 101, 100)
    reach(cast.teammate, 300, 90, 100, 90, 100, 99, 101, 100)
    assert wins(read(cast.north_manager)) == [("Rep One", "Third month in a row at quota or above")]


# Rep


def test_a_rep_reads_of_every_part_and_why_it_is_empty(story, read):
    page = text(read(story.rep))
    for title in ("This week’s commitments", "Plan actions due", "Key accounts untouched", "Next 1:1", "Recognition"):
        assert title in page


# Admin


def test_an_admin_sees_how_far_each_cycle_is(year, cast, read):
    cycle = cycles.create_cycle(make_year("2027", date(2027, 1, 1)), cast.admin)
    PlanningCycle.objects.filter(pk=cycle.pk).update(stage=Stage.REVIEW)
    for person, state in ((cast.rep, "approved"), (cast.teammate, "question")):
        QuotaLetter.objects.create(cycle=cycle, person=person, state=state)
    answer = read(cast.admin)
    assert "“Review” is 50\u00a0% complete." in text(answer)
    (card,) = answer.context["planning"].cycles
    assert [(step.stage, step.state, step.share) for step in card.steps][2:4] == [
        (Stage.REVIEW, "current", 0.5),
        (Stage.APPROVE, "", None),
    ]
    assert "50\u00a0%" not in text(read(cast.north_manager))  # of the whole company


def test_without_a_cycle_home_says_so(year, cast, read):
    assert "No fiscal year is being planned." in text(read(cast.admin))


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        (900, "sum to €900, 10.0 % below the plan of €1 k."),
        (1000, None),
        (1080, None),
        (1100, "sum to €1 k, 10.0 % above the plan of €1 k; the policy allows 8.0 %."),
    ],
)
def test_quotas_outside_the_policy_of_the_year_are_an_exception(year, cast, read, quota, expected):
    cycles.create_cycle(year, cast.admin)
    make_line_of_plan("2026-01", 1000)
    make_quota(cast.rep, "2026-01", quota)
    found = [alert for alert in exceptions(read(cast.admin)) if alert.startswith("Quotas for Bookings 2026")]
    assert [alert.removeprefix("Quotas for Bookings 2026 ") for alert in found] == ([expected] if expected else [])


def test_quotas_are_compared_with_the_plan_in_the_months_it_covers(year, cast, read):
    cycles.create_cycle(year, cast.admin)
    make_line_of_plan("2026-01", 1000)
    for label, quota in (("2026-01", 1040), ("2026-02", 1040)):
        make_quota(cast.rep, label, quota)
    assert not any(alert.startswith("Quotas for") for alert in exceptions(read(cast.admin)))
    make_quota(cast.teammate, "2026-01", 60)
    (found,) = [alert for alert in exceptions(read(cast.admin)) if alert.startswith("Quotas for")]
    assert found.endswith("the policy allows 8.0 %. Only the periods that have a plan are compared.")
    assert "10.0 % above the plan" in found


def test_without_a_policy_quotas_above_the_plan_are_none(year, cast, read):
    make_line_of_plan("2026-01", 1000)
    make_quota(cast.rep, "2026-01", 2000)
    assert not any("plan" in alert for alert in exceptions(read(cast.admin)))


def test_a_failed_roll_up_is_told_apart_from_other_jobs(year, cast, read):
    for kind in ("rollup", "import", "import"):
        Job.objects.create(kind=kind, state="failed", due_at=timezone.now())
    mark_stale(Period.objects.leaves().values_list("pk", flat=True)[:1])
    found = exceptions(read(cast.admin))
    assert found[FAILED].is_bad
    assert "2 jobs have failed." in found


def test_a_failed_roll_up_is_forgotten_once_a_later_one_has_counted_what_it_left(year, cast, read):
    Job.objects.create(kind="rollup", state="failed", due_at=timezone.now())
    assert FAILED not in exceptions(read(cast.admin))  # nothing waits to be counted
    mark_stale(Period.objects.leaves().values_list("pk", flat=True)[:1])
    assert FAILED in exceptions(read(cast.admin))
    Job.objects.create(kind="rollup", state="done", due_at=timezone.now())
    assert FAILED not in exceptions(read(cast.admin))


def file(cast, **fields):
    return ImportBatch.objects.create(
        **{"kind": "actuals", "filename": "crm.csv", "state": "refused", "created_by": cast.admin} | fields
    )


def test_refused_rows_are_told_until_a_newer_file_of_the_kind_is_loaded(year, cast, read):
    old = file(cast, refused=3)
    told = "3 rows of crm.csv were refused and do not count."
    assert exceptions(read(cast.admin))[told] == Alert(told, f"/setup/imports/{old.pk}/", "Open the import")
    file(cast, kind="people", state="committed")
    assert told in exceptions(read(cast.admin))
    file(cast, state="committed", filename="mended.csv")
    assert told not in exceptions(read(cast.admin))


def test_rows_that_wait_for_their_period_are_counted_once_loaded(year, cast, read):
    for state in ("committed", "previewed"):
        facts = {"rule": PERIOD, "key": f"line of a {state} file"}
        ImportRow.objects.create(batch=file(cast, state=state), number=2, outcome="parked", facts=facts)
    assert "1 imported row waits for its period to open." in exceptions(read(cast.admin))


def test_adoption_counts_what_there_is_and_says_nothing_of_the_rest(year, cast, read):
    cycle = cycles.create_cycle(year, cast.admin)
    PlanningCycle.objects.filter(pk=cycle.pk).update(stage=Stage.MONITOR)
    for person, at in ((cast.rep, timezone.now()), (cast.teammate, None)):
        QuotaLetter.objects.create(cycle=cycle, person=person, state="approved", acknowledged_at=at)
    QuotaLetter.objects.create(cycle=cycle, person=cast.outsider, state="unsent")
    adoption = dict(read(cast.admin).context["page"].adoption)
    assert adoption == {
        "Signed in within 30 days": "1 of 8",
        "Quotas of 2026 acknowledged": "1 of 2",
        "Territory plans approved": "",
        "Reps coached within 21 days": "",
        "Meetings held": "",
    }
