"""An admin imports in the browser: upload or paste, map, preview, load, report, undo."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from openpyxl import load_workbook

from spm.imports import batches, tasks
from spm.imports.choices import BatchState
from spm.imports.kinds import all_kinds
from spm.imports.models import ImportBatch, ImportProfile
from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.jobs.registry import Running
from spm.org.models import Period, Team, User
from targets import closing
from targets.models import Actual
from tests.builders import make_team
from tests.spm.imports_help import load

# Jobs start when the transaction of their cause commits.
pytestmark = pytest.mark.django_db(transaction=True)

TEAMS = b"team,parent\nNorth,Sales\nSales,\n"


@pytest.fixture
def admin(client, cast):
    client.force_login(cast.admin)
    return client


def send(client, kind, **data):
    response = client.post(reverse("imports:create", args=[kind]), {"source": "file", **data}, follow=True)
    return response, ImportBatch.objects.first()


def file(content=TEAMS, name="teams.csv"):
    return SimpleUploadedFile(name, content)


def test_upload_preview_load_and_undo(admin):
    _response, batch = send(admin, "teams", file=file(b"team,parent\nEast,North\n"))
    assert (batch.state, batch.new, Team.objects.filter(key="east").exists()) == (BatchState.PREVIEWED, 1, False)
    page = admin.post(reverse("imports:commit", args=[batch.pk]), follow=True)
    assert Team.objects.filter(key="east").exists()
    assert "Undo this import" in page.content.decode()
    admin.post(reverse("imports:undo", args=[batch.pk]))
    batch.refresh_from_db()
    assert (batch.state, Team.objects.filter(key="east").exists()) == (BatchState.UNDONE, False)


def test_cells_pasted_from_a_spreadsheet_are_read_by_tabs(admin):
    _response, batch = send(admin, "teams", pasted="team\tparent\nEast, Overseas\tNorth\n")
    assert (batch.state, batch.new) == (BatchState.PREVIEWED, 1)


def test_foreign_headers_are_mapped_and_the_mapping_is_kept_as_a_profile(admin, cast):
    _response, batch = send(admin, "teams", file=file(b"Gruppe;Oben\nEast;North\n"))
    assert (batch.state, "team" in batch.reason) == (BatchState.REFUSED, True)
    mapping = {"column_team": "Gruppe", "column_parent": "Oben", "save_as": "HR"}
    admin.post(reverse("imports:map", args=[batch.pk]), mapping)
    batch.refresh_from_db()
    assert (batch.state, batch.new) == (BatchState.PREVIEWED, 1)
    profile = ImportProfile.objects.get(name="HR")
    _response, again = send(admin, "teams", file=file(b"Gruppe;Oben\nWest;North\n"), profile=profile.pk)
    assert again.state == BatchState.PREVIEWED


def test_the_mapping_page_knows_a_header_by_its_letters(admin):
    _response, batch = send(admin, "people", file=file(b"E-Mail,Full name,Employee ID:\na@x.example,Ana,7\n"))
    form = admin.get(reverse("imports:map", args=[batch.pk])).context["form"]
    chosen = [form[f"column_{name}"].initial for name in ("email", "name", "employee_id")]
    assert chosen == ["E-Mail", "", "Employee ID:"]


def test_of_two_headers_that_could_be_one_the_mapping_page_chooses_none(admin):
    _response, batch = send(admin, "people", file=file(b"E-Mail,e_mail\na@x.example,b@x.example\n"))
    assert batch.reason == "Two columns of the file could be “email”. Rename one."
    assert admin.get(reverse("imports:map", args=[batch.pk])).context["form"]["column_email"].initial == ""


def test_a_refused_file_leads_to_the_upload_of_another_and_a_good_one_does_not(admin):
    page, _batch = send(admin, "teams", file=file(b"Gruppe\nEast\n"))
    way = f'<a class="btn" href="{reverse("imports:create", args=["teams"])}">Upload another file</a>'
    assert way in page.content.decode()
    assert way in send(admin, "teams", file=file(b"team,parent\nEast,Nowhere\n"))[0].content.decode()
    assert way not in send(admin, "teams", file=file(b"team\nEast\n"))[0].content.decode()


def test_a_kind_or_a_measure_in_singular_or_plural_is_understood(admin, year, cast):
    lines = (
        b"external_id,kind,date,amount\na,Bookings,2026-01-05,10\nb,booking,2026-01-05,10\nc,revenues,2026-01-05,5\n"
    )
    _page, batch = send(admin, "actuals", file=file(lines))
    assert (batch.new, batch.refused) == (3, 0)
    admin.post(reverse("imports:commit", args=[batch.pk]))
    assert sorted(Actual.objects.values_list("kind", flat=True)) == ["booking", "booking", "revenue"]
    quota = f"email,measure,period,amount\n{cast.rep.email},Booking,2026-01,10\n{cast.rep.email},bookings,2026-01,20\n"
    _page, batch = send(admin, "quotas", file=file(quota.encode()))
    assert (batch.new, batch.superseded, batch.refused) == (1, 1, 0)


def test_refused_rows_are_shown_downloaded_and_the_good_ones_loaded(admin):
    response, batch = send(admin, "teams", file=file(b"team,parent\nEast,Nowhere\nWest,North\n"))
    assert "There is no such team" in response.content.decode()
    csv = admin.get(reverse("imports:refused", args=[batch.pk])).content.decode("utf-8-sig")
    assert csv.splitlines()[:2] == [
        "team,parent,row,refused column,reason",
        "East,Nowhere,2,parent,There is no such team. Load teams first.",
    ]
    admin.post(reverse("imports:commit", args=[batch.pk]))
    assert not Team.objects.filter(key="west").exists()
    admin.post(reverse("imports:commit", args=[batch.pk]), {"good_rows": "1"})
    assert Team.objects.filter(key="west").exists()


def test_the_preview_counts_as_loadable_what_a_load_would_take(admin, year):
    closing.close(Period.objects.leaves().get(label="2026-01"), by=User.objects.get(is_admin=True))
    days = {"a": ("2026-02-05", "2026-02-06"), "b": ("2026-02-30",), "c": ("2026-01-05",)}
    lines = "".join(f"{line},revenue,{day},1\n" for line, dated in days.items() for day in dated)
    text = f"external_id,kind,date,amount\n{lines}"
    response, batch = send(admin, "actuals", file=file(text.encode(), "lines.csv"))
    assert (batch.read, batch.new, batch.refused, batch.parked, batch.superseded) == (4, 1, 1, 1, 1)
    assert "1 of 4 rows can be loaded" in response.content.decode()


def test_a_file_with_headers_of_its_own_leads_on_to_its_columns(admin):
    response, batch = send(admin, "teams", file=file(b"Gruppe,Oben\nEast,North\n"))
    page = response.content.decode()
    way = reverse("imports:map", args=[batch.pk])
    assert f'<a class="btn btn-primary" href="{way}">Choose columns and formats</a>' in page
    assert "Change the mapping" not in page


def test_a_file_that_cannot_be_read_offers_no_columns_but_another_upload(admin):
    _response, batch = send(admin, "teams", file=file(b"%PDF-1.4", "report.pdf"))
    page = admin.get(reverse("imports:map", args=[batch.pk])).content.decode()
    assert "A PDF cannot be read." in page
    assert "Column of the file" not in page
    assert reverse("imports:create", args=["teams"]) in page


def test_what_is_wrong_with_a_file_is_told_in_the_language_of_who_asked(admin, cast, monkeypatch):
    """Also by a worker, which speaks English by itself."""
    _response, batch = send(admin, "teams", file=file(b"team,parent\nEast,Nowhere\n"))
    asked = []
    monkeypatch.setattr(batches, "enqueue", lambda _kind, **told: asked.append(told["arguments"]))
    with translation.override("fr"):
        batches.ask(batch, "preview", cast.admin)
    job = Job(kind=batches.JOB, arguments=asked[0], created_by=cast.admin)
    with translation.override("en"):
        tasks.run(Running(job, lambda _running: None))
    assert batch.rows.get().reason.startswith("Cette équipe n’existe pas")


def test_good_rows_alone_holds_for_the_asking_that_says_so(admin, cast, monkeypatch):
    _response, batch = send(admin, "teams", file=file(b"team,parent\nEast,Nowhere\nWest,North\n"))
    with monkeypatch.context() as lost:
        lost.setattr(batches, "enqueue", lambda *_args, **_options: None)  # the job of the first asking never comes
        batches.commit_good_rows(batch, cast.admin)
    admin.post(reverse("imports:commit", args=[batch.pk]))
    batch.refresh_from_db()
    assert (batch.state, batch.is_partial) == (BatchState.REFUSED, False)
    assert not Team.objects.filter(key="west").exists()


@pytest.mark.parametrize(
    ("column", "unknown", "reason"),
    [
        ("email", "nobody@x.com", "Nobody has this e-mail address. Load people first."),
        ("account_id", "A-404", "There is no such account. Load accounts first."),
        ("territory", "Nowhere", "There is no such territory. Load territories first."),
    ],
)
def test_whoever_or_whatever_is_unknown_is_listed_with_the_number_of_its_rows(admin, year, column, unknown, reason):
    bad = "".join(f"b{number},revenue,2026-01-05,{unknown},10\n" for number in range(60))
    text = f"external_id,kind,date,{column},amount\ng,revenue,2026-01-05,,10\n{bad}"
    response, batch = send(admin, "actuals", file=file(text.encode(), "lines.csv"))
    assert (batch.read, batch.new, batch.refused) == (61, 1, 60)
    (told,) = response.context["page"].complaints
    assert (told["count"], told["column"], told["value"], told["reason"]) == (60, column, unknown, reason)
    page = " ".join(response.content.decode().split())
    for label, cell in (("Rows", "60"), ("Column", column), ("Value", unknown), ("Reason", reason)):
        assert f'data-label="{label}">{cell}</td>' in page
    assert "10 more rows are in the file." in page
    admin.post(reverse("imports:commit", args=[batch.pk]))
    assert not Actual.objects.exists()


def test_teams_that_a_file_of_people_names_are_made_when_the_admin_says_so(admin):
    page, batch = send(
        admin, "people", pasted="email\tteam\na@x.example\tEast\nb@x.example\teast\nc@x.example\tNorth\n"
    )
    assert page.context["page"].missing_teams == ["East"]
    page = admin.post(reverse("imports:teams", args=[batch.pk]), follow=True)
    assert (page.context["page"].missing_teams, page.context["page"].batch.refused) == ([], 0)
    assert Team.objects.get(key="east").name == "East"


def test_a_wrong_column_does_not_become_dozens_of_teams(admin):
    rows = "".join(f"p{n}@x.example\tPerson {n}\n" for n in range(21))
    page, _batch = send(admin, "people", pasted=f"email\tteam\n{rows}")
    assert page.context["page"].missing_teams == []


def test_inv_19_refused_text_cannot_run_as_a_formula_and_reads_back_as_it_was(admin):
    sent = b"team,parent\nA,-2+3+cmd|' /C calc'!A0\nB,=1+1\nC,''=1+1\nD,-12.50\n"
    first = send(admin, "teams", file=file(sent))[1]
    mended = admin.get(reverse("imports:refused", args=[first.pk])).content
    told = [line.split(",")[1] for line in mended.decode("utf-8-sig").splitlines()[1:]]
    assert told == ["'-2+3+cmd|' /C calc'!A0", "'=1+1", "''=1+1", "-12.50"]
    second = send(admin, "teams", file=file(mended))[1]
    assert [row.cells for row in second.rows.order_by("pk")] == [row.cells for row in first.rows.order_by("pk")]


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"%PDF-1.7", b"a,a\n1,2\n", b"team,parent\n", b"\xff\xfe\xff"])
def test_inv_18_a_bad_file_is_answered_in_words_on_the_page(admin, content):
    response, batch = send(admin, "teams", file=file(content))
    assert response.status_code in (200, 422)
    if content:
        assert batch.reason
        assert batch.reason.split()[0] in response.content.decode()


def test_neither_file_nor_paste_is_answered_on_the_form(admin):
    response, batch = send(admin, "teams")
    assert (response.status_code, batch) == (422, None)
    response, batch = send(admin, "teams", file=file(), pasted="team\nX\n")
    assert (response.status_code, batch) == (422, None)


def test_loading_twice_and_undoing_what_is_not_loaded_are_answered_in_words(admin):
    batch = load("teams", TEAMS)
    page = admin.post(reverse("imports:commit", args=[batch.pk]), follow=True)
    assert "loaded already" in page.content.decode()
    _response, open_batch = send(admin, "teams", file=file())
    page = admin.post(reverse("imports:undo", args=[open_batch.pk]), follow=True)
    assert "can be undone" in page.content.decode()


def test_an_undo_that_would_lose_a_later_change_is_explained(admin):
    batch = load("teams", b"team,parent\nEast,North\n")
    make_team("Far East", parent=Team.objects.get(key="east"))
    page = admin.post(reverse("imports:undo", args=[batch.pk]), follow=True)
    assert "Undo what uses it first" in page.content.decode()
    assert Team.objects.filter(key="east").exists()
    assert (Job.objects.get().state, batch.rows.count()) == (JobState.DONE, 0)  # no alarm that nobody could clear
    Team.objects.get(key="far east").placements.all().delete()
    admin.post(reverse("imports:undo", args=[batch.pk]))
    batch.refresh_from_db()
    assert (batch.state, batch.reason) == (BatchState.UNDONE, "")


def test_undo_asked_twice_ends_as_undone_once(admin, cast):
    batch = load("teams", b"team,parent\nEast,North\n")
    with transaction.atomic():
        batches.ask(batch, "undo", cast.admin), batches.ask(batch, "undo", cast.admin)
    batch.refresh_from_db()
    assert (batch.state, batch.reason) == (BatchState.UNDONE, "")
    assert list(Job.objects.values_list("state", flat=True)) == [JobState.DONE] * 2


@pytest.mark.parametrize("kind", [kind.name for kind in all_kinds()])
def test_every_kind_has_a_page_and_a_template_with_its_headers(admin, kind):
    assert admin.get(reverse("imports:create", args=[kind])).status_code == 200
    book = load_workbook(io.BytesIO(admin.get(reverse("imports:template", args=[kind])).content))
    wanted = next(one for one in all_kinds() if one.name == kind)
    assert [cell.value for cell in book.active[1]] == [column.name for column in wanted.columns]


def test_an_unknown_kind_is_not_found(admin):
    assert admin.get("/setup/imports/new/nonsense/").status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_the_history_takes_the_same_queries_at_any_length(admin, rows, django_assert_num_queries):
    for _each in range(rows):
        load("teams", TEAMS)
    with django_assert_num_queries(10):
        assert admin.get(reverse("imports:list")).status_code == 200


def test_the_history_is_exported_with_the_whole_hash(admin):
    batch = load("teams", TEAMS)
    line = admin.get(reverse("imports:list") + "?format=csv").getvalue().decode().splitlines()[1]
    assert line.startswith(f"{batch.filename},Teams,Committed,")
    assert line.endswith(f",{batch.read},{batch.new},0,{batch.unchanged},0,0,{batch.sha256}")


def test_a_mapping_sent_while_the_file_is_loaded_is_refused_in_words(admin, monkeypatch):
    _response, batch = send(admin, "teams", file=file(b"team,parent\nEast,North\n"))
    headers_of = batches.headers_of

    def load_meanwhile(asked):
        batches.commit(ImportBatch.objects.get(pk=batch.pk))
        return headers_of(asked)

    monkeypatch.setattr(batches, "headers_of", load_meanwhile)
    page = admin.post(reverse("imports:map", args=[batch.pk]), {"column_team": "parent"}, follow=True)
    assert "has been loaded already" in page.content.decode()
    batch.refresh_from_db()
    assert (batch.state, batch.mapping.get("columns", {})) == (BatchState.COMMITTED, {})


def test_parked_rows_are_downloaded_once_their_period_is_reopened_and_loaded_without_the_rest_of_their_file(
    admin, cast, year
):
    lines = "external_id,kind,date,amount\n"
    load("actuals", lines + "early,revenue,2026-01-05,10\n")
    january = Period.objects.leaves().get(label="2026-01")
    closing.close(january, by=cast.admin)
    parked = load("actuals", lines + "late,revenue,2026-01-06,5\nother,revenue,2026-02-05,1\n")
    load("actuals", lines + "other,revenue,2026-02-05,2\n")  # corrects a line of the same file
    page = admin.get(reverse("imports:detail", args=[parked.pk])).content.decode()
    assert "Parked rows wait for their period." in page
    closing.reopen(january, by=cast.admin, reason="A late line")
    waiting = admin.get(reverse("imports:refused", args=[parked.pk])).content
    _response, batch = send(admin, "actuals", file=file(waiting, "late.csv"))
    assert (batch.state, batch.read, batch.new) == (BatchState.PREVIEWED, 1, 1)
    admin.post(reverse("imports:commit", args=[batch.pk]))
    amounts = dict(Actual.objects.in_force().values_list("external_id", "amount"))
    assert amounts == {"early": 10, "late": 5, "other": 2}


def test_the_tables_of_an_import_are_files_that_hold_what_the_page_cuts_off(admin, year):
    bad = "".join(f"b{number},revenue,2026-01-05,x{number % 30},10\n" for number in range(60))
    _response, batch = send(
        admin, "actuals", file=file(f"external_id,kind,date,account_id,amount\n{bad}".encode(), "lines.csv")
    )
    address = reverse("imports:detail", args=[batch.pk])
    page = admin.get(address).context["page"]
    assert (len(page.rows), page.more_rows, len(page.complaints), page.more_reasons) == (50, 10, 20, 10)
    rows = admin.get(f"{address}?format=csv&table=rows").getvalue().decode().splitlines()
    reasons = admin.get(f"{address}?format=csv&table=reasons").getvalue().decode().splitlines()
    assert (len(rows), rows[-1][:21]) == (61, "61,account_id,x29,The"[:21])
    assert (len(reasons), reasons[1][:18]) == (31, "2,account_id,x0,Th")
