"""What every look at planning cycles needs, read for all of them at once, so that their number costs no query."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from spm.org import clock
from spm.org.models import User
from spm.org.trees import TeamTree, TreeHistory, read_history
from targets import assigned
from targets.assigned import Assigned
from targets.choices import PlanKind, PlanState, Stage
from targets.models import CompanyPlan, CycleStage, PlanningCycle, QuotaLetter

OF_NUMBERS = (Stage.PLAN, Stage.ALLOCATE, Stage.REVIEW, Stage.APPROVE)
OF_LETTERS = (Stage.REVIEW, Stage.APPROVE, Stage.LOCK, Stage.MONITOR)
LOCKED = (Stage.LOCK, Stage.MONITOR)


@dataclass(frozen=True, slots=True)
class Ground:
    """One cycle. ``tree``: the teams the year is planned for, by which numbers add up; ``now``: those of today, by
    which people act.

    ``people``: who may act, by key. ``numbers`` of the working version until the lock, ``letters`` of active
    people once they are out, ``revisions`` that wait for a decision once the year is locked; before and after: none.
    ``working``: the working version with who submitted it, as long as the year is not locked.
    """

    cycle: PlanningCycle
    today: date
    stages: Mapping[str, CycleStage]
    history: TreeHistory
    tree: TeamTree
    now: TeamTree
    zone: ZoneInfo
    people: Mapping[int, User]
    numbers: Assigned | None = None
    letters: tuple[QuotaLetter, ...] = ()
    revisions: tuple[CompanyPlan, ...] = ()
    working: CompanyPlan | None = None

    @property
    def stage(self) -> CycleStage:
        """The current one."""
        return self.stages[self.cycle.stage]

    @property
    def is_locked(self) -> bool:
        return self.cycle.stage in LOCKED

    @property
    def since(self) -> date:
        """When the current stage began: the day the one before was done, or the cycle made."""
        done = [row.done_at for row in self.stages.values() if row.done_at]
        return self.day(max(done) if done else self.cycle.created_at)

    def day(self, moment: datetime) -> date:
        """The company's date of a moment; never after its clock's day, which stands still in a demo."""
        return min(moment.astimezone(self.zone).date(), self.today)


def ground_of(
    cycle: PlanningCycle, history: TreeHistory | None = None, plans: Collection[CompanyPlan] | None = None
) -> Ground:
    """Of one cycle; at most six queries. ``plans``: its working version, with who submitted it, where it is read."""
    return grounds(cycle.stages.select_related("owner"), history, plans=plans)[0]


def ground_of_letters(cycle: PlanningCycle, history: TreeHistory, letters: Iterable[QuotaLetter]) -> Ground:
    """Of one cycle and some of its letters, of active people, each with its ``person``; two queries at most."""
    (ground,) = _plain(cycle.stages.select_related("owner"), history, None)
    return replace(ground, letters=tuple(letters)) if cycle.stage in OF_LETTERS else ground


def grounds(
    stages: Iterable[CycleStage],
    history: TreeHistory | None = None,
    people: Mapping[int, User] | None = None,
    about: Collection[int] | None = None,
    plans: Collection[CompanyPlan] | None = None,
) -> list[Ground]:
    """Of the cycles that ``stages`` belong to, in their order; each with its ``cycle`` and ``owner`` loaded.

    ``people``: those whose part in it is looked at; left out, everybody who leads a team today. ``about``: whose
    letters; left out, everybody's. ``plans``: their working versions, where those are read already.
    """
    return _filled(_plain(stages, history or read_history(), people), about, plans)


def _plain(stages: Iterable[CycleStage], history: TreeHistory, people: Mapping[int, User] | None) -> list[Ground]:
    company = clock.company()
    today, zone = clock.today(company), ZoneInfo(company.timezone if company else "UTC")
    now = history.as_of(today)
    of_cycle: dict[PlanningCycle, dict[str, CycleStage]] = {}
    for row in stages:
        of_cycle.setdefault(row.cycle, {})[row.stage] = row
    if people is None and any(cycle.stage != Stage.PLAN for cycle in of_cycle):
        people = User.objects.in_bulk(set(now.lead.values()))
    return [
        Ground(cycle, today, rows, history, tree_for(cycle, history, today), now, zone, people or {})
        for cycle, rows in of_cycle.items()
    ]


def _filled(plain: list[Ground], about: Collection[int] | None, plans: Collection[CompanyPlan] | None) -> list[Ground]:
    """With what the stage of each asks for: one query for each kind of it."""
    trees = {ground.cycle.fiscal_year_id: ground.tree for ground in plain if ground.cycle.stage in OF_NUMBERS}
    numbers = assigned.read_working(trees) if trees else {}
    lettered = [ground.cycle.pk for ground in plain if ground.cycle.stage in OF_LETTERS]
    letters = QuotaLetter.objects.filter(cycle__in=lettered, person__is_active=True).select_related("person")
    letters = letters if about is None else letters.filter(person__in=about)
    by_cycle = _grouped(letters.order_by("pk"), "cycle_id") if lettered else {}
    locked = [ground.cycle.fiscal_year_id for ground in plain if ground.is_locked]
    asked = CompanyPlan.objects.filter(kind=PlanKind.REVISION, state=PlanState.SUBMITTED, fiscal_year__in=locked)
    by_year = _grouped(asked.order_by("number"), "fiscal_year_id") if locked else {}
    open_years = [ground.cycle.fiscal_year_id for ground in plain if not ground.is_locked]
    if plans is None and open_years:
        plans = CompanyPlan.objects.working().filter(fiscal_year__in=open_years).select_related("submitted_by")
    working = {plan.fiscal_year_id: plan for plan in plans or () if plan.fiscal_year_id in open_years}
    return [
        replace(
            ground,
            numbers=numbers.get(ground.cycle.fiscal_year_id),
            letters=tuple(by_cycle.get(ground.cycle.pk, ())),
            revisions=tuple(by_year.get(ground.cycle.fiscal_year_id, ())),
            working=working.get(ground.cycle.fiscal_year_id),
        )
        for ground in plain
    ]


def _grouped(rows: Iterable[Any], column: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(getattr(row, column), []).append(row)
    return found


def tree_for(cycle: PlanningCycle, history: TreeHistory, today: date) -> TeamTree:
    """The teams a year is planned for: those of its first day, or of today once it has begun."""
    year = cycle.fiscal_year
    return history.as_of(min(max(today, year.starts_on), year.ends_on))
