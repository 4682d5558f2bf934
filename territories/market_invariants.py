"""The invariants of target customers, read off the rows themselves."""

from collections import defaultdict
from collections.abc import Iterator

from spm.org.verification import Breach, invariant
from territories import caps
from territories.choices import TargetStatus
from territories.models import TargetCustomer, TargetMarket


@invariant("INV-75", "The customers a territory wants are ranked from 1 without a gap, and within the cap.")
def customers_are_ranked() -> Iterator[Breach]:
    found: dict[int, list[int | None]] = defaultdict(list)
    for land, rank in TargetCustomer.objects.order_by("rank", "pk").wanted().values_list("territory", "rank"):
        found[land].append(rank)
    for land, ranks in sorted(found.items()):
        if ranks != list(range(1, len(ranks) + 1)) or len(ranks) > caps.CUSTOMERS:
            yield Breach(f"target customers of territory {land} are ranked {ranks}", (land,))


@invariant("INV-76", "Won and dropped customers have no rank, dropped ones a reason; Unassigned wants nobody.")
def outcomes_are_whole() -> Iterator[Breach]:
    settled = TargetCustomer.objects.standing().exclude(status=TargetStatus.OPEN)
    for row in settled.order_by("pk"):
        if row.rank is not None or (row.status == TargetStatus.DROPPED and not row.outcome_words):
            yield Breach(f"a target customer is {row.status} with rank {row.rank} and no reason", (row.pk,))
    for model in (TargetCustomer, TargetMarket):
        for pk in model.objects.filter(territory__is_unassigned=True).values_list("pk", flat=True):
            yield Breach("a target of the market that no territory claims", (pk,))
