"""The world of the access matrix: ten actors, and for each kind of object one that is own, team, other, missing.

*own* belongs to the rep Owner in North, *team* to a teammate there, *other* to a rep in South. What each actor sees
is written down here by hand, never asked of the code under test.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import timezone

from spm.imports.differences import Differences
from spm.imports.kinds import Difference, changed
from spm.imports.models import ImportBatch, ImportRow
from spm.jobs.models import Job
from spm.market.models import AccountPlacement, Territory
from spm.org import saving
from spm.org.choices import SavedPage
from spm.org.models import FiscalYear, Period, SavedView, TeamLead, User
from spm.org.saving import Wish
from spm.talk import threads
from spm.talk.models import Notification
from spm.talk.notices import choose, notify
from targets import locking, one_offs, revisions, scenarios
from targets.choices import RevisionCause, WhatIf
from targets.crediting import Resolver
from targets.cycles import create_cycle
from targets.goals import Goal, of_person
from targets.lines import PERIOD
from targets.models import (
    Actual,
    CompanyPlan,
    Credit,
    PlanningCycle,
    Proposal,
    Quota,
    QuotaLetter,
    RampAssignment,
    RampSchedule,
)
from targets.scenario_steps import Adjustment
from targets.unloaded import facts_of
from tests.access.across import cross_the_borders
from tests.access.beside import put_beside
from tests.access.gone import take_out
from tests.access.land import settle_land
from tests.access.planning import turn_down_a_revision, write_down_why
from tests.builders import (
    make_account,
    make_company,
    make_line,
    make_person,
    make_plan,
    make_quota,
    make_team,
    make_territory,
    make_year,
)

RELATIONS = ("own", "team", "other", "missing")
MISSING = 10**9
ACTORS = (
    "anonymous",
    "owner",
    "teammate",
    "outsider",
    "manager",
    "director",
    "elsewhere",
    "former",
    "admin",
    "deactivated",
)
SIGNED_OUT = ("anonymous", "deactivated")
MANAGERS = ("manager", "director", "elsewhere", "admin")

# Whose person-like objects (people, their territories, accounts, quotas, actuals) an actor sees.
SEES = {
    "anonymous": (),
    "owner": ("own",),
    "teammate": ("team",),
    "outsider": ("other",),
    "manager": ("own", "team"),
    "director": ("own", "team", "other"),
    "elsewhere": ("other",),
    "former": (),
    "admin": ("own", "team", "other"),
    "deactivated": (),
}


# What no one else may read of each rep: names that occur nowhere else, and amounts as pages and files write them.
TOKENS = {
    "own": (
        "Quillowner",
        "Landquill",
        "Customerquill",
        "713,519",
        "713519",
        "713.5",
        "831,947",
        "831947",
        "831.9",
        "913,219",
        "913219",
        "913.2",
        "Parkedquill",
        "Whisperquill",
    ),
    "team": (
        "Bramblemate",
        "Landbramble",
        "Customerbramble",
        "724,631",
        "724631",
        "724.6",
        "842,753",
        "842753",
        "842.8",
        "924,337",
        "924337",
        "924.3",
        "Parkedbramble",
        "Whisperbramble",
    ),
    "other": (
        "Thistleout",
        "Landthistle",
        "Customerthistle",
        "735,823",
        "735823",
        "735.8",
        "853,179",
        "853179",
        "853.2",
        "935,441",
        "935441",
        "935.4",
        "Parkedthistle",
        "Whisperthistle",
    ),
}
ACTUAL = {"own": 713_519, "team": 724_631, "other": 735_823}
POTENTIAL = {"own": 913_219, "team": 924_337, "other": 935_441}
QUOTA = {"own": 831_947, "team": 842_753, "other": 853_179}


@dataclass
class World:
    """Users by actor name, and objects by kind and relation (primary keys)."""

    users: dict[str, User | None]
    objects: dict[str, dict[str, Any]]
    sessions: dict[str, str] = field(default_factory=dict)

    def client(self, actor: str) -> Client:
        """A browser in the actor's session, which is made once."""
        client = Client()
        user = self.users[actor]
        if user is None:
            return client
        if actor in self.sessions:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[actor]
            return client
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        self.sessions[actor] = client.session.session_key
        if actor == "deactivated":
            # Signed in while active; deactivated since.
            User.objects.filter(pk=user.pk).update(is_active=False)
        return client


def build_world() -> World:
    """One small company with an object of every kind for every relation."""
    make_company(require_admin_mfa=False)
    make_year()
    users, teams = _people()
    reps = {"own": users["owner"], "team": users["teammate"], "other": users["outsider"]}
    objects: dict[str, dict[str, Any]] = {
        "person": {relation: rep.pk for relation, rep in reps.items()},
        "team": {"own": teams["north"].pk, "team": teams["north"].pk, "other": teams["south"].pk},
    }
    objects |= _belongings(reps)
    objects |= _letters(reps, users["admin"])
    objects |= settle_land(
        reps, {relation: TOKENS[relation][-1] for relation in reps}, objects, users["admin"], users["manager"]
    )
    objects["saved_view"] = {relation: _saved_view(relation, rep).pk for relation, rep in reps.items()}
    _parked_rows(reps, objects["territory"])
    leaf = Period.objects.leaves().get(label="2026-09")
    year = Period.objects.get(level="year")
    plan = make_plan(year.fiscal_year)
    territory = Territory.objects.get(pk=objects["territory"]["other"])
    cross_the_borders(users["owner"], users["outsider"], users["admin"], territory, plan)
    ramp = _ramps(reps)
    batch = _refused_file(users["admin"])
    job = Job.objects.create(kind="rollup", due_at="2026-09-18T00:00:00Z", created_by=users["admin"])
    for kind, pk in {"leaf": leaf.pk, "plan": plan.pk, "ramp": ramp, "batch": batch.pk, "job": job.pk}.items():
        objects[kind] = dict.fromkeys(("own", "team", "other"), pk)
    objects["year"] = dict.fromkeys(("own", "team", "other"), year.label)
    objects["scenario"] = dict.fromkeys(("own", "team", "other"), _scenario(plan, teams["north"], users["admin"], leaf))
    revision, words = _revision(reps, users["admin"]), {relation: TOKENS[relation][-1] for relation in reps}
    private = turn_down_a_revision(revision.based_on, reps["own"], users["manager"], users["admin"], words["own"])
    objects["revision"] = {"own": private.pk, "team": revision.pk, "other": revision.pk}
    write_down_why(reps, words, plan, users["admin"])
    _one_offs(reps, objects["territory"], users["admin"])
    baseline = CompanyPlan.objects.get(kind="baseline", fiscal_year=plan.fiscal_year)
    objects["baseline"] = dict.fromkeys(("own", "team", "other"), baseline.pk)
    words = {relation: TOKENS[relation][-1] for relation in reps}
    objects |= put_beside(reps, words, QUOTA, objects, users["admin"])
    makers = {"own": users["manager"], "team": users["admin"], "other": users["elsewhere"]}
    objects |= take_out(reps, words, objects, makers)
    for kind, rows in objects.items():
        rows["missing"] = "1899" if kind == "year" else MISSING
    return World(users, objects)


def _refused_file(admin: User) -> ImportBatch:
    """Quotas of which one would change a number; three rows are refused, two for the same reason."""
    told = Differences()
    difference = Difference("Anybody", "bookings", "2026-01", None, Decimal("12.5"))
    told.gather([changed(None)._replace(difference=difference)])
    counts = {"read": 4, "changed": 1, "refused": 3, "differences": told.as_json()}
    batch = ImportBatch.objects.create(
        kind="quotas", filename="quotas.csv", sha256="0" * 64, created_by=admin, state="previewed", **counts
    )
    nobody = {"column": "email", "value": "=nobody@x.com", "reason": "Nobody has this e-mail address."}
    for number, complaint in (
        (2, nobody),
        (3, nobody),
        (5, {"column": "amount", "value": "-", "reason": "No number."}),
    ):
        ImportRow.objects.create(batch=batch, number=number, outcome="refused", **complaint)
    return batch


def _parked_rows(reps: dict[str, User], territories: dict[str, Any]) -> None:
    """A row of each rep in a file that came while its period was closed."""
    batch = ImportBatch.objects.create(kind="actuals", filename="late.csv", sha256="1" * 64, state="committed")
    for number, (relation, rep) in enumerate(reps.items(), start=2):
        name = TOKENS[relation][-2]
        line = make_line(rep, "2026-09-11", ACTUAL[relation], external_id=name, kind="booking")
        facts = facts_of(replace(line, territory=territories[relation]), PERIOD, Resolver())
        ImportRow.objects.create(batch=batch, number=number, outcome="parked", cells={"account_id": name}, facts=facts)


def _revision(reps: dict[str, Any], admin: Any) -> CompanyPlan:
    """A locked year, and a revision of everybody's quota that waits for its decision."""
    make_year("2025", date(2025, 1, 1))
    for rep in reps.values():
        make_quota(rep, "2025-10", 1)
    plan = make_plan(FiscalYear.objects.get(label="2025"))
    locking.lock(plan, by=admin)
    plan.refresh_from_db()
    october = Period.objects.leaves().get(label="2025-10")
    wanted = [
        (Quota, Goal(of_person(rep.pk), "bookings", october, Decimal(QUOTA[relation])))
        for relation, rep in reps.items()
    ]
    told = {"cause": RevisionCause.MARKET, "reason": "The market grew", "by": admin}
    return revisions.request(plan, wanted, effective=october, on=october.starts_on, **told)


def _one_offs(reps: dict[str, Any], territories: dict[str, Any], admin: Any) -> None:
    """A deal of everybody in the year before, which does not count when the quotas of 2026 are set."""
    cycle = PlanningCycle.objects.select_related("fiscal_year").get()
    for relation, rep in reps.items():
        name, day, amount = f"Once{TOKENS[relation][-1]}", date(2025, 3, 10), Decimal(ACTUAL[relation])
        actual = Actual.objects.create(
            source="crm",
            external_id=name,
            external_key=name.lower(),
            kind="booking",
            date=day,
            person=rep,
            amount=amount,
            currency="EUR",
        )
        territory = Territory.objects.get(pk=territories[relation])
        Credit.objects.create(actual=actual, person=rep, territory=territory, kind="booking", date=day, amount=amount)
        one_offs.leave_out(cycle, actual, reason=f"Because of {TOKENS[relation][-1]}", by=admin)


def _ramps(reps: dict[str, Any]) -> int:
    """Everybody begins by a schedule of their own."""
    schedule = RampSchedule.objects.create(name="New hires")
    for rep in reps.values():
        RampAssignment.objects.create(person=rep, schedule=schedule, starts_on=date(2020, 1, 1))
    return schedule.pk


def _saved_view(relation: str, rep: User) -> SavedView:
    """A private view of the rep's Home, pinned to it; its name is nobody else's to read."""
    wish = Wish(f"My {TOKENS[relation][-1]}", pinned=True)
    return saving.create(rep, SavedPage.HOME, {"period": "2026-09"}, wish)


def _scenario(plan: CompanyPlan, team: Any, admin: Any, leaf: Period) -> int:
    """Everybody's number in a scenario too, and a hire beside them."""
    scenario = scenarios.create(plan, "Whisperplan", admin)
    hire = Adjustment(WhatIf.HIRE, team=team.pk, starts=leaf, shared=False)
    scenarios.adjust(scenario, hire, admin, reason="Whisperreason")
    return scenario.pk


def _people() -> tuple[dict[str, Any], dict[str, Any]]:
    director, manager, former = make_person("Director"), make_person("Manager"), make_person("Former")
    elsewhere = make_person("Elsewhere")
    sales = make_team("Sales", lead=director)
    north = make_team("North", parent=sales, lead=former)
    TeamLead.objects.create(team=north, person=manager, starts_on=date(2026, 9, 1))
    south = make_team("South", parent=sales, lead=elsewhere)
    users = {
        "anonymous": None,
        "owner": make_person(TOKENS["own"][0], team=north),
        "teammate": make_person(TOKENS["team"][0], team=north),
        "outsider": make_person(TOKENS["other"][0], team=south),
        "manager": manager,
        "director": director,
        "elsewhere": elsewhere,
        "former": former,
        "admin": make_person("Admin", is_admin=True),
        "deactivated": make_person("Deactivated", team=north),
    }
    return users, {"north": north, "south": south}


def _belongings(reps: dict[str, User]) -> dict[str, dict[str, Any]]:
    """A territory, an account, a quota and a credited actual for each rep."""
    objects: dict[str, dict[str, Any]] = {kind: {} for kind in ("territory", "account", "quota", "actual")}
    for relation, rep in reps.items():
        _, land, customer, *_ = TOKENS[relation]
        territory = make_territory(land, owner=rep)
        account = make_account(customer, owner=rep, potential=POTENTIAL[relation])
        AccountPlacement.objects.create(account=account, territory=territory)
        quota = make_quota(rep, "2026-09", QUOTA[relation])
        actual = Actual.objects.create(
            source="crm",
            external_id=relation,
            external_key=relation,
            kind="booking",
            date=date(2026, 9, 10),
            person=rep,
            account=account,
            amount=Decimal(ACTUAL[relation]),
            currency="EUR",
        )
        Credit.objects.create(
            actual=actual,
            person=rep,
            territory=territory,
            kind="booking",
            date=actual.date,
            amount=actual.amount,
        )
        for kind, row in {"territory": territory, "account": account, "quota": quota, "actual": actual}.items():
            objects[kind][relation] = row.pk
    return objects


def _letters(reps: dict[str, User], admin: User) -> dict[str, dict[str, Any]]:
    """A quota letter for each rep, what the rep said about it, and that the rep was told."""
    cycle = create_cycle(FiscalYear.objects.get(), admin)
    PlanningCycle.objects.filter(pk=cycle.pk).update(stage="review")
    objects: dict[str, dict[str, Any]] = {kind: {} for kind in ("letter", "thread", "comment", "notification")}
    for relation, rep in reps.items():
        letter = QuotaLetter.objects.create(cycle=cycle, person=rep, state="sent", sent_at=timezone.now())
        amount, words = Decimal(QUOTA[relation]), f"Between us: {TOKENS[relation][-1]}"
        letter.lines.create(measure="bookings", part="territory", amount=amount, note=words)
        Proposal.objects.create(cycle=cycle, person=rep, measure="bookings", amount=amount, note=words, by=rep)
        thread = threads.thread_of("letter", letter.pk)
        comment = threads.say(thread, by=rep, text=words)
        Notification.objects.filter(person=rep).delete()
        choose(rep, {"quota_locked": (relation == "own", relation == "other")})
        told = notify("quota_published", to=[rep], path="/", about=("letter", letter.pk), year=TOKENS[relation][-1])
        rows = {"letter": letter, "thread": thread, "comment": comment, "notification": told[0]}
        for kind, row in rows.items():
            objects[kind][relation] = row.pk
    return objects


@contextmanager
def rolled_back() -> Iterator[None]:
    """Whatever is written inside is taken back, so that every request meets the same world."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
