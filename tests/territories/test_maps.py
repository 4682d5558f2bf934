"""Verbs and fields of an account's map: who is on it, who reports to whom, in which steps they decide."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from spm.errors import RuleViolation
from spm.market.models import Contact
from territories import caps, map_writing, maps
from territories.field_writing import AlreadyGone, Change
from territories.models import DecisionStep, Influence, Stakeholder
from tests.builders import make_account
from tests.territories.map_help import put, take


def write(mapped, row, name, text, *, seen=0, was="", by=None):
    return map_writing.save(mapped.account, [Change(row, name, text, seen, was)], by or mapped.rep)


def of(person):
    return f"s{person.pk}"


# People


def test_a_new_name_makes_a_contact_and_a_known_one_is_used(mapped):
    Contact.objects.create(account=mapped.account, name="Dee Known", external_id="C-1")
    known = maps.add_person(mapped.account, name="dee  known", title="", role="user", by=mapped.rep)
    fresh = maps.add_person(mapped.account, name="Eve New", title="Buyer", role="user", by=mapped.rep)
    assert known.contact.external_id == "C-1"
    assert (fresh.contact.name, fresh.contact.title, fresh.contact.external_id) == ("Eve New", "Buyer", "")


@pytest.mark.parametrize(("name", "sentence"), [("", "Write a name first"), ("Ada Chief", "on the map already")])
def test_nobody_and_somebody_twice_are_refused(mapped, name, sentence):
    with pytest.raises(maps.BadPerson, match=sentence):
        maps.add_person(mapped.account, name=name, title="", role="user", by=mapped.rep)


def test_a_wanted_role_becomes_a_person_and_keeps_its_place(mapped):
    wanted = maps.add_wanted(mapped.account, wanted="Head of energy", role="influence", by=mapped.rep)
    found = maps.name_person(wanted, name="Fay Found", by=mapped.rep)
    assert (found.pk, found.contact.name, found.contact.title) == (wanted.pk, "Fay Found", "Head of energy")
    assert found.placeholder == ""
    with pytest.raises(maps.BadPerson):
        maps.name_person(found, name="Somebody", by=mapped.rep)


def test_a_map_takes_forty_people(mapped):
    for number in range(caps.PEOPLE - 3):
        put(mapped.account, f"Extra {number}", "user")
    with pytest.raises(maps.MapFull):
        maps.add_wanted(mapped.account, wanted="One more", role="user", by=mapped.rep)


def test_taking_off_and_undo_keep_every_line(mapped):
    maps.draw_line(mapped.account, mapped.buyer.pk, mapped.chief.pk)
    write(mapped, of(mapped.user), "reports_to", str(mapped.buyer.pk))
    maps.remove_person(mapped.buyer, mapped.rep)
    assert not Stakeholder.objects.visible_to(mapped.rep).filter(pk=mapped.buyer.pk).exists()
    assert not Influence.objects.visible_to(mapped.rep).exists()
    maps.restore_person(mapped.account, mapped.buyer.pk, mapped.rep)
    assert Influence.objects.visible_to(mapped.rep).count() == 1
    assert Stakeholder.objects.visible_to(mapped.rep).get(pk=mapped.user.pk).reports_to_id == mapped.buyer.pk
    with pytest.raises(maps.BadPerson):
        maps.restore_person(mapped.account, mapped.buyer.pk, mapped.rep)


def test_who_was_taken_off_comes_back_by_name_with_what_was_known(mapped):
    maps.remove_person(mapped.chief, mapped.rep)
    back = maps.add_person(mapped.account, name="Ada Chief", title="", role="user", by=mapped.rep)
    assert (back.pk, back.last_met_on) == (mapped.chief.pk, date(2026, 8, 1))


def test_every_change_of_a_person_leaves_its_history(mapped):
    write(mapped, of(mapped.buyer), "support", "2", was="-1", by=mapped.north_manager)
    last = Stakeholder.history.filter(id=mapped.buyer.pk).first()
    assert (last.support, last.history_user) == (2, mapped.north_manager)


# Fields


@pytest.mark.parametrize(
    ("name", "text", "stored"),
    [
        ("role", "blocker", "blocker"),
        ("influence", "5", 5),
        ("support", "-2", -2),
        ("support", "", None),
        ("last_met_on", "2026-09-18", date(2026, 9, 18)),
        ("next_step", "  Ask   Ada ", "Ask Ada"),
    ],
)
def test_a_field_is_stored_as_meant(mapped, name, text, stored):
    outcome = write(mapped, of(mapped.buyer), name, text)
    assert not outcome.refused
    mapped.buyer.refresh_from_db()
    assert getattr(mapped.buyer, name) == stored
    assert mapped.buyer.version == 1


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("role", "boss", "Choose one of the list"),
        ("influence", "6", "Choose one of the list"),
        ("influence", "", "Choose one of the list"),
        ("support", "3", "Choose one of the list"),
        ("last_met_on", "2026-09-19", "still to come"),
        ("last_met_on", "yesterday", "Choose a day"),
        ("next_step", "x" * 61, "61 characters are too many: 60 fit"),
        ("relation", "999999", "Choose one of the list"),
        ("reports_to", "999999", "Choose one of the list"),
        ("name", "", "Write a name first"),
    ],
)
def test_what_a_field_cannot_take_is_told_and_not_stored(mapped, name, text, sentence):
    outcome = write(mapped, of(mapped.buyer), name, text)
    (told,) = outcome.refused.values()
    assert sentence in told
    mapped.buyer.refresh_from_db()
    assert mapped.buyer.version == 0


def test_a_person_of_another_account_is_nobody_to_report_to(mapped):
    stranger = put(make_account("Elsewhere"), "Zed Stranger", "decider")
    assert write(mapped, of(mapped.buyer), "reports_to", str(stranger.pk)).refused
    with pytest.raises(maps.BadLine):
        maps.draw_line(mapped.account, stranger.pk, mapped.buyer.pk)


def test_reporting_never_goes_round_in_a_circle(mapped):
    write(mapped, of(mapped.user), "reports_to", str(mapped.buyer.pk))
    write(mapped, of(mapped.buyer), "reports_to", str(mapped.chief.pk))
    outcome = write(mapped, of(mapped.chief), "reports_to", str(mapped.user.pk))
    assert "circle" in next(iter(outcome.refused.values()))
    assert write(mapped, of(mapped.chief), "reports_to", str(mapped.chief.pk)).refused


def test_nobody_known_was_never_met(mapped):
    wanted = put(mapped.account, "Head of energy", "influence", wanted=True)
    assert (
        "Name the person first"
        in write(mapped, of(wanted), "last_met_on", "2026-09-01").refused[f"{of(wanted)}-last_met_on"]
    )


def test_a_contact_of_the_crm_is_changed_there(mapped):
    Contact.objects.filter(pk=mapped.buyer.contact_id).update(external_id="C-7")
    assert "CRM" in write(mapped, of(mapped.buyer), "title", "Buyer").refused[f"{of(mapped.buyer)}-title"]
    assert not write(mapped, of(mapped.chief), "title", "Director").refused
    assert Contact.objects.get(pk=mapped.chief.contact_id).title == "Director"


@pytest.mark.parametrize(
    ("who", "taken"), [("rep", True), ("north_manager", True), ("director", True), ("outsider", False)]
)
def test_those_who_work_the_account_look_after_its_people(mapped, who, taken):
    outcome = write(mapped, of(mapped.buyer), "relation", str(getattr(mapped, who).pk))
    assert bool(outcome.refused) is not taken


def test_the_same_field_written_twice_comes_back_with_both_texts(mapped):
    write(mapped, of(mapped.buyer), "next_step", "Call Bo", by=mapped.north_manager)
    outcome = write(mapped, of(mapped.buyer), "next_step", "Visit Bo", seen=0)
    (conflict,) = outcome.conflicts
    assert (conflict.change.text, conflict.theirs, conflict.version) == ("Visit Bo", "Call Bo", 1)
    other = write(mapped, of(mapped.buyer), "influence", "4", seen=0, was="3")
    assert not other.conflicts


def test_a_row_taken_out_meanwhile_is_told(mapped):
    maps.remove_person(mapped.buyer, mapped.rep)
    assert "gone" in write(mapped, of(mapped.buyer), "influence", "4").refused[f"{of(mapped.buyer)}-influence"]


# Lines and steps


def test_a_line_is_drawn_once_and_erased(mapped):
    for _twice in range(2):
        maps.draw_line(mapped.account, mapped.buyer.pk, mapped.chief.pk)
    (line,) = Influence.objects.all()
    with pytest.raises(maps.BadLine):
        maps.draw_line(mapped.account, mapped.buyer.pk, mapped.buyer.pk)
    maps.erase_line(line)
    assert not Influence.objects.exists()


def test_steps_stand_in_order_and_change_places_by_buttons(mapped):
    for name in ("Need", "Test", "Contract"):
        maps.add_step(mapped.account, name, mapped.rep)
    need, test, contract = DecisionStep.objects.order_by("position")
    maps.move_step(contract, up=True, by=mapped.rep)
    maps.move_step(need, up=True, by=mapped.rep)  # the first stays the first
    assert list(DecisionStep.objects.order_by("position").values_list("name", "position")) == [
        ("Need", 1),
        ("Contract", 2),
        ("Test", 3),
    ]
    assert test.name == "Test"


def test_a_decision_takes_six_steps_also_when_all_change_places(mapped):
    steps = take(mapped.account, *"ABCDEF")
    with pytest.raises(maps.MapFull):
        maps.add_step(mapped.account, "G", mapped.rep)
    maps.move_step(steps[0], up=False, by=mapped.rep)
    assert "".join(DecisionStep.objects.order_by("position").values_list("name", flat=True)) == "BACDEF"


def test_a_step_taken_out_closes_the_gap_and_comes_back_at_the_end(mapped):
    first, *_others = take(mapped.account, "A", "B", "C")
    key = first.pk
    maps.remove_step(first, mapped.rep)
    with pytest.raises(AlreadyGone):
        maps.remove_step(first, mapped.rep)
    assert list(DecisionStep.objects.order_by("position").values_list("name", "position")) == [("B", 1), ("C", 2)]
    maps.restore_step(mapped.account, key, mapped.rep)
    assert list(DecisionStep.objects.order_by("position").values_list("name", "position")) == [
        ("B", 1),
        ("C", 2),
        ("A", 3),
    ]
    with pytest.raises(RuleViolation):
        maps.restore_step(mapped.account, key, mapped.rep)


# Below the ORM


def test_inv_70_lines_between_two_accounts_are_refused_by_the_database(mapped):
    stranger = put(make_account("Elsewhere"), "Zed Stranger", "decider")
    step = take(mapped.account, "Need")[0]
    foreign = Contact.objects.create(account=stranger.account, name="Foreign")
    for write_it in (
        lambda: Influence.objects.create(source=stranger, target=mapped.buyer),
        lambda: _set(mapped.buyer, reports_to=stranger),
        lambda: _set(step, owner=stranger),
        lambda: Stakeholder.objects.create(account=mapped.account, contact=foreign, role="user"),
    ):
        with pytest.raises(IntegrityError, match="INV-70"), transaction.atomic():
            write_it()


def _set(row, **fields):
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()


def test_a_full_map_takes_nobody_back_either(mapped, monkeypatch):
    maps.remove_person(mapped.buyer, mapped.rep)
    monkeypatch.setattr(caps, "PEOPLE", 2)
    with pytest.raises(maps.MapFull):
        maps.add_person(mapped.account, name="Bo Buyer", title="", role="influence", by=mapped.rep)
    assert Stakeholder.objects.filter(removed_at=None).count() == 2
