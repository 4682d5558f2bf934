"""Territories and who holds them."""

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.market.choices import AssignmentRole
from spm.market.models import Assignment, Territory
from spm.org.models import User
from spm.org.signals import facts_moved


class TerritoryLoop(RuleViolation):
    """A territory would stand below itself."""


def save(territory: Territory, *, parent: Territory | None) -> Territory:
    """Store a new or changed territory under ``parent`` (None: at the top). Raises TerritoryLoop."""
    above = parent
    while above is not None:
        if above.pk is not None and above.pk == territory.pk:
            raise TerritoryLoop(_("A territory cannot stand below itself."))
        above = above.parent
    with transaction.atomic():
        moved = territory.pk is not None and territory.parent_id != (parent.pk if parent else None)
        territory.parent = parent
        territory.save()
        if moved:
            # The tree of territories is not dated: every open period adds up along the new branches.
            facts_moved.send(Territory, since=date.min, recredit=False)
    return territory


def assign(
    territory: Territory,
    *,
    person: User | None,
    starts_on: date,
    role: AssignmentRole = AssignmentRole.OWNER,
) -> Assignment:
    """From ``starts_on`` the territory is held by ``person``; None makes it vacant.

    A row of the same day is replaced. Credits from that day on follow, except in closed periods.
    Raises RuleViolation for a vacant overlay.
    """
    if role == AssignmentRole.OVERLAY and person is None:
        raise RuleViolation(_("An overlay assignment needs a person."))
    same_day = Assignment.objects.filter(territory=territory, starts_on=starts_on, role=role)
    if role == AssignmentRole.OVERLAY:
        same_day = same_day.filter(person=person)
    with transaction.atomic():
        row = same_day.first() or Assignment(territory=territory, starts_on=starts_on, role=role)
        row.person = person
        row.save()
        facts_moved.send(Assignment, since=starts_on, recredit=True)
    return row
