"""See the math tells when a number was counted, against which version, and what changed of it within a week."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from spm.org import clock
from spm.org.models import Company, FiscalYear, Period
from targets import locking, plans, rollup
from targets.choices import Measure
from targets.goals import Goal, GoalSheet, of_person, of_segment, of_team
from targets.models import PlanLine, Quota, RollupRun, Target
from tests.builders import make_line_of_plan
from tests.spm.dashboards.test_baseline import approve, from_july

pytestmark = pytest.mark.django_db
NONE = "No quota, target or plan of this number has changed since 11 Sep."


def on(day, month=9):
    return clock.at(datetime(2026, month, day, 10, tzinfo=UTC))


@pytest.fixture
def early(request):
    """The story as of August, with a plan of 270 a month: what a test does in September changed lately."""
    with on(3, month=8):
        story = request.getfixturevalue("story")
        for month in range(1, 13):
            make_line_of_plan(f"2026-{month:02}", 270)
        rollup.rebuild()
        return story


@pytest.fixture
def get(client):
    def ask(person, name, *args, **query):
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client.get(reverse(f"dashboards:{name}", args=args), {"measure": "bookings"} | query)

    return ask


def change(model, holder, amount, *labels, by):
    plan = plans.working_plan(FiscalYear.objects.get(label="2026"))
    leaves = [Period.objects.leaves().get(label=label) for label in labels]
    sheet = GoalSheet(plan, model, by=by)
    sheet.write([Goal(holder, Measure.BOOKINGS, leaf, Decimal(amount)) for leaf in leaves])
    rollup.roll_up_stale()


def panels(answer):
    """Each panel of a page: its paragraphs, and the changes it lists."""
    for panel in re.findall(r'<div class="math-panel">.*?</div>', answer.content.decode(), re.DOTALL):
        told = [re.findall(rf"<{tag}>(.*?)</{tag}>", panel, re.DOTALL) for tag in ("p", "li")]
        yield [[re.sub("\u2060", "", unescape(text)).replace("\xa0", " ") for text in part] for part in told]


def test_a_panel_tells_the_time_and_the_run_of_the_roll_up(early, get):
    RollupRun.objects.update(finished_at="2026-09-17T06:30:00Z")
    newest = RollupRun.objects.order_by("pk").last().pk
    for name, args in (("performance", ()), ("team", (early.north.pk,)), ("rep", (early.rep.pk,)), ("home", ())):
        found = list(panels(get(early.director, name, *args)))
        assert len(found) in (3, 4)
        for said, _changes in found:
            assert f"As of 18 Sep 2026; rolled up 17 Sep 2026, 06:30, run {newest}." in said[0]


def test_a_panel_names_the_version_of_the_numbers(early, get):
    def version(**query):
        return {said[0].split(". ", 1)[1] for said, _changes in panels(get(early.director, "performance", **query))}

    assert version() == {"Quotas and plan: the working version, not locked."}
    with on(4, month=8):
        locking.lock(plans.working_plan(FiscalYear.objects.get(label="2026")), by=early.admin)
    assert version() == {"Quotas and plan: as locked on 4 Aug 2026, not revised since."}
    approve(early, from_july(Quota, of_person(early.rep.pk), 120))
    assert version() == {"Quotas and plan: as locked on 4 Aug 2026, with 1 approved revision."}
    assert version(plan="baseline") == {"Quotas and plan: the baseline, locked on 4 Aug 2026."}


def test_the_baseline_has_no_changes_and_takes_none_from_the_numbers_in_force(early, get):
    with on(4, month=8):
        locking.lock(plans.working_plan(FiscalYear.objects.get(label="2026")), by=early.admin)
    approve(early, from_july(Quota, of_person(early.rep.pk), 120))
    for query, some in (({"plan": "baseline"}, False), ({}, True)):
        assert [bool(told) for _said, told in panels(get(early.director, "performance", **query))] == [some] * 4


def test_a_panel_lists_what_changed_within_a_week_and_nothing_older(early, get):
    assert [tuple(part) for part in next(panels(get(early.director, "performance")))][1] == ()
    assert all(said[1] == NONE for said, _changes in panels(get(early.director, "performance")))
    with on(1):
        change(Quota, of_person(early.rep.pk), 105, "2026-11", by=early.admin)
    with on(14):
        change(Quota, of_person(early.rep.pk), 150, "2026-10", "2026-11", by=early.north_manager)
    with on(15):
        change(PlanLine, of_segment(""), 300, "2026-12", by=early.admin)
    told = [
        "Company plan, Dec 2026: €270 → €300, by Admin on 15 Sep",
        "Quota of Rep One, Oct 2026 to Nov 2026: €205 → €300, by North Manager on 14 Sep",
    ]
    for said, changes in panels(get(early.director, "performance")):
        assert (said[1], changes) == ("Changed since 11 Sep:", told)


def test_a_page_lists_the_changes_of_its_own_numbers_alone(early, get):
    with on(14):
        change(Quota, of_person(early.rep.pk), 150, "2026-10", by=early.admin)
        change(Target, of_team(early.north.pk), 250, "2026-10", by=early.admin)
        change(PlanLine, of_segment(""), 300, "2026-12", by=early.admin)
    quota = "Quota of Rep One, Oct 2026: €100 → €150, by Admin on 14 Sep"
    target = "Target of North, Oct 2026: — → €250, by Admin on 14 Sep"
    plan = "Company plan, Dec 2026: €270 → €300, by Admin on 14 Sep"

    def changes(who, name, *args, **query):
        return [sorted(told) for _said, told in panels(get(who, name, *args, **query))]

    assert changes(early.director, "performance") == [[plan, quota]] * 4
    assert changes(early.director, "team", early.north.pk) == [[quota, target]] * 4
    assert changes(early.director, "team", early.south.pk) == [[]] * 4
    assert changes(early.director, "rep", early.rep.pk) == [[quota], [], []]  # bookings, revenue, margin
    assert changes(early.rep, "home") == [[quota], [], []]
    assert changes(early.director, "performance", period="2026-09") == [[]] * 4
    assert changes(early.director, "performance", measure="revenue") == [[]] * 4


def test_of_many_changes_the_newest_are_named_and_the_others_counted(early, get):
    for number in range(1, 8):
        with clock.at(datetime(2026, 9, 14, 10, number, tzinfo=UTC)):
            change(Quota, of_person(early.rep.pk), 100 + number, f"2026-{number:02}", by=None)
    _said, changes = next(panels(get(early.director, "rep", early.rep.pk)))
    months = ["Jul", "Jun", "May", "Apr", "Mar"]
    newest = [f"Quota of Rep One, {name} 2026: €100 → €{107 - i}, on 14 Sep" for i, name in enumerate(months)]
    assert changes == [*newest, "and 2 more"]


def test_a_busy_measure_hides_no_change_of_another(early, get, monkeypatch):
    """More states of revenue than are read of one measure, all of them newer than the one of bookings."""
    monkeypatch.setattr("targets.number_history.NEWEST", 3)
    with on(14):
        change(Quota, of_person(early.rep.pk), 150, "2026-10", by=early.admin)
    revenue = GoalSheet(plans.working_plan(FiscalYear.objects.get(label="2026")), Quota, by=early.admin)
    leaves = [Period.objects.leaves().get(label=f"2026-{month:02}") for month in (8, 9, 10, 11, 12)]
    for day, some in ((15, leaves[:4]), (16, leaves[4:])):
        with on(day):
            revenue.write([Goal(of_person(early.rep.pk), Measure.REVENUE, leaf, Decimal(90)) for leaf in some])
    rollup.roll_up_stale()
    bookings, told, _margin = [changes for _said, changes in panels(get(early.director, "rep", early.rep.pk))]
    assert bookings == ["Quota of Rep One, Oct 2026: €100 → €150, by Admin on 14 Sep"]
    assert told == ["Quota of Rep One, Dec 2026: — → €90, by Admin on 16 Sep"]  # and none of which a part is unread


def test_a_change_bears_the_day_of_the_company(early, get):
    """Half past midnight in Berlin is the evening before in UTC."""
    Company.objects.update(timezone="Europe/Berlin")
    with clock.at(datetime(2026, 9, 14, 22, 30, tzinfo=UTC)):
        change(Quota, of_person(early.rep.pk), 150, "2026-10", by=early.admin)
    _said, changes = next(panels(get(early.director, "rep", early.rep.pk)))
    assert changes == ["Quota of Rep One, Oct 2026: €100 → €150, by Admin on 15 Sep"]


def test_changes_of_more_people_than_one_list_of_keys_holds_are_all_told_by_one_statement(early, get, monkeypatch):
    """Reliability.md §2; the panel is the same, and asks no oftener."""
    for number, person in enumerate((early.rep, early.teammate, early.outsider), start=1):
        with clock.at(datetime(2026, 9, 14, 10, number, tzinfo=UTC)):
            change(Quota, of_person(person.pk), 150 + number, "2026-10", by=None)
    monkeypatch.setattr("spm.org.long_lists.MOST", 2)
    with CaptureQueriesContext(connection) as caught:
        _said, changes = next(panels(get(early.director, "performance")))
    told = [("Rep Three", 153), ("Rep Two", 152), ("Rep One", 151)]
    assert changes == [f"Quota of {name}, Oct 2026: €100 → €{amount}, on 14 Sep" for name, amount in told]
    column = r'"targets_historicalquota"."person_id" (IN \(SELECT value FROM json_each|= ANY|IN)'
    lists = [how for query in caught for how in re.findall(column, query["sql"])]
    assert lists == ["= ANY" if connection.vendor == "postgresql" else "IN (SELECT value FROM json_each"]
