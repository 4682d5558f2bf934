"""The invariants of account maps, read off the rows themselves; guards and verbs refuse what would break them."""

from collections import defaultdict
from collections.abc import Iterator

from django.db.models import F, Q

from spm.org.verification import Breach, invariant
from territories import caps, maps
from territories.models import DecisionStep, Influence, Stakeholder


@invariant("INV-70", "Whatever belongs to the map of an account stays within that account.")
def maps_stay_within_one_account() -> Iterator[Breach]:
    lines = Influence.objects.exclude(source__account=F("target__account"))
    for pk in lines.values_list("pk", flat=True):
        yield Breach("a line of influence between two accounts", (pk,))
    astray = ~Q(reports_to__account=F("account")) & Q(reports_to__isnull=False)
    foreign = ~Q(contact__account=F("account")) & Q(contact__isnull=False)
    for pk in Stakeholder.objects.filter(astray | foreign).values_list("pk", flat=True):
        yield Breach("a stakeholder with a chief or contact of another account", (pk,))
    steps = DecisionStep.objects.filter(owner__isnull=False).exclude(owner__account=F("account"))
    for pk in steps.values_list("pk", flat=True):
        yield Breach("a decision step owned by somebody of another account", (pk,))


@invariant("INV-71", "Nobody on a map reports to themselves, by however many others.")
def reporting_has_no_ring() -> Iterator[Breach]:
    chief_of = dict(Stakeholder.objects.values_list("pk", "reports_to"))
    for person, chief in chief_of.items():
        if chief is not None and maps.reports_in_a_ring(chief_of, person, chief):
            yield Breach("a stakeholder reports to themselves", (person,))


@invariant("INV-72", "The steps of a decision are numbered from 1 without a gap, and at most six.")
def steps_are_numbered() -> Iterator[Breach]:
    found: dict[int, list[int]] = defaultdict(list)
    for account, position in DecisionStep.objects.order_by("position").values_list("account", "position"):
        found[account].append(position)
    for account, positions in found.items():
        if positions != list(range(1, len(positions) + 1)) or len(positions) > caps.STEPS:
            yield Breach(f"steps {positions} of account {account}", (account,))
