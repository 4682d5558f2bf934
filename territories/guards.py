"""Guards of the one-page plan: versions are append-only, and what is handed in or approved keeps its words."""

from spm.org.guards import Event, append_only, refuse, register

LINE, PLAN = "territories_territoryplanline", "territories_territoryplan"
FROZEN = "the plan is handed in or approved, its words stay; propose a change (INV-60)"
FIXED = f"EXISTS (SELECT 1 FROM {PLAN} p WHERE p.id = ROW.plan_id AND p.state IN ('submitted', 'approved'))"
WORDS = ("section", "position", "account_id", "partner", "text", "entry", "next_step", "risk", "amount", "due_on")
"""Columns of a line that are its words; status and evidence go on all year."""
CHANGED = " OR ".join(
    f"(OLD.{column} <> NEW.{column} OR (OLD.{column} IS NULL) <> (NEW.{column} IS NULL))" for column in WORDS
)

register(*append_only("territories_planversion"))
register(*refuse(LINE, (Event.INSERT, Event.DELETE), name="frozen", message=FROZEN, when=FIXED))
register(*refuse(LINE, (Event.UPDATE,), name="words", message=FROZEN, when=f"({CHANGED}) AND {FIXED}"))
