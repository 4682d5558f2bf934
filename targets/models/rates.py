"""Currency rates: by date for actuals, fixed for the year for plans. One unit of ``currency`` is ``rate`` of ours."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from spm.org.models import FiscalYear
from targets.models.history import reasoned
from targets.querysets import RateQuerySet


def rate_field(**options: Any) -> models.DecimalField[Any, Any]:
    """Twelve decimals, for units that are worth little (dong, rupiah); SQLite keeps fifteen digits of it exactly."""
    return models.DecimalField(_("rate"), max_digits=18, decimal_places=12, **options)


class Rate(models.Model):
    """Holds from ``starts_on`` until the next one of the currency starts."""

    currency = models.CharField(_("currency"), max_length=3)
    starts_on = models.DateField(_("starts on"))
    rate = rate_field()

    objects = RateQuerySet.as_manager()

    class Meta:
        ordering = ["currency", "starts_on"]
        constraints = [
            models.UniqueConstraint(fields=["currency", "starts_on"], name="rate_once"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="rate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.starts_on}: {self.rate.normalize():f}"


class PlanRate(models.Model):
    """The rate at which a fiscal year was planned; once the year is locked it never moves (INV-50)."""

    fiscal_year = models.ForeignKey(FiscalYear, models.PROTECT, related_name="plan_rates")
    currency = models.CharField(_("currency"), max_length=3)
    rate = rate_field()
    history = reasoned()

    objects = RateQuerySet.as_manager()

    class Meta:
        ordering = ["fiscal_year", "currency"]
        constraints = [
            models.UniqueConstraint(fields=["fiscal_year", "currency"], name="plan_rate_once"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="plan_rate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.fiscal_year_id} {self.currency}: {self.rate.normalize():f}"
