"""The annual planning cycle of one fiscal year: its stages, its policy, and what it leaves out of last year."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from spm.org import clock
from spm.org.models import FiscalYear
from targets.choices import LimitAction, Proration, Stage
from targets.models.actuals import Actual
from targets.models.history import reasoned
from targets.querysets import CycleStageQuerySet, OneOffDealQuerySet, PlanningCycleQuerySet


def percent_field(label: Any, default: int | None = None) -> models.DecimalField[Any, Any]:
    """Whole percents with two decimals: 8.00 = 8 %."""
    options: dict[str, Any] = {} if default is None else {"default": Decimal(default)}
    return models.DecimalField(label, max_digits=6, decimal_places=2, **options)


class PlanningCycle(models.Model):
    """One year's way from plan to baseline. ``stage`` is the one it stands in; the stages behind it are done.

    Percents are whole percents with two decimals (8.00 = 8 %). Rules: domain.md, Over-assignment; ux.md, Annual cycle.
    """

    fiscal_year = models.OneToOneField(FiscalYear, models.PROTECT, related_name="cycle")
    stage = models.CharField(_("stage"), max_length=8, choices=Stage.choices, default=Stage.PLAN)
    copied_from = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="copies")
    over_min = percent_field(_("over-assignment from, %"), 0)
    over_max = percent_field(_("over-assignment to, %"), 8)
    over_action = models.CharField(
        _("outside of it"), max_length=5, choices=LimitAction.choices, default=LimitAction.WARN
    )
    growth_limit = percent_field(_("warn of growth above, %"), 25)
    growth_floor = percent_field(_("warn of growth below, %"), -5)
    deal_limit = percent_field(_("warn of one deal above, % of last year"), 30)
    proration = models.CharField(
        _("part of a year by"), max_length=7, choices=Proration.choices, default=Proration.SEASON
    )
    answer_days = models.PositiveSmallIntegerField(_("days to answer a letter"), default=5)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    version = models.PositiveIntegerField(default=0)

    objects = PlanningCycleQuerySet.as_manager()

    class Meta:
        ordering = ["-fiscal_year__starts_on"]
        constraints = [
            models.CheckConstraint(condition=Q(over_max__gte=F("over_min")), name="cycle_policy_is_a_band"),
        ]

    def __str__(self) -> str:
        return f"{self.fiscal_year} {self.stage}"


class CycleStage(models.Model):
    """Who owns a stage, until when, and when it was done."""

    cycle = models.ForeignKey(PlanningCycle, models.CASCADE, related_name="stages")
    stage = models.CharField(_("stage"), max_length=8, choices=Stage.choices)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="cycle_stages"
    )
    due_on = models.DateField(_("due on"), null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    objects = CycleStageQuerySet.as_manager()

    class Meta:
        ordering = ["cycle", "pk"]
        constraints = [models.UniqueConstraint(fields=["cycle", "stage"], name="cycle_stage_once")]

    def __str__(self) -> str:
        return f"{self.cycle_id} {self.stage}"


class OneOffDeal(models.Model):
    """A line of last year that will not come again: left out of last year *adjusted* when quotas are allocated."""

    cycle = models.ForeignKey(PlanningCycle, models.CASCADE, related_name="one_offs")
    actual = models.ForeignKey(Actual, models.PROTECT, related_name="one_offs")
    reason = models.CharField(_("reason"), max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = OneOffDealQuerySet.as_manager()
    history = reasoned()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["cycle", "actual"], name="one_off_deal_once")]

    def __str__(self) -> str:
        return f"{self.actual_id} in {self.cycle_id}"
