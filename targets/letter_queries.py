"""What a quota letter shows, as far as the viewer sees the person."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _

from spm.money import ZERO
from spm.org.choices import PeriodLevel
from spm.org.models import FiscalYear, Period, User
from spm.org.scopes import history_of
from spm.talk.queries import ThreadPanel, thread_panel
from spm.ui.numbers import percent, signed_percent
from targets import access, letter_words, letters, number_history, proposals, sending
from targets.basis import Basis
from targets.choices import LetterPart, LetterState, Measure, PlanKind, PlanState
from targets.goals import of_person
from targets.letter_facts import Cells, Moved, Range, as_sent, is_draft, team_ranges
from targets.models import CompanyPlan, LetterLine, PlanningCycle, Quota, QuotaLetter
from targets.number_history import NumberChange
from targets.proposals import Standing
from targets.review_queries import plan_of, proposals_of, standing_of

type MovedLine = tuple[str, Decimal | None, Decimal | None]
"""The name of a number, what it was, and what it is."""


@dataclass(frozen=True, slots=True)
class NumberLine:
    """A period with the amount of each measure; ``level``: year, quarter or month."""

    label: str
    level: str
    amounts: tuple[Decimal | None, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A line of how the number was made: per measure the amount and, where there is one, the reason."""

    label: str
    cells: tuple[tuple[Decimal | None, str], ...]


@dataclass(frozen=True, slots=True)
class RevisedBy:
    """An approved revision of the person's quota. ``pk`` is None for those who may not open it."""

    number: int
    pk: int | None
    cause: str
    effective: str
    decided_at: datetime | None
    measures: str


@dataclass(frozen=True, slots=True)
class LetterPage:
    """One person's year. ``letter`` is None where no cycle plans it, and for the person as long as it is unsent."""

    person: User
    cycle: PlanningCycle | None
    letter: QuotaLetter | None
    numbers: tuple[NumberLine, ...]
    made: tuple[Made, ...]
    ranges: tuple[Range, ...]
    standings: tuple[Standing, ...]
    revised: tuple[RevisedBy, ...]
    changes: tuple[NumberChange, ...]
    panel: ThreadPanel | None
    opening: str
    next: str
    moved: list[MovedLine]  # numbers changed since it was sent
    renewed: list[MovedLine]  # numbers in which it differs from the version before it
    waits_to_be_sent: bool
    can_propose: bool
    can_agree: bool
    can_acknowledge: bool
    can_decide: bool
    can_approve: bool
    can_reject: bool

    @property
    def sums(self) -> tuple[Decimal | None, ...]:
        """What the lines add up to, per measure."""
        columns = zip(*(line.cells for line in self.made), strict=True)
        return tuple(_sum(amount for amount, _note in column) for column in columns)

    @property
    def changed(self) -> bool:
        return bool(self.moved)

    @property
    def has_view(self) -> bool:
        return any(standing.proposed is not None for standing in self.standings)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if known else None


@dataclass(frozen=True, slots=True)
class Look:
    """How a letter is looked at: in which ``currency``, against which version, and which page of its history."""

    currency: str
    basis: Basis = Basis()
    page: str | None = None


def letter_page(user: User, year: FiscalYear, person: User, at: Look) -> LetterPage:
    """Everything on the page of a person's number. The person reads a number that is not locked as it was sent."""
    cycle: PlanningCycle | None = getattr(year, "cycle", None)
    letter = _letter(user, cycle, person) if cycle else None
    quotas = _quotas(user, year, person)
    working = quotas[PlanKind.WORKING][0].plan if quotas[PlanKind.WORKING] else plan_of(user, year)
    own, draft = person.pk == user.pk, cycle is not None and is_draft(cycle, working)
    told = as_sent(letter) if letter else None
    cells = (told.cells if told else {}) if own and draft and letter else _cells(quotas[at.basis.kind])
    periods = list(Period.objects.visible_to(user).filter(fiscal_year=year).order_by("starts_on", "pk"))
    numbers = _numbers(periods, cells)
    totals = numbers[0].amounts if numbers else (None, None, None)
    is_open = cycle is not None and cycle.stage in letters.OPEN
    state = LetterState(letter.state) if letter else LetterState.UNSENT
    decides = letter is not None and access.can_decide_letter(user, letter)
    sent = letter is not None and state != LetterState.UNSENT
    moved = told.moved(_cells(quotas[PlanKind.WORKING])) if told and sent and working and not (own and draft) else []
    made = _made(user, letter) if letter and sent else ()
    is_locked = cycle is not None and cycle.stage in letters.AFTER_LOCK
    hidden = own and draft
    return LetterPage(
        person=person,
        cycle=cycle,
        letter=letter,
        numbers=numbers,
        made=made,
        ranges=tuple(team_ranges(cycle, person.pk, history_of(user))) if cycle and sent else (),
        standings=_standings(user, cycle, person, totals) if cycle else (),
        revised=_revised(user, quotas[PlanKind.REVISION]),
        changes=_changes(year, person, working, own=own and letter is not None, hidden=hidden),
        panel=thread_panel(user, sending.LETTER, letter.pk) if letter else None,
        opening=_opening(totals, made, at.currency, year),
        next=letter_words.what_next(letter, own=own, moved=moved, is_locked=is_locked) if letter else "",
        moved=_named(periods, moved),
        renewed=_named(periods, told.renewed) if told and sent else [],
        waits_to_be_sent=cycle is not None and letter is None and hidden,
        can_propose=own and cycle is not None and cycle.stage in proposals.OPEN,
        can_agree=own and is_open and state in letters.ANSWERABLE,
        can_acknowledge=_can_acknowledge(letter, own),
        can_decide=decides and is_open,
        can_approve=decides and is_open and state == LetterState.AGREED and not moved,
        can_reject=decides and is_open and state in letters.REJECTABLE,
    )


def _letter(user: User, cycle: PlanningCycle, person: User) -> QuotaLetter | None:
    rows = QuotaLetter.objects.visible_to(user).filter(cycle=cycle, person=person)
    found: QuotaLetter | None = rows.select_related("cycle__fiscal_year", "approved_by", "sent_by", "person").first()
    return found


def _changes(
    year: FiscalYear, person: User, working: CompanyPlan | None, *, own: bool, hidden: bool
) -> tuple[NumberChange, ...]:
    """How the numbers changed. A letter tells its reader the drafts behind it no more than before the lock: ``own``."""
    if hidden:
        return ()
    since = working.locked_at if own and working else None
    return tuple(number_history.of_holder(Quota, of_person(person.pk), year, since))


def _named(periods: Sequence[Period], moved: list[Moved]) -> list[MovedLine]:
    return letter_words.what_moved(moved, {period.pk: period for period in periods}) if moved else []


def _opening(totals: tuple[Decimal | None, ...], made: tuple[Made, ...], currency: str, year: FiscalYear) -> str:
    """Of the first measure that has a number."""
    for place, measure in enumerate(Measure):
        amount = totals[place]
        if amount is not None:
            last = made[0].cells[place][0] if made else None
            return letter_words.how_much(measure, amount, last, currency, year.label)
    return ""


def _can_acknowledge(letter: QuotaLetter | None, own: bool) -> bool:
    if letter is None or not own or letter.state == LetterState.UNSENT:
        return False
    return letter.cycle.stage in letters.AFTER_LOCK and letter.acknowledged_at is None


def _quotas(user: User, year: FiscalYear, person: User) -> dict[str, list[Quota]]:
    """Kind of version → the person's quotas in it, as far as the user sees them; of revisions, the approved ones.

    The plan behind them comes with them: whether it is locked is no secret to the holder of a quota.
    """
    kinds = Q(plan__kind__in=(PlanKind.WORKING, PlanKind.BASELINE))
    approved = Q(plan__kind=PlanKind.REVISION, plan__state=PlanState.APPROVED)
    rows = Quota.objects.visible_to(user).filter(kinds | approved, person=person, plan__fiscal_year=year)
    found: dict[str, list[Quota]] = defaultdict(list)
    for row in rows.select_related("plan__effective").order_by("plan__number", "pk"):
        found[row.plan.kind].append(row)
    return found


def _cells(rows: Iterable[Quota]) -> Cells:
    return {(row.period_id, row.measure): row.amount for row in rows}


def _numbers(periods: Sequence[Period], cells: Cells) -> tuple[NumberLine, ...]:
    """The year, then each quarter with its months."""
    leaves = [row for row in periods if row.level == PeriodLevel.MONTH]
    order = [PeriodLevel.YEAR, PeriodLevel.QUARTER, PeriodLevel.MONTH].index
    rows = sorted(
        periods, key=lambda row: (row.level != PeriodLevel.YEAR, row.starts_on, order(PeriodLevel(row.level)))
    )

    def total(period: Period, measure: str) -> Decimal | None:
        inside = [leaf.pk for leaf in leaves if period.starts_on <= leaf.starts_on <= period.ends_on]
        return _sum(cells.get((pk, measure)) for pk in inside)

    return tuple(NumberLine(row.title, row.level, tuple(total(row, measure) for measure in Measure)) for row in rows)


def _made(user: User, letter: QuotaLetter) -> tuple[Made, ...]:
    rows = LetterLine.objects.visible_to(user).filter(letter=letter)
    lines = {(row.part, row.measure): row for row in rows}
    return tuple(
        Made(str(part.label), tuple(_made_cell(part, lines.get((part, measure))) for measure in Measure))
        for part in LetterPart
    )


def _made_cell(part: LetterPart, line: LetterLine | None) -> tuple[Decimal | None, str]:
    if line is None:
        return None, ""
    if part == LetterPart.MARKET:
        return line.amount, signed_percent(Decimal(line.note), 2)
    if part == LetterPart.PART_YEAR:
        share = Decimal(line.note)
        return line.amount, "" if share == 1 else _("%(share)s of a full year") % {"share": percent(share, 2)}
    return line.amount, letter_words.what_moved_hands(line.note) if part == LetterPart.TERRITORY else line.note


def _standings(
    user: User, cycle: PlanningCycle, person: User, totals: tuple[Decimal | None, ...]
) -> tuple[Standing, ...]:
    said = {row.measure: row for row in proposals_of(user, cycle).filter(person=person)}
    return tuple(standing_of(measure, said.get(measure), totals[place]) for place, measure in enumerate(Measure))


def _revised(user: User, rows: Iterable[Quota]) -> tuple[RevisedBy, ...]:
    grouped: dict[int, tuple[CompanyPlan, set[str]]] = {}
    for row in rows:
        grouped.setdefault(row.plan_id, (row.plan, set()))[1].add(str(Measure(row.measure).label))
    opens = access.can_see_plan(user)
    return tuple(
        RevisedBy(
            plan.number,
            plan.pk if opens else None,
            plan.get_cause_display(),
            plan.effective.title if plan.effective else "",
            plan.decided_at,
            ", ".join(sorted(measures)),
        )
        for plan, measures in grouped.values()
    )
