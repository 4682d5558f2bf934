"""The sentences that lead a page: how things stand, in words, before any chart. Pure apart from the language.

Each state has its own words: no quota, nothing credited, not begun, early, running, over. Rule: ux.md, principles 1, 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.dashboards.figures import ZERO, Cells, Figures
from spm.dashboards.periods import Leaf
from spm.ui.numbers import money_compact, percent
from targets.choices import Measure

MOST_OF_IT = Decimal("0.8")
"""As many people are named as explain this much of a gap together."""


@dataclass(frozen=True, slots=True)
class Named:
    name: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Situation:
    """Whatever a sentence may speak of. ``groups`` are the teams below, ``people`` everybody below."""

    name: str
    period: str
    figures: Figures
    measure: Measure
    currency: str
    is_over: bool
    has_begun: bool
    is_company: bool = False
    people: Sequence[Named] = ()
    groups: Sequence[Named] = ()

    def money(self, amount: Decimal | None) -> str:
        """Without a sign: the words say in which direction."""
        return money_compact(None if amount is None else abs(amount), self.currency)


def credited_word(measure: Measure) -> str:
    """How an amount of this measure came in: "€33 M booked"."""
    return {Measure.BOOKINGS: _("booked"), Measure.REVENUE: _("invoiced"), Measure.MARGIN: _("earned")}[measure]


def opening(at: Situation) -> str:
    """The first sentence of a page about a company or a team."""
    return _without_pace(at) or (_closed(at) if at.is_over else _running(at))


def _without_pace(at: Situation) -> str:
    """The sentence where no pace can be given; empty where it can."""
    words = {"period": at.period, "credited": at.money(at.figures.actual), "word": credited_word(at.measure)}
    if not at.figures.quota:
        if not at.figures.actual and at.is_over:
            return _("Nothing to show for %(period)s: no quotas and no actuals") % words
        if not at.figures.actual:
            return _("Nothing to show for %(period)s yet: no quotas and no actuals") % words
        return _("%(credited)s %(word)s in %(period)s; no quota is set, so there is no pace") % words
    if at.is_over:
        return ""
    words |= {"quota": at.money(at.figures.quota)}
    if not at.has_begun:
        return _("%(period)s has not begun; %(quota)s of quota lies ahead") % words
    if not at.figures.actual:
        words |= {"expected": at.money(at.figures.expected)}
        return _("Nothing %(word)s in %(period)s so far; %(expected)s was expected by now") % words
    if at.figures.is_early:
        words |= {"share": percent(at.figures.elapsed)}
        return _("Early: %(credited)s %(word)s with %(share)s of %(period)s behind us") % words
    return ""


def _closed(at: Situation) -> str:
    gap = at.figures.gap or ZERO
    words = {"name": at.name, "period": at.period, "amount": at.money(gap), "share": percent(at.figures.attainment)}
    if gap < 0:
        return _("%(name)s ended %(period)s at %(share)s of quota, %(amount)s short") % words
    return _("%(name)s ended %(period)s at %(share)s of quota, %(amount)s above") % words


def _running(at: Situation) -> str:
    gap, plan_pace = at.figures.gap or ZERO, at.figures.plan_pace
    if at.is_company and at.figures.is_covered and plan_pace is not None and plan_pace >= 1 and gap < 0:
        return _cushion(at, plan_pace)
    words = {"name": at.name, "amount": at.money(gap)}
    if gap >= 0:
        return _("%(name)s is %(amount)s ahead of quota pace") % words
    why = explained(at.people, gap)
    if why:
        return _("%(name)s is %(amount)s behind quota pace; %(why)s") % (words | {"why": why})
    return _("%(name)s is %(amount)s behind quota pace") % words


def _cushion(at: Situation, plan_pace: Decimal) -> str:
    """The plan is reached only because quotas ask for more than the plan does."""
    worst = worst_of(at.groups)
    words = {"plan": percent(plan_pace), "quota": percent(at.figures.pace)}
    if worst is None or at.figures.over_assignment is None or at.figures.over_assignment <= 0:
        return _("%(plan)s of plan pace but %(quota)s of quota pace") % words
    words |= {"cushion": percent(at.figures.over_assignment), "worst": worst.name}
    words |= {"amount": at.money(worst.figures.gap)}
    plain = _("%(plan)s of plan pace but %(quota)s of quota pace") % words
    hidden = _("the %(cushion)s cushion hides %(worst)s, %(amount)s behind") % words
    return _("%(one)s: %(other)s") % {"one": plain, "other": hidden}


def planned_words(cells: Cells, leaves: Sequence[Leaf]) -> str:
    """Which leaf periods alone are compared with the plan; empty where all have one, or none."""
    seen = [leaf for leaf in leaves if leaf.pk in cells]
    runs = [(has, list(run)) for has, run in groupby(seen, key=lambda leaf: cells[leaf.pk].plan_units is not None)]
    planned = [_from_to(run) for has, run in runs if has]
    if not planned or len(runs) == 1:
        return ""
    words = {"periods": ", ".join(planned)}
    return _("The plan has numbers for %(periods)s only: it is compared with what these periods brought.") % words


def _from_to(run: Sequence[Leaf]) -> str:
    words = {"first": run[0].title, "last": run[-1].title}
    return words["first"] if len(run) == 1 else _("%(first)s to %(last)s") % words


def worst_of(rows: Sequence[Named]) -> Named | None:
    """The one furthest behind its pace; None when nobody is behind."""
    behind = [row for row in rows if (row.figures.gap or ZERO) < 0]
    return min(behind, key=lambda row: row.figures.gap or ZERO, default=None)


def explaining(people: Sequence[Named], gap: Decimal) -> tuple[int, Decimal] | None:
    """How few people explain most of a gap, and which share; None where nobody does."""
    behind = sorted(row.figures.gap for row in people if row.figures.gap is not None and row.figures.gap < 0)
    summed = ZERO
    for count, amount in enumerate(behind, start=1):
        summed += amount
        if summed / gap >= MOST_OF_IT:
            return count, min(summed / gap, Decimal(1))
    return None


def explained(people: Sequence[Named], gap: Decimal) -> str:
    """ "3 of 5 reps explain 85 % of it." Nothing where all together do, or one is all there is."""
    found = explaining(people, gap)
    if found is None or found[0] == len(people):
        return ""
    words = {"count": found[0], "all": len(people), "share": percent(found[1])}
    if found[1] == 1:  # others are ahead, so "100 %" would say too much of the sum
        whole = ngettext(
            "%(count)s of %(all)s reps explains all of it", "%(count)s of %(all)s reps explain all of it", found[0]
        )
        return whole % words
    return (
        ngettext(
            "%(count)s of %(all)s reps explains %(share)s of it",
            "%(count)s of %(all)s reps explain %(share)s of it",
            found[0],
        )
        % words
    )


def second(at: Situation, team_people: Sequence[Named] = ()) -> str:
    """The line below: how many are at pace, and who makes the worst team's gap (``team_people`` are its people)."""
    paced = [row for row in at.people if row.figures.pace is not None]
    if not paced:
        return ""
    at_pace = sum((row.figures.pace or ZERO) >= 1 for row in paced)
    words = {"count": at_pace, "all": len(paced)}
    first = (
        ngettext(
            "%(count)s of %(all)s reps is at or above pace",
            "%(count)s of %(all)s reps are at or above pace",
            at_pace,
        )
        % words
    )
    worst = worst_of(at.groups)
    found = explaining(team_people, worst.figures.gap or ZERO) if worst else None
    if worst is None or found is None or found[0] == len(team_people):
        return _("%(sentence)s.") % {"sentence": first}
    more = ngettext(
        "%(count)s in %(team)s explains %(share)s of its gap",
        "%(count)s in %(team)s explain %(share)s of its gap",
        found[0],
    ) % {"count": found[0], "team": worst.name, "share": percent(found[1])}
    return _("%(one)s; %(other)s.") % {"one": first, "other": more}


def about_rep(at: Situation, falling_since: str = "") -> str:
    """How one person stands, for the manager's eye."""
    plain = _without_pace(at)
    if plain or at.is_over:
        return plain or _closed(at)
    gap = at.figures.gap or ZERO
    words = {"amount": at.money(gap), "month": falling_since}
    if gap >= 0:
        lead = _("%(amount)s ahead of pace") % words
    elif falling_since:
        lead = _("%(amount)s behind pace and falling since %(month)s") % words
    else:
        lead = _("%(amount)s behind pace") % words
    needed = _needed(at)
    return _("%(one)s; %(other)s") % {"one": lead, "other": needed} if needed else lead


def to_rep(at: Situation) -> str:
    """How one stands oneself: what is to go, what that asks a month, and what the last months brought."""
    plain = _without_pace(at)
    if plain or at.is_over:
        return plain or _closed(at)
    if not at.figures.to_go:
        return _("You have reached your quota: %(amount)s %(word)s") % {
            "amount": at.money(at.figures.actual),
            "word": credited_word(at.measure),
        }
    if at.figures.is_last_month:
        return _with_average(left_words(at.figures, at.currency), at)
    words = {"left": at.money(at.figures.to_go), "needed": at.money(at.figures.needed)}
    if at.figures.recent is None:
        return _("%(left)s to go: %(needed)s a month needed") % words
    words |= {"average": money_compact(at.figures.recent, at.currency)}
    return _("%(left)s to go: %(needed)s a month needed, your last three months averaged %(average)s") % words


def _needed(at: Situation) -> str:
    if not at.figures.to_go or at.figures.is_over:
        return ""
    if at.figures.is_last_month:
        return left_words(at.figures, at.currency)
    words = {"needed": at.money(at.figures.needed)}
    if at.figures.recent is None:
        return _("%(needed)s a month needed") % words
    words |= {"average": money_compact(at.figures.recent, at.currency)}
    return _("%(needed)s a month needed, the last three averaged %(average)s") % words


def _with_average(lead: str, at: Situation) -> str:
    if at.figures.recent is None:
        return lead
    words = {"lead": lead, "average": money_compact(at.figures.recent, at.currency)}
    return _("%(lead)s, your last three months averaged %(average)s") % words


def left_words(at: Figures, currency: str) -> str:
    """What is to do, in words that are true late in a period as well: "€618 k a month needed", "€412 k to go in
    12 days", "€412 k to go on the last day". Empty once nothing is to go or the period is over.
    """
    if not at.to_go or at.is_over:
        return ""
    if at.is_last_month:
        words = {"left": money_compact(at.to_go, currency), "days": at.days_left}
        if not at.days_left:
            return _("%(left)s to go on the last day") % words
        return ngettext("%(left)s to go in %(days)s day", "%(left)s to go in %(days)s days", at.days_left) % words
    return _("%(needed)s a month needed") % {"needed": money_compact(at.needed, currency)}
