"""Setup pages, as an admin uses them."""

import re
from datetime import date

import pytest
from django.urls import reverse

from spm.dashboards.setup.forms import CompanyForm
from spm.market.models import AccountPlacement, Assignment, Territory
from spm.org import calendars
from spm.org.choices import PeriodState
from spm.org.models import AuditEntry, Company, FiscalYear, Membership, Period, Team, TeamLead, TeamPlacement, User
from spm.org.people import set_role
from spm.periods import CalendarKind
from tests.builders import make_account, make_person, make_territory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client, cast):
    client.force_login(cast.admin)
    return client


def page(client, name, *args):
    return client.get(reverse(f"setup:{name}", args=args)).content.decode()


def test_overview_leads_through_the_first_steps(admin, cast):
    assert "From nothing to a first dashboard" in page(admin, "overview")


def test_company_is_changed_and_the_change_is_logged(admin):
    values = {
        "name": "New Name",
        "currency": "EUR",
        "timezone": "Europe/Paris",
        "language": "fr",
        "ahead_from": 110,
        "on_track_from": 95,
        "at_risk_from": 80,
        "version": 0,
    }
    assert admin.post(reverse("setup:company"), values).status_code == 302
    assert Company.objects.get().timezone == "Europe/Paris"
    assert AuditEntry.objects.filter(kind="settings").exists()


def test_limits_of_status_must_descend(admin):
    values = {"name": "N", "currency": "EUR", "timezone": "UTC", "language": "en", "version": 0}
    limits = {"ahead_from": 90, "on_track_from": 95, "at_risk_from": 80}
    answer = admin.post(reverse("setup:company"), values | limits)
    assert answer.status_code == 422
    assert "must descend" in answer.content.decode()


def test_currency_is_fixed_once_there_is_a_calendar(admin, year):
    values = {"name": "N", "currency": "USD", "timezone": "UTC", "language": "en"}
    values |= {"ahead_from": 105, "on_track_from": 95, "at_risk_from": 85, "version": 0}
    assert admin.post(reverse("setup:company"), values).status_code == 302
    assert (Company.objects.get().name, Company.objects.get().currency) == ("N", "EUR")


def test_a_new_company_chooses_its_currency_itself(admin):
    """The first of the list would be the Andorran peseta, and the first fiscal year would fix it for ever."""
    fields = CompanyForm().fields
    assert fields["currency"].choices[0][0] == fields["timezone"].choices[0][0] == ""
    codes = {code for code, _name in fields["currency"].choices}
    assert {"EUR", "USD", "GBP", "CHF", "JPY"} <= codes
    assert not {"ADP", "DEM", "XAU"} & codes
    assert "DEM" in {code for code, _name in CompanyForm(instance=Company(currency="DEM")).fields["currency"].choices}


def test_a_fiscal_year_waits_for_the_company(client, db):
    """A calendar without a company would fix a currency that nobody has chosen."""
    client.force_login(make_person("Ada", is_admin=True))
    year = {"label": "2027", "starts_on": "2027-01-01", "kind": "months", "weeks": "52"}
    answer = client.post(reverse("setup:calendar"), year, follow=True)
    assert answer.redirect_chain == [(reverse("setup:company"), 302)]
    assert "Name the company and its currency first" in answer.content.decode()
    assert not FiscalYear.objects.exists()


def test_the_currency_can_be_chosen_where_a_calendar_came_first(client, db):
    client.force_login(make_person("Ada", is_admin=True))
    calendars.create_year("2027", date(2027, 1, 1), CalendarKind.MONTHS)
    values = {"name": "N", "currency": "USD", "timezone": "UTC", "language": "en"}
    limits = {"ahead_from": 105, "on_track_from": 95, "at_risk_from": 85}
    assert client.post(reverse("setup:company"), values | limits).status_code == 302
    assert Company.objects.get().currency == "USD"


def test_team_page_offers_lead_and_place_as_they_are(admin, cast):
    """Else a press on the button beside would take the lead away, or move the team to the top."""
    context = admin.get(reverse("setup:team", args=[cast.north.pk])).context
    assert context["lead"]["person"].value() == cast.north_manager.pk
    assert context["place"]["parent"].value() == TeamPlacement.objects.get(team=cast.north).parent_id


def test_fiscal_year_is_created(admin):
    admin.post(reverse("setup:calendar"), {"label": "2027", "starts_on": "2027-01-01", "kind": "months", "weeks": "52"})
    assert FiscalYear.objects.get().periods.count() == 17


def test_fiscal_year_that_overlaps_is_refused_in_words(admin, year):
    again = {"label": "2026b", "starts_on": "2026-06-01", "kind": "months", "weeks": "52"}
    assert admin.post(reverse("setup:calendar"), again).status_code == 422
    assert FiscalYear.objects.count() == 1


def test_why_no_year_can_be_made_is_told_in_the_readers_language(admin, cast):
    User.objects.filter(pk=cast.admin.pk).update(locale="fr")
    year = {"label": "2027", "starts_on": "2027-01-02", "kind": "months", "weeks": "52"}
    told = admin.post(reverse("setup:calendar"), year).content.decode()
    assert "Une année de mois civils commence le premier jour d’un mois." in told


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_at_an_end_of_the_calendar_is_refused_in_words(admin, cast, day):
    year = {"label": "far", "starts_on": day, "kind": "445", "weeks": "52"}
    refused = admin.post(reverse("setup:calendar"), year)
    assert (refused.status_code, FiscalYear.objects.count()) == (422, 0)
    told = admin.post(reverse("setup:person-leave", args=[cast.rep.pk]), {"left_on": day}, follow=True)
    assert all("Ensure this value is" in answer.content.decode() for answer in (refused, told))
    cast.rep.refresh_from_db()
    assert (cast.rep.is_active, cast.rep.left_on) == (True, None)


def test_period_is_closed_and_reopened_with_a_reason(admin, year):
    leaf = Period.objects.leaves().get(label="2026-01")
    admin.post(reverse("setup:period-close", args=[leaf.pk]))
    leaf.refresh_from_db()
    assert leaf.state == PeriodState.CLOSED
    assert admin.post(reverse("setup:period-reopen", args=[leaf.pk]), {"reason": ""}).status_code == 422
    admin.post(reverse("setup:period-reopen", args=[leaf.pk]), {"reason": "Late invoice"})
    leaf.refresh_from_db()
    assert leaf.state == PeriodState.OPEN


def test_period_that_is_not_over_is_not_closed(admin, year):
    leaf = Period.objects.leaves().get(label="2026-12")
    answer = admin.post(reverse("setup:period-close", args=[leaf.pk]), follow=True)
    assert "not over yet" in answer.content.decode()


def test_people_are_found_by_a_part_of_the_name(admin, cast):
    found = admin.get(reverse("setup:people"), {"q": "rep o"}).content.decode()
    assert "Rep One" in found
    assert "Rep Two" not in found


def test_person_is_added_placed_and_invited(admin, cast):
    admin.post(reverse("setup:person-create"), {"email": "new@example.com", "name": "New Rep"})
    person = User.objects.get(email="new@example.com")
    admin.post(reverse("setup:person-place", args=[person.pk]), {"team": cast.north.pk, "starts_on": "2026-09-01"})
    assert Membership.objects.get(person=person).team == cast.north
    invited = admin.post(reverse("setup:person-invite", args=[person.pk])).content.decode()
    assert "/accounts/invitation/" in invited


def test_address_that_is_taken_is_refused_in_words(admin, cast):
    answer = admin.post(reverse("setup:person-create"), {"email": cast.rep.email.upper(), "name": "Twin"})
    assert answer.status_code == 422
    assert "Somebody else" in answer.content.decode()


def test_admin_role_is_given_and_logged(admin, cast):
    values = {"email": cast.rep.email, "name": cast.rep.name, "is_admin": "on", "version": 0}
    admin.post(reverse("setup:person", args=[cast.rep.pk]), values)
    cast.rep.refresh_from_db()
    assert cast.rep.is_admin
    assert AuditEntry.objects.filter(kind="role_change").exists()


def test_nobody_takes_the_admin_role_from_themselves(admin, cast):
    values = {"email": cast.admin.email, "name": "Me", "version": 0}
    admin.post(reverse("setup:person", args=[cast.admin.pk]), values)
    cast.admin.refresh_from_db()
    assert (cast.admin.name, cast.admin.is_admin) == ("Me", True)


def test_inv_32_a_form_opened_before_a_role_was_taken_does_not_give_it_back(admin, cast):
    address, facts = reverse("setup:person", args=[cast.rep.pk]), {"email": cast.rep.email, "version": 0}
    set_role(cast.rep, is_admin=True)
    admin.post(address, facts | {"name": "Rep One"})
    answer = admin.post(address, facts | {"name": "New Name", "is_admin": "on"})
    assert answer.status_code == 422
    assert "New Name" in answer.content.decode()
    cast.rep.refresh_from_db()
    assert (cast.rep.name, cast.rep.is_admin, cast.rep.version) == ("Rep One", False, 1)


def test_inv_32_a_territory_saved_meanwhile_is_compared_and_not_overwritten(admin, cast):
    place, facts = make_territory("Coast"), {"code": "Coast", "version": 0}
    address = reverse("setup:territory", args=[place.pk])
    assert admin.post(address, facts | {"name": "East Coast"}).status_code == 302
    answer = admin.post(address, facts | {"name": "West Coast"})
    assert {"East Coast", "West Coast"} <= set(re.findall(r"<td>(.*?)</td>", answer.content.decode()))
    place.refresh_from_db()
    assert (place.name, place.version) == ("East Coast", 1)


def test_inv_32_a_team_saved_meanwhile_is_compared_and_not_overwritten(admin, cast):
    address = reverse("setup:team", args=[cast.north.pk])
    assert admin.post(address, {"name": "Far North", "version": 0}).status_code == 302
    answer = admin.post(address, {"name": "Near North", "version": 0})
    assert answer.status_code == 422
    assert {"Far North", "Near North"} <= set(re.findall(r"<td>(.*?)</td>", answer.content.decode()))
    cast.north.refresh_from_db()
    assert (cast.north.name, cast.north.version) == ("Far North", 1)


def test_last_day_to_come_can_be_moved_while_access_lasts(admin, cast):
    page, verb = (reverse(f"setup:{name}", args=[cast.rep.pk]) for name in ("person", "person-leave"))
    for day in ("2026-10-31", "2026-11-30"):
        admin.post(verb, {"left_on": day})
        shown = admin.get(page).content.decode()
        assert "Access and team end after the last day." in shown
        assert f'value="{day}"' in shown
    cast.rep.refresh_from_db()
    assert (cast.rep.is_active, cast.rep.left_on) == (True, date(2026, 11, 30))
    admin.post(verb, {"left_on": "2026-09-17"})
    shown = admin.get(page).content.decode()
    assert "left on" in shown


def test_person_who_leaves_has_no_team_from_the_next_day(admin, cast):
    admin.post(reverse("setup:person-leave", args=[cast.rep.pk]), {"left_on": "2026-09-17"})
    cast.rep.refresh_from_db()
    assert not cast.rep.is_active
    assert Membership.objects.get(person=cast.rep, starts_on=date(2026, 9, 18)).team is None


def test_who_has_left_by_mistake_gets_the_access_back_on_the_same_page(admin, cast):
    page, verb = (reverse(f"setup:{name}", args=[cast.rep.pk]) for name in ("person", "person-leave"))
    admin.post(verb, {"left_on": "2026-09-17"})
    assert f'action="{verb}"' in (left := admin.get(page).content.decode())
    assert "gives access and team back" in left
    admin.post(verb, {"left_on": "2026-12-31"})
    cast.rep.refresh_from_db()
    assert cast.rep.is_active


def test_team_is_added_moved_and_led(admin, cast):
    admin.post(reverse("setup:team-create"), {"name": "West"})
    west = Team.objects.get(name="West")
    admin.post(reverse("setup:team-place", args=[west.pk]), {"parent": cast.sales.pk, "starts_on": "2026-09-01"})
    admin.post(reverse("setup:team-lead", args=[west.pk]), {"person": cast.loner.pk, "starts_on": "2026-09-01"})
    assert TeamPlacement.objects.get(team=west).parent == cast.sales
    assert TeamLead.objects.get(team=west).person == cast.loner


def test_inv_33_team_below_itself_is_refused_in_words(admin, cast):
    answer = admin.post(
        reverse("setup:team-place", args=[cast.sales.pk]),
        {"parent": cast.north.pk, "starts_on": "2026-09-01"},
        follow=True,
    )
    assert "below itself" in answer.content.decode()


def test_territory_is_added_and_assigned(admin, cast):
    admin.post(reverse("setup:territory-create"), {"code": "N1", "name": "North 1"})
    territory = Territory.objects.get(code="N1")
    values = {"person": cast.rep.pk, "starts_on": "2026-09-01", "role": "owner"}
    admin.post(reverse("setup:territory-assign", args=[territory.pk]), values)
    assert Assignment.objects.get(territory=territory).person == cast.rep


def test_territory_below_itself_is_refused_in_words(admin, cast):
    above = make_territory("Above")
    below = make_territory("Below", parent=above)
    values = {"code": "Above", "name": "Above", "parent": below.pk, "version": 0}
    assert admin.post(reverse("setup:territory", args=[above.pk]), values).status_code == 422


def test_test_mail_is_sent(admin, mailoutbox):
    admin.post(reverse("setup:mail"), {"to": "ops@example.com"})
    assert mailoutbox[0].to == ["ops@example.com"]


def test_audit_log_is_narrowed_by_event(admin, cast):
    admin.post(reverse("setup:person-create"), {"email": "a@example.com", "name": "A", "is_admin": "on"})
    assert "a@example.com" in page(admin, "audit")
    assert "a@example.com" not in admin.get(reverse("setup:audit"), {"kind": "export"}).content.decode()


@pytest.mark.parametrize("people", [1, 3, 30])
def test_list_of_people_takes_the_same_queries_for_any_number(admin, cast, people, django_assert_num_queries):
    for _ in range(people):
        make_person(team=cast.north)
    page(admin, "people")
    with django_assert_num_queries(9):
        page(admin, "people")


def test_a_territory_counts_the_accounts_that_stand_in_it_today(admin):
    left, entered = make_territory("Left"), make_territory("Entered")
    account = make_account("Moved")
    for territory, day in ((left, date(2025, 1, 1)), (entered, date(2026, 3, 1)), (left, date(2099, 1, 1))):
        AccountPlacement.objects.create(account=account, territory=territory, starts_on=day)
    answer = admin.get(reverse("setup:territories"), {"format": "csv"})
    rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert {row.split(",")[1]: row.split(",")[-1] for row in rows[1:]} == {"Left": "0", "Entered": "1"}


@pytest.mark.parametrize("name", ["people", "teams", "territories", "audit"])
def test_tables_are_exported_and_the_export_is_logged(admin, cast, name):
    make_territory("Coast")
    answer = admin.get(reverse(f"setup:{name}"), {"format": "csv"})
    assert answer["Content-Type"].startswith("text/csv")
    assert b"".join(answer.streaming_content).count(b"\n") >= 1
    assert AuditEntry.objects.filter(kind="export", subject=reverse(f"setup:{name}")).exists()


def test_a_region_whose_territories_have_owners_is_not_called_vacant(admin, cast):
    region = make_territory("North region")
    make_territory("Benelux", parent=region, owner=cast.rep)
    make_territory("Norway", parent=region)
    rows = re.findall(r'<th scope="row">.*?>([^<]+)</a></span></th><td>(.*?)</td>', page(admin, "territories"))
    assert [(name, "vacant" in cell) for name, cell in rows] == [
        ("North region", False),
        ("Benelux", False),
        ("Norway", True),
    ]
