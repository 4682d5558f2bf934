"""No page takes more queries for 200 people than for 3: the same number, and never more than 20."""

import gzip
import re
from datetime import date

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from spm.keys import normalise
from spm.market.models import Assignment, Territory
from spm.org import saving
from spm.org.models import ALWAYS, FiscalYear, Membership, Period, Team, TeamPlacement, User
from targets import cycles, rollup
from targets.actuals import recording
from targets.models import CompanyPlan, PlanningCycle, Quota, QuotaLetter, Target
from tests.builders import make_line, make_plan, make_year

pytestmark = pytest.mark.django_db

FEW, MANY, MOST = 3, 200, 20
PAGES = {
    "home of a manager": ("dashboards:home", "director"),
    "home of an admin": ("dashboards:home", "admin"),
    "performance": ("dashboards:performance", "director"),
    "team": ("dashboards:team", "director", "team"),
    "rep": ("dashboards:rep", "director", "rep"),
    "actuals": ("dashboards:actuals", "director"),
    "territories": ("dashboards:territories", "admin"),
    "territory": ("dashboards:territory", "admin", "territory"),
    "saved views": ("dashboards:saved-list", "director"),
    "people": ("setup:people", "admin"),
    "teams": ("setup:teams", "admin"),
    "targets of the year": ("targets:year", "admin", "year"),
    "allocation grid": ("targets:allocate", "admin", "year"),
    "grid of territory targets": ("targets:territories", "admin", "year"),
    "grid of the company plan": ("targets:company", "admin", "year"),
    "list of years": ("targets:year-list", "director"),
    "quota letter": ("targets:quota", "director", "letter"),
    "fairness sheet": ("targets:fairness", "director", "year"),
    "plan rates": ("targets:rates", "admin", "year"),
    "board of plans": ("territories:plan-board", "director"),
    "overview of setup": ("setup:overview", "admin"),
    "territories of setup": ("setup:territories", "admin"),
    "imports": ("imports:list", "admin"),
    "jobs": ("jobs:list", "admin"),
    "audit log": ("setup:audit", "admin"),
}


def grow(cast, year, first, until):
    """People of one team, each with a team beside, a territory, quotas of all months and a line of today's month."""
    names = [f"Extra {number:03}" for number in range(first, until)]
    emails = [f"{normalise(name).replace(' ', '.')}@example.com" for name in names]
    pairs = list(zip(names, emails, strict=True))
    people = User.objects.bulk_create([User(name=name, email=email, email_key=email) for name, email in pairs])
    Membership.objects.bulk_create([Membership(person=one, team=cast.north, starts_on=ALWAYS) for one in people])
    teams = Team.objects.bulk_create([Team(code=name, name=name, key=normalise(name)) for name in names])
    TeamPlacement.objects.bulk_create([TeamPlacement(team=team, parent=cast.south, starts_on=ALWAYS) for team in teams])
    areas = Territory.objects.bulk_create([Territory(code=name, name=name, key=normalise(name)) for name in names])
    pairs = list(zip(areas, people, strict=True))
    Assignment.objects.bulk_create([Assignment(territory=area, person=one, starts_on=ALWAYS) for area, one in pairs])
    plan, leaves = make_plan(year), Period.objects.leaves().filter(fiscal_year=year)
    every = [{"plan": plan, "measure": "bookings", "period": leaf, "amount": 100} for leaf in leaves]
    Quota.objects.bulk_create([Quota(person=one, **fields) for one in people for fields in every])
    Target.objects.bulk_create([Target(team=team, **fields) for team in teams for fields in every])
    Target.objects.bulk_create([Target(territory=area, **fields) for area in areas for fields in every])
    with recording("test") as recorder:
        recorder.record([make_line(one, "2026-09-01", 70, kind="booking") for one in people])
    rollup.rebuild()


def address_of(cast, year, name, subject=""):
    land = Territory.objects.real().order_by("pk")[:1].values_list("pk", flat=True)
    given = {
        "team": [cast.north.pk],
        "rep": [cast.rep.pk],
        "year": [year.label],
        "letter": [year.label, cast.rep.pk],
        "territory": land,
    }
    return reverse(name, args=given.get(subject, []))


def queries_of(client, cast, year, name, role, subject=""):
    """Queries of each page once warm; what the session and savepoints write belongs to the frame."""
    client.force_login(getattr(cast, role), backend="allauth.account.auth_backends.AuthenticationBackend")
    address = address_of(cast, year, name, subject)
    client.get(address)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return sum(query["sql"].startswith(("SELECT", "WITH")) for query in caught.captured_queries)


def pin_all(cast):
    """As many pinned views as Home holds, of other measures and periods, for each role."""
    for person in (cast.director, cast.admin, cast.rep):
        for number in range(saving.MOST_PINNED):
            query = {"period": f"2026-Q{number + 1}", "measure": "revenue" if number % 2 else "bookings"}
            saving.create(person, "home", query, saving.Wish(f"Pin {number}", pinned=True))


def plan_years(cast):
    """Three cycles, each in a stage that asks for other rows: letters of everybody in the two that have any."""
    for label, stage in (("2026", "monitor"), ("2027", "review"), ("2028", "allocate")):
        year = FiscalYear.objects.filter(label=label).first() or make_year(label, date(int(label), 1, 1))
        cycle = PlanningCycle.objects.filter(fiscal_year=year).first() or cycles.create_cycle(year, cast.director)
        PlanningCycle.objects.filter(pk=cycle.pk).update(stage=stage)
        people = User.objects.filter(memberships__team=cast.north).exclude(quota_letters__cycle=cycle)
        QuotaLetter.objects.bulk_create(QuotaLetter(cycle=cycle, person=one, state="question") for one in people)
    for number in (1, 2):
        revision = {"kind": "revision", "number": number, "fiscal_year": FiscalYear.objects.get(label="2026")}
        CompanyPlan.objects.get_or_create(**revision, defaults={"state": "submitted"})


PLANNED = {
    "review": ("targets:review", "director", "year"),
    "review of an admin": ("targets:review", "admin", "year"),
    "home of the year": ("targets:year", "director", "year"),
    "home of the year for an admin": ("targets:year", "admin", "year"),
    "letter": ("targets:quota", "admin", "letter"),
}


def test_planning_takes_as_many_queries_for_the_letters_of_200_people_as_for_3(cast, client):
    year, last = make_year(), 0
    homes = {f"home of {role}": ("dashboards:home", role) for role in ("admin", "director", "north_manager", "rep")}
    pin_all(cast)
    seen = []
    for count in (FEW, MANY):
        grow(cast, year, last, count)
        last = count
        plan_years(cast)
        cache.clear()
        seen.append({page: queries_of(client, cast, year, *how) for page, how in (homes | PLANNED).items()})
    assert seen[0] == seen[1]
    assert max(seen[1].values()) <= MOST, seen[1]


def test_pages_take_as_many_queries_for_200_people_as_for_3(cast, client):
    year, last = make_year(), 0
    pin_all(cast)
    seen = []
    for count in (FEW, MANY):
        grow(cast, year, last, count)
        last = count
        cache.clear()
        seen.append({page: queries_of(client, cast, year, *how) for page, how in PAGES.items()})
    assert seen[0] == seen[1]
    assert {page: count for page, count in seen[1].items() if count > MOST} == {}


HTML, CHARTS = 60_000, 250_000  # bytes; of the page as it travels, and of what its charts are drawn from
FIGURES = re.compile(rb'<script id="figure-[^"]*" type="application/json">(.*?)</script>', re.DOTALL)


def test_no_page_of_200_people_weighs_more_than_it_may(cast, client):
    """Reliability 4.1: 60 kB of HTML, compressed as the server sends it, and 250 kB of chart data."""
    year, heavy, drawn = make_year(), {}, 0
    grow(cast, year, 0, MANY)
    for page, (name, role, *subject) in PAGES.items():
        client.force_login(getattr(cast, role), backend="allauth.account.auth_backends.AuthenticationBackend")
        body = client.get(address_of(cast, year, name, *subject)).content
        weight, figures = len(gzip.compress(body)), sum(map(len, FIGURES.findall(body)))
        drawn += figures
        if weight > HTML or figures > CHARTS:
            heavy[page] = (weight, figures)
    assert heavy == {}
    assert drawn > 1000
