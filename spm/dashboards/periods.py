"""What a performance page is asked to show: a frozen ``View``, and the window of leaf periods in it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from spm.ui.numbers import leaf_title, quarter_title
from targets.choices import Measure

YTD = "-YTD"
PAGE_ROWS = 50


class Span(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"
    YTD = "ytd"
    YEAR = "year"


class Compare(StrEnum):
    LAST_YEAR = "ly"
    PREVIOUS = "prev"
    PLAN = "plan"
    NONE = "none"


class Version(StrEnum):
    """Which numbers actuals are measured against, where approved revisions have changed them since the lock."""

    CURRENT = "current"
    BASELINE = "baseline"


USUAL_SORTS = ("gap", "name", "quota", "actual", "pace", "needed", "growth", "status")
THIS = "this-"
"""Before a span in an address ("this-quarter"): the one that the clock stands in, whenever the page is opened."""
MARKET_SORTS = ("owner", "accounts", "key", "potential", "share", "coverage", "plan")
"""Of the list of territories alone; elsewhere the usual one stands in."""
SORTS = (
    *USUAL_SORTS,
    "attainment",
    "expected",
    "to_go",
    "before",
    "at_plan_rates",
    "effect",
    *MARKET_SORTS,
)  # the last ones of columns that one must choose


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf period as a page needs it; ``elapsed`` of ``days`` have passed, the clock's day included.

    ``over``: its last day lies before the clock's day, as closing asks for it; on the last day itself it still runs.
    """

    pk: int
    number: int
    label: str
    starts_on: date
    ends_on: date
    quarter: int
    fiscal_year: int
    state: str
    elapsed: int
    days: int
    over: bool

    @property
    def title(self) -> str:
        """As people say it."""
        return leaf_title(self.label, self.starts_on)

    @property
    def begun(self) -> bool:
        return self.elapsed > 0


@dataclass(frozen=True, slots=True)
class Quarter:
    pk: int
    label: str
    number: int
    leaves: tuple[Leaf, ...]

    @property
    def title(self) -> str:
        return quarter_title(self.label, self.number)


@dataclass(frozen=True, slots=True)
class Window:
    """The leaf periods a page adds up, those it compares with (one for one, the earliest first), and recent ones."""

    leaves: tuple[Leaf, ...]
    before: tuple[Leaf, ...]
    recent: tuple[Leaf, ...]  # the last complete ones before the clock's day, at most three
    trail: tuple[Leaf, ...]  # the last twelve that have begun
    quarters: tuple[Quarter, ...]  # all of the fiscal years touched by ``leaves``

    @property
    def starts_on(self) -> date:
        return self.leaves[0].starts_on

    @property
    def ends_on(self) -> date:
        return self.leaves[-1].ends_on

    @property
    def current(self) -> Leaf | None:
        """The leaf period the clock stands in, if it is within the window and not over."""
        return next((leaf for leaf in self.leaves if leaf.begun and not leaf.over), None)

    @property
    def is_over(self) -> bool:
        return self.leaves[-1].over

    @property
    def has_begun(self) -> bool:
        return self.leaves[0].begun


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a filter: what it says, where it leads, whether it is the current one."""

    label: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class View:
    """The state of a performance page, as its address gives it."""

    span: Span
    label: str  # of the period chosen; with the suffix of YTD where the year counts to the current leaf period
    title: str
    measure: Measure
    compare: Compare
    team: str
    sort: str
    page: int
    today: date
    window: Window
    previous: str = ""  # labels of the neighbours of the same span, empty at the end of the calendar
    following: str = ""
    spans: tuple[tuple[Span, str], ...] = ()  # for each span the label to go to
    told: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()  # chosen for the tables of the page; empty = the usual ones
    saved: int | None = None  # the saved view that is open
    plan: Version = Version.CURRENT
    revised: frozenset[int] = frozenset()  # fiscal years whose numbers in force are not those of the baseline
    locked_at: datetime | None = None  # when the numbers of the year shown were locked
    revisions: int = 0  # approved since

    @property
    def against_previous(self) -> bool:
        """A year, or what has passed of one, is compared with the year before in any case."""
        return self.compare is Compare.PREVIOUS and self.span in (Span.MONTH, Span.QUARTER)

    @property
    def compare_word(self) -> str:
        """What the figures are compared with: the name of a line, the head of a column; empty where with nothing."""
        if self.compare is Compare.NONE:
            return ""
        if self.compare is Compare.PLAN:
            return _("Plan")
        return _("Period before") if self.against_previous else _("Last year")

    @property
    def beside_plan(self) -> bool:
        return self.compare is Compare.PLAN

    @property
    def parameters(self) -> dict[str, str]:
        """This state as parameters of an address; another sort, period or team starts at the first page."""
        values = {"period": self.label, "measure": str(self.measure), "compare": str(self.compare)}
        values |= {"team": self.team} if self.team else {}
        values |= {"sort": self.sort} if self.sort != SORTS[0] else {}
        values |= {"plan": str(self.plan)} if self.plan is not Version.CURRENT else {}
        return values | ({"columns": ",".join(self.columns)} if self.columns else {})

    def query(self, **changes: str | int) -> str:
        """The query string of this state with ``changes``; an empty one leaves the parameter out."""
        if not changes:
            return self._query
        values = self.parameters | {key: str(value) for key, value in changes.items()}
        return "?" + urlencode({key: value for key, value in values.items() if value}, safe=",")

    @cached_property
    def _query(self) -> str:
        """Asked for with every row of a table."""
        return "?" + urlencode({key: value for key, value in self.parameters.items() if value}, safe=",")

    def here(self, **changes: str | int) -> str:
        """``query`` for links within the page: a saved view stays open, under everything that is said on top of it."""
        if self.saved is None:
            return self.query(**changes)
        return "?" + urlencode(self.on_top | {key: str(value) for key, value in changes.items()}, safe=",")

    @property
    def on_top(self) -> dict[str, str]:
        """All of this state, over a saved view also what is not chosen, so that nothing of that one shines through."""
        if self.saved is None:
            return self.parameters
        return {"view": str(self.saved), "team": "", "sort": self.sort, "plan": "", "columns": ""} | self.parameters

    @property
    def without_columns(self) -> list[tuple[str, str]]:
        """What a form that chooses columns sends along."""
        return [(name, value) for name, value in self.on_top.items() if name != "columns"]

    @property
    def usual_columns(self) -> str:
        return self.here(columns="")

    @property
    def is_running(self) -> bool:
        """The clock stands within the period shown, so that "this quarter" may be meant by it."""
        return self.window.starts_on <= self.today <= self.window.ends_on

    @property
    def sort_key(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def is_revised(self) -> bool:
        """Whether the year shown has approved revisions, so that there are two versions to choose from."""
        return self.window.leaves[0].fiscal_year in self.revised

    @property
    def is_baseline(self) -> bool:
        return self.plan is Version.BASELINE

    @property
    def quota_word(self) -> str:
        """What the quotas shown are called: a column's header, a line of the math."""
        return _("Baseline quota") if self.is_baseline else _("Quota")

    @property
    def covers_year(self) -> bool:
        return self.span in (Span.YTD, Span.YEAR)
