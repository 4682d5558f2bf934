"""INV-18: a spoiled file gives the exact total or a refusal in words; a wrong total in silence never."""

import csv
import io
import random
import time
from decimal import Decimal

import pytest

from tests.spm.spoiled import (
    BYTES_AND_LINES,
    CELLS,
    GOOD,
    HEADERS,
    REFUSED,
    ROWS,
    SHAPE,
    SHEETS,
    TOTAL,
    WORKBOOKS,
    as_csv,
    as_typed_workbook,
    as_workbook,
    outcome,
    with_long_cell,
)


def check(found, verdict):
    if verdict == REFUSED:
        assert found.total is None
        assert found.reason
    elif isinstance(verdict, int) and found.total is None:
        assert found.reason  # the whole file is refused instead of the row
    elif isinstance(verdict, (int, set)):
        assert set(found.refused) == (verdict if isinstance(verdict, set) else {verdict})
        assert all(found.refused.values())
    else:
        assert (found.total, found.refused, found.rows) == (verdict, {}, len(ROWS))


@pytest.mark.parametrize("way", [*BYTES_AND_LINES, *SHAPE])
def test_inv_18_spoiled_lines(way):
    data, verdict = {**BYTES_AND_LINES, **SHAPE}[way]
    check(outcome(data, "x.csv"), verdict)


@pytest.mark.parametrize("way", CELLS)
def test_inv_18_spoiled_cells_of_a_csv(way):
    rows, verdict = CELLS[way]
    check(outcome(as_csv(rows).encode(), "x.csv"), verdict)


@pytest.mark.parametrize("way", [way for way in CELLS if "control" not in way and "1 MB" not in way])
def test_inv_18_spoiled_cells_of_a_workbook(way):
    rows, verdict = CELLS[way]
    check(outcome(as_workbook([HEADERS, *rows]), "x.xlsx"), verdict)


@pytest.mark.parametrize("written", [as_workbook, as_typed_workbook])
@pytest.mark.parametrize("way", SHEETS)
def test_inv_18_spoiled_shapes_of_a_sheet(way, written):
    rows, verdict = SHEETS[way]
    found = outcome(written(rows), "x.xlsx")
    check(found, verdict)
    if isinstance(verdict, set):
        good = [row for number, row in enumerate(rows, start=1) if row in ROWS and number not in verdict]
        assert found.total == sum(Decimal(row[4]) for row in good)


@pytest.mark.parametrize("way", WORKBOOKS)
def test_inv_18_spoiled_workbooks(way):
    change, verdict, note = WORKBOOKS[way]
    found = outcome(as_typed_workbook([HEADERS, *ROWS], change), "x.xlsx")
    check(found, verdict)
    assert note in " ".join(found.notes)


def test_inv_18_a_cell_of_a_megabyte_in_a_workbook():
    check(outcome(with_long_cell(as_workbook([HEADERS, *ROWS])), "x.xlsx"), 4)


def spoilings():
    """The good file with one delimiter missing, doubled or another, or a stray quote, at every row and column."""
    for row in range(len(ROWS)):
        for column in range(len(HEADERS)):
            for how, mark in (("missing", ""), ("extra", ",,"), ("other", ";"), ("quote", ',"'), ("tab", "\t")):
                lines = [",".join(cells) for cells in [HEADERS, *plain_rows()]]
                cells = lines[row + 1].split(",")
                joined = ",".join(cells[: column + 1]) + mark + ",".join(cells[column + 1 :])
                lines[row + 1] = joined
                yield pytest.param("\n".join(lines) + "\n", id=f"{how}-{row + 2}-{column}")
    for row in range(len(ROWS) + 1):
        for place in range(0, 40):
            lines = [",".join(cells) for cells in [HEADERS, *plain_rows()]]
            lines[row] = lines[row][:place] + '"' + lines[row][place:]
            yield pytest.param("\n".join(lines) + "\n", id=f"stray-{row + 1}-{place}")


def plain_rows():
    return [[cell.replace(",", "").replace('"', "") for cell in cells] for cells in ROWS]


@pytest.mark.parametrize("text", list(spoilings()))
def test_inv_18_a_mark_spoiled_anywhere_never_changes_the_total_in_silence(text):
    found = outcome(text.encode(), "x.csv")
    assert not found.is_silent or (found.total, found.rows) == (TOTAL, len(ROWS))


def mutated(data, seed, floor=0):
    """``data`` with one to four bytes replaced, dropped or doubled; the same for the same seed."""
    dice = random.Random(seed)
    data = bytearray(data)
    for _time in range(dice.randint(1, 4)):
        place = dice.randrange(floor, len(data))
        data[place : place + dice.randint(0, 2)] = dice.randbytes(dice.randint(0, 2))
    return bytes(data)


def as_written(data):
    """What the amounts in these bytes add up to, read without the readers: a changed digit is what the file says."""
    header, *rows = [cells for cells in csv.reader(io.StringIO(data.decode())) if any(map(str.strip, cells))]
    at = [name.strip().lower() for name in header].index("amount")
    return sum(Decimal(cells[at].replace(",", "")) for cells in rows)


@pytest.mark.parametrize("block", range(10))
def test_inv_18_mutated_text_is_read_or_refused_soon(block):
    start = time.monotonic()
    for seed in range(block * 30, block * 30 + 30):
        data = mutated(GOOD.encode(), seed)
        found = outcome(data, "x.csv")
        assert not found.is_silent or found.total == as_written(data), seed
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("seed", range(24))
def test_inv_18_mutated_workbooks_are_read_exactly_or_refused(seed):
    found = outcome(mutated(as_workbook([HEADERS, *ROWS]), seed, floor=4), "x.xlsx")
    assert not found.is_silent or found.total == TOTAL
