"""Targets and what came of them: plan → targets → quotas downward, actuals → credits → totals upward.

Amounts are in the company's currency. Plans, targets and quotas are whole minor units; actuals and credits carry four
decimals. House (a person) and Unassigned (a territory) are stored sentinel rows, so no key of a credit is ever NULL.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from spm.imports.models import ImportBatch
from spm.market.models import Account, ProductFamily, Territory
from spm.org.models import Company, FiscalYear, Period, Team
from spm.ui.fields import MoneyField
from targets.choices import ActualKind, Measure, PlanKind, RunState, VersionReason
from targets.querysets import (
    ActualQuerySet,
    AttainmentQuerySet,
    CompanyPlanQuerySet,
    CreditQuerySet,
    PeriodTotalQuerySet,
    PlanLineQuerySet,
    QuotaQuerySet,
    RollupRunQuerySet,
    TargetQuerySet,
)


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

    The *working* version is in force; the *baseline* is a frozen copy, guarded below the ORM. Revisions and scenarios
    are versions of their own kind.
    """

    fiscal_year = models.ForeignKey(FiscalYear, models.PROTECT, related_name="plans")
    kind = models.CharField(max_length=8, choices=PlanKind.choices, default=PlanKind.WORKING)
    number = models.PositiveSmallIntegerField(default=1)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="plans")
    created_at = models.DateTimeField(auto_now_add=True)
    frozen_at = models.DateTimeField(null=True, blank=True)

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
    history = HistoricalRecords()

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
    history = HistoricalRecords()

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
    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "person", "measure", "period"], name="quota_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="quota_not_negative"),
        ]
        indexes = [models.Index(fields=["period", "measure", "person"], name="quota_by_period")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.measure} {self.period_id}: {self.amount}"


class Actual(models.Model):
    """One imported line, in force unless ``is_tombstone``. Identity is (source, normalised external id).

    ``territory`` is the explicit column of the line alone; where a credit counts is decided by ``targets.actuals``.
    """

    source = models.CharField(max_length=60)
    external_id = models.CharField(_("external id"), max_length=100)
    external_key = models.CharField(max_length=100, editable=False)
    kind = models.CharField(_("kind"), max_length=8, choices=ActualKind.choices)
    date = models.DateField(_("date"))
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="actuals")
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="actuals")
    territory = models.ForeignKey(Territory, models.PROTECT, null=True, blank=True, related_name="actuals")
    product_family = models.ForeignKey(ProductFamily, models.PROTECT, null=True, blank=True, related_name="actuals")
    partner = models.CharField(_("partner"), max_length=200, blank=True)
    amount = MoneyField(_("amount"))
    cost = MoneyField(_("cost"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    version = models.PositiveSmallIntegerField(default=1)
    is_tombstone = models.BooleanField(default=False)
    batch = models.ForeignKey(ImportBatch, models.PROTECT, null=True, blank=True, related_name="actuals")

    objects = ActualQuerySet.as_manager()

    class Meta:
        ordering = ["date", "pk"]
        constraints = [models.UniqueConstraint(fields=["source", "external_key"], name="actual_one_identity")]
        indexes = [models.Index(fields=["date", "kind"], name="actual_by_date")]

    def __str__(self) -> str:
        return f"{self.source} {self.external_id}"


class ActualVersion(models.Model):
    """What an Actual said before it was restated, vanished or was undone. Append-only."""

    actual = models.ForeignKey(Actual, models.PROTECT, related_name="versions")
    version = models.PositiveSmallIntegerField()
    values = models.JSONField()  # the columns of the line as they were, amounts as plain decimal strings
    delta = MoneyField()  # new amount − old amount
    reason = models.CharField(max_length=8, choices=VersionReason.choices)
    batch = models.ForeignKey(ImportBatch, models.PROTECT, null=True, blank=True, related_name="actual_versions")
    replaced_at = models.DateTimeField()

    class Meta:
        ordering = ["actual", "version"]
        constraints = [models.UniqueConstraint(fields=["actual", "version"], name="actual_version_once")]

    def __str__(self) -> str:
        return f"{self.actual_id} v{self.version}"


class Credit(models.Model):
    """The share of one actual counted for one person and one territory.

    ``date`` and ``kind`` repeat the actual's, so that a roll-up reads this table alone. Shares that are not overlay
    add to 1 and their amounts to the actual's, to the last ten-thousandth; overlay shares never count for a team,
    a territory or the company.
    """

    actual = models.ForeignKey(Actual, models.CASCADE, related_name="credits")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="credits")
    territory = models.ForeignKey(Territory, models.PROTECT, related_name="credits")
    kind = models.CharField(max_length=8, choices=ActualKind.choices)
    date = models.DateField()
    share = models.DecimalField(_("share"), max_digits=9, decimal_places=8, default=1)
    is_overlay = models.BooleanField(_("overlay"), default=False)
    is_default = models.BooleanField(default=True)  # made from the actual; False = loaded by the credits import
    is_placed = models.BooleanField(default=False)  # its territory stood in a file, so dated facts never move it
    amount = MoneyField()
    cost = MoneyField(null=True, blank=True)

    objects = CreditQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(share__gte=0, share__lte=1), name="credit_share_is_a_fraction"),
        ]
        indexes = [
            models.Index(fields=["date", "person", "territory"], name="credit_by_date"),
            models.Index(fields=["person", "date"], name="credit_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.share} of {self.actual_id} to {self.person_id}"


class RollupRun(models.Model):
    """One leaf period, to be rolled up (stale) or rolled up (done). Newest done run = the state a page shows.

    At most one stale row per period: writers make it in the transaction of their change, the roll-up turns it into a
    done one in the transaction that publishes the totals. Pages compare the newest id before and after reading.
    """

    period = models.ForeignKey(Period, models.PROTECT, related_name="runs")
    state = models.CharField(max_length=8, choices=RunState.choices, default=RunState.STALE)
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    milliseconds = models.PositiveIntegerField(default=0)
    credit_count = models.PositiveIntegerField(default=0)
    total_count = models.PositiveIntegerField(default=0)
    attainment_count = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)  # hash over the totals published
    recredit = models.BooleanField(default=False)  # dated facts changed: place the period's credits again first

    objects = RollupRunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["period"], condition=Q(state="stale"), name="rollup_run_one_stale"),
        ]

    def __str__(self) -> str:
        return f"{self.period_id} {self.state}"


def _key(to: Any, related_name: str, **options: Any) -> models.ForeignKey:
    """A foreign key of a derived table, which the roll-up alone writes, from keys that are constrained where it reads.

    A constraint and an index of its own per key would cost more than the sums; the unique constraints lead every read.
    """
    return models.ForeignKey(
        to, models.PROTECT, related_name=related_name, db_constraint=False, db_index=False, **options
    )


class PeriodTotal(models.Model):
    """Credited sums of one person in one territory for one measure and leaf period.

    ``amount`` counts for everybody; ``overlay`` for the person alone. ``base`` is the revenue the margin was earned on
    (lines with a known cost), zero for other measures.
    """

    run = _key(RollupRun, "period_totals")
    period = _key(Period, "totals")
    person = _key(settings.AUTH_USER_MODEL, "totals")
    territory = _key(Territory, "totals")
    measure = models.CharField(max_length=8, choices=Measure.choices)
    amount = MoneyField(default=0)
    overlay = MoneyField(default=0)
    base = MoneyField(default=0)
    overlay_base = MoneyField(default=0)
    lines = models.PositiveIntegerField(default=0)
    overlay_lines = models.PositiveIntegerField(default=0)
    cost_missing = models.PositiveIntegerField(default=0)

    objects = PeriodTotalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["period", "person", "territory", "measure"], name="period_total_once"),
        ]

    def __str__(self) -> str:
        return f"{self.period_id} {self.person_id} {self.measure}"


class Attainment(models.Model):
    """Numerator and denominator for one holder, measure and period (leaf, quarter or year); ratios are derived.

    Exactly one of ``person``, ``team``, ``territory``, ``company`` is set. ``actual`` of a person includes overlay
    credits, which ``overlay`` repeats; of a team, territory or the company it never does. ``target`` is the number
    given to the holder (own quota, target, company plan), ``quota_sum`` the quotas of the persons below; NULL = none.
    """

    run = _key(RollupRun, "attainments")
    period = _key(Period, "attainments")
    measure = models.CharField(max_length=8, choices=Measure.choices)
    person = _key(settings.AUTH_USER_MODEL, "attainments", null=True, blank=True)
    team = _key(Team, "attainments", null=True, blank=True)
    territory = _key(Territory, "attainments", null=True, blank=True)
    company = _key(Company, "attainments", null=True, blank=True)
    actual = MoneyField(default=0)
    overlay = MoneyField(default=0)
    base = MoneyField(default=0)
    overlay_base = MoneyField(default=0)
    target = MoneyField(null=True, blank=True)
    quota_sum = MoneyField(null=True, blank=True)
    lines = models.PositiveIntegerField(default=0)
    cost_missing = models.PositiveIntegerField(default=0)

    objects = AttainmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(person__isnull=False, team__isnull=True, territory__isnull=True, company__isnull=True)
                    | Q(person__isnull=True, team__isnull=False, territory__isnull=True, company__isnull=True)
                    | Q(person__isnull=True, team__isnull=True, territory__isnull=False, company__isnull=True)
                    | Q(person__isnull=True, team__isnull=True, territory__isnull=True, company__isnull=False)
                ),
                name="attainment_one_scope",
            ),
            models.UniqueConstraint(
                fields=["period", "measure", "person"], condition=Q(person__isnull=False), name="attainment_person_once"
            ),
            models.UniqueConstraint(
                fields=["period", "measure", "team"], condition=Q(team__isnull=False), name="attainment_team_once"
            ),
            models.UniqueConstraint(
                fields=["period", "measure", "territory"],
                condition=Q(territory__isnull=False),
                name="attainment_territory_once",
            ),
            models.UniqueConstraint(
                fields=["period", "measure", "company"],
                condition=Q(company__isnull=False),
                name="attainment_company_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period_id} {self.measure}"


class PeriodClosing(models.Model):
    """A closing of one leaf period: the snapshot of its totals, and how it came to be open again. Append-only."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="closings")
    closed_at = models.DateTimeField()
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="closings")
    digest = models.CharField(max_length=64)
    rows = models.JSONField()  # the attainment rows of the period as closed, amounts as plain decimal strings
    difference = models.JSONField(default=list)  # against the closing before it: rows that changed meanwhile
    reopening = models.OneToOneField(
        "PeriodReopening", models.PROTECT, null=True, blank=True, related_name="closed_again"
    )  # the reopening that this closing ends

    class Meta:
        ordering = ["period", "pk"]

    def __str__(self) -> str:
        return f"{self.period_id} closed {self.closed_at:%Y-%m-%d}"


class PeriodReopening(models.Model):
    """An admin opened a closed period again, with a reason. Append-only."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="reopenings")
    reopened_at = models.DateTimeField()
    reopened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="reopenings")
    reason = models.CharField(_("reason"), max_length=500)

    class Meta:
        ordering = ["period", "pk"]

    def __str__(self) -> str:
        return f"{self.period_id} reopened {self.reopened_at:%Y-%m-%d}"
