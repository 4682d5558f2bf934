"""The invariants of the numbers, recomputed from raw rows in plain Python, independent of the roll-up's SQL."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import product
from typing import Any

from django.db.models import Max
from django.utils import timezone

from spm.imports.choices import BatchState
from spm.keys import normalise
from spm.market.models import Territory
from spm.org.choices import PeriodLevel, PeriodState
from spm.org.models import Period, User
from spm.org.trees import TeamTree, tree_as_of
from spm.org.verification import Breach, invariant
from targets import closing, judged, measures
from targets.choices import ActualKind, Changed, Measure, PlanKind, RunState, Scope
from targets.crediting import Resolver
from targets.models import (
    Actual,
    ActualVersion,
    Attainment,
    Credit,
    PeriodClosing,
    PeriodReopening,
    PeriodTotal,
    PlanLine,
    Quota,
    ReopenedChange,
    RollupRun,
    Target,
)
from targets.reopenings import GOALS

ZERO = Decimal(0)
SUMMED = ("actual", "overlay", "base", "overlay_base", "target", "quota_sum", "lines", "cost_missing", "effect")
COUNTS = ("lines", "overlay_lines", "cost_missing", "overlay_cost_missing")
HOLDERS = ("person_id", "team_id", "territory_id", "company_id")
NO_FIGURES = (ZERO, None, None, 0, 0)  # actual, target, quota_sum, lines, cost_missing

type Figures = dict[Any, list[Any]]


def _settled() -> dict[int, Period]:
    """Leaf periods whose totals claim to be current: rolled up, and nothing waits."""
    stale = RollupRun.objects.stale().values("period")
    leaves = Period.objects.leaves().exclude(pk__in=stale).order_by("starts_on")
    return {leaf.pk: leaf for leaf in leaves}


def _moving() -> list[Period]:
    """Those of them that follow the organisation of today; a closed one keeps the totals of its closing (INV-29)."""
    return [leaf for leaf in _settled().values() if leaf.state != PeriodState.CLOSED]


@invariant("INV-02", "Per leaf period and kind, the credits that count are the actuals in force.")
def credits_are_the_actuals() -> Iterator[Breach]:
    calendar = Resolver()
    sums: dict[Any, Decimal] = defaultdict(lambda: ZERO)
    for day, kind, amount in Actual.objects.in_force().values_list("date", "kind", "amount").iterator():
        leaf = calendar.leaf_on(day)
        if leaf is None:
            yield Breach(f"a line of {day:%Y-%m-%d} lies in no period")
        else:
            sums[leaf.pk, leaf.label, kind] += amount
    counted = Credit.objects.filter(is_overlay=False).values_list("date", "kind", "amount")
    for day, kind, amount in counted.iterator():
        if leaf := calendar.leaf_on(day):
            sums[leaf.pk, leaf.label, kind] -= amount
    for (pk, label, kind), rest in sums.items():
        if rest:
            yield Breach(f"{label} {kind}: actuals − credits = {rest}", (pk,))


@invariant("INV-03", "The shares of a line that count add to 1, their amounts and costs to the line's.")
def shares_add_up() -> Iterator[Breach]:
    parts: dict[int, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO, ZERO])
    rows = Credit.objects.filter(is_overlay=False).values_list("actual_id", "share", "amount", "cost")
    for actual, share, amount, cost in rows.iterator():
        sums = parts[actual]
        sums[0] += share
        sums[1] += amount
        sums[2] += cost or ZERO
    for pk, is_tombstone, amount, cost in Actual.objects.values_list("pk", "is_tombstone", "amount", "cost").iterator():
        wanted = [ZERO, ZERO, ZERO] if is_tombstone else [Decimal(1), amount, cost or ZERO]
        if parts.get(pk, [ZERO, ZERO, ZERO]) != wanted:
            yield Breach(f"shares, amounts and costs add to {parts.get(pk)}, not to {wanted}", (pk,))


@invariant("INV-12", "The key of a line is the normal form of its id.")
def line_keys_are_normal() -> Iterator[Breach]:
    for pk, name, key in Actual.objects.values_list("pk", "external_id", "external_key").iterator():
        if key != normalise(name):
            yield Breach(f"the key of line {name} is {key}", (pk,))


@invariant("INV-15", "Every line in force was written by an import that is loaded.")
def lines_come_from_loaded_imports() -> Iterator[Breach]:
    stray = Actual.objects.in_force().filter(batch__isnull=False).exclude(batch__state=BatchState.COMMITTED)
    for pk, batch in stray.values_list("pk", "batch_id").iterator():
        yield Breach(f"import {batch} is not loaded, a line of it counts", (pk, batch))


@invariant("INV-04", "Months add to the quarter and to the year, for every holder and measure.")
def months_add_up() -> Iterator[Breach]:
    parents = {leaf.pk: (leaf.parent_id, leaf.parent.parent_id) for leaf in _leaves_with_quarter()}
    sums: dict[tuple[Any, ...], list[Any]] = {}
    stored: dict[tuple[Any, ...], list[Any]] = {}
    rows = Attainment.objects.values_list("period_id", "period__level", "measure", *HOLDERS, *SUMMED)
    for period, level, *rest in rows.iterator():
        holder, figures = tuple(rest[:5]), rest[5:]
        if level != PeriodLevel.MONTH:
            stored[period, *holder] = figures
            continue
        for parent in parents[period]:
            known = sums.setdefault((parent, *holder), [None] * len(SUMMED))
            sums[parent, *holder] = [_plus(one, two) for one, two in zip(known, figures, strict=True)]
    for key in sorted(sums.keys() ^ stored.keys(), key=str):
        yield Breach(f"period, measure and holder {key}: the row exists on one level alone", (key[0],))
    for key in sums.keys() & stored.keys():
        if sums[key] != stored[key]:
            yield Breach(f"period, measure and holder {key}: stored {stored[key]}, summed {sums[key]}", (key[0],))


@invariant("INV-04", "The quota of a quarter or a year is that of its leaf periods, each decided by itself.")
def quotas_are_decided_by_leaf() -> Iterator[Breach]:
    parents = {leaf.pk: (leaf.parent_id, leaf.parent.parent_id) for leaf in _leaves_with_quarter()}
    for scope, measure in product((Scope.TEAM, Scope.TERRITORY), Measure):
        wanted: dict[Any, Decimal] = defaultdict(lambda: ZERO)
        rows = Attainment.objects.filter(measure=measure, period__in=parents, **{f"{scope}__isnull": False})
        for holder, leaf, target, below in rows.values_list(f"{scope}_id", "period_id", "target", "quota_sum"):
            number = below if target is None else target
            for period in (leaf, *parents[leaf]) if number is not None else ():
                wanted[holder, period] += number
        told = judged.by_period(scope, measure)
        for key in wanted.keys() | told.keys():
            if wanted.get(key) != told.get(key):
                text = f"{measure} of {scope} and period {key}: told {told.get(key)}, its months say {wanted.get(key)}"
                yield Breach(text, key)


def _leaves_with_quarter() -> Any:
    return Period.objects.leaves().select_related("parent")


def _plus(one: Any, two: Any) -> Any:
    return two if one is None else one if two is None else one + two


@invariant("INV-22", "Totals of every current period are what its credits add up to.")
def totals_are_their_credits() -> Iterator[Breach]:
    settled, calendar = _settled(), Resolver()
    sums: Figures = defaultdict(lambda: [ZERO, ZERO, 0, 0, 0, 0])
    rows = Credit.objects.values_list("date", "kind", "person_id", "territory_id", "is_overlay", "amount", "cost")
    for day, kind, person, territory, is_overlay, amount, cost in rows.iterator():
        leaf = calendar.leaf_on(day)
        if leaf and leaf.pk in settled:
            for measure, value in _measured(kind, amount, cost):
                figures = sums[leaf.pk, person, territory, measure]
                figures[is_overlay] += value
                figures[2 + is_overlay] += 1
                figures[4 + is_overlay] += measure == Measure.MARGIN and cost is None
    stored: Figures = {
        tuple(row[:4]): list(row[4:])
        for row in PeriodTotal.objects.filter(period__in=settled).values_list(
            "period_id", "person_id", "territory_id", "measure", "amount", "overlay", *COUNTS
        )
    }
    for key in sums.keys() | stored.keys():
        if sums.get(key) != stored.get(key):
            yield Breach(
                f"{settled[key[0]].label} {key[1:]}: stored {stored.get(key)}, counted {sums.get(key)}", key[:1]
            )


def _measured(kind: str, amount: Decimal, cost: Decimal | None) -> Iterator[tuple[str, Decimal]]:
    """What one credit counts for: bookings, or revenue and margin; without a cost it earns no margin."""
    if kind == ActualKind.BOOKING:
        yield Measure.BOOKINGS.value, amount
        return
    yield Measure.REVENUE.value, amount
    yield Measure.MARGIN.value, ZERO if cost is None else amount - cost


@invariant("INV-05", "A team is its members of the last day and the teams below; the company is all of it.")
def parents_are_their_children() -> Iterator[Breach]:
    for leaf in _moving():
        wanted, stored = _expected(leaf), _stored(leaf)
        for key in sorted(wanted.keys() | stored.keys(), key=str):
            if wanted.get(key) != stored.get(key):
                text = f"{leaf.label} {key}: stored {stored.get(key)}, expected {wanted.get(key)}"
                yield Breach(text, (leaf.pk,))


def _stored(leaf: Period) -> dict[Any, Any]:
    """(kind of holder, key, measure) → the columns of NO_FIGURES, of persons, teams and the company."""
    found = {}
    rows = Attainment.objects.filter(period=leaf, territory=None)
    for measure, *rest in rows.values_list(
        "measure", *HOLDERS, "actual", "target", "quota_sum", "lines", "cost_missing"
    ):
        place = next(i for i, holder in enumerate(rest[:4]) if holder is not None)
        found[HOLDERS[place], rest[place], measure] = tuple(rest[4:])
    return found


def _expected(leaf: Period) -> dict[Any, Any]:
    """The same, from period totals, quotas, targets and plan lines, walking up from each person."""
    tree = tree_as_of(leaf.ends_on)
    figures: Figures = defaultdict(lambda: [*NO_FIGURES])
    _count_credits(leaf, tree, figures)
    for person, measure, amount in _in_force(Quota, leaf, "person_id"):
        figures["person_id", person, measure][1] = amount
        for key in _above(tree, person):
            figures[(*key, measure)][2] = _plus(figures[(*key, measure)][2], amount)
    for team, measure, amount in _in_force(Target, leaf, "team_id"):
        if team is not None:
            figures["team_id", team, measure][1] = amount
            for above in _above_team(tree, team):
                figures.setdefault((*above, measure), [*NO_FIGURES])  # a row up to the root, at zero
    _count_plan(leaf, figures)
    return {key: tuple(row) for key, row in figures.items()}


def _count_plan(leaf: Period, figures: Figures) -> None:
    """The company's number: its own line, else the sum of its segments."""
    lines = list(_in_force(PlanLine, leaf, "segment"))
    given = {measure for segment, measure, _amount in lines if not segment}
    for segment, measure, amount in lines:
        if not segment or measure not in given:
            company = figures["company_id", 1, measure]
            company[1] = _plus(company[1], amount)


def _count_credits(leaf: Period, tree: TeamTree, figures: Figures) -> None:
    house = User.objects.house().pk
    totals = PeriodTotal.objects.filter(period=leaf)
    for person, measure, *counted in totals.values_list("person_id", "measure", "amount", "lines", "cost_missing"):
        for key in _above(tree, person):
            _count(figures[(*key, measure)], counted)
        if person != house:
            _count(figures["person_id", person, measure], counted)
    overlays = totals.exclude(person=house).values_list(
        "person_id", "measure", "overlay", "overlay_lines", "overlay_cost_missing"
    )
    for person, measure, *counted in overlays:
        _count(figures["person_id", person, measure], counted)


def _count(figures: list[Any], counted: list[Any]) -> None:
    for place, value in zip((0, 3, 4), counted, strict=True):
        figures[place] += value


def _in_force(model: Any, leaf: Period, holder: str) -> Any:
    return model.objects.in_force().filter(period=leaf).values_list(holder, "measure", "amount")


def _above(tree: TeamTree, person: int) -> list[tuple[str, int]]:
    return _above_team(tree, tree.team_of.get(person))


def _above_team(tree: TeamTree, team: int | None) -> list[tuple[str, int]]:
    return [*(("team_id", above) for above in tree.ancestors(team)), ("company_id", 1)]


@invariant("INV-05", "A territory is its credits and the territories below.")
def territories_are_their_credits() -> Iterator[Breach]:
    parent = dict(Territory.objects.values_list("pk", "parent_id"))
    for leaf in _moving():
        sums: dict[Any, Decimal] = defaultdict(lambda: ZERO)
        totals = PeriodTotal.objects.filter(period=leaf).values_list("territory_id", "measure", "amount")
        for territory, measure, amount in totals:
            while territory is not None:
                sums[territory, measure] += amount
                territory = parent[territory]  # noqa: PLW2901  # a walk upward
        rows = Attainment.objects.filter(period=leaf, territory__isnull=False)
        stored = {
            (area, measure): actual for area, measure, actual in rows.values_list("territory_id", "measure", "actual")
        }
        for key in sums.keys() | stored.keys():
            if sums.get(key, ZERO) != stored.get(key, ZERO):
                yield Breach(f"{leaf.label} {key}: stored {stored.get(key)}, counted {sums.get(key)}", (leaf.pk,))


@invariant("INV-08", "A quota of zero, or none, gives no attainment: never 0 %, 100 % or an error.")
def no_quota_is_no_ratio() -> Iterator[Breach]:
    for pk, actual, target in Attainment.objects.values_list("pk", "actual", "target").iterator():
        if (target is not None and target < 0) or (measures.attainment(actual, target) is None) == bool(target):
            yield Breach(f"a quota of {target} with {actual} credited", (pk,))


@invariant("INV-25", "Every total belongs to the newest finished run of its period.")
def totals_belong_to_finished_runs() -> Iterator[Breach]:
    newest = dict(RollupRun.objects.done().order_by().values_list("period_id").annotate(Max("pk")))
    done = set(RollupRun.objects.done().values_list("pk", flat=True))
    for model in (PeriodTotal, Attainment):
        pairs = model.objects.order_by().values_list("period_id", "period__level", "run_id").distinct()
        for period, level, run in pairs:
            if run not in done or (level == PeriodLevel.MONTH and run != newest.get(period)):
                yield Breach(f"{model.__name__} rows of period {period} bear run {run}", (period, run))


@invariant("INV-20", "The newest run of a period tells what is stored for it.")
def runs_tell_what_is_stored() -> Iterator[Breach]:
    for leaf in _settled().values():
        run = RollupRun.objects.filter(period=leaf, state=RunState.DONE).order_by("-pk").first()
        counts = (PeriodTotal.objects.filter(period=leaf).count(), Attainment.objects.filter(period=leaf).count())
        told = (run.total_count, run.attainment_count) if run else (0, 0)
        if counts != told:
            yield Breach(f"{leaf.label}: the run tells {told} rows, stored are {counts}", (leaf.pk,))


@invariant("INV-29", "The numbers of a closed period are those it was closed with.")
def closed_periods_stand_still() -> Iterator[Breach]:
    for leaf in Period.objects.leaves().filter(state=PeriodState.CLOSED):
        last = PeriodClosing.objects.filter(period=leaf).order_by("-pk").first()
        if last is None:
            yield Breach(f"{leaf.label} is closed without a closing", (leaf.pk,))
        elif closing.digest_of(closing.snapshot(leaf)) != last.digest or closing.digest_of(last.rows) != last.digest:
            yield Breach(f"{leaf.label} differs from its closing", (leaf.pk, last.pk))


@invariant("INV-30", "Each reopening has a closing before it, a reason, and is ended by at most one closing.")
def reopenings_have_reasons() -> Iterator[Breach]:
    for reopening in PeriodReopening.objects.select_related("reopened_by"):
        if not reopening.reason.strip():
            yield Breach("a period was opened again without a reason", (reopening.pk,))
    for again in PeriodClosing.objects.filter(reopening__isnull=False).select_related("reopening"):
        ended = again.reopening
        if ended is None or ended.period_id != again.period_id or ended.reopened_at > again.closed_at:
            yield Breach("a closing ends a reopening that is not its own", (again.pk,))
        before = PeriodClosing.objects.filter(period=again.period_id, pk__lt=again.pk).order_by("-pk").first()
        if again.difference != (closing.difference(before.rows, again.rows) if before else []):
            yield Breach("a closing does not tell what differs from the one before", (again.pk,))


@invariant("INV-30", "Each change in a reopened period is kept under the id of its reopening.")
def changes_bear_their_reopening() -> Iterator[Breach]:
    for reopening in PeriodReopening.objects.select_related("period"):
        leaf = reopening.period
        ended = PeriodClosing.objects.filter(period=leaf, closed_at__gte=reopening.reopened_at).order_by("pk").first()
        window = (reopening.reopened_at, ended.closed_at if ended else timezone.now())
        kept = ReopenedChange.objects.filter(reopening__period=leaf).values_list("what", "row", "state")
        for what, row, state in sorted({*_lines_changed(leaf, window), *_goals_changed(leaf, window)} - set(kept)):
            yield Breach(f"{leaf.label}: {what} {row}, state {state}, changed without its reopening", (reopening.pk,))


def _lines_changed(leaf: Period, window: tuple[datetime, datetime]) -> Iterator[tuple[str, int, int]]:
    """Lines of the leaf whose form was replaced, or whose import was committed, in this time."""
    for pk, version, values in ActualVersion.objects.filter(replaced_at__range=window).values_list(
        "actual_id", "version", "values"
    ):
        if not values["is_tombstone"] and leaf.starts_on <= date.fromisoformat(values["date"]) <= leaf.ends_on:
            yield Changed.LINE.value, pk, version + 1
    inside = Actual.objects.in_force().filter(date__range=(leaf.starts_on, leaf.ends_on))
    for pk, version in inside.filter(batch__committed_at__range=window).values_list("pk", "version"):
        yield Changed.LINE.value, pk, version


def _goals_changed(leaf: Period, window: tuple[datetime, datetime]) -> Iterator[tuple[str, int, int]]:
    for model, what in GOALS.items():
        rows = model.history.filter(period=leaf, plan__kind=PlanKind.WORKING, history_date__range=window)
        for pk, state in rows.values_list("id", "history_id"):
            yield what.value, pk, state
