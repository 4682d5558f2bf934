"""The one-page territory plan: one per person and year, six sections, versions as they were handed in and approved.

The lines are the plan as it stands. Handing it in, returning and approving each keep a ``PlanVersion``, a whole copy
that never changes. While a plan is submitted or approved the database refuses any change of its texts; how far a line
has come (status, evidence) is written all year.
"""

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from spm.market.models import Account, Territory
from spm.org import clock
from spm.org.models import FiscalYear, Period
from spm.ui.fields import MoneyField
from territories import caps
from territories.choices import LineStatus, PlanStart, PlanState, Risk, Section, SectionReview
from territories.querysets import (
    OfPlanQuerySet,
    PlanTemplateQuerySet,
    TemplateSectionQuerySet,
    TerritoryPlanLineQuerySet,
    TerritoryPlanQuerySet,
)


def _at_most(field: str, most: int, name: str) -> Any:
    """A length that the database keeps too: SQLite does not heed ``max_length``."""
    return models.CheckConstraint(condition=LessThanOrEqual(Length(F(field)), most), name=name)


class PlanTemplate(models.Model):
    """The form that everybody fills in a year: the same six sections, each with a heading and one helper question."""

    fiscal_year = models.OneToOneField(FiscalYear, models.PROTECT, related_name="plan_template")
    published_at = models.DateTimeField(null=True, blank=True)  # rolled out; from then on it does not change
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    due_on = models.DateField(_("plans are due"), null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = PlanTemplateQuerySet.as_manager()

    class Meta:
        ordering = ["-fiscal_year"]

    def __str__(self) -> str:
        return f"template {self.fiscal_year_id}"


class TemplateSection(models.Model):
    """Heading, question and example of one section; empty = the product's own words, in the reader's language."""

    template = models.ForeignKey(PlanTemplate, models.CASCADE, related_name="sections")
    section = models.CharField(max_length=10, choices=Section.choices)
    heading = models.CharField(_("heading"), max_length=caps.HEADING, blank=True)
    question = models.CharField(_("question"), max_length=caps.QUESTION, blank=True)
    example = models.CharField(_("example"), max_length=caps.EXAMPLE, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = TemplateSectionQuerySet.as_manager()

    class Meta:
        ordering = ["template", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["template", "section"], name="template_section_once"),
            _at_most("heading", caps.HEADING, "template_heading_capped"),
            _at_most("question", caps.QUESTION, "template_question_capped"),
            _at_most("example", caps.EXAMPLE, "template_example_capped"),
        ]

    def __str__(self) -> str:
        return self.section


class TerritoryPlan(models.Model):
    """One person's plan of a year. ``number`` is the version being written, or the one in force once approved.

    ``revenue_goal`` (company currency), ``margin_goal`` and ``new_business_goal`` (percent, one decimal) are the
    person's own, beside the quotas; the bookings goal is what the sections name. ``territory`` is the one the plan was
    begun for; None where the person held none.
    """

    fiscal_year = models.ForeignKey(FiscalYear, models.PROTECT, related_name="territory_plans")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="territory_plans")
    territory = models.ForeignKey(Territory, models.PROTECT, null=True, blank=True, related_name="plans")
    state = models.CharField(_("state"), max_length=10, choices=PlanState.choices, default=PlanState.DRAFT)
    number = models.PositiveSmallIntegerField(default=1)
    started_from = models.CharField(max_length=8, choices=PlanStart.choices, blank=True)  # empty: not begun yet
    revenue_goal = MoneyField(_("revenue goal"), null=True, blank=True)
    margin_goal = models.DecimalField(
        _("margin goal, %"), max_digits=4, decimal_places=1, null=True, blank=True,
        validators=[MinValueValidator(-99), MaxValueValidator(100)],
    )  # fmt: skip
    new_business_goal = models.DecimalField(
        _("new-business share, %"), max_digits=4, decimal_places=1, null=True, blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )  # fmt: skip
    created_at = models.DateTimeField(default=clock.now)
    edited_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)  # the person's signature under this version
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    approved_number = models.PositiveSmallIntegerField(null=True, blank=True)  # the version in force
    nudged_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)  # for autosave: moves with the goals above and with the state

    objects = TerritoryPlanQuerySet.as_manager()

    class Meta:
        ordering = ["-fiscal_year", "person"]
        constraints = [models.UniqueConstraint(fields=["fiscal_year", "person"], name="territory_plan_once")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.fiscal_year_id}"


class PlanSection(models.Model):
    """One section of a plan: what the manager said of it. ``base`` is the retention base, an amount without lines."""

    plan = models.ForeignKey(TerritoryPlan, models.CASCADE, related_name="sections")
    section = models.CharField(max_length=10, choices=Section.choices)
    base = MoneyField(_("base"), null=True, blank=True)
    review = models.CharField(max_length=8, choices=SectionReview.choices, default=SectionReview.OPEN)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = OfPlanQuerySet.as_manager()

    class Meta:
        ordering = ["plan", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "section"], name="plan_section_once"),
            models.CheckConstraint(
                condition=Q(base__isnull=True) | Q(section="retention", base__gte=0), name="plan_section_base_kept"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.section}"


class TerritoryPlanLine(models.Model):
    """One line of a section. Which columns a section uses is in ``territories.plan_lines``.

    Goals: text, due. Key accounts: account, amount (the goal), entry, next step, due. New business: text, amount, due.
    Retention: risk, account (may be none), text, due. Channel: partner, text, amount. Support: text.
    """

    plan = models.ForeignKey(TerritoryPlan, models.CASCADE, related_name="lines")
    section = models.CharField(max_length=10, choices=Section.choices)
    position = models.PositiveSmallIntegerField()
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="plan_lines")
    partner = models.CharField(_("partner"), max_length=caps.PARTNER, blank=True)
    text = models.CharField(_("text"), max_length=caps.LINE, blank=True)
    entry = models.CharField(_("how we get in"), max_length=caps.ENTRY, blank=True)
    next_step = models.CharField(_("next step"), max_length=caps.NEXT_STEP, blank=True)
    risk = models.CharField(_("risk"), max_length=8, choices=Risk.choices, blank=True)
    amount = MoneyField(_("amount"), null=True, blank=True)
    due_on = models.DateField(_("by"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=LineStatus.choices, default=LineStatus.PLANNED)
    evidence = models.CharField(_("evidence"), max_length=caps.EVIDENCE, blank=True)
    touched_at = models.DateTimeField(null=True, blank=True)  # the last word on how far it has come
    version = models.PositiveIntegerField(default=0)

    objects = TerritoryPlanLineQuerySet.as_manager()
    # A name of its own: guards are named after their tables, and PostgreSQL takes 63 characters.
    history = HistoricalRecords(excluded_fields=["version"], table_name="territories_planlinehistory")

    class Meta:
        ordering = ["plan", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "section", "position"], name="plan_line_place_once"),
            models.UniqueConstraint(
                fields=["plan", "account"], condition=Q(section="accounts"), name="plan_line_account_once"
            ),
            models.CheckConstraint(
                # 0: for a moment, while two lines change places
                condition=Q(section="accounts", position__range=(0, caps.ACCOUNTS))
                | (~Q(section="accounts") & Q(position__range=(0, caps.LINES))),
                name="plan_line_within_the_page",
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0), name="plan_line_amount_not_negative"
            ),
            _at_most("partner", caps.PARTNER, "plan_line_partner_capped"),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length(F("partner")) + Length(F("text")), caps.LINE),
                name="plan_line_text_capped",
            ),
            _at_most("entry", caps.ENTRY, "plan_line_entry_capped"),
            _at_most("next_step", caps.NEXT_STEP, "plan_line_next_step_capped"),
            _at_most("evidence", caps.EVIDENCE, "plan_line_evidence_capped"),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.section} {self.position}"


class PlanVersion(models.Model):
    """The plan as it was handed in, returned or approved: a whole copy, append-only.

    ``content``: {"goals": {…}, "sections": {section: {"base": …, "lines": [{column: value}, …]}}}; amounts and days as
    text, accounts as key and name.
    """

    plan = models.ForeignKey(TerritoryPlan, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=PlanState.choices)
    content = models.JSONField()
    note = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = OfPlanQuerySet.as_manager()

    class Meta:
        ordering = ["plan", "pk"]
        constraints = [models.UniqueConstraint(fields=["plan", "number", "state"], name="plan_version_once")]

    def __str__(self) -> str:
        return f"{self.plan_id} v{self.number} {self.state}"


class PlanReview(models.Model):
    """The talk about a living plan in a quarter, with what was noted."""

    plan = models.ForeignKey(TerritoryPlan, models.PROTECT, related_name="reviews")
    period = models.ForeignKey(Period, models.PROTECT, related_name="plan_reviews")  # a quarter
    held_on = models.DateField(_("held on"))
    notes = models.CharField(_("notes"), max_length=2000)
    progress = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)  # percent, on that day
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=0)

    objects = OfPlanQuerySet.as_manager()

    class Meta:
        ordering = ["plan", "period"]
        constraints = [models.UniqueConstraint(fields=["plan", "period"], name="plan_review_once")]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.period_id}"
