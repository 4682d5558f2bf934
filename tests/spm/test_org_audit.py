"""The audit log chains by hash, and seals history."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import authenticate, user_logged_in, user_logged_out
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.utils import timezone

from spm.org import audit, companies, guards, seals
from spm.org.audit_words import details
from spm.org.choices import AuditKind
from spm.org.models import AuditEntry, Team
from spm.org.sentinels import ensure_house
from spm.org.verification import run_all
from tests import children
from tests.builders import make_person, make_team

pytestmark = pytest.mark.django_db


def breaches(number="INV-31"):
    return [breach for finding in run_all([number]) for breach in finding.breaches]


def past_the_guards(write):
    guards.drop(connection)
    write()
    guards.install(connection)


def test_an_entry_says_who_did_what_to_what_and_from_where(cast):
    request = RequestFactory(REMOTE_ADDR="192.0.2.7").get("/")
    audit.record(AuditKind.EXPORT, actor=cast.admin, subject="Quotas 2026", request=request, rows=12)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.kind, entry.subject) == (cast.admin, "export", "Quotas 2026")
    assert (entry.detail, entry.address) == ({"rows": 12}, "192.0.2.7")


@pytest.mark.parametrize(
    ("kind", "detail", "told"),
    [
        (AuditKind.SETTINGS, {"changed": {"name": ["Acme", "Acme Ltd"]}}, "Name: Acme → Acme Ltd"),
        (AuditKind.SETTINGS, {"changed": {"name": [None, "Acme"]}}, "Name: Acme"),
        (AuditKind.ROLE_CHANGE, {"is_admin": True}, "Rights of an admin: no → yes."),
        (AuditKind.EXPORT, {"format": "xlsx", "query": {"period": "2026"}}, "As XLSX, with period 2026."),
        (AuditKind.PERIOD_REOPEN, {"reason": "late invoice", "reopening": 3}, "Reason: late invoice"),
        (AuditKind.IMPORT, {"rows": {"new": 2}}, "Rows: 2 new, 0 changed, 0 unchanged, 0 refused."),
        (
            AuditKind.IMPORT,
            {"rows": {"new": 4808}, "kind_of_file": "actuals"},
            "Actuals: 4,808 new, 0 changed, 0 unchanged, 0 refused.",
        ),
        (AuditKind.IMPORT_UNDO, {"kind_of_file": "actuals"}, "Actuals"),
        (AuditKind.SIGN_IN, {}, ""),
    ],
)
def test_an_entry_tells_its_details_as_a_sentence(kind, detail, told):
    assert details(audit.record(kind, actor=None, **detail)) == told


def test_a_changed_setting_keeps_what_it_was(company):
    was = company.name
    companies.set_company(
        name="Other", currency=company.currency, timezone=company.timezone, language=company.language, by=None
    )
    assert details(AuditEntry.objects.get()) == f"Name: {was} → Other"


def test_a_line_break_in_a_subject_does_not_look_like_a_second_entry():
    assert audit.record(AuditKind.EXPORT, actor=None, subject="a\nsign_in root\x00").subject == "a sign_in root "


def test_inv_31_audit_entries_chain_by_hash(cast):
    for number in range(3):
        audit.record(AuditKind.EXPORT, actor=cast.admin, subject=f"é {number}", when=timezone.now(), address=None)
    first, second, third = AuditEntry.objects.order_by("pk")
    assert (first.previous, second.previous, third.previous) == ("", first.digest, second.digest)
    assert breaches() == []


@pytest.mark.parametrize(
    "change",
    [{"subject": "other"}, {"detail": {"rows": 2}}, {"actor": None}, {"address": "192.0.2.9"}, {"kind": "import"}],
)
def test_inv_31_an_entry_altered_past_the_guards_is_named(cast, change):
    entry = audit.record(AuditKind.EXPORT, actor=cast.admin, subject="it", rows=1)
    past_the_guards(lambda: AuditEntry.objects.filter(pk=entry.pk).update(**change))
    assert [breach.ids for breach in breaches()] == [(entry.pk,)]


def test_inv_31_an_entry_taken_out_is_noticed_at_the_next_one(cast):
    entries = [audit.record(AuditKind.EXPORT, actor=cast.admin) for _ in range(3)]
    past_the_guards(lambda: AuditEntry.objects.filter(pk=entries[1].pk).delete())
    assert [breach.ids for breach in breaches()] == [(entries[2].pk,)]


def test_sign_in_failure_and_sign_out_are_recorded(cast):
    request = RequestFactory().get("/")
    user_logged_in.send(sender=type(cast.rep), request=request, user=cast.rep)
    user_logged_out.send(sender=type(cast.rep), request=request, user=cast.rep)
    authenticate(request, email=cast.rep.email, password="wrong password")
    kinds = AuditEntry.objects.order_by("pk").values_list("kind", "actor", "subject")
    assert list(kinds) == [
        ("sign_in", cast.rep.pk, cast.rep.email),
        ("sign_out", cast.rep.pk, cast.rep.email),
        ("sign_in_failed", None, cast.rep.email),
    ]


def test_signing_in_through_the_page_is_recorded(cast, company):
    Client().post("/accounts/login/", {"login": cast.rep.email, "password": "correct horse battery"})
    assert AuditEntry.objects.get().actor == cast.rep


def later():
    return time_machine.travel(timezone.now() + timedelta(hours=2), tick=False)


def test_inv_31_sealed_history_holds():
    team = make_team("North")
    with later():
        seals.seal_history()
    team.name = "Far North"
    team.save()
    assert AuditEntry.objects.filter(kind=AuditKind.HISTORY_SEAL).count() == 1
    assert breaches() == []


def test_inv_31_a_sealed_row_altered_past_the_triggers_is_named():
    row = make_team("North").history.get()
    with later():
        seals.seal_history()
    past_the_guards(lambda: Team.history.filter(pk=row.pk).update(name="South"))
    assert breaches()[0].text.startswith("org_historicalteam: a row between")


def test_rows_are_sealed_once_and_only_when_settled():
    make_team("North")
    assert seals.seal_history() is None
    with later():
        assert seals.seal_history() is not None
        assert seals.seal_history() is None


def write_ten_entries():
    for _each in range(10):
        with transaction.atomic():
            audit.record(AuditKind.EXPORT, actor=None)


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="PostgreSQL alone: SQLite lets one writer in at a time by itself"
)
@pytest.mark.django_db(transaction=True)
def test_inv_31_two_writers_at_once_do_not_fork_the_chain():
    ensure_house()
    make_person()
    audit.record(AuditKind.EXPORT, actor=None)
    writers = [children.start(write_ten_entries) for _each in range(4)]
    assert [children.got_through(writer) for writer in writers] == [True] * 4
    assert AuditEntry.objects.count() == 41
    assert breaches() == []
