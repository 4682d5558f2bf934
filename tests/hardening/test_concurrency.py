"""Two things at once, as the product meets them: imports, roll-ups, closings, and forms sent twice. Both databases.

After each race the totals are those of the rows (``verify`` finds nothing), and whoever lost heard a sentence.
"""

import threading
from decimal import Decimal
from functools import partial
from time import sleep

import pytest
from django.db import connections
from django.test import Client

from spm.errors import RuleViolation
from spm.imports import batches
from spm.imports.models import ImportBatch
from spm.imports.progress import WRITING_ALL
from spm.jobs import queue
from spm.market.models import Assignment, Territory
from spm.org import audit, people
from spm.org.choices import AuditKind
from spm.org.models import AuditEntry, Membership, Period, Team, TeamLead, User
from spm.org.verification import run_all
from targets import actuals, closing, plans, quotas, rollup
from targets import imports as line_imports
from targets.batches import newest
from targets.models import Actual, Attainment, CompanyPlan, Credit, PeriodClosing, Quota
from tests.builders import make_actual, make_person, make_plan, make_quota, make_territory
from tests.races import at_once, no_lock
from tests.spm.imports_help import upload

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def january(monkeypatch, year, cast):
    """An open, rolled-up January with a line and a quota; messages to workers get lost, so the tests say when."""
    monkeypatch.setattr(queue, "_send_now", lambda pk: None)
    make_quota(cast.rep, "2026-01", 80, "revenue")
    make_actual(cast.rep, amount=100, cost=60)
    rollup.roll_up_stale()
    return Period.objects.get(level="month", label="2026-01")


def lines(amount, first, last, day="2026-01-20"):
    rows = [f"L{number},revenue,{day},rep.one@example.com,{amount}" for number in range(first, last)]
    return "\n".join(["external_id,kind,date,email,amount", *rows])


def commit(batch, **told):
    return batches.commit(ImportBatch.objects.get(pk=batch.pk), **told)


def broken():
    """What ``verify`` finds."""
    return [(finding.invariant.number, finding.breaches) for finding in run_all() if finding.breaches]


def company_revenue(label="2026-01"):
    return Attainment.objects.get(period__label=label, measure="revenue", company__isnull=False).actual


def test_inv_12_two_imports_at_once_of_overlapping_rows_end_as_one_after_the_other(january):
    one, two = upload("actuals", lines(10, 0, 60)), upload("actuals", lines(20, 30, 90))
    done = at_once(lambda: commit(one), lambda: commit(two))
    assert [batch.state for batch in done] == ["committed", "committed"]
    overlap = Actual.objects.filter(source="file", external_id__in=[f"L{number}" for number in range(30, 60)])
    shared = set(overlap.values_list("amount", "version"))
    assert shared in ({(Decimal(20), 2)}, {(Decimal(10), 2)})  # all of the later file, none of the earlier
    assert sorted((batch.new, batch.changed) for batch in done) == [(30, 30), (60, 0)]
    rollup.roll_up_stale()
    assert company_revenue() == 100 + 30 * 10 + 30 * 20 + 30 * shared.pop()[0]
    assert broken() == []


def test_inv_12_ten_imports_at_once_end_as_one_after_the_other(january):
    for turn in range(5):
        files = [upload("actuals", lines(10 * turn + place + 1, 0, 20)) for place in range(10)]
        done = at_once(*[partial(commit, batch) for batch in files])
        assert [batch.state for batch in done] == ["committed"] * 10
        outcomes = sorted((batch.new, batch.changed) for batch in done)
        assert outcomes == ([(0, 20)] * 10 if turn else [(0, 20)] * 9 + [(20, 0)])
        last = max(done, key=lambda batch: batch.committed_at)
        standing = Actual.objects.filter(source="file").values_list("amount", "version", "batch")
        assert set(standing) == {(Decimal(10 * turn + done.index(last) + 1), 10 * turn + 10, last.pk)}
        rollup.roll_up_stale()
        assert company_revenue() == 100 + 20 * (10 * turn + done.index(last) + 1)
    assert broken() == []


def test_inv_12_control_without_the_locks_two_imports_credit_a_line_twice(january, monkeypatch):
    """The key of the versions, which would refuse the second, is out of the way too."""
    commit(upload("actuals", lines(10, 0, 1)))
    with actuals.recording("file") as recorder:
        recorder.vanish(())
    both_have_read, write = threading.Barrier(2, timeout=20), actuals._update_lines
    load_in_any_transaction = batches._load.__wrapped__

    def load(*args):
        with no_lock():
            load_in_any_transaction(*args)

    monkeypatch.setattr(batches, "_load", load)
    monkeypatch.setattr(batches, "lock_imports", lambda: None)
    monkeypatch.setattr(line_imports, "lock_all_leaves", lambda: None)
    monkeypatch.setattr(actuals.Recorder, "_keep_versions", lambda self, changes, reason: None)
    monkeypatch.setattr(actuals, "_update_lines", lambda changes: (both_have_read.wait(), write(changes)))
    one, two = upload("actuals", lines(20, 0, 1)), upload("actuals", lines(30, 0, 1))
    done = at_once(lambda: commit(one), lambda: commit(two))
    assert [batch.state for batch in done] == ["committed", "committed"]
    line = Actual.objects.get(source="file")
    assert sorted(Credit.objects.filter(actual=line).values_list("amount", flat=True)) == [20, 30]
    rollup.roll_up_stale()
    assert company_revenue() == 150
    assert broken() != []


def test_inv_21_imports_beside_roll_ups_lose_nothing(january):
    files = [upload("actuals", lines(10 + turn, 20 * turn, 20 * turn + 30)) for turn in range(4)]

    def load():
        return [commit(batch).state for batch in files]

    def roll_up():
        for _turn in range(8):
            rollup.roll_up_stale()

    loaded, *rolled = at_once(load, roll_up, roll_up)
    assert (loaded, rolled) == (["committed"] * 4, [None, None])
    rollup.roll_up_stale()
    assert company_revenue() == sum(Actual.objects.in_force().values_list("amount", flat=True))
    assert broken() == []


def closer(january, cast, ended):
    """A thread that closes January, and tells when it has."""

    def work():
        try:
            ended.append(closing.close(january, by=cast.admin))
        finally:
            connections.close_all()

    return threading.Thread(target=work)


def test_inv_29_a_close_during_a_commit_waits_and_closes_with_its_rows(january, cast):
    ended = []
    thread = closer(january, cast, ended)

    def begin_to_close():  # called inside the commit's transaction, after its last row
        thread.start()
        sleep(0.5)
        assert ended == []

    assert commit(upload("actuals", lines(10, 0, 5)), confirm=begin_to_close).state == "committed"
    thread.join(60)
    assert "150.0000" in {row["actual"] for row in ended[0].rows}
    assert company_revenue() == 150
    assert broken() == []


def test_inv_29_rows_whose_period_closes_before_they_are_written_wait_in_words(january, cast):
    def close(_done, _of, note):
        if note == WRITING_ALL and Period.objects.get(pk=january.pk).state != "closed":
            closing.close(january, by=cast.admin)

    done = commit(upload("actuals", lines(10, 0, 5)), progress=close)
    assert (done.state, done.new, done.parked) == ("committed", 0, 5)
    assert set(done.rows.values_list("reason", flat=True)) == {"2026-01 is closed for new lines."}
    assert company_revenue() == 100
    assert broken() == []


def test_inv_29_a_close_beside_a_commit_has_its_rows_or_leaves_them_waiting(january, cast):
    batch = upload("actuals", lines(10, 0, 40))
    done, closed = at_once(lambda: commit(batch), lambda: closing.close(january, by=cast.admin))
    assert isinstance(closed, PeriodClosing)
    assert (done.state, done.new + done.parked) == ("committed", 40)
    assert company_revenue() == 100 + 10 * done.new
    assert broken() == []


def test_inv_29_a_quota_set_beside_a_close_is_in_it_or_refused_in_words(january, cast, year):
    def change():
        return quotas.set_quota(
            make_plan(year), person=cast.rep, measure="revenue", period=january, amount=Decimal(90), by=cast.admin
        )

    changed, closed = at_once(change, lambda: closing.close(january, by=cast.admin))
    assert isinstance(closed, PeriodClosing)
    stored = Quota.objects.get(person=cast.rep, period=january).amount
    assert stored == (80 if isinstance(changed, RuleViolation) else 90)
    mine = {row["target"] for row in closed.rows if row["person_id"] == cast.rep.pk and row["target"]}
    assert mine == {str(stored)}
    assert broken() == []


def test_inv_30_of_two_reopenings_and_two_closings_at_once_one_counts(january, cast):
    def close():
        return closing.close(january, by=cast.admin)

    def reopen():
        return closing.reopen(january, by=cast.admin, reason="An invoice was missing")

    for verb in (close, reopen):
        ended = at_once(verb, verb, verb)
        assert sum(isinstance(one, RuleViolation) for one in ended) == 2
    assert PeriodClosing.objects.count() == 1
    assert broken() == []


def test_a_baseline_asked_for_twice_at_once_is_frozen_once(january, cast, year):
    plan = make_plan(year)
    ended = at_once(*[lambda: plans.freeze_baseline(plan, by=cast.admin)] * 3)
    assert sum(isinstance(one, CompanyPlan) for one in ended) == 1
    assert sum(isinstance(one, RuleViolation) for one in ended) == 2
    assert CompanyPlan.objects.get(kind="baseline").quotas.count() == 1


def send_twice(sender, url, **fields):
    """The same form sent three times at once by one person; the answers' statuses, sorted."""

    def post():
        client = Client()
        client.force_login(sender, backend=BACKEND)
        return client.post(url, fields).status_code

    return sorted(at_once(post, post, post), key=str)


def test_a_new_person_sent_twice_is_one_person_and_a_sentence(january, cast):
    fields = {"email": "twice@example.com", "name": "Twice"}
    assert send_twice(cast.admin, "/setup/people/new/", **fields) == [302, 422, 422]
    assert User.objects.filter(email="twice@example.com").count() == 1


def test_a_new_team_sent_twice_is_one_team_and_a_sentence(january, cast):
    assert send_twice(cast.admin, "/setup/teams/new/", name="Twice") == [302, 422, 422]
    assert Team.objects.filter(key="twice").count() == 1


def test_a_new_territory_sent_twice_is_one_territory_and_a_sentence(january, cast):
    assert send_twice(cast.admin, "/setup/territories/new/", code="Twice", name="Twice") == [302, 422, 422]
    assert Territory.objects.filter(key="twice").count() == 1


def test_an_assignment_sent_twice_is_one_row(january, cast):
    territory = make_territory("North land")
    fields = {"person": cast.rep.pk, "starts_on": "2026-03-01", "role": "owner"}
    assert send_twice(cast.admin, f"/setup/territories/{territory.pk}/assign/", **fields) == [302, 302, 302]
    assert Assignment.objects.filter(territory=territory).count() == 1


def test_the_very_first_entries_of_the_audit_log_at_once_are_a_chain(company):
    written = at_once(*[lambda: audit.record(AuditKind.SETTINGS, actor=None)] * 4)
    assert [type(one) for one in written] == [AuditEntry] * 4
    assert broken() == []


def test_two_admins_who_send_each_other_away_do_not_wait_for_ever(january, cast):
    other = make_person("Second Admin", is_admin=True)
    last_day = Period.objects.get(label="2026-08").ends_on
    ended = at_once(lambda: people.leave(cast.admin, left_on=last_day), lambda: people.leave(other, left_on=last_day))
    assert sorted(type(one) for one in ended if one is not None) == [people.LastAdmin]


def test_a_territory_that_moves_takes_its_numbers_with_it(january, cast):
    above, below = make_territory("Above"), make_territory("Below")
    make_actual(cast.rep, amount=7, territory=below)
    rollup.roll_up_stale()
    client = Client()
    client.force_login(cast.admin, backend=BACKEND)
    fields = {"code": "Below", "name": "Below", "parent": above.pk, "version": below.version}
    assert client.post(f"/setup/territories/{below.pk}/", fields).status_code == 302
    rollup.roll_up_stale()
    assert Attainment.objects.get(territory=above, period=january, measure="revenue").actual == 7
    assert broken() == []


def test_a_new_year_sent_twice_is_one_year_and_a_sentence(january, cast):
    fields = {"label": "2027", "starts_on": "2027-01-01", "kind": "months", "weeks": "52"}
    assert send_twice(cast.admin, "/setup/calendar/", **fields) == [302, 422, 422]


def test_a_quota_grid_sent_twice_stores_one_change(january, cast, year):
    cell = f"c:person:{cast.teammate.pk}:{january.pk}"
    url = "/targets/2026/allocate/?measure=revenue&columns=months"
    seen = newest(plans.working_plan(year))
    assert set(send_twice(cast.admin, url, **{cell: "500", "was": "{}", "seen": str(seen)})) <= {302, 422}
    assert Quota.objects.get(person=cast.teammate, period=january).amount == 500
    assert Quota.history.filter(person=cast.teammate, period=january).count() == 1


def test_an_import_asked_for_twice_is_loaded_once(january, cast, monkeypatch):
    monkeypatch.undo()  # jobs run when the form's transaction commits
    batch = upload("actuals", lines(10, 0, 5), by=cast.admin)
    assert set(send_twice(cast.admin, f"/setup/imports/{batch.pk}/commit/")) == {302}
    batch.refresh_from_db()
    assert (batch.state, batch.new, company_revenue()) == ("committed", 5, 150)
    assert broken() == []


def test_a_membership_sent_twice_is_one_row(january, cast):
    person = make_person("Newcomer")
    fields = {"team": cast.north.pk, "starts_on": "2026-03-01"}
    assert send_twice(cast.admin, f"/setup/people/{person.pk}/place/", **fields) == [302, 302, 302]
    assert Membership.objects.filter(person=person).count() == 1


def test_a_lead_sent_twice_is_one_row(january, cast):
    fields = {"person": cast.rep.pk, "starts_on": "2026-03-01"}
    assert send_twice(cast.admin, f"/setup/teams/{cast.north.pk}/lead/", **fields) == [302, 302, 302]
    assert TeamLead.objects.filter(team=cast.north, starts_on="2026-03-01").count() == 1
