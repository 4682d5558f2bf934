"""The allocation grid as somebody sees it: the whole tree for admins, what one leads for managers.

``allotting`` previews and applies a spread of a total; single cells are written by ``batches.write_batch``.
"""

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.org.models import Period, User
from spm.org.scopes import history_of, scope_of
from targets import access, batches, cautions
from targets.allocation_facts import Facts, margins, read_facts
from targets.allocation_grid import MAX_ROWS, AllocationGrid, Rights, Sheet
from targets.choices import Measure
from targets.models import CompanyPlan, PlanningCycle
from targets.plans import working_plan

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

    A fixed number of queries. Where all rows would be more than MAX_ROWS, teams are folded: each opens as a grid of
    its own. Raises NotYours for a team the user does not lead today; the company is for admins.
    """
    scope = scope_of(user)
    if not (scope.everything if team is None else scope.everything or team in scope.leads):
        raise NotYours(_("You allocate to the teams you lead."))
    version = plan or working_plan(cycle.fiscal_year)
    history = history_of(user)
    facts = read_facts(version, cycle, measure, history)
    if team is not None and team not in facts.tree.parent:
        raise NotYours(_("You allocate to the teams you lead."))
    across = facts.calendar.leaves if columns == MONTHS else facts.calendar.quarters
    return _grid(user, facts, team, across)


def _grid(user: User, facts: Facts, team: int | None, across: tuple[Period, ...]) -> AllocationGrid:
    sheet = Sheet(facts, across, margins(facts.plan))
    people = facts.people_below(team)
    teams = facts.tree.subtree([team] if team is not None else facts.tree.roots)
    totals = sheet.totals(team)
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
        rows=tuple(
            sheet.rows(team, _rights(user, facts, people, teams), all_open=len(people) + len(teams) <= MAX_ROWS)
        ),
        cautions=cautions.of_over(facts.limits, totals.over),
        revision=batches.newest(facts.plan),
        is_open=access.is_open(facts.plan),
        can_spread=access.can_allocate(user, facts.plan, team),
    )


def _rights(user: User, facts: Facts, people: set[int], teams: set[int]) -> Rights:
    if not access.is_open(facts.plan):
        return Rights((), (), ())
    return Rights(
        people=access.numbers_of(user, people),
        teams=access.targets_of(user, teams),
        spreads=access.spreads_of(user, teams),
    )
