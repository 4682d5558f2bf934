"""Which credits make a number, and why another line does not: the first rule that fails, in words.

Rules in order (domain.md §4, "Why doesn't it count?"): date, measure, territory, share, rate, period state. The
credits that pass all of them add up to the number on the page, to the last ten-thousandth.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from spm.ui.numbers import day
from targets.choices import ActualKind, Measure
from targets.curves import KIND_OF, Stretch, counted
from targets.models import Actual, Credit


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose number it is: people day by day (``stretches``), or territories. One person's counts overlay credit."""

    stretches: tuple[Stretch, ...]
    person: int | None = None
    territories: frozenset[int] = frozenset()
    """The territory and those below it; empty where the number is not a territory's."""

    @property
    def first(self) -> date:
        return self.stretches[0].first

    @property
    def last(self) -> date:
        return self.stretches[-1].last

    def people_on(self, on: date) -> frozenset[int] | None:
        """The people who made up the holder on a day; None = everybody. Empty outside its days."""
        return next((s.people for s in self.stretches if s.first <= on <= s.last), frozenset())


@dataclass(frozen=True, slots=True)
class Verdict:
    """The first rule that fails and a sentence with what it met."""

    rule: str
    sentence: str


def counting(holder: Holder, measure: Measure, credits: QuerySet[Credit]) -> QuerySet[Credit]:
    """Those of ``credits`` that make the number, annotated with ``counts``."""
    where = Q(pk__in=[])
    for stretch in holder.stretches:
        of_people = Q() if stretch.people is None else Q(person__in=stretch.people)
        where |= Q(date__range=(stretch.first, stretch.last)) & of_people
    rows = credits.filter(where)
    if holder.person is None:
        rows = rows.filter(is_overlay=False)
    if holder.territories:
        rows = rows.filter(territory__in=holder.territories)
    return counted(measure, rows)


def left_out(
    holder: Holder, measure: Measure, actuals: QuerySet[Actual], around: tuple[date, date]
) -> QuerySet[Actual]:
    """Lines of ``around`` (both days inclusive) that have to do with the holder and do not count for the number."""
    counts = counting(holder, measure, Credit.objects.all()).values("actual")
    people = [stretch.people for stretch in holder.stretches if stretch.people is not None]
    rows = actuals.filter(date__range=around).exclude(pk__in=counts)
    if people:
        all_people = frozenset().union(*people)
        credited = Credit.objects.filter(person__in=all_people, date__range=around).values("actual")
        rows = rows.filter(Q(person__in=all_people) | Q(pk__in=credited))
    if holder.territories:
        credited = Credit.objects.filter(territory__in=holder.territories, date__range=around).values("actual")
        rows = rows.filter(Q(territory__in=holder.territories) | Q(pk__in=credited))
    full = Credit.objects.select_related("person", "territory").order_by("pk")
    return rows.select_related("person", "territory", "account").prefetch_related(Prefetch("credits", full))


@dataclass(frozen=True, slots=True)
class Question:
    """Does this line count for that number? ``credits`` are all of the line's.

    ``territories``: those whose names the asker may read; None = all.
    """

    actual: Actual
    credits: Sequence[Credit]
    holder: Holder
    measure: Measure
    territories: Collection[int] | None = None

    def may_name(self, territory: int) -> bool:
        return self.territories is None or territory in self.territories


def first_failing(asked: Question) -> Verdict:
    """Why the line does not count: the first rule that says no."""
    found = (rule(asked) for rule in (_date, _measure, _territory, _share))
    late = Verdict(_("period state"), _("It came after its period was closed and waits for the next one."))
    return next((verdict for verdict in found if verdict), late)


def _date(asked: Question) -> Verdict | None:
    actual, holder = asked.actual, asked.holder
    words = {"day": day(actual.date), "first": day(holder.first), "last": day(holder.last)}
    if actual.is_tombstone:
        return Verdict(_("date"), _("The line no longer stands: it vanished from its source or its import was undone."))
    if actual.date < holder.first:
        return Verdict(_("date"), _("Dated %(day)s, before %(first)s.") % words)
    if actual.date > holder.last:
        return Verdict(_("date"), _("Dated %(day)s, after %(last)s.") % words)
    return None


def _measure(asked: Question) -> Verdict | None:
    if asked.actual.kind != KIND_OF[asked.measure]:
        words = {"kind": ActualKind(asked.actual.kind).label, "measure": asked.measure.label}
        return Verdict(_("measure"), _("A line of kind %(kind)s does not count for %(measure)s.") % words)
    if asked.measure is Measure.MARGIN and asked.actual.cost is None:
        return Verdict(_("measure"), _("Its cost is missing, so its margin is unknown."))
    return None


def _territory(asked: Question) -> Verdict | None:
    inside = asked.holder.territories
    if not inside or any(credit.territory_id in inside for credit in asked.credits):
        return None
    if not all(asked.may_name(credit.territory_id) for credit in asked.credits):
        return Verdict(_("territory"), _("On that day it counted in another territory."))
    names = ", ".join(sorted({credit.territory.shown_name for credit in asked.credits}))
    return Verdict(_("territory"), _("On that day it counted in %(names)s.") % {"names": names or "—"})


def _share(asked: Question) -> Verdict | None:
    people = asked.holder.people_on(asked.actual.date)
    own = [credit for credit in asked.credits if people is None or credit.person_id in people]
    if not asked.credits:
        return Verdict(_("share"), _("Nobody is credited for it."))
    if not own:
        return Verdict(_("share"), _("Its whole credit is with others."))
    if all(credit.is_overlay for credit in own) and asked.holder.person is None:
        return Verdict(_("share"), _("Overlay credit counts for the person alone, not for the whole."))
    if all(credit.share == Decimal(0) for credit in own):
        return Verdict(_("share"), _("Its share is zero."))
    return None
