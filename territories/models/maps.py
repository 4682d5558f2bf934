"""The map of an account: who decides, who influences, how they decide, and what we intend there this year."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from spm.market.models import Account, Contact
from spm.org.models import FiscalYear
from spm.ui.fields import MoneyField
from territories import caps
from territories.choices import StakeholderRole
from territories.querysets import (
    AccountPlanQuerySet,
    DecisionStepQuerySet,
    InfluenceQuerySet,
    OfAccountPlanQuerySet,
    StakeholderQuerySet,
)


class Stakeholder(models.Model):
    """Somebody with a part in decisions at an account: a contact, or a placeholder for a needed but unknown role.

    ``influence`` 1 (little) to 5; ``support`` −2 (against us) to +2, None = unknown. ``last_met_on`` None = never met.
    ``relation``: who of us looks after them. Taken off the map (``removed_at``), the row and its lines stay, so that
    one press brings all of it back.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="stakeholders")
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="stakeholders")
    placeholder = models.CharField(_("wanted"), max_length=120, blank=True)  # "Head of purchasing"
    role = models.CharField(_("role"), max_length=12, choices=StakeholderRole.choices)
    influence = models.PositiveSmallIntegerField(_("influence"), default=3)
    support = models.SmallIntegerField(_("support"), null=True, blank=True)
    relation = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="relations"
    )
    reports_to = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="reports")
    last_met_on = models.DateField(_("last met"), null=True, blank=True)
    next_step = models.CharField(_("next step"), max_length=caps.NEXT_STEP, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = StakeholderQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["version"])

    class Meta:
        ordering = ["account", "-influence", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "contact"], condition=Q(contact__isnull=False), name="stakeholder_contact_once"
            ),
            models.CheckConstraint(
                condition=Q(contact__isnull=False, placeholder="") | (Q(contact__isnull=True) & ~Q(placeholder="")),
                name="stakeholder_contact_or_placeholder",
            ),
            models.CheckConstraint(condition=Q(influence__range=(1, 5)), name="stakeholder_influence_1_to_5"),
            models.CheckConstraint(
                condition=Q(support__isnull=True) | Q(support__range=(-2, 2)), name="stakeholder_support_2_to_2"
            ),
            models.CheckConstraint(
                condition=Q(contact__isnull=False) | Q(last_met_on__isnull=True), name="stakeholder_unknown_never_met"
            ),
            models.CheckConstraint(
                condition=Q(reports_to__isnull=True) | ~Q(pk=F("reports_to")), name="stakeholder_not_own_chief"
            ),
        ]

    def __str__(self) -> str:
        return self.placeholder or str(self.contact_id)


class Influence(models.Model):
    """An informal line: ``source`` is listened to by ``target``."""

    source = models.ForeignKey(Stakeholder, models.CASCADE, related_name="influences")
    target = models.ForeignKey(Stakeholder, models.CASCADE, related_name="influenced_by")

    objects = InfluenceQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["source", "target"], name="influence_once"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="influence_not_on_oneself"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} → {self.target_id}"


class DecisionStep(models.Model):
    """A step of the way in which the account decides: who takes it, by which criterion, with what evidence, when."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="decision_steps")
    position = models.PositiveSmallIntegerField(_("step"))
    name = models.CharField(_("name"), max_length=caps.LINE)
    owner = models.ForeignKey(Stakeholder, models.SET_NULL, null=True, blank=True, related_name="steps")
    criterion = models.CharField(_("criterion"), max_length=caps.ENTRY, blank=True)
    evidence = models.CharField(_("evidence"), max_length=caps.EVIDENCE, blank=True)
    due_on = models.DateField(_("date"), null=True, blank=True)
    done_on = models.DateField(_("done on"), null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = DecisionStepQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["version"])

    class Meta:
        ordering = ["account", "position", "pk"]
        constraints = [models.UniqueConstraint(fields=["account", "position"], name="decision_step_once")]

    def __str__(self) -> str:
        return self.name


class AccountPlan(models.Model):
    """What we intend at one account in a year."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="plans")
    fiscal_year = models.ForeignKey(FiscalYear, models.PROTECT, related_name="account_plans")
    strategy = models.CharField(_("strategy"), max_length=600, blank=True)
    strengths = models.CharField(_("strengths"), max_length=300, blank=True)
    weaknesses = models.CharField(_("weaknesses"), max_length=300, blank=True)
    chances = models.CharField(_("opportunities"), max_length=300, blank=True)
    threats = models.CharField(_("threats"), max_length=300, blank=True)
    next_steps = models.CharField(_("next steps"), max_length=300, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = AccountPlanQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["version"])

    class Meta:
        ordering = ["-fiscal_year", "account"]
        constraints = [models.UniqueConstraint(fields=["account", "fiscal_year"], name="account_plan_once")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.fiscal_year_id}"


class AccountObjective(models.Model):
    """What is to be reached at the account, and how it is measured; with an amount where it is money."""

    plan = models.ForeignKey(AccountPlan, models.CASCADE, related_name="objectives")
    position = models.PositiveSmallIntegerField(default=0)
    text = models.CharField(_("objective"), max_length=caps.LINE)
    measure = models.CharField(_("measure"), max_length=caps.NEXT_STEP, blank=True)
    amount = MoneyField(_("amount"), null=True, blank=True)
    due_on = models.DateField(_("by"), null=True, blank=True)
    done_on = models.DateField(_("done on"), null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = OfAccountPlanQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["version"], table_name="territories_historicalobjective")

    class Meta:
        ordering = ["plan", "position", "pk"]

    def __str__(self) -> str:
        return self.text


class AccountReview(models.Model):
    """The manager looks at the map and plan of an account: due on a day, then held with a score and a comment."""

    plan = models.ForeignKey(AccountPlan, models.CASCADE, related_name="reviews")
    due_on = models.DateField(_("due"))
    held_on = models.DateField(_("held"), null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    score = models.PositiveSmallIntegerField(_("score"), null=True, blank=True)
    comment = models.CharField(_("comment"), max_length=500, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = OfAccountPlanQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["version"])

    class Meta:
        ordering = ["plan", "due_on"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "due_on"], name="account_review_once_a_day"),
            models.CheckConstraint(
                condition=Q(held_on__isnull=True, score__isnull=True)
                | Q(held_on__isnull=False, score__range=(1, 5), by__isnull=False),
                name="account_review_held_with_score",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.due_on}"
