"""Mappings: which column of a file fills which canonical header, and every mistake in one in words."""

from types import SimpleNamespace

import pytest

from spm.errors import RuleViolation
from spm.imports.kinds import Column, ColumnType
from spm.imports.mappings import Mapping
from spm.imports.readers import BadMapping, read

KIND = SimpleNamespace(
    columns=(
        Column("email", ColumnType.EMAIL, required=True),
        Column("measure"),
        Column("period"),
        Column("amount", ColumnType.AMOUNT, required=True),
    )
)


def mapped(text, toml="", period_label=None):
    table = Mapping.from_toml(toml).apply(read(text.encode(), "x.csv"), KIND, period_label)
    return [(row.number, row.cells, row.refusal) for row in table], table


def cells(text, toml="", period_label=None):
    return [found for _number, found, _refusal in mapped(text, toml, period_label)[0]]


def test_canonical_headers_match_by_themselves_and_others_are_told():
    rows, table = mapped("Amount,E-Mail,EMAIL,Extra\n1,x,a@b.de,y\n")
    assert rows == [(2, {"amount": "1", "email": "a@b.de"}, None)]
    assert table.notes == ["Columns that are not used: E-Mail, Extra."]


def test_headers_match_whatever_their_signs():
    rows, _table = mapped("Amount (k€),E-Mail:,AMOUNT\n1,a@b.de,2\n")
    assert rows == [(2, {"amount": "2", "email": "a@b.de"}, None)]


def test_columns_templates_constants_and_values():
    toml = """
        [columns]
        email = "{Key}@{Host}"
        amount = "Sum"
        measure = "What"
        [constants]
        period = "2026"
        [values.measure]
        "rev." = "revenue"
    """
    rows = cells("Key,Host,Sum,What\n7,x.de,5,Rev.\n,x.de,6,other\n#N/A,x.de,7,\n", toml)
    assert [row["email"] for row in rows] == ["7@x.de", "", "#N/A"]
    assert [row["measure"] for row in rows] == ["revenue", "other", ""]
    assert {row["period"] for row in rows} == {"2026"}


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Mei-Mei Johns", "mei-mei.johns@x.de"),
        (" Zoë  de Vries ", "zoe.de.vries@x.de"),
        ("J. R. Ewing", "j.r.ewing@x.de"),
        ("王 Li", "王.li@x.de"),  # refused as an address later; never li@x.de, which could be another Li
        ("", ""),
    ],
)
def test_a_name_can_stand_in_for_an_address(name, address):
    assert cells(f'Rep,amount\n"{name}",1\n', '[columns]\nemail = "{Rep|dotted}@x.de"')[0]["email"] == address


def test_a_header_with_a_bar_in_it_is_still_a_header():
    assert cells("a|b,amount\n7,1\n", '[columns]\nemail = "{a|b}@x.de"')[0]["email"] == "7@x.de"


def test_where_leaves_rows_out_and_counts_them():
    rows, table = mapped("email,amount,S\na,1,Budget\nb,2,Actual\nc,3,budget \n", '[where]\nS = "Budget"')
    assert ([number for number, _cells, _refusal in rows], table.left_out) == ([2, 4], 1)


def test_unpivot_makes_a_row_of_every_filled_month():
    toml = '[unpivot]\ncolumns = "2026-*"\ninto = ["period", "amount"]'
    rows = cells("email,2026-01,2026-02\na,1,\nb,2,3\n", toml)
    assert [(row["email"], row["period"], row["amount"]) for row in rows] == [
        ("a", "2026-01", "1"),
        ("b", "2026-01", "2"),
        ("b", "2026-02", "3"),
    ]


def label(day, level):
    if day.year < 2026:
        raise RuleViolation("before the first period")
    return f"{day:%Y-%m} {level}"


def test_period_of_finds_the_period_of_a_date_or_refuses_the_row():
    toml = '[period_of]\ncolumn = "D"\nlevel = "quarter"'
    rows, _table = mapped("email,amount,D\na,1,13/02/2026\nb,2,01/02/2025\nc,3,x\n", toml, label)
    assert rows[0][1]["period"] == "2026-02 quarter"
    assert [(r.number, r.column, r.value) for _n, _c, r in rows if r] == [
        (3, "period", "01/02/2025"),
        (4, "period", "x"),
    ]


def test_period_of_asks_for_an_order_that_the_file_does_not_show():
    with pytest.raises(BadMapping, match="day or month first"):
        mapped("email,amount,D\na,1,01/02/2026\n", '[period_of]\ncolumn = "D"\nlevel = "month"', label)


def test_a_mapping_survives_being_stored():
    mapping = Mapping.from_toml(
        """
        [columns]
        email = "{A}@b.de"
        [where]
        S = ["x", "y"]
        [period_of]
        column = "D"
        level = "year"
        [unpivot]
        columns = "2026-*"
        into = ["period", "amount"]
        [format]
        decimal = ","
        delimiter = ";"
        """
    )
    assert Mapping.from_json(mapping.to_json()) == mapping
    assert Mapping.from_json(Mapping().to_json()) == Mapping()


@pytest.mark.parametrize(
    ("toml", "reason"),
    [
        ("[columns", "not valid TOML"),
        ("[joins]\na = 1", "unknown section “joins”"),
        ("columns = 3", "must be a table"),
        ("[columns]\nemail = 1.5", "text in quotes"),
        ('[columns]\nnope = "email"', "fills “nope”"),
        ('[columns]\nemail = "Nope"', "the column “Nope”"),
        ('[columns]\nemail = "{Nope}@b.de"', "the column “Nope”"),
        ('[where]\nNope = "x"', "the column “Nope”"),
        ("[where]\nemail = []", "empty"),
        ('[period_of]\ncolumn = "email"', "needs “level”"),
        ('[period_of]\ncolumn = "email"\nlevel = "week"', "one of: month"),
        ('[period_of]\ncolumn = "email"\nlevel = "month"\nx = "y"', "unknown entry “x”"),
        ('[unpivot]\ncolumns = "20*"\ninto = ["period", "amount"]', "No column fits"),
        ('[unpivot]\ncolumns = "20*"\ninto = ["period"]', "names two headers"),
        ('[format]\ndelimiter = ";;"', "one character"),
        ('[format]\ndate = "%d/%m/%y"', "two digits"),
        ('[format]\ndecimal = ";"', "decimal sign"),
        ('[constants]\namount = "1"', None),
    ],
)
def test_a_mistake_in_a_mapping_is_told_in_words(toml, reason):
    if reason is None:
        assert cells("email,amount\na,2\n", toml) == [{"email": "a", "amount": "1"}]
        return
    with pytest.raises(BadMapping, match=reason):
        mapped("email,amount\na,1\n", toml)


def test_a_missing_header_is_told_with_those_there_are():
    with pytest.raises(BadMapping, match=r"lacks “amount”.*email, Sum"):
        mapped("email,Sum\na,1\n")


def test_two_headers_for_one_column_are_refused():
    with pytest.raises(BadMapping, match="Two columns"):
        Mapping().apply(read(b"x id,x-id\n1,2\n", "x.csv"), SimpleNamespace(columns=(Column("x_id"),)))
