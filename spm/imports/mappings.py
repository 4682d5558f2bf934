"""Which column of a file fills which canonical header of a kind; read from TOML, or stored as JSON in a profile.

    [columns]   email = "{EmployeeKey}@example.com"      # a header, or a template of headers
    [columns]   email = "{Name|dotted}@example.com"      # "Zoë de Vries" as zoe.de.vries, where a file has names alone
    [constants] kind = "revenue"
    [values.stage]  "Closed Won" = "Won"
    [where]     ScenarioName = "Budget"                  # equality filters on headers; a list means any of them
    [period_of] column = "Date", level = "quarter"       # the period that contains a date
    [unpivot]   columns = "2026-*", into = ["period", "amount"]
    [format]    date = "%m/%d/%Y", decimal = ",", encoding = "cp1252", delimiter = ";", sheet = "Q1"

No joins, no code. A canonical header that the file bears itself needs no entry. Rule: design.md §4 "Imports".
"""

import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from spm.imports.formats import BadFormat, FormatChoice
from spm.imports.mapped import HasColumns, MappedTable, PeriodLabel
from spm.imports.sheets import BadMapping, ReadOptions, Table

LEVELS = ("month", "quarter", "year")
SECTIONS = ("columns", "constants", "values", "where", "period_of", "unpivot", "format")


@dataclass(frozen=True, slots=True)
class PeriodOf:
    """Fill ``into`` with the label of the period of ``level`` that contains the date in ``column``."""

    column: str  # a header of the file
    level: str
    into: str = "period"


@dataclass(frozen=True, slots=True)
class Unpivot:
    """Each header that fits one of the globs ``columns`` makes a row: header into ``into[0]``, cell ``into[1]``."""

    columns: tuple[str, ...]
    into: tuple[str, str]


@dataclass(frozen=True, slots=True)
class FileFormat:
    """What the profile says about the bytes, and about dates and numbers; None = look at the file."""

    date: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None

    def choice(self) -> FormatChoice:
        return FormatChoice(self.date, self.decimal, self.thousands)


@dataclass(frozen=True, slots=True)
class Mapping:
    """One mapping. The empty one fits files that bear the canonical headers."""

    columns: dict[str, str] = field(default_factory=dict)  # canonical header → header or template
    constants: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)  # canonical header → text of the file → ours
    where: dict[str, tuple[str, ...]] = field(default_factory=dict)  # header → the texts of which one must stand there
    period_of: PeriodOf | None = None
    unpivot: Unpivot | None = None
    format: FileFormat = field(default_factory=FileFormat)

    @classmethod
    def from_toml(cls, text: str) -> "Mapping":
        """Read a mapping file. Raises BadMapping with a sentence and, for broken TOML, its line."""
        try:
            return cls.from_json(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise BadMapping(_("The mapping is not valid TOML: %(error)s.") % {"error": error}) from None

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Mapping":
        """The mapping of a stored profile (or parsed TOML); the inverse of ``to_json``. Raises BadMapping."""
        for section in data:
            if section not in SECTIONS:
                raise BadMapping(
                    _("The mapping has an unknown section “%(section)s”. Sections: %(known)s.")
                    % {"section": section, "known": ", ".join(SECTIONS)}
                )
        return cls(
            columns=_texts("columns", data.get("columns")),
            constants=_texts("constants", data.get("constants")),
            values={name: _texts(f"values.{name}", table) for name, table in _table("values", data).items()},
            where={name: _one_or_many("where", texts) for name, texts in _table("where", data).items()},
            period_of=_period_of(_table("period_of", data)),
            unpivot=_unpivot(_table("unpivot", data)),
            format=_format(_table("format", data)),
        )

    def to_json(self) -> dict[str, Any]:
        """A dict of plain JSON values without empty sections."""
        plain = {
            "columns": self.columns,
            "constants": self.constants,
            "values": self.values,
            "where": {name: list(texts) for name, texts in self.where.items()},
            "period_of": asdict(self.period_of) if self.period_of else {},
            "unpivot": {"columns": list(self.unpivot.columns), "into": list(self.unpivot.into)} if self.unpivot else {},
            "format": {name: text for name, text in asdict(self.format).items() if text is not None},
        }
        return {section: content for section, content in plain.items() if content}

    def read_options(self, usual_sheet: str = "") -> ReadOptions:
        return ReadOptions(self.format.delimiter, self.format.encoding, self.format.sheet, usual_sheet)

    def apply(self, table: Table, kind: HasColumns, period_label: PeriodLabel | None = None) -> MappedTable:
        """Fit the mapping to the headers of ``table`` and give its rows under the canonical headers of ``kind``.

        Raises BadMapping where they do not fit: an unknown name, a header that the file lacks, a required one missing.
        ``period_label`` is needed for mappings with [period_of].
        """
        return MappedTable(table, self, {column.name: column for column in kind.columns}, period_label)


def _table(section: str, data: dict[str, Any]) -> dict[str, Any]:
    table = data.get(section) or {}
    if not isinstance(table, dict):
        raise BadMapping(_("Section “%(section)s” of the mapping must be a table.") % {"section": section})
    return table


def _texts(section: str, table: Any) -> dict[str, str]:
    if not isinstance(table or {}, dict):
        raise BadMapping(_("Section “%(section)s” of the mapping must be a table.") % {"section": section})
    return {name: _scalar(f"{section}.{name}", value) for name, value in (table or {}).items()}


def _scalar(place: str, value: Any) -> str:
    """The text of a TOML value: numbers and truth values may be written without quotes, but not floats."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int)):
        return str(value)
    raise BadMapping(_("“%(place)s” of the mapping must be a text in quotes.") % {"place": place})


def _one_or_many(section: str, value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, (list, tuple)) else [value]
    if not values:
        raise BadMapping(_("“%(place)s” of the mapping is empty.") % {"place": section})
    return tuple(_scalar(section, item) for item in values)


def _only(section: str, table: dict[str, Any], known: Iterable[str], required: Iterable[str]) -> None:
    for name in table:
        if name not in known:
            raise BadMapping(
                _("Section “%(section)s” of the mapping has an unknown entry “%(name)s”.")
                % {"section": section, "name": name}
            )
    for name in required:
        if not table.get(name):
            raise BadMapping(
                _("Section “%(section)s” of the mapping needs “%(name)s”.") % {"section": section, "name": name}
            )


def _period_of(table: dict[str, Any]) -> PeriodOf | None:
    if not table:
        return None
    _only("period_of", table, ("column", "level", "into"), ("column", "level"))
    texts = _texts("period_of", table)
    if texts["level"] not in LEVELS:
        raise BadMapping(_("The level of [period_of] is one of: %(levels)s.") % {"levels": ", ".join(LEVELS)})
    return PeriodOf(**texts)


def _unpivot(table: dict[str, Any]) -> Unpivot | None:
    if not table:
        return None
    _only("unpivot", table, ("columns", "into"), ("columns", "into"))
    into = _one_or_many("unpivot.into", table["into"])
    if len(into) != 2 or into[0] == into[1]:
        raise BadMapping(_("“into” of [unpivot] names two headers: one for the column's name, one for its value."))
    return Unpivot(_one_or_many("unpivot.columns", table["columns"]), (into[0], into[1]))


def _format(table: dict[str, Any]) -> FileFormat:
    _only("format", table, FileFormat.__dataclass_fields__, ())
    found = FileFormat(**_texts("format", table))
    if found.delimiter is not None and (len(found.delimiter) != 1 or found.delimiter in '"\r\n'):
        raise BadMapping(_("The delimiter is one character, such as “;”."))
    try:
        found.choice()
    except BadFormat as error:
        raise BadMapping(str(error)) from None
    return found
