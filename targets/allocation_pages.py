"""What the page of an allocation is chosen by and what it shows beside the grid itself."""

from dataclasses import dataclass, replace
from decimal import Decimal
from urllib.parse import urlencode

from django.http import Http404, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from spm.org.models import FiscalYear, Period, User
from spm.org.scopes import scope_of
from spm.ui.columns import Columns, Shown
from spm.ui.numbers import percent, thousands, unit_thousands
from targets import access
from targets.allocation import MONTHS, QUARTERS, NotYours, read_grid, whole_grids
from targets.allocation_grid import MAX_ROWS, AllocationGrid, Totals
from targets.basis import Basis, version_of
from targets.choices import Measure
from targets.cycles import cycle_of
from targets.grid_cells import Pasted, Sent
from targets.grid_pages import GridView, drawn
from targets.models import CompanyPlan, PlanningCycle
from targets.plans import working_plan
from targets.undoing import OF_PEOPLE

BAND, EDGE = Decimal(240), Decimal(20)
"""The drawn width of the over-assignment, and what is left free at its ends."""


BESIDE = Columns(
    known=("before", "adjusted", "potential", "growth", "below", "over", "margin", "ramp", "lost"),
    usual=("before", "adjusted", "potential", "growth", "margin", "ramp"),
    labels={
        "before": _lazy("Last year"),
        "adjusted": _lazy("Adjusted"),
        "potential": _lazy("Potential"),
        "growth": _lazy("Growth"),
        "below": _lazy("Handed on"),
        "over": _lazy("Over-assignment"),
        "margin": _lazy("Margin rate"),
        "ramp": _lazy("Ramp"),
        "lost": _lazy("Not covered"),
    },
)
"""What stands beside the numbers of an allocation; the style sheet leaves some of the usual ones out by width."""


@dataclass(frozen=True)
class Place:
    """Which grid: as the address says it."""

    user: User
    year: FiscalYear
    cycle: PlanningCycle
    plan: CompanyPlan
    measure: Measure
    team: int | None
    columns: str
    page: int
    show: tuple[str, ...] = ()  # the columns beside the numbers that somebody chose
    basis: Basis = Basis()

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The parameters of the address but for the chosen columns."""
        page = self.page if self.page > 1 else None
        plan = self.basis.value if self.basis.is_baseline else None
        told = {"team": self.team, "measure": self.measure.value, "columns": self.columns, "plan": plan, "page": page}
        return [(key, str(value)) for key, value in told.items() if value is not None]

    @property
    def query(self) -> str:
        return urlencode([*self.kept, *(("show", key) for key in self.show)])

    @property
    def shown(self) -> Shown:
        return BESIDE.shown(self.show)

    def grid(self) -> AllocationGrid:
        """The rows of one page of it. Raises Http404 for a team the user does not lead."""
        grid = self._read(self.team)
        if not self.cycle.pk:
            grid = replace(grid, can_spread=False)
        first = (self.page - 1) * MAX_ROWS
        rows = grid.rows[first : first + MAX_ROWS]
        return replace(grid, rows=rows, more=len(grid.rows) > first + MAX_ROWS)

    def whole_grids(self, *, of_one_team: bool) -> list[AllocationGrid]:
        """All rows, unfolded, for a file: of one team, or else of everything that the user allocates."""
        everything = scope_of(self.user).everything
        own: list[int | None] = [] if of_one_team or everything else [*access.own_teams(self.user)]
        try:
            return whole_grids(self.user, self.cycle, self.measure, own or [self.team], self.columns, plan=self.plan)
        except NotYours as error:
            raise Http404 from error

    def _read(self, team: int | None) -> AllocationGrid:
        try:
            return read_grid(self.user, self.cycle, self.measure, team, self.columns, plan=self.plan)
        except NotYours as error:
            raise Http404 from error


def place_of(user: User, year: FiscalYear, query: QueryDict, *, writes: bool) -> Place:
    """The grid that an address names; a manager who names no team gets the topmost one led. Raises Http404."""
    measure, team, page = query.get("measure", ""), query.get("team", ""), query.get("page", "")
    if team and not (team.isascii() and team.isdecimal() and len(team) < 19):
        raise Http404
    # What is written goes into the working version, whichever was shown.
    basis, plan = (Basis(), working_plan(year, user)) if writes else version_of(query, year)
    return Place(
        user=user,
        year=year,
        # A year that nobody plans by a cycle is shown by the policy every cycle begins with.
        cycle=cycle_of(year) or PlanningCycle(pk=0, fiscal_year=year),
        plan=plan,
        measure=Measure(measure) if measure in Measure.values else Measure.BOOKINGS,
        team=int(team) if team else _topmost(user),
        columns=MONTHS if query.get("columns") == MONTHS else QUARTERS,
        page=int(page) if page.isascii() and page.isdecimal() and 0 < len(page) < 4 else 1,
        show=tuple(key for key in BESIDE.known if key in query.getlist("show")),
        basis=basis,
    )


def _topmost(user: User) -> int | None:
    scope = scope_of(user)
    if scope.everything:
        return None
    return next(iter(access.own_teams(user)), None)


@dataclass(frozen=True)
class Band:
    """The over-assignment as a drawing: positions on a line 280 wide; None = no number."""

    low: str
    width: str
    now: str | None
    then: str | None


@dataclass(frozen=True, kw_only=True)
class AllocationView(GridView):
    """Everything that the page shows. ``after``: totals if what is previewed were stored."""

    place: Place
    grid: AllocationGrid
    band: Band
    after: Totals | None = None
    next_page: int = 0

    @property
    def sums(self) -> list[tuple[Period, Decimal]]:
        """The quotas of all people below, per column."""
        return list(zip(self.grid.columns, self.grid.totals_by_column, strict=True))


def view_of(
    place: Place,
    grid: AllocationGrid,
    sent: Sent | None = None,
    *,
    seen: int | None = None,
    pasted: Pasted | None = None,
) -> AllocationView:
    """The page, with what was sent and is not stored still in its inputs. ``seen``: the number to send back."""
    return AllocationView(
        **drawn(place, grid, sent or Sent(), seen, pasted, OF_PEOPLE),
        band=band(grid.totals, None),
        lead=_lead(grid),
        next_page=place.page + 1 if grid.more else 0,
    )


def with_after(view: AllocationView, after: Totals) -> AllocationView:
    """The same page with the totals as they would be."""
    return replace(view, after=after, band=band(view.grid.totals, after))


def band(now: Totals, then: Totals | None) -> Band:
    """Where the policy and the over-assignment stand on one line."""
    values = [value for value in (now.over, then.over if then else None) if value is not None]
    low, high = min([now.over_min, *values]), max([now.over_max, *values])
    span = high - low or Decimal(1)

    def at(value: Decimal) -> Decimal:
        return (EDGE + (value - low) / span * BAND).quantize(Decimal("0.1"))

    policy = at(now.over_max) - at(now.over_min)
    return Band(
        low=str(at(now.over_min)),
        width=str(max(policy, Decimal(2))),
        now=None if now.over is None else str(at(now.over)),
        then=None if then is None or then.over is None else str(at(then.over)),
    )


def _in_policy(over: Decimal) -> str:
    """``over``: how far the quotas stand above what is to be allocated, as a ratio."""
    words = {"over": percent(abs(over), 1)}
    if over > 0:
        return _("The quotas are %(over)s above the number to allocate: in policy.") % words
    if over < 0:
        return _("The quotas are %(over)s below the number to allocate: in policy.") % words
    return _("The quotas add up to the number to allocate.")


def _lead(grid: AllocationGrid) -> str:
    """The state of the allocation in one sentence."""
    totals, unit = grid.totals, unit_thousands(grid.currency)
    if totals.to_allocate is None or totals.over is None:
        return _("There is no number to allocate yet.") if totals.to_allocate is None else _("Nobody has a quota yet.")
    rest = thousands(abs(totals.remaining or Decimal(0)))
    words = {"rest": f"{rest} {unit}"}
    if totals.in_policy:
        return _in_policy(totals.over)
    if totals.over < totals.over_min:
        is_frozen = grid.plan.frozen_at is not None
        left = _("%(rest)s were not allocated at the lock.") if is_frozen else _("%(rest)s are still to be allocated.")
        left = left % words
        return f"{left} {totals.lacking.words}." if totals.is_half_made else left
    return _("The quotas are %(rest)s above the number to allocate: more than the policy allows.") % words
