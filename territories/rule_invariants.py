"""The invariants of rules and of the tree they place into, read off the rows themselves.

That the placements of an activation are what its rules say cannot be shown later: criteria read accounts as they were
that day, and a file or a move may have placed an account since. What is kept, the rules themselves, is guarded.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from django.db.models import Count, F, Q

from spm.market.choices import AssignmentRole
from spm.market.models import AccountPlacement, Assignment, Territory
from spm.org.verification import Breach, invariant
from territories.choices import RuleSetState
from territories.models import RuleSet, TerritoryRule


@invariant("INV-73", "At most one set of rules begins on a day; a set in force has rules, a day, and who activated it.")
def one_set_begins_a_day() -> Iterator[Breach]:
    active = RuleSet.objects.filter(state=RuleSetState.ACTIVE)
    days = Counter(active.order_by().values_list("starts_on", flat=True))
    for day, many in sorted(days.items(), key=str):
        if many > 1:
            keys = active.filter(starts_on=day).order_by("pk").values_list("pk", flat=True)
            yield Breach(f"{many} sets of rules begin on {day}", tuple(keys))
    bare = Q(starts_on=None) | Q(activated_at=None) | Q(activated_by=None) | Q(many=0)
    for row in active.annotate(many=Count("rules")).filter(bare).order_by("pk"):
        yield Breach("a set of rules in force lacks its rules, its day, or who activated it", (row.pk,))
    early = RuleSet.objects.exclude(state=RuleSetState.ACTIVE).filter(starts_on__isnull=False)
    for pk in early.order_by("pk").values_list("pk", flat=True):
        yield Breach("a set of rules has a day and is not in force", (pk,))


@invariant("INV-73", "A rule that names an account has no other criterion, and ranges ascend.")
def rules_do_not_contradict_themselves() -> Iterator[Breach]:
    plain = Q(country="", region="", industry="", segment="", postal_from="", postal_to="")
    more = ~plain | Q(size_from__isnull=False) | Q(size_to__isnull=False)
    falling = Q(size_from__gt=F("size_to")) | (~Q(postal_to="") & Q(postal_from__gt=F("postal_to")))
    for pk in TerritoryRule.objects.filter(Q(account__isnull=False) & more | falling).values_list("pk", flat=True):
        yield Breach("a rule contradicts itself", (pk,))


@invariant("INV-74", "No territory stands below itself.")
def the_tree_has_no_ring() -> Iterator[Breach]:
    above = dict(Territory.objects.values_list("pk", "parent"))
    for start in above:
        seen: set[int] = set()
        at: int | None = start
        while at is not None and at not in seen:
            seen.add(at)
            at = above.get(at)
        if at == start:
            yield Breach("a territory stands below itself", (start,))


@invariant("INV-74", "On every day a territory has one owner at most, and an account stands in one place at most.")
def one_owner_and_one_place() -> Iterator[Breach]:
    owners = Assignment.objects.filter(role=AssignmentRole.OWNER).order_by()
    for territory, day in _twice(owners.values_list("territory", "starts_on")):
        yield Breach(f"two owners begin on {day}", (territory,))
    for account, day in _twice(AccountPlacement.objects.order_by().values_list("account", "starts_on")):
        yield Breach(f"an account stands in two places from {day}", (account,))


def _twice(rows: Iterable[tuple[int, object]]) -> list[tuple[int, object]]:
    return sorted((key for key, many in Counter(rows).items() if many > 1), key=str)
