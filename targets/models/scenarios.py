"""What-if: the steps by which a scenario came to differ from the working version, and the hires it plans.

A planned hire is nobody yet, so it is no user: it is an *open position* in a team, a holder of numbers like a person,
in scenarios alone. Its numbers are in no roll-up, no letter and no working version.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from spm.market.models import Territory
from spm.org.models import Period, Team
from spm.ui.fields import MoneyField
from targets.choices import Measure, Reach, WhatIf
from targets.models.allocation import GoalBatch
from targets.models.cycles import percent_field
from targets.models.history import reasoned
from targets.models.plans import CompanyPlan
from targets.querysets import OfScenarioQuerySet


class OpenPosition(models.Model):
    """A hire that a scenario plans: the team, and the first leaf period of work. ``number`` counts within the plan."""

    plan = models.ForeignKey(CompanyPlan, models.PROTECT, related_name="positions")
    team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    starts = models.ForeignKey(Period, models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()

    objects = OfScenarioQuerySet.as_manager()

    class Meta:
        ordering = ["plan", "number"]
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="open_position_once")]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.number}"


class OpenQuota(models.Model):
    """The number an open position would carry for one measure and leaf period."""

    plan = models.ForeignKey(CompanyPlan, models.PROTECT, related_name="open_quotas")
    position = models.ForeignKey(OpenPosition, models.PROTECT, related_name="quotas")
    measure = models.CharField(max_length=8, choices=Measure.choices)
    period = models.ForeignKey(Period, models.PROTECT, related_name="+")
    amount = MoneyField(_("amount"))

    objects = OfScenarioQuerySet.as_manager()
    history = reasoned()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "position", "measure", "period"], name="open_quota_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="open_quota_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.position_id} {self.measure} {self.period_id}: {self.amount}"


class ScenarioStep(models.Model):
    """One adjustment of a scenario. Who, when, before, after and why stand in its batch; undone where that is.

    ``percent``: growth, over-assignment, or the share of a person's number that goes with a territory. ``starts``: the
    first leaf period it counts from. ``shared``: the others of the team carry what a leaver leaves, or give up what a
    hire takes.
    """

    plan = models.ForeignKey(CompanyPlan, models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=9, choices=WhatIf.choices)
    reach = models.CharField(max_length=7, choices=Reach.choices, default=Reach.COMPANY)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    receiver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    territory = models.ForeignKey(Territory, models.PROTECT, null=True, blank=True, related_name="+")
    starts = models.ForeignKey(Period, models.PROTECT, null=True, blank=True, related_name="+")
    percent = percent_field(_("percent"), 0)
    count = models.PositiveSmallIntegerField(_("people"), default=1)
    shared = models.BooleanField(default=True)
    batch = models.OneToOneField(GoalBatch, models.PROTECT, related_name="step")

    objects = OfScenarioQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.kind}"
