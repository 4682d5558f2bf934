"""Upward: imported lines, what they said before, and the credits they give.

Amounts carry four decimals; those of lines in another currency are whole minor units, as they were converted.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from spm.imports.models import ImportBatch
from spm.market.models import Account, ProductFamily, Territory
from spm.ui.fields import MoneyField
from targets.choices import ActualKind, VersionReason
from targets.models.rates import rate_field
from targets.querysets import ActualQuerySet, CreditQuerySet


class Actual(models.Model):
    """One imported line, in force unless ``is_tombstone``. Identity is (source, normalised external id).

    ``territory`` is the explicit column of the line alone; where a credit counts is decided by ``targets.actuals``.
    ``amount`` and ``cost`` are what counts, in company currency. Of a line in another ``currency`` the given columns
    keep what its file said, and ``rate`` the rate it was counted at, which stays with it (``targets.rates``).
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
    given_amount = MoneyField(_("amount given"), null=True, blank=True)
    given_cost = MoneyField(_("cost given"), null=True, blank=True)
    rate = rate_field(null=True, blank=True)
    version = models.PositiveSmallIntegerField(default=1)
    is_tombstone = models.BooleanField(default=False)
    batch = models.ForeignKey(ImportBatch, models.PROTECT, null=True, blank=True, related_name="actuals")

    objects = ActualQuerySet.as_manager()

    class Meta:
        ordering = ["date", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["source", "external_key"], name="actual_one_identity"),
            models.CheckConstraint(
                condition=Q(rate__isnull=True, given_amount__isnull=True, given_cost__isnull=True)
                | Q(rate__gt=0, given_amount__isnull=False),
                name="actual_given_with_rate",
            ),
        ]
        indexes = [
            models.Index(fields=["date", "kind"], name="actual_by_date"),
            models.Index(fields=["currency", "date"], condition=Q(rate__isnull=False), name="actual_converted"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.external_id}"


class ActualVersion(models.Model):
    """What an Actual said before it was restated, vanished or was undone. Append-only."""

    actual = models.ForeignKey(Actual, models.PROTECT, related_name="versions")
    version = models.PositiveSmallIntegerField()
    values = models.JSONField()  # the columns of the line as they were, amounts as plain decimal strings
    delta = MoneyField()  # new amount − old amount, in company currency
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
    a territory or the company. ``effect`` is what of ``amount`` came from the rate of the day instead of the plan rate
    of the year, ``cost_effect`` of ``cost``: amount − effect is the amount at the plan rate (``targets.effects``).
    """

    actual = models.ForeignKey(Actual, models.CASCADE, related_name="credits")
    # The index of person and date below serves whoever looks for a person.
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="credits", db_index=False)
    territory = models.ForeignKey(Territory, models.PROTECT, related_name="credits")
    kind = models.CharField(max_length=8, choices=ActualKind.choices)
    date = models.DateField()
    share = models.DecimalField(_("share"), max_digits=9, decimal_places=8, default=1)
    is_overlay = models.BooleanField(_("overlay"), default=False)
    is_default = models.BooleanField(default=True)  # made from the actual; False = loaded by the credits import
    is_placed = models.BooleanField(default=False)  # its territory stood in a file, so dated facts never move it
    amount = MoneyField()
    cost = MoneyField(null=True, blank=True)
    effect = MoneyField(default=0, db_default=0)
    cost_effect = MoneyField(default=0, db_default=0)

    objects = CreditQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(share__gte=0, share__lte=1), name="credit_share_is_a_fraction"),
        ]
        indexes = [
            models.Index(fields=["date", "person", "territory"], name="credit_by_date"),
            models.Index(fields=["person", "date"], name="credit_by_person"),
            models.Index(fields=["date"], condition=~(Q(effect=0) & Q(cost_effect=0)), name="credit_with_effect"),
        ]

    def __str__(self) -> str:
        return f"{self.share} of {self.actual_id} to {self.person_id}"
