"""Applies a mapping to a table: rows with canonical headers, one for one or, unpivoted, many for one."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple, Protocol

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.imports.cells import BadCell, parse
from spm.imports.formats import PLAIN, Format, decide_format
from spm.imports.kinds import Column, ColumnType
from spm.imports.sheets import ERRORS, BadMapping, Cell, Refusal, SheetRow, Table
from spm.keys import normalise

if TYPE_CHECKING:
    from spm.imports.mappings import Mapping

type PeriodLabel = Callable[[date, str], str]
"""Gives the label of the period of a level (month, quarter, year) that contains a date; raises RuleViolation."""

_PLACE = re.compile(r"\{([^{}]+)\}")


class HasColumns(Protocol):
    """An import kind, as far as a mapping needs it."""

    @property
    def columns(self) -> Sequence[Column]: ...


class MappedRow(NamedTuple):
    """One row under canonical headers; with a ``refusal`` it must not be loaded and its cells may be incomplete."""

    number: int
    cells: dict[str, Cell]
    refusal: Refusal | None = None


def dotted(text: str) -> str:
    """A name as the part of an address before the @: ``Zoë de Vries`` is ``zoe.de.vries``.

    Letters without a plain form stay, and the address is refused: dropping them would make two people one.
    """
    plain = "".join(mark for mark in unicodedata.normalize("NFKD", text) if not unicodedata.combining(mark))
    return ".".join(re.findall(r"[^\s.]+", plain.casefold()))


FORMS: dict[str, Callable[[str], str]] = {"dotted": dotted}  # after the bar: {Name|dotted}


class _Template:
    """Cells of several headers put together; empty, or the spreadsheet's error, where one of them is."""

    def __init__(self, template: str, place: Callable[[str], int]) -> None:
        parts = _PLACE.split(template)
        self.texts = parts[0::2]
        self.sources = [self._source(named, place) for named in parts[1::2]]

    def _source(self, named: str, place: Callable[[str], int]) -> tuple[int, Callable[[str], str]]:
        header, bar, form = named.rpartition("|")
        return (place(header), FORMS[form]) if bar and form in FORMS else (place(named), str.strip)

    def fill(self, cells: list[Cell]) -> Cell:
        filled = []
        for text, (index, form) in zip(self.texts, self.sources, strict=False):
            cell = cells[index]
            if not cell.strip() or cell.strip() in ERRORS:
                return cell
            filled += [text, form(cell)]
        return "".join([*filled, self.texts[-1]])


@dataclass
class MappedTable:
    """The rows of a table under canonical headers, as often as one likes.

    ``headers``: the canonical headers that the file or a constant fills. ``notes``: headers that are not used.
    ``left_out``: source rows that [where] held back in the latest full pass, or whose unpivoted cells were all empty.
    """

    table: Table
    mapping: "Mapping"
    columns: dict[str, Column]
    period_label: PeriodLabel | None = None
    left_out: int = 0

    def __post_init__(self) -> None:
        self.places = {normalise(header): index for index, header in enumerate(self.table.headers)}
        self.direct: dict[str, int] = {}
        self.templates: dict[str, _Template] = {}
        self.used: set[int] = set()
        self.unpivoted: list[tuple[str, int]] = []
        self._check_names()
        self._match()
        self._unpivot_headers()
        self.period_source = self._period_source()
        self.headers = frozenset((*self.direct, *self.templates, *self.mapping.constants, *self._made()))
        self._check_required()
        self.notes = self._notes()
        self.value_maps = {
            name: {normalise(text): ours for text, ours in texts.items()} for name, texts in self.mapping.values.items()
        }
        self.period_format: Format | None = None

    def _check_names(self) -> None:
        """Every canonical name in the mapping must be a column of the kind."""
        for name in [*self.mapping.columns, *self.mapping.constants, *self.mapping.values, *self._made()]:
            if name not in self.columns:
                raise BadMapping(
                    _("The mapping fills “%(name)s”, which this kind does not have. Its headers: %(known)s.")
                    % {"name": name, "known": ", ".join(self.columns)}
                )

    def _place(self, header: str) -> int:
        """Where a header of the mapping stands in the file. Raises BadMapping."""
        place = self.places.get(normalise(header))
        if place is None:
            raise BadMapping(
                _("The mapping names the column “%(header)s”, which the file does not have. It has: %(known)s.")
                % {"header": header, "known": ", ".join(self.table.headers)}
            )
        self.used.add(place)
        return place

    def _match(self) -> None:
        for name, source in self.mapping.columns.items():
            if "{" in source:
                self.templates[name] = _Template(source, self._place)
            else:
                self.direct[name] = self._place(source)
        self.filters = [
            (self._place(header), {normalise(text) for text in texts}) for header, texts in self.mapping.where.items()
        ]
        self._match_canonical()

    def _match_canonical(self) -> None:
        """Headers that are canonical ones themselves, or but for their signs, where the mapping fills nothing."""
        taken = {*self.mapping.columns, *self.mapping.constants, *self._made()}
        names = [name for name in self.columns if name not in taken]
        for name, places in canonical_places(names, self.table.headers).items():
            if len(places) > 1:
                raise BadMapping(_("Two columns of the file could be “%(name)s”. Rename one.") % {"name": name})
            self.direct[name] = places[0]
            self.used.update(places)

    def _made(self) -> list[str]:
        """Canonical headers that [unpivot] and [period_of] fill."""
        made = list(self.mapping.unpivot.into) if self.mapping.unpivot else []
        return [*made, self.mapping.period_of.into] if self.mapping.period_of else made

    def _unpivot_headers(self) -> None:
        if not self.mapping.unpivot:
            return
        for place, header in enumerate(self.table.headers):
            fits = any(fnmatchcase(header, glob) for glob in self.mapping.unpivot.columns)
            if fits and place not in self.used:
                self.unpivoted.append((header, place))
        self.used.update(place for _header, place in self.unpivoted)
        if not self.unpivoted:
            raise BadMapping(
                _("No column fits “%(globs)s” of [unpivot].") % {"globs": ", ".join(self.mapping.unpivot.columns)}
            )

    def _period_source(self) -> int | None:
        """Where the date of [period_of] stands; None where it is the unpivoted header itself."""
        rule = self.mapping.period_of
        if rule is None or (self.mapping.unpivot and rule.column == self.mapping.unpivot.into[0]):
            return None
        return self._place(rule.column)

    def _check_required(self) -> None:
        missing = [name for name, column in self.columns.items() if column.required and name not in self.headers]
        if missing:
            raise BadMapping(
                _("The file lacks %(missing)s. Its first row must hold the headers; it holds: %(headers)s.")
                % {
                    "missing": ", ".join(f"“{name}”" for name in missing),
                    "headers": ", ".join(self.table.headers)[:300],
                }
            )

    def _notes(self) -> list[str]:
        ignored = [header for place, header in enumerate(self.table.headers) if place not in self.used]
        notes = []
        if self.unpivoted:
            words = {"headers": ", ".join(header for header, _place in self.unpivoted)}
            notes.append(_("Each of these columns makes a row of its own: %(headers)s.") % words)
        if ignored:
            notes.append(_("Columns that are not used: %(headers)s.") % {"headers": ", ".join(ignored)})
        return notes

    def __iter__(self) -> Iterator[MappedRow]:
        if self.mapping.period_of and self.period_format is None:
            self.period_format = self._decide_period_format(self.mapping.period_of.into)
        left_out = 0
        for row in self.table.rows:
            if row.refusal:
                yield MappedRow(row.number, {}, row.refusal)
                continue
            mapped = None
            if all(normalise(row.cells[place]) in texts for place, texts in self.filters):
                for mapped in self._rows_of(row):
                    yield self._with_period(mapped)
            left_out += mapped is None
        self.left_out = left_out

    def _rows_of(self, row: SheetRow) -> Iterator[MappedRow]:
        """The row under canonical headers, [period_of] still a date; unpivoted, one for each cell that is filled."""
        cells = {name: row.cells[place] for name, place in self.direct.items()}
        for name, template in self.templates.items():
            cells[name] = template.fill(row.cells)
        cells.update(self.mapping.constants)
        if self.mapping.period_of and self.period_source is not None:
            cells[self.mapping.period_of.into] = row.cells[self.period_source]
        if not self.mapping.unpivot:
            self._translate(cells)
            yield MappedRow(row.number, cells)
            return
        name_into, value_into = self.mapping.unpivot.into
        for header, place in self.unpivoted:
            if row.cells[place].strip():
                one = {**cells, name_into: header, value_into: row.cells[place]}
                self._translate(one)
                yield MappedRow(row.number, one)

    def _translate(self, cells: dict[str, Cell]) -> None:
        for name, texts in self.value_maps.items():
            if name in cells:
                cells[name] = texts.get(normalise(cells[name]), cells[name])

    def _decide_period_format(self, into: str) -> Format:
        """How the dates of [period_of] are written, over the whole file. Raises BadMapping where it must be asked."""
        rows = (mapped for row in self.table.rows if not row.refusal for mapped in self._rows_of(row))
        decision = decide_format(rows, [Column(into, ColumnType.DATE)], self.mapping.format.choice())
        if decision.asks:
            raise BadMapping(decision.asks[0])
        return decision.of(into)

    def _with_period(self, row: MappedRow) -> MappedRow:
        rule = self.mapping.period_of
        if rule is None:
            return row
        text = row.cells[rule.into]
        if self.period_label is None:
            raise BadMapping(_("[period_of] cannot be used for this kind."))
        try:
            day = parse(Column(rule.into, ColumnType.DATE, filled=True), text, self.period_format or PLAIN)
            label = self.period_label(day, rule.level) if isinstance(day, date) else ""
        except (BadCell, RuleViolation) as error:
            return MappedRow(row.number, row.cells, Refusal(row.number, rule.into, text, str(error)))
        return MappedRow(row.number, {**row.cells, rule.into: label})


def canonical_places(names: Iterable[str], headers: Sequence[str]) -> dict[str, list[int]]:
    """Which headers of a file are canonical ones themselves: name → their places, more than one where it is unclear.

    Spelt alike comes first; what nothing is spelt like is known by its letters and digits alone.
    """
    found: dict[str, list[int]] = {}
    for spelt in (_canonical, _letters):
        wanted = {spelt(name): name for name in names if name not in found}
        for place, header in enumerate(headers):
            if name := wanted.get(spelt(header)):
                found.setdefault(name, []).append(place)
    return found


def _canonical(header: str) -> str:
    """The form in which a header of a file may be a canonical one: ``External ID`` is external_id."""
    return normalise(header).replace(" ", "_").replace("-", "_")


def _letters(header: str) -> str:
    """A looser form, for what the first leaves empty: ``E-mail`` is email, ``Employee-ID:`` is employee_id."""
    return "".join(sign for sign in normalise(header) if sign.isalnum())
