"""Teams, people and memberships from files: new, changed, unchanged, refused, undone."""

from datetime import date

import pytest
from django.db import transaction

from spm.imports import batches, staging
from spm.imports.choices import BatchState
from spm.imports.journal import ChangedSince
from spm.imports.models import ImportBatch, ImportRow
from spm.org import people
from spm.org.models import ALWAYS, AuditEntry, FiscalYear, Membership, Period, Team, TeamLead, TeamPlacement, User
from spm.org.people import LastAdmin
from spm.org.trees import tree_as_of
from tests.builders import make_person, make_team
from tests.spm.imports_help import load, told, upload

pytestmark = pytest.mark.django_db

TEAMS = """
    team,parent,lead_email
    North,Sales,
    Sales,,
"""


def test_teams_are_made_whatever_the_order_of_their_rows(company):
    assert told(load("teams", TEAMS)) == {"read": 2, "new": 2}
    assert TeamPlacement.objects.get(team__key="north").parent == Team.objects.get(key="sales")


def test_inv_10_the_same_teams_again_change_nothing_not_even_the_history(company):
    load("teams", TEAMS)
    before = (Team.history.count(), TeamPlacement.history.count())
    again = load("teams", TEAMS)
    assert (told(again), again.state) == ({"read": 2, "unchanged": 2}, BatchState.COMMITTED)
    assert (Team.history.count(), TeamPlacement.history.count()) == before


def test_a_second_load_adds_the_lead_and_an_empty_lead_leaves_him_alone(company):
    load("teams", TEAMS)
    make_person("Nora", email="nora@example.com")
    assert told(load("teams", TEAMS.replace("Sales,\n", "Sales,NORA@example.com\n"))) == {
        "read": 2,
        "changed": 1,
        "unchanged": 1,
    }
    load("teams", TEAMS)
    assert TeamLead.objects.get().person.name == "Nora"


def test_an_unknown_lead_or_parent_is_refused_with_row_column_and_value(company):
    batch = load("teams", "team,parent,lead_email\nNorth,Nowhere,\nSouth,,nobody@example.com\n")
    rows = list(batch.rows.values_list("number", "column", "value"))
    assert rows == [(2, "parent", "Nowhere"), (3, "lead_email", "nobody@example.com")]
    assert (batch.state, Team.objects.count()) == (BatchState.REFUSED, 0)


def test_inv_33_a_ring_of_teams_is_refused_on_the_day_it_would_close(company):
    load("teams", TEAMS)
    batch = load("teams", "team,parent,starts_on\nSales,North,2026-07-01\n")
    assert (batch.refused, batch.rows.get().column) == (1, "parent")


def test_a_row_below_a_refused_parent_is_refused_too(company):
    batch = load("teams", "team,parent,lead_email\nNorth,Sales,\nSales,,nobody@example.com\n", is_partial=True)
    assert told(batch) == {"read": 2, "refused": 2}


def test_people_are_placed_from_their_first_day_and_leave_after_their_last(company):
    load("teams", TEAMS)
    rows = """
        email,name,team,starts_on,left_on
        Ana@Example.com,Ana,north,2026-01-01,2026-06-30
        bob@example.com,Bob,,,
    """
    assert told(load("people", rows)) == {"read": 2, "new": 2}
    ana = User.objects.get(email_key="ana@example.com")
    north = Team.objects.get(key="north").pk
    assert [tree_as_of(day).team_of.get(ana.pk) for day in (date(2026, 6, 30), date(2026, 7, 1))] == [north, None]
    assert (ana.is_active, ana.has_usable_password()) == (False, False)
    assert told(load("people", rows)) == {"read": 2, "unchanged": 2}


def test_a_day_of_leaving_taken_back_puts_the_person_back_into_the_team(company):
    team = make_team("North")
    load("people", "email,team,left_on\nana@example.com,North,2026-06-30\n")
    assert told(load("people", "email,left_on\nana@example.com,\n")) == {"read": 1, "changed": 1}
    ana = User.objects.get(email_key="ana@example.com")
    assert (ana.is_active, tree_as_of(date(2026, 9, 1)).team_of[ana.pk]) == (True, team.pk)


@pytest.fixture
def lead(company):
    """Nora leads North and South, is a member of North, and is to join South in October."""
    north, south = make_team("North"), make_team("South")
    nora = make_person("Nora", email="nora@example.com", team=north)
    Membership.objects.create(person=nora, team=south, starts_on=date(2026, 10, 1))
    for team in (north, south):
        TeamLead.objects.create(team=team, person=nora)
    TeamLead.objects.create(team=south, person=make_person("Sam"), starts_on=date(2026, 12, 1))
    return nora


def told_of(person):
    """Team and led teams of a person in summer, on the last of August, in autumn and in winter; and their access."""
    trees = [tree_as_of(date(2026, month, 1)) for month in (6, 9, 11, 12)]
    person.refresh_from_db()
    return [(tree.team_of.get(person.pk), sorted(tree.led_by(person.pk))) for tree in trees], person.is_active


@pytest.mark.parametrize(
    "days", [["2026-08-31"], ["2026-10-31"], ["2026-10-31", "2026-08-31"], ["2026-08-31", "2026-10-31"]]
)
def test_leaving_by_a_file_is_leaving_by_the_page(lead, days):
    with transaction.atomic():
        for day in days:
            people.leave(lead, left_on=date.fromisoformat(day))
        by_page = told_of(lead)
        transaction.set_rollback(True)
    for day in days:
        load("people", f"email,left_on\nnora@example.com,{day}\n")
    assert told_of(lead) == by_page
    assert told(load("people", f"email,left_on\nnora@example.com,{days[-1]}\n")) == {"read": 1, "unchanged": 1}


@pytest.mark.parametrize(("header", "day"), [("left_on", "2026-04-30"), ("starts_on", "2026-09-01")])
def test_a_last_day_before_the_stored_first_one_is_refused(lead, header, day):
    people.update_person(lead, starts_on=date(2026, 5, 1), left_on=date(2026, 8, 31))
    batch = load("people", f"email,{header}\nnora@example.com,{day}\n")
    assert [(row.column, row.reason) for row in batch.rows.all()] == [
        (header, "The person would leave before the first day.")
    ]


def test_a_day_of_leaving_taken_back_gives_the_leads_back_too(lead):
    before, _active = told_of(lead)
    left = load("people", "email,left_on\nnora@example.com,2026-08-31\n")
    load("people", "email,left_on\nnora@example.com,\n")
    north = before[0][0]
    assert [(north, led) for _team, led in before] == told_of(lead)[0]
    with pytest.raises(ChangedSince):
        batches.undo(left)


def test_undo_of_leaving_gives_back_what_was_planned(lead):
    before = told_of(lead)
    batches.undo(load("people", "email,left_on\nnora@example.com,2026-08-31\n"))
    assert told_of(lead) == before


EXPORT = "email,name,team,starts_on,left_on\nana@example.com,Ana,{team},2024-01-01,{left}\n"


def test_the_export_of_today_leaves_the_teams_of_the_past_alone(company):
    north, south = make_team("North"), make_team("South")
    first = EXPORT.format(team="North", left="")
    load("people", first)
    ana = User.objects.get(email_key="ana@example.com")
    people.place_member(ana, team=south, starts_on=date(2026, 7, 1))
    again = [load("people", first), load("people", EXPORT.format(team="South", left=""))]
    load("people", EXPORT.format(team="South", left="2026-08-31"))
    assert [told(batch) for batch in again] == [{"read": 1, "unchanged": 1}] * 2
    at = [tree_as_of(day).team_of.get(ana.pk) for day in (date(2026, 6, 30), date(2026, 7, 1), date(2026, 9, 1))]
    assert at == [north.pk, south.pk, None]


def test_a_move_by_the_people_file_is_refused_with_the_way_out(company):
    make_team("North"), make_team("South")
    load("people", EXPORT.format(team="North", left=""))
    batch = load("people", EXPORT.format(team="South", left=""))
    assert list(batch.rows.values_list("column", "value", "reason")) == [
        ("team", "South", "Ana belongs to North. A move is loaded as a membership, with its day.")
    ]
    assert Membership.objects.count() == 1


def test_somebody_who_comes_back_joins_the_team_of_the_file_on_the_first_day(company):
    north, south = make_team("North"), make_team("South")
    load("people", EXPORT.format(team="North", left="2026-01-31"))
    load("people", EXPORT.format(team="South", left="").replace("2024-01-01", "2026-07-01"))
    ana = User.objects.get(email_key="ana@example.com")
    at = [tree_as_of(date(2026, month, 1)).team_of.get(ana.pk) for month in (1, 6, 7)]
    assert (at, ana.is_active) == ([north.pk, None, south.pk], True)


def test_missing_columns_leave_what_is_stored(company):
    person = make_person("Ana", email="ana@example.com", employee_id="7", is_admin=True)
    assert told(load("people", "email,name\nana@example.com,Ana Silva\n")) == {"read": 1, "changed": 1}
    person.refresh_from_db()
    assert (person.name, person.employee_id, person.is_admin) == ("Ana Silva", "7", True)


def test_inv_12_one_identity_whatever_case_and_blanks_and_the_later_row_wins(company):
    batch = load("people", "email,name\nana@example.com,First\nANA@example.com ,Second\n")
    assert told(batch) == {"read": 2, "new": 1, "superseded": 1}
    assert User.objects.people().get().name == "Second"


def test_rows_that_a_later_one_replaces_are_named_and_twenty_at_most(company):
    rows = "".join(f"p{n}@example.com,First\n" for n in range(22))
    batch = load("people", f"email,name\n{rows}{rows.replace('First', 'Second')}alone@example.com,Ana\n")
    assert told(batch) == {"read": 45, "new": 23, "superseded": 22}
    (note,) = batch.notes
    assert note.startswith(
        "Rows that a later row of the file about the same thing replaces: 2 (p0@example.com), 3 (p1@"
    )
    assert note.endswith("21 (p19@example.com). 2 more rows are replaced.")
    assert load("people", "email,name\nother@example.com,Ana\n").notes == []


def test_unknown_zone_language_and_team_are_refused(company):
    batch = load("people", "email,team,locale,timezone\na@x.com,Nowhere,,\nb@x.com,,xx,\nc@x.com,,,Mars/Base\n")
    assert [row.column for row in batch.rows.all()] == ["team", "locale", "timezone"]


def test_memberships_are_dated_and_an_empty_team_ends_one(company):
    person, north = make_person("Ana", email="ana@example.com"), make_team("North")
    rows = "email,team,starts_on\nana@example.com,North,\nana@example.com,,2026-07-01\n"
    assert told(load("memberships", rows)) == {"read": 2, "new": 2}
    assert list(Membership.objects.values_list("person", "team", "starts_on")) == [
        (person.pk, north.pk, ALWAYS),
        (person.pk, None, date(2026, 7, 1)),
    ]


def test_inv_16_undo_takes_teams_away_and_restores_what_was_changed(company):
    load("teams", TEAMS)
    make_team("West")
    moved = load("teams", "team,parent\nNorth,West\nEast,West\n")
    batches.undo(moved)
    assert TeamPlacement.objects.get(team__key="north").parent == Team.objects.get(key="sales")
    assert not Team.objects.filter(key="east").exists()
    moved.refresh_from_db()
    assert moved.state == BatchState.UNDONE


def test_undo_of_people_deactivates_them_and_another_load_brings_them_back(company):
    make_team("North")
    batch = load("people", "email,team\nana@example.com,North\n")
    batches.undo(batch)
    assert (User.objects.people().get().is_active, Membership.objects.count()) == (False, 0)
    load("people", "email,team\nana@example.com,North\n")
    assert (User.objects.people().get().is_active, Membership.objects.count()) == (True, 1)


def test_roles_that_a_file_gives_or_takes_are_in_the_audit_log(company):
    make_person("Boss", email="boss@example.com", is_admin=True)
    batch = load("people", "email,is_admin\nana@example.com,yes\nbob@example.com,no\n")
    batches.undo(batch)
    told = AuditEntry.objects.filter(kind="role_change").order_by("pk").values_list("subject", "detail")
    assert list(told) == [
        ("ana@example.com", {"is_admin": True}),
        ("ana@example.com", {"is_active": False}),
        ("bob@example.com", {"is_active": False}),
    ]


@pytest.mark.parametrize("row", ["boss@example.com,no,", "boss@example.com,,2026-01-31"])
def test_a_file_does_not_take_the_last_admin_away(company, row):
    make_person("Boss", email="boss@example.com", is_admin=True)
    with pytest.raises(LastAdmin, match="Boss is the last admin"):
        load("people", f"email,is_admin,left_on\n{row}\nana@example.com,no,\n")
    assert ImportBatch.objects.get().state == BatchState.REFUSED
    assert User.objects.people().get().is_admin


def test_a_preview_that_ends_after_the_commit_leaves_the_file_loaded(company, monkeypatch):
    batch = upload("teams", TEAMS)
    judge = batches._judge_only

    def overtaken(one, staged, *told):
        judge(one, staged, *told)
        batches.commit(ImportBatch.objects.get(pk=one.pk))

    monkeypatch.setattr(batches, "_judge_only", overtaken)
    with pytest.raises(batches.AlreadyDone):
        batches.preview(batch)
    assert ImportBatch.objects.get().state == BatchState.COMMITTED


def test_a_preview_that_begins_to_write_after_the_commit_leaves_its_rows_alone(company, monkeypatch):
    batch = upload("memberships", "email,team\nnobody@example.com,North\n", is_partial=True)
    stage = staging.stage

    def overtaken(one, *told):
        staged = stage(one, *told)
        monkeypatch.undo()
        batches.commit(ImportBatch.objects.get(pk=one.pk))
        return staged

    monkeypatch.setattr(staging, "stage", overtaken)
    kept = ImportRow.objects.filter(batch=batch)
    with pytest.raises(batches.AlreadyDone):
        batches.preview(batch)
    assert list(kept.values_list("number", "outcome")) == [(2, "refused")]


def test_a_preview_stops_writing_rows_when_a_commit_was_faster(company, monkeypatch):
    batch = upload("memberships", "email,team\nnobody@example.com,North\n", is_partial=True)
    survey = batches._survey

    def overtaken(*told):
        monkeypatch.undo()
        batches.commit(ImportBatch.objects.get(pk=batch.pk))
        survey(*told)

    monkeypatch.setattr(batches, "_survey", overtaken)
    with pytest.raises(batches.AlreadyDone):
        batches.preview(batch)
    assert list(ImportRow.objects.values_list("number", "outcome")) == [(2, "refused")]


def test_undo_refuses_when_a_later_change_would_be_lost(company):
    load("teams", TEAMS)
    make_team("West"), make_team("East")
    moved = load("teams", "team,parent\nNorth,West\n")
    load("teams", "team,parent\nNorth,East\n")
    with pytest.raises(ChangedSince):
        batches.undo(moved)
    moved.refresh_from_db()
    assert moved.state == BatchState.COMMITTED


PERIODS = """
    fiscal_year,quarter,period,starts_on,ends_on
    2026,2026-Q1,2026-01,2026-01-01,2026-01-31
    2026,2026-Q1,2026-02,2026-02-01,2026-02-28
"""


def test_periods_become_a_seamless_year_and_again_change_nothing(company):
    assert told(load("periods", PERIODS)) == {"read": 2, "new": 2}
    assert FiscalYear.objects.get().ends_on == date(2026, 2, 28)
    assert told(load("periods", PERIODS)) == {"read": 2, "unchanged": 2}


def test_a_gap_in_the_calendar_is_refused_in_words(company):
    batch = load("periods", PERIODS.replace("2026-02-01", "2026-02-03"))
    assert (batch.refused, Period.objects.count()) == (2, 0)
    assert "days are missing" in batch.rows.first().reason


def test_undo_of_periods_takes_the_year_away(company):
    batches.undo(load("periods", PERIODS))
    assert (FiscalYear.objects.count(), Period.objects.count()) == (0, 0)
