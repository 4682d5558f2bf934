"""What stands beside the numbers while they are allocated: holds, proposals from below, ramps, batches of changes."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from spm.org import clock
from spm.org.models import Period, Team
from spm.ui.fields import MoneyField
from targets.choices import BatchKind, Measure
from targets.models.cycles import PlanningCycle, percent_field
from targets.models.history import reasoned
from targets.models.plans import CompanyPlan
from targets.querysets import GoalBatchQuerySet, OfHolderQuerySet, RampAssignmentQuerySet, RampScheduleQuerySet

ONE_HOLDER = Q(person__isnull=True, team__isnull=False) | Q(person__isnull=False, team__isnull=True)


class Hold(models.Model):
    """A number that stays when a total is spread: of a person or a team, for a period of any level."""

    plan = models.ForeignKey(CompanyPlan, models.CASCADE, related_name="holds")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="holds")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="holds")
    measure = models.CharField(max_length=8, choices=Measure.choices)
    period = models.ForeignKey(Period, models.PROTECT, related_name="holds")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = OfHolderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=ONE_HOLDER, name="hold_of_person_or_team"),
            models.UniqueConstraint(
                fields=["plan", "person", "measure", "period"], condition=Q(person__isnull=False), name="hold_once"
            ),
            models.UniqueConstraint(
                fields=["plan", "team", "measure", "period"], condition=Q(team__isnull=False), name="hold_team_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id or self.team_id} {self.measure} {self.period_id}"


class Proposal(models.Model):
    """Bottom-up: what a rep, or the lead of a team, thinks the year can be. Beside the target, never instead of it."""

    cycle = models.ForeignKey(PlanningCycle, models.PROTECT, related_name="proposals")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="proposals"
    )
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="proposals")
    measure = models.CharField(max_length=8, choices=Measure.choices)
    amount = MoneyField(_("amount"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=clock.now, editable=False)

    objects = OfHolderQuerySet.as_manager()
    history = reasoned()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=ONE_HOLDER, name="proposal_of_person_or_team"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="proposal_not_negative"),
            models.UniqueConstraint(
                fields=["cycle", "person", "measure"], condition=Q(person__isnull=False), name="proposal_once"
            ),
            models.UniqueConstraint(
                fields=["cycle", "team", "measure"], condition=Q(team__isnull=False), name="proposal_team_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id or self.team_id} {self.measure}: {self.amount}"


class RampSchedule(models.Model):
    """How much of a full quota a new hire carries in each month since the start."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    is_default = models.BooleanField(_("for everybody without one of their own"), default=False)
    version = models.PositiveIntegerField(default=0)

    objects = RampScheduleQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="ramp_one_default")
        ]

    def __str__(self) -> str:
        return self.name


class RampStep(models.Model):
    """Month 1 is the month of the start; after the last step the quota is full."""

    schedule = models.ForeignKey(RampSchedule, models.CASCADE, related_name="steps")
    month_no = models.PositiveSmallIntegerField(_("month"))
    percent = percent_field(_("% of the quota"))

    class Meta:
        ordering = ["schedule", "month_no"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "month_no"], name="ramp_step_once"),
            models.CheckConstraint(condition=Q(percent__gte=0, percent__lte=100), name="ramp_step_is_a_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.month_no}: {self.percent} %"


class RampAssignment(models.Model):
    """The schedule of one person, in place of the default one; none at all where ``schedule`` is empty."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="ramp")
    schedule = models.ForeignKey(RampSchedule, models.PROTECT, null=True, blank=True, related_name="assignments")
    starts_on = models.DateField(_("starts on"))

    objects = RampAssignmentQuerySet.as_manager()
    history = HistoricalRecords()

    def __str__(self) -> str:
        return f"{self.person_id} {self.schedule_id}"


class GoalBatch(models.Model):
    """One change of many numbers at once, which one undo takes back. The newest id is a grid's revision number.

    ``changes``: [table, holder column, holder, measure, leaf period, before, after]; amounts are plain decimal strings,
    null = no number.
    """

    plan = models.ForeignKey(CompanyPlan, models.CASCADE, related_name="batches")
    kind = models.CharField(max_length=8, choices=BatchKind.choices)
    changes = models.JSONField()
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=clock.now, editable=False)
    revision = models.OneToOneField(
        CompanyPlan, models.PROTECT, null=True, blank=True, related_name="applied_by"
    )  # whose approval wrote this
    undoes = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="undone_by")

    objects = GoalBatchQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["plan", "by"], name="goal_batch_by_plan")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.plan_id} ({self.pk})"
