"""Target customers: ranked, moved, won, dropped, taken out and brought back; and the fields of their page."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from spm.errors import RuleViolation
from spm.market.choices import AssignmentRole
from spm.market.models import Assignment, ProductFamily, Territory
from spm.org.models import User
from spm.org.verification import run_all
from territories import access, account_naming, caps, market_writing, target_customers, target_markets
from territories.choices import TargetStatus
from territories.field_writing import AlreadyGone, BadWords, Change
from territories.models import TargetCustomer, TargetMarket
from territories.target_customers import AlreadyWanted, ListFull, RankMoved
from tests.builders import make_account, make_territory
from tests.territories.market_help import ranking

NAMES = ["Halvorsen", "Ostsee", "Nordic Dairy"]


def test_new_ones_stand_at_the_end(wanting):
    assert ranking(wanting.territory) == NAMES


@pytest.mark.parametrize(
    ("which", "to", "expected"),
    [
        (2, 1, ["Nordic Dairy", "Halvorsen", "Ostsee"]),
        (0, 2, ["Ostsee", "Halvorsen", "Nordic Dairy"]),
        (0, 99, ["Ostsee", "Nordic Dairy", "Halvorsen"]),
        (1, -5, ["Ostsee", "Halvorsen", "Nordic Dairy"]),
        (1, 2, NAMES),
    ],
)
def test_a_customer_takes_a_rank_and_the_others_make_room(wanting, which, to, expected):
    row = wanting.wanted[which]
    now = target_customers.move(row, to, seen=which + 1)
    assert ranking(wanting.territory) == expected
    assert expected.index(NAMES[which]) + 1 == now


def test_who_ranks_on_an_old_page_is_told_and_nothing_moves(wanting):
    target_customers.move(wanting.wanted[2], 1, seen=3)
    with pytest.raises(RankMoved, match="at rank 1 now"):
        target_customers.move(wanting.wanted[2], 2, seen=3)
    assert ranking(wanting.territory)[0] == "Nordic Dairy"


def test_won_and_dropped_leave_the_ranking_and_come_back_at_their_rank(wanting):
    target_customers.settle(wanting.wanted[0], TargetStatus.WON, "", seen=None)
    target_customers.settle(wanting.wanted[1], TargetStatus.DROPPED, "Bought by a rival", seen=None)
    assert ranking(wanting.territory) == ["Nordic Dairy"]
    target_customers.want_again(wanting.wanted[0], at=1)
    target_customers.want_again(wanting.wanted[1])
    assert ranking(wanting.territory) == ["Halvorsen", "Nordic Dairy", "Ostsee"]
    assert not TargetCustomer.objects.exclude(outcome_words="").exists()


def test_what_is_dropped_says_why(wanting):
    with pytest.raises(BadWords, match="why it is dropped"):
        target_customers.settle(wanting.wanted[0], TargetStatus.DROPPED, "  ", seen=None)
    with pytest.raises(IntegrityError, match="target_customer_dropped_with_reason"), transaction.atomic():
        TargetCustomer.objects.filter(pk=wanting.wanted[0].pk).update(status="dropped", rank=None)
    with pytest.raises(IntegrityError, match="target_customer_ranked_while_wanted"), transaction.atomic():
        TargetCustomer.objects.filter(pk=wanting.wanted[0].pk).update(rank=None)


def test_who_settles_what_another_changed_is_told(wanting):
    row = wanting.wanted[0]
    target_customers.link(wanting.wanted[2], make_account("Nordic Dairy AB"))
    with pytest.raises(RankMoved):
        target_customers.settle(wanting.wanted[2], TargetStatus.WON, "", seen=0)
    target_customers.settle(row, TargetStatus.WON, "", seen=row.version)
    with pytest.raises(RankMoved):
        target_customers.settle(row, TargetStatus.WON, "", seen=None)


def test_what_is_taken_out_is_unseen_until_brought_back_at_its_rank(wanting):
    target_customers.take_out(wanting.wanted[1])
    assert ranking(wanting.territory) == ["Halvorsen", "Nordic Dairy"]
    assert not TargetCustomer.objects.visible_to(wanting.admin).filter(pk=wanting.wanted[1].pk).exists()
    with pytest.raises(AlreadyGone):
        target_customers.take_out(wanting.wanted[1])
    target_customers.bring_back(wanting.territory, wanting.wanted[1].pk, at=2)
    assert ranking(wanting.territory) == NAMES
    with pytest.raises(RuleViolation, match="no such customer"):
        target_customers.bring_back(wanting.territory, wanting.wanted[1].pk)
    with pytest.raises(RuleViolation, match="no such customer"):
        target_customers.bring_back(wanting.south_land, wanting.wanted[1].pk)


def test_nobody_is_wanted_twice(wanting):
    with pytest.raises(AlreadyWanted, match="rank 1"):
        target_customers.add(wanting.territory, account=wanting.account)
    with pytest.raises(AlreadyWanted, match="rank 3"):
        target_customers.add(wanting.territory, name="NORDIC  dairy")
    target_customers.settle(wanting.wanted[2], TargetStatus.WON, "", seen=None)
    with pytest.raises(AlreadyWanted, match="won or dropped"):
        target_customers.add(wanting.territory, name="Nordic Dairy")
    with pytest.raises(AlreadyWanted):
        target_customers.link(wanting.wanted[2], wanting.account)
    target_customers.take_out(wanting.wanted[0])
    target_customers.add(wanting.territory, account=wanting.account)
    with pytest.raises(AlreadyWanted):
        target_customers.bring_back(wanting.territory, wanting.wanted[0].pk)
    target_customers.add(wanting.south_land, account=wanting.account)  # another territory may want it too


def test_both_lists_have_a_cap(wanting):
    for number in range(caps.CUSTOMERS - 3):
        target_customers.add(wanting.territory, name=f"Name {number}")
    with pytest.raises(ListFull, match="60 target customers"):
        target_customers.add(wanting.territory, name="One too many")
    for number in range(caps.MARKETS - 2):
        target_markets.add(wanting.territory, f"Market {number}")
    with pytest.raises(ListFull, match="8 target markets"):
        target_markets.add(wanting.territory, "One too many")
    target_markets.take_out(wanting.markets[0])
    target_markets.add(wanting.territory, "Fits again")
    with pytest.raises(ListFull):
        target_markets.bring_back(wanting.territory, wanting.markets[0].pk)


def test_a_name_is_needed_and_accounts_are_found_by_number_first(wanting):
    for text in ("", "  \x00 "):
        with pytest.raises(BadWords):
            target_customers.add(wanting.territory, name=text)
        with pytest.raises(BadWords):
            target_markets.add(wanting.territory, text)
    find = account_naming.account_named
    assert find(wanting.second.external_id.upper(), wanting.rep) == wanting.second
    assert find("  ostsee ", wanting.rep) == wanting.second
    assert find("Ostsee", User.objects.get(pk=wanting.outsider.pk)) is None
    make_account("Ostsee", owner=wanting.rep)
    with pytest.raises(BadWords, match="Several accounts"):
        find("Ostsee", wanting.rep)


# Fields


def change(row, name, text, *, seen=0, was=""):
    return Change(row, name, text, seen, was)


def test_of_two_new_names_that_are_the_same_the_second_is_refused_and_the_rest_kept(wanting):
    first = wanting.wanted[2]
    second = target_customers.add(wanting.territory, name="Nordic Feed")
    c, d, m = f"c{first.pk}", f"c{second.pk}", f"m{wanting.markets[0].pk}"
    changes = [
        change(c, "name", "Nordic Foods"),
        change(d, "name", "NORDIC  foods"),
        change(d, "reason", "They grow"),
        change(m, "profile", "Plants"),
    ]
    outcome = market_writing.save(wanting.territory, changes, wanting.rep)
    assert outcome.refused == {f"{d}-name": "Another target customer bears this name."}
    for row in (first, second, wanting.markets[0]):
        row.refresh_from_db()
    assert (first.name, second.name, second.reason) == ("Nordic Foods", "Nordic Feed", "They grow")
    assert wanting.markets[0].profile == "Plants"


def test_fields_are_written_one_by_one_and_bad_ones_told(wanting):
    dryers = ProductFamily.objects.create(name="Dryers", key="dryers")
    c, m = f"c{wanting.wanted[2].pk}", f"m{wanting.markets[0].pk}"
    outcome = market_writing.save(
        wanting.territory,
        [
            change(c, "potential", "1.2M"),
            change(c, "family", str(dryers.pk)),
            change(c, "next_step", "x" * 61),
            change(c, "rank", "1"),
            change(f"c{wanting.wanted[0].pk}", "name", "Renamed"),
            change(c, "name", "Nordic Dairy AB"),
            change(m, "kind", "planet"),
            change(m, "potential", "-1"),
            change(m, "owner", str(wanting.rep.pk)),
            change(m, "profile", "Own compressor room"),
            change("m999999", "name", "Ghost"),
        ],
        wanting.rep,
    )
    assert set(outcome.refused) == {
        *(f"{c}-next_step", f"{c}-rank", f"c{wanting.wanted[0].pk}-name", f"{m}-kind", f"{m}-potential"),
        "m999999-name",
    }
    row = TargetCustomer.objects.get(pk=wanting.wanted[2].pk)
    assert (row.potential, row.product_family, row.name, row.version) == (1_200_000, dryers, "Nordic Dairy AB", 1)
    market = TargetMarket.objects.get(pk=wanting.markets[0].pk)
    assert (market.owner, market.profile, market.version) == (wanting.rep, "Own compressor room", 1)


def test_a_field_somebody_else_wrote_comes_back_with_both_texts(wanting):
    row = f"c{wanting.wanted[2].pk}"
    market_writing.save(wanting.territory, [change(row, "reason", "Theirs")], wanting.rep)
    outcome = market_writing.save(wanting.territory, [change(row, "reason", "Mine", seen=0)], wanting.north_manager)
    assert [(one.theirs, one.change.text) for one in outcome.conflicts] == [("Theirs", "Mine")]
    assert TargetCustomer.objects.get(pk=wanting.wanted[2].pk).reason == "Theirs"


def test_the_owner_of_a_market_is_somebody_of_the_territory(wanting):
    row = f"m{wanting.markets[0].pk}"
    outcome = market_writing.save(wanting.territory, [change(row, "owner", str(wanting.outsider.pk))], wanting.rep)
    assert list(outcome.refused) == [f"{row}-owner"]
    for person in (wanting.north_manager, wanting.director):  # who lead the owner
        assert not market_writing.save(
            wanting.territory, [change(row, "owner", str(person.pk), seen=9)], wanting.rep
        ).refused


# Who may


def test_the_owner_and_managers_write_and_a_helper_reads(wanting):
    Assignment.objects.create(territory=wanting.territory, person=wanting.outsider, role=AssignmentRole.OVERLAY)
    may = {
        name: access.can_edit_market(User.objects.get(pk=getattr(wanting, name).pk), wanting.territory)
        for name in (
            "admin",
            "director",
            "north_manager",
            "rep",
            "teammate",
            "outsider",
            "south_manager",
            "deactivated",
        )
    }
    assert [name for name, allowed in may.items() if allowed] == ["admin", "director", "north_manager", "rep"]
    assert TargetCustomer.objects.visible_to(User.objects.get(pk=wanting.outsider.pk)).count() == 3
    assert TargetCustomer.objects.visible_to(User.objects.get(pk=wanting.teammate.pk)).count() == 0


def test_a_vacant_territory_is_written_by_admins_alone(wanting):
    vacant = make_territory("Nobody's")
    assert access.can_edit_market(wanting.admin, vacant)
    assert not access.can_edit_market(wanting.director, vacant)


# Verification


def test_inv_75_a_gap_in_the_ranking_is_named(wanting):
    assert not any(finding.breaches for finding in run_all(("INV-75", "INV-76")))
    TargetCustomer.objects.filter(pk=wanting.wanted[0].pk).update(rank=7)
    assert [len(finding.breaches) for finding in run_all(("INV-75",))] == [1]


def test_inv_76_wishes_of_no_territory_are_named(wanting):
    nobody = Territory.objects.get(is_unassigned=True)
    TargetMarket.objects.create(territory=nobody, name="Everything", potential=Decimal(1))
    assert [len(finding.breaches) for finding in run_all(("INV-76",))] == [1]
