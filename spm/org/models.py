"""Who we are: the company, its people, its teams and its calendar.

Dated facts have no end date. A TeamPlacement, TeamLead or Membership row holds from its ``starts_on`` until the next
row of the same subject; a row with an empty object ends the fact. Unique on (subject, starts_on), so two facts can
never overlap. ``as_of(day)`` on each queryset gives the rows in force.
"""

from datetime import date
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from spm.keys import normalise
from spm.org.choices import AuditKind, CalendarKind, PeriodLevel, PeriodState, SavedPage
from spm.org.querysets import (
    AuditEntryQuerySet,
    FiscalYearQuerySet,
    MembershipQuerySet,
    PeriodQuerySet,
    SavedViewQuerySet,
    TeamLeadQuerySet,
    TeamPlacementQuerySet,
    TeamQuerySet,
    UserManager,
)
from spm.ui.numbers import leaf_title, quarter_title

ALWAYS = date(1900, 1, 1)
"""The start of a fact whose file row has no ``starts_on``: it has always been so."""


class Company(models.Model):
    """The one company of this installation (primary key 1)."""

    name = models.CharField(_("name"), max_length=200)
    currency = models.CharField(_("currency"), max_length=3)
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC")
    language = models.CharField(_("language"), max_length=8, default="en")
    calendar_kind = models.CharField(
        _("calendar"), max_length=8, choices=CalendarKind.choices, default=CalendarKind.MONTHS
    )
    # Status from pace, in whole percent (ux.md, principle 2).
    ahead_from = models.PositiveSmallIntegerField(_("Ahead from, % of pace"), default=105)
    on_track_from = models.PositiveSmallIntegerField(_("On track from, % of pace"), default=95)
    at_risk_from = models.PositiveSmallIntegerField(_("At risk from, % of pace"), default=85)
    require_admin_mfa = models.BooleanField(_("Admins need a second factor"), default=False)  # see companies.py
    is_demo = models.BooleanField(default=False)
    fixed_today = models.DateField(null=True, blank=True)  # the demo's clock stands still; see clock.today()
    skipped_steps = models.JSONField(default=list, blank=True)  # keys of steps of the first run that admins set aside
    version = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="company_is_one"),
            models.CheckConstraint(
                condition=Q(ahead_from__gt=F("on_track_from")) & Q(on_track_from__gt=F("at_risk_from")),
                name="company_thresholds_descend",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def today(self) -> date:
        """The date in the company's time zone; the stored one where the demo's clock stands still."""
        return self.fixed_today or timezone.now().astimezone(ZoneInfo(self.timezone)).date()


USER_UNTRACKED = frozenset(("password", "last_login", "theme", "shortcuts", "joined_at", "version"))
"""Fields of a person that leave no history: a save of these alone writes no history row."""


class User(AbstractBaseUser):
    """A person: signs in by e-mail, may sell, may lead teams, may be an admin.

    Role follows from facts: a *manager* leads a team today, an *admin* has ``is_admin``, everybody is a rep of
    their own numbers. One sentinel row with ``is_house`` stands for sales without a rep; nobody can sign in as it.
    People are deactivated, never deleted.
    """

    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    email_key = models.CharField(max_length=254, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200)
    employee_id = models.CharField(_("employee id"), max_length=64, blank=True)
    starts_on = models.DateField(_("starts on"), null=True, blank=True)
    left_on = models.DateField(_("left on"), null=True, blank=True)
    is_admin = models.BooleanField(_("admin"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    is_house = models.BooleanField(default=False, editable=False)
    locale = models.CharField(_("language"), max_length=8, blank=True)
    timezone = models.CharField(_("time zone"), max_length=64, blank=True)
    theme = models.CharField(_("theme"), max_length=8, default="auto")
    shortcuts = models.BooleanField(_("single-key shortcuts"), default=True)
    joined_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=0)

    objects = UserManager()
    history = HistoricalRecords(excluded_fields=list(USER_UNTRACKED))

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["is_house"], condition=Q(is_house=True), name="user_one_house"),
            models.CheckConstraint(condition=Q(is_house=False) | Q(is_active=False), name="user_house_never_signs_in"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shown_name(self) -> str:
        """The name on screen: that of the House in the language of the reader."""
        return gettext("House") if self.is_house else self.name

    def clean(self) -> None:
        super().clean()
        self.email_key = normalise(self.email)

    def save(self, *args: object, **kwargs: object) -> None:
        self.email_key = normalise(self.email)
        fields = kwargs.get("update_fields")
        if isinstance(fields, list | tuple | set | frozenset) and set(fields) <= USER_UNTRACKED:
            self.skip_history_when_saving = True  # a sign-in or another theme is no change of a person
        try:
            super().save(*args, **kwargs)  # type: ignore[arg-type]  # passed through untouched
        finally:
            self.__dict__.pop("skip_history_when_saving", None)

    @property
    def initials(self) -> str:
        """Two letters for the avatar."""
        words = self.name.split() or [self.email]
        return (words[0][:1] + (words[-1][:1] if len(words) > 1 else words[0][1:2])).upper()


class Team(models.Model):
    """A node of the sales organisation. Its parent and its lead are dated facts."""

    code = models.CharField(_("code"), max_length=200)
    key = models.CharField(max_length=200, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200)
    version = models.PositiveIntegerField(default=0)

    objects = TeamQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["version"])

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.key = normalise(self.code)
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # passed through untouched


class TeamPlacement(models.Model):
    """From ``starts_on`` the team stands under ``parent``; without one it is a root."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="placements")
    parent = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="child_placements")
    starts_on = models.DateField(_("starts on"), default=ALWAYS)

    objects = TeamPlacementQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["team", "starts_on"]
        constraints = [
            models.UniqueConstraint(fields=["team", "starts_on"], name="team_placement_once_a_day"),
            models.CheckConstraint(condition=~Q(team=F("parent")), name="team_not_its_own_parent"),
        ]

    def __str__(self) -> str:
        return f"{self.team_id} ⊂ {self.parent_id} from {self.starts_on}"


class TeamLead(models.Model):
    """From ``starts_on`` the team is led by ``person``; without one the post is vacant."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="leads")
    person = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="led_teams")
    starts_on = models.DateField(_("starts on"), default=ALWAYS)

    objects = TeamLeadQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["team", "starts_on"]
        constraints = [models.UniqueConstraint(fields=["team", "starts_on"], name="team_lead_once_a_day")]

    def __str__(self) -> str:
        return f"{self.team_id} led by {self.person_id} from {self.starts_on}"


class Membership(models.Model):
    """From ``starts_on`` the person belongs to ``team``; without one, to none."""

    person = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="memberships")
    starts_on = models.DateField(_("starts on"), default=ALWAYS)

    objects = MembershipQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["person", "starts_on"]
        constraints = [models.UniqueConstraint(fields=["person", "starts_on"], name="membership_once_a_day")]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.team_id} from {self.starts_on}"


class FiscalYear(models.Model):
    """One year of the company's calendar; its leaf periods, quarters and the year itself are Period rows."""

    label = models.CharField(_("label"), max_length=20, unique=True)
    starts_on = models.DateField(_("starts on"), unique=True)
    ends_on = models.DateField(_("ends on"))
    calendar_kind = models.CharField(_("calendar"), max_length=8, choices=CalendarKind.choices)

    objects = FiscalYearQuerySet.as_manager()

    class Meta:
        ordering = ["starts_on"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="fiscal_year_has_days"),
        ]

    def __str__(self) -> str:
        return self.label


class Period(models.Model):
    """A leaf period ("month"), a quarter or a year of the calendar; both ends inclusive.

    Leaf → quarter → year by ``parent``. States are set on leaf periods alone. A calendar of quarters has one leaf
    per quarter; both may bear the same label, so a label is unique within its level.
    """

    fiscal_year = models.ForeignKey(FiscalYear, models.PROTECT, related_name="periods")
    level = models.CharField(max_length=8, choices=PeriodLevel.choices)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    number = models.PositiveSmallIntegerField()  # 1, 2, … within the fiscal year and level
    label = models.CharField(_("label"), max_length=20)
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"))
    state = models.CharField(max_length=12, choices=PeriodState.choices, default=PeriodState.OPEN)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        ordering = ["starts_on", "level"]
        constraints = [
            models.UniqueConstraint(fields=["level", "label"], name="period_label_once_a_level"),
            models.UniqueConstraint(fields=["level", "starts_on"], name="period_start_once_a_level"),
            models.UniqueConstraint(fields=["fiscal_year", "level", "number"], name="period_number_once_a_year"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="period_has_days"),
            models.CheckConstraint(
                condition=Q(level=PeriodLevel.YEAR, parent__isnull=True)
                | (~Q(level=PeriodLevel.YEAR) & Q(parent__isnull=False)),
                name="period_year_is_the_root",
            ),
        ]

    @property
    def title(self) -> str:
        """As people say it: "Sep 2026", "Q3 2026"; labels that a company chose stand as they are."""
        if self.level == PeriodLevel.MONTH:
            return leaf_title(self.label, self.starts_on)
        return quarter_title(self.label, self.number) if self.level == PeriodLevel.QUARTER else self.label

    def __str__(self) -> str:
        return self.label


class AuditEntry(models.Model):
    """Who did what and when; append-only, each entry sealed by a hash over itself and the one before."""

    at = models.DateTimeField(db_index=True)
    actor = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="audit_entries")
    kind = models.CharField(max_length=24, choices=AuditKind.choices)
    subject = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict)
    address = models.GenericIPAddressField(null=True, blank=True)
    previous = models.CharField(max_length=64, unique=True)  # digest of the entry before; empty for the first
    digest = models.CharField(max_length=64, unique=True)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.kind} {self.subject}"


class Invitation(models.Model):
    """A one-time link by which a person sets the first password. Only the hash of the token is stored."""

    person = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="invitations")
    token_hash = models.CharField(max_length=64, unique=True)
    makes_admin = models.BooleanField(default=False)  # the link that `up` prints on an empty database
    created_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="invitations_sent")
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)  # mailed, or shown to whoever passes it on
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"invitation of {self.person_id}"


class SavedView(models.Model):
    """A page as somebody wants to find it again: the filters under a name, never a number.

    Private, or shared with a team and everybody below it; each reader sees what is theirs to see. ``pinned`` and
    ``mailed`` are the owner's alone. A deleted one can be brought back for a day.
    """

    owner = models.ForeignKey(User, models.CASCADE, related_name="saved_views")
    page = models.CharField(_("page"), max_length=16, choices=SavedPage.choices)
    name = models.CharField(_("name"), max_length=80)
    key = models.CharField(max_length=80, editable=False)
    query = models.JSONField(default=dict)  # parameter → text; only those of the page (saving.PARAMETERS)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="saved_views")
    pinned = models.BooleanField(_("pinned to Home"), default=False)
    mailed = models.BooleanField(_("weekly e-mail"), default=False)
    mailed_for = models.DateField(null=True, blank=True)  # the Monday whose e-mail is sent, or was not wanted yet
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["page", "key", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "page", "key"], condition=Q(deleted_at=None), name="saved_view_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.key = normalise(self.name)
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # passed through untouched
