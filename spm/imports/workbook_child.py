"""Opens one XLSX file in a process of its own, within limits, and writes its rows as lines of JSON.

Run by path, isolated (``python -I``), never imported by the application: whatever a hostile or broken workbook does
to the reader happens here. Standard library and python-calamine alone; no sentences, only codes. Arguments: the file,
the sheet's name or "", and the seconds of processor time that looking and reading may take. Time on the clock would
refuse good files on a busy machine; the parent ends a child that writes nothing for long.

    stdout   one line per row that holds anything: [row number, kinds, cells]; ``kinds`` has one letter per cell,
             t text, n number (plain decimal), d date (ISO), b boolean
    stderr   last line: {"refused": code, …} or {"sheet": name, …} with what the preview tells
"""

import datetime
import errno
import html
import json
import os
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

MEMORY = 288 << 20  # bytes of address space
WRITTEN = 300_000_000  # bytes of rows; one shared text can stand in a million cells
MAX_ENTRIES = 200
MAX_UNPACKED = 100_000_000
MAX_RATIO = 200
BLOCK = 1 << 20
LONGEST = 32_767  # characters of a cell, as spreadsheets have it; one more is kept, for the application to refuse
MAX_COLUMNS = 500
LAST_ROW = 1_048_576
LONGEST_EXACT = 10**15  # workbooks keep fifteen digits; what is longer has lost some
NO_VALUE = "#FORMULA!"

_TAG = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ROW = re.compile(rb"<(?:\w+:)?row\b([^<>]*?)(?:/>|>(.*?)</(?:\w+:)?row>)", re.DOTALL)
_ROW_TAG = re.compile(rb"<(?:\w+:)?row\b([^<>]*)>")
_CLOSES = re.compile(rb"</(?:\w+:)?$")
_CELL = re.compile(rb"<(?:\w+:)?c\b([^<>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_VALUED = re.compile(rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f\b[^<>]*/>)\s*<(?:\w+:)?v\b[^<>]*>[^<]")  # a formula and its value
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^<>]*>([^<]*)</")
_ATTRIBUTE = re.compile(rb"""(?<![\w:])([\w:]++)\s*+=\s*(?:"([^"]*)"|'([^']*)')""")
_HIDDEN_COLUMN = re.compile(rb"""<(?:\w+:)?col\b[^<>]*\bhidden\s*=\s*["'](?:1|true)["']""")

type Line = tuple[int, str, list[str]]


class Refused(Exception):
    """The workbook must not or cannot be read; ``code`` says why."""

    def __init__(self, code: str, **detail: Any) -> None:
        super().__init__(code)
        self.report = {"refused": code, **detail}


def limit(seconds: int) -> None:
    """Bound this process. Where the platform cannot, the parent's time limit remains."""
    limits = ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, WRITTEN), (resource.RLIMIT_CPU, seconds))
    for what, most in limits:
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):
            continue


def look_before_opening(archive: zipfile.ZipFile) -> None:
    """Refuse what must not be opened: too many or doubled entries, bombs, macros, entities, locked files."""
    entries = archive.infolist()
    names = [entry.filename.lower() for entry in entries]
    packed = sum(entry.compress_size for entry in entries)
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * max(packed, 1):
        raise Refused("bomb")
    if len(set(names)) < len(names):
        raise Refused("doubled")
    if any(entry.flag_bits & 1 for entry in entries):
        raise Refused("password")
    if "xl/workbook.xml" not in names:
        raise Refused("binary" if "xl/workbook.bin" in names else "opendocument" if "mimetype" in names else "other")
    if any(name.endswith("vbaproject.bin") for name in names):
        raise Refused("macro")
    for entry in entries:
        check_entry(archive, entry)


def check_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Unpack one entry without keeping it: its size must be the stated one, its XML plain UTF-8 without a DTD."""
    is_xml = entry.filename.lower().endswith((".xml", ".rels", ".vml"))
    size, tail = 0, b""
    with archive.open(entry) as stream:
        while block := stream.read(BLOCK):
            if is_xml and (_TAG.search(tail + block) or (not size and block[:2] in (b"\xff\xfe", b"\xfe\xff", b"<\0"))):
                raise Refused("entity")
            size += len(block)
            tail = block[-16:]
    if size != entry.file_size:
        raise Refused("damaged")


def attributes(text: bytes) -> dict[str, str]:
    """The attributes of a tag, names without their namespace."""
    return {
        name.split(b":")[-1].decode(): html.unescape((double or single).decode())
        for name, double, single in _ATTRIBUTE.findall(text)
    }


def part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Name of the zip entry that holds the cells of ``sheet``."""
    workbook = archive.read("xl/workbook.xml")
    links = archive.read("xl/_rels/workbook.xml.rels")
    targets = {
        link.get("Id"): link.get("Target", "")
        for link in map(attributes, re.findall(rb"<Relationship\b[^<>]*>", links))
    }
    for tag in re.findall(rb"<(?:\w+:)?sheet\b[^<>]*>", workbook):
        found = attributes(tag)
        if found.get("name") == sheet:
            target = targets.get(found.get("id"), "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return None


def row_blocks(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The XML of a sheet in pieces of about a megabyte that end where a row ends."""
    rest = b""
    with archive.open(part) as stream:
        while block := stream.read(BLOCK):
            rest += block
            end = end_of_rows(rest)
            if end:
                yield rest[:end]
                rest = rest[end:]
    yield rest


def end_of_rows(text: bytes) -> int:
    """Where the last row that is closed in ``text`` ends; 0 where none is."""
    end = text.rfind(b"row>")
    while end > 0 and not _CLOSES.search(text, max(end - 20, 0), end):
        end = text.rfind(b"row>", 0, end)
    return end + 4 if end > 0 else 0


def is_worth_a_scan(archive: zipfile.ZipFile, part: str) -> bool:
    """Whether the sheet may have formulas, error cells or hidden rows at all: a quick look at its bytes."""
    tail = b""
    with archive.open(part) as stream:
        while block := stream.read(BLOCK):
            text = tail + block
            if any(mark in text for mark in (b"<f", b":f", b'"e"', b"'e'", b"hidden")):
                return True
            tail = block[-8:]
    return False


class Scan:
    """What calamine does not tell: error cells and formulas without a value (it gives both as empty), hidden rows."""

    def __init__(self) -> None:
        self.hidden_rows = 0
        self.errors = 0
        self.no_values = 0
        self.has_formulas = False

    def rows(self, archive: zipfile.ZipFile, part: str) -> Iterator[tuple[int, dict[int, str]]]:
        """(row number, column index → text that stands for the cell) in the order of the sheet; such rows alone."""
        if not is_worth_a_scan(archive, part):
            return
        number = 0
        for block in row_blocks(archive, part):
            if b"hidden" not in block and not self.has_more_than_values(block):
                number = row_after(block, number)
                continue
            for tag, content in _ROW.findall(block):
                row = attributes(tag)
                number = row_number(row, number)
                self.hidden_rows += row.get("hidden") in ("1", "true")
                found = dict(self.cells(content)) if self.has_more_than_values(content) else {}
                if found:
                    yield number, found

    def has_more_than_values(self, content: bytes) -> bool:
        """Whether these rows may hold error cells or formulas without a value: a few searches for all their cells."""
        formulas = len(_FORMULA.findall(content))
        self.has_formulas = self.has_formulas or formulas > 0
        return b'"e"' in content or b"'e'" in content or formulas > len(_VALUED.findall(content))

    def cells(self, content: bytes) -> Iterator[tuple[int, str]]:
        found = _CELL.findall(content)
        for index, (tag, inner) in enumerate(found):
            is_formula = bool(_FORMULA.search(inner))
            if not is_formula and b"e" not in tag:
                continue
            kind, value = attributes(tag).get("t"), _VALUE.search(inner)
            if kind == "e":
                self.errors += 1
                yield place_of(found, index), value[1].decode() if value else "#N/A"
            elif is_formula and (value is None or (not value[1] and kind != "str")):
                self.no_values += 1
                yield place_of(found, index), NO_VALUE


def row_number(row: dict[str, str], before: int) -> int:
    """Which row this is: the one it says, else the next one. Raises Refused where no sheet has such a row."""
    number = int(row.get("r", before + 1))
    if number > LAST_ROW:
        raise Refused("damaged")
    return number


def row_after(block: bytes, number: int) -> int:
    """The number of the last row of ``block``, which follows row ``number``."""
    tags = _ROW_TAG.findall(block)
    for back, tag in enumerate(reversed(tags)):
        if place := attributes(tag).get("r"):
            return int(place) + back
    return number + len(tags)


def place_of(cells: list[tuple[bytes, bytes]], index: int) -> int:
    """In which column a cell of a row stands: where it says, or after the cell before it."""
    for back in range(index + 1):
        reference = attributes(cells[index - back][0]).get("r")
        if reference:
            return column_index(reference) + back
    return index


def column_index(reference: str) -> int:
    """0 for A1, 26 for AA7."""
    index = 0
    for letter in reference.rstrip("0123456789"):
        index = index * 26 + ord(letter) - 64
    return index - 1


def text_of(value: Any) -> tuple[str, str]:
    """(kind, text) of a cell that holds no text: plain decimals of at most fifteen digits, dates in ISO form."""
    if isinstance(value, bool):
        return "b", "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        if abs(value) >= LONGEST_EXACT:
            return "t", f"{value:.14E}"
        return "n", str(int(value)) if value == int(value) else f"{Decimal(f'{value:.15g}'):f}"
    if isinstance(value, datetime.datetime):
        return "d", value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ", "seconds")
    if isinstance(value, datetime.date):
        return "d", value.isoformat()
    return "t", str(value)


def sheet_rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[Any]]]:
    """(row number, values) of the rows that hold anything; nothing is believed but the cells themselves."""
    for number, values in enumerate(sheet.iter_rows(), start=1):  # from the sheet's first row, also where that is blank
        if any(value != "" for value in values):
            yield number, values if len(values) <= MAX_COLUMNS else cut(values)


def cut(values: list[Any]) -> list[Any]:
    """The columns that a table may have, and the first cell beyond them that holds anything: it refuses its row."""
    return values[:MAX_COLUMNS] + [value for value in values[MAX_COLUMNS:] if value != ""][:1]


def merged(
    rows: Iterator[tuple[int, list[Any]]], extra: Iterator[tuple[int, dict[int, str]]], base: int
) -> Iterator[Line]:
    """The rows of the sheet with the cells of ``extra`` put in; both come in the order of the sheet."""
    row, more = next(rows, None), next(extra, None)
    while row or more:
        if row and (not more or row[0] <= more[0]):
            number, values = row
            cells = [("t", value[: LONGEST + 1]) if isinstance(value, str) else text_of(value) for value in values]
            row = next(rows, None)
        else:
            number, cells = more[0] if more else 0, []
        if more and more[0] == number:
            for place, text in more[1].items():
                index = max(place - base, 0)
                cells += [("t", "")] * (index + 1 - len(cells))
                cells[index] = ("t", text)
            more = next(extra, None)
        yield number, "".join(kind for kind, _text in cells), [text for _kind, text in cells]


def choose(workbook: CalamineWorkbook, wanted: str, usual: str) -> tuple[CalamineSheet, list[str]]:
    """The sheet of this name, else the first visible one with cells, ``usual`` before all; and the other names."""
    sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    if wanted:
        for sheet in sheets:
            if sheet.name.strip().casefold() == wanted.strip().casefold():
                return workbook.get_sheet_by_name(sheet.name), []
        raise Refused("no_such_sheet", sheets=[sheet.name for sheet in sheets])
    if not sheets:
        raise Refused("no_sheet")
    visible = [sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]
    hidden = [sheet.name for sheet in sheets if sheet.name not in visible]
    named = first_filled(workbook, [name for name in visible if usual and name.strip().casefold() == usual])
    found = named or first_filled(workbook, visible)
    if found is None:
        if first_filled(workbook, hidden):
            raise Refused("only_hidden", sheets=hidden)
        raise Refused("empty")
    others = [name for name in visible if name != found.name]
    if named is None:
        refuse_alike(workbook, found, others)
    return found, [*others, *hidden]


def first_filled(workbook: CalamineWorkbook, names: list[str]) -> CalamineSheet | None:
    for name in names:
        sheet = workbook.get_sheet_by_name(name)
        if head_of(sheet):
            return sheet
    return None


def refuse_alike(workbook: CalamineWorkbook, found: CalamineSheet, others: list[str]) -> None:
    """Refuse to choose between visible sheets whose headers are half the same: rows would be left out."""
    head = head_of(found)
    alike = [name for name in others if len(head_of(workbook.get_sheet_by_name(name)) & head) * 2 >= len(head)]
    if alike:
        raise Refused("several", sheets=[found.name, *alike])


def head_of(sheet: CalamineSheet) -> set[str]:
    """The texts of a sheet's first row that holds anything."""
    for _number, values in sheet_rows(sheet):
        return {str(value).strip().casefold() for value in values if value != ""}
    return set()


def convert(path: Path, wanted: str, usual: str) -> dict[str, Any]:
    """Write the rows to stdout and return what the preview tells."""
    with zipfile.ZipFile(path) as archive:
        look_before_opening(archive)
        workbook = CalamineWorkbook.from_path(path)
        sheet, others = choose(workbook, wanted, usual)
        if sheet.merged_cell_ranges:
            raise Refused("merged", sheet=sheet.name)
        part = part_of(archive, sheet.name)
        if part is None:
            raise Refused("damaged")
        scan = Scan()
        booleans = 0
        base = sheet.start[1] if sheet.start else 0
        for line in merged(sheet_rows(sheet), scan.rows(archive, part), base):
            booleans += line[1].count("b")
            sys.stdout.write(json.dumps(line) + "\n")
        return {
            "sheet": sheet.name,
            "others": others,
            "booleans": booleans,
            "hidden_rows": scan.hidden_rows,
            "hidden_columns": len(_HIDDEN_COLUMN.findall(archive.open(part).read(BLOCK))),
            "errors": scan.errors,
            "no_values": scan.no_values,
            "formulas": scan.has_formulas,
            "epoch_1904": bool(re.search(rb"""date1904\s*=\s*["'](?:1|true)""", archive.read("xl/workbook.xml"))),
            "links": any(name.startswith("xl/externalLinks/") for name in archive.namelist()),
        }


def main() -> None:
    path, sheet, usual, seconds = sys.argv[1:]
    limit(int(seconds))
    try:
        report = convert(Path(path), sheet, usual)
        sys.stdout.flush()
    except Refused as refused:
        report = refused.report
    except PasswordError:
        report = {"refused": "password"}
    except (MemoryError, OSError) as error:
        if (code := getattr(error, "errno", errno.EFBIG)) == errno.ENOSPC:
            os._exit(code)  # nor, perhaps, is there room for a report
        report = {"refused": "memory" if code == errno.EFBIG else "damaged"}
    except (CalamineError, zipfile.BadZipFile, EOFError, KeyError, IndexError, TypeError, ValueError):
        report = {"refused": "damaged"}  # readers raise all of these on broken workbooks
    print("\n" + json.dumps(report), file=sys.stderr, flush=True)  # noqa: T201  # what the parent reads
    os._exit(0)  # without another try to write rows that did not fit


if __name__ == "__main__":
    main()
