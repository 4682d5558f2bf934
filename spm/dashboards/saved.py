"""Saved views on a page: the state that ``?view=12`` opens, and the menu of views in the filter bar."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.http import Http404, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from spm.dashboards.access import can_open_team
from spm.dashboards.board import Focus
from spm.dashboards.periods import THIS, Span, View
from spm.dashboards.queries import default_focus
from spm.keys import as_key
from spm.org.access import can_edit_saved_view
from spm.org.choices import SavedPage
from spm.org.models import SavedView, User
from spm.org.scopes import history_of
from targets.choices import Measure

ROUTES = {SavedPage.HOME: "dashboards:home", SavedPage.PERFORMANCE: "dashboards:performance"}
RUNNING_WORDS = {
    Span.MONTH: gettext_lazy("this month"),
    Span.QUARTER: gettext_lazy("this quarter"),
    Span.YTD: gettext_lazy("this year to date"),
    Span.YEAR: gettext_lazy("this year"),
}


@dataclass(frozen=True, slots=True)
class Opening:
    """What an address asks for once the view it names is laid under it. ``views``: all that the user sees."""

    page: SavedPage
    views: Sequence[SavedView]
    params: QueryDict
    view: SavedView | None = None
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the menu; ``by``: whose view it is, empty for one's own."""

    name: str
    href: str
    is_current: bool
    by: str


@dataclass(frozen=True, slots=True)
class Menu:
    """The saved views of a page, and what can be done with the state that it shows now."""

    page: SavedPage
    entries: tuple[Entry, ...]
    opened: SavedView | None
    can_edit: bool
    state: str  # the query string of the page as it is shown


def opening(user: User, page: SavedPage, asked: QueryDict) -> Opening:
    """The parameters in force: those of the view, under what the address says itself. One query.

    Raises Http404 for a view that the user does not see, or that is of another page.
    """
    views = list(SavedView.objects.visible_to(user).select_related("owner"))
    if "view" not in asked:
        return Opening(page, views, asked)
    key = as_key(str(asked["view"]))
    view = next((view for view in views if view.pk == key and view.page == page), None)
    if view is None:
        raise Http404
    return Opening(page, views, *_laid_under(user, view, asked))


def _laid_under(user: User, view: SavedView, asked: QueryDict) -> tuple[QueryDict, SavedView, tuple[str, ...]]:
    params, told = parameters_of(user, view)
    if "team" in asked:
        told = ""
    for name, texts in asked.lists():
        if name != "view":
            params.setlist(name, texts)
    return params, view, (told,) if told else ()


def parameters_of(user: User, view: SavedView) -> tuple[QueryDict, str]:
    """The view's own parameters as far as they are the reader's to ask for, and a sentence on what is not."""
    params = QueryDict(mutable=True)
    params.update(view.query)
    team = as_key(str(params.get("team", "")))
    if "team" not in params or (team in history_of(user).teams and team is not None and can_open_team(user, team)):
        return params, ""
    del params["team"]
    told = _("The team of the view “%(name)s” is gone or not yours to see; this is everything that is.")
    return params, told % {"name": view.name}


def focus_of(user: User, view: View) -> Focus | None:
    """Whom a saved state is about, once ``parameters_of`` has let it pass: its team, else all that is the reader's."""
    team = as_key(view.team)
    return Focus((team,), is_company=False) if team is not None else default_focus(user, view.today)


def with_opened(view: View, opened: Opening) -> View:
    """The state of the page, aware of the saved view it comes from; its links within the page keep that open."""
    saved = opened.view.pk if opened.view else None
    return replace(view, saved=saved, told=(*opened.told, *view.told))


def menu_of(user: User, opened: Opening, view: View) -> Menu:
    """No query: the views were read with the opening."""
    current = opened.view.pk if opened.view else None
    entries = tuple(
        Entry(row.name, address_of(row), row.pk == current, "" if row.owner_id == user.pk else row.owner.name)
        for row in opened.views
        if row.page == opened.page
    )
    can_edit = opened.view is not None and can_edit_saved_view(user, opened.view)
    return Menu(opened.page, entries, opened.view, can_edit, view.query())


def address_of(view: SavedView) -> str:
    return f"{reverse(ROUTES[SavedPage(view.page)])}?view={view.pk}"


@dataclass(frozen=True, slots=True)
class ListedView:
    """A line of the list of all views; ``by``: whose it is, empty for one's own."""

    pk: int
    name: str
    href: str
    page: str
    words: str
    by: str
    shared_with: str
    pinned: bool
    mailed: bool


def listed(user: User) -> list[ListedView]:
    """Every view that the user sees, by page and name. One query."""
    rows = SavedView.objects.visible_to(user).select_related("owner", "team")
    return [
        ListedView(
            pk=row.pk,
            name=row.name,
            href=address_of(row),
            page=row.get_page_display(),
            words=state_words(user, SavedPage(row.page), row.query, None),
            by="" if row.owner_id == user.pk else row.owner.name,
            shared_with=row.team.name if row.team else "",
            pinned=row.pinned and row.owner_id == user.pk,
            mailed=row.mailed and row.owner_id == user.pk,
        )
        for row in rows
    ]


def state_words(user: User, page: SavedPage, query: Mapping[str, str], view: View | None) -> str:
    """The filters in a few words: "Performance: this quarter, Revenue, North". ``view``: as shown now, if known."""
    running = {f"{THIS}{span}": words for span, words in RUNNING_WORDS.items()}
    period = view.title if view else query.get("period", "")
    measure = query.get("measure", "")
    parts = [
        str(running.get(period, period) or RUNNING_WORDS[Span.YEAR]),
        str(Measure(measure).label) if measure in Measure.values else "",
        _team_name(user, query),
        _("own columns") if query.get("columns") else "",
    ]
    return f"{page.label}: {', '.join(part for part in parts if part)}"


def _team_name(user: User, query: Mapping[str, str]) -> str:
    """Of the team that the view is about, where its numbers are the reader's to see."""
    team = as_key(query.get("team", ""))
    return history_of(user).teams.get(team, "") if team is not None and can_open_team(user, team) else ""
