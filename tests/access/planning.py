"""What people write down while a year is planned: why a number changed, what is held, what admins weigh.

Each text and amount here is a canary: the sweep looks for it in every answer to whoever must not read it.
"""

from decimal import Decimal

from spm.org.models import Period, User
from spm.talk import threads
from targets import approvals, holds, revisions
from targets.choices import RevisionCause
from targets.goals import Goal, of_person
from targets.models import CompanyPlan, Quota
from targets.quotas import set_quota

ADMINS_ALONE = ("Whisperplan", "Whisperreason", "Whisperboard", "837,350", "837350", "837.4")
"""The name, the reason and a planned hire's number of a scenario, and what admins say of the company plan."""


def write_down_why(reps: dict[str, User], words: dict[str, str], plan: CompanyPlan, admin: User) -> None:
    """For each rep, ``words`` as the reason of a changed number, which is held; and what admins say of the plan."""
    leaf = Period.objects.leaves().get(label="2026-09")
    for relation, rep in reps.items():
        quota = Quota.objects.get(plan=plan, person=rep, measure="bookings", period=leaf)
        told = {"person": rep, "measure": "bookings", "period": leaf, "by": admin, "reason": words[relation]}
        for amount in (quota.amount - 1, quota.amount):
            set_quota(plan, amount=amount, **told)
        holds.hold(plan, of_person(rep.pk), "bookings", leaf, by=admin)
    threads.say(threads.thread_of(approvals.PLAN, plan.pk), by=admin, text="Whisperboard")


def turn_down_a_revision(plan: CompanyPlan, rep: User, manager: User, admin: User, words: str) -> CompanyPlan:
    """A revision of one rep's quota of a locked year; why it was asked for and turned down is for those above alone."""
    october = Period.objects.leaves().get(label="2025-10")
    wanted = [(Quota, Goal(of_person(rep.pk), "bookings", october, Decimal(2)))]
    told = {"cause": RevisionCause.TERRITORY, "reason": words, "by": manager, "on": october.starts_on}
    revision = revisions.request(plan, wanted, effective=october, **told)
    revisions.reject(revision, by=admin, comment=words)
    return revision
