"""Target markets of a territory, and the customers we want in it, in their order."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from spm.market.models import Account, Territory
from spm.ui.fields import MoneyField
from territories.choices import TargetMarketKind
from territories.querysets import TargetCustomerQuerySet, TargetMarketQuerySet


class TargetMarket(models.Model):
    """A part of the market that this territory goes for, the customer that fits it, and a year's potential."""

    territory = models.ForeignKey(Territory, models.PROTECT, related_name="target_markets")
    position = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(_("kind"), max_length=8, choices=TargetMarketKind.choices, default=TargetMarketKind.SEGMENT)
    name = models.CharField(_("name"), max_length=120)
    profile = models.CharField(_("ideal customer"), max_length=300, blank=True)
    potential = MoneyField(_("potential"), null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = TargetMarketQuerySet.as_manager()

    class Meta:
        ordering = ["territory", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(potential__isnull=True) | Q(potential__gte=0), name="target_market_potential_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TargetCustomer(models.Model):
    """A customer we want, ranked within its territory: an account, or a name that is none yet."""

    territory = models.ForeignKey(Territory, models.PROTECT, related_name="target_customers")
    rank = models.PositiveSmallIntegerField(_("rank"))
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="targeted")
    name = models.CharField(_("name"), max_length=300, blank=True)
    key = models.CharField(max_length=300, editable=False, blank=True)
    potential = MoneyField(_("potential"), null=True, blank=True)
    reason = models.CharField(_("why"), max_length=200, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = TargetCustomerQuerySet.as_manager()

    class Meta:
        ordering = ["territory", "rank", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["territory", "account"], condition=Q(account__isnull=False), name="target_customer_account_once"
            ),
            models.UniqueConstraint(
                fields=["territory", "key"], condition=Q(account__isnull=True), name="target_customer_name_once"
            ),
            models.CheckConstraint(
                condition=Q(account__isnull=False, name="") | (Q(account__isnull=True) & ~Q(name="")),
                name="target_customer_account_or_name",
            ),
            models.CheckConstraint(
                condition=Q(potential__isnull=True) | Q(potential__gte=0), name="target_customer_potential_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(self.account_id)
