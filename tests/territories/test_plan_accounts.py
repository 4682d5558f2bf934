"""The account of a line of a plan, chosen by what is typed: found among any number, and told where several fit."""

import re

import pytest
from django.urls import reverse

from spm.market.models import Account
from territories import plan_writing
from territories.choices import Section
from territories.models import TerritoryPlanLine
from tests.builders import make_account
from tests.territories.test_plan_writing import add, change, complete


@pytest.fixture
def address(planned):
    return reverse("territories:plan-detail", args=["2027", planned.rep.pk])


def put_account(planned, text):
    """What the field of a new key account says to these words: (the account, the sentence, what it shows)."""
    line = add(planned, Section.ACCOUNTS)
    outcome = plan_writing.save(planned.plan, [change(line, "account", text)], planned.rep)
    line = TerritoryPlanLine.objects.select_related("account").get(pk=line.pk)
    key = f"{line.pk}-account"
    return line.account and line.account.external_id, outcome.refused.get(key, ""), outcome.shown.get(key, "")


@pytest.fixture
def many(planned):
    """A rep of 600 accounts, two of them of one name; and the account of somebody else."""
    rows = [Account(external_id=f"N{no}", key=f"n{no}", name=f"Plant {no}", owner=planned.rep) for no in range(600)]
    Account.objects.bulk_create(rows)
    for number in ("T1", "T2"):
        make_account("Zwilling", external_id=number, owner=planned.rep, tier="B")
    make_account("Ostsee-Werft", external_id="O7", owner=planned.rep)
    planned.accounts[1].delete()
    make_account("Zebra of others", external_id="Z9", owner=planned.outsider)
    return planned


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Plant 599", ("N599", "", "Plant 599")),
        ("n598", ("N598", "", "Plant 598")),
        ("lant 59", (None, "Which one: Plant 159 (N159), Plant 259 (N259), ", "")),
        ("ostse", ("O7", "", "Ostsee-Werft")),
        ("zwilling", (None, "Which one: Zwilling (T1), Zwilling (T2)? Write more of the name, or the number.", "")),
        ("T2", ("T2", "", "Zwilling")),
        ("Zebra", (None, "None of your accounts has this name or number.", "")),
        ("Z9", (None, "None of your accounts has this name or number.", "")),
        ("x " * 400, (None, "None of your accounts has this name or number.", "")),
        ("", (None, "", "")),
    ],
)
def test_any_account_of_ones_own_is_found_by_what_is_typed(many, text, told):
    account, sentence, shown = put_account(many, text)
    assert (account, shown) == (told[0], told[2])
    assert sentence.startswith(told[1])
    assert bool(sentence) == bool(told[1])


def test_a_part_of_the_name_of_the_account_that_stands_there_is_shown_whole(planned):
    complete(planned)
    line = TerritoryPlanLine.objects.get(section=Section.ACCOUNTS)
    outcome = plan_writing.save(planned.plan, [change(line, "account", "halvor", was="Halvorsen")], planned.rep)
    assert (outcome.shown, outcome.saved_at) == ({f"{line.pk}-account": "Halvorsen"}, None)


def test_a_long_list_of_accounts_is_offered_in_part_and_looked_up_for_the_rest(many, client, address):
    add(many, Section.ACCOUNTS)
    client.force_login(many.rep)
    body = client.get(address).content.decode()
    names = reverse("territories:account-names")
    offered = re.search(rf'<datalist id="plan-accounts" data-offers="{names}">.*?</datalist>', body, re.DOTALL)[0]
    assert offered.count("<option") == 100
    assert "offers.js" in body
    found = client.get(names, {"q": "plant 59"}).json()["accounts"]
    assert [one["value"] for one in found][:11] == ["Plant 59", *(f"Plant {number}" for number in range(590, 600))]
    assert client.get(names, {"q": "zwil"}).json()["accounts"] == [
        {"value": "T1", "label": "Zwilling · B"},
        {"value": "T2", "label": "Zwilling · B"},
    ]
    assert client.get(names, {"q": "zebra"}).json()["accounts"] == []
    assert len(client.get(names).json()["accounts"]) == 20


def test_a_short_list_of_accounts_asks_for_nothing_more(planned, client, address):
    client.force_login(planned.rep)
    plan_writing.add_line(planned.plan, Section.ACCOUNTS, planned.rep)
    body = client.get(address).content.decode()
    assert "data-offers" not in body
    assert '<option value="Halvorsen">' in body
