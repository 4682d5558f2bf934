"""What a revision does to the totals of the year: company plan, quotas, team targets, and over-assignment.

Before and after are the year's sums as ``assigned`` adds them up, so a page that shows them and the policy agree.
Amounts in company currency, over-assignment as a ratio (0.06 = 6 %). Rules: domain.md, Over-assignment; Plan revisions.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.translation import gettext as _

from spm.money import ZERO
from spm.org import clock
from spm.org.models import User
from spm.org.scopes import history_of, scope_of
from spm.org.trees import TeamTree
from targets import assigned, batches
from targets.assigned import Assigned
from targets.batches import Change
from targets.choices import Measure, PlanState
from targets.cycles import cycle_of
from targets.grounds import tree_for
from targets.models import CompanyPlan, GoalBatch, PlanLine, PlanningCycle

type Lines = dict[tuple[str, int, str], Decimal]
"""(measure, leaf period, segment) → the company's number."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One total of the year. ``is_ratio``: an over-assignment; ``is_outside``: after it, outside of the policy."""

    node: str
    what: str
    measure: str
    before: Decimal | None
    after: Decimal | None
    is_ratio: bool = False
    is_outside: bool = False

    @property
    def difference(self) -> Decimal:
        return (self.after or ZERO) - (self.before or ZERO)


def effects(user: User, revision: CompanyPlan, moves: Sequence[Change]) -> tuple[Effect, ...]:
    """The totals touched, as far as the user sees them: the sums of all quotas are for admins. At most four queries.

    ``moves``: all that the revision changes. An approved one is shown as it was decided, whatever was revised since.
    """
    plan = revision.based_on
    if plan is None or not moves:
        return ()
    cycle = cycle_of(revision.fiscal_year) or PlanningCycle(pk=0, fiscal_year=revision.fiscal_year)
    history = history_of(user)
    tree = tree_for(cycle, history, clock.today())
    before, after = _states(plan, tree, revision, moves)
    page = _Page(user, cycle, before, after, history.teams)
    measures = [measure for measure in Measure if any(move.measure == measure for move in moves)]
    teams = [team for team in page.order(tree) if team in _touched(tree, moves)]
    return tuple(effect for measure in measures for effect in page.of(measure, teams))


@dataclass(frozen=True)
class _Page:
    user: User
    cycle: PlanningCycle
    before: Assigned
    after: Assigned
    names: Mapping[int, str]

    def order(self, tree: TeamTree) -> list[int]:
        """The teams whose numbers the user sees, from the top down."""
        scope = scope_of(self.user)
        found, waiting = [], list(tree.roots)
        while waiting:
            team = waiting.pop(0)
            found.append(team)
            waiting = tree.children.get(team, []) + waiting
        return [team for team in found if scope.everything or team in scope.leads]

    def of(self, measure: Measure, teams: Iterable[int]) -> Iterator[Effect]:
        label, company = str(measure.label), _("Company")
        yield Effect(company, _("Plan"), label, self.before.plan.get(measure), self.after.plan.get(measure))
        if scope_of(self.user).everything:
            yield Effect(company, _("All quotas"), label, self.before.reps(measure), self.after.reps(measure))
            yield self.ratio(company, label, self.before.company_ratio(measure), self.after.company_ratio(measure))
        for team in teams:
            name = self.names[team]
            targets = self.before.target(team, measure), self.after.target(team, measure)
            yield Effect(name, _("Target"), label, *targets)
            below = self.before.below(team, measure), self.after.below(team, measure)
            yield Effect(name, _("One level down"), label, *below)
            yield self.ratio(name, label, self.before.ratio(team, measure), self.after.ratio(team, measure))

    def ratio(self, node: str, measure: str, before: Decimal | None, after: Decimal | None) -> Effect:
        low, high = self.cycle.over_min / 100, self.cycle.over_max / 100
        outside = self.cycle.pk != 0 and after is not None and not low <= after <= high
        return Effect(node, _("Over-assignment"), measure, before, after, is_ratio=True, is_outside=outside)


def _touched(tree: TeamTree, moves: Iterable[Change]) -> set[int]:
    """The teams that a change stands in or below."""
    found: set[int] = set()
    for holder in {move.holder for move in moves}:
        if holder.column == "team_id":
            found.update(tree.ancestors(int(holder.key)))
        elif holder.column == "person_id":
            found.update(tree.ancestors(tree.team_of.get(int(holder.key))))
    return found


# Before and after


def _states(
    plan: CompanyPlan, tree: TeamTree, revision: CompanyPlan, moves: Sequence[Change]
) -> tuple[Assigned, Assigned]:
    """Now and with the changes; of an approved revision what stood when it was, from what later ones changed."""
    now, lines = assigned.read(plan, tree, by_leaf=True), _lines(plan)
    if revision.state != PlanState.APPROVED:
        return now, _changed(now, lines, moves)
    later = GoalBatch.objects.filter(plan=plan, pk__gt=revision.applied_by.pk).order_by("-pk")
    since = [_back(change) for batch in later for change in reversed(batches.changes_of(batch))]
    return _changed(now, lines, [*since, *map(_back, reversed(moves))]), _changed(now, lines, since)


def _back(change: Change) -> Change:
    return replace(change, before=change.after, after=change.before)


def _changed(now: Assigned, lines: Lines, changes: Sequence[Change]) -> Assigned:
    """The numbers after these changes, one after the other."""
    moved: dict[tuple[str, int, str], Decimal | None] = dict(lines)
    others = []
    for change in changes:
        if change.model is PlanLine:
            moved[change.measure, change.period, str(change.holder.key)] = change.after
        else:
            others.append((change.holder, change.measure, change.period, change.after))
    kept = {key: amount for key, amount in moved.items() if amount is not None}
    return replace(assigned.with_changes(now, others), lines=_plan(kept))


def _lines(plan: CompanyPlan) -> Lines:
    rows = PlanLine.objects.filter(plan=plan).order_by()
    return {row[:3]: row[3] for row in rows.values_list("measure", "period_id", "segment", "amount")}


def _plan(lines: Lines) -> dict[str, assigned.Amounts]:
    """Measure → the company's numbers: segments count where the whole company has no line of its own."""
    sums: dict[str, assigned.Amounts] = defaultdict(lambda: defaultdict(Decimal))
    for (measure, leaf, segment), amount in lines.items():
        if not segment or (measure, leaf, "") not in lines:
            sums[measure][leaf] += amount
    return {measure: dict(amounts) for measure, amounts in sums.items()}
