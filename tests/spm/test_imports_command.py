"""manage.py load: one JSON object, exit codes, sentences."""

import errno
import io
import json
import os
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from spm.imports.models import ImportBatch
from spm.org.models import Team
from targets.models import Actual, RollupRun
from tests.builders import make_person
from tests.spm.test_imports_workbooks import workbook

pytestmark = pytest.mark.django_db(transaction=True)

KEYS = ["read", "new", "changed", "unchanged", "refused", "parked", "superseded", "committed", "batch", "seconds"]


@pytest.fixture
def teams(tmp_path):
    path = tmp_path / "teams.csv"
    path.write_text("team,parent\nNorth,Sales\nSales,\n")
    return path


def load(kind, path, **options):
    """(exit code, the object on stdout, the words on stderr)."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("load", kind, str(path), json=True, stdout=out, stderr=err, **options)
    except CommandError as error:
        return error.returncode, json.loads(out.getvalue()), str(error)
    return 0, json.loads(out.getvalue()), err.getvalue()


def test_json_is_one_object_with_these_keys_alone(company, teams):
    code, report, _words = load("teams", teams)
    assert (code, list(report)) == (0, [*KEYS, "refused_rows"])
    assert (report["new"], report["committed"], report["refused_rows"]) == (2, True, [])


def test_inv_10_all_unchanged_is_success(company, teams):
    load("teams", teams)
    code, report, _words = load("teams", teams)
    assert (code, report["unchanged"], report["committed"]) == (0, 2, True)


def test_a_refused_row_loads_nothing_exits_1_and_is_told(company, teams):
    teams.write_text("team,parent\nNorth,\nSouth,Nowhere\n")
    code, report, words = load("teams", teams)
    assert (code, report["committed"], Team.objects.count()) == (1, False, 0)
    assert report["refused_rows"] == [
        {"row": 3, "column": "parent", "value": "Nowhere", "reason": "There is no such team. Load teams first."}
    ]
    assert words == "Nothing was loaded: 1 row is refused."


def test_partial_loads_the_good_rows_and_writes_the_refused_ones(company, teams, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    teams.write_text("team,parent\nNorth,\nSouth,Nowhere\n")
    code, report, _words = load("teams", teams, partial=True)
    assert (code, Team.objects.count()) == (0, 1)
    refused = (tmp_path / f"refused-{report['batch']}.csv").read_text(encoding="utf-8-sig")
    assert refused.splitlines()[1].startswith("South,Nowhere,3,parent,")


def test_a_dry_run_leaves_nothing_behind(company, teams):
    code, report, _words = load("teams", teams, dry_run=True)
    assert (code, report["new"], report["committed"]) == (0, 2, False)
    assert (Team.objects.count(), ImportBatch.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        ("nonsense", "team\nA\n", "There is no import kind"),
        ("teams", "", "empty"),
        ("teams", "parent\nSales\n", "team"),
        ("teams", "team,team\nA,B\n", "Two columns are named"),
        ("teams", "team\n", "no rows"),
    ],
)
def test_a_file_that_cannot_be_used_exits_1_with_a_sentence(company, teams, kind, content, words):
    teams.write_text(content)
    code, report, told = load(kind, teams)
    assert (code, report["committed"], report["read"]) == (1, False, 0)
    assert words in told


def test_a_missing_file_a_broken_mapping_and_no_company_are_told_in_words(teams, tmp_path, db):
    assert "company" in load("teams", teams)[2]
    assert "cannot be read" in load("teams", tmp_path / "absent.csv")[2]
    (tmp_path / "bad.toml").write_text("[columns\n")
    assert "TOML" in load("teams", teams, map=tmp_path / "bad.toml")[2]


def test_options_override_the_mapping(company, tmp_path):
    path = tmp_path / "accounts.txt"
    path.write_bytes("ID|Wert\n1|1.234,50 €\n".encode("cp1252"))
    (tmp_path / "m.toml").write_text('[columns]\naccount_id = "ID"\npotential = "Wert"\n[format]\ndelimiter = ";"\n')
    code, report, words = load("accounts", path, map=tmp_path / "m.toml", delimiter="|", encoding="cp1252", decimal=",")
    assert (code, report["new"]) == (0, 1), words


def test_the_option_sheet_reads_the_sheet_that_it_names(company, tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(workbook([["team"], ["East"]], West=[["team"], ["West"]], North=[["team"], ["North"]]))
    code, _report, words = load("teams", path)
    assert (code, Team.objects.count()) == (1, 0)
    assert "Choose the sheet by name" in words
    assert load("teams", path, sheet="West")[0] == 0
    assert list(Team.objects.values_list("name", flat=True)) == ["West"]
    assert load("teams", path, sheet="Nowhere")[2].startswith("The workbook has no such sheet.")


@pytest.mark.parametrize(("pattern", "day"), [("%d/%m/%Y", date(2026, 4, 3)), ("%m/%d/%Y", date(2026, 3, 4))])
def test_the_option_date_format_answers_what_the_file_cannot_tell(year, tmp_path, pattern, day):
    path = tmp_path / "lines.csv"
    path.write_text("external_id,kind,date,amount\na,revenue,03/04/2026,10\n")
    code, _report, words = load("actuals", path)
    assert (code, Actual.objects.count()) == (1, 0)
    assert "03/04/2026" in words
    assert load("actuals", path, date_format=pattern)[0] == 0
    assert Actual.objects.get().date == day


def test_the_option_date_format_that_is_none_is_told_in_words(company, teams):
    code, _report, words = load("teams", teams, date_format="day first")
    assert code == 1
    assert "“day first” is no date format" in words


@pytest.mark.parametrize(
    ("column", "unknown", "reason"),
    [
        ("email", "nobody@x.com", "Nobody has this e-mail address. Load people first."),
        ("account_id", "A-404", "There is no such account. Load accounts first."),
        ("territory", "Nowhere", "There is no such territory. Load territories first."),
    ],
)
def test_whoever_or_whatever_is_unknown_is_refused_row_by_row_and_counted(year, tmp_path, column, unknown, reason):
    path, out, err = tmp_path / "lines.csv", io.StringIO(), io.StringIO()
    good = "".join(f"g{number},revenue,2026-01-05,,10\n" for number in range(2))
    bad = "".join(f"b{number},revenue,2026-01-05,{unknown},10\n" for number in range(30))
    path.write_text(f"external_id,kind,date,{column},amount\n{good}{bad}")
    with pytest.raises(CommandError, match="30 rows are refused"):
        call_command("load", "actuals", str(path), json=True, stdout=out, stderr=err)
    report = json.loads(out.getvalue())
    told = {"column": column, "value": unknown, "reason": reason}
    assert report["refused_rows"] == [{"row": row} | told for row in range(4, 34)]
    assert (report["refused"], report["new"], Actual.objects.count()) == (30, 2, 0)
    lines = err.getvalue().splitlines()
    assert lines[-1] == f"30 rows:  {column}  '{unknown}'  {reason}"
    assert len([line for line in lines if reason in line]) == 21


def test_the_roll_up_has_happened_when_the_command_returns(year, tmp_path):
    make_person("Ana", email="ana@x.com")
    path = tmp_path / "q.csv"
    path.write_text("email,measure,period,amount\nana@x.com,bookings,2026,1200\n")
    load("quotas", path)
    assert (RollupRun.objects.stale().count(), RollupRun.objects.done().count()) == (0, 12)


def test_rows_that_cannot_be_kept_as_a_file_are_loaded_all_the_same(company, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "teams.csv"
    path.write_text("team,parent\nSales,\nNorth,Nowhere\n")
    monkeypatch.setattr(Path, "write_bytes", out_of_room)
    code, report, words = load("teams", path, partial=True)
    assert (code, report["committed"], report["refused"]) == (0, True, 1)
    assert f"refused-{report['batch']}.csv cannot be written: No space left on device" in words
    assert list(Team.objects.values_list("code", flat=True)) == ["Sales"]


def out_of_room(_path, _data):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
