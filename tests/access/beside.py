"""Rows beside those that the actors own, so that each single read that forgets its scope shows what it should not."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from spm.imports.models import ImportBatch
from spm.jobs.models import Job
from spm.market.models import Account, AccountPlacement, Opportunity, Territory
from spm.org.models import Period, User
from spm.talk import threads
from spm.talk.models import Notification
from targets.models import Actual, CompanyPlan, Credit, GoalBatch, PeriodReopening, ScenarioStep, Target
from territories.choices import PlanState, Section
from territories.models import PlanSection, PlanVersion, TemplateSection, TerritoryPlan, TerritoryPlanLine
from tests.builders import make_account, make_person

Objects = dict[str, dict[str, Any]]
Reps = dict[str, User]


def put_beside(reps: Reps, words: dict[str, str], amounts: dict[str, int], objects: Objects, admin: User) -> Objects:
    """Keys of the rows that addresses and forms name, by kind and relation.

    ``words`` and ``amounts``: what of each relation is nobody else's to read.
    """
    found: Objects = {"account_line": {}, "account_number": {}}
    works = _works(reps["own"], objects["account"]["own"])
    for relation, rep in reps.items():
        territory = Territory.objects.get(pk=objects["territory"][relation])
        account = Account.objects.get(pk=objects["account"][relation])
        _market(territory, account, rep)
        found["account_number"][relation] = account.external_id
        _target(territory, amounts[relation])
        found["account_line"][relation] = _plan(objects["territory_plan"][relation], account, words[relation], rep)
        _line(rep, territory, date(2025, 10, 10), f"before {relation}", works if relation == "other" else None)
    _deal(reps["own"], Territory.objects.get(pk=objects["territory"]["other"]))
    _line(User.objects.house(), Territory.objects.get(is_unassigned=True), date(2026, 9, 12), "nowhere")
    TemplateSection.objects.update(heading="Whisperheading", question="Whisperquestion")
    return found | _of_admins(objects, reps, admin)


def _market(territory: Territory, account: Account, rep: User) -> None:
    """An account of the rep's territory that bought nothing yet, and the segment of the one that did."""
    annex = make_account(f"{account.name} Annex", owner=rep)
    AccountPlacement.objects.create(account=annex, territory=territory)
    Account.objects.filter(pk=account.pk).update(segment=f"{account.name} Works")


def _deal(owner: User, territory: Territory) -> None:
    """An open deal of the owner on the newest account there, worth more than the one of whoever holds it."""
    account = AccountPlacement.objects.filter(territory=territory).latest("pk").account
    Opportunity.objects.create(
        external_id="O-annex", account=account, owner=owner, opened_on=date(2026, 1, 5), amount=Decimal(918_462)
    )


def _works(rep: User, account: int) -> Account:
    """What the rep's account can bring, of an account that others have lines in without seeing it."""
    return make_account("Common works", owner=rep, potential=Account.objects.get(pk=account).potential)


def _target(territory: Territory, amount: int) -> None:
    plan = CompanyPlan.objects.working().get(fiscal_year__label="2026")
    leaf = Period.objects.leaves().get(label="2026-09")
    Target.objects.create(plan=plan, measure="bookings", period=leaf, territory=territory, amount=Decimal(amount))


def _plan(pk: int, account: Account, words: str, rep: User) -> int:
    """A plan that lives and is being changed: what was approved, a key account, a base, and talk about it."""
    TerritoryPlan.objects.filter(pk=pk).update(approved_number=1)
    sent = PlanVersion.objects.get(plan=pk)
    approved = {"number": sent.number, "state": PlanState.APPROVED, "content": sent.content}
    PlanVersion.objects.create(plan_id=pk, note=words, by=rep, at=sent.at, **approved)
    PlanSection.objects.filter(plan=pk, section=Section.RETENTION).update(base=Decimal(77_000))
    threads.say(threads.thread_of("territory-plan", pk), by=rep, text=f"Planword {words}")
    line = TerritoryPlanLine.objects.create(
        plan_id=pk, section=Section.ACCOUNTS, position=1, account=account, entry=words, amount=Decimal(66_000)
    )
    return line.pk


def _line(person: User, territory: Territory, day: date, name: str, account: Account | None = None) -> None:
    line = {"date": day, "kind": "booking", "amount": Decimal(61_000)}
    actual = Actual.objects.create(
        source="crm", external_id=name, external_key=name, person=person, account=account, currency="EUR", **line
    )
    Credit.objects.create(actual=actual, person=person, territory=territory, **line)


def _of_admins(objects: Objects, reps: Reps, admin: User) -> Objects:
    """What admins alone have to do with, and a message about somebody who is none of its reader's business any more."""
    october = Period.objects.leaves().get(label="2025-10")
    PeriodReopening.objects.create(period=october, reopened_at=timezone.now(), reopened_by=admin, reason="Late lines")
    make_person("Uninvited", password=None)
    for kind in ("rollup", "canary"):
        Job.objects.create(kind=kind, state="failed", error="Whisperfailure", due_at="2026-09-18T00:00:00Z")
    loaded = ImportBatch.objects.create(kind="people", filename="all.csv", sha256="2" * 64, state="committed", read=1)
    plan = CompanyPlan.objects.working().get(fiscal_year__label="2026")
    batch = GoalBatch.objects.create(plan=plan, kind="edit", changes=[], by=admin)
    revision = threads.thread_of("revision", objects["revision"]["own"])
    threads.say(revision, by=admin, text="Whisperrevision")
    gone = Notification.objects.create(
        person=reps["other"],
        kind="quota_published",
        parameters={"year": "Whispergone"},
        anchor="letter",
        key=objects["letter"]["own"],
        path="/",
        created_at=timezone.now(),
    )
    rows = {
        "month_before": october,
        "loaded": loaded,
        "goal_batch": batch,
        "revision_thread": revision,
        "gone_notification": gone,
        "step": ScenarioStep.objects.get(),
    }
    return {kind: dict.fromkeys(("own", "team", "other"), row.pk) for kind, row in rows.items()}
