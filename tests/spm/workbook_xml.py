"""Workbooks written as XML by hand: fast for large ones, and as wrong as one likes."""

import io
import random
import zipfile

import openpyxl

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SHEET = "xl/worksheets/sheet1.xml"
WORKBOOK = "xl/workbook.xml"
RELATION = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'


def text(place, content):
    return f'<c r="{place}" t="inlineStr"><is><t>{content}</t></is></c>'


def row(number, *cells):
    return f'<row r="{number}">{"".join(cells)}</row>'


HEAD = row(1, text("A1", "id"), text("B1", "amount"))


def sheet(rows, before="", after=""):
    return f'<?xml version="1.0"?><worksheet {MAIN}>{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def names(count):
    """A list of so many sheets, all of them the same part."""
    listed = "".join(f'<sheet name="S{i}" sheetId="{i + 1}" r:id="rId1"/>' for i in range(count))
    return f'<?xml version="1.0"?><workbook {MAIN} {RELATION}><sheets>{listed}</sheets></workbook>'


def book(padding=500_000, **parts):
    """A workbook with these parts in place of a small one's; bytes that cannot be packed keep the ratio sound."""
    plain = io.BytesIO()
    openpyxl.Workbook().save(plain)
    wanted = {{"sheet": SHEET, "workbook": WORKBOOK}.get(name, f"xl/{name}.xml"): part for name, part in parts.items()}
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(plain) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for name in old.namelist():
            if name not in wanted:
                new.writestr(name, old.read(name))
        for name, part in wanted.items():
            new.writestr(name, part)
        new.writestr("xl/media/picture.bin", random.Random(1).randbytes(padding), zipfile.ZIP_STORED)
    return stream.getvalue()
