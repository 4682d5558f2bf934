"""Packages of accounts that move from one territory to another on a day; history is never rewritten."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from spm.market.models import Account, Territory
from spm.org import clock
from spm.ui.fields import MoneyField
from targets.models import CompanyPlan, GoalBatch
from territories.choices import HoldOver, MoveState, MoveStep
from territories.querysets import MovedAccountQuerySet, MoveEventQuerySet, MovePackageQuerySet


class MovePackage(models.Model):
    """Accounts that go to ``to_territory`` on ``effective_on``; what is still open follows the hold-over policy.

    Applied, it has written dated placements and moved its part of both numbers; after that it does not change.
    ``to_person`` is who holds the territory on the day, kept from the proposal on: whom the package concerns.
    """

    name = models.CharField(_("name"), max_length=100)
    to_territory = models.ForeignKey(Territory, models.PROTECT, related_name="packages")
    to_person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    effective_on = models.DateField(_("effective on"))
    hold_over = models.CharField(_("hold-over"), max_length=8, choices=HoldOver.choices, default=HoldOver.ALL)
    hold_days = models.PositiveSmallIntegerField(_("days"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300)
    moves_quota = models.BooleanField(_("move quota too"), default=True)
    state = models.CharField(_("state"), max_length=8, choices=MoveState.choices, default=MoveState.DRAFT)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    activated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    activated_at = models.DateTimeField(null=True, blank=True)
    reverses = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="reversed_by")
    revision = models.ForeignKey(CompanyPlan, models.PROTECT, null=True, blank=True, related_name="+")
    batch = models.ForeignKey(GoalBatch, models.PROTECT, null=True, blank=True, related_name="+")
    figures = models.JSONField(default=dict, blank=True, editable=False)  # before and after, as it was applied
    problem = models.CharField(max_length=300, blank=True)  # why it could not be applied on its day
    version = models.PositiveIntegerField(default=0)

    objects = MovePackageQuerySet.as_manager()

    class Meta:
        ordering = ["-effective_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(hold_over="days", hold_days__gte=1) | (~Q(hold_over="days") & Q(hold_days__isnull=True)),
                name="move_package_days_with_their_policy",
            ),
            models.CheckConstraint(
                condition=Q(state="active", activated_at__isnull=False, to_person__isnull=False)
                | (~Q(state="active") & Q(activated_at__isnull=True)),
                name="move_package_applied_at_a_moment",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MovedAccount(models.Model):
    """One account of a package: where it comes from, and from when it stands in the new territory.

    ``moves_on`` is None while it waits for its last open opportunity to close. The amounts are those of the day on
    which the package was applied.
    """

    package = models.ForeignKey(MovePackage, models.CASCADE, related_name="accounts")
    account = models.ForeignKey(Account, models.PROTECT, related_name="moves")
    from_territory = models.ForeignKey(Territory, models.PROTECT, null=True, blank=True, related_name="moves_away")
    from_person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    moves_on = models.DateField(_("moves on"), null=True, blank=True)
    overtaken = models.BooleanField(default=False)  # it was placed elsewhere while it waited: the package leaves it
    potential = MoneyField(null=True, blank=True)
    pipeline = MoneyField(null=True, blank=True)
    last_year = MoneyField(null=True, blank=True)

    objects = MovedAccountQuerySet.as_manager()

    class Meta:
        ordering = ["package", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["package", "account"], name="moved_account_once"),
            models.CheckConstraint(
                condition=Q(overtaken=False) | Q(moves_on__isnull=True), name="moved_account_overtaken_never_moved"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} by {self.package_id}"


class MoveEvent(models.Model):
    """What happened to a package, for its page: append-only."""

    package = models.ForeignKey(MovePackage, models.CASCADE, related_name="events")
    step = models.CharField(max_length=8, choices=MoveStep.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)  # accounts concerned

    objects = MoveEventQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.package_id} {self.step}"
