"""The pages: who gets which, how many queries they take, that drilling down adds up, and what is written down."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from spm.dashboards import tables
from spm.dashboards.queries import stamp_of
from spm.jobs import queue, runner, schedule
from spm.jobs.models import Job
from spm.market.models import AccountPlacement
from spm.org.choices import AuditKind
from spm.org.models import AuditEntry, Membership, TeamLead
from targets import rollup
from targets.models import Attainment, Credit, RollupRun
from tests.builders import make_account, make_actual, make_person, make_quota, make_territory
from tests.spm.dashboards.conftest import book

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_user(client):
    def sign_in(person):
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


def content(answer):
    return b"".join(answer.streaming_content)


def queries(client, address):
    """Reads of one request once warm; what sessions and savepoints write is the frame's, not the page's."""
    client.get(address)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return sum(query["sql"].lstrip("(").startswith("SELECT") for query in caught.captured_queries)


def grow(cast, count):
    for i in range(count):
        person = make_person(f"Extra {i:03}", team=cast.north if i % 2 else cast.south)
        make_quota(person, "2026-03", 10 + i)
        make_quota(person, "2026-04", 10)
    rollup.rebuild()


ADDRESSES = ["home", "performance", "actuals", "territories"]
PAGES = {"home": 13, "performance": 11, "actuals": 14, "territories": 13}


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("more", [0, 7])
def test_a_page_takes_as_many_queries_for_many_reps_as_for_few(story, as_user, name, more):
    grow(story, more)
    assert queries(as_user(story.director), reverse(f"dashboards:{name}")) == PAGES[name]


def test_the_rep_page_and_the_team_page_stay_within_the_budget(story, as_user):
    client = as_user(story.director)
    assert queries(client, reverse("dashboards:rep", args=[story.rep.pk])) == 17
    assert queries(client, reverse("dashboards:team", args=[story.north.pk])) == 11
    assert queries(as_user(story.admin), reverse("dashboards:home")) <= 20


def test_the_team_table_is_cut_into_pages_of_fifty(story, as_user):
    grow(story, 60)
    address = reverse("dashboards:performance")
    first, second = (as_user(story.admin).get(address, {"page": page}).context["page"].rows for page in (1, 2))
    assert len(first) == 50
    assert 0 < len(second) < 50


def test_a_rep_is_sent_to_the_page_of_their_own(story, as_user):
    answer = as_user(story.rep).get(reverse("dashboards:performance"), {"measure": "revenue"})
    assert answer.url == reverse("dashboards:rep", args=[story.rep.pk]) + "?measure=revenue"


@pytest.mark.parametrize("name", ["rep", "team"])
def test_what_is_not_theirs_does_not_exist_for_a_rep(story, as_user, name):
    pk = story.outsider.pk if name == "rep" else story.south.pk
    assert as_user(story.rep).get(reverse(f"dashboards:{name}", args=[pk])).status_code == 404


def test_for_members_the_numbers_of_their_team_do_not_exist_and_nothing_leads_there(story, as_user):
    address = reverse("dashboards:team", args=[story.north.pk])
    client = as_user(story.rep)
    assert client.get(address).status_code == 404
    pages = [reverse("dashboards:rep", args=[story.rep.pk]), reverse("dashboards:search") + "?q=north", "/"]
    assert not any(address in client.get(page).content.decode() for page in pages)


@pytest.mark.parametrize("subject", ["person", "team"])
def test_the_list_behind_a_number_of_others_does_not_exist(story, as_user, subject):
    pk = story.outsider.pk if subject == "person" else story.south.pk
    assert as_user(story.rep).get(reverse("dashboards:actuals"), {subject: pk}).status_code == 404
    assert as_user(story.rep).get(reverse("dashboards:actuals"), {subject: "x"}).status_code == 404


def test_drilling_from_team_to_rep_to_lines_adds_up_to_the_cent(story, as_user):
    client = as_user(story.north_manager)
    page = client.get(reverse("dashboards:team", args=[story.north.pk])).context["page"]
    people = [row for row in page.rows if row.kind == "person"]
    assert sum(row.figures.actual for row in people) == page.total.figures.actual == 1400
    for row in people:
        rep = client.get(reverse("dashboards:rep", args=[row.pk])).context["page"]
        lines = client.get(reverse("dashboards:actuals"), {"person": row.pk}).context["page"]
        assert rep.total.figures.actual == row.figures.actual == lines.total == lines.listed
        assert sum(line.counts for line in lines.counted) == row.figures.actual
        assert sum(month.figures.actual for month in rep.month_rows) == rep.total.figures.actual


def test_months_and_their_gaps_add_up_on_the_rep_page(story, as_user):
    page = as_user(story.rep).get(reverse("dashboards:rep", args=[story.rep.pk])).context["page"]
    assert sum(month.figures.gap for month in page.month_rows) == page.total.figures.gap == 90


def test_an_unknown_period_gives_a_page_and_a_word_about_it(story, as_user):
    answer = as_user(story.admin).get(reverse("dashboards:performance"), {"period": "2099", "measure": "shoes"})
    assert answer.status_code == 200
    assert "2099" in answer.content.decode()


def test_htmx_gets_the_changing_part_alone(story, as_user):
    address = reverse("dashboards:performance")
    whole = as_user(story.director).get(address)
    part = as_user(story.director).get(address, headers={"HX-Request": "true"})
    assert "HX-Request" in whole["Vary"]
    assert "<html" in whole.content.decode()
    assert "<html" not in part.content.decode()
    assert "Teams and reps" in part.content.decode()


@pytest.mark.parametrize("name", ["performance", "actuals", "territories"])
def test_an_export_is_written_to_the_audit_log(story, as_user, name):
    answer = as_user(story.admin).get(reverse(f"dashboards:{name}"), {"format": "csv"})
    assert content(answer).startswith(b"\xef\xbb\xbf")
    entry = AuditEntry.objects.get(kind=AuditKind.EXPORT)
    assert (entry.actor, entry.subject, entry.detail["format"]) == (story.admin, reverse(f"dashboards:{name}"), "csv")


def test_the_exported_table_holds_exact_amounts(story, as_user):
    book(story.rep, "2026-09-01", "0.0007", "B9")
    rollup.rebuild()
    answer = as_user(story.admin).get(reverse("dashboards:performance"), {"format": "csv"})
    rows = {row["Name"]: row for row in csv.DictReader(io.StringIO(content(answer).decode("utf-8-sig")))}
    assert Decimal(rows["Rep One"]["Actual"]) == Decimal("950.0007")
    assert Decimal(rows["Testing Ltd"]["Actual"]) == Decimal("2140.0007")


def test_the_workbook_holds_numbers_and_the_filters(story, as_user):
    from openpyxl import load_workbook

    answer = as_user(story.admin).get(reverse("dashboards:performance"), {"format": "xlsx", "period": "2026-Q1"})
    book_ = load_workbook(io.BytesIO(content(answer)))
    table, filters = book_.worksheets
    assert table.freeze_panes == "A2"
    assert table.cell(2, 4).value == 1100
    assert ("period", "2026-Q1") in {(row[0].value, row[1].value) for row in filters.iter_rows()}


def test_home_names_who_is_furthest_behind_with_a_reason(story, as_user):
    needed = as_user(story.director).get("/").context["needed"]
    assert [row.person.name for row in needed] == ["Rep Two", "Rep Three"]
    assert needed[0].gap == -410
    assert needed[0].reason


def test_home_of_a_rep_without_anything_says_so(story, as_user):
    assert "not published yet" in as_user(story.loner).get("/").content.decode()


def test_home_of_an_admin_lists_what_does_not_add_up(story, as_user):
    page = as_user(story.admin).get("/").context["page"]
    assert any("has no team: Loner" in row.text for row in page.exceptions)
    assert page.sentence


def test_home_and_setup_agree_on_who_has_no_team_and_every_exception_leads_to_its_page(story, as_user):
    client = as_user(story.admin)
    alerts = client.get("/").context["page"].exceptions
    assert client.get(reverse("setup:overview")).context["facts"].without_team == 1  # not the admin, not the leads
    assert reverse("setup:people") in [row.href for row in alerts]
    assert {client.get(row.href).status_code for row in alerts} == {200}


def test_home_of_a_new_company_leads_through_the_steps_of_setup(cast, as_user):
    client = as_user(cast.admin)
    parts = list(client.get("/").context["page"].checklist.parts)
    assert parts == list(client.get(reverse("setup:overview")).context["checklist"].parts)
    assert {client.get(part.href).status_code for part in parts} == {200}


@pytest.mark.parametrize("name", ["home", "performance", "actuals", "territories"])
def test_before_there_is_a_calendar_the_page_says_what_to_do(cast, as_user, name):
    answer = as_user(cast.director).get(reverse(f"dashboards:{name}"))
    assert "no fiscal calendar yet" in answer.content.decode()


def test_inv_37_a_former_manager_keeps_the_team_totals_of_the_periods_he_led_and_no_person(story, as_user):
    TeamLead.objects.create(team=story.north, person=story.teammate, starts_on=date(2026, 7, 1))
    client = as_user(story.north_manager)
    page = client.get(reverse("dashboards:team", args=[story.north.pk])).context["page"]
    assert page.total.figures.actual == 1100  # February and March; not the order of August
    assert [row.kind for row in page.rows] == ["rest"]
    assert "30 Jun 2026" in page.once_led
    lines = client.get(reverse("dashboards:actuals"), {"team": story.north.pk}).context["page"]
    assert (lines.total, lines.listed, lines.count) == (1100, 0, 0)
    assert client.get(reverse("dashboards:rep", args=[story.rep.pk])).status_code == 404


def test_who_left_before_the_period_and_has_nothing_in_it_is_no_row_but_files_still_add_up(story, as_user):
    gone = make_person("Gone Person", team=story.north)
    book(gone, "2025-02-01", 70, "G1")
    Membership.objects.create(person=gone, team=None, starts_on=date(2025, 12, 1))
    rollup.rebuild()
    client = as_user(story.north_manager)
    address = reverse("dashboards:team", args=[story.north.pk])
    page = client.get(address).context["page"]
    assert "Gone Person" not in {row.name for row in page.rows}
    assert "Gone Person" not in {row.name for row in page.heat.rows}
    rows = list(csv.DictReader(io.StringIO(content(client.get(address, {"format": "csv"})).decode("utf-8-sig"))))
    before = [Decimal(row["Comparison to date"] or 0) for row in rows]
    assert before[0] == sum(before[1:]) == 670


def test_inv_25_a_roll_up_in_the_middle_of_reading_makes_a_page_read_again(story, as_user):
    """One request meets a new order after its first read of totals: all its figures are of the state after it."""
    client = as_user(story.director)
    for name in ("actuals", "performance", "territories"):
        published = []

        def publish(execute, sql, params, many, context, name=name, published=published):
            answer = execute(sql, params, many, context)
            if not published and "targets_attainment" in sql and "rolluprun" not in sql:
                published.append(name)
                book(story.rep, "2026-09-01", 1000, f"MID-{name}")
                rollup.rebuild()
            return answer

        client.get(reverse(f"dashboards:{name}"), {"measure": "bookings"})  # warm: what is cached is not read again
        with connection.execute_wrapper(publish):
            page = client.get(reverse(f"dashboards:{name}"), {"measure": "bookings"}).context["page"]
        assert published == [name]
        assert page.stamp.waiting_since is None
        assert page.stamp == stamp_of(story.director)
        if name == "actuals":
            assert (page.total, page.not_listed) == (page.listed + 40, 40)  # the house sale
        if name == "performance":
            assert page.total.figures.actual == sum(row.figures.actual for row in page.rows if row.level == "group")


def test_late_in_a_period_the_page_says_what_is_left_and_for_how_many_days(story, as_user):
    page = as_user(story.director).get(reverse("dashboards:performance"), {"period": "2026-09"}).context["page"]
    tile = page.tiles[3]
    assert tile.delta.startswith("12 days left")
    assert "month needed" not in page.sentence + tile.delta


def test_a_line_of_revenue_without_a_territory_is_told_once_though_it_earns_a_margin_too(company, year, as_user):
    make_actual(make_person("Seller"), "2026-02-01", 100, cost=60)
    rollup.rebuild()
    boss = make_person("Boss", is_admin=True)
    told = "1 credit of this year counts in no territory."
    assert told not in as_user(boss).get(reverse("dashboards:home")).content.decode()  # there are no territories
    make_territory("First Land")
    assert told in as_user(boss).get(reverse("dashboards:home")).content.decode()


def test_a_territory_that_the_viewer_does_not_see_is_not_named(story, as_user):
    theirs = make_territory("Hidden Land", owner=story.outsider)
    mine = make_territory("Open Land", owner=story.rep)
    line = book(story.rep, "2026-05-01", 10, "T1")
    Credit.objects.filter(actual=line).update(territory=theirs)
    query = {"territory": mine.pk, "show": "left-out"}
    assert "Hidden Land" not in as_user(story.rep).get(reverse("dashboards:actuals"), query).content.decode()


def test_the_page_of_a_territory_lists_its_accounts_which_add_up_to_its_number(story, as_user):
    land = make_territory("Northland", owner=story.rep)
    inner = make_territory("Fjords", parent=land, owner=story.teammate)
    customer, quiet = make_account("Loud Ltd", owner=story.rep), make_account("Quiet Ltd", owner=story.rep)
    for account in (customer, quiet):
        AccountPlacement.objects.create(account=account, territory=land)
    book(story.rep, "2026-04-02", 30, "P1", account=customer)
    below = book(story.teammate, "2026-04-03", 12, "P2")
    Credit.objects.filter(actual=below).update(territory=inner)
    rollup.rebuild()
    client = as_user(story.director)
    address = reverse("dashboards:territory", args=[land.pk])
    page = client.get(address).context["page"]
    listed = {row.name: row.actual for row in page.accounts}
    assert (listed["Loud Ltd"], listed["Quiet Ltd"]) == (30, 0)
    assert page.figures.actual == sum(listed.values()) + page.not_listed
    assert page.not_listed == 0
    lines = client.get(page.lines_href).context["page"]
    assert (lines.total, lines.listed) == (page.figures.actual, page.figures.actual)
    rows = list(csv.DictReader(io.StringIO(content(client.get(address, {"format": "csv"})).decode("utf-8-sig"))))
    assert Decimal(rows[0]["Actual"]) == sum(Decimal(row["Actual"]) for row in rows[1:])


def test_a_rep_reads_the_own_credits_of_a_territory_and_no_one_else_s(story, as_user):
    land = make_territory("Northland", owner=story.rep)
    for person, number in ((story.rep, "P1"), (story.outsider, "P2")):
        line = book(person, "2026-04-02", 30, number)
        Credit.objects.filter(actual=line).update(territory=land)
    rollup.rebuild()
    client = as_user(story.rep)
    page = client.get(reverse("dashboards:territory", args=[land.pk])).context["page"]
    assert page.own_alone
    own = {row.name: row for row in client.get(reverse("dashboards:territories")).context["page"].rows}["Northland"]
    lines = client.get(page.lines_href).context["page"]
    assert page.figures.actual == own.figures.actual == lines.total == lines.listed
    assert page.not_listed == lines.not_listed == 0


def test_the_heat_map_marks_the_month_of_an_event_and_says_it(story, as_user):
    story.rep.starts_on = date(2026, 2, 10)
    story.rep.save()
    page = as_user(story.director).get(reverse("dashboards:performance")).context["page"]
    row = next(row for row in page.heat.rows if row.name == story.rep.name)
    assert [cell.event for cell in row.cells[:3]] == ["", "started on 10 Feb", ""]


def test_a_cell_of_the_heat_map_leads_to_that_rep_and_month(story, as_user):
    client = as_user(story.director)
    page = client.get(reverse("dashboards:performance"), {"measure": "bookings"}).context["page"]
    row = next(row for row in page.heat.rows if row.name == story.teammate.name)
    cells = {cell.label: cell for cell in row.cells}
    march = client.get(cells["Rep Two, Mar 2026"].href).context["page"]
    assert (march.person, march.view.label, march.view.measure) == (story.teammate, "2026-03", "bookings")
    assert march.total.figures.actual == 450
    assert cells["Rep Two, Mar 2026"].ratio == march.total.figures.attainment == Decimal("4.5")
    shown = client.get(reverse("dashboards:performance"), {"measure": "bookings"}).content.decode()
    assert escape(cells["Rep Two, Mar 2026"].href) in shown


@pytest.mark.parametrize("show", ["", "left-out"])
def test_a_file_of_lines_holds_them_all_or_says_that_it_cannot(story, as_user, monkeypatch, show):
    monkeypatch.setattr(tables, "MOST_LINES", 0)
    client, address = as_user(story.director), reverse("dashboards:actuals")
    asked = {"person": story.rep.pk, "measure": "bookings", "period": "2026", "show": show}
    page = client.get(address, asked).context["page"]
    count = page.left_out_count if show else page.count
    assert count > 0
    lines = content(client.get(address, asked | {"format": "csv"})).decode("utf-8-sig").splitlines()
    assert len(lines) - 1 == count
    answer = client.get(address, asked | {"format": "xlsx"}, follow=True)
    assert "format" not in answer.request["QUERY_STRING"]
    assert "A workbook takes 0 lines at most, and these are more." in answer.content.decode()
    monkeypatch.undo()
    assert client.get(address, asked | {"format": "xlsx"})["Content-Disposition"].endswith('.xlsx"')


def test_inv_09_a_table_says_that_it_rounds_and_its_file_adds_up_exactly(story, as_user):
    client = as_user(story.director)
    book(story.rep, "2026-04-01", "0.0049", "tiny")
    book(story.outsider, "2026-04-01", "1234.5678", "odd")
    rollup.rebuild()
    address = reverse("dashboards:performance")
    assert "Rounded here, exact in the file" in client.get(address).content.decode()
    text = content(client.get(f"{address}?format=csv")).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    whole = Attainment.objects.get(period__label="2026", measure="bookings", company__isnull=False).actual
    said = {kind: [Decimal(row["Actual"]) for row in rows if row["Kind"] == kind] for kind in ("Total", "Team", "Rep")}
    overlay, house = (Decimal(row["Actual"]) for row in rows if row["Kind"] == "Remainder")
    assert said["Total"] == [whole]
    assert sum(said["Team"]) + house == sum(said["Rep"]) + overlay + house == whole
    assert whole != round(whole, 2)  # there is something to round


def test_inv_26_a_page_whose_totals_are_behind_says_of_when_they_are_and_a_minute_brings_the_new_ones(
    story, as_user, monkeypatch
):
    client, address = as_user(story.director), reverse("dashboards:performance")
    monkeypatch.setattr(queue, "_send_now", lambda pk: None)  # every message is lost
    RollupRun.objects.update(finished_at="2026-09-17T06:30:00Z")
    book(story.rep, "2026-04-01", 5000, "late")
    cache.clear()
    before = client.get(address).content.decode()
    assert "Rolled up 17 Sep 2026" in before
    monkeypatch.undo()
    assert schedule.SCHEDULE["rollup"] <= timedelta(seconds=60)
    schedule.tick()
    runner.run(Job.objects.get(kind="rollup", slot__isnull=False).pk)
    after = client.get(address).content.decode()
    assert "Rolled up 17 Sep 2026" not in after
