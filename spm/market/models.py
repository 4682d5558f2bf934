"""The market: territories and who holds them, accounts and where they stand.

Assignments and placements are dated facts without end dates, as in ``spm.org.models``.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from spm.keys import normalise
from spm.market.choices import AssignmentRole, Outcome
from spm.market.querysets import (
    AccountPlacementQuerySet,
    AccountQuerySet,
    AssignmentQuerySet,
    ContactQuerySet,
    OpportunityQuerySet,
    TerritoryQuerySet,
)
from spm.org.models import ALWAYS
from spm.ui.fields import MoneyField


class Territory(models.Model):
    """A slice of the market. One sentinel row, *Unassigned*, takes credits that no territory claims."""

    code = models.CharField(_("code"), max_length=200)
    key = models.CharField(max_length=200, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    is_unassigned = models.BooleanField(default=False, editable=False)
    version = models.PositiveIntegerField(default=0)

    objects = TerritoryQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["version"])

    class Meta:
        ordering = ["name", "pk"]
        verbose_name_plural = _("territories")
        constraints = [
            models.UniqueConstraint(
                fields=["is_unassigned"], condition=Q(is_unassigned=True), name="territory_one_unassigned"
            ),
            models.CheckConstraint(condition=~Q(pk=F("parent")), name="territory_not_its_own_parent"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shown_name(self) -> str:
        """The name on screen: that of *Unassigned* in the language of the reader."""
        return gettext("Unassigned") if self.is_unassigned else self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.key = normalise(self.code)
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # passed through untouched


class Assignment(models.Model):
    """From ``starts_on`` the territory is held by ``person``; without one it is vacant.

    The owner is one per territory and day; overlay people (specialists who help) may be several, each until a row of
    role *ended*.
    """

    territory = models.ForeignKey(Territory, models.PROTECT, related_name="assignments")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="assignments"
    )
    role = models.CharField(_("role"), max_length=8, choices=AssignmentRole.choices, default=AssignmentRole.OWNER)
    starts_on = models.DateField(_("starts on"), default=ALWAYS)

    objects = AssignmentQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["territory", "starts_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["territory", "starts_on"], condition=Q(role="owner"), name="assignment_one_owner_a_day"
            ),
            models.UniqueConstraint(
                fields=["territory", "person", "starts_on"], condition=~Q(role="owner"), name="assignment_overlay_once"
            ),
            models.CheckConstraint(
                condition=Q(role="owner") | Q(person__isnull=False), name="assignment_overlay_has_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.territory_id} held by {self.person_id} from {self.starts_on}"


class ProductFamily(models.Model):
    """A family of products, created by the first line that names it."""

    name = models.CharField(_("name"), max_length=200)
    key = models.CharField(max_length=200, unique=True, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = _("product families")

    def __str__(self) -> str:
        return self.name


class Account(models.Model):
    """A customer or target customer. ``potential`` is a year's amount in the company's currency."""

    external_id = models.CharField(_("account id"), max_length=100)
    key = models.CharField(max_length=100, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=300)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    industry = models.CharField(_("industry"), max_length=120, blank=True)
    segment = models.CharField(_("segment"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=120, blank=True)
    region = models.CharField(_("region"), max_length=120, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    tier = models.CharField(_("tier"), max_length=40, blank=True)
    potential = MoneyField(_("potential"), null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="owned_accounts"
    )
    version = models.PositiveIntegerField(default=0)

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.key = normalise(self.external_id)
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # passed through untouched


class Contact(models.Model):
    """A person at an account. ``external_id`` is the one of the CRM; a contact entered by hand has none."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="contacts")
    external_id = models.CharField(_("contact id"), max_length=100, blank=True)
    key = models.CharField(max_length=100, editable=False, blank=True)
    name = models.CharField(_("name"), max_length=200)
    title = models.CharField(_("title"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), max_length=254, blank=True)
    phone = models.CharField(_("phone"), max_length=60, blank=True)
    left_on = models.DateField(_("left on"), null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="contact_once")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.key = normalise(self.external_id)
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # passed through untouched


class Opportunity(models.Model):
    """A possible order, as the CRM has it: open until it is won or lost. ``amount`` is in the company's currency."""

    external_id = models.CharField(_("opportunity id"), max_length=100)
    key = models.CharField(max_length=100, unique=True, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="opportunities")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="opportunities"
    )
    name = models.CharField(_("name"), max_length=300)
    product_family = models.ForeignKey(
        ProductFamily, models.PROTECT, null=True, blank=True, related_name="opportunities"
    )
    amount = MoneyField(_("amount"), null=True, blank=True)
    opened_on = models.DateField(_("opened on"))
    close_on = models.DateField(_("expected close"), null=True, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome.choices, default=Outcome.OPEN)
    version = models.PositiveIntegerField(default=0)

    objects = OpportunityQuerySet.as_manager()

    class Meta:
        ordering = ["close_on", "pk"]
        verbose_name_plural = _("opportunities")
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="open", closed_on__isnull=True) | (~Q(outcome="open") & Q(closed_on__isnull=False)),
                name="opportunity_closed_on_a_day",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.key = normalise(self.external_id)
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # passed through untouched


class AccountPlacement(models.Model):
    """From ``starts_on`` the account stands in ``territory``; without one, in none."""

    # The constraint below begins with the account, and serves whoever looks for one.
    account = models.ForeignKey(Account, models.PROTECT, related_name="placements", db_index=False)
    territory = models.ForeignKey(Territory, models.PROTECT, null=True, blank=True, related_name="account_placements")
    starts_on = models.DateField(_("starts on"), default=ALWAYS)

    objects = AccountPlacementQuerySet.as_manager()
    history = HistoricalRecords(no_db_index=["account", "territory"])  # written by the hundred thousand, read by row

    class Meta:
        ordering = ["account", "starts_on"]
        constraints = [models.UniqueConstraint(fields=["account", "starts_on"], name="account_placement_once_a_day")]

    def __str__(self) -> str:
        return f"{self.account_id} in {self.territory_id} from {self.starts_on}"
