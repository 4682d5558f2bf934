"""Reads of one model of territories, and who may see which rows."""

from datetime import date
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from spm.jobs.choices import JobState
from spm.market.models import Account, Territory
from spm.org.scopes import scope_of
from territories.choices import MoveState, PlanState, RuleSetState, Section, TargetStatus

if TYPE_CHECKING:
    from datetime import datetime

    from spm.org.models import User


TOLD = (MoveState.PROPOSED, MoveState.ACTIVE)


class _AdminsAlone(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        return self if scope_of(user).everything else self.none()


class RuleSetQuerySet(_AdminsAlone):
    """How the market is cut is for admins."""

    def drafts(self) -> Self:
        return self.filter(state=RuleSetState.DRAFT)


class TerritoryRuleQuerySet(_AdminsAlone):
    """As the set."""


class MovePackageQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Admins all; once proposed, whoever sees a person it takes from or gives to; before, of those its maker.

        Who made it and leads none of them any more sees nothing of it (INV-37).
        """
        scope = scope_of(user)
        if scope.everything:
            return self
        known = Q(state__in=TOLD) | (Q(created_by=user.pk) if scope.is_manager else Q(pk__in=[]))
        moved = self.model.accounts.rel.related_model.objects.filter(from_person__in=scope.people)
        concerns = Q(to_person__in=scope.people) | Q(pk__in=moved.order_by().values("package"))
        return self.filter(known & concerns)

    def told(self) -> Self:
        """Proposed or applied: whom it concerns knows of it."""
        return self.filter(state__in=TOLD)


class MovedAccountQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Of a package that is seen, those taken from or given to people the user sees."""
        scope = scope_of(user)
        if scope.everything:
            return self
        known = Q(package__state__in=TOLD) | (Q(package__created_by=user.pk) if scope.is_manager else Q(pk__in=[]))
        mine = Q(package__to_person__in=scope.people) | Q(from_person__in=scope.people)
        return self.filter(known & mine)

    def waiting(self) -> Self:
        """Held until their last opportunity closes."""
        return self.filter(package__state=MoveState.ACTIVE, moves_on=None, overtaken=False)


class MoveEventQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """As the package."""
        packages = self.model._meta.get_field("package").related_model.objects
        return self if scope_of(user).everything else self.filter(package__in=packages.visible_to(user))


class _OfTerritory(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """As the territory."""
        if scope_of(user).everything:
            return self
        return self.filter(territory__in=Territory.objects.visible_to(user))


class _Standing(_OfTerritory):
    def visible_to(self, user: "User") -> Self:
        """As the territory; what was taken out is seen by nobody, until brought back."""
        return super().visible_to(user).filter(removed_at__isnull=True)

    def standing(self) -> Self:
        return self.filter(removed_at__isnull=True)


class TargetMarketQuerySet(_Standing):
    """As the territory."""


class TargetCustomerQuerySet(_Standing):
    """As the territory."""

    def wanted(self) -> Self:
        """Neither won nor dropped, in their order."""
        return self.filter(removed_at__isnull=True, status=TargetStatus.OPEN).order_by("rank", "pk")


class _OfAccount(models.QuerySet[Any]):
    account = "account"

    def visible_to(self, user: "User") -> Self:
        """Whoever works the account today: the map goes with it, and ends for its former owner on the day it moves."""
        if scope_of(user).everything:
            return self
        return self.filter(**{f"{self.account}__in": Account.objects.worked_by(user)})


class StakeholderQuerySet(_OfAccount):
    def visible_to(self, user: "User") -> Self:
        """As the account; who was taken off the map is seen by nobody, until brought back."""
        return super().visible_to(user).filter(removed_at__isnull=True)

    def met_since(self, day: date, today: date) -> Self:
        """Known people still at the account whom we have met on or after ``day``."""
        still = Q(contact__left_on__isnull=True) | Q(contact__left_on__gt=today)
        return self.filter(still, contact__isnull=False, last_met_on__gte=day, removed_at__isnull=True)


class DecisionStepQuerySet(_OfAccount):
    """As the account."""


class AccountPlanQuerySet(_OfAccount):
    """As the account."""


class InfluenceQuerySet(_OfAccount):
    account = "source__account"

    def visible_to(self, user: "User") -> Self:
        """As the account; lines to whom was taken off the map rest with them."""
        rows = super().visible_to(user)
        return rows.filter(source__removed_at__isnull=True, target__removed_at__isnull=True)


class OfAccountPlanQuerySet(_OfAccount):
    account = "plan__account"


class PlanTemplateQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Admins always, everybody else once it is rolled out."""
        if scope_of(user).everything:
            return self
        return self.filter(published_at__isnull=False) if user.is_active else self.none()


class TemplateSectionQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """As the template."""
        if scope_of(user).everything:
            return self
        return self.filter(template__published_at__isnull=False) if user.is_active else self.none()


class TerritoryPlanQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """The person, whoever manages the person today, and admins."""
        scope = scope_of(user)
        return self if scope.everything else self.filter(person__in=scope.people)

    def approved(self) -> Self:
        """Plans with a version in force, also while a change is proposed."""
        return self.filter(approved_number__isnull=False)

    def waiting(self) -> Self:
        """Handed in and not decided."""
        return self.filter(state=PlanState.SUBMITTED)


class OfPlanQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """As the plan."""
        scope = scope_of(user)
        return self if scope.everything else self.filter(plan__person__in=scope.people)


class TerritoryPlanLineQuerySet(OfPlanQuerySet):
    def in_order(self) -> Self:
        """As they stand on the page, section by section."""
        place = {section: number for number, section in enumerate(Section)}
        cases = [models.When(section=section, then=models.Value(number)) for section, number in place.items()]
        return self.order_by(models.Case(*cases), "position")


class PlanFileQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Whoever asked for it, alone."""
        return self.filter(asked_by=user.pk) if user.is_active else self.none()

    def fresh(self, since: "datetime") -> Self:
        """Made after ``since``, or still in the making."""
        waits = models.Q(job__state__in=(JobState.WAITING, JobState.RUNNING)) | models.Q(asked_at__gt=since)
        return self.filter(models.Q(made_at__gt=since) | models.Q(made_at=None) & waits)
