"""Reads for the pages of the planning cycle: the list of years, and one year's home. As far as the user sees them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from spm.money import ZERO
from spm.org import clock
from spm.org.access import can_administer
from spm.org.audit_words import details
from spm.org.choices import AuditKind, PeriodLevel
from spm.org.models import AuditEntry, FiscalYear, User
from spm.org.scopes import history_of, scope_of
from spm.ui import bridge
from spm.ui.bridge import Bridge, Step
from spm.ui.fields import MoneyField
from spm.ui.numbers import signed_thousands, thousands
from targets import approvals, assigned, completion, grids, last_year, measures
from targets.allocation_facts import read_calendar
from targets.assigned import Assigned
from targets.choices import LetterState, Measure, PlanKind, Stage
from targets.grounds import Ground, ground_of
from targets.holdups import HoldUp, Waiting, holdups_in
from targets.lacking import Lacking
from targets.models import Attainment, CompanyPlan, CycleStage, LetterLine, PlanningCycle, QuotaLetter
from targets.sending import AtLock, at_lock

HISTORY = 30
CYCLE_KINDS = (
    AuditKind.PLAN_CYCLE,
    AuditKind.PLAN_STAGE,
    AuditKind.PLAN_POLICY,
    AuditKind.PLAN_APPROVAL,
    AuditKind.PLAN_LOCK,
)


# The list of years


@dataclass(frozen=True, slots=True)
class YearLine:
    """One fiscal year. ``stage`` is empty where no cycle plans it; ``allocated``: quotas ÷ plan, for admins."""

    label: str
    stage: str
    stage_label: str
    plan: Decimal | None
    targets: Decimal | None
    quotas: Decimal | None
    allocated: Decimal | None
    letters: int
    answered: int
    acknowledged: int
    due_on: date | None
    is_late: bool
    has_baseline: bool


def year_lines(user: User, measure: str, *, baseline: bool = False) -> list[YearLine]:
    """Every fiscal year, newest first; nine queries at most, whatever their number. ``baseline``: as
    ``grids.summaries``.
    """
    cycles = {row.fiscal_year_id: row for row in PlanningCycle.objects.visible_to(user).prefetch_related("stages")}
    keys = dict(FiscalYear.objects.visible_to(user).values_list("label", "pk"))
    letters = _letter_counts(user)
    today, sees_all = clock.today(), can_administer(user)
    told = {} if scope_of(user).is_manager or sees_all else _told_in_letters(user, measure)
    lines = []
    for row in grids.summaries(user, measure, baseline=baseline):
        cycle = cycles.get(keys[row.label])
        stage = next((each for each in cycle.stages.all() if each.stage == cycle.stage), None) if cycle else None
        sent, answered, acknowledged = letters.get(cycle.pk, (0, 0, 0)) if cycle else (0, 0, 0)
        due = stage.due_on if stage else None
        lines.append(
            YearLine(
                label=row.label,
                stage=cycle.stage if cycle else "",
                stage_label=str(Stage(cycle.stage).label) if cycle else "",
                plan=row.plan,
                targets=row.targets,
                quotas=told.get(cycle.pk) if row.quotas is None and cycle else row.quotas,
                allocated=row.of_planned / row.plan if sees_all and row.plan and row.quotas is not None else None,
                letters=sent,
                answered=answered,
                acknowledged=acknowledged,
                due_on=due,
                is_late=due is not None and due < today,
                has_baseline=row.has_baseline,
            )
        )
    return lines


def _told_in_letters(user: User, measure: str) -> dict[int, Decimal]:
    """Cycle → the own number of the year as the letter told it, which is all that its reader knows before the lock."""
    rows = LetterLine.objects.visible_to(user).filter(letter__person=user, measure=measure).order_by()
    return dict(rows.values_list("letter__cycle").annotate(sum=Sum("amount", output_field=MoneyField())))


def _letter_counts(user: User) -> dict[int, tuple[int, int, int]]:
    """Cycle → (letters, answered, acknowledged); to acknowledge one that came with the lock or later answers it."""
    open_states = (LetterState.UNSENT, LetterState.SENT)
    rows = QuotaLetter.objects.visible_to(user).order_by().values_list("cycle")
    counted = rows.annotate(
        letters=Count("pk"),
        answered=Count("pk", filter=~Q(state__in=open_states) | Q(acknowledged_at__isnull=False)),
        acknowledged=Count("acknowledged_at"),
    )
    return {cycle: (letters, answered, done) for cycle, letters, answered, done in counted}


# One year


@dataclass(frozen=True, slots=True)
class StageLine:
    """One step of the cycle. ``state``: done, current or empty; ``share``: how much of the current one is done."""

    stage: Stage
    state: str
    owner: str
    due_on: date | None
    is_late: bool
    done_at: datetime | None
    share: Decimal | None = None
    locked_at: datetime | None = None  # of the lock alone: it is done when the letters are back, later than that


@dataclass(frozen=True, slots=True)
class Meter:
    """One bar: all widths are percents of the drawing as attribute texts. ``over``: against the first meter."""

    label: str
    amount: Decimal
    over: Decimal | None
    width: str
    is_outside: bool
    lacking: str  # who has no number yet, where ``over`` says no more than that


@dataclass(frozen=True, slots=True)
class Meters:
    """``band_x`` and ``band_width``: where the policy allows the sums to end; ``base_x``: the number to allocate."""

    rows: tuple[Meter, ...]
    base_x: str
    band_x: str
    band_width: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the cycle: ``detail`` says what changed, as a sentence."""

    at: datetime
    by: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class CycleHome:
    cycle: PlanningCycle
    stage: Stage
    following: Stage | None
    preceding: Stage | None
    unapproved: bool  # the company plan is to be approved before it is handed on
    steps: tuple[StageLine, ...]
    waiting: list[HoldUp]
    meters: Meters | None
    waterfall: Bridge | None
    events: list[Event]
    at_lock: AtLock | None  # what the lock would do, where it comes next and the user may run the cycle
    is_whole: bool  # the numbers are the company's, not those of the user's teams
    working: CompanyPlan | None  # the working version, whichever is shown


def cycle_home(user: User, cycle: PlanningCycle, measure: Measure, kind: PlanKind = PlanKind.WORKING) -> CycleHome:
    """One year's planning at a glance: managers see the numbers of the teams they lead. ``kind``: or the baseline."""
    history = history_of(user)
    versions = CompanyPlan.objects.visible_to(user).filter(fiscal_year=cycle.fiscal_year_id)
    known = {row.kind: row for row in versions.filter(kind__in=(PlanKind.WORKING, kind)).select_related("submitted_by")}
    plan, working = known.get(kind), known.get(PlanKind.WORKING)
    ground = ground_of(cycle, history, [working] if working else [])
    tree = ground.tree
    stage, whole = Stage(cycle.stage), can_administer(user)
    is_last = stage is Stage.APPROVE  # the lock comes next
    order = list(Stage)
    place = order.index(stage)
    known_already = ground.numbers if kind == PlanKind.WORKING else None
    numbers = known_already or assigned.read(plan, tree) if plan else None
    teams = (
        tree.roots
        if whole
        else [team for team in scope_of(user).leads if tree.parent.get(team) not in scope_of(user).leads]
    )
    sums = _sums(numbers, teams, measure, whole) if numbers else None
    return CycleHome(
        cycle=cycle,
        stage=stage,
        following=order[place + 1] if place + 1 < len(order) else None,
        preceding=order[place - 1] if 0 < place <= order.index(Stage.APPROVE) else None,
        unapproved=stage is Stage.PLAN and (plan is None or not approvals.stands_approved(plan)),
        steps=steps_of(user, ground),
        waiting=waiting_for(user, ground),
        meters=_meters(sums, cycle) if sums else None,
        waterfall=_waterfall(user, cycle, measure, sums, None if whole else teams) if sums else None,
        events=_events(user, cycle),
        at_lock=at_lock(ground, plan, numbers) if whole and plan and numbers and is_last else None,
        is_whole=whole,
        working=working,
    )


def waiting_for(user: User, ground: Ground) -> list[HoldUp]:
    """What holds the cycle up, as far as it concerns the user: stages everybody hears of, the rest below them."""
    scope = scope_of(user)
    found = holdups_in(ground)
    if scope.people is None:
        return found
    return [row for row in found if _concerns(row, scope.people, scope.leads)]


def _concerns(row: HoldUp, people: frozenset[int], leads: frozenset[int]) -> bool:
    if row.kind in (Waiting.COMPANY, Waiting.REVISION, Waiting.PLAN, Waiting.RETURNED):
        return False  # the sum of all teams, what is decided, and the approval of the plan are for admins
    if row.team is not None:
        return row.team in leads
    return row.about is None or row.about.pk in people


def steps_of(user: User, ground: Ground) -> tuple[StageLine, ...]:
    """The stages in order. How much of the current one is done counts the whole company, so it is for admins."""
    place, found = list(Stage).index(Stage(ground.cycle.stage)), []
    share = completion.done_share(ground) if can_administer(user) else None
    for number, stage in enumerate(Stage):
        row = ground.stages[stage]
        state = "done" if number < place else "current" if number == place else ""
        late = state == "current" and row.due_on is not None and row.due_on < ground.today
        owner = row.owner.name if row.owner else ""
        shown = share if state == "current" else None
        at = ground.stages[Stage.APPROVE].done_at if stage is Stage.LOCK and state else None
        found.append(StageLine(stage, state, owner, row.due_on, late, row.done_at, shown, at))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Sums:
    """``base``: what is to be allocated, the company plan or the targets of the teams led. All of the leaf periods for
    which there is a plan.
    """

    base: Decimal
    managers: Decimal
    reps: Decimal
    is_whole: bool
    lacking: Lacking  # who below has no number


def _sums(numbers: Assigned, teams: Sequence[int], measure: str, whole: bool) -> _Sums | None:
    base = numbers.plan.get(measure) if whole else numbers.over(teams, measure)
    if not base or base < 0:
        return None
    leaves = numbers.planned(measure) if whole else None
    people = None if whole else numbers.tree.people_in(numbers.tree.subtree(teams))
    without = numbers.lacking(None if whole else teams, measure)
    managers, reps = numbers.managers(teams, measure, leaves), numbers.reps(measure, people, leaves)
    return _Sums(base, managers, reps, whole, without)


def _meters(sums: _Sums, cycle: PlanningCycle) -> Meters:
    low, high = cycle.over_min / 100, cycle.over_max / 100
    top = max(sums.base * (1 + high), sums.base, sums.managers, sums.reps) * Decimal("1.04")

    def meter(label: str, amount: Decimal, is_base: bool = False, lacking: Lacking | None = None) -> Meter:
        over = None if is_base else measures.over_assignment(amount, sums.base)
        outside = over is not None and not low <= over <= high
        words = lacking.words if lacking and lacking.explains(over, low) else ""
        return Meter(label, amount, over, _percent(amount / top), outside, words)

    first = _("Company plan") if sums.is_whole else _("Your teams’ targets")
    rows = (
        meter(first, sums.base, is_base=True),
        meter(_("Sum of managers"), sums.managers),
        meter(_("Sum of reps"), sums.reps, lacking=sums.lacking),
    )
    start = sums.base * (1 + low) / top
    return Meters(rows, _percent(sums.base / top), _percent(start), _percent(sums.base * (high - low) / top))


def _percent(share: Decimal) -> str:
    return f"{share * 100:.2f}%"


def _waterfall(
    user: User, cycle: PlanningCycle, measure: Measure, sums: _Sums, teams: Sequence[int] | None
) -> Bridge | None:
    """Last year → growth → plan → cushion → quotas; a running year is scaled to a whole one by its season."""
    calendar = read_calendar(cycle.fiscal_year)
    if not calendar.before:
        return None
    rows = Attainment.objects.visible_to(user).at_level(PeriodLevel.YEAR)
    rows = rows.filter(period__fiscal_year=calendar.before[0].fiscal_year_id, measure=measure)
    rows = rows.filter(company__isnull=False) if teams is None else rows.filter(team__in=teams)
    sold = sum((row.actual for row in rows), ZERO)
    share = last_year.elapsed(calendar.before, calendar.weights, clock.today())
    if not share or sold <= 0:
        return None
    before = sold / share
    label = calendar.before_label if share == 1 else _("%(year)s, at this pace") % {"year": calendar.before_label}
    growth, cushion = sums.base - before, sums.reps - sums.base
    goal = _("Plan") if sums.is_whole else _("Targets")
    steps = [
        Step(label, "total", ZERO, before, thousands(before)),
        Step(_("Growth"), "up" if growth >= 0 else "down", before, sums.base, signed_thousands(growth)),
        Step(goal, "total", ZERO, sums.base, thousands(sums.base)),
    ]
    if sums.reps:
        word, kind = (_("Cushion"), "pad") if cushion >= 0 else (_("Not handed on"), "down")
        steps += [
            Step(word, kind, sums.base, sums.reps, signed_thousands(cushion)),
            Step(_("Quotas"), "actual", ZERO, sums.reps, thousands(sums.reps)),
        ]
    return bridge.draw(steps)


def _events(user: User, cycle: PlanningCycle) -> list[Event]:
    """Who moved the cycle and its policy: admins read the audit log, others the stages that are done."""
    if not can_administer(user):
        rows = cycle.stages.filter(done_at__isnull=False).select_related("done_by").order_by("-done_at")
        return [_done(row, row.done_at) for row in rows if row.done_at]
    label = cycle.fiscal_year.label
    of_cycle = Q(subject=label, kind__in=CYCLE_KINDS)
    of_revisions = Q(subject__startswith=f"{label} ", kind=AuditKind.PLAN_REVISION)  # "2026 3": the year's third
    entries = AuditEntry.objects.visible_to(user).filter(of_cycle | of_revisions)
    newest = entries.select_related("actor").order_by("-at", "-pk")[:HISTORY]
    return [
        Event(entry.at, entry.actor.name if entry.actor else "", entry.get_kind_display(), details(entry))
        for entry in newest
    ]


def _done(row: CycleStage, at: datetime) -> Event:
    what = _("“%(stage)s” done") % {"stage": Stage(row.stage).label}
    return Event(at, row.done_by.name if row.done_by else "", what, "")


def next_to_plan(user: User) -> "NextYear | None":
    """The year whose cycle would be created next: the one after the newest that has a cycle, or after today's.

    None before there is a calendar, and where a year without rule (loaded from a file) must be loaded first.
    """
    years = list(FiscalYear.objects.visible_to(user).order_by("starts_on"))
    planned = {row.fiscal_year_id: row for row in PlanningCycle.objects.visible_to(user)}
    if not years:
        return None
    today = clock.today()
    newest = max((place for place, year in enumerate(years) if year.pk in planned), default=None)
    if newest is None:
        newest = next((place for place, year in enumerate(years) if year.ends_on >= today), len(years) - 1) - 1
    source = years[newest] if newest >= 0 and years[newest].pk in planned else None
    year = years[newest + 1] if newest + 1 < len(years) else None
    label = year.label if year else following_label(years[-1].label)
    if year is None and years[-1].calendar_kind == "file":
        return None
    return NextYear(label, year, years[-1], source.label if source else "")


@dataclass(frozen=True, slots=True)
class NextYear:
    """``year`` is None where its calendar is to be made after ``last``; ``source``: whose structure can be copied."""

    label: str
    year: FiscalYear | None
    last: FiscalYear
    source: str


def following_label(label: str) -> str:
    """2026 → 2027, FY26 → FY27, 2025/26 → 2026/27; without a number at its end: the label with 2."""
    pieces: dict[str, str] = defaultdict(str)
    for char in reversed(label):
        part = "tail" if char.isascii() and char.isdigit() and not pieces["head"] else "head"
        pieces[part] = char + pieces[part]
    if not pieces["tail"]:
        return f"{label} 2"
    head, tail = pieces["head"], pieces["tail"]
    if head.endswith("/") and head[:-1][-4:].isdigit():
        head = f"{head[:-1][:-4]}{int(head[:-1][-4:]) + 1}/"
    return f"{head}{str(int(tail) + 1).zfill(len(tail))}"
