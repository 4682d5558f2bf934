"""Target markets of a territory, and the customers we want in it, in their order.

What is taken out keeps its row with ``removed_at``, so that undo brings the same row back. A customer has a rank as
long as it is wanted; won or dropped, it is ranked no more.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from spm.keys import normalise
from spm.market.models import Account, ProductFamily, Territory
from spm.ui.fields import MoneyField
from territories import caps
from territories.choices import TargetMarketKind, TargetStatus
from territories.querysets import TargetCustomerQuerySet, TargetMarketQuerySet

STANDS = Q(removed_at__isnull=True)
WANTED = STANDS & Q(status=TargetStatus.OPEN)


class TargetMarket(models.Model):
    """A part of the market that this territory goes for: why, the customer that fits it, a year's potential, whose."""

    territory = models.ForeignKey(Territory, models.PROTECT, related_name="target_markets")
    position = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(_("kind"), max_length=8, choices=TargetMarketKind.choices, default=TargetMarketKind.SEGMENT)
    name = models.CharField(_("name"), max_length=120)
    reason = models.CharField(_("why"), max_length=caps.WHY, blank=True, default="")
    profile = models.CharField(_("ideal customer"), max_length=300, blank=True)
    potential = MoneyField(_("potential"), null=True, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)
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
    """A customer we want, ranked within its territory: an account, or a name that is none yet.

    ``potential`` is a year's amount. ``outcome_words``: why it was dropped, or what won it.
    """

    territory = models.ForeignKey(Territory, models.PROTECT, related_name="target_customers")
    rank = models.PositiveSmallIntegerField(_("rank"), null=True, blank=True)
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="targeted")
    name = models.CharField(_("name"), max_length=300, blank=True)
    key = models.CharField(max_length=300, editable=False, blank=True)
    product_family = models.ForeignKey(
        ProductFamily, models.PROTECT, null=True, blank=True, related_name="targeted", verbose_name=_("product family")
    )
    potential = MoneyField(_("potential"), null=True, blank=True)
    reason = models.CharField(_("why"), max_length=caps.WHY, blank=True)
    next_step = models.CharField(_("next step"), max_length=caps.NEXT_STEP, blank=True, default="")
    status = models.CharField(_("status"), max_length=8, choices=TargetStatus.choices, default=TargetStatus.OPEN)
    outcome_words = models.CharField(_("reason"), max_length=caps.WHY, blank=True, default="")
    removed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = TargetCustomerQuerySet.as_manager()

    class Meta:
        ordering = ["territory", models.F("rank").asc(nulls_last=True), "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["territory", "account"],
                condition=STANDS & Q(account__isnull=False),
                name="target_customer_account_once",
            ),
            models.UniqueConstraint(
                fields=["territory", "key"],
                condition=STANDS & Q(account__isnull=True),
                name="target_customer_name_once",
            ),
            models.CheckConstraint(
                condition=Q(account__isnull=False, name="") | (Q(account__isnull=True) & ~Q(name="")),
                name="target_customer_account_or_name",
            ),
            models.CheckConstraint(
                condition=Q(potential__isnull=True) | Q(potential__gte=0), name="target_customer_potential_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(rank__isnull=False, rank__gte=1, status="open", removed_at__isnull=True)
                | Q(rank__isnull=True) & (~Q(status="open") | Q(removed_at__isnull=False)),
                name="target_customer_ranked_while_wanted",
            ),
            models.CheckConstraint(
                condition=~Q(status="dropped") | ~Q(outcome_words=""), name="target_customer_dropped_with_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(self.account_id)

    def save(self, *args: object, **kwargs: object) -> None:
        self.key = "" if self.account_id else normalise(self.name)
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # passed through untouched
