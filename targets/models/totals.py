"""What the roll-up alone writes: its runs, the totals of leaf periods, and the attainment of every holder."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from spm.market.models import Territory
from spm.org.models import Company, Period, Team
from spm.ui.fields import MoneyField
from targets.choices import Measure, RunState
from targets.querysets import AttainmentQuerySet, PeriodTotalQuerySet, RollupRunQuerySet


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
    (lines with a known cost), zero for other measures. ``effect`` is the part of ``amount`` that came from rates of
    exchange other than the plan's.
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
    overlay_cost_missing = models.PositiveIntegerField(default=0)
    effect = MoneyField(default=0)
    overlay_effect = MoneyField(default=0)

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
    credits, which ``overlay`` repeats; of a team, territory or the company it never does. ``lines`` counts the same
    credits, and for margin ``cost_missing`` those of them without a known cost. ``target`` is the number given to the
    holder (own quota, target, company plan), ``quota_sum`` the quotas of the persons below; NULL = none. ``effect`` is
    the part of ``actual`` that came from rates of exchange other than the plan's: actual − effect is at plan rates.
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
    effect = MoneyField(default=0)

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
