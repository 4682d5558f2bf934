"""People, teams, the company and invitations, by their verbs."""

from datetime import date, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from spm.org import companies, invitations, people, teams
from spm.org.models import ALWAYS, AuditEntry, Company, Invitation, User
from spm.org.signals import facts_moved
from spm.org.trees import tree_as_of

pytestmark = pytest.mark.django_db
GOOD = "correct horse battery"


@pytest.fixture
def told():
    """What facts_moved announced."""
    heard = []

    def listen(since, recredit, **_):
        heard.append((since, recredit))

    facts_moved.connect(listen)
    yield heard
    facts_moved.disconnect(listen)


def test_a_new_person_cannot_sign_in_before_the_invitation(db):
    person = people.create_person(email=" Ann@Example.com ", name="Ann")
    assert (person.email, person.has_usable_password()) == ("Ann@Example.com", False)


@pytest.mark.parametrize(("email", "sentence"), [("ANN@example.com", "Somebody else"), ("ann", "not an e-mail")])
def test_inv_12_an_address_is_one_persons_whatever_its_case(db, email, sentence):
    people.create_person(email="ann@example.com", name="Ann")
    with pytest.raises(people.BadPerson, match=sentence):
        people.create_person(email=email, name="Other")


def test_inv_31_a_change_of_a_person_names_who_made_it(cast):
    assert people.update_person(cast.rep, name="New Name", by=cast.admin)
    assert not people.update_person(cast.rep, name="New Name", by=cast.admin)
    assert cast.rep.history.first().history_user == cast.admin
    assert cast.rep.history.count() == 2


def test_the_role_is_not_changed_by_the_way(cast):
    with pytest.raises(TypeError):
        people.update_person(cast.rep, is_admin=True)


def test_a_change_of_role_is_logged_and_the_last_admin_stays(cast):
    people.set_role(cast.rep, is_admin=True, by=cast.admin)
    entry = AuditEntry.objects.get()
    assert (entry.kind, entry.actor, entry.subject, entry.detail) == (
        "role_change",
        cast.admin,
        cast.rep.email,
        {"is_admin": True},
    )
    people.set_role(cast.rep, is_admin=False, by=cast.admin)
    for verb in (lambda: people.set_role(cast.admin, is_admin=False), lambda: people.deactivate(cast.admin)):
        with pytest.raises(people.LastAdmin):
            verb()


def test_inv_39_saving_a_person_read_earlier_gives_no_role_back(cast):
    people.set_role(cast.rep, is_admin=True)
    read_before = User.objects.get(pk=cast.rep.pk)
    people.set_role(cast.rep, is_admin=False)
    people.update_person(read_before, name="New Name")
    people.place_member(read_before, team=cast.south)
    people.set_preferences(read_before, locale="fr", timezone="", theme="dark", shortcuts=False)
    stored = User.objects.get(pk=cast.rep.pk)
    assert (stored.name, stored.locale, stored.theme, stored.is_admin) == ("New Name", "fr", "dark", False)


def test_inv_39_accepting_an_invitation_writes_the_password_alone(cast):
    person = people.create_person(email="new@example.com", name="New")
    token = token_of(invitations.invite(person, cast.admin))
    assert not invitations.accept(token, GOOD).is_admin
    assert person.history.count() == 1


def test_a_move_is_announced_once(cast, told):
    for _ in range(2):
        people.place_member(cast.rep, team=cast.south, starts_on=date(2026, 9, 1))
    assert told == [(date(2026, 9, 1), False)]
    assert tree_as_of(date(2026, 9, 1)).team_of[cast.rep.pk] == cast.south.pk
    assert tree_as_of(date(2026, 8, 31)).team_of[cast.rep.pk] == cast.north.pk


def test_inv_34_who_leaves_keeps_the_past_and_loses_the_rest(cast):
    people.place_member(cast.north_manager, team=cast.north)
    people.place_member(cast.north_manager, team=cast.south, starts_on=date(2027, 1, 1))
    people.leave(cast.north_manager, left_on=date(2026, 8, 31), by=cast.admin)
    before, after = tree_as_of(date(2026, 8, 31)), tree_as_of(date(2027, 6, 1))
    assert (before.lead[cast.north.pk], before.team_of[cast.north_manager.pk]) == (cast.north_manager.pk, cast.north.pk)
    assert cast.north.pk not in after.lead
    assert cast.north_manager.pk not in after.team_of
    assert not User.objects.get(pk=cast.north_manager.pk).is_active


def test_who_leaves_later_than_planned_stays_in_team_and_post_until_then(cast, told):
    people.place_member(cast.north_manager, team=cast.north)
    people.leave(cast.north_manager, left_on=date(2026, 9, 20))
    told.clear()
    people.leave(cast.north_manager, left_on=date(2026, 10, 31))
    between, after = tree_as_of(date(2026, 10, 1)), tree_as_of(date(2026, 11, 1))
    assert between.team_of[cast.north_manager.pk] == between.team_of[cast.rep.pk] == cast.north.pk
    assert between.lead[cast.north.pk] == cast.north_manager.pk
    assert cast.north_manager.pk not in after.team_of
    assert cast.north.pk not in after.lead
    assert told[0] == (date(2026, 9, 21), False)


def test_who_leaves_later_works_until_the_last_day(cast):
    people.leave(cast.rep, left_on=date(2026, 9, 18), by=cast.admin)
    assert cast.rep.is_active
    assert people.end_departed() == 0
    Company.objects.update(fixed_today=date(2026, 9, 19))
    assert people.end_departed() == 1


def test_a_post_given_to_a_successor_is_not_vacated(cast):
    teams.set_lead(cast.north, person=cast.teammate, starts_on=date(2026, 6, 1))
    people.leave(cast.north_manager, left_on=date(2026, 8, 31))
    assert tree_as_of(date(2026, 12, 1)).lead[cast.north.pk] == cast.teammate.pk


def test_inv_34_a_deactivated_person_is_out_at_the_next_request(cast):
    client = Client()
    client.force_login(cast.rep)
    people.deactivate(cast.rep, by=cast.admin)
    assert "_auth_user_id" in client.session
    assert client.get("/settings/").status_code == 302


def test_a_last_day_corrected_to_one_to_come_gives_access_and_team_back(cast):
    people.leave(cast.rep, left_on=date(2026, 9, 17), by=cast.admin)
    assert not cast.rep.is_active
    people.leave(cast.rep, left_on=date(2026, 9, 16), by=cast.admin)
    assert not cast.rep.is_active
    people.leave(cast.rep, left_on=date(2026, 12, 31), by=cast.admin)
    assert User.objects.get(pk=cast.rep.pk).is_active
    assert tree_as_of(date(2026, 12, 31)).team_of[cast.rep.pk] == cast.north.pk
    logged = AuditEntry.objects.filter(subject=cast.rep.email).order_by("pk")
    assert [entry.detail["is_active"] for entry in logged if "is_active" in entry.detail] == [False, True]


def test_a_last_day_to_come_lets_nobody_in_whom_no_earlier_one_had_shut_out(cast):
    people.deactivate(cast.rep, by=cast.admin)
    for day in (date(2026, 12, 31), date(2026, 11, 30)):
        people.leave(cast.rep, left_on=day, by=cast.admin)
        assert not cast.rep.is_active


def test_nobody_leaves_before_the_first_day(cast):
    people.update_person(cast.rep, starts_on=date(2026, 5, 1))
    with pytest.raises(people.BadPerson, match="before the first day"):
        people.leave(cast.rep, left_on=date(2026, 4, 30), by=cast.admin)
    with pytest.raises(people.BadPerson, match="before the first day"):
        people.create_person(email="x@example.com", name="X", starts_on=date(2026, 5, 1), left_on=date(2026, 4, 30))
    people.leave(cast.rep, left_on=date(2026, 5, 1), by=cast.admin)
    with pytest.raises(people.BadPerson, match="before the first day"):
        people.update_person(cast.rep, starts_on=date(2026, 5, 2))
    assert User.objects.get(pk=cast.rep.pk).left_on == date(2026, 5, 1)


def test_inv_33_a_team_does_not_come_to_stand_below_itself(cast):
    with pytest.raises(teams.TeamCycle, match="Sales → North → Sales"):
        teams.place_team(cast.sales, parent=cast.north, starts_on=date(2026, 1, 1))
    with pytest.raises(teams.TeamCycle):
        teams.place_team(cast.north, parent=cast.north)


def test_inv_33_a_cycle_of_a_later_day_is_told_with_its_day(cast):
    teams.place_team(cast.north, parent=None, starts_on=date(2026, 1, 1))
    teams.place_team(cast.north, parent=cast.south, starts_on=date(2028, 1, 1))
    with pytest.raises(teams.TeamCycle, match="2028-01-01"):
        teams.place_team(cast.south, parent=cast.north, starts_on=date(2027, 1, 1))


def test_a_team_is_placed_led_and_renamed_once(cast, told):
    east = teams.create_team(code="East", name="Far East", by=cast.admin)
    assert teams.place_team(east, parent=cast.sales, starts_on=ALWAYS)
    assert not teams.place_team(east, parent=cast.sales, starts_on=ALWAYS)
    assert teams.set_lead(east, person=cast.rep)
    assert not teams.set_lead(east, person=cast.rep)
    assert not teams.update_team(east, code="East", name="Far East")
    assert told == [(ALWAYS, False)]
    with pytest.raises(teams.BadTeam):
        teams.create_team(code=" EAST ")


days = st.integers(0, 3).map(lambda n: date(2026, 1, 1) + timedelta(days=n))
facts = st.dictionaries(st.tuples(st.integers(1, 5), days), st.one_of(st.none(), st.integers(1, 5)), max_size=10)


@given(facts)
def test_inv_33_a_cycle_is_found_exactly_where_walking_up_never_ends(drawn):
    rows = [(team, parent, day) for (team, day), parent in drawn.items()]

    def circular(day):
        parent = {team: above for team, above, since in sorted(rows, key=lambda row: row[2]) if since <= day}
        for start in parent:
            here = start
            for _ in range(len(parent) + 1):
                here = parent.get(here)
            if here is not None:
                return True
        return False

    bad = [day for day in sorted({day for _t, _p, day in rows}) if circular(day)]
    found = teams.first_cycle(rows)
    assert (found[0] if found else None) == (bad[0] if bad else None)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("currency", "EURO", "ISO currency"),
        ("currency", "XXX", "ISO currency"),
        ("timezone", "Paris", "time zone"),
        ("language", "tlh", "not a language"),
        ("name", " ", "needs a name"),
    ],
)
def test_a_bad_setting_of_the_company_is_refused_in_a_sentence(db, field, value, sentence):
    with pytest.raises(companies.BadCompany, match=sentence):
        companies.set_company(**{"name": "Acme", "currency": "EUR", "timezone": "UTC", field: value})
    assert not Company.objects.exists()


def test_the_currency_stays_once_there_is_a_calendar(company, year):
    with pytest.raises(companies.BadCompany, match="stays EUR"):
        companies.set_company(name="Acme", currency="USD")


def test_a_second_factor_is_required_from_the_start_in_production_alone(db, settings):
    assert not companies.set_company(name="Acme", currency="eur").require_admin_mfa
    Company.objects.all().delete()
    settings.PRODUCTION = True
    assert companies.set_company(name="Acme", currency="eur").require_admin_mfa


def command(*extra):
    out = StringIO()
    call_command("company", "--name", "Acme", "--currency", "USD", *extra, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def test_the_company_command_repeats_and_makes_an_admin(db):
    first, second = command("--admin", "a@example.com"), command("--admin", "a@example.com", "--timezone", "Asia/Tokyo")
    assert first != second
    assert Company.objects.get().timezone == "Asia/Tokyo"
    admin = invitations.accept(second.split("/")[-2], GOOD)
    assert admin.is_admin
    assert command("--admin", "a@example.com") == ""


def test_the_company_command_ends_in_words(db):
    with pytest.raises(CommandError, match="ISO currency"):
        call_command("company", "--name", "Acme", "--currency", "dollars")
    with pytest.raises(CommandError, match="at most 200 characters"):
        call_command("company", "--name", "A" * 201, "--currency", "EUR")


def token_of(link):
    return link.rstrip("/").split("/")[-1]


@pytest.fixture
def invited(cast):
    person = people.create_person(email="new@example.com", name="New")
    return person, token_of(invitations.invite(person, cast.admin))


def test_an_invitation_is_good_once_and_its_token_is_not_stored(invited):
    person, token = invited
    assert token not in str(list(Invitation.objects.values()))
    assert invitations.accept(token, GOOD).check_password(GOOD)
    with pytest.raises(invitations.BadInvitation):
        invitations.accept(token, "another long password")
    person.refresh_from_db()
    with pytest.raises(invitations.BadInvitation):
        invitations.invite(person, None)


def test_an_invitation_ends_after_seven_days_and_by_a_newer_one(cast):
    person = people.create_person(email="new@example.com", name="New")
    older, newer = (token_of(invitations.invite(person, cast.admin)) for _ in range(2))
    with pytest.raises(invitations.BadInvitation):
        invitations.open_invitation(older)
    assert invitations.open_invitation(newer)
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)), pytest.raises(invitations.BadInvitation):
        invitations.open_invitation(newer)


def test_a_weak_password_leaves_the_link_good(invited):
    with pytest.raises(ValidationError):
        invitations.accept(invited[1], "password")
    assert invitations.open_invitation(invited[1])


def test_the_first_admin_link_ends_when_there_is_an_admin(db):
    token = token_of(invitations.first_admin_link())
    admin = invitations.accept(token, GOOD, email="boss@example.com", name="Boss")
    assert admin.is_admin
    assert list(AuditEntry.objects.values_list("kind", flat=True)) == ["first_admin", "role_change"]
    with pytest.raises(invitations.BadInvitation):
        invitations.first_admin_link()


def test_the_invitation_page_signs_the_person_in(invited):
    client, address = Client(), f"/accounts/invitation/{invited[1]}/"
    assert b"new@example.com" in client.get(address).content
    assert client.post(address, {"password": "short"}).status_code == 200
    assert client.post(address, {"password": GOOD}).status_code == 302
    assert int(client.session["_auth_user_id"]) == invited[0].pk
    assert Client().get(address).status_code == 404


def test_the_first_admin_gives_name_and_address_on_the_page(db):
    address = f"/accounts/invitation/{token_of(invitations.first_admin_link())}/"
    assert Client().post(address, {"password": GOOD}).status_code == 200
    Client().post(address, {"password": GOOD, "name": "Boss", "email": "boss@example.com"})
    assert User.objects.get(is_admin=True).email == "boss@example.com"
