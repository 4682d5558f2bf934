"""The pinned views on Home: of each one the sentence and the number, read together, whatever their number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from spm.dashboards.board import Focus, Raw, Row, RowKind, build
from spm.dashboards.choosing import choose
from spm.dashboards.figures import Figures, figures, standing
from spm.dashboards.performance import focus_name, situation_of
from spm.dashboards.periods import View
from spm.dashboards.queries import (
    TOTALS,
    against_baseline,
    calendar_of,
    default_measure,
    leaves_needed,
    raw_of,
    trees_of,
)
from spm.dashboards.reps import sentence_of
from spm.dashboards.rows import Names
from spm.dashboards.saved import address_of, focus_of, parameters_of
from spm.dashboards.sentences import opening as first_sentence
from spm.org.models import Company, SavedView, User
from spm.org.saving import MOST_PINNED
from spm.org.scopes import history_of
from spm.ui.numbers import money_compact, percent
from spm.ui.status import Status
from targets.choices import Measure
from targets.models import Attainment


@dataclass(frozen=True, slots=True)
class Card:
    """A pinned view: its name, and how things stand in it."""

    name: str
    href: str
    sentence: str
    value: str
    note: str  # measure and period
    status: Status | None


type Asked = tuple[SavedView, View, Focus | None]
"""A pinned view, what it asks to see, and of whom; None = of oneself."""


def pinned(user: User, company: Company, views: Iterable[SavedView]) -> list[Card]:
    """The cards of the user's own pinned ones among ``views``.

    Two queries, and three more for each card measured against the baseline; none without a pin.
    """
    own = [view for view in views if view.pinned and view.owner_id == user.pk][:MOST_PINNED]
    if not own:
        return []
    asked = _asked(user, company, own)
    raw = _raw(user, asked)
    return [_card(user, company, one, raw[one[1].measure]) for one in asked]


def _asked(user: User, company: Company, views: Sequence[SavedView]) -> list[Asked]:
    calendar, found = calendar_of(user, company), []
    for saved in views:
        params, _told = parameters_of(user, saved)
        params["compare"] = "none"  # no sentence and no number of a card needs what was before
        view = choose(calendar, params, default_measure(user))
        if view is not None:
            found.append((saved, view, focus_of(user, view)))
    return found


def _raw(user: User, asked: Sequence[Asked]) -> dict[Measure, Raw]:
    """By measure, what the user may see of everybody in the periods of all cards: one query."""
    leaves = {leaf.pk for _saved, view, _focus in asked for leaf in leaves_needed(view.window)}
    measures = {view.measure for _saved, view, _focus in asked}
    rows = Attainment.objects.visible_to(user).filter(measure__in=measures, period__in=leaves, territory__isnull=True)
    if not any(focus for _saved, _view, focus in asked):
        rows = rows.filter(person=user)
    totals: dict[Measure, list[tuple[Any, ...]]] = {measure: [] for measure in measures}
    for name, *row in rows.values_list("measure", *TOTALS):
        totals[Measure(name)].append(tuple(row))
    return {measure: raw_of(of_measure) for measure, of_measure in totals.items()}


def _card(user: User, company: Company, asked: Asked, raw: Raw) -> Card:
    saved, view, focus = asked
    trees = trees_of(user, leaves_needed(view.window))
    raw = against_baseline(raw, view, trees) if view.is_baseline else raw
    if focus is None:
        cells = raw.people.get(user.pk, {})
        row = Row(RowKind.PERSON, user.pk, figures(cells, view.window), cells)
        return _told(saved, view, company, row.figures, sentence_of(user, company, view, user, row))
    board = build(focus, view.window, trees, raw)
    # The sentence counts people, and names teams alone.
    names = Names({}, history_of(user).teams, focus_name(user, company, focus))
    at = situation_of(view, company, board, names, is_company=focus.is_company)
    return _told(saved, view, company, board.total.figures, first_sentence(at))


def _told(saved: SavedView, view: View, company: Company, at: Figures, sentence: str) -> Card:
    """The number is the pace, of a period that is over the attainment, without a quota the actual."""
    if not at.quota:
        value, word = money_compact(at.actual, company.currency), _("Actual")
    elif view.window.is_over:
        value, word = percent(at.attainment), _("Attainment")
    else:
        value, word = percent(at.pace), _("Pace")
    words = {"figure": word, "measure": view.measure.label, "period": view.title}
    note = _("%(figure)s, %(measure)s, %(period)s") % words
    status = standing(at, company) if at.quota else None
    return Card(saved.name, address_of(saved), sentence, value, note, status)
