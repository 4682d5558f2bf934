"""What a change of many numbers of an allocation would do, row by row; nothing is stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from spm.money import ZERO
from spm.org.models import Period
from spm.org.scopes import Scope
from targets import cautions
from targets.allocation_facts import Amounts, Facts
from targets.allocation_grid import Rights, Row, Sheet, Totals
from targets.choices import Method
from targets.goals import Holder
from targets.models import CompanyPlan

NOBODYS = Rights((), (), ())


@dataclass(frozen=True, slots=True)
class CellChange:
    """One leaf period of one holder, before and after; None = no number."""

    holder: Holder
    period: Period
    before: Decimal | None
    after: Decimal | None


@dataclass(frozen=True, slots=True)
class RowChange:
    """A holder's cells that change; ``row`` is the whole line as it would be. ``lost``: the full number − the quota."""

    row: Row
    before: Decimal | None
    lost: Decimal
    cells: tuple[CellChange, ...]

    @property
    def after(self) -> Decimal | None:
        return self.row.amount

    @property
    def difference(self) -> Decimal:
        return (self.after or ZERO) - (self.before or ZERO)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a spread would do; nothing is stored. ``before`` and ``after``: the totals of the node.

    ``cautions``: of the node and of every row that changes; one that ``blocks`` keeps it from being applied.
    """

    plan: CompanyPlan
    measure: str
    node: Holder | None
    method: Method
    rows: tuple[RowChange, ...]
    before: Totals
    after: Totals
    cautions: tuple[cautions.Caution, ...]
    revision: int

    @property
    def blocked(self) -> bool:
        return any(caution.blocks for caution in self.cautions)

    @property
    def cells(self) -> tuple[CellChange, ...]:
        return tuple(cell for row in self.rows for cell in row.cells)


def preview_of(  # noqa: PLR0913  # what a preview is made of, the last two by keyword
    facts: Facts,
    scope: Scope,
    node: Holder | None,
    method: Method,
    cells: Sequence[CellChange],
    *,
    lost: Mapping[Holder, Decimal] | None = None,
) -> Preview:
    """What ``cells`` would change as ``scope`` sees it, rows in the order in which their first cell stands.

    ``node``: whose totals stand above (a team, the team of a person, None: the company). ``lost``: by holder, the full
    number less the quota.
    """
    changed: dict[Holder, list[CellChange]] = {}
    for cell in cells:
        changed.setdefault(cell.holder, []).append(cell)
    now, then = Sheet(facts, (), scope), Sheet(replace(facts, given=with_cells(facts.given, cells)), (), scope)
    rows = tuple(
        RowChange(
            then.row(holder, NOBODYS, 0, is_open=False),
            now.amount(holder, facts.calendar.year),
            (lost or {}).get(holder, ZERO),
            tuple(own),
        )
        for holder, own in changed.items()
    )
    team, at_node = _node(facts, then, node)
    said = [
        caution
        for found in (at_node, *(row.row.cautions for row in rows if row.row.holder != node))
        for caution in found
    ]
    totals = now.totals(team), then.totals(team)
    return Preview(facts.plan, facts.measure, node, method, rows, *totals, tuple(said), facts.revision)


def with_cells(given: Mapping[Holder, Amounts], cells: Iterable[CellChange]) -> dict[Holder, Amounts]:
    """The numbers with some of their leaf periods changed; None takes one away."""
    found: dict[Holder, dict[int, Decimal]] = {}
    for cell in cells:
        own = found.setdefault(cell.holder, dict(given.get(cell.holder, {})))
        if cell.after is None:
            own.pop(cell.period.pk, None)
        else:
            own[cell.period.pk] = cell.after
    return {**given, **found}


def _node(facts: Facts, then: Sheet, node: Holder | None) -> tuple[int | None, tuple[cautions.Caution, ...]]:
    """The team whose totals are shown, and what there is to say about it afterwards."""
    if node is None:
        return None, cautions.of_over(facts.limits, then.over_of_company(), then.lacking(facts.people))
    if node.column == "team_id":
        return int(node.key), then.row(node, NOBODYS, 0, is_open=False).cautions
    return facts.home.get(int(node.key)), ()
