"""The web process is killed in the middle of a request: nothing is half written, and the next request is answered."""

import pytest
from django.db import connection

from spm.org.models import Period
from spm.org.verification import run_all
from targets import plans
from targets.batches import newest
from targets.models import Quota
from tests import leftovers
from tests.builders import make_actual, make_quota
from tests.hardening.test_unsafe_methods import digests
from tests.servers import Web

pytestmark = pytest.mark.django_db(transaction=True)
MOMENTS = (1, 5, 9, 13, 17, 21, 25, 29, 33, 37, "answer")
"""Before which statement of the request; ``answer``: when all is done, and nothing is sent yet."""
GRID = "/targets/2026/allocate/?measure=revenue&columns=months"


@pytest.fixture
def january(cast, year, messages):
    """Rolled up, so that a quota that changes makes it stale."""
    make_quota(cast.rep, "2026-01", 80, "revenue")
    make_actual(cast.rep, amount=100)
    leftovers.finish(messages)
    return Period.objects.leaves().get(label="2026-01")


@pytest.fixture
def web(cast, january):
    own = {"SPM_TEST_DATABASE": str(connection.settings_dict["NAME"]), "SPM_TEST_BROKER": "redis://127.0.0.1:1/0"}
    with Web("tests.hardening.killed_web:application", **own) as started:
        started.sign_in(cast.admin)
        yield started


def test_a_web_process_killed_in_mid_request_writes_all_or_nothing_and_the_next_one_answers(
    web, cast, year, january, messages
):
    cell, amount, seen = f"c:person:{cast.rep.pk}:{january.pk}", 500, set()

    def sent(**headers):
        """The status of the form, and the tables it changed."""
        before = digests()
        form = {cell: str(amount), "was": "{}", "seen": str(newest(plans.working_plan(year)))}
        status, *_answer = web.ask(GRID, form, **headers)
        after = digests()
        return status, frozenset(table for table in after if after[table] != before[table])

    status, whole = sent()
    assert (status, {"targets_quota", "targets_historicalquota", "targets_goalbatch"} - whole) == (302, set())
    for moment in MOMENTS:
        leftovers.finish(messages)
        amount += 1
        status, changed = sent(**{"X-Kill-Before": str(moment)})
        assert (status, changed in (frozenset(), whole)) == (0, True), f"{moment}: {sorted(changed)}"
        is_stored = Quota.objects.get(person=cast.rep, period=january, measure="revenue").amount == amount
        assert is_stored == bool(changed)
        seen.add(is_stored)
        assert web.ask("/")[0] == 200
    assert seen == {True, False}
    amount += 1
    leftovers.finish(messages)
    assert sent() == (302, whole)
    leftovers.finish(messages)
    assert [finding.invariant.number for finding in run_all() if finding.breaches] == []
