"""A company of more than 1,100 people: no page hands the database a list of a thousand keys, nor asks oftener for it.

Reliability §2, ``in`` lists ≤ 1,000. The world of the matrix with a crowd beside: a rep, a territory, an account and a
line each, a letter and a plan of the year, in teams that the director sees.
"""

import re

import pytest
from django.db import connection

from spm.keys import normalise
from spm.market.models import Account, AccountPlacement, Assignment, Territory
from spm.org.models import ALWAYS, FiscalYear, Membership, Period, Team, TeamPlacement, User
from targets import rollup
from targets.actuals import recording
from targets.models import CompanyPlan, PlanningCycle, Quota, QuotaLetter
from territories.models import TerritoryPlan
from tests.access.routes import ROUTES
from tests.access.sweep import address
from tests.access.world import build_world, rolled_back
from tests.builders import make_line

TEAMS, EACH, MOST_KEYS, MOST = 30, 37, 1_000, 20
FRAME = ("SAVEPOINT", "RELEASE", "ROLLBACK")  # of the test's own transaction
LIST = re.compile(r"IN \(((?:[^()]|\([^()]*\))*)\)")


class Lists:
    """An execute wrapper that counts statements, and keeps those with a list that is too long."""

    def __init__(self):
        self.count, self.long = 0, []

    def __call__(self, execute, sql, params, many, context):
        if not sql.startswith(FRAME):
            self.count += 1
            self.long += [sql[:60] for keys in LIST.findall(sql) if keys.count("%s") > MOST_KEYS]
        return execute(sql, params, many, context)


@pytest.fixture
def world(db):
    """The matrix's, with a crowd."""
    built = build_world()
    crowd()
    return built


def crowd():
    """Teams below the director; all rows in bulk, without history, which no page here reads."""
    sales = Team.objects.get(key="sales")
    teams = Team.objects.bulk_create(Team(code=f"C{n:02}", name=f"Crew {n:02}", key=f"c{n:02}") for n in range(TEAMS))
    TeamPlacement.objects.bulk_create(TeamPlacement(team=one, parent=sales, starts_on=ALWAYS) for one in teams)
    names = [f"Crowd {n:04}" for n in range(TEAMS * EACH)]
    emails = [f"{normalise(name).replace(' ', '.')}@example.com" for name in names]
    people = User.objects.bulk_create(
        User(name=name, email=email, email_key=email) for name, email in zip(names, emails, strict=True)
    )
    pairs = list(zip(people, (team for team in teams for _n in range(EACH)), strict=True))
    Membership.objects.bulk_create(Membership(person=one, team=team, starts_on=ALWAYS) for one, team in pairs)
    lands = Territory.objects.bulk_create(Territory(code=name, name=name, key=normalise(name)) for name in names)
    accounts = Account.objects.bulk_create(
        Account(external_id=name, key=normalise(name), name=name, owner=one)
        for name, one in zip(names, people, strict=True)
    )
    each = list(zip(people, lands, accounts, strict=True))
    Assignment.objects.bulk_create(Assignment(territory=land, person=one) for one, land, _account in each)
    AccountPlacement.objects.bulk_create(
        AccountPlacement(account=account, territory=land) for _one, land, account in each
    )
    planned(people, lands)
    lines = [make_line(one, "2026-09-10", 10, territory=land, account=account) for one, land, account in each]
    with recording("crowd") as recorder:
        recorder.record(lines)
    rollup.roll_up_stale()
    if connection.vendor == "postgresql":  # which else does in a minute by itself, and plans for empty tables till then
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def planned(people, lands):
    """A quota of September, a letter of each cycle and a plan of the year for everybody."""
    september = Period.objects.leaves().get(label="2026-09")
    plan = CompanyPlan.objects.get(kind="working", fiscal_year=september.fiscal_year)
    Quota.objects.bulk_create(
        Quota(plan=plan, person=one, measure="bookings", period=september, amount=20) for one in people
    )
    for cycle in PlanningCycle.objects.all():
        QuotaLetter.objects.bulk_create(QuotaLetter(cycle=cycle, person=one, state="question") for one in people)
    year = FiscalYear.objects.get(label="2026")
    TerritoryPlan.objects.bulk_create(
        TerritoryPlan(fiscal_year=year, person=one, territory=land, started_from="blank")
        for one, land in zip(people, lands, strict=True)
    )


PAGES = (
    "dashboards:home",
    "dashboards:performance",
    "dashboards:team",
    "dashboards:rep",
    "dashboards:actuals",
    "dashboards:territories",
    "dashboards:territory",
    "dashboards:white-space",
    "territories:account-list",
    "dashboards:search",
    "targets:year",
    "targets:allocate",
    "targets:review",
    "targets:fairness",
    "targets:scenario",
    "territories:plan-board",
    "territories:moves",
    "setup:people",
    "setup:teams",
    "setup:overview",
    "talk:people",
)


def asked(client, url):
    """How many statements a warm page or file takes, and those of it that hold a long list, read for the first time."""
    cold, warm = Lists(), Lists()
    with rolled_back():
        for lists in (cold, warm):
            with connection.execute_wrapper(lists):
                answer = client.get(url)
                assert answer.status_code in (200, 403, 404), url
                if answer.streaming:
                    b"".join(answer.streaming_content)
    return warm.count, cold.long + warm.long


@pytest.mark.django_db
@pytest.mark.parametrize("actor", ["admin", "director"])
def test_no_page_of_a_large_company_hands_over_a_long_list_or_asks_oftener(world, actor):
    client, wrong = world.client(actor), []
    assert User.objects.visible_to(world.users[actor]).count() > TEAMS * EACH
    for name in PAGES:
        url = address(name, ROUTES[name], world, "own")
        count, long = asked(client, url)
        if long or count > MOST:
            wrong.append(f"{url}: {count} statements, of which too long: {long}")
    assert wrong == []
