"""Where the numbers of a page come from: when they were counted, against which version, and what changed of it lately.

Rule: ux.md, Principles, 3. Changes are told of holders that the caller has read by ``visible_to``, in leaf periods
whose totals the viewer sees; these functions know no users.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from spm.dashboards.periods import View
from spm.dashboards.queries import CACHE_SECONDS, Stamp, stamped
from spm.org.models import Company
from spm.ui.numbers import day, day_short, moment, money_compact
from targets import number_history
from targets.choices import Measure, PlanKind
from targets.models import PlanLine, Quota, Target
from targets.number_history import NumberChange

LATELY = timedelta(days=7)
NAMED = 5


@dataclass(frozen=True, slots=True)
class Holders:
    """Whose numbers a page measures against, by key with the name it has for them, and in which leaf periods."""

    leaves: Collection[int]
    people: Mapping[int, str] = field(default_factory=dict)
    teams: Mapping[int, str] = field(default_factory=dict)
    territories: Mapping[int, str] = field(default_factory=dict)
    has_plan: bool = False  # the company's

    @property
    def keys(self) -> tuple[list[int], ...]:
        return sorted(self.leaves), sorted(self.people), sorted(self.teams), sorted(self.territories)


@dataclass(frozen=True, slots=True)
class Origin:
    """In words. ``changes``: measure → what changed since ``since``, the newest first."""

    counted: str
    version: str
    since: str
    changes: Mapping[Measure, tuple[str, ...]]

    def of(self, measure: Measure) -> "Lately":
        told = self.changes.get(measure, ())
        if not told:
            return Lately(_("No quota, target or plan of this number has changed since %s.") % self.since, (), "")
        more = len(told) - NAMED
        words = ngettext("and %(count)s more", "and %(count)s more", more) % {"count": more} if more > 0 else ""
        return Lately(_("Changed since %s:") % self.since, told[:NAMED], words)


@dataclass(frozen=True, slots=True)
class Lately:
    """The changes of one number: a head, the newest ones, and how many there are besides."""

    head: str
    changes: tuple[str, ...]
    more: str


def origin_of(view: View, company: Company, stamp: Stamp, holders: Holders) -> Origin:
    """Of all measures; kept until the next roll-up is published, since a change counts from then on."""
    first = view.today - LATELY
    since = datetime.combine(first, time.min, tzinfo=ZoneInfo(company.timezone))
    changes = {} if view.is_baseline else _kept_changes(holders, since, company.currency, stamp)
    return Origin(_counted(view, stamp), _version(view), day_short(first), changes)


def _kept_changes(holders: Holders, since: datetime, currency: str, stamp: Stamp) -> Mapping[Measure, tuple[str, ...]]:
    key = stamped("origin", stamp, get_language(), since, holders.has_plan, *holders.keys)
    changes: dict[Measure, tuple[str, ...]] | None = cache.get(key)
    if changes is None:
        changes = _changes(holders, since, currency)
        cache.set(key, changes, CACHE_SECONDS)
    return changes


def _counted(view: View, stamp: Stamp) -> str:
    words = {
        "day": day(min(view.today, view.window.ends_on)),
        "moment": moment(stamp.finished_at),
        "number": stamp.newest,
    }
    if stamp.finished_at is None:
        return _("As of %(day)s; not rolled up yet.") % words
    return _("As of %(day)s; rolled up %(moment)s, run %(number)s.") % words


def _version(view: View) -> str:
    """Which version of the year's numbers the actual is measured against."""
    words = {"day": day(view.locked_at), "count": view.revisions}
    if view.locked_at is None:
        return _("Quotas and plan: the working version, not locked.")
    if view.is_baseline:
        return _("Quotas and plan: the baseline, locked on %(day)s.") % words
    if not view.revisions:
        return _("Quotas and plan: as locked on %(day)s, not revised since.") % words
    told = ngettext(
        "Quotas and plan: as locked on %(day)s, with %(count)s approved revision.",
        "Quotas and plan: as locked on %(day)s, with %(count)s approved revisions.",
        view.revisions,
    )
    return told % words


def _changes(holders: Holders, since: datetime, currency: str) -> dict[Measure, tuple[str, ...]]:
    """One query for each kind of number that somebody here holds."""
    found: list[tuple[NumberChange, str]] = []
    for model, column, names in (
        (Quota, "person", holders.people),
        (Target, "team", holders.teams),
        (Target, "territory", holders.territories),
    ):
        kind = _("Quota of %(name)s") if model is Quota else _("Target of %(name)s")
        if not names:
            continue
        rows = _rows(model, holders).filter(**{f"{column}__in": list(names)})
        recent = number_history.changes_since(rows, since, f"{column}_id")
        found += [(change, kind % {"name": names[pk]}) for pk, change in recent]
    if holders.has_plan:
        recent = number_history.changes_since(_rows(PlanLine, holders), since, "segment")
        kind = _("Company plan, %(segment)s")
        found += [(change, kind % {"segment": part} if part else _("Company plan")) for part, change in recent]
    found.sort(key=lambda pair: pair[0].at, reverse=True)
    return {
        measure: tuple(
            _told(change, what, currency, since.tzinfo) for change, what in found if change.measure == measure
        )
        for measure in Measure
    }


def _rows(model: Any, holders: Holders) -> Any:
    return model.history.filter(plan__kind=PlanKind.WORKING, period__in=list(holders.leaves))


def _told(change: NumberChange, what: str, currency: str, zone: tzinfo | None) -> str:
    """The day is one of ``zone``. "Quota of Ada Holm, Sep to Dec 2026: €400 k → €520 k, Jon Berg, 14 Sep"."""
    words = {
        "what": what,
        "period": change.period,
        "before": money_compact(change.before, currency),
        "amount": money_compact(change.amount, currency),
        "day": day_short(change.at.astimezone(zone).date()),
        "by": change.by.name if change.by else "",
    }
    if change.by:
        return _("%(what)s, %(period)s: %(before)s → %(amount)s, by %(by)s on %(day)s") % words
    return _("%(what)s, %(period)s: %(before)s → %(amount)s, on %(day)s") % words
