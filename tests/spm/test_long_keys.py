"""A normal form may be longer than what was typed (ß becomes ss): refused in words where it outgrows its column."""

import pytest
from django.urls import reverse

from spm.keys import normalise, outgrows
from spm.market.models import Account, ProductFamily, Territory
from spm.org.models import Team, User
from targets.models import Actual
from territories import rule_sets
from territories.rule_sets import BadRule
from territories.target_customers import BadWords, key_of
from tests.spm.imports_help import load

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("text", "most", "does"), [("ß" * 5, 9, True), ("ß" * 5, 10, False), ("a" * 11, 10, True)])
def test_what_outgrows_a_column(text, most, does):
    assert outgrows(text, most) is does
    assert does is (max(len(text), len(normalise(text))) > most)


@pytest.mark.parametrize(
    ("kind", "rows", "model"),
    [
        ("actuals", "external_id,kind,date,amount\n{60},revenue,2026-01-05,10\n", Actual),
        ("actuals", "external_id,kind,date,product_family,amount\na,revenue,2026-01-05,{110},10\n", ProductFamily),
        ("accounts", "account_id,name\n{60},Long\n", Account),
        ("territories", "territory\n{110}\n", Territory.objects.real()),
        ("teams", "team\n{110}\n", Team),
    ],
)
def test_a_code_of_a_file_that_outgrows_its_column_is_refused(year, kind, rows, model):
    for count in (60, 110):
        rows = rows.replace(f"{{{count}}}", "ß" * count)
    batch = load(kind, rows)
    assert ["The text is longer than" in row.reason for row in batch.rows.all()] == [True]
    assert not getattr(model, "objects", model).all().exists()


@pytest.mark.parametrize(("address", "model"), [("setup:team-create", Team), ("setup:territory-create", Territory)])
def test_a_code_of_a_form_that_outgrows_its_column_is_refused(client, cast, address, model):
    client.force_login(cast.admin)
    before = model.objects.count()
    answer = client.post(reverse(address), {"name": "ß" * 110, "code": "ß" * 110})
    assert (answer.status_code, "A code has at most 200 characters." in answer.content.decode()) == (422, True)
    assert model.objects.count() == before


def test_an_address_that_outgrows_its_column_is_none(client, cast):
    client.force_login(cast.admin)
    long = f"x@{'.'.join(['ß' * 60] * 3)}.{'ß' * 40}.com"
    answer = client.post(reverse("setup:person-create"), {"email": long, "name": "Long"})
    assert answer.status_code == 422
    assert not User.objects.filter(name="Long").exists()


def test_criteria_and_names_of_target_customers_are_held_to_their_columns():
    with pytest.raises(BadRule, match="at most 120 characters"):
        rule_sets.in_form({"industry": "ß" * 61})
    assert rule_sets.outgrown({"country": "France", "region": "ß" * 61}) == "region"
    with pytest.raises(BadWords):
        key_of("ﬃ" * 101)
