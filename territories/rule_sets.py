"""Sets of rules: drafted, changed while they are drafts, activated on a day or discarded.

A set is all rules of the company as of its day: accounts that none of them claims stand in no territory from then on.
Activated, a set never changes again; the next one begins as a copy of it.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.keys import normalise, outgrows
from spm.org import clock, retries
from spm.org.choices import PeriodState
from spm.org.models import Period, User
from spm.org.signals import facts_moving
from targets.staleness import refuse_closed
from territories import placing
from territories.choices import RuleSetState
from territories.matching import postal_form
from territories.models import RuleSet, TerritoryRule
from territories.models.rules import CRITERIA

COPIED = ("territory_id", "priority", "account_id", *CRITERIA, "postal_from", "postal_to", "size_from", "size_to")

LENGTH = 120  # of a criterion in normal form


class NotADraft(RuleViolation):
    """The set is active or discarded, and stays as it is."""


class BadRule(RuleViolation):
    """The criteria of a rule contradict each other."""


@retries.atomic
def draft(name: str, by: User, *, like: RuleSet | None = None) -> RuleSet:
    """A new draft, empty or with the rules of ``like``. Raises RuleViolation without a name, and for a draft's."""
    if not name.strip():
        raise RuleViolation(_("Give the rules a name."))
    drafts = RuleSet.objects.filter(state=RuleSetState.DRAFT).select_for_update().values_list("name", flat=True)
    if normalise(name) in map(normalise, drafts):
        raise RuleViolation(_("There is a draft of this name already."))
    made = RuleSet.objects.create(name=name.strip(), created_by=by)
    if like is not None:
        TerritoryRule.objects.bulk_create(
            TerritoryRule(rule_set=made, **{field: getattr(rule, field) for field in COPIED})
            for rule in like.rules.order_by("priority", "pk")
        )
    return made


@retries.atomic
def save_rule(rule_set: RuleSet, values: Mapping[str, Any], rule: TerritoryRule | None = None) -> TerritoryRule:
    """Store a rule of a draft; ``values`` by field. Raises NotADraft, BadRule, and RuleViolation for a second one that
    names the same account.
    """
    _draft(rule_set)
    row = rule or TerritoryRule(rule_set=rule_set)
    for name, value in in_form(values).items():
        setattr(row, name, value)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise RuleViolation(_("Another rule of this set names the account already.")) from error
    return row


def outgrown(values: Mapping[str, Any]) -> str | None:
    """The first criterion whose text is too long in normal form."""
    return next((name for name in CRITERIA if outgrows(values.get(name) or "", LENGTH)), None)


def in_form(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as a rule keeps them: texts in normal form, a postal code alone as its own range. Raises BadRule."""
    if outgrown(values):
        raise BadRule(_("A criterion has at most %(most)d characters.") % {"most": LENGTH})
    kept = dict(values) | {name: normalise(values.get(name) or "") for name in CRITERIA}
    low, high = postal_form(values.get("postal_from") or ""), postal_form(values.get("postal_to") or "")
    kept |= {"postal_from": low, "postal_to": high or low}
    asked = any(kept[name] for name in CRITERIA) or low or high
    smallest, largest = values.get("size_from"), values.get("size_to")
    if values.get("account") and (asked or smallest is not None or largest is not None):
        raise BadRule(_("A rule that names an account has no other criterion."))
    if low and high and low > high:
        raise BadRule(_("The postal codes run from a larger one to a smaller one."))
    if smallest is not None and largest is not None and smallest > largest:
        raise BadRule(_("The sizes run from a larger one to a smaller one."))
    return kept


@retries.atomic
def remove_rule(rule: TerritoryRule) -> None:
    """Take a rule out of a draft. Raises NotADraft."""
    _draft(rule.rule_set)
    rule.delete()


@retries.atomic
def discard(rule_set: RuleSet) -> None:
    """Put a draft away. Raises NotADraft."""
    row = _draft(rule_set)
    row.state = RuleSetState.DISCARDED
    row.version += 1
    row.save(update_fields=["state", "version"])


@retries.atomic
def activate(rule_set: RuleSet, day: date, by: User) -> int:
    """Place every account by the rules from the day on, as a set; how many stand elsewhere now.

    Raises NotADraft, PeriodClosed where a period that ends on the day or later is closed, and RuleViolation for a set
    without rules or a day on which other rules begin.
    """
    retries.take_time()
    facts_moving.send(RuleSet, since=day)
    row = _draft(rule_set)
    if not row.rules.exists():
        raise RuleViolation(_("The set has no rule: every account would lose its territory."))
    if RuleSet.objects.filter(state=RuleSetState.ACTIVE, starts_on=day).exists():
        raise RuleViolation(_("Other rules begin on that day. Choose another one."))
    refuse_closed(Period.objects.leaves().filter(state=PeriodState.CLOSED, ends_on__gte=day).order_by("starts_on"))
    found = placing.moves(placing.rules_of(row), day)
    row.moved_count = placing.write([(move.account, move.after) for move in found], day, by)
    row.state, row.starts_on, row.activated_by, row.activated_at = RuleSetState.ACTIVE, day, by, clock.now()
    row.version += 1
    row.save()
    return row.moved_count


def in_force(day: date) -> RuleSet | None:
    """The rules in force on the day."""
    rows = RuleSet.objects.filter(state=RuleSetState.ACTIVE, starts_on__lte=day)
    return rows.order_by("-starts_on").first()


def _draft(rule_set: RuleSet) -> RuleSet:
    row: RuleSet = RuleSet.objects.select_for_update().get(pk=rule_set.pk)
    if row.state != RuleSetState.DRAFT:
        raise NotADraft(_("These rules are no draft any more. Begin a new draft from them."))
    return row
