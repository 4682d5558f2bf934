"""The filter bar and the period picker: choices and the addresses they lead to."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from spm.dashboards.periods import Choice, Compare, Span, Version, View
from spm.org.models import User
from spm.org.scopes import history_of, scope_of
from targets.choices import Measure


@dataclass(frozen=True, slots=True)
class Menu:
    """A drop-down: what it is called, what is chosen, where each choice leads."""

    label: str
    chosen: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Filters:
    """``versions`` are empty where there is but one; ``basis`` says which numbers actuals are measured against."""

    spans: tuple[Choice, ...]
    measures: tuple[Choice, ...]
    menus: tuple[Menu, ...]
    versions: tuple[Choice, ...] = ()
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Picker:
    """The period in the top bar: neighbours as addresses, empty at the ends of the calendar."""

    previous: str
    next: str
    label: str


def picker_of(view: View, **more: int) -> Picker:
    previous = view.here(period=view.previous, **more) if view.previous else ""
    following = view.here(period=view.following, **more) if view.following else ""
    return Picker(previous, following, view.title)


def filters_of(
    user: User, view: View, *, with_teams: bool = True, is_compared: bool = True, subject: dict[str, int] | None = None
) -> Filters:
    """``subject``: what else stays in each address, as {"person": 3}; ``is_compared``: the page compares figures."""
    more = subject or {}
    spans = {Span.MONTH: _("Month"), Span.QUARTER: _("Quarter"), Span.YTD: _("YTD"), Span.YEAR: _("Year")}
    menus = (_teams(user, view),) if with_teams and not more else ()
    return Filters(
        spans=tuple(
            Choice(spans[span], view.here(period=label, **more), span is view.span) for span, label in view.spans
        ),
        measures=tuple(
            Choice(str(measure.label), view.here(measure=str(measure), **more), measure is view.measure)
            for measure in (Measure.REVENUE, Measure.MARGIN, Measure.BOOKINGS)
        ),
        menus=(*(menu for menu in menus if len(menu.choices) > 2), *([_compare(view)] if is_compared else [])),
        versions=_versions(view) if view.is_revised and not more else (),
        basis=_("Measured against the baseline: the numbers as they were locked, before any revision.")
        if view.is_baseline and not more
        else "",
    )


def _versions(view: View) -> tuple[Choice, ...]:
    words = {Version.CURRENT: _("Current"), Version.BASELINE: _("Baseline")}
    return tuple(
        Choice(text, view.here(plan="" if version is Version.CURRENT else str(version)), version is view.plan)
        for version, text in words.items()
    )


def _teams(user: User, view: View) -> Menu:
    scope, history = scope_of(user), history_of(user)
    keys = [pk for pk in history.teams if scope.everything or pk in scope.leads]
    everything = Choice(_("All"), view.here(team=""), not view.team)
    teams = [Choice(history.teams[pk], view.here(team=pk), view.team == str(pk)) for pk in keys]
    chosen = next((choice.label for choice in teams if choice.is_current), everything.label)
    return Menu(_("Team"), chosen, (everything, *teams))


def _compare(view: View) -> Menu:
    words = {
        Compare.LAST_YEAR: _("Last year"),
        Compare.PREVIOUS: _("Period before"),
        Compare.PLAN: _("Plan"),
        Compare.NONE: _("None"),
    }
    choices = tuple(
        Choice(text, view.here(compare=str(compare)), compare is view.compare) for compare, text in words.items()
    )
    return Menu(_("Compare"), words[view.compare], choices)
