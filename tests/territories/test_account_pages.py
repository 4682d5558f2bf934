"""The list of accounts and the page of one: what they say, what they let through, and to whom."""

import json
from datetime import date
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from spm.market.choices import AssignmentRole
from spm.market.models import Account, AccountPlacement, Assignment, Opportunity
from spm.org.models import User
from territories import account_list, account_stays, map_queries, maps
from territories.account_list import Wish
from territories.choices import Need
from territories.models import AccountPlan, AccountReview, DecisionStep, Influence, Stakeholder
from tests.builders import make_account, make_actual
from tests.territories.map_help import put, take

LIST = "/territories/accounts/"


@pytest.fixture
def address(mapped):
    return reverse("territories:account-detail", args=[mapped.account.pk])


def fresh(user):
    """As the next request meets the user: nothing is remembered of what they saw."""
    return User.objects.get(pk=user.pk)


def sheet(mapped, user=None):
    return map_queries.map_sheet(fresh(user or mapped.rep), mapped.company, mapped.account)


def save(client, mapped, fields, *, drawn=None, as_script=False, **pressed):
    told = {"fields": {}, "versions": {}} if drawn is None else drawn
    data = {"drawn": json.dumps(told), **{f"f.{key}": text for key, text in fields.items()}, **pressed}
    headers = {"Accept": "application/json"} if as_script else {}
    return client.post(reverse("territories:map-save", args=[mapped.account.pk]), data, headers=headers)


# The head


def test_the_head_says_revenue_share_margin_and_what_comes_next(mapped):
    """Last year 50,000; this year 80,000 with a cost of 60,000 known for all of it; potential 400,000."""
    make_actual(mapped.rep, "2025-03-01", 50_000, account=mapped.account)
    make_actual(mapped.rep, "2026-02-01", 80_000, account=mapped.account, cost=Decimal(60_000))
    make_actual(mapped.outsider, "2026-02-02", 7_000, account=mapped.account)
    make_actual(mapped.rep, "2026-02-03", 9_000, account=mapped.account, kind="booking")
    take(mapped.account, "Budget released")
    head = sheet(mapped).head
    assert (head.sales.before, head.sales.actual) == (50_000, 80_000)
    assert (head.share, head.margin) == (Decimal("0.2"), Decimal("0.25"))
    assert (head.met_on, head.next_step.text, head.holder) == (date(2026, 8, 1), "Budget released", "Rep One")
    assert sheet(mapped, mapped.director).head.sales.actual == 87_000


def test_the_sentence_counts_decision_roles_never_met(mapped, client, address):
    client.force_login(mapped.rep)
    body = client.get(address).content.decode()
    assert "1 of 2 decision roles never met." in body
    assert "Everything hangs on one person." in body
    maps.remove_person(mapped.buyer, mapped.rep)
    assert "The decision role is met." in client.get(address).content.decode()


def test_whoever_was_met_is_drawn_full_even_where_the_support_is_even(mapped, client, address):
    put(mapped.account, "Di Even", "user", 4, support=0, last_met_on=date(2026, 9, 1))
    client.force_login(mapped.rep)
    body = client.get(address).content.decode()
    assert '<g class="power-open"><title>Di Even</title>' in body
    assert '<g class="power-against power-unmet"><title>Bo Buyer</title>' in body


def test_the_list_says_what_its_amounts_and_its_share_are_of(mapped, client):
    client.force_login(mapped.rep)
    assert "Share: revenue of the last twelve months over a year" in client.get(LIST).content.decode()


# Where it stood


def test_the_history_tells_territories_and_owners_and_hides_those_of_others(mapped):
    """In South Coast under Rep Three until March, then in Baltic Coast, which Rep Two held until June."""
    AccountPlacement.objects.all().delete()
    Assignment.objects.filter(territory=mapped.territory).delete()
    for person, day in ((mapped.teammate, date(2020, 1, 1)), (mapped.rep, date(2026, 6, 1))):
        Assignment.objects.create(territory=mapped.territory, person=person, starts_on=day)
    for land, day in ((mapped.south_land, date(2020, 1, 1)), (mapped.territory, date(2026, 3, 1))):
        AccountPlacement.objects.create(account=mapped.account, territory=land, starts_on=day)
    told = account_stays.whereabouts(fresh(mapped.director), mapped.account).stays
    assert [(stay.territory, stay.holder, stay.starts_on, stay.until) for stay in told] == [
        ("Baltic Coast", "Rep One", date(2026, 6, 1), None),
        ("Baltic Coast", "Rep Two", date(2026, 3, 1), date(2026, 5, 31)),
        ("South Coast", "Rep Three", date(2020, 1, 1), date(2026, 2, 28)),
    ]
    own = account_stays.whereabouts(fresh(mapped.rep), mapped.account).stays
    assert [(stay.territory, stay.holder) for stay in own] == [
        ("Baltic Coast", "Rep One"),
        ("Baltic Coast", ""),
        ("", ""),
    ]


def test_a_vacant_territory_is_told_as_vacant(mapped):
    Assignment.objects.create(territory=mapped.territory, person=None, starts_on=date(2026, 9, 1))
    newest, before = account_stays.whereabouts(fresh(mapped.admin), mapped.account).stays
    assert (newest.is_vacant, newest.holder, before.holder) == (True, "", "Rep One")


# Who may open it


@pytest.mark.parametrize("who", ["rep", "north_manager", "director", "admin"])
def test_the_owner_and_those_above_open_the_map(mapped, client, address, who):
    client.force_login(getattr(mapped, who))
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("who", ["teammate", "outsider", "south_manager", "loner"])
def test_for_everybody_else_there_is_no_such_account(mapped, client, address, who):
    client.force_login(getattr(mapped, who))
    assert client.get(address).status_code == 404
    assert save(client, mapped, {f"s{mapped.buyer.pk}-influence": "5"}).status_code == 404
    assert Stakeholder.objects.get(pk=mapped.buyer.pk).influence == 3


def test_the_former_owner_loses_the_map_on_the_day_the_account_moves(mapped, client, address):
    """Also where the account still names the former owner."""
    AccountPlacement.objects.create(account=mapped.account, territory=mapped.south_land, starts_on=date(2026, 9, 19))
    client.force_login(mapped.rep)
    assert client.get(address).status_code == 200
    AccountPlacement.objects.filter(territory=mapped.south_land).update(starts_on=date(2026, 9, 18))
    assert client.get(address).status_code == 404
    client.force_login(mapped.outsider)
    assert client.get(address).status_code == 200


def test_the_former_holder_loses_the_map_on_the_day_the_territory_changes_hands(mapped, client, address):
    Assignment.objects.create(territory=mapped.territory, person=mapped.teammate, starts_on=date(2026, 9, 18))
    client.force_login(mapped.rep)
    assert client.get(address).status_code == 404
    client.force_login(mapped.teammate)
    assert client.get(address).status_code == 200


def test_an_account_in_no_territory_is_its_owners(mapped, client, address):
    AccountPlacement.objects.create(account=mapped.account, territory=None, starts_on=date(2026, 9, 1))
    client.force_login(mapped.rep)
    assert client.get(address).status_code == 200
    client.force_login(mapped.outsider)
    assert client.get(address).status_code == 404


def test_a_specialist_who_helps_in_the_territory_opens_the_map(mapped, client, address):
    Assignment.objects.create(
        territory=mapped.territory, person=mapped.loner, role=AssignmentRole.OVERLAY, starts_on=date(2026, 1, 1)
    )
    client.force_login(mapped.loner)
    assert client.get(address).status_code == 200
    assert account_stays.whereabouts(mapped.rep, mapped.account).helpers == [mapped.loner]
    Assignment.objects.create(
        territory=mapped.territory, person=mapped.loner, role=AssignmentRole.ENDED, starts_on=date(2026, 9, 1)
    )
    assert client.get(address).status_code == 404
    assert account_stays.whereabouts(mapped.rep, mapped.account).helpers == []


# Writing


def test_a_script_saves_a_field_and_hears_the_version(mapped, client):
    client.force_login(mapped.rep)
    key = f"s{mapped.buyer.pk}"
    answer = save(client, mapped, {f"{key}-support": "1"}, as_script=True)
    assert answer.status_code == 200
    assert answer.json()["versions"][key] == 1
    assert answer.json()["shown"] == {f"{key}-support": "1"}


def test_without_a_script_a_conflict_comes_back_with_both_texts(mapped, client):
    mapped.buyer.next_step, mapped.buyer.version = "Theirs", 3
    mapped.buyer.save()
    client.force_login(mapped.rep)
    key = f"s{mapped.buyer.pk}"
    drawn = {"fields": {f"{key}-next_step": ""}, "versions": {key: 1}}
    answer = save(client, mapped, {f"{key}-next_step": "Mine"}, drawn=drawn, add="step")
    body = answer.content.decode()
    assert answer.status_code == 409
    assert "Mine" in body
    assert "Theirs" in body
    assert not DecisionStep.objects.exists()


def test_the_buttons_of_the_form_add_find_draw_and_take_off(mapped, client, address):
    client.force_login(mapped.rep)
    save(client, mapped, {}, add="wanted", **{"new-wanted": "Head of energy", "new-role": "decider"})
    wanted = Stakeholder.objects.get(placeholder="Head of energy")
    save(client, mapped, {}, know=str(wanted.pk), **{f"known-{wanted.pk}": "Fay Found"})
    wanted.refresh_from_db()
    assert wanted.contact.name == "Fay Found"
    save(client, mapped, {}, add="person", **{"new-name": "Eve New", "new-title": "Buyer", "new-role": "user"})
    save(client, mapped, {}, add="line", **{"new-source": str(mapped.user.pk), "new-target": str(mapped.chief.pk)})
    body = client.get(address).content.decode()
    assert "Ada Chief listens to Cy User" in body
    assert "Eve New" in body
    save(client, mapped, {}, erase=str(Influence.objects.get().pk))
    answer = save(client, mapped, {}, remove=str(mapped.user.pk))
    assert answer.status_code == 302
    body = client.get(address).content.decode()
    assert "Role of Cy User" not in body
    undo = reverse("territories:map-person-restore", args=[mapped.account.pk, mapped.user.pk])
    assert undo in body
    client.post(undo)
    assert "Role of Cy User" in client.get(address).content.decode()


def test_the_buttons_order_and_take_out_steps(mapped, client, address):
    client.force_login(mapped.rep)
    for name in ("Need", "Contract"):
        save(client, mapped, {}, add="step", **{"new-step": name})
    need, contract = DecisionStep.objects.order_by("position")
    save(client, mapped, {}, up=str(contract.pk))
    assert DecisionStep.objects.order_by("position").first() == contract
    save(client, mapped, {}, drop=str(need.pk))
    assert DecisionStep.objects.count() == 1
    client.post(reverse("territories:map-step-restore", args=[mapped.account.pk, need.pk]))
    assert DecisionStep.objects.count() == 2


def test_keys_of_another_account_are_not_there(mapped, client):
    stranger = put(make_account("Elsewhere"), "Zed Stranger", "decider")
    client.force_login(mapped.rep)
    assert save(client, mapped, {}, remove=str(stranger.pk)).status_code == 404
    assert save(client, mapped, {}, know="no number").status_code == 404
    save(client, mapped, {}, add="line", **{"new-source": str(stranger.pk), "new-target": str(mapped.chief.pk)})
    assert not Influence.objects.exists()


# The decision


@pytest.mark.parametrize(("close", "warned"), [("2026-11-30", True), ("2026-12-01", False)])
def test_a_decision_after_the_forecast_close_is_warned_of(mapped, client, address, close, warned):
    _need, contract = take(mapped.account, "Need", "Contract")
    contract.due_on = date(2026, 12, 1)
    contract.save()
    Opportunity.objects.create(
        external_id="O1",
        account=mapped.account,
        owner=mapped.rep,
        name="Line three",
        opened_on=date(2026, 5, 1),
        close_on=date.fromisoformat(close),
    )
    client.force_login(mapped.rep)
    body = client.get(address).content.decode()
    assert ("They decide on" in body) is warned
    contract.done_on = date(2026, 9, 1)
    contract.save()
    assert "They decide on" not in client.get(address).content.decode()


def test_the_paper_says_all_that_the_screen_says(mapped, client):
    take(mapped.account, "Budget released")
    maps.draw_line(mapped.account, mapped.buyer.pk, mapped.chief.pk)
    client.force_login(mapped.rep)
    body = client.get(reverse("territories:account-print", args=[mapped.account.pk])).content.decode()
    for words in ("Ada Chief", "Bo Buyer", "Budget released", "Ada Chief listens to Bo Buyer", "<svg", "Baltic Coast"):
        assert words in body
    assert "<textarea" not in body


# The list


def names(mapped, user=None, **wish):
    found = account_list.account_list(fresh(user or mapped.rep), Wish(**wish), "")
    return [line.name for line in found.lines]


@pytest.fixture
def several(mapped):
    """Beside Halvorsen: Ostsee, nobody on its map, and Zander, where two people were met; and one in the south."""
    made = {}
    for name, land in (("Ostsee", "territory"), ("Zander", "territory"), ("Lyon", "south_land")):
        made[name] = make_account(name, tier="Standard")
        AccountPlacement.objects.create(account=made[name], territory=getattr(mapped, land))
    for person in ("Dee", "Eve"):
        put(made["Zander"], person, "decider", last_met_on=date(2026, 9, 1))
    plan = AccountPlan.objects.create(account=made["Ostsee"], fiscal_year=mapped.year)
    AccountReview.objects.create(plan=plan, due_on=date(2026, 9, 18))
    make_actual(mapped.rep, "2026-02-01", 900, account=made["Zander"])
    make_actual(mapped.rep, "2026-02-01", 100, account=made["Ostsee"])
    return mapped


def test_the_list_holds_the_accounts_one_works(several):
    assert names(several) == ["Halvorsen", "Ostsee", "Zander"]
    assert names(several, several.outsider) == ["Lyon"]
    assert names(several, several.director) == ["Halvorsen", "Lyon", "Ostsee", "Zander"]
    assert names(several, several.teammate) == []


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        ({"text": "ost"}, ["Ostsee"]),
        ({"tier": "Key"}, ["Halvorsen"]),
        ({"need": Need.SINGLE}, ["Halvorsen"]),
        ({"need": Need.NEVER}, ["Halvorsen"]),
        ({"need": Need.NO_MAP}, ["Ostsee"]),
        ({"need": Need.REVIEW}, ["Ostsee"]),
        ({"sort": "-actual"}, ["Zander", "Ostsee", "Halvorsen"]),
        ({"sort": "-met"}, ["Zander", "Halvorsen", "Ostsee"]),
        ({"sort": "-potential"}, ["Halvorsen", "Ostsee", "Zander"]),
        ({"sort": "-name"}, ["Zander", "Ostsee", "Halvorsen"]),
        ({"sort": "before"}, ["Halvorsen", "Ostsee", "Zander"]),
    ],
)
def test_the_list_is_narrowed_and_sorted(several, wish, found):
    assert names(several, **wish) == found


def test_the_list_is_narrowed_to_a_territory(several):
    assert names(several, several.director, territory=several.south_land.pk) == ["Lyon"]


def test_a_line_says_what_the_page_says(several):
    found = account_list.account_list(fresh(several.rep), Wish(), "")
    line = found.lines[0]
    head = sheet(several).head
    assert (line.coverage, line.never, line.roles, line.is_single) == (head.coverage, 1, 2, True)
    assert (line.territory, line.holder, line.met_on) == ("Baltic Coast", "Rep One", head.met_on)
    assert (found.total, found.single) == (3, 1)


def test_the_list_is_a_file_too(several, client):
    client.force_login(several.rep)
    answer = client.get(LIST, {"format": "csv", "need": "single"})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Account,Number,Tier,Territory,Owner,Revenue last year")
    assert [line.split(",")[0] for line in lines[1:]] == ["Halvorsen"]


def test_an_empty_list_says_why_and_what_to_do(mapped, client):
    client.force_login(mapped.teammate)
    assert "No account stands in a territory of yours today." in client.get(LIST).content.decode()
    client.force_login(mapped.rep)
    body = client.get(LIST, {"q": "nobody", "need": "nonsense", "sort": "nonsense", "territory": "x"}).content.decode()
    assert "No account matches." in body


def queries(client, path):
    cache.clear()
    client.get(path)  # a session's first page writes when it was seen
    with CaptureQueriesContext(connection) as found:
        client.get(path)
    return len(found)


def test_more_rows_take_no_more_queries(mapped, client, address):
    client.force_login(mapped.rep)
    before = queries(client, address), queries(client, LIST)
    for number in range(30):
        put(mapped.account, f"Extra {number:02}", "user", relation=mapped.rep)
    take(mapped.account, *"ABCDEF")
    made = [Account(external_id=f"X{number}", key=f"x{number}", name=f"Account {number:03}") for number in range(200)]
    accounts = Account.objects.bulk_create(made)
    for account in accounts:
        AccountPlacement.objects.create(account=account, territory=mapped.territory)
        put(account, "Somebody", "decider")
    assert (queries(client, address), queries(client, LIST)) == before
    assert max(before) <= 20


def test_an_account_that_was_never_placed_has_its_page(mapped, client):
    new = make_account("Fresh", owner=mapped.rep)
    for person in (mapped.rep, mapped.north_manager, mapped.admin):
        client.force_login(person)
        for name in ("account-detail", "account-print"):
            answer = client.get(reverse(f"territories:{name}", args=[new.pk]))
            assert answer.status_code == 200
            assert "Fresh" in answer.content.decode()
