"""Credits → period totals → attainment of persons, teams, territories and the company → quarters and years.

One transaction per fiscal year touched: lock the periods, take their stale runs, replace their rows, publish. Readers
see all of the old totals or all of the new ones. Totals are recomputed from rows, never incremented, so a second run
changes nothing. Period totals, persons, territories, quarters and years are grouped by the database; teams and the
company, a few hundred rows, are summed up the tree of each period's end in ``targets.summing``.

The SQL is what SQLite and PostgreSQL share. Rules: design.md §4 "Roll-up", reliability INV-02 to 05 and 20 to 25.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from time import perf_counter
from typing import Any

from django.db import connection
from django.utils import timezone

from spm.imports import bulk
from spm.org import retries
from spm.org.choices import PeriodLevel, PeriodState
from spm.org.models import Period, User
from targets import actuals, effects, nodes
from targets.checksums import ATTAINMENT_CHECKSUM, ATTAINMENT_COLUMNS, TOTAL_COLUMNS, TOTALS_CHECKSUM
from targets.choices import PlanKind, RunState
from targets.crediting import Resolver
from targets.models import Attainment, RollupRun
from targets.nodes import Homes
from targets.staleness import lock_periods, refuse_closed
from targets.summing import Sums

type Rows = list[tuple[Any, ...]]

# Rows are written in the order of their keys, which makes the unique indexes cheap.
# Margin is amount − cost over the revenue lines whose cost is known; the others are counted in cost_missing.
INSERT_TOTALS = f"""
    INSERT INTO targets_periodtotal (run_id, period_id, person_id, territory_id, measure, {TOTAL_COLUMNS})
    SELECT g.run_id, g.period_id, g.person_id, g.territory_id, m.measure,
        CASE WHEN m.measure = 'margin' THEN g.base - g.cost ELSE g.amount END,
        CASE WHEN m.measure = 'margin' THEN g.overlay_base - g.overlay_cost ELSE g.overlay END,
        CASE WHEN m.measure = 'margin' THEN g.base ELSE 0 END,
        CASE WHEN m.measure = 'margin' THEN g.overlay_base ELSE 0 END,
        g.lines, g.overlay_lines,
        CASE WHEN m.measure = 'margin' THEN g.cost_missing ELSE 0 END,
        CASE WHEN m.measure = 'margin' THEN g.overlay_cost_missing ELSE 0 END,
        CASE WHEN m.measure = 'margin' THEN g.earned ELSE g.effect END,
        CASE WHEN m.measure = 'margin' THEN g.overlay_earned ELSE g.overlay_effect END
    FROM (
        SELECT r.id AS run_id, r.period_id, c.person_id, c.territory_id, c.kind,
            SUM(CASE WHEN c.is_overlay THEN 0 ELSE c.amount END) AS amount,
            SUM(CASE WHEN c.is_overlay THEN c.amount ELSE 0 END) AS overlay,
            SUM(CASE WHEN c.is_overlay OR c.cost IS NULL THEN 0 ELSE c.amount END) AS base,
            SUM(CASE WHEN c.is_overlay OR c.cost IS NULL THEN 0 ELSE c.cost END) AS cost,
            SUM(CASE WHEN c.is_overlay AND c.cost IS NOT NULL THEN c.amount ELSE 0 END) AS overlay_base,
            SUM(CASE WHEN c.is_overlay AND c.cost IS NOT NULL THEN c.cost ELSE 0 END) AS overlay_cost,
            SUM(CASE WHEN c.is_overlay THEN 0 ELSE 1 END) AS lines,
            SUM(CASE WHEN c.is_overlay THEN 1 ELSE 0 END) AS overlay_lines,
            SUM(CASE WHEN c.cost IS NULL AND NOT c.is_overlay THEN 1 ELSE 0 END) AS cost_missing,
            SUM(CASE WHEN c.cost IS NULL AND c.is_overlay THEN 1 ELSE 0 END) AS overlay_cost_missing,
            {{effects}}
        FROM targets_rolluprun r
        JOIN org_period p ON p.id = r.period_id
        JOIN targets_credit c ON c.date BETWEEN p.starts_on AND p.ends_on
        WHERE r.id IN ({{runs}})
        GROUP BY r.id, r.period_id, c.person_id, c.territory_id, c.kind
    ) g
    JOIN (
        SELECT 'booking' AS kind, 'bookings' AS measure UNION ALL
        SELECT 'revenue', 'revenue' UNION ALL SELECT 'revenue', 'margin'
    ) m ON m.kind = g.kind
    ORDER BY g.period_id, g.person_id, g.territory_id, m.measure
"""  # noqa: S608  # constants of this module

# A person's number includes overlay credits; the House has no number of its own.
INSERT_PERSONS = f"""
    INSERT INTO targets_attainment (run_id, period_id, measure, person_id, {ATTAINMENT_COLUMNS})
    SELECT run_id, period_id, measure, person_id, SUM(actual), SUM(overlay), SUM(base), SUM(overlay_base),
        SUM(quota), NULL, SUM(lines), SUM(cost_missing), SUM(effect)
    FROM (
        SELECT t.run_id, t.period_id, t.measure, t.person_id, t.amount + t.overlay AS actual, t.overlay,
            t.base + t.overlay_base AS base, t.overlay_base, NULL AS quota, t.lines + t.overlay_lines AS lines,
            t.cost_missing + t.overlay_cost_missing AS cost_missing, t.effect + t.overlay_effect AS effect
        FROM targets_periodtotal t WHERE t.period_id IN ({{periods}}) AND t.person_id <> {{house}}
        UNION ALL
        SELECT r.id, q.period_id, q.measure, q.person_id, 0, 0, 0, 0, q.amount, 0, 0, 0
        FROM targets_rolluprun r JOIN targets_quota q ON q.period_id = r.period_id
        JOIN targets_companyplan plan ON plan.id = q.plan_id AND plan.kind = '{PlanKind.WORKING.value}'
        WHERE r.id IN ({{runs}})
    ) x
    GROUP BY run_id, period_id, measure, person_id
    ORDER BY period_id, measure, person_id
"""  # noqa: S608  # constants of this module

# A quarter adds the rows of its leaf periods and a year those of its quarters, for all four kinds of holder at once.
# Both are written with every leaf period, so a year sees all of its quarters as they are.
INSERT_PARENTS = f"""
    INSERT INTO targets_attainment
        (run_id, period_id, measure, person_id, team_id, territory_id, company_id, {ATTAINMENT_COLUMNS})
    SELECT {{run}}, p.parent_id, a.measure, a.person_id, a.team_id, a.territory_id, a.company_id,
        SUM(a.actual), SUM(a.overlay), SUM(a.base), SUM(a.overlay_base), SUM(a.target), SUM(a.quota_sum),
        SUM(a.lines), SUM(a.cost_missing), SUM(a.effect)
    FROM targets_attainment a JOIN org_period p ON p.id = a.period_id
    WHERE {{children}}
    GROUP BY p.parent_id, a.measure, a.person_id, a.team_id, a.territory_id, a.company_id
    ORDER BY p.parent_id, a.measure, a.person_id, a.team_id, a.territory_id
"""  # noqa: S608  # constants of this module

# A territory has its credits and those of the territories below it. Its quota_sum is what the nearest ones below that
# have a target were given.
INSERT_TERRITORIES = f"""
    INSERT INTO targets_attainment (run_id, period_id, measure, territory_id, {ATTAINMENT_COLUMNS})
    WITH RECURSIVE k(below, above) AS (
        SELECT id, id FROM market_territory
        UNION ALL SELECT k.below, m.parent_id FROM k JOIN market_territory m ON m.id = k.above
        WHERE m.parent_id IS NOT NULL
    ), given AS (
        SELECT r.id AS run_id, g.period_id, g.measure, g.territory_id, g.amount
        FROM targets_rolluprun r JOIN targets_target g ON g.period_id = r.period_id AND g.territory_id IS NOT NULL
        JOIN targets_companyplan plan ON plan.id = g.plan_id AND plan.kind = '{PlanKind.WORKING.value}'
        WHERE r.id IN ({{runs}})
    )
    SELECT run_id, period_id, measure, territory_id, SUM(actual), 0, SUM(base), 0, SUM(target), SUM(quota_sum),
        SUM(lines), SUM(cost_missing), SUM(effect)
    FROM (
        SELECT t.run_id, t.period_id, t.measure, k.above AS territory_id, t.amount AS actual, t.base,
            CAST(NULL AS bigint) AS target, CAST(NULL AS bigint) AS quota_sum, t.lines, t.cost_missing, t.effect
        FROM targets_periodtotal t JOIN k ON k.below = t.territory_id WHERE t.period_id IN ({{periods}})
        UNION ALL
        SELECT run_id, period_id, measure, territory_id, 0, 0, amount, NULL, 0, 0, 0 FROM given
        UNION ALL
        SELECT g.run_id, g.period_id, g.measure, k.above, 0, 0, NULL, g.amount, 0, 0, 0
        FROM given g JOIN k ON k.below = g.territory_id AND k.above <> k.below
        WHERE NOT EXISTS (
            SELECT 1 FROM k inner_k
            JOIN given n ON n.territory_id = inner_k.above AND n.period_id = g.period_id AND n.measure = g.measure
            JOIN k outer_k ON outer_k.below = inner_k.above AND outer_k.above = k.above
            WHERE inner_k.below = g.territory_id AND inner_k.above NOT IN (g.territory_id, k.above)
        )
    ) x
    GROUP BY run_id, period_id, measure, territory_id
    ORDER BY period_id, measure, territory_id
"""  # noqa: S608  # constants of this module

# What teams and the company are summed from: persons by their team on the last day; 0 = without one, −1 = the House.
HOMES = """
    WITH home AS (
        SELECT p.id AS period_id, m.person_id, m.team_id
        FROM org_period p JOIN org_membership m ON m.starts_on = (
            SELECT MAX(e.starts_on) FROM org_membership e WHERE e.person_id = m.person_id AND e.starts_on <= p.ends_on)
        WHERE p.id IN ({periods})
    )
    SELECT x.period_id, x.measure, CASE WHEN x.person_id = {house} THEN -1 ELSE COALESCE(home.team_id, 0) END AS place,
        SUM(x.actual), SUM(x.base), SUM(x.lines), SUM(x.cost_missing), SUM(x.quota), SUM(x.effect)
    FROM (
        SELECT t.period_id, t.measure, t.person_id, t.amount AS actual, t.base, t.lines, t.cost_missing, NULL AS quota,
            t.effect
        FROM targets_periodtotal t WHERE t.period_id IN ({periods})
        UNION ALL
        SELECT a.period_id, a.measure, a.person_id, 0, 0, 0, 0, a.target, 0
        FROM targets_attainment a WHERE a.period_id IN ({periods}) AND a.person_id IS NOT NULL
    ) x
    LEFT JOIN home ON home.period_id = x.period_id AND home.person_id = x.person_id
    GROUP BY x.period_id, x.measure, place
"""

HOLDERS = ("person", "team", "territory", "company")
NOTHING = (0, 0)
PUBLISHED = [
    "state",
    "recredit",
    "started_at",
    "finished_at",
    "milliseconds",
    "credit_count",
    "total_count",
    "attainment_count",
    "digest",
]


@dataclass
class Batch:
    """The leaf periods of one fiscal year that are rolled up together, and their runs, by period."""

    leaves: list[Period]
    runs: dict[int, RollupRun]

    @property
    def newest(self) -> int:
        """The run that the rows of quarters and years bear."""
        return max(run.pk for run in self.runs.values())

    def fill(self, sql: str, **names: object) -> str:
        """``sql`` with the keys of this batch put in: whole numbers of our own, never text from outside."""
        keys = {"runs": [run.pk for run in self.runs.values()], "periods": [leaf.pk for leaf in self.leaves]}
        lists = {name: ", ".join(str(int(key)) for key in values) for name, values in keys.items()}
        return sql.format(**(lists | names))


def roll_up(period_id: int) -> RollupRun:
    """Roll up one leaf period now, stale or not, with its quarter and year; return the run published.

    Raises PeriodClosed for a closed one: its totals stay as they were closed.
    """
    (run,) = roll_up_together([period_id])
    return run


@retries.atomic
def roll_up_together(period_ids: Collection[int], *, only_stale: bool = False) -> list[RollupRun]:
    """Roll up leaf periods of one fiscal year in one transaction; return the runs published, by period key.

    ``only_stale``: leave out periods that somebody else has rolled up meanwhile, and closed ones.
    Raises PeriodClosed, unless ``only_stale``, and ValueError for periods of several years.
    """
    retries.take_time()
    leaves = lock_with_parents(period_ids)
    batch = _take_runs(leaves, only_stale=only_stale)
    if batch.leaves:
        started = perf_counter()
        prepare_session()
        _replace(batch)
        _publish(batch, round((perf_counter() - started) * 1000))
    return list(batch.runs.values())


def roll_up_stale(progress: Callable[[int, int], None] | None = None) -> list[RollupRun]:
    """Roll up every stale period that is not closed, one transaction per fiscal year; return the runs published.

    ``progress(done, of)`` is called after each year.
    """
    stale = RollupRun.objects.stale().exclude(period__state=PeriodState.CLOSED).select_related("period")
    periods = sorted((run.period for run in stale), key=lambda period: (period.fiscal_year_id, period.pk))
    runs: list[RollupRun] = []
    for _year, group in groupby(periods, key=lambda period: period.fiscal_year_id):
        runs += roll_up_together([period.pk for period in group], only_stale=True)
        if progress:
            progress(len(runs), len(periods))
    return runs


def rebuild(fiscal_year: int | None = None) -> list[RollupRun]:
    """Roll up every leaf period that is not closed, stale or not, of one fiscal year or of all."""
    leaves = Period.objects.filter(level=PeriodLevel.MONTH).exclude(state=PeriodState.CLOSED).order_by("starts_on")
    if fiscal_year is not None:
        leaves = leaves.filter(fiscal_year=fiscal_year)
    years = groupby(leaves, key=lambda leaf: leaf.fiscal_year_id)
    return [run for _year, group in years for run in roll_up_together([leaf.pk for leaf in group])]


def lock_with_parents(period_ids: Iterable[int]) -> list[Period]:
    """Lock the leaves with their quarters and years, all in key order, and return the leaves."""
    rows = Period.objects.filter(pk__in=set(period_ids), level=PeriodLevel.MONTH)
    chains: list[tuple[int, int, int]] = list(rows.values_list("pk", "parent_id", "parent__parent_id"))  # type: ignore[arg-type]  # a leaf has both
    if len({year for _leaf, _quarter, year in chains}) > 1:
        raise ValueError("leaf periods of several fiscal years are rolled up in several transactions")
    leaves = {leaf for leaf, _quarter, _year in chains}
    return [row for row in lock_periods(key for chain in chains for key in chain) if row.pk in leaves]


def _take_runs(leaves: list[Period], *, only_stale: bool) -> Batch:
    """The stale run of each leaf; without ``only_stale`` one is made where none waits."""
    waiting: dict[int, RollupRun] = {run.period_id: run for run in RollupRun.objects.stale().filter(period__in=leaves)}
    if only_stale:
        leaves = [leaf for leaf in leaves if leaf.pk in waiting and leaf.state != PeriodState.CLOSED]
    refuse_closed(leaves)
    now = timezone.now()
    for leaf in leaves:
        if leaf.pk not in waiting:
            waiting[leaf.pk] = RollupRun.objects.create(period=leaf, state=RunState.STALE, requested_at=now)
    return Batch(leaves, {leaf.pk: waiting[leaf.pk] for leaf in leaves})


def _replace(batch: Batch) -> None:
    """Take out the rows of the batch and write them anew, leaf periods first."""
    _recredit(batch)
    house = User.objects.house().pk
    parents = sorted({leaf.parent_id for leaf in batch.leaves if leaf.parent_id})
    years = sorted(set(Period.objects.filter(children__in=parents).values_list("pk", flat=True)))
    gone = [*(leaf.pk for leaf in batch.leaves), *parents, *years]
    with connection.cursor() as cursor:
        cursor.execute(batch.fill("DELETE FROM targets_periodtotal WHERE period_id IN ({periods})"))
        cursor.execute(f"DELETE FROM targets_attainment AS a WHERE {_of_periods(gone)}")  # noqa: S608  # keys of our own
        cursor.execute(batch.fill(effects.SOME))
        cursor.execute(batch.fill(INSERT_TOTALS, effects=effects.SUMS if cursor.fetchone() else effects.NO_SUMS))
        cursor.execute(batch.fill(INSERT_PERSONS, house=house))
        cursor.execute(batch.fill(INSERT_TERRITORIES))
    runs = {period: run.pk for period, run in batch.runs.items()}
    bulk.insert(Attainment, nodes.COLUMNS, nodes.rows(batch.leaves, runs, _read_homes(batch, house)))
    for above in (parents, years):
        _add_up(above, batch.newest)


def _add_up(parents: Iterable[int], run: int) -> None:
    """Write the rows of these quarters or years from those of the periods right below them."""
    children = Period.objects.filter(parent__in=parents).order_by("pk").values_list("pk", flat=True)
    if children:
        with connection.cursor() as cursor:
            cursor.execute(INSERT_PARENTS.format(run=run, children=_of_periods(children)))


def _of_periods(keys: Iterable[int]) -> str:
    """A condition on ``targets_attainment a``: rows of these periods.

    It names the four kinds of holder, of which each row has one, so that their four partial indexes find the rows;
    asked for the period alone, a database would read the whole history.
    """
    listed = ", ".join(str(int(key)) for key in keys)
    return "(" + " OR ".join(f"(a.period_id IN ({listed}) AND a.{holder}_id IS NOT NULL)" for holder in HOLDERS) + ")"


def prepare_session() -> None:
    """PostgreSQL, until the transaction ends: memory to group a year without spilling, and no compiling, which takes
    longer than these statements run.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '64MB'")
            cursor.execute("SET LOCAL jit = off")


def _recredit(batch: Batch) -> None:
    """Place credits again where the dated facts behind their territories changed."""
    due = [leaf for leaf in batch.leaves if batch.runs[leaf.pk].recredit]
    resolver = Resolver() if due else None
    for leaf in due:
        actuals.recredit(leaf, resolver)


def _read_homes(batch: Batch, house: int) -> Homes:
    """The sums of the persons by home: a team's key, ``nodes.NO_TEAM`` or ``nodes.HOUSE``."""
    homes: Homes = defaultdict(dict)
    for period, measure, place, *sums in _select(batch.fill(HOMES, house=house)):
        homes[period, measure][place] = _sums(*sums)
    return homes


def _sums(*columns: Any) -> Sums:
    """The sums of one row of HOMES, in the order of its columns."""
    *counted, quota, effect = columns
    actual, base, lines, cost_missing = map(int, counted)
    return Sums(actual, base, lines, cost_missing, None, None if quota is None else int(quota), int(effect))


def _select(sql: str) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def _publish(batch: Batch, milliseconds: int) -> None:
    """Turn the stale runs into done ones, with what they counted and the digest of it."""
    totals = {period: tuple(map(int, sums)) for period, *sums in _select(batch.fill(TOTALS_CHECKSUM))}
    rows = {
        period: tuple(map(int, sums))
        for period, *sums in _select(batch.fill(ATTAINMENT_CHECKSUM, rows=_of_periods(batch.runs)))
    }
    now = timezone.now()
    for period, run in batch.runs.items():
        counted, published = totals.get(period, NOTHING), rows.get(period, NOTHING)
        run.state, run.recredit, run.finished_at, run.milliseconds = RunState.DONE, False, now, milliseconds
        run.started_at = now - timedelta(milliseconds=milliseconds)
        run.total_count, run.attainment_count, run.credit_count = counted[0], published[0], counted[1]
        run.digest = hashlib.sha256(json.dumps([counted, published]).encode()).hexdigest()
    RollupRun.objects.bulk_update(batch.runs.values(), PUBLISHED)
