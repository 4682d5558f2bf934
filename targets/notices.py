"""What people are told of the planning cycle, and who hears of its stages.

Parameters of every kind: ``year`` (label of the fiscal year), and further ``stage`` (its value) and ``day`` (ISO) where
the sentence names them; ``words`` puts both into the reader's language. ``name`` is who asked, answered or decided.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from spm.org import clock
from spm.org.models import TeamLead, User
from spm.talk.choices import Kind, register
from spm.talk.notices import notify
from spm.ui.numbers import day as in_words
from targets.choices import Stage
from targets.models import CompanyPlan, PlanningCycle


def words(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Stage and day in the language of the moment, the rest as it is."""
    shown = dict(parameters)
    if "stage" in shown:
        shown["stage"] = Stage(shown["stage"]).label
    if "day" in shown:
        shown["day"] = in_words(date.fromisoformat(shown["day"]))
    return shown


KINDS = (
    Kind("cycle_due", _("Planning stage is due"), _("Plan %(year)s: “%(stage)s” is due on %(day)s."), words),
    Kind("cycle_late", _("Planning stage is overdue"), _("Plan %(year)s: “%(stage)s” was due on %(day)s."), words),
    Kind("cycle_stage", _("Planning stage has begun"), _("Plan %(year)s is in the stage “%(stage)s” now."), words),
    Kind(
        "quota_published", _("Quota letter received"), _("Your quota letter for %(year)s is here. Read it and answer.")
    ),
    Kind(
        "quota_waiting",
        _("Quota letter waits for an answer"),
        _("Your quota letter for %(year)s waits for your answer."),
    ),
    Kind(
        "letters_waiting",
        _("Quota letters wait for you"),
        _("Quota letters for %(year)s that wait for you: %(count)s."),
    ),
    Kind("quota_question", _("Question about a quota"), _("%(name)s asks about the quota for %(year)s.")),
    Kind("quota_agreed", _("Quota agreed to"), _("%(name)s agreed to the quota for %(year)s. Approve it.")),
    Kind("quota_answered", _("Answer about a quota"), _("%(name)s answered about the quota for %(year)s.")),
    Kind(
        "quota_rejected",
        _("Quota letter rejected"),
        _("%(name)s rejected the quota for %(year)s. The comment says why."),
    ),
    Kind("quota_approved", _("Quota approved"), _("%(name)s approved the quota for %(year)s.")),
    Kind("quota_locked", _("Quota locked"), _("The quotas of %(year)s are locked. Acknowledge yours.")),
    Kind(
        "quota_changed",
        _("Quota changed with the lock"),
        _("Your locked quota for %(year)s is another than your letter told. See what changed, and acknowledge it."),
    ),
    Kind("plan_submitted", _("Company plan submitted"), _("%(name)s asks to approve the company plan %(year)s.")),
    Kind("plan_decided", _("Company plan decided"), _("%(name)s decided on the company plan %(year)s.")),
    Kind("revision_requested", _("Revision requested"), _("%(name)s requests a revision of the plan %(year)s.")),
    Kind("revision_decided", _("Revision decided"), _("%(name)s decided on a revision of the plan %(year)s.")),
)
HEADINGS = (
    (_("Planning of a year"), ("cycle_", "plan_")),
    (_("Quotas"), ("quota_", "letters_")),
    (_("Revisions"), ("revision_",)),
)
for _subject, _starts in HEADINGS:
    register(*(kind for kind in KINDS if kind.name.startswith(_starts)), subject=_subject)


def tell_stage(cycle: PlanningCycle, *, by: User | None) -> None:
    """The owner of the stage that begins hears of it, and with Allocate and Review everybody who leads a team."""
    row = cycle.stages.select_related("owner").get(stage=cycle.stage)
    heard = [row.owner] if row.owner else []
    if cycle.stage in (Stage.ALLOCATE, Stage.REVIEW):
        heard += leads_today()
    notify("cycle_stage", to=heard, path=path_of(cycle), by=by, year=cycle.fiscal_year.label, stage=cycle.stage)


def tell_plan(kind: str, plan: CompanyPlan, to: Iterable[User], by: User) -> None:
    """Admins hear that a company plan is submitted or decided, and are led to its approval."""
    label = plan.fiscal_year.label
    notify(kind, to=to, path=reverse("targets:plan-approval", args=[label]), by=by, year=label, name=by.name)


def leads_today() -> list[User]:
    """Everybody who leads a team today."""
    leads = TeamLead.objects.as_of(clock.today()).filter(person__isnull=False).select_related("person")
    return [row.person for row in leads]


def path_of(cycle: PlanningCycle) -> str:
    return reverse("targets:year", args=[cycle.fiscal_year.label])
