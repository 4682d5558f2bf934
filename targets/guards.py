"""Guards of the numbers: versions are append-only, and a frozen plan stays as it was frozen."""

from spm.org.guards import Event, Guard, append_only, refuse, register

PLAN = "targets_companyplan"
PLAN_ROWS = ("targets_planline", "targets_target", "targets_quota", "targets_openquota")
FROZEN = "the plan is frozen, change the working version (INV-27)"


def _frozen_rows(table: str) -> list[Guard]:
    """Rows hanging on a frozen plan are neither added, changed nor taken away."""
    return refuse(
        table,
        Event,
        name="frozen",
        message=FROZEN,
        when=f"EXISTS (SELECT 1 FROM {PLAN} p WHERE p.id = ROW.plan_id AND p.frozen_at IS NOT NULL)",
    )


# After the lock the working version changes by an approved revision alone, from its effective period on (INV-46).
LOCKED = "the plan is locked, numbers change by an approved revision alone (INV-46)"
BY_REVISION = (
    f"SELECT 1 FROM {PLAN} r JOIN org_period e ON e.id = r.effective_id JOIN org_period l ON l.id = ROW.period_id"
    " WHERE r.id = w.applying_id AND r.kind = 'revision' AND r.frozen_at IS NULL AND l.starts_on >= e.starts_on"
)
LOCKED_GOAL = (
    f"EXISTS (SELECT 1 FROM {PLAN} w WHERE w.id = ROW.plan_id AND w.locked_at IS NOT NULL"
    f" AND NOT EXISTS ({BY_REVISION}))"
)
for _table in PLAN_ROWS:
    register(
        *refuse(_table, (Event.INSERT, Event.UPDATE, Event.DELETE), name="locked", message=LOCKED, when=LOCKED_GOAL)
    )
register(
    Guard(
        f"guard_{PLAN}_locked_update",
        PLAN,
        Event.UPDATE,
        "a locked plan is not unlocked (INV-46)",
        "OLD.locked_at IS NOT NULL AND NEW.locked_at IS NULL",
    )
)

# What a year is planned at stays as it was locked (INV-50); a currency that had no plan rate may still get one.
LOCKED_YEAR = (
    f"EXISTS (SELECT 1 FROM {PLAN} w WHERE w.fiscal_year_id = ROW.fiscal_year_id AND w.kind = 'working'"
    " AND w.locked_at IS NOT NULL)"
)
register(
    *refuse(
        "targets_planrate",
        (Event.UPDATE, Event.DELETE),
        name="locked",
        message="the year is locked, its plan rates stay (INV-50)",
        when=LOCKED_YEAR,
    )
)
for _table in ("targets_goalbatch",):
    register(*append_only(_table))

for _table in ("targets_actualversion", "targets_periodclosing", "targets_periodreopening", "targets_reopenedchange"):
    register(*append_only(_table))
for _table in PLAN_ROWS:
    register(*_frozen_rows(_table))
for _event in (Event.UPDATE, Event.DELETE):
    register(Guard(f"guard_{PLAN}_frozen_{_event.lower()}", PLAN, _event, FROZEN, "OLD.frozen_at IS NOT NULL"))
register(Guard(f"guard_{PLAN}_frozen_truncate", PLAN, Event.TRUNCATE, FROZEN))

# A closed period (INV-29). Lines are judged by their date, everything else by its period.
ACTUAL, CREDIT = "targets_actual", "targets_credit"
DERIVED = ("targets_periodtotal", "targets_attainment")
CLOSED = "the period is closed, an admin can reopen it (INV-29)"
CLOSED_DAY = (
    "EXISTS (SELECT 1 FROM org_period p WHERE p.level = 'month' AND p.state = 'closed'"
    " AND ROW.date BETWEEN p.starts_on AND p.ends_on)"
)
CLOSED_PERIOD = "EXISTS (SELECT 1 FROM org_period p WHERE p.id = ROW.period_id AND p.state = 'closed')"
# A baseline is frozen as it is, closed months included.
CLOSED_GOAL = f"{CLOSED_PERIOD} AND EXISTS (SELECT 1 FROM {PLAN} w WHERE w.id = ROW.plan_id AND w.kind = 'working')"
WRITES = (Event.INSERT, Event.UPDATE, Event.DELETE)

for _table in (ACTUAL, CREDIT):
    register(*refuse(_table, WRITES, name="closed", message=CLOSED, when=CLOSED_DAY, in_bulk=True))
for _table in DERIVED:
    register(*refuse(_table, WRITES, name="closed", message=CLOSED, when=CLOSED_PERIOD, in_bulk=True))
for _table in PLAN_ROWS:
    register(*refuse(_table, WRITES, name="closed", message=CLOSED, when=CLOSED_GOAL))
for _table in (ACTUAL, CREDIT, *DERIVED):
    _any_closed = "EXISTS (SELECT 1 FROM org_period p WHERE p.state = 'closed')"
    register(Guard(f"guard_{_table}_closed_truncate", _table, Event.TRUNCATE, CLOSED, _any_closed))
register(
    Guard(
        "guard_org_period_reopen_update",
        "org_period",
        Event.UPDATE,
        "a closed period opens by a reopening with a reason alone (INV-30)",
        "OLD.state = 'closed' AND NEW.state <> 'closed' AND NOT EXISTS ("
        "SELECT 1 FROM targets_periodreopening r WHERE r.period_id = OLD.id AND NOT EXISTS ("
        "SELECT 1 FROM targets_periodclosing c WHERE c.period_id = r.period_id AND c.closed_at >= r.reopened_at))",
    )
)
