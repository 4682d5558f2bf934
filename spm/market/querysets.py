"""Reads of the market, and who may see which part of it."""

from datetime import date
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery

from spm.market.choices import HELPING, KEY_TIERS, AssignmentRole
from spm.org.clock import today
from spm.org.querysets import DatedQuerySet
from spm.org.scopes import scope_of

if TYPE_CHECKING:
    from spm.org.models import User


def is_key(account: str = "") -> Q:
    """A key account: its tier is one of ``KEY_TIERS``. ``account``: path to it, such as ``account__``."""
    found = Q()
    for tier in KEY_TIERS:
        found |= Q(**{f"{account}tier__iexact": tier})
    return found


class TerritoryQuerySet(models.QuerySet[Any]):
    def real(self) -> Self:
        """Everything but the Unassigned sentinel."""
        return self.filter(is_unassigned=False)

    def visible_to(self, user: "User") -> Self:
        """Admins: all. Others: territories held today by people they see."""
        scope = scope_of(user)
        if scope.everything:
            return self
        held = self.model.assignments.rel.related_model.objects.as_of(today()).filter(person__in=scope.people)
        return self.filter(pk__in=held.values("territory"))


class AssignmentQuerySet(DatedQuerySet):
    subject = ("territory_id",)

    def as_of(self, day: date) -> Self:
        """Owners in force on ``day``, and overlays: for each territory and person the newest row, unless it ends."""
        started = self.model._default_manager.filter(starts_on__lte=day, territory=OuterRef("territory"))
        owner = started.filter(role=AssignmentRole.OWNER).order_by("-starts_on").values("starts_on")[:1]
        overlay = (
            started.filter(role__in=HELPING, person=OuterRef("person")).order_by("-starts_on").values("starts_on")[:1]
        )
        return self.filter(
            Q(role=AssignmentRole.OWNER, starts_on=Subquery(owner))
            | Q(role=AssignmentRole.OVERLAY, starts_on=Subquery(overlay))
        )

    def visible_to(self, user: "User") -> Self:
        scope = scope_of(user)
        return self if scope.everything else self.filter(person__in=scope.people)


class AccountQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Admins: all. Others: accounts owned by people they see, or placed in territories those people hold today."""
        scope = scope_of(user)
        if scope.everything:
            return self
        placement = self.model.placements.rel.related_model.objects
        territory = placement.model._meta.get_field("territory").related_model.objects.visible_to(user)
        placed = placement.as_of(today()).filter(territory__in=territory)
        return self.filter(Q(owner__in=scope.people) | Q(pk__in=placed.values("account")))

    def worked_by(self, user: "User") -> Self:
        """Those whose map and plan the user may open: placed today in a territory that people they see hold today.

        An account that stands in no territory is its owner's. Whoever held it before has no part in it from the day
        it moves. Admins: all.
        """
        scope = scope_of(user)
        if scope.everything:
            return self
        placement = self.model.placements.rel.related_model.objects
        territory = placement.model._meta.get_field("territory").related_model.objects.visible_to(user)
        today_placed = placement.as_of(today()).filter(territory__isnull=False)
        here = today_placed.filter(territory__in=territory)
        owned = Q(owner__in=scope.people) & ~Q(pk__in=today_placed.values("account"))
        return self.filter(Q(pk__in=here.values("account")) | owned)


class AccountPlacementQuerySet(DatedQuerySet):
    subject = ("account_id",)

    def visible_to(self, user: "User") -> Self:
        scope = scope_of(user)
        if scope.everything:
            return self
        territory = self.model._meta.get_field("territory").related_model.objects.visible_to(user)
        return self.filter(territory__in=territory)


class ContactQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """As the account."""
        if scope_of(user).everything:
            return self
        account = self.model._meta.get_field("account").related_model.objects
        return self.filter(account__in=account.visible_to(user))

    def here_first(self) -> Self:
        """Whoever is still there before who left: of two with one name the first is meant."""
        return self.order_by(F("left_on").asc(nulls_first=True), "pk")


class OpportunityQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Admins: all. Others: those owned by people they see."""
        scope = scope_of(user)
        return self if scope.everything else self.filter(owner__in=scope.people)

    def open_on(self, day: date) -> Self:
        """Opened by then and not closed by the end of that day."""
        return self.filter(opened_on__lte=day).filter(Q(closed_on=None) | Q(closed_on__gt=day))
