"""A worked story: two teams, quotas of 1,200 a year each, a split, an overlay, a house sale, and last year."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.utils.translation import override

from targets import rollup
from targets.actuals import recording
from targets.crediting import Share
from targets.lines import CreditSet
from tests.builders import make_actual, make_quota, make_year


@pytest.fixture(autouse=True)
def fresh_cache():
    """What a page keeps until the next roll-up, and the language it was asked in, must not reach the next test."""
    cache.clear()
    with override("en"):
        yield
    cache.clear()


def book(person, day, amount, number, **fields):
    return make_actual(person, day, amount, external_id=number, kind=fields.pop("kind", "booking"), **fields)


@pytest.fixture
def story(cast):
    """Quotas of 100 a month each, so 860 by 18 September. Rep One 950, Rep Two 450, Rep Three 700 and 150 overlay,
    House 40; last year Rep One 600 by the same day, 1,599 in all.
    """
    make_year("2025", date(2025, 1, 1))
    make_year()
    for person in (cast.rep, cast.teammate, cast.outsider):
        for month in range(1, 13):
            make_quota(person, f"2026-{month:02}", 100)
    book(cast.rep, "2026-02-10", 500, "B1")
    book(cast.rep, "2026-08-20", 300, "B2")
    book(cast.teammate, "2026-03-05", 600, "B3")
    book(cast.outsider, "2026-06-01", 700, "B4")
    book(None, "2026-07-01", 40, "B5")
    book(cast.rep, "2026-05-05", "77.50", "R1", kind="revenue")
    for day, amount, number in (("2025-03-01", 400, "L1"), ("2025-09-10", 200, "L2"), ("2025-09-25", 999, "L3")):
        book(cast.rep, day, amount, number)
    split = (Share(cast.teammate.pk, None, Decimal("0.75")), Share(cast.rep.pk, None, Decimal("0.25")))
    helped = (Share(cast.rep.pk, None, Decimal(1)), Share(cast.outsider.pk, None, Decimal("0.5"), is_overlay=True))
    with recording("test") as recorder:
        recorder.record_credits([CreditSet("B3", split), CreditSet("B2", helped)])
    rollup.rebuild()
    return cast


@pytest.fixture
def visit(live_server, page, sign_in, story):
    """visit(path, person) opens a page of the story as that person."""

    def to(path, person):
        sign_in(person)
        page.goto(live_server.url + path)
        return page

    return to
