"""Reads of one model of the organisation, and the one rule of who sees whom.

*See* is ``visible_to(user)`` on every queryset. An admin sees the company; a manager sees the subtree of today;
everybody sees themselves. ``scopes.scope_of(user)`` answers it, once per request.
"""

from datetime import date
from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import models
from django.db.models import Max, OuterRef, Q, Subquery
from django.utils import timezone

from spm.keys import normalise
from spm.org.choices import PeriodLevel
from spm.org.scopes import scope_of, shared_from

if TYPE_CHECKING:
    from spm.org.models import User


class DatedQuerySet(models.QuerySet[Any]):
    """Rows that hold from ``starts_on`` until the next row of the same subject."""

    subject: tuple[str, ...]

    def as_of(self, day: date) -> Self:
        """The rows in force on ``day``: for each subject the newest one that has started, empty objects included."""
        same = {field: OuterRef(field) for field in self.subject}
        newest = self.model._default_manager.filter(starts_on__lte=day, **same).order_by("-starts_on")
        return self.filter(starts_on=Subquery(newest.values("starts_on")[:1]))


class TeamPlacementQuerySet(DatedQuerySet):
    subject = ("team_id",)

    def visible_to(self, user: "User") -> Self:
        return _within(self, "team", scope_of(user).teams)


class TeamLeadQuerySet(DatedQuerySet):
    subject = ("team_id",)

    def visible_to(self, user: "User") -> Self:
        return _within(self, "team", scope_of(user).teams)


class MembershipQuerySet(DatedQuerySet):
    subject = ("person_id",)

    def visible_to(self, user: "User") -> Self:
        return _within(self, "person", scope_of(user).people)


class UserQuerySet(models.QuerySet["User"]):
    def people(self) -> Self:
        """Everybody but the House sentinel."""
        return self.filter(is_house=False)

    def visible_to(self, user: "User") -> Self:
        """Admins: all people. Managers: those below them today. Everybody: themselves."""
        return _within(self.people(), "pk", scope_of(user).people)

    def without_access(self) -> Self:
        """Active people who have chosen no password yet, each with ``invited_at``: when they got the link they hold."""
        usable = Q(invitations__used_at=None, invitations__expires_at__gt=timezone.now())
        last = Max("invitations__sent_at", filter=usable)
        waiting = self.people().filter(is_active=True, password__startswith=UNUSABLE_PASSWORD_PREFIX)
        return waiting.annotate(invited_at=last).order_by("name", "pk")  # a grouped query has no order of itself


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]  # made at run time
    """The plain manager of people; creation normalises the e-mail."""

    def create_user(self, email: str, name: str = "", password: str | None = None, **fields: Any) -> "User":
        user: User = self.model(email=self.normalize_email(email), name=name or email, **fields)
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        found: User = self.get(email_key=normalise(username or ""))
        return found

    def house(self) -> "User":
        """The sentinel row that holds sales without a rep."""
        found: User = self.get(is_house=True)
        return found


class TeamQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User", *, once_led: bool = False) -> Self:
        """Admins: all teams. Managers: the subtrees they lead today. Everybody: the team they are a member of.

        ``once_led``: the teams they led at any time too, for pages of the rows that stay theirs (INV-37).
        """
        scope = scope_of(user)
        if scope.teams is None:
            return self
        return _within(self, "pk", scope.teams | {span.team for span in scope.led} if once_led else scope.teams)

    def led_by(self, user: "User") -> Self:
        """Teams whose numbers one sees. Admins: all. Others: those they lead today and below, not the one above."""
        scope = scope_of(user)
        return self if scope.everything else self.filter(pk__in=scope.leads)


class FiscalYearQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """The calendar is no secret to anybody who may sign in."""
        return self if user.is_active else self.none()


class PeriodQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """The calendar is no secret to anybody who may sign in."""
        return self if user.is_active else self.none()

    def leaves(self) -> Self:
        return self.filter(level=PeriodLevel.MONTH)

    def labelled(self, label: str) -> Self:
        """Periods of any level that bear this label, leaf first."""
        order = models.Case(
            models.When(level=PeriodLevel.MONTH, then=0), models.When(level=PeriodLevel.QUARTER, then=1), default=2
        )
        return self.filter(label=label).order_by(order)


class AuditEntryQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Admins alone."""
        return self if user.is_active and user.is_admin else self.none()


class SavedViewQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User", *, deleted: bool = False) -> Self:
        """One's own, and those that somebody who leads there (or an admin) shares with a team one belongs to.

        ``deleted``: one's own that can still be brought back instead.
        """
        if not user.is_active:
            return self.none()
        own = Q(owner=user)
        if deleted:
            return self.filter(own, deleted_at__isnull=False)
        shared = Q(pk__in=[])
        for team, leads in shared_from(user).items():
            shared |= Q(Q(owner__in=leads) | Q(owner__is_admin=True), team=team, owner__is_active=True)
        return self.filter(own | shared, deleted_at=None)


def _within[Rows: models.QuerySet[Any]](rows: Rows, field: str, keys: frozenset[int] | None) -> Rows:
    """``rows`` whose ``field`` is among ``keys``; None stands for everything."""
    return rows if keys is None else rows.filter(**{f"{field}__in": keys})
