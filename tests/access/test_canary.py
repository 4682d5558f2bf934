"""Unique names and amounts are put into every private place, and every answer is searched for them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse

from spm.org.scopes import Scope
from targets.models import CompanyPlan, GoalBatch
from tests.access.gating import CHANGING, open_gates
from tests.access.routes import ROUTES
from tests.access.sweep import leaks, pages, sent, workbooks
from tests.access.unguarded import EVERYWHERE, UNGUARDED
from tests.access.world import World

pytestmark = pytest.mark.django_db

ONLOOKERS = ("anonymous", "teammate", "outsider", "elsewhere", "former")
# Addresses that people without the admin role reach; a gate stops them at the rest, whatever a queryset gives.
OPEN = tuple(
    name
    for name, policy in ROUTES.items()
    if name.split(":")[0] in ("dashboards", "targets", "territories", "talk")
    and policy.get("elsewhere", "other") & {200}
)
GATED = tuple(
    name
    for name in ROUTES
    if name.split(":")[0] in ("setup", "imports", "jobs", "targets", "territories")
    and name not in ("imports:template", "imports:sample")  # workbooks with the second of their making
)
# Rows that are no secret to anybody who is signed in.
NO_SECRET = {"CycleStage", "FiscalYear", "Period", "PlanRate", "PlanningCycle", "RampSchedule", "Rate", "RollupRun"}
# Where a scope that is missing shows first: the page by which each queryset is proven to hide rows.
SHOWN_AT = {
    "Account": "dashboards:search",
    "Actual": "dashboards:actuals",
    "Assignment": "dashboards:territories",
    "Attainment": "dashboards:territories",
    "AuditEntry": "setup:audit",
    "CompanyPlan": "targets:year-list",
    "Credit": "dashboards:actuals",
    "ImportBatch": "imports:list",
    "ImportProfile": "imports:create",
    "Job": "jobs:list",
    "MovePackage": "territories:moves",
    "Notification": "talk:notifications",
    "NotificationChoice": "dashboards:settings",
    "Opportunity": "territories:account-detail",
    "PlanLine": "targets:company",
    "Quota": "targets:year-list",
    "RuleSet": "territories:rule-sets",
    "SavedView": "dashboards:saved-list",
    "Target": "targets:year-list",
    "Team": "dashboards:search",
    "Territory": "dashboards:territories",
    "TerritoryPlan": "territories:plan-board",
    "User": "dashboards:search",
}
# Rows that pages read only by the key of a row fetched through its own ``visible_to``. With their scope alone taken
# out, no answer changes; ``test_inv_36_every_queryset_hides_rows`` holds them to it directly.
SECOND_LINE = {
    "AccountObjective": "of the plan of the account shown",
    "AccountPlan": "of the account shown",
    "AccountPlacement": "counted for the territories shown",
    "AccountReview": "of the accounts shown",
    "Comment": "of the thread shown",
    "Contact": "of the account shown",
    "DecisionStep": "of the account shown",
    "GoalBatch": "named by a form alone: test_inv_36_a_batch_of_others_is_not_there",
    "Influence": "of the account shown",
    "LetterLine": "of the letter shown",
    "Membership": "of the person shown",
    "MovedAccount": "of the package shown",
    "MoveEvent": "of the package shown",
    "OneOffDeal": "of the lines shown",
    "Proposal": "of the people and teams shown",
    "OpenPosition": "of the scenario shown",
    "TargetCustomer": "of the territory shown",
    "TargetMarket": "of the territory shown",
    "PeriodTotal": "of the person who asks",
    "PlanFile": "of whoever asked for it: test_a_job_makes_the_file_and_its_asker_alone_downloads_it",
    "PlanReview": "of the plan shown",
    "PlanSection": "of the plan shown",
    "PlanTemplate": "of the year shown, and no secret once it is rolled out",
    "PlanVersion": "of the plan shown",
    "QuotaLetter": "of the people shown",
    "RampAssignment": "of the person shown",
    "ScenarioStep": "of the scenario shown",
    "Stakeholder": "of the accounts shown, and of those that the plan shown names",
    "TeamLead": "of the team shown",
    "TeamPlacement": "of the team shown",
    "TemplateSection": "of the form of the year shown",
    "TerritoryRule": "of the set shown",
    "TerritoryPlanLine": "of the plan shown",
}
READ = re.compile(r"(\w+)\.objects\.visible_to\(")
ROOT, TOPS = Path(__file__).resolve().parents[2], ("spm", "targets", "territories")


def guarded_models() -> list[type]:
    """Every model of ours with rows that somebody may not see."""
    ours = [model for model in apps.get_models() if hasattr(model._default_manager.all(), "visible_to")]
    return sorted((model for model in ours if model.__name__ not in NO_SECRET), key=lambda model: model.__name__)


def answers(world: World, name: str) -> Iterator[tuple[str, str]]:
    """(address, answer) of a rep, of a manager elsewhere, and of the rep past the gates, less what always changes."""
    for actor in ("outsider", "elsewhere"):
        for url, body in pages(world, actor, (name,)):
            yield url, CHANGING.sub("", body)
    with pytest.MonkeyPatch.context() as patch:
        open_gates(patch)
        for url, body in pages(world, "outsider", (name,)):
            yield url, CHANGING.sub("", body)


def test_inv_36_nobody_reads_what_they_do_not_see(world):
    assert not leaks(world, ONLOOKERS)


def test_inv_36_no_workbook_holds_what_its_reader_does_not_see(world):
    assert not leaks(world, ONLOOKERS, asked=workbooks)


def test_inv_36_no_answer_to_a_form_tells_what_its_sender_does_not_see(world):
    assert not leaks(world, ("outsider", "anonymous"), asked=sent)


def test_inv_36_control_workbooks_and_forms_leak_where_everything_is_seen(world, monkeypatch):
    monkeypatch.setattr("spm.org.scopes._read_scope", lambda user, *_: Scope(None, None, frozenset(), ()))
    assert leaks(world, ("outsider",), ("dashboards:actuals",), workbooks)
    if connection.vendor == "sqlite":  # forms are not sent again on PostgreSQL (reliability 4.4)
        assert leaks(world, ("outsider",), ("targets:quota-answer", "talk:say"), sent)


def test_inv_36_querysets_hide_behind_the_gates_too(world, monkeypatch):
    open_gates(monkeypatch)
    assert not leaks(world, ("outsider",), GATED)


def test_inv_36_control_a_scope_of_everything_leaks(world, monkeypatch):
    monkeypatch.setattr("spm.org.scopes._read_scope", lambda user, *_: Scope(None, None, frozenset(), ()))
    assert leaks(world, ("outsider",), OPEN)


def test_inv_36_every_model_has_visible_to_or_a_reason():
    """A new model without one asks for its reason here."""
    ours = {model for model in apps.get_models() if model.__module__.startswith(("spm.", "targets.", "territories."))}
    kept = {model for model in ours if not hasattr(model, "instance_type")}  # histories are read through their rows
    bare = {model.__name__ for model in kept if not hasattr(model._default_manager.all(), "visible_to")}
    assert bare == UNGUARDED.keys() | EVERYWHERE.keys()


@pytest.mark.parametrize("name", UNGUARDED)
def test_inv_36_a_model_without_visible_to_is_read_where_its_reason_was_looked_at(name):
    sources = {path.relative_to(ROOT).as_posix(): path for top in TOPS for path in (ROOT / top).rglob("*.py")}
    reads = re.compile(rf"\b{name}\.(objects|_default_manager|_base_manager)\b")
    found = {at for at, path in sources.items() if "/migrations/" not in at and reads.search(path.read_text("utf-8"))}
    assert found == set(UNGUARDED[name][1])


WITHOUT_ROWS: set[str] = set()
"""Models of which the world has no row. A new model is checked, or stands here until the world has one."""


@pytest.mark.parametrize("model", guarded_models(), ids=lambda model: model.__name__)
def test_inv_36_every_queryset_hides_rows(model, world):
    """A rep sees fewer rows than there are, of every model that holds any."""
    everything = model._default_manager.all()
    assert everything.exists() != (model.__name__ in WITHOUT_ROWS)
    assert not everything or everything.visible_to(world.users["outsider"]).count() < everything.count()


def test_inv_36_every_queryset_that_is_read_has_a_page_that_would_show_its_leak():
    """Also a model that is new: its first read by a page asks for a line above. Jobs show nothing to anybody."""
    sources = [path for top in TOPS for path in (ROOT / top).rglob("*.py") if path.name != "tasks.py"]
    read = {name for path in sources for name in READ.findall(path.read_text("utf-8"))}
    assert read & {model.__name__ for model in guarded_models()} == set(SHOWN_AT) | set(SECOND_LINE)


@pytest.mark.parametrize(("name", "route"), SHOWN_AT.items(), ids=SHOWN_AT)
def test_inv_36_a_planted_leak_is_caught(name, route, world, still_clock, monkeypatch):
    """With the scope taken out of one queryset, an answer is another one."""
    before = list(answers(world, route))
    assert list(answers(world, route)) == before
    (model,) = (model for model in guarded_models() if model.__name__ == name)
    monkeypatch.setattr(type(model._default_manager.all()), "visible_to", lambda self, user: self.all())
    assert any(now != then for now, then in zip(answers(world, route), before, strict=True))


def test_inv_36_a_batch_of_others_is_not_there(world, monkeypatch):
    """No page lists batches; who names one of somebody else to undo it hears 404, and 403 without the scope."""
    plan = CompanyPlan.objects.working().get(fiscal_year__label="2026")
    batch = GoalBatch.objects.create(plan=plan, kind="edit", changes=[], by=world.users["admin"])
    url = reverse("targets:allocate-undo", kwargs={"year": "2026"})
    assert world.client("elsewhere").post(url, {"batch": batch.pk}).status_code == 404
    monkeypatch.setattr(type(GoalBatch.objects.all()), "visible_to", lambda self, user: self.all())
    assert world.client("elsewhere").post(url, {"batch": batch.pk}).status_code == 403
