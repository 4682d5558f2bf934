"""The rows of the team table and the heat map, ready to print: texts, shapes and links are decided here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.paginator import Page, Paginator
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from spm.dashboards.board import Board, Group, Row, RowKind
from spm.dashboards.figures import Figures, share_of_quota, standing
from spm.dashboards.periods import PAGE_ROWS, Leaf, View
from spm.org.models import Company
from spm.ui.geometry import Bullet, Sparkline, bullet, shared_scale, sparkline
from spm.ui.numbers import month_name, thousands, unit_thousands
from spm.ui.status import Status

INFINITE = Decimal("Infinity")
HEAT_FROM = 3  # a window of fewer leaf periods shows the last twelve months instead


@dataclass(frozen=True, slots=True)
class TableRow:
    kind: str
    pk: int
    name: str
    href: str
    figures: Figures
    status: Status
    bar: Bullet
    spark: Sparkline
    note: str = ""
    level: str = ""  # class of the row: total, group or sub-row

    @property
    def is_remainder(self) -> bool:
        return self.kind in (RowKind.REST, RowKind.OVERLAY)


@dataclass(frozen=True, slots=True)
class HeatCell:
    ratio: Decimal | None
    href: str
    label: str
    event: str = ""  # what happened then, in words; a dot marks the cell


@dataclass(frozen=True, slots=True)
class HeatRow:
    name: str
    short: str
    href: str
    cells: tuple[HeatCell, ...]
    whole: HeatCell


@dataclass(frozen=True, slots=True)
class Heat:
    """``since`` and ``until``: the first and the last leaf period, named where they are not those of the window."""

    headers: tuple[tuple[str, str], ...]  # long and short
    rows: tuple[HeatRow, ...]
    whole: str  # what the last column adds up: the window
    since: str = ""
    until: str = ""

    @property
    def has_events(self) -> bool:
        return any(cell.event for row in self.rows for cell in row.cells)


@dataclass(frozen=True, slots=True)
class Names:
    """How rows are called: people and teams by primary key; of the whole."""

    people: dict[int, str]
    teams: dict[int, str]
    whole: str

    def of(self, row: Row) -> str:
        if row.kind is RowKind.PERSON:
            return self.people.get(row.pk, "—")
        if row.kind is RowKind.TEAM:
            return self.teams.get(row.pk, "—")
        return {
            RowKind.TOTAL: self.whole,
            RowKind.DIRECT: _("Directly in %(team)s") % {"team": self.whole},
            RowKind.OVERLAY: _("Overlay credit, counted with others"),
            RowKind.REST: _("House and people not listed"),
        }[row.kind]


def in_order(board: Board, view: View, names: Names, company: Company) -> list[tuple[Row, str]]:
    """Groups and the rows inside each, sorted alike; (row, class). Remainders stand last in their group."""
    value = _sorter(view.sort_key, names, company)
    ordered: list[tuple[Row, str]] = []
    heads = [group for group in board.groups if group.head and group.head.kind not in (RowKind.REST, RowKind.OVERLAY)]
    others = [group for group in board.groups if group not in heads]
    for group in _sorted(heads, lambda group: value(group.head) if group.head else None, view) + others:
        if group.head:
            ordered.append((group.head, "group"))
        ordered += [(row, "sub-row" if group.head else "") for row in _inside(group, value, view)]
    return ordered


def _inside(group: Group, value: Callable[[Row], object], view: View) -> list[Row]:
    plain = [row for row in group.rows if row.kind in (RowKind.PERSON, RowKind.TEAM)]
    return _sorted(plain, value, view) + [row for row in group.rows if row not in plain]


def _sorted[Item](items: Iterable[Item], value: Callable[[Item], object], view: View) -> list[Item]:
    """By ``value``; what has none stands last in either direction."""
    keyed = [(value(item), item) for item in items]
    known = [pair for pair in keyed if pair[0] is not None]
    known.sort(key=lambda pair: pair[0], reverse=view.descending)  # type: ignore[arg-type, return-value]  # one kind each
    return [item for _value, item in known] + [item for value_, item in keyed if value_ is None]


def _sorter(key: str, names: Names, company: Company) -> Callable[[Row], object]:
    if key == "name":
        return lambda row: names.of(row).casefold()
    if key == "status":
        return lambda row: standing(row.figures, company).rank
    return lambda row: getattr(row.figures, key, row.figures.gap)


def table_rows(
    ordered: Sequence[tuple[Row, str]], view: View, names: Names, company: Company
) -> tuple[list[TableRow], Page[tuple[Row, str]]]:
    """The rows of the page asked for, and that page."""
    page = Paginator(ordered, PAGE_ROWS).get_page(view.page)
    scale = shared_scale([row.figures.attainment for row, _level in ordered])
    return [table_row(row, level, view, names, company, scale) for row, level in page.object_list], page


def table_row(  # noqa: PLR0913  # all of it decides how one row is drawn
    row: Row, level: str, view: View, names: Names, company: Company, scale: Decimal = Decimal(1)
) -> TableRow:
    name, status = names.of(row), standing(row.figures, company)
    sentence = _("%(name)s, actual in percent of each month's quota") % {"name": name}
    reference = Decimal(1)
    return TableRow(
        kind=row.kind,
        pk=row.pk,
        name=name,
        href=link_of(row, view.query()),
        figures=row.figures,
        status=status,
        bar=bar_of(name, row.figures, status, company.currency, scale),
        spark=sparkline(row.trail(view.window.trail), sentence=sentence, reference=reference, status=status.code),
        note=_("time in this team alone") if row.is_part else "",
        level=level,
    )


def link_of(row: Row, query: str) -> str:
    """Where a row leads, with the state of the page; empty for rows that stand for nobody in particular."""
    if row.kind is RowKind.PERSON:
        return reverse("dashboards:rep", args=[row.pk]) + query
    return reverse("dashboards:team", args=[row.pk]) + query if row.kind is RowKind.TEAM else ""


def bar_of(name: str, figures: Figures, status: Status, currency: str, scale: Decimal = Decimal(1)) -> Bullet:
    words = {
        "name": name,
        "actual": thousands(figures.actual),
        "quota": thousands(figures.quota),
        "expected": thousands(figures.expected),
        "unit": unit_thousands(currency),
    }
    if not figures.quota:
        sentence = _("%(name)s: %(actual)s %(unit)s, no quota")
    elif figures.is_over:
        sentence = _("%(name)s: %(actual)s of %(quota)s %(unit)s")
    else:
        sentence = _("%(name)s: %(actual)s of %(quota)s %(unit)s; %(expected)s expected to date")
    return bullet(
        figures.actual,
        figures.quota,
        sentence=sentence % words,
        expected=figures.expected,
        last_year=figures.before,
        status=status.code,
        scale=scale,
    )


type Events = Mapping[int, Sequence[tuple[date, str]]]
"""Person → what is on record about him: (day, words)."""


def heat(ordered: Sequence[tuple[Row, str]], total: Row, view: View, names: Names, events: Events) -> Heat:
    """Rep × month, with the whole of the window at the end; each cell leads to that holder and month.

    Teams stand in it where their people do not. ``events`` put a dot on the month they fell in.
    """
    leaves = [leaf for leaf in view.window.leaves if leaf.begun]
    is_trail = len(leaves) < HEAT_FROM and bool(view.window.trail)
    leaves = list(view.window.trail) if is_trail else leaves
    has_below = any(level == "sub-row" for _row, level in ordered)
    rows = [row for row, level in ordered if not (has_below and level == "group")]
    shown = [row for row in rows if row.kind in (RowKind.PERSON, RowKind.TEAM)]
    headers = tuple((leaf_name(leaf), leaf_name(leaf)[:1]) for leaf in leaves)
    columns = [(leaf, leaf.title, view.query(period=leaf.label)) for leaf in leaves]
    cells = tuple(_heat_row(row, columns, view, names, events) for row in [total, *shown])
    if not is_trail:
        return Heat(headers, cells, pgettext("whole period", "All"))
    return Heat(headers, cells, view.title, leaves[0].title, leaves[-1].title)


def _heat_row(row: Row, columns: Sequence[tuple[Leaf, str, str]], view: View, names: Names, events: Events) -> HeatRow:
    """``columns``: each leaf period, what it is called, and the state of the page for it."""
    name, own = names.of(row), events.get(row.pk, ()) if row.kind is RowKind.PERSON else ()
    address = link_of(row, "")
    cells = tuple(
        HeatCell(
            share_of_quota(leaf, row.cells),
            address and address + query,
            f"{name}, {title}",
            "; ".join(words for day, words in own if leaf.starts_on <= day <= leaf.ends_on),
        )
        for leaf, title, query in columns
    )
    href = address and address + view.query()
    return HeatRow(name, _short(name), href, cells, HeatCell(row.figures.pace, href, f"{name}, {view.title}"))


def _short(name: str) -> str:
    words = name.split()
    return (words[0][:1] + words[-1][:2]) if len(words) > 1 else name[:3]


def leaf_name(leaf: Leaf) -> str:
    """The month's name where a leaf period is a calendar month, else its label."""
    is_month = leaf.starts_on.day == 1 and leaf.days in (28, 29, 30, 31)
    return month_name(leaf.starts_on) if is_month else leaf.label
