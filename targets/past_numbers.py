"""The targets and quotas of a year as they stood at the end of a day, today or past, from their history (INV-28).

Who may see a number is decided by what the viewer sees today. Amounts are whole minor units of the company's currency.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from spm.market.models import Territory
from spm.money import ZERO
from spm.org.choices import PeriodLevel
from spm.org.models import Company, FiscalYear, Period, Team, User
from targets.choices import Measure, PlanKind, Scope
from targets.goals import COLUMNS
from targets.models import Quota, Target

SCOPES = {"person_id": Scope.PERSON, "team_id": Scope.TEAM, "territory_id": Scope.TERRITORY}


@dataclass(frozen=True, slots=True)
class Held:
    """One holder's number of one measure. ``key``: e-mail or code; ``amounts``: by leaf period's key."""

    scope: Scope
    holder: int
    key: str
    name: str
    measure: Measure
    amounts: Mapping[int, Decimal]

    @property
    def year(self) -> Decimal:
        return sum(self.amounts.values(), ZERO)


@dataclass(frozen=True, slots=True)
class Numbers:
    """All that the viewer sees of a year: people, then teams, then territories, each by name; leaves in order."""

    leaves: tuple[Period, ...]
    quarters: tuple[tuple[str, tuple[int, ...]], ...]  # title and its leaves' keys
    held: tuple[Held, ...]
    currency: str

    def of_measure(self, measure: Measure) -> list[Held]:
        return [one for one in self.held if one.measure == measure]

    def by_quarter(self, one: Held) -> list[tuple[str, Decimal | None]]:
        """The sums of its quarters by their titles; None where it has no number in any leaf of one."""
        return [(label, _sum(one.amounts, leaves)) for label, leaves in self.quarters]


def _sum(amounts: Mapping[int, Decimal], leaves: tuple[int, ...]) -> Decimal | None:
    known = [amounts[leaf] for leaf in leaves if leaf in amounts]
    return sum(known, ZERO) if known else None


def numbers(user: User, year: FiscalYear, until: datetime | None) -> Numbers:
    """The numbers just before ``until``, None: now. A fixed number of queries, whatever the number of holders."""
    leaves = tuple(
        Period.objects.filter(fiscal_year=year, level=PeriodLevel.MONTH).select_related("parent").order_by("starts_on")
    )
    quarters: dict[str, list[int]] = defaultdict(list)
    for leaf in leaves:
        if leaf.parent:
            quarters[leaf.parent.title].append(leaf.pk)
    called, currency = _called(), Company.objects.values_list("currency", flat=True).get()
    found: dict[tuple[Scope, int, str], dict[int, Decimal]] = defaultdict(dict)
    models: tuple[type[Target] | type[Quota], ...] = (Target, Quota)
    for model in models:
        for scope, holder, measure, period, amount in _standing(user, model, year, until):
            found[scope, holder, measure][period] = amount
    held = [
        Held(scope, holder, *called[scope][holder], Measure(measure), amounts)
        for (scope, holder, measure), amounts in found.items()
    ]
    order, measures = list(SCOPES.values()), list(Measure)
    held.sort(key=lambda one: (order.index(one.scope), one.name.casefold(), one.key, measures.index(one.measure)))
    return Numbers(leaves, tuple((title, tuple(keys)) for title, keys in quarters.items()), tuple(held), currency)


def _standing(
    user: User, model: type[Target] | type[Quota], year: FiscalYear, until: datetime | None
) -> Iterator[tuple[Scope, int, str, int, Decimal]]:
    """(scope, holder, measure, leaf period, amount) of each number that stood; one query."""
    rows = model.history.filter(plan__fiscal_year=year, plan__kind=PlanKind.WORKING)
    rows = rows.filter(model.objects.all().seen_by(user)).order_by("history_date", "history_id")
    if until is not None:
        rows = rows.filter(history_date__lt=until)
    holders = COLUMNS[model]
    newest: dict[int, tuple[Any, ...]] = {}
    for change, key, *number in rows.values_list(
        "history_type", "id", "measure", "period_id", "amount", *holders
    ).iterator():
        newest[key] = tuple(number)
        if change == "-":
            del newest[key]
    for measure, leaf, amount, *keys in newest.values():
        column, holder = next((name, key) for name, key in zip(holders, keys, strict=True) if key is not None)
        yield SCOPES[column], holder, measure, leaf, amount


def _called() -> dict[Scope, dict[int, tuple[str, str]]]:
    """Key and name of every holder; three queries. Whose number is told is decided before."""
    sources = {
        Scope.PERSON: User.objects.values_list("pk", "email", "name"),
        Scope.TEAM: Team.objects.values_list("pk", "code", "name"),
        Scope.TERRITORY: Territory.objects.values_list("pk", "code", "name"),
    }
    return {scope: {pk: (key, name) for pk, key, name in rows} for scope, rows in sources.items()}
