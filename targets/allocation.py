"""The allocation grid as somebody sees it, and the spread of a total: previewed, then applied as one batch.

Admins see the whole tree, managers what they lead. Single cells are written by ``write_cells``.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.org import retries
from spm.org.models import Period, User
from spm.org.scopes import history_of, scope_of
from targets import access, batches, cautions, last_year, policy
from targets.allocation_facts import Facts, read_facts
from targets.allocation_grid import MAX_ROWS, AllocationGrid, Rights, Sheet
from targets.allocation_preview import CellChange, Preview, preview_of
from targets.allotting import COMPANY, Allotter, Options
from targets.choices import BatchKind, Measure, Method
from targets.goals import Goal, GoalModel, Holder, LockedPlan, OwnQuota, lock_plan, of_person
from targets.models import CompanyPlan, GoalBatch, PlanningCycle, Quota, Target
from targets.plans import working_plan
from targets.policy import OutsidePolicy

QUARTERS, MONTHS = "quarters", "months"


class NotYours(RuleViolation):
    """The team is not one the person leads, or there is no such team."""


def read_grid(  # noqa: PLR0913  # what a grid is chosen by; all but two by keyword
    user: User,
    cycle: PlanningCycle,
    measure: str = Measure.BOOKINGS,
    team: int | None = None,
    columns: str = QUARTERS,
    *,
    plan: CompanyPlan | None = None,
) -> AllocationGrid:
    """The grid of one measure, below ``team`` or, for admins, below the company; ``plan``: the working one by default.

    Those below whom the user does not see today are one row with their sum. A fixed number of queries. Where all rows
    would be more than MAX_ROWS, teams are folded: each opens as a grid of its own. Raises NotYours for a team the user
    does not lead today; the company is for admins.
    """
    _refuse_unled(user, [team])
    facts = read_facts(plan or working_plan(cycle.fiscal_year), cycle, measure, history_of(user), deals_of=())
    # The largest deal is a word about a person who has a row; everybody's would be every credit of last year.
    named = facts.people_below(team) if _is_unfolded(facts, team) else facts.directly_below(team)
    last = last_year.with_deals(facts.last, measure, facts.calendar.before, named)
    return _grid_of(user, replace(facts, last=last), team, columns, whole=False)


def whole_grids(
    user: User, cycle: PlanningCycle, measure: str, teams: Sequence[int | None], columns: str, *, plan: CompanyPlan
) -> list[AllocationGrid]:
    """The grids of several teams with all their rows, for a file: no deal and no potential is looked up for them.

    No more queries than for one. Raises as ``read_grid``.
    """
    _refuse_unled(user, teams)
    facts = read_facts(plan, cycle, measure, history_of(user), deals_of=(), with_potential=False)
    return [_grid_of(user, facts, team, columns, whole=True) for team in teams]


def _refuse_unled(user: User, teams: Iterable[int | None]) -> None:
    scope = scope_of(user)
    if not (scope.everything or all(team in scope.leads for team in teams)):
        raise NotYours(_("You allocate to the teams you lead."))


def _grid_of(user: User, facts: Facts, team: int | None, columns: str, *, whole: bool) -> AllocationGrid:
    if team is not None and team not in facts.tree.parent:
        raise NotYours(_("You allocate to the teams you lead."))
    across = facts.calendar.leaves if columns == MONTHS else facts.calendar.quarters
    return _grid(user, facts, team, across, whole=whole)


def _grid(user: User, facts: Facts, team: int | None, across: tuple[Period, ...], *, whole: bool) -> AllocationGrid:
    sheet = Sheet(facts, across, scope_of(user))
    people = facts.people_below(team)
    teams = facts.tree.subtree([team] if team is not None else facts.tree.roots)
    totals, all_open = sheet.totals(team), whole or _is_unfolded(facts, team)
    return AllocationGrid(
        year=facts.calendar.year.label,
        before=facts.calendar.before_label,
        measure=facts.measure,
        currency=facts.currency,
        team=team,
        team_name=facts.team_names[team] if team is not None else "",
        path=tuple((above, facts.team_names[above]) for above in reversed(facts.tree.ancestors(team)[1:])),
        columns=across,
        totals=totals,
        totals_by_column=tuple(sheet.quotas(people, period) for period in across),
        rows=tuple(sheet.rows(team, _rights(user, facts, people, teams), all_open=all_open)),
        cautions=cautions.of_over(facts.limits, totals.over, totals.lacking),
        revision=facts.revision,
        is_open=access.is_open(facts.plan),
        can_spread=access.can_allocate(user, facts.plan, team),
        plan=facts.plan,
        leaves=tuple(tuple(sheet.leaves[period.pk]) for period in across),
    )


def _is_unfolded(facts: Facts, team: int | None) -> bool:
    """Whether all that stands below a team, teams and people, fits on one page."""
    teams = facts.tree.subtree([team] if team is not None else facts.tree.roots)
    return len(facts.people_below(team)) + len(teams) <= MAX_ROWS


def _rights(user: User, facts: Facts, people: set[int], teams: set[int]) -> Rights:
    if not access.is_open(facts.plan):
        return Rights((), (), ())
    return Rights(
        people=access.numbers_of(user, people),
        teams=access.targets_of(user, teams),
        spreads=access.spreads_of(user, teams),
    )


def preview(  # noqa: PLR0913  # what a spread is made of, by name in every call
    plan: CompanyPlan, node: Holder | None, measure: str, method: Method, by: User, options: Options | None = None
) -> Preview:
    """What spreading the number of ``node`` would change: a team, a person, or None for the company.

    A team's number goes down to everybody below, a person's to the leaf periods. Raises NotYours, LockedPlan,
    BadAmount, OwnQuota and CannotAllocate, each with a sentence; nothing is stored in any case.
    """
    options = options or Options()
    _refuse(plan, node, by, options)
    cycle = PlanningCycle.objects.select_related("fiscal_year").get(fiscal_year=plan.fiscal_year_id)
    facts = read_facts(plan, cycle, measure, history_of(by))
    if node is not None and node.key not in (facts.tree.parent if node.column == "team_id" else facts.people):
        raise NotYours(_("You allocate to the teams you lead."))
    rights = _rights(by, facts, set(facts.people), set(facts.tree.parent))
    allotter = Allotter(facts, method, options, rights)
    if node is not None and node.column == "person_id":
        found = {node: allotter.of_one(node)}
    else:
        team = int(node.key) if node else None
        below = allotter.below(team)
        own = {key: one for key, one in below.items() if isinstance(key, Holder) and key != COMPANY}
        found = {
            key: one for key, one in own.items() if rights.may_set(key) and (key != node or options.total is not None)
        }
    lost = {holder: sum(one.lost) * facts.coin for holder, one in found.items()}
    cells = [
        CellChange(holder, leaf, facts.given.get(holder, {}).get(leaf.pk), amount * facts.coin)
        for holder, one in found.items()
        for leaf, amount in zip(allotter.leaves, one.leaves, strict=True)
    ]
    changed = [cell for cell in cells if cell.after != (cell.before or 0)]
    return preview_of(facts, scope_of(by), node, method, changed, lost=lost)


def apply(*previews: Preview, by: User, seen: int | str | None = None, reason: str = "") -> GoalBatch:
    """Write previews of one plan, of several measures maybe, as one batch.

    ``seen``: the revision number of the page; the preview's own by default. Without a reason the method is kept as one.
    Raises OutsidePolicy where the policy blocks, NotYours where one of the numbers is not ``by``'s to set, and what
    ``batches.write_batch`` raises.
    """
    for found in previews:
        if found.blocked:
            raise OutsidePolicy(" ".join(caution.sentence for caution in found.cautions if caution.blocks))
    goals: list[tuple[GoalModel, Goal]] = [
        (
            Target if cell.holder.column == "team_id" else Quota,
            Goal(cell.holder, found.measure, cell.period, cell.after),
        )
        for found in previews
        for cell in found.cells
    ]
    _refuse_others({goal.holder for _model, goal in goals}, by)
    first = previews[0]
    kind = BatchKind.SPREAD if first.method == Method.CURRENT else BatchKind.METHOD
    known = first.revision if seen is None else seen
    reason = reason.strip() or _("Spread by “%(method)s”") % {"method": Method(first.method).label}
    return batches.write_batch(first.plan, goals, by=by, kind=kind, reason=reason, seen=known)


@retries.atomic
def write_cells(  # noqa: PLR0913  # what a batch consists of, by keyword, as ``batches.write_batch``
    plan: CompanyPlan,
    goals: Sequence[tuple[GoalModel, Goal]],
    *,
    by: User | None,
    kind: BatchKind,
    reason: str = "",
    seen: int | str | None = None,
) -> GoalBatch:
    """Write typed or pasted cells as one batch.

    Raises OutsidePolicy where the policy blocks and a team or the company would end above it, higher than it stood,
    NotYours where one of the numbers is not ``by``'s to set, and what ``batches.write_batch`` raises.
    """
    if by is not None:
        _refuse_others({goal.holder for _model, goal in goals}, by)
    working = lock_plan(plan)
    with policy.kept(working, _("Change the numbers above or below in the same save, or spread the total.")):
        return batches.write_batch(working, goals, by=by, kind=kind, reason=reason, seen=seen)


def _refuse(plan: CompanyPlan, node: Holder | None, by: User, options: Options) -> None:
    if not access.is_open(plan):
        raise LockedPlan(_("%(year)s is locked. Request a revision.") % {"year": plan.fiscal_year.label})
    if node is not None and node == of_person(by.pk):
        raise OwnQuota(_("Nobody sets their own quota."))
    if node is not None and node.column == "person_id":
        allowed = bool(access.numbers_of(by, [int(node.key)]))
    else:
        team = int(node.key) if node else None
        allowed = access.can_allocate(by, plan, team)
        if options.total is not None and team is not None:
            allowed = allowed and access.can_edit_target(by, plan, team)
    if not allowed:
        raise NotYours(_("You allocate to the teams you lead."))


def _refuse_others(holders: Collection[Holder], by: User) -> None:
    """The last line: whatever a grid or a spread made of it, nobody writes a number that is not theirs to set."""
    people = {int(holder.key) for holder in holders if holder.column == "person_id"}
    teams = {int(holder.key) for holder in holders if holder.column == "team_id"}
    if access.numbers_of(by, people) != people or access.targets_of(by, teams) != teams:
        raise NotYours(_("You allocate to the teams you lead."))
