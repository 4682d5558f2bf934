"""Who gets a quota letter: everybody with a quota in the working plan of a year that is planned by a cycle."""

from spm.org import retries
from targets.models import PlanningCycle, Quota, QuotaLetter


@retries.atomic
def prepare(cycle: PlanningCycle) -> int:
    """Make a letter, not sent yet, for everybody with a quota who has none; how many. Twice is harmless."""
    PlanningCycle.objects.select_for_update(no_key=True).get(pk=cycle.pk)  # two at once make one letter each
    people = missing(cycle)
    QuotaLetter.objects.bulk_create(QuotaLetter(cycle=cycle, person_id=pk) for pk in people)
    return len(people)


def missing(cycle: PlanningCycle) -> list[int]:
    """The keys of those with a quota of the cycle's year who have no letter yet; one query."""
    holding = Quota.objects.in_force().filter(plan__fiscal_year=cycle.fiscal_year_id).order_by()
    people = holding.filter(person__is_active=True, person__is_house=False)
    without = people.exclude(person__in=QuotaLetter.objects.filter(cycle=cycle).values("person"))
    return sorted(without.values_list("person", flat=True).distinct())
