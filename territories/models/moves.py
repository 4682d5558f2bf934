"""Packages of accounts that move from one territory to another on a day; history is never rewritten."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from spm.market.models import Account, Territory
from territories.choices import HoldOver, MoveState
from territories.querysets import MovedAccountQuerySet, MovePackageQuerySet


class MovePackage(models.Model):
    """Accounts that go to ``to_territory`` on ``effective_on``; what is still open follows the hold-over policy.

    Activated, it writes dated placements and asks for a revision of both quotas; after that it does not change.
    """

    name = models.CharField(_("name"), max_length=100)
    to_territory = models.ForeignKey(Territory, models.PROTECT, related_name="packages")
    effective_on = models.DateField(_("effective on"))
    hold_over = models.CharField(_("hold-over"), max_length=8, choices=HoldOver.choices, default=HoldOver.ALL)
    hold_days = models.PositiveSmallIntegerField(_("days"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300)
    moves_quota = models.BooleanField(_("move quota too"), default=True)
    state = models.CharField(_("state"), max_length=8, choices=MoveState.choices, default=MoveState.DRAFT)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    activated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    activated_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = MovePackageQuerySet.as_manager()

    class Meta:
        ordering = ["-effective_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(hold_over="days", hold_days__gte=1) | (~Q(hold_over="days") & Q(hold_days__isnull=True)),
                name="move_package_days_with_their_policy",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MovedAccount(models.Model):
    """One account of a package: where it comes from, and from when it stands in the new territory.

    ``moves_on`` is None while it waits for its last open opportunity to close.
    """

    package = models.ForeignKey(MovePackage, models.CASCADE, related_name="accounts")
    account = models.ForeignKey(Account, models.PROTECT, related_name="moves")
    from_territory = models.ForeignKey(Territory, models.PROTECT, null=True, blank=True, related_name="moves_away")
    moves_on = models.DateField(_("moves on"), null=True, blank=True)

    objects = MovedAccountQuerySet.as_manager()

    class Meta:
        ordering = ["package", "pk"]
        constraints = [models.UniqueConstraint(fields=["package", "account"], name="moved_account_once")]

    def __str__(self) -> str:
        return f"{self.account_id} by {self.package_id}"
