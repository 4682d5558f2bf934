"""Guards of the numbers: versions are append-only, and a frozen plan stays as it was frozen."""

from spm.org.guards import Event, Guard, append_only, refuse, register

PLAN = "targets_companyplan"
PLAN_ROWS = ("targets_planline", "targets_target", "targets_quota")
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


for _table in ("targets_actualversion", "targets_periodclosing", "targets_periodreopening"):
    register(*append_only(_table))
for _table in PLAN_ROWS:
    register(*_frozen_rows(_table))
for _event in (Event.UPDATE, Event.DELETE):
    register(Guard(f"guard_{PLAN}_frozen_{_event.lower()}", PLAN, _event, FROZEN, "OLD.frozen_at IS NOT NULL"))
register(Guard(f"guard_{PLAN}_frozen_truncate", PLAN, Event.TRUNCATE, FROZEN))
