"""Conditions on very many keys, of every kind that is asked for: as Django answers them, and as one value."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from spm.market.models import Account
from spm.org.long_lists import MOST
from spm.org.models import Membership, User
from tests.builders import make_account, make_person, make_team

pytestmark = pytest.mark.django_db
FAR = 10_000_000  # keys of nobody
MANY = range(FAR, FAR + MOST + 50)


@pytest.fixture
def three():
    team = make_team("North")
    return [make_person(f"Person {number}", team=team) for number in range(3)]


def test_as_many_keys_as_one_likes_find_what_a_few_do(three):
    first, second, _third = (one.pk for one in three)
    with CaptureQueriesContext(connection) as caught:
        many = User.objects.filter(pk__in=[*MANY, first, None, second, first]).order_by("pk")
        assert [one.pk for one in many] == [first, second]
    assert ("json_each" if connection.vendor == "sqlite" else "= ANY(") in caught.captured_queries[0]["sql"]
    assert set(User.objects.people().exclude(pk__in=[*MANY, first, second])) == {three[2]}


@pytest.mark.parametrize(
    "condition",
    [
        lambda people: {"person__in": {*MANY, *(one.pk for one in people[:2])}},
        lambda people: {"person_id__in": [*MANY, *(one.pk for one in people[:2])]},
        lambda people: {"person__in": [*people[:2], *(User(pk=key) for key in MANY)]},
        lambda people: {"person__email__in": [*(f"{key}@x" for key in MANY), *(one.email for one in people[:2])]},
    ],
)
def test_relations_and_texts_alike(three, condition):
    assert set(Membership.objects.filter(**condition(three)).values_list("person", flat=True)) == {
        three[0].pk,
        three[1].pk,
    }


def test_texts_keep_their_letters(three):
    odd = ["it's", 'a "quote"', "back\\slash", "é%s{}", "[1, 2]"]
    for text in odd:
        make_account(text, external_id=text)
    found = Account.objects.filter(name__in=[*odd, *(f"n{key}" for key in MANY)]).values_list("name", flat=True)
    assert sorted(found) == sorted(odd)


def test_rows_are_fetched_along_updated_and_deleted_by_long_lists_too(three):
    keys = [*MANY, *(one.pk for one in three)]
    with CaptureQueriesContext(connection) as caught:
        rows = list(User.objects.filter(pk__in=keys).prefetch_related("memberships"))
    assert [one.memberships.count() for one in rows] == [1, 1, 1]
    assert len(caught.captured_queries) == 2
    assert User.objects.filter(pk__in=keys).update(theme="dark") == 3


def test_a_list_beyond_what_the_database_takes_as_parameters_is_no_error(three):
    """PostgreSQL ends at 65,535 of them where it binds them itself, this SQLite at 250,000."""
    keys = [three[0].pk, *range(FAR, FAR + 260_000)]
    assert list(User.objects.filter(pk__in=keys)) == [three[0]]
