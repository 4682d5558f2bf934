"""Stakeholders and decision steps from files: the rules of the page, undone as a whole, exported and loaded again."""

from datetime import date

import pytest

from spm.imports import batches
from spm.imports.journal import ChangedSince
from spm.imports.workbooks import template
from spm.market.models import Contact
from spm.org.verification import run_all
from territories import caps, maps
from territories.map_imports import Stakeholders
from territories.map_tables import PEOPLE, STEPS
from territories.models import DecisionStep, Influence, Stakeholder
from territories.step_imports import DecisionSteps
from tests.spm.imports_help import load, told
from tests.territories.map_help import put

HEADER = (
    "account_id,name,wanted,title,role,influence,support,relation_email,reports_to,listens_to,last_met_on,next_step\n"
)
ROWS = """
    {a},Dee Director,,Plant director,decider,5,1,{rep},,Eve Engineer; Bo Buyer,2026-08-12,Invite her
    {a},Eve Engineer,,,influence,3,2,{rep},Dee Director,,2026-09-02,
    {a},,Head of energy,,influence,4,,,Dee Director,,,Ask Eve who it is
"""
STEP_HEADER = "account_id,position,name,owner,criterion,evidence,due_on,done_on\n"
STEP_ROWS = """
    {a},1,Need confirmed,Ada Chief,Written,Mail of 4 June,2026-06-01,2026-06-04
    {a},2,Budget released,bo  buyer,,,2026-11-05,
    {a},3,Contract,,,,2026-12-15,
"""


def rows_of(mapped, text=ROWS, header=HEADER):
    return header + text.strip().format(a=mapped.account.external_id, rep=mapped.rep.email)


def steps_of(mapped, text=STEP_ROWS):
    return rows_of(mapped, text, STEP_HEADER)


def refusals(batch):
    return [(row.number, row.column) for row in batch.rows.order_by("number")]


def named(name):
    return Stakeholder.objects.get(contact__name=name)


# Stakeholders


def test_a_map_is_loaded_with_its_lines_and_again_changes_nothing(mapped):
    assert told(load("stakeholders", rows_of(mapped))) == {"read": 3, "new": 3}
    dee, eve = named("Dee Director"), named("Eve Engineer")
    assert (dee.contact.title, dee.influence, dee.support, dee.relation) == ("Plant director", 5, 1, mapped.rep)
    assert (eve.reports_to, eve.last_met_on) == (dee, date(2026, 9, 2))
    assert Stakeholder.objects.get(placeholder="Head of energy").reports_to == dee
    assert set(Influence.objects.values_list("source__contact__name", "target__contact__name")) == {
        ("Eve Engineer", "Dee Director"),
        ("Bo Buyer", "Dee Director"),
    }
    history = Stakeholder.history.count()
    assert told(load("stakeholders", rows_of(mapped))) == {"read": 3, "unchanged": 3}
    assert Stakeholder.history.count() == history
    assert not any(finding.breaches for finding in run_all(("INV-70", "INV-71")))


def test_of_two_with_one_name_the_file_means_whoever_stands_on_the_map(mapped):
    first = maps.add_wanted(mapped.account, wanted="Head of energy", role="influence", by=mapped.rep)
    Stakeholder.objects.filter(pk=mapped.user.pk).update(reports_to=first)
    maps.remove_person(first, mapped.rep)
    second = maps.add_wanted(mapped.account, wanted="Head of energy", role="influence", by=mapped.rep)
    rows = rows_of(mapped, "{a},,Head of energy,,influence,4,,,,,,Ask Eve who it is")
    assert told(load("stakeholders", rows)) == {"read": 1, "changed": 1}
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.removed_at is None, second.influence) == (False, 4)


def test_undo_takes_off_whom_the_file_put_on_and_their_contacts(mapped):
    contacts = Contact.objects.count()
    batches.undo(load("stakeholders", rows_of(mapped)))
    assert Stakeholder.objects.count() == 3
    assert Contact.objects.count() == contacts
    assert not Influence.objects.exists()


def test_undo_puts_back_what_a_changed_row_said(mapped):
    load("stakeholders", rows_of(mapped))
    later = rows_of(mapped).replace("Plant director", "Owner").replace(",5,1,", ",2,-2,").replace("Invite her", "")
    batch = load("stakeholders", later)
    assert told(batch) == {"read": 3, "changed": 1, "unchanged": 2}
    assert named("Dee Director").contact.title == "Owner"
    batches.undo(batch)
    dee = named("Dee Director")
    assert (dee.contact.title, dee.influence, dee.support, dee.next_step) == ("Plant director", 5, 1, "Invite her")


def test_undo_is_refused_where_somebody_of_the_file_is_named_since(mapped):
    batch = load("stakeholders", rows_of(mapped))
    maps.draw_line(mapped.account, mapped.user.pk, named("Eve Engineer").pk)
    with pytest.raises(ChangedSince):
        batches.undo(batch)
    assert Stakeholder.objects.filter(contact__name="Eve Engineer").exists()


def test_a_row_brings_back_who_was_taken_off(mapped):
    maps.remove_person(mapped.buyer, mapped.rep)
    batch = load("stakeholders", rows_of(mapped, "{a},Bo Buyer,,,influence,3,-1,,,,,"))
    assert told(batch) == {"read": 1, "changed": 1}
    assert Stakeholder.objects.get(pk=mapped.buyer.pk).removed_at is None
    batches.undo(batch)
    assert Stakeholder.objects.get(pk=mapped.buyer.pk).removed_at is not None


def test_a_header_that_is_missing_changes_nothing_of_its_column(mapped):
    load("stakeholders", f"account_id,name,role\n{mapped.account.external_id},Ada Chief,user")
    ada = Stakeholder.objects.get(pk=mapped.chief.pk)
    assert (ada.role, ada.influence, ada.last_met_on, ada.relation) == ("user", 5, date(2026, 8, 1), mapped.rep)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("NOBODY,Dee,,,decider,5,1,,,,,", "account_id"),
        ("{a},,,,decider,5,1,,,,,", "name"),
        ("{a},Dee,Head of energy,,decider,5,1,,,,,", "name"),
        ("{a},,Ada Chief,,decider,5,1,,,,,", "wanted"),
        ("{a},Dee,,,boss,5,1,,,,,", "role"),
        ("{a},Dee,,,,5,1,,,,,", "role"),
        ("{a},Dee,,,decider,6,1,,,,,", "influence"),
        ("{a},Dee,,,decider,0,1,,,,,", "influence"),
        ("{a},Dee,,,decider,5,3,,,,,", "support"),
        ("{a},Dee,,,decider,5,much,,,,,", "support"),
        ("{a},Dee,,,decider,5,1,nobody@example.com,,,,", "relation_email"),
        ("{a},Dee,,,decider,5,1,,Nobody,,,", "reports_to"),
        ("{a},Dee,,,decider,5,1,,Dee,,,", "reports_to"),
        ("{a},Dee,,,decider,5,1,,,Nobody,,", "listens_to"),
        ("{a},Dee,,,decider,5,1,,,Dee,,", "listens_to"),
        ("{a},Dee,,,decider,5,1,,,,2026-09-19,", "last_met_on"),
        ("{a},,Head of energy,,decider,5,1,,,,2026-09-01,", "last_met_on"),
        ("{a},Dee,,,decider,5,1,,,,,{long}", "next_step"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_column_and_nothing_is_loaded(mapped, row, column):
    batch = load("stakeholders", rows_of(mapped, row.replace("{long}", "x" * 61)))
    assert refusals(batch) == [(2, column)]
    assert Stakeholder.objects.count() == 3


def test_a_ring_of_chiefs_is_refused_also_with_those_on_the_map(mapped):
    mapped.chief.reports_to = mapped.buyer
    mapped.chief.save()
    batch = load("stakeholders", rows_of(mapped, "{a},Bo Buyer,,,influence,3,-1,,Ada Chief,,,"))
    assert refusals(batch) == [(2, "reports_to")]


def test_who_reports_to_a_refused_row_is_refused_with_it(mapped):
    text = "{a},Dee,,,decider,5,1,,Nobody,,,\n{a},Eve,,,user,1,1,,Dee,,,\n{a},Fay,,,user,1,1,,,,,"
    batch = load("stakeholders", rows_of(mapped, text), is_partial=True)
    assert refusals(batch) == [(2, "reports_to"), (3, "reports_to")]
    assert Stakeholder.objects.filter(contact__name="Fay").exists()
    assert Stakeholder.objects.count() == 4


def test_a_contact_of_the_crm_keeps_its_title(mapped):
    Contact.objects.create(account=mapped.account, name="Dee", title="Chief", external_id="C1")
    assert refusals(load("stakeholders", rows_of(mapped, "{a},Dee,,Boss,user,1,1,,,,,"))) == [(2, "title")]
    assert told(load("stakeholders", rows_of(mapped, "{a},Dee,,Chief,user,1,1,,,,,"))) == {"read": 1, "new": 1}
    assert Contact.objects.filter(name="Dee").count() == 1


def test_a_map_takes_forty_people_from_a_file_too(mapped):
    rows = "\n".join(f"{{a}},Extra {number},,,user,1,,,,,," for number in range(caps.PEOPLE - 2))
    batch = load("stakeholders", rows_of(mapped, rows))
    assert {column for _number, column in refusals(batch)} == {"account_id"}
    assert Stakeholder.objects.count() == 3


# Steps


def test_steps_are_loaded_owned_by_name_and_again_change_nothing(mapped):
    assert told(load("decision_steps", steps_of(mapped))) == {"read": 3, "new": 3}
    first, second, _third = DecisionStep.objects.order_by("position")
    assert (first.owner, first.evidence, first.done_on) == (mapped.chief, "Mail of 4 June", date(2026, 6, 4))
    assert second.owner == mapped.buyer
    assert told(load("decision_steps", steps_of(mapped))) == {"read": 3, "unchanged": 3}


def test_undo_of_steps_puts_back_names_and_takes_out_what_was_made(mapped):
    load("decision_steps", steps_of(mapped))
    batch = load("decision_steps", steps_of(mapped, "{a},3,Signature,,,,,\n{a},4,Delivery,,,,,"))
    assert told(batch) == {"read": 2, "new": 1, "changed": 1}
    batches.undo(batch)
    assert list(DecisionStep.objects.order_by("position").values_list("name", "due_on"))[2:] == [
        ("Contract", date(2026, 12, 15))
    ]


def test_undo_leaves_no_gap_before_a_later_step(mapped):
    batch = load("decision_steps", steps_of(mapped))
    maps.add_step(mapped.account, "Delivery", mapped.rep)
    with pytest.raises(ChangedSince):
        batches.undo(batch)
    assert DecisionStep.objects.count() == 4


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("{a},2,Budget,,,,,", "position"),
        ("{a},0,Budget,,,,,", "position"),
        ("{a},7,Budget,,,,,", "position"),
        ("{a},1,,,,,,", "name"),
        ("{a},1,{long},,,,,", "name"),
        ("{a},1,Budget,Nobody,,,,", "owner"),
        ("{a},1,Budget,,,,2026-02-31,", "due_on"),
        ("{a},1,Budget,,,,,2026-09-19", "done_on"),
        ("NOBODY,1,Budget,,,,,", "account_id"),
    ],
)
def test_a_step_that_does_not_fit_is_refused_with_its_column(mapped, row, column):
    assert refusals(load("decision_steps", steps_of(mapped, row.replace("{long}", "x" * 111)))) == [(2, column)]
    assert not DecisionStep.objects.exists()


def test_who_was_taken_off_the_map_owns_no_step(mapped):
    maps.remove_person(mapped.buyer, mapped.rep)
    assert refusals(load("decision_steps", steps_of(mapped))) == [(3, "owner"), (4, "position")]


# Out and in again


def test_what_the_page_exports_loads_again_and_changes_nothing(mapped, client):
    put(mapped.account, "Head of energy", "influence", 4, wanted=True, reports_to=mapped.chief)
    maps.draw_line(mapped.account, mapped.buyer.pk, mapped.chief.pk)
    load("decision_steps", steps_of(mapped))
    client.force_login(mapped.rep)
    for kind, table, count in (("stakeholders", "", 4), ("decision_steps", "steps", 3)):
        answer = client.get(f"/territories/accounts/{mapped.account.pk}/", {"format": "csv", "table": table})
        body = b"".join(answer.streaming_content)
        assert told(load(kind, body)) == {"read": count, "unchanged": count}


@pytest.mark.parametrize(("kind", "headers"), [(Stakeholders(), PEOPLE), (DecisionSteps(), STEPS)])
def test_the_file_of_the_page_has_the_headers_of_the_kind_and_there_is_a_template(kind, headers):
    assert tuple(headers) == tuple(column.name for column in kind.columns)
    assert template(kind)


def test_of_two_contacts_of_one_name_whoever_is_still_there_is_meant(mapped):
    """On either database: the two put those without a last day at different ends."""
    left, here, sooner = (
        Contact.objects.create(account=mapped.account, name="Kim Twice", left_on=day)
        for day in (date(2026, 3, 1), None, date(2025, 3, 1))
    )
    assert list(Contact.objects.filter(name="Kim Twice").here_first()) == [here, sooner, left]
    assert maps.add_person(mapped.account, name="kim  twice", title="", role="user", by=mapped.rep).contact == here

    load("stakeholders", HEADER + f"{mapped.account.external_id},Kim Twice,,,user,4,,,,,,")
    assert named("Kim Twice").contact == here
    assert named("Kim Twice").influence == 4
