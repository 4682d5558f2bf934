"""How often a page or a file asks the database: never more than twenty times (design, Speed), whoever asks for it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.access.routes import ROUTES
from tests.access.sweep import looks, relations_of
from tests.access.world import rolled_back

pytestmark = pytest.mark.django_db

MOST = 20
LOOKERS = ("owner", "director", "admin")
FRAME = ("SAVEPOINT", "RELEASE", "ROLLBACK")  # of the test's own transaction


def queries(client, url):
    """What a warm page asks for, statement by statement; none where it is not shown to this client."""
    with rolled_back():
        if client.get(url).status_code != 200:
            return []
        with CaptureQueriesContext(connection) as caught:
            answer = client.get(url)
            if answer.streaming:
                b"".join(answer.streaming_content)
    return [query["sql"] for query in caught.captured_queries if not query["sql"].startswith(FRAME)]


@pytest.mark.parametrize("name", ROUTES)
def test_no_page_or_file_asks_the_database_more_than_twenty_times(name, world):
    access, wide = ROUTES[name], {}
    for actor in LOOKERS:
        urls = {url for relation in relations_of(access) for url in looks(access, world, name, relation)}
        for url in sorted(urls):
            asked = queries(world.client(actor), url)
            if len(asked) > MOST:
                wide[f"{actor} at {url}: {len(asked)}"] = asked
    assert not wide
