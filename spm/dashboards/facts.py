"""What stands behind a row: facts on record that explain it. Pure; the reads are made by the caller.

A fact is told only where the data shows it: one large order, a late start, a move, a fall since some month, a margin
rate well below the team's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice

from django.utils.translation import gettext as _

from spm.dashboards.board import Row
from spm.dashboards.figures import ZERO, share_of_quota
from spm.dashboards.periods import Leaf, Window
from spm.ui.numbers import day_short, money_compact, month_name, percent
from targets import measures

LARGE = Decimal("0.30")  # one order of this share of the period is told (ux.md, allocation warnings)
LOW_MARGIN = Decimal("0.05")  # so far below the team's rate is told
FALLING_MONTHS = 3
MOST = 7


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about the people of a page, each by primary key."""

    names: Mapping[int, str]
    largest: Mapping[int, Decimal]  # the largest single credit of the window
    started: Mapping[int, date]
    moved: Mapping[int, date]  # into another team
    territories: Mapping[int, tuple[str, date]]  # a territory taken within the window
    margins: Mapping[int, Decimal]  # margin rate of the window
    team_margin: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True)
class Fact:
    person: int
    name: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class About:
    """One person's row and whatever a rule may look at."""

    row: Row
    window: Window
    known: Known


def facts(people: Sequence[Row], window: Window, known: Known) -> list[Fact]:
    """The most telling fact of each person, the widest gaps first, seven at most."""
    ranked = sorted(people, key=lambda row: abs(row.figures.gap or ZERO), reverse=True)
    named = (row for row in ranked if row.pk in known.names)
    found = ((row, fact) for row in named if (fact := _fact(About(row, window, known))))
    return [Fact(row.pk, known.names[row.pk], heading, text) for row, (heading, text) in islice(found, MOST)]


def events(known: Known) -> dict[int, list[tuple[date, str]]]:
    """What the heat map marks with a dot: starts, moves between teams and territories taken over, per person."""
    found: dict[int, list[tuple[date, str]]] = {}
    for person, start in known.started.items():
        found.setdefault(person, []).append((start, _("started on %(day)s") % {"day": day_short(start)}))
    for person, start in known.moved.items():
        found.setdefault(person, []).append((start, _("changed team on %(day)s") % {"day": day_short(start)}))
    for person, (name, start) in known.territories.items():
        words = {"territory": name, "day": day_short(start)}
        found.setdefault(person, []).append((start, _("took over %(territory)s on %(day)s") % words))
    return found


def dotted(*kinds: Mapping[int, list[tuple[date, str]]]) -> dict[int, list[tuple[date, str]]]:
    """What is on record about each person, of several kinds, together."""
    found: dict[int, list[tuple[date, str]]] = {}
    for kind in kinds:
        for person, told in kind.items():
            found[person] = [*found.get(person, []), *told]
    return found


def _fact(of: About) -> tuple[str, str] | None:
    rules = (_large_deal, _late_start, _new_territory, _moved, _falling, _low_margin)
    return next((found for rule in rules if (found := rule(of))), None)


def _large_deal(of: About) -> tuple[str, str] | None:
    amount, credited = of.known.largest.get(of.row.pk), of.row.figures.actual
    if amount is None or credited <= 0 or amount / credited <= LARGE or not of.row.figures.expected:
        return None
    text = _("One order of %(amount)s is %(share)s of what is credited; pace is %(rest)s without it.") % {
        "amount": money_compact(amount, of.known.currency),
        "share": percent(amount / credited),
        "rest": percent(measures.pace(credited - amount, of.row.figures.expected)),
    }
    return _("one large deal"), text


def _late_start(of: About) -> tuple[str, str] | None:
    start = of.known.started.get(of.row.pk)
    if start is None or not of.window.starts_on < start <= of.window.ends_on:
        return None
    quoted = [leaf for leaf in of.window.leaves if leaf.pk in of.row.cells and of.row.cells[leaf.pk].quota]
    text = _("Started on %(day)s.") % {"day": day_short(start)}
    if quoted and quoted[0].starts_on > of.window.starts_on:
        text += " " + _("Months before %(month)s carry no quota.") % {"month": month_name(quoted[0].starts_on)}
    return _("hired in %(month)s") % {"month": month_name(start)}, text


def _new_territory(of: About) -> tuple[str, str] | None:
    name, start = of.known.territories.get(of.row.pk, ("", of.window.starts_on))
    if start <= of.window.starts_on:
        return None
    text = _("Took over %(territory)s; credits before that day stay with the owner of then.") % {"territory": name}
    return _("new territory since %(day)s") % {"day": day_short(start)}, text


def _moved(of: About) -> tuple[str, str] | None:
    start = of.known.moved.get(of.row.pk)
    if start is None or not of.window.starts_on < start <= of.window.ends_on:
        return None
    text = _("Each team counts the time spent in it; both halves are shown.")
    return _("changed team on %(day)s") % {"day": day_short(start)}, text


def falling_since(row: Row, window: Window) -> date | None:
    """The first of at least three complete months in a row, up to the last one, each below the one before."""
    fallen: list[Leaf] = []
    later: tuple[Leaf, Decimal] | None = None
    for leaf in reversed([leaf for leaf in window.trail if leaf.over]):
        share = share_of_quota(leaf, row.cells)
        if share is None:
            continue
        if later and later[1] >= share:
            break
        fallen += [later[0]] if later else []
        later = leaf, share
    return fallen[-1].starts_on if len(fallen) >= FALLING_MONTHS else None


def _falling(of: About) -> tuple[str, str] | None:
    since = falling_since(of.row, of.window) if (of.row.figures.gap or ZERO) < 0 else None
    if since is None:
        return None
    last = [share for share in of.row.trail(leaf for leaf in of.window.trail if leaf.over) if share is not None][-1]
    text = _("Each month since reached less of its quota; the last one %(share)s.") % {"share": percent(last)}
    return _("falling since %(month)s") % {"month": month_name(since)}, text


def _low_margin(of: About) -> tuple[str, str] | None:
    rate, team = of.known.margins.get(of.row.pk), of.known.team_margin
    if rate is None or team is None or team - rate < LOW_MARGIN:
        return None
    text = _("Margin %(own)s where all together make %(team)s.") % {"own": percent(rate), "team": percent(team)}
    return _("discounting"), text
