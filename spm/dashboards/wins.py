"""Wins that the numbers show by themselves, for a manager to praise: at most one for each person, the largest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _

from spm.dashboards.board import Row
from spm.dashboards.figures import ZERO, share_of_quota
from spm.dashboards.performance import Performance
from spm.dashboards.periods import Leaf
from spm.dashboards.queries import Person
from spm.ui.numbers import percent

WINS_SHOWN = 4
MONTHS_IN_A_ROW = 3
FULL = Decimal(1)


@dataclass(frozen=True, slots=True)
class Win:
    """``share``: of the last complete month's quota, by which wins are ordered."""

    person: Person
    text: str
    share: Decimal
    href: str


def wins(page: Performance) -> list[Win]:
    """Whose last complete month reached its quota and was the best of the year, or the third such month in a row."""
    done = [leaf for quarter in page.view.window.quarters for leaf in quarter.leaves if leaf.over]
    if not done:
        return []
    found = []
    for row in page.board.people:
        text = _text(row, done) if row.pk in page.people else ""
        if text:
            href = reverse("dashboards:rep", args=[row.pk]) + page.view.query()
            found.append(Win(page.people[row.pk], text, share_of_quota(done[-1], row.cells) or ZERO, href))
    return sorted(found, key=lambda win: (-win.share, win.person.name))[:WINS_SHOWN]


def _text(row: Row, done: Sequence[Leaf]) -> str:
    last, shares = done[-1], [share_of_quota(leaf, row.cells) or ZERO for leaf in done]
    if shares[-1] < FULL:
        return ""
    words = {"month": last.title, "share": percent(shares[-1])}
    amounts = [row.cells[leaf.pk].actual for leaf in done if leaf.pk in row.cells]
    if len(amounts) >= MONTHS_IN_A_ROW and amounts[-1] > max(amounts[:-1]):
        return _("Best month of the year: %(month)s at %(share)s of its quota") % words
    if len(shares) >= MONTHS_IN_A_ROW and all(share >= FULL for share in shares[-MONTHS_IN_A_ROW:]):
        return _("Third month in a row at quota or above: %(month)s at %(share)s") % words
    return ""
