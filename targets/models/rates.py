"""Currency rates: by date for actuals, fixed for the year for plans. One unit of ``currency`` is ``rate`` of ours."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from spm.org.models import FiscalYear
from targets.querysets import RateQuerySet


def rate_field() -> models.DecimalField[Any, Any]:
    """Eight decimals are more than any bank quotes."""
    return models.DecimalField(_("rate"), max_digits=15, decimal_places=8)


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
        return f"{self.currency} {self.starts_on}: {self.rate}"


class PlanRate(models.Model):
    """The rate at which a fiscal year was planned; it never moves once the cycle is locked."""

    fiscal_year = models.ForeignKey(FiscalYear, models.PROTECT, related_name="plan_rates")
    currency = models.CharField(_("currency"), max_length=3)
    rate = rate_field()

    objects = RateQuerySet.as_manager()

    class Meta:
        ordering = ["fiscal_year", "currency"]
        constraints = [
            models.UniqueConstraint(fields=["fiscal_year", "currency"], name="plan_rate_once"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="plan_rate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.fiscal_year_id} {self.currency}: {self.rate}"
