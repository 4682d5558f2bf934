"""The pages of move packages: made by a plain form, kept on refusal and conflict, read by each side for itself."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from spm.market.models import AccountPlacement, Assignment
from spm.org import clock, people
from spm.org.models import Period
from targets.models import CompanyPlan, PlanningCycle
from targets.plans import set_target
from territories import moves
from territories.models import MovedAccount, MovePackage
from tests.builders import (
    make_account,
    make_actual,
    make_company,
    make_person,
    make_plan,
    make_quota,
    make_territory,
    make_year,
)
from tests.territories.move_help import OCTOBER, deal, draft, settle

pytestmark = pytest.mark.django_db
NEW = reverse("territories:move-new")


@pytest.fixture
def land(cast):
    return settle(cast)


@pytest.fixture
def manager(client, land):
    client.force_login(land.north_manager)
    return client


def form(land, **fields):
    sent = {"name": "Better cut", "to_territory": land.east.pk, "effective_on": "2026-10-01", "hold_over": "all"}
    return sent | {"moves_quota": "on", "reason": "Balance", "accounts": "N-Alpha\n n-beta ", "version": ""} | fields


def page_of(client, package):
    return client.get(reverse("territories:move", args=[package.pk]))


def test_a_manager_makes_a_package_by_a_plain_form_and_sees_both_sides(land, manager):
    response = manager.post(NEW, form(land), follow=True)
    page = response.context["page"]
    assert [row.name for row in page.rows] == ["Alpha", "Beta"]
    assert [(side.name, side.accounts) for side in page.sides] == [("West", (3, 1)), ("East", (1, 3))]
    assert page.is_whole
    assert "Nothing has moved" in response.content.decode()
    assert AccountPlacement.objects.filter(starts_on__gt=date(2026, 1, 1)).count() == 0


def test_ticked_accounts_are_taken_along_while_one_looks_for_more(land, manager):
    sent = form(land, accounts="N-Alpha", picked=["N-Beta"], find="1", look="gam", reason="Kept as typed")
    response = manager.post(NEW, sent)
    assert response.status_code == 200
    shown = response.content.decode()
    assert "N-Alpha\nN-Beta" in shown
    assert "Kept as typed" in shown
    assert [row.name for row in response.context["found"].rows] == ["Gamma"]
    assert not MovePackage.objects.exists()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"accounts": ""}, "Choose at least one account."),
        ({"accounts": "N-Nobody"}, "There is no such account: N-Nobody."),
        ({"hold_over": "days"}, "Say for how many days"),
        ({"accounts": "N-Delta"}, "Already in East: Delta"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(land, manager, fields, said):
    response = manager.post(NEW, form(land, reason="My words", **fields))
    assert response.status_code == 422
    assert said in response.content.decode()
    assert "My words" in response.content.decode()
    assert not MovePackage.objects.exists()


def test_accounts_of_others_are_no_accounts_and_foreign_territories_no_choice(land, manager):
    make_account("Foreign", external_id="N-Foreign", owner=land.outsider)
    response = manager.post(NEW, form(land, accounts="N-Foreign"))
    assert "There is no such account: N-Foreign." in response.content.decode()


def test_of_two_who_edit_the_second_sees_both_texts(land, manager):
    package = draft(land)
    address = reverse("territories:move-edit", args=[package.pk])
    assert manager.get(address).status_code == 200
    manager.post(address, form(land, name="First to save", version="0"))
    response = manager.post(address, form(land, name="Second to save", version="0"))
    assert response.status_code == 422
    conflict = next(one for one in response.context["form"].conflicts if one.label == "Name")
    assert (conflict.yours, conflict.theirs) == ("Second to save", "First to save")
    package.refresh_from_db()
    assert package.name == "First to save"


def test_a_verb_on_what_has_changed_since_is_refused_in_words(land, manager):
    package = draft(land)
    MovePackage.objects.update(version=3)
    response = manager.post(reverse("territories:move-propose", args=[package.pk]), {"version": "0"}, follow=True)
    assert "changed this package meanwhile" in response.content.decode()
    package.refresh_from_db()
    assert package.state == "draft"


def test_each_rep_reads_the_own_side_alone_and_not_before_it_is_proposed(land, client):
    package = draft(land)
    client.force_login(land.teammate)
    assert page_of(client, package).status_code == 404
    moves.propose(package, land.north_manager)
    for rep, side, kept in ((land.teammate, "East", 900), (land.rep, "West", -900)):
        client.force_login(rep)
        response = page_of(client, package)
        page = response.context["page"]
        assert [one.name for one in page.sides] == [side]
        assert {row.amounts.moved for row in page.numbers if row.measure == "Bookings"} == {kept}
        assert ([row.name for row in page.rows], page.rows[0].last_year, page.is_whole) == (["Alpha"], None, False)
        assert client.post(reverse("territories:move-apply", args=[package.pk])).status_code == 403
    client.force_login(land.outsider)
    assert page_of(client, package).status_code == 404
    client.force_login(land.south_manager)
    assert page_of(client, package).status_code == 404


def test_a_rep_reads_no_target_no_deal_and_no_sale_of_others(land, client):
    """Last year's sales of Alpha and its open deal are somebody else's; West has a target, which is for managers."""
    told = {"measure": "bookings", "amount": Decimal(87_001), "by": land.admin}
    set_target(
        CompanyPlan.objects.get(kind="working"), holder=land.west, period=Period.objects.get(label="2026-10"), **told
    )
    deal(land.alpha, amount=71_234, owner=land.outsider)
    make_actual(land.outsider, "2025-07-07", 93_456, account=land.alpha)
    package = draft(land, by=land.admin)
    moves.propose(package, land.admin)
    for rep in (land.rep, land.teammate):
        client.force_login(rep)
        address = reverse("territories:move", args=[package.pk])
        page = page_of(client, package).context["page"]
        assert {row.kind for row in page.numbers} == {"Quota"}
        read = client.get(f"{address}?table=sides&format=csv")
        sides = b"".join(read.streaming_content).decode("utf-8-sig")
        read = client.get(f"{address}?table=numbers&format=csv")
        numbers = b"".join(read.streaming_content).decode("utf-8-sig")
        assert "Potential after" in sides
        shown = [page_of(client, package).content.decode(), client.get(f"{address}print/").content.decode()]
        for text in (*shown, sides, numbers):
            assert not [word for word in ("Open pipeline", "Last year", "Target,") if word in text]
            assert '<td data-label="Kind">Target' not in text
    client.force_login(land.north_manager)
    page = page_of(client, package).context["page"]
    assert {row.kind for row in page.numbers} == {"Quota", "Target"}  # of a rep whom the manager leads
    assert not hasattr(page.sides[0], "last_year")
    client.force_login(land.admin)
    west = page_of(client, package).context["page"].sides[0]
    assert (west.pipeline.before, west.last_year.before) == (71_234, 95_456)


def test_the_own_quota_of_a_year_that_is_being_planned_is_told_by_the_letter_alone(land, client):
    year = make_year("2027", date(2027, 1, 1))
    PlanningCycle.objects.create(fiscal_year=year)
    plan = make_plan(year)
    make_quota(land.rep, "2027-01", 64_321)
    make_quota(land.teammate, "2027-01", 500)
    package = draft(land, effective_on=date(2027, 1, 1))
    moves.propose(package, land.north_manager)

    def numbers_of(user):
        client.force_login(user)
        response = page_of(client, package)
        return response.content.decode(), [row.name for row in response.context["page"].numbers]

    shown, names = numbers_of(land.rep)
    assert (names, "64,321" in shown, "the quota letter tells yours" in shown) == ([], False, True)
    assert numbers_of(land.north_manager)[1] == ["Rep One", "Rep Two"]
    assert numbers_of(land.director)[1] == ["Rep One", "Rep Two"]
    plan.locked_at = "2026-09-01T00:00:00Z"
    plan.save()
    shown, names = numbers_of(land.rep)
    assert (names, "64,321" in shown) == (["Rep One"], True)


def leads_no_longer(person, land):
    """The person goes to the South, which North Manager does not lead."""
    people.place_member(person, team=land.south, starts_on=clock.today())


@pytest.mark.parametrize("state", ["draft", "proposed", "active"])
def test_inv_37_who_made_a_package_reads_it_no_longer_than_they_lead_its_people(land, client, state):
    if state == "active":
        make_company(fixed_today=OCTOBER)
    gamma = make_territory("Middle", owner=land.rep)
    AccountPlacement.objects.filter(account=land.gamma).update(territory=gamma)
    package = draft(land, land.alpha, land.gamma)
    if state != "draft":
        {"proposed": moves.propose, "active": moves.apply}[state](package, land.north_manager)
    client.force_login(land.north_manager)
    address = reverse("territories:move", args=[package.pk])
    assert page_of(client, package).context["page"].is_whole
    leads_no_longer(land.rep, land)
    response = page_of(client, package)
    page = response.context["page"]
    assert ([one.name for one in page.sides], page.is_whole) == (["East"], False)
    assert {row.name for row in page.numbers} == {"Rep Two"}
    text = (
        response.content.decode() + b"".join(client.get(f"{address}?table=sides&format=csv").streaming_content).decode()
    )
    assert not [word for word in ("Rep One", "Open pipeline", "12,000", "11,100") if word in text]
    leads_no_longer(land.teammate, land)
    assert page_of(client, package).status_code == 404
    assert "Package" not in [
        line.package.name for line in client.get(reverse("territories:moves")).context["found"].lines
    ]
    client.force_login(land.admin)
    assert page_of(client, package).context["page"].is_whole


def test_inv_37_who_takes_over_a_territory_later_is_not_read_by_the_maker_of_a_draft(land, client):
    """On the day East is held by somebody of the South: the figures of a draft are those of the day."""
    package = draft(land)
    Assignment.objects.create(territory=land.east, person=land.outsider, starts_on=date(2026, 9, 25))
    client.force_login(land.north_manager)
    page = page_of(client, package).context["page"]
    assert ([one.name for one in page.sides], page.is_whole) == (["West"], False)


def test_inv_37_the_form_of_a_draft_names_no_account_of_whom_one_leads_no_longer(land, client):
    third = make_person("Rep Four", team=land.north)
    package = draft(land, land.alpha, land.delta, to_territory=make_territory("Third", owner=third))
    client.force_login(land.north_manager)
    address = reverse("territories:move-edit", args=[package.pk])
    assert client.get(address).context["form"].initial["accounts"] == "N-Alpha\nN-Delta"
    leads_no_longer(third, land)
    leads_no_longer(land.rep, land)
    assert client.get(address).context["form"].initial["accounts"] == "N-Delta"


@pytest.mark.parametrize(
    ("policy", "day", "waits"),
    [
        ({"hold_over": "all"}, OCTOBER, False),
        ({"hold_over": "days", "hold_days": 30}, date(2026, 10, 31), False),
        ({"hold_over": "close"}, None, True),
    ],
)
def test_a_draft_says_when_each_account_would_move_and_its_quota_before(land, manager, policy, day, waits):
    deal(land.alpha)
    package = draft(land, land.alpha, land.beta, **policy)
    answer = page_of(manager, package)
    rows = answer.context["page"].rows
    assert [(row.moves_on, row.is_waiting) for row in rows] == [(day, waits), (OCTOBER, False)]
    told = "1 account stays longer because of open opportunities; its share moves on 1 Oct 2026 all the same."
    assert (told in answer.content.decode()) is (policy["hold_over"] != "all")
    moves.discard(package, land.north_manager)
    rows = page_of(manager, package).context["page"].rows
    assert [(row.moves_on, row.is_waiting) for row in rows] == [(None, False)] * 2


def test_an_applied_package_shows_what_it_did_whatever_came_after(land, manager):
    deal(land.alpha)
    make_company(fixed_today=OCTOBER)
    package = moves.apply(draft(land, hold_over="close"), land.north_manager)
    before = page_of(manager, package).context["page"].figures
    deal(land.alpha, amount=1_000)
    land.alpha.potential = 7
    land.alpha.save()
    page = page_of(manager, package).context["page"]
    assert page.figures == before
    assert (page.waiting, page.rows[0].pipeline) == (1, 70)
    assert MovedAccount.objects.get().last_year == 600


def test_links_from_an_account_a_territory_and_the_gap_report_begin_a_package(land, manager, client):
    assert "N-Alpha" in manager.get(f"{NEW}?account={land.alpha.pk}").content.decode()
    rows = manager.get(f"{NEW}?territory={land.west.pk}").context["found"].rows
    assert [row.name for row in rows] == ["Alpha", "Beta", "Gamma"]
    make_account("Lost")
    client.force_login(land.admin)
    rows = client.get(f"{NEW}?nowhere=1").context["found"].rows
    assert [row.name for row in rows] == ["Lost"]


def test_tables_are_files_with_whole_amounts(land, manager):
    package = draft(land, effective_on=date(2026, 10, 16))
    address = reverse("territories:move", args=[package.pk])
    file = b"".join(manager.get(f"{address}?table=numbers&format=csv").streaming_content).decode("utf-8-sig")
    assert "Rep One,Quota,Bookings,12000.00,-754.84,11245.16" in file
    assert manager.get(f"{address}?format=xlsx").status_code == 200
    assert manager.get(f"{reverse('territories:moves')}?format=csv").status_code == 200


def test_a_rep_makes_no_package_and_reads_an_empty_list(land, client):
    client.force_login(land.rep)
    assert client.get(NEW).status_code == 403
    assert "No package moves accounts" in client.get(reverse("territories:moves")).content.decode()


def test_the_page_takes_as_many_queries_for_many_accounts(land, manager, django_assert_max_num_queries):
    more = [make_account(f"More {number}") for number in range(30)]
    AccountPlacement.objects.bulk_create(AccountPlacement(account=one, territory=land.west) for one in more)
    package = draft(land, land.alpha, *more)
    page_of(manager, package)
    with django_assert_max_num_queries(20):
        page_of(manager, package)
