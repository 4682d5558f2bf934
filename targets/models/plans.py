"""Downward: the season of a year, the versions of its plan, and the targets and quotas that hang on them.

Amounts are whole minor units of the company's currency.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from spm.market.models import Territory
from spm.org import clock
from spm.org.models import FiscalYear, Period, Team
from spm.ui.fields import MoneyField
from targets.choices import Measure, PlanKind, PlanState, RevisionCause
from targets.models.history import reasoned
from targets.querysets import CompanyPlanQuerySet, PlanLineQuerySet, QuotaQuerySet, TargetQuerySet


class SeasonalityProfile(models.Model):
    """How a year's amount falls on its leaf periods; keyed by period number, so that 4-4-5 works."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    fiscal_year = models.ForeignKey(FiscalYear, models.PROTECT, null=True, blank=True, related_name="seasonality")
    is_default = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SeasonalityWeight(models.Model):
    """The weight of one leaf period; any positive numbers, only their proportion counts."""

    profile = models.ForeignKey(SeasonalityProfile, models.CASCADE, related_name="weights")
    period_no = models.PositiveSmallIntegerField(_("period number"))
    weight = models.DecimalField(_("weight"), max_digits=12, decimal_places=6)

    class Meta:
        ordering = ["profile", "period_no"]
        constraints = [
            models.UniqueConstraint(fields=["profile", "period_no"], name="seasonality_weight_once"),
            models.CheckConstraint(condition=Q(weight__gte=0), name="seasonality_weight_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.profile_id} {self.period_no}: {self.weight}"


class CompanyPlan(models.Model):
    """One version of a fiscal year's numbers: plan lines, targets and quotas hang on it.

    The *working* version is in force, for every period. At the lock it is copied into the *baseline*, frozen for ever,
    and from then on (``locked_at``) changes by approved *revisions* alone, which hold just the numbers they change,
    from their ``effective`` period on: working = baseline overlaid with the approved revisions in order (INV-45).
    *Scenarios* and *saved* versions are whole copies of their own.
    """

    fiscal_year = models.ForeignKey(FiscalYear, models.PROTECT, related_name="plans")
    kind = models.CharField(max_length=8, choices=PlanKind.choices, default=PlanKind.WORKING)
    number = models.PositiveSmallIntegerField(default=1)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="plans")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    frozen_at = models.DateTimeField(null=True, blank=True)
    name = models.CharField(_("name"), max_length=100, blank=True)  # of a scenario or saved version
    state = models.CharField(_("state"), max_length=9, choices=PlanState.choices, default=PlanState.DRAFT)
    based_on = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="copies")
    effective = models.ForeignKey(Period, models.PROTECT, null=True, blank=True, related_name="+")  # first leaf revised
    cause = models.CharField(_("cause"), max_length=9, choices=RevisionCause.choices, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)  # of the working version, to be approved
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    locked_at = models.DateTimeField(null=True, blank=True)  # of the working version
    applying = models.ForeignKey(  # the revision being written into the locked working version, in its transaction
        "self", models.PROTECT, null=True, blank=True, related_name="+"
    )
    version = models.PositiveIntegerField(default=0)

    objects = CompanyPlanQuerySet.as_manager()

    class Meta:
        ordering = ["fiscal_year", "kind", "number"]
        constraints = [
            models.UniqueConstraint(fields=["fiscal_year", "kind", "number"], name="company_plan_version_once"),
            models.UniqueConstraint(
                fields=["fiscal_year"], condition=Q(kind="working"), name="company_plan_one_working"
            ),
            models.UniqueConstraint(
                fields=["fiscal_year"], condition=Q(kind="baseline"), name="company_plan_one_baseline"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fiscal_year_id} {self.kind} {self.number}"


class PlanLine(models.Model):
    """The company's goal for one measure, leaf period and (optional) segment."""

    plan = models.ForeignKey(CompanyPlan, models.PROTECT, related_name="lines")
    measure = models.CharField(max_length=8, choices=Measure.choices)
    period = models.ForeignKey(Period, models.PROTECT, related_name="plan_lines")
    segment = models.CharField(_("segment"), max_length=120, blank=True)
    amount = MoneyField(_("amount"))

    objects = PlanLineQuerySet.as_manager()
    history = reasoned()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "measure", "period", "segment"], name="plan_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.period_id}: {self.amount}"


class Target(models.Model):
    """The number given to a team or a territory for one measure and leaf period."""

    plan = models.ForeignKey(CompanyPlan, models.PROTECT, related_name="targets")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="targets")
    territory = models.ForeignKey(Territory, models.PROTECT, null=True, blank=True, related_name="targets")
    measure = models.CharField(max_length=8, choices=Measure.choices)
    period = models.ForeignKey(Period, models.PROTECT, related_name="targets")
    amount = MoneyField(_("amount"))

    objects = TargetQuerySet.as_manager()
    history = reasoned()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(team__isnull=True, territory__isnull=False) | Q(team__isnull=False, territory__isnull=True),
                name="target_of_team_or_territory",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="target_not_negative"),
            models.UniqueConstraint(
                fields=["plan", "team", "measure", "period"], condition=Q(team__isnull=False), name="target_team_once"
            ),
            models.UniqueConstraint(
                fields=["plan", "territory", "measure", "period"],
                condition=Q(territory__isnull=False),
                name="target_territory_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team_id or self.territory_id} {self.measure} {self.period_id}: {self.amount}"


class Quota(models.Model):
    """The number given to a person for one measure and leaf period."""

    plan = models.ForeignKey(CompanyPlan, models.PROTECT, related_name="quotas")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="quotas")
    measure = models.CharField(max_length=8, choices=Measure.choices)
    period = models.ForeignKey(Period, models.PROTECT, related_name="quotas")
    amount = MoneyField(_("amount"))

    objects = QuotaQuerySet.as_manager()
    history = reasoned()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "person", "measure", "period"], name="quota_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="quota_not_negative"),
        ]
        indexes = [models.Index(fields=["period", "measure", "person"], name="quota_by_period")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.measure} {self.period_id}: {self.amount}"
