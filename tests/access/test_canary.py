"""Unique names and amounts are put into every private place, and every answer is searched for them."""

import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection

from spm.org.scopes import Scope
from targets.rollup import roll_up_stale
from targets.staleness import mark_stale
from tests.access.routes import ROUTES
from tests.access.sweep import leaks, pages
from tests.access.world import World, build_world

pytestmark = pytest.mark.django_db

ONLOOKERS = ("outsider", "elsewhere", "former")
# Addresses that people without the admin role reach; the rest stops them at the gate, whatever a queryset gives.
OPEN = tuple(
    name
    for name, access in ROUTES.items()
    if name.split(":")[0] in ("dashboards", "targets") and access.get("elsewhere", "other") & {200}
)
# Rows that are no secret to anybody who is signed in, and rows that only pages behind the admins' gate show.
NO_SECRET = {"FiscalYear", "Period", "RollupRun"}
BEHIND_THE_GATE = {"AuditEntry", "ImportBatch", "Job", "TeamLead", "TeamPlacement"}
# Rows that pages reach only through a person, team or territory fetched by its own ``visible_to``: with their scope
# alone taken out, no answer changes. ``test_inv_36_every_queryset_hides_rows`` holds them to it directly.
SECOND_LINE = {
    "AccountPlacement",
    "Actual",
    "Assignment",
    "CompanyPlan",
    "Credit",
    "ImportProfile",
    "Membership",
    "PeriodTotal",
    "PlanLine",
    "Quota",
    "Target",
}
CHANGING = re.compile(
    r'csrfmiddlewaretoken" value="[^"]*"|X-CSRFToken": "[^"]*"|csrftoken=[^;]*|expires=[^;]*|nonce-[^\'"]*'
)


@pytest.fixture
def world(db) -> World:
    built = build_world()
    mark_stale([built.objects["leaf"]["own"]])
    roll_up_stale()
    return built


def guarded_models() -> list[type]:
    """Every model of ours with rows that somebody may not see, on pages that everybody may ask for."""
    ours = [model for model in apps.get_models() if hasattr(model._default_manager.all(), "visible_to")]
    exempt = NO_SECRET | BEHIND_THE_GATE
    return sorted((model for model in ours if model.__name__ not in exempt), key=lambda model: model.__name__)


def bodies(world: World) -> Iterator[tuple[str, str, str]]:
    """(actor, address, answer) of a rep and a manager of another team, without what changes at every request."""
    for actor in ("outsider", "elsewhere"):
        for url, body in pages(world, actor, OPEN):
            yield actor, url, CHANGING.sub("", body)


def test_inv_36_nobody_reads_what_they_do_not_see(world):
    assert not leaks(world, ONLOOKERS)


def test_inv_36_control_a_scope_of_everything_leaks(world, monkeypatch):
    monkeypatch.setattr("spm.org.scopes._read_scope", lambda user, *_: Scope(None, None, frozenset(), ()))
    assert leaks(world, ("outsider",), OPEN)


@pytest.mark.parametrize("model", guarded_models(), ids=lambda model: model.__name__)
def test_inv_36_every_queryset_hides_rows(model, world):
    """A rep sees fewer rows than there are, of every model that holds any."""
    everything = model._default_manager.all()
    assert not everything or everything.visible_to(world.users["outsider"]).count() < everything.count()


if connection.vendor == "sqlite":  # one vendor is enough to prove that the sweep sees a missing scope

    def test_inv_36_a_planted_leak_is_caught(world):
        """With the scope taken out of one queryset at a time, some answer is another one, the second line aside."""
        before = list(bodies(world))
        assert list(bodies(world)) == before
        missed = []
        for model in guarded_models():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(type(model._default_manager.all()), "visible_to", lambda self, user: self.all())
                if all(now == then for now, then in zip(bodies(world), before, strict=True)):
                    missed.append(model.__name__)
        assert set(missed) <= SECOND_LINE
