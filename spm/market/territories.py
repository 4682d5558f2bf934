"""Territories and who holds them."""

from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.keys import normalise, outgrows
from spm.market.choices import HELPING, AssignmentRole
from spm.market.models import Assignment, Territory
from spm.org import retries
from spm.org.models import ALWAYS, Company, User
from spm.org.signals import facts_moved, facts_moving
from spm.ui.numbers import day as day_words

LENGTH = 200  # of a code and of its normal form


class TerritoryLoop(RuleViolation):
    """A territory would stand below itself."""


class DayTaken(RuleViolation):
    """Somebody else takes the territory over on the same day."""


class TerritoryTaken(RuleViolation):
    """Another territory has this code, or there is none, or it is too long."""


@retries.atomic
def save(territory: Territory, *, parent: Territory | None) -> Territory:
    """Store a new or changed territory under ``parent`` (None: at the top). Raises TerritoryLoop, TerritoryTaken."""
    parents = lock_tree()
    _refuse_loop(territory, parent, parents)
    _refuse_code(territory)
    territory.parent = parent
    try:
        with transaction.atomic():
            territory.save()
    except IntegrityError as error:  # somebody else has taken the code since it was looked up
        raise _taken(territory) from error
    if territory.pk in parents and parents[territory.pk] != territory.parent_id:
        # The tree of territories is not dated: every open period adds up along the new branches.
        facts_moved.send(Territory, since=date.min, recredit=False)
    return territory


def lock_tree() -> dict[int, int | None]:
    """Territory → parent as stored, under lock: two moves at once could close a circle unseen.

    The company's row is the lock, which an import of territories takes too. Inside ``atomic``, and before anything
    else is written to a territory.
    """
    list(Company.objects.select_for_update(no_key=True))
    facts_moving.send(Territory, since=date.min)
    rows = Territory.objects.order_by("pk").select_for_update(no_key=True)
    return dict(rows.values_list("pk", "parent_id"))


def _refuse_loop(territory: Territory, parent: Territory | None, parents: dict[int, int | None]) -> None:
    above = parent.pk if parent else None
    while above is not None:
        if above == territory.pk:
            raise TerritoryLoop(_("A territory cannot stand below itself."))
        above = parents[above]


def _refuse_code(territory: Territory) -> None:
    key = normalise(territory.code)
    others = Territory.objects.exclude(pk=territory.pk) if territory.pk else Territory.objects.all()
    if not key:
        raise TerritoryTaken(_("A territory needs a code."))
    if outgrows(territory.code, LENGTH):
        raise TerritoryTaken(_("A code has at most %(most)d characters.") % {"most": LENGTH})
    if others.filter(key=key).exists():
        raise _taken(territory)


def _day_taken(territory: Territory, row: Assignment) -> DayTaken:
    name = row.person.name if row.person else ""
    told = {"territory": territory.name, "person": name, "day": day_words(row.starts_on)}
    if row.person is None:
        words = _("%(territory)s is vacant from that very day. Choose another day, or say that this is replaced.")
    elif row.starts_on == ALWAYS:
        words = _("%(person)s has held %(territory)s from the beginning. Two people cannot own it on one day.")
    else:
        words = _(
            "%(person)s takes %(territory)s over on %(day)s. Two people cannot own it on one day: choose another"
            " day, or say that this is replaced."
        )
    return DayTaken(words % told)


def _taken(territory: Territory) -> TerritoryTaken:
    return TerritoryTaken(_("There is a territory “%(code)s” already.") % {"code": territory.code})


type Chains = dict[int, tuple[int, ...]]


def chains() -> Chains:
    """Each territory with those above it, itself first, as keys; who may see which of them is for the caller to ask."""
    parent = dict(Territory.objects.order_by().values_list("pk", "parent"))
    found: Chains = {}
    for key in parent:
        chain, above = [key], parent[key]
        while above is not None and above not in chain:
            chain.append(above)
            above = parent[above]
        found[key] = tuple(chain)
    return found


def with_below(territory: int, above: Chains | None = None) -> frozenset[int]:
    """The territory and every one below it, as keys; whoever asks has made sure that he may see its sums.

    ``above``: what ``chains`` gave, for who has asked already.
    """
    read = chains() if above is None else above
    return frozenset({territory, *(key for key, chain in read.items() if territory in chain)})


@retries.atomic
def assign(
    territory: Territory,
    *,
    person: User | None,
    starts_on: date,
    role: AssignmentRole = AssignmentRole.OWNER,
    replace: bool = False,
) -> Assignment:
    """From ``starts_on`` the territory is held by ``person``; None makes it vacant.

    Credits from that day on follow, except in closed periods. Raises RuleViolation for a vacant overlay, and DayTaken
    where another owner (or its vacancy) starts on the same day, unless that is to be replaced.
    """
    if role in HELPING and person is None:
        raise RuleViolation(_("An overlay assignment needs a person."))
    same_day = Assignment.objects.filter(territory=territory, starts_on=starts_on)
    same_day = same_day.filter(role__in=HELPING, person=person) if role in HELPING else same_day.filter(role=role)
    facts_moving.send(Assignment, since=starts_on)
    Territory.objects.select_for_update(no_key=True).get(pk=territory.pk)  # the second of two finds the first's row
    row = same_day.select_related("person").first() or Assignment(territory=territory, starts_on=starts_on, role=role)
    if row.pk and row.person != person and not replace:
        raise _day_taken(territory, row)
    row.person, row.role = person, role
    row.save()
    facts_moved.send(Assignment, since=starts_on, recredit=True)
    return row
