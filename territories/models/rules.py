"""Rules that say in which territory an account stands. A set is drafted, previewed and activated on a day."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from spm.market.models import Account, Territory
from spm.ui.fields import MoneyField
from territories.choices import RuleSetState
from territories.querysets import RuleSetQuerySet, TerritoryRuleQuerySet

CRITERIA = ("country", "region", "industry", "segment")
"""Columns of a rule that an account's column of the same name must equal, in normal form; empty = any."""


class RuleSet(models.Model):
    """All rules of the company as of a day. Activated, it places accounts by dated rows and is never changed again."""

    name = models.CharField(_("name"), max_length=100)
    state = models.CharField(_("state"), max_length=8, choices=RuleSetState.choices, default=RuleSetState.DRAFT)
    starts_on = models.DateField(_("starts on"), null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    activated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    activated_at = models.DateTimeField(null=True, blank=True)
    moved_count = models.PositiveIntegerField(default=0)  # accounts that its activation placed anew
    version = models.PositiveIntegerField(default=0)

    objects = RuleSetQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["starts_on"], condition=Q(state="active"), name="rule_set_one_a_day"),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(starts_on__isnull=False, activated_at__isnull=False),
                name="rule_set_active_from_a_day",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TerritoryRule(models.Model):
    """Accounts that meet every criterion stand in ``territory``; the smallest ``priority`` wins.

    A named account (``account``) beats every rule and has no other criterion. ``country``, ``region``, ``industry``
    and ``segment`` are kept in normal form (``spm.keys.normalise``). Postal codes are compared as text: ``postal_from``
    ≤ the code's first characters ≤ ``postal_to``, each as long as the bound. ``size`` is the account's potential.
    """

    rule_set = models.ForeignKey(RuleSet, models.CASCADE, related_name="rules")
    territory = models.ForeignKey(Territory, models.PROTECT, related_name="rules")
    priority = models.PositiveIntegerField(_("priority"), default=100)
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="rules")
    country = models.CharField(_("country"), max_length=120, blank=True)
    region = models.CharField(_("region"), max_length=120, blank=True)
    postal_from = models.CharField(_("postal code from"), max_length=20, blank=True)
    postal_to = models.CharField(_("postal code to"), max_length=20, blank=True)
    industry = models.CharField(_("industry"), max_length=120, blank=True)
    segment = models.CharField(_("segment"), max_length=120, blank=True)
    size_from = MoneyField(_("size from"), null=True, blank=True)
    size_to = MoneyField(_("size to"), null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = TerritoryRuleQuerySet.as_manager()

    class Meta:
        ordering = ["rule_set", "priority", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule_set", "account"], condition=Q(account__isnull=False), name="territory_rule_account_once"
            ),
            models.CheckConstraint(
                condition=Q(account__isnull=True)
                | Q(
                    country="", region="", postal_from="", postal_to="", industry="", segment="",
                    size_from__isnull=True, size_to__isnull=True,
                ),
                name="territory_rule_named_alone",
            ),
            models.CheckConstraint(
                condition=Q(size_from__isnull=True) | Q(size_to__isnull=True) | Q(size_from__lte=F("size_to")),
                name="territory_rule_size_ascends",
            ),
            models.CheckConstraint(
                condition=Q(postal_from="") | Q(postal_to="") | Q(postal_from__lte=F("postal_to")),
                name="territory_rule_postal_ascends",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.priority}: {self.territory_id}"
