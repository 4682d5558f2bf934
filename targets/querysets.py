"""Reads of one model of targets, and who may see which rows."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Value, When

from spm.market.choices import AssignmentRole
from spm.org import clock
from spm.org.choices import PeriodLevel
from spm.org.scopes import scope_of
from targets.choices import LetterState, PlanKind, PlanState, RunState, Stage

if TYPE_CHECKING:
    from spm.org.models import User


class VersionedQuerySet(models.QuerySet[Any]):
    """Numbers that hang on a version of the plan."""

    def in_force(self) -> Self:
        return self.filter(plan__kind=PlanKind.WORKING)

    def of_version(self, *, baseline: bool) -> Self:
        """Those in force; of the baseline in every year that has one, other years as they stand."""
        if not baseline:
            return self.in_force()
        plan = self.model._meta.get_field("plan").related_model
        locked = plan.objects.filter(kind=PlanKind.BASELINE, fiscal_year=OuterRef("plan__fiscal_year"))
        return self.filter(Q(plan__kind=PlanKind.BASELINE) | Q(plan__kind=PlanKind.WORKING) & ~Exists(locked))


def years_in_draft(plan: type[models.Model]) -> models.QuerySet[Any, Any]:
    """Fiscal years that have not begun, are planned by a cycle, and are not locked: their numbers are proposals."""
    rows = plan._default_manager.filter(kind=PlanKind.WORKING, locked_at=None, fiscal_year__cycle__isnull=False)
    return rows.filter(fiscal_year__starts_on__gt=clock.today()).values("fiscal_year")


class CompanyPlanQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Admins and managers; scenarios admins alone."""
        scope = scope_of(user)
        if scope.everything:
            return self
        return self.exclude(kind=PlanKind.SCENARIO) if scope.is_manager else self.none()

    def telling(self, user: "User") -> Self:
        """With ``told``: whether the user may read why a revision was asked for, and what was said of it.

        Admins of all, others of their own and of those that concern a person or a team whose numbers they see.
        """
        scope = scope_of(user)
        if scope.everything:
            return self.annotate(told=Value(True))  # noqa: FBT003  # a value of the database
        quotas = self.model.quotas.rel.related_model._default_manager.filter(plan=OuterRef("pk"))
        targets = self.model.targets.rel.related_model._default_manager.filter(plan=OuterRef("pk"))
        concerns = Exists(quotas.filter(person__in=scope.people)) | Exists(targets.filter(team__in=scope.leads))
        return self.annotate(told=Case(When(Q(author=user) | concerns, then=True), default=False))

    def working(self) -> Self:
        return self.filter(kind=PlanKind.WORKING)

    def unpublished(self) -> Self:
        """Working versions that are not handed on yet: the cycle stands in Plan, or none plans the year to come."""
        begins = Q(fiscal_year__cycle=None, fiscal_year__starts_on__gt=clock.today())
        return self.working().filter(Q(fiscal_year__cycle__stage=Stage.PLAN) | begins, locked_at=None)

    def approved_revisions(self) -> Self:
        """In the order in which they were approved: each overlays the ones before."""
        return self.filter(kind=PlanKind.REVISION, state=PlanState.APPROVED).order_by("decided_at", "pk")


class PlanningCycleQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """That a year is being planned, and what it waits for, is no secret to anybody who may sign in."""
        return self if user.is_active else self.none()


class CycleStageQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """As the cycle."""
        return self if user.is_active else self.none()


class OneOffDealQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Whoever sees the line."""
        actual = self.model._meta.get_field("actual").related_model
        return self.filter(actual__in=actual.objects.visible_to(user))


class OfHolderQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Of people the user sees, and of teams led today and below."""
        scope = scope_of(user)
        return self if scope.everything else self.filter(Q(person__in=scope.people) | Q(team__in=scope.leads))


class RampScheduleQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """How new people begin is no secret to anybody who may sign in."""
        return self if user.is_active else self.none()


class RampAssignmentQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Of people the user sees."""
        scope = scope_of(user)
        return self if scope.everything else self.filter(person__in=scope.people)


class GoalBatchQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Admins all; others their own: a batch may hold numbers of people one does not see."""
        scope = scope_of(user)
        return self if scope.everything else self.filter(by=user)


class QuotaLetterQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Those who see the person; the person too, but not before the letter is sent."""
        scope = scope_of(user)
        if scope.everything:
            return self
        unsent = Q(person=user, state=LetterState.UNSENT)
        return self.filter(person__in=scope.people).exclude(unsent)


class LetterLineQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        letter = self.model._meta.get_field("letter").related_model
        return self.filter(letter__in=letter.objects.visible_to(user))


class RateQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Rates of exchange are no secret to anybody who may sign in."""
        return self if user.is_active else self.none()


class PlanLineQuerySet(VersionedQuerySet):
    def visible_to(self, user: "User") -> Self:
        """Admins and managers; of scenarios, and of plans that are not handed on yet, admins alone."""
        scope = scope_of(user)
        if scope.everything:
            return self
        if not scope.is_manager:
            return self.none()
        hidden = self.model._meta.get_field("plan").related_model.objects.unpublished().values("fiscal_year")
        return self.exclude(plan__kind=PlanKind.SCENARIO).exclude(plan__fiscal_year__in=hidden)

    def counting(self) -> Self:
        """The lines that add up to the company's number: segments are parts of the whole company's line, if any."""
        same = {name: OuterRef(name) for name in ("plan", "measure", "period")}
        whole = self.model._default_manager.filter(segment="", **same)
        return self.filter(Q(segment="") | ~Exists(whole))


class TargetQuerySet(VersionedQuerySet):
    def visible_to(self, user: "User") -> Self:
        """Admins: all. Managers: teams they lead today and below, and territories held by people they see. Reps: of the
        territories they own today, of a year to come not before its lock.

        Of scenarios admins alone.
        """
        return self.filter(self.seen_by(user))

    def seen_by(self, user: "User") -> Q:
        """The same as a condition, for the history of targets too."""
        scope = scope_of(user)
        if scope.everything:
            return Q()
        if not scope.is_manager:
            assignment = self.model._meta.get_field("territory").related_model.assignments.rel.related_model
            owned = assignment.objects.as_of(clock.today()).filter(person=user, role=AssignmentRole.OWNER)
            drafts = years_in_draft(self.model._meta.get_field("plan").related_model)
            hidden = Q(plan__kind=PlanKind.SCENARIO) | Q(plan__fiscal_year__in=drafts)
            return Q(territory__in=owned.values("territory")) & ~hidden
        territory = self.model._meta.get_field("territory").related_model
        led = Q(team__in=scope.leads) | Q(territory__in=territory.objects.visible_to(user))
        return led & ~Q(plan__kind=PlanKind.SCENARIO)


class QuotaQuerySet(VersionedQuerySet):
    def visible_to(self, user: "User") -> Self:
        """Of people the user sees; the own ones of a year to come not before its lock: the letter tells them.

        Of scenarios admins alone.
        """
        return self.filter(self.seen_by(user))

    def seen_by(self, user: "User") -> Q:
        """The same as a condition, for the history of quotas too."""
        scope = scope_of(user)
        if scope.everything:
            return Q()
        drafts = years_in_draft(self.model._meta.get_field("plan").related_model)
        own_to_come = Q(person=user, plan__fiscal_year__in=drafts)
        return Q(person__in=scope.people) & ~Q(plan__kind=PlanKind.SCENARIO) & ~own_to_come


class OfScenarioQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """As scenarios: admins alone."""
        return self if scope_of(user).everything else self.none()


class ActualQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Admins: all. Others: lines that are theirs, or credited to people they see."""
        scope = scope_of(user)
        if scope.everything:
            return self
        credit = self.model.credits.rel.related_model.objects
        credited = credit.filter(person__in=scope.people).values("actual")
        return self.filter(Q(person__in=scope.people) | Q(pk__in=credited))

    def in_force(self) -> Self:
        return self.filter(is_tombstone=False)


class CreditQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        scope = scope_of(user)
        return self if scope.everything else self.filter(person__in=scope.people)


class PeriodTotalQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        scope = scope_of(user)
        return self if scope.everything else self.filter(person__in=scope.people)


class AttainmentQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Person rows: people the user sees today. Team rows: teams led today and below, and teams led at the
        period's end. Territory rows: territories the user sees. Company rows: admins, and managers where they may see
        the company plan. The own quota of a year in draft is not told; who leads the team they are a member of can
        work it out of the team's total, without which nobody could lead the team's planning.
        """
        scope = scope_of(user)
        if scope.everything:
            return self
        plan = self.model._meta.apps.get_model("targets", "CompanyPlan")
        own = Q(person=user, period__fiscal_year__in=years_in_draft(plan))
        rows = Q(person__in=scope.people) & ~own
        for span in scope.led:
            still = Q() if span.until is None else Q(period__ends_on__lt=span.until)
            rows |= Q(team=span.team, period__ends_on__gte=span.starts_on) & still
        if scope.is_manager:
            territory = self.model._meta.get_field("territory").related_model
            shown = ~Q(period__fiscal_year__in=plan.objects.unpublished().values("fiscal_year"))
            rows |= Q(team__in=scope.leads) | (Q(company__isnull=False) & shown)
            rows |= Q(territory__in=territory.objects.visible_to(user))
        return self.filter(rows)

    def at_level(self, level: PeriodLevel) -> Self:
        return self.filter(period__level=level)


class RollupRunQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """When numbers were rolled up is no secret to anybody who may sign in."""
        return self if user.is_active else self.none()

    def stale(self) -> Self:
        return self.filter(state=RunState.STALE)

    def done(self) -> Self:
        return self.filter(state=RunState.DONE)


class PeriodReopeningQuerySet(models.QuerySet[Any]):
    def open(self) -> Self:
        """Those after which their period was not closed again."""
        closings = self.model._meta.get_field("period").related_model._meta.get_field("closings").related_model
        later = closings.objects.filter(period=OuterRef("period"), closed_at__gte=OuterRef("reopened_at"))
        return self.filter(~Exists(later))
