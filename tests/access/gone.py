"""What each rep took out and can bring back, and what else a verb names: batches of numbers, browsers, cells."""

from datetime import timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.utils import timezone

from spm.org import saving
from spm.org.choices import SavedPage
from spm.org.models import Period, SavedView, User
from spm.org.saving import Wish
from targets.models import CompanyPlan, GoalBatch
from territories.choices import Section, StakeholderRole
from territories.models import (
    AccountObjective,
    AccountPlan,
    DecisionStep,
    Stakeholder,
    TargetCustomer,
    TargetMarket,
    TerritoryPlanLine,
)

Objects = dict[str, dict[str, Any]]


def take_out(reps: dict[str, User], words: dict[str, str], objects: Objects, makers: dict[str, User]) -> Objects:
    """Keys by kind and relation; ``makers``: who typed the batch of each relation."""
    found: Objects = {}
    plan = CompanyPlan.objects.working().get(fiscal_year__label="2026")
    leaf = Period.objects.leaves().get(label="2026-09")
    for relation, rep in reps.items():
        batch = GoalBatch.objects.create(plan=plan, kind="edit", changes=[], by=makers[relation])
        keys = {
            "typed_batch": batch.pk,
            "cell": f"c:person:{rep.pk}:{leaf.pk}",
            "browser": _browser(rep),
            "gone_view": _gone_view(rep, words[relation]),
            **_deleted(words[relation], {kind: rows.get(relation) for kind, rows in objects.items()}),
            **_removed(words[relation], {kind: rows.get(relation) for kind, rows in objects.items()}),
        }
        for kind, key in keys.items():
            found.setdefault(kind, {})[relation] = key
    return found


def _browser(rep: User) -> int:
    told = {"ip": "192.0.2.1", "user_agent": "Another browser", "session_key": f"another-{rep.pk}"}
    return int(UserSession.objects.create(user=rep, **told).pk)


def _gone_view(rep: User, words: str) -> int:
    view = saving.create(rep, SavedPage.HOME, {"period": "2026-09"}, Wish(f"Gone {words}"))
    SavedView.objects.filter(pk=view.pk).update(deleted_at=timezone.now() - timedelta(minutes=1))
    return view.pk


def _deleted(words: str, keys: dict[str, Any]) -> dict[str, int]:
    """Rows of which the history alone is left."""
    plan = AccountPlan.objects.get(account=keys["account"])
    rows = {
        "gone_line": TerritoryPlanLine(
            plan_id=keys["territory_plan"], section=Section.GOALS, position=2, text=f"Gone {words}"
        ),
        "gone_objective": AccountObjective(plan=plan, text=f"Gone {words}", measure=words),
        "gone_step": DecisionStep(account_id=keys["account"], position=2, name=f"Gone {words}"),
    }
    found = {}
    for kind, row in rows.items():
        row.save()
        found[kind] = row.pk
        row.delete()
    return found


def _removed(words: str, keys: dict[str, Any]) -> dict[str, int]:
    """Rows that stay, and say that they were taken out."""
    out = {"removed_at": timezone.now()}
    person = Stakeholder.objects.create(
        account_id=keys["account"], placeholder=f"Gone {words}", role=StakeholderRole.USER, **out
    )
    land = {"territory_id": keys["territory"], "name": f"Removed {words}", **out}
    market, customer = TargetMarket.objects.create(**land), TargetCustomer.objects.create(**land)
    return {"gone_person": person.pk, "gone_market": market.pk, "gone_customer": customer.pk}
