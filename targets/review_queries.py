"""What the review page shows: everybody's letter with what it waits for, as far as the viewer sees the people."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum

from spm.money import ZERO
from spm.org.models import FiscalYear, Team, User
from spm.org.scopes import history_of
from spm.talk.models import Comment
from spm.ui.fields import MoneyField
from targets import access, letters, proposals, sending
from targets.choices import LetterState, Measure
from targets.grounds import ground_of_letters
from targets.holdups import letters_waiting
from targets.models import CompanyPlan, PlanningCycle, Proposal, Quota, QuotaLetter, Target
from targets.proposals import Standing


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One person. ``days``: how long it waits, None: for nobody. ``sendable``: unsent, rejected, or changed since."""

    person: int
    name: str
    letter: int | None
    state: LetterState
    proposed: Decimal
    view: Decimal | None
    note: str
    comments: int
    days: int | None
    is_late: bool
    changed: bool
    can_decide: bool
    is_open: bool
    is_locked: bool
    acknowledged: bool

    @property
    def difference(self) -> Decimal | None:
        return None if self.view is None else self.view - self.proposed

    @property
    def sendable(self) -> bool:
        due = self.changed or self.state in sending.UNTOLD
        if self.is_locked:
            due = self.state == LetterState.UNSENT
        return (self.is_open or self.is_locked) and self.can_decide and due

    @property
    def can_answer(self) -> bool:
        return self.can_decide and self.is_open and self.state == LetterState.QUESTION

    @property
    def can_nudge(self) -> bool:
        if self.is_locked:
            return self.can_decide and self.state != LetterState.UNSENT and not self.acknowledged
        return self.can_decide and self.is_open and self.state == LetterState.SENT

    @property
    def can_approve(self) -> bool:
        return self.can_decide and self.is_open and self.state == LetterState.AGREED and not self.changed

    @property
    def can_reject(self) -> bool:
        return self.can_decide and self.is_open and self.state in letters.REJECTABLE


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team's number beside what its lead thinks it can be."""

    team: int
    name: str
    standing: Standing
    can_propose: bool


@dataclass(frozen=True, slots=True)
class Review:
    """The review page of one measure."""

    cycle: PlanningCycle
    rows: tuple[ReviewRow, ...]
    teams: tuple[TeamRow, ...]

    @property
    def sendable(self) -> int:
        return sum(row.sendable for row in self.rows)

    @property
    def waiting(self) -> int:
        return sum(row.days is not None for row in self.rows)


def review(user: User, cycle: PlanningCycle, measure: Measure, *, baseline: bool = False) -> Review:
    """The letters and the teams; ``baseline``: beside the numbers as they were locked."""
    asked = Asked(user, cycle, measure, baseline)
    thoughts = asked.proposals()
    return Review(cycle, _letters(asked, thoughts), _teams(asked, thoughts))


def review_letters(user: User, cycle: PlanningCycle, measure: Measure, *, baseline: bool = False) -> Review:
    """The letters alone, for a file of them."""
    asked = Asked(user, cycle, measure, baseline)
    return Review(cycle, _letters(asked, asked.proposals()), ())


def review_teams(user: User, cycle: PlanningCycle, measure: Measure, *, baseline: bool = False) -> Review:
    """The teams alone, for a file of them."""
    asked = Asked(user, cycle, measure, baseline)
    return Review(cycle, (), _teams(asked, asked.proposals()))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a review is read for."""

    user: User
    cycle: PlanningCycle
    measure: Measure
    baseline: bool

    def proposals(self) -> list[Proposal]:
        return list(proposals_of(self.user, self.cycle).filter(measure=self.measure))


def _letters(asked: Asked, thoughts: Iterable[Proposal]) -> tuple[ReviewRow, ...]:
    """Everybody with a quota whom the viewer sees, but not the viewer; who waits longest first."""
    user, cycle, measure = asked.user, asked.cycle, asked.measure
    year = cycle.fiscal_year
    quotas = Quota.objects.visible_to(user).of_version(baseline=asked.baseline)
    quotas = quotas.filter(plan__fiscal_year=year, measure=measure).order_by()
    sums = dict(quotas.values_list("person_id").annotate(sum=Sum("amount", output_field=MoneyField())))
    rows = QuotaLetter.objects.visible_to(user).filter(cycle=cycle).select_related("person")
    found = {row.person_id: row for row in rows}
    people = User.objects.visible_to(user).filter(pk__in=sums.keys() | found.keys(), is_house=False).exclude(pk=user.pk)
    names = dict(people.values_list("pk", "name"))
    said = _comments(user, [row.pk for row in found.values()])
    views = {row.person_id: row for row in thoughts if row.person_id is not None}
    active = [row for row in found.values() if row.person.is_active]
    ground = ground_of_letters(cycle, history_of(user), active)
    waits = {row.letter: row for row in letters_waiting(ground)}
    plan = plan_of(user, year)
    moved = sending.changed(plan, list(found.values())) if plan else set()
    mine = access.numbers_of(user, names)
    is_open = cycle.stage in letters.OPEN
    lines = []
    for pk, name in names.items():
        letter = found.get(pk)
        wait, view = waits.get(letter.pk) if letter else None, views.get(pk)
        lines.append(
            ReviewRow(
                person=pk,
                name=name,
                letter=letter.pk if letter else None,
                state=LetterState(letter.state) if letter else LetterState.UNSENT,
                proposed=sums.get(pk, ZERO),
                view=view.amount if view else None,
                note=view.note if view else "",
                comments=said.get(letter.pk, 0) if letter else 0,
                days=wait.days if wait else None,
                is_late=wait.is_late if wait else False,
                changed=letter is not None and letter.pk in moved,
                can_decide=pk in mine,
                is_open=is_open,
                is_locked=cycle.stage in letters.AFTER_LOCK,
                acknowledged=letter is not None and letter.acknowledged_at is not None,
            )
        )
    lines.sort(key=lambda row: (-1 if row.days is None else row.days, row.state == LetterState.UNSENT), reverse=True)
    return tuple(lines)


def plan_of(user: User, year: FiscalYear) -> CompanyPlan | None:
    """The year's working plan, for those who see it."""
    plan: CompanyPlan | None = CompanyPlan.objects.visible_to(user).working().filter(fiscal_year=year).first()
    return plan


def proposals_of(user: User, cycle: PlanningCycle) -> QuerySet[Proposal]:
    """What people and leads think the cycle's year can be, as far as the user sees it."""
    return Proposal.objects.visible_to(user).filter(cycle=cycle)


def _comments(user: User, keys: list[int]) -> dict[int, int]:
    rows = Comment.objects.visible_to(user).filter(thread__anchor=sending.LETTER, thread__key__in=keys, deleted_at=None)
    return dict(rows.order_by().values_list("thread__key").annotate(n=Count("pk")))


def _teams(asked: Asked, thoughts: Iterable[Proposal]) -> tuple[TeamRow, ...]:
    """Teams whose target the viewer sees, that have one or a proposal, or that the viewer leads."""
    user, cycle, measure = asked.user, asked.cycle, asked.measure
    targets = Target.objects.visible_to(user).of_version(baseline=asked.baseline)
    targets = targets.filter(plan__fiscal_year=cycle.fiscal_year, team__isnull=False)
    rows = targets.filter(measure=measure).order_by().values_list("team_id")
    given = dict(rows.annotate(sum=Sum("amount", output_field=MoneyField())))
    said = {row.team_id: row for row in thoughts if row.team_id is not None}
    names = dict(Team.objects.visible_to(user).values_list("pk", "name"))
    led = {pk for pk in names if access.can_propose(user, None, pk)}
    shown = sorted((given.keys() | said.keys() | led) & names.keys(), key=lambda pk: names[pk])
    is_open = cycle.stage in proposals.OPEN
    return tuple(
        TeamRow(pk, names[pk], standing_of(measure, said.get(pk), given.get(pk)), is_open and pk in led) for pk in shown
    )


def standing_of(measure: Measure, said: Proposal | None, target: Decimal | None) -> Standing:
    """A proposal beside the number; ``said`` None: nobody proposed one."""
    if said is None:
        return Standing(measure, None, "", None, target)
    return Standing(measure, said.amount, said.note, said.at, target)
