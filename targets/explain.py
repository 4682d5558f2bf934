"""Which credits make a number, and why another line does not: the first rule that fails, in words.

Rules in order (domain.md §4, "Why doesn't it count?"): date, measure, territory, share, rate, period state. The
credits that pass all of them add up to the number on the page, to the last ten-thousandth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from spm.ui.numbers import day
from targets.choices import ActualKind, Measure, Rule
from targets.curves import KIND_OF, Stretch, counted
from targets.lines import PERIOD, RATE
from targets.models import Actual, Credit
from targets.unloaded import Unloaded


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

    @property
    def everybody(self) -> frozenset[int] | None:
        """Who made it up on any of its days; None = everybody."""
        people = [stretch.people for stretch in self.stretches if stretch.people is not None]
        return frozenset().union(*people) if people else None

    def people_on(self, on: date) -> frozenset[int] | None:
        """The people who made up the holder on a day; None = everybody. Empty outside its days."""
        return next((s.people for s in self.stretches if s.first <= on <= s.last), frozenset())


@dataclass(frozen=True, slots=True)
class Verdict:
    """The first rule that fails, None where none does, and a sentence with what it met."""

    rule: Rule | None
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
    all_people = holder.everybody
    rows = actuals.filter(date__range=around).exclude(pk__in=counts)
    if all_people is not None:
        credited = Credit.objects.filter(person__in=all_people, date__range=around).values("actual")
        rows = rows.filter(Q(person__in=all_people) | Q(pk__in=credited))
    if holder.territories:
        credited = Credit.objects.filter(territory__in=holder.territories, date__range=around).values("actual")
        rows = rows.filter(Q(territory__in=holder.territories) | Q(pk__in=credited))
    full = Credit.objects.select_related("person", "territory").order_by("pk")
    return rows.select_related("person", "territory", "account").prefetch_related(Prefetch("credits", full))


def failing(rule: Rule, holder: Holder, measure: Measure, rows: QuerySet[Actual]) -> QuerySet[Actual]:
    """Those of ``rows``, which do not count, that fail at ``rule`` first: what ``first_failing`` says of each of them.

    Of lines that are loaded the last two rules keep none out, so that whatever passes the first three fails by share.
    """
    dated = Q(is_tombstone=False, date__range=(holder.first, holder.last))
    measured = Q(kind=KIND_OF[measure])
    if measure is Measure.MARGIN:
        measured &= Q(cost__isnull=False)
    inside = Q()
    if holder.territories:
        inside = Q(Exists(Credit.objects.filter(actual=OuterRef("pk"), territory__in=holder.territories)))
    if rule is Rule.DATE:
        return rows.exclude(dated)
    if rule is Rule.MEASURE:
        return rows.filter(dated).exclude(measured)
    if rule is Rule.TERRITORY:
        return rows.filter(dated, measured).exclude(inside) if holder.territories else rows.none()
    return rows.filter(dated, measured, inside) if rule is Rule.SHARE else rows.none()


@dataclass(frozen=True, slots=True)
class Part:
    """One share of a line; ``territory`` is the name of its territory."""

    person: int
    territory_id: int
    territory: str
    share: Decimal
    is_overlay: bool


@dataclass(frozen=True, slots=True)
class Question:
    """Does this line count for that number? ``credits`` are all of the line's; of a row that is no line yet there is
    none, and the credit it would give is looked at.

    ``territories``: key → name of those whose names the asker may read; None = all.
    """

    actual: Actual | Unloaded
    credits: Sequence[Credit]
    holder: Holder
    measure: Measure
    territories: Mapping[int, str] | None = None

    def may_name(self, territory: int) -> bool:
        return self.territories is None or territory in self.territories

    @property
    def parts(self) -> list[Part]:
        """Whom and where it counts for, or would."""
        if isinstance(self.actual, Unloaded):
            row = self.actual
            name = (self.territories or {}).get(row.territory_id, "")
            return [Part(row.person_id, row.territory_id, name, Decimal(1), is_overlay=False)]
        return [
            Part(row.person_id, row.territory_id, row.territory.shown_name, row.share, row.is_overlay)
            for row in self.credits
        ]

    @property
    def inside(self) -> list[Part]:
        """The parts within the territories of the holder; all of them where its number is of no territory."""
        lands = self.holder.territories
        return [part for part in self.parts if not lands or part.territory_id in lands]


def first_failing(asked: Question) -> Verdict:
    """Why the line does not count: the first rule that says no."""
    found = (rule(asked) for rule in (_date, _measure, _territory, _share, _rate, _period_state))
    silent = Verdict(None, _("No rule keeps it out: look again after the next roll-up."))
    return next((verdict for verdict in found if verdict), silent)


def _date(asked: Question) -> Verdict | None:
    actual, holder = asked.actual, asked.holder
    words = {"day": day(actual.date), "first": day(holder.first), "last": day(holder.last)}
    if actual.is_tombstone:
        return Verdict(Rule.DATE, _("The line no longer stands: it vanished from its source or its import was undone."))
    if actual.date < holder.first:
        return Verdict(Rule.DATE, _("Dated %(day)s, before %(first)s.") % words)
    if actual.date > holder.last:
        return Verdict(Rule.DATE, _("Dated %(day)s, after %(last)s.") % words)
    return None


def _measure(asked: Question) -> Verdict | None:
    if asked.actual.kind != KIND_OF[asked.measure]:
        words = {"kind": ActualKind(asked.actual.kind).label, "measure": asked.measure.label}
        return Verdict(Rule.MEASURE, _("A line of kind %(kind)s does not count for %(measure)s.") % words)
    if asked.measure is Measure.MARGIN and asked.actual.cost is None:
        return Verdict(Rule.MEASURE, _("Its cost is missing, so its margin is unknown."))
    return None


def _territory(asked: Question) -> Verdict | None:
    parts = asked.parts
    if not asked.holder.territories or asked.inside:
        return None
    if not all(asked.may_name(part.territory_id) for part in parts):
        return Verdict(Rule.TERRITORY, _("On that day it counted in another territory."))
    names = ", ".join(sorted({part.territory for part in parts}))
    return Verdict(Rule.TERRITORY, _("On that day it counted in %(names)s.") % {"names": names or "—"})


def _share(asked: Question) -> Verdict | None:
    people, parts = asked.holder.people_on(asked.actual.date), asked.inside
    own = [part for part in parts if people is None or part.person in people]
    if not parts:
        return Verdict(Rule.SHARE, _("Nobody is credited for it."))
    if not own:
        return Verdict(Rule.SHARE, _("Its whole credit is with others."))
    if all(part.is_overlay for part in own) and asked.holder.person is None:
        return Verdict(Rule.SHARE, _("Overlay credit counts for the person alone, not for the whole."))
    if all(part.share == Decimal(0) for part in own):
        return Verdict(Rule.SHARE, _("Its share is zero."))
    return None


def _rate(asked: Question) -> Verdict | None:
    """A line that is loaded has its rate, or needs none."""
    row = asked.actual
    if not isinstance(row, Unloaded) or row.rule != RATE:
        return None
    words = {"currency": row.currency, "day": day(row.date), "file": row.filename, "number": row.number}
    told = _("Row %(number)s of %(file)s was refused: no rate for %(currency)s is in force on %(day)s.")
    return Verdict(Rule.RATE, told % words)


def _period_state(asked: Question) -> Verdict | None:
    """A line that is loaded was so while its period was open."""
    row = asked.actual
    if not isinstance(row, Unloaded) or row.rule != PERIOD:
        return None
    words = {"period": row.period, "file": row.filename, "number": row.number}
    if row.is_open:
        told = _("Row %(number)s of %(file)s came while %(period)s was closed; it is open again: load the file anew.")
    else:
        told = _("Row %(number)s of %(file)s waits: %(period)s is closed for new lines.")
    return Verdict(Rule.PERIOD, told % words)
