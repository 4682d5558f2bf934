"""The organisation's own guards. What they say in SQL, the domain verbs say first in words."""

from spm.org.guards import Event, Guard, append_only, refuse, register

PERIOD, YEAR, PLACEMENT, USER = "org_period", "org_fiscalyear", "org_teamplacement", "org_user"


def _overlap(table: str, others: str) -> list[Guard]:
    """Rows of ``table`` that ``others`` selects (alias ``o``) never share a day with the row written (INV-06)."""
    clash = (
        f"EXISTS (SELECT 1 FROM {table} o WHERE {others} AND o.starts_on <= NEW.ends_on AND o.ends_on >= NEW.starts_on"
    )
    message = f"{table} rows never overlap (INV-06)"
    return [
        Guard(f"guard_{table}_overlap_insert", table, Event.INSERT, message, f"{clash})"),
        Guard(f"guard_{table}_overlap_update", table, Event.UPDATE, message, f"{clash} AND o.id <> OLD.id)"),
    ]


def _no_cycle() -> list[Guard]:
    """On no day may a team stand below itself (INV-33): walk up from the team on every day any placement starts."""
    # Only the parent of this team has changed, so a new cycle runs through it. UNION ends a walk that runs in circles.
    parent = (
        f"(SELECT q.parent_id FROM {PLACEMENT} q WHERE q.team_id = {{team}} AND q.starts_on <= {{day}} "
        "ORDER BY q.starts_on DESC LIMIT 1)"
    )
    walk = (
        f"EXISTS (WITH RECURSIVE up(day, team) AS ("
        f"SELECT d.starts_on, {parent.format(team='ROW.team_id', day='d.starts_on')} FROM {PLACEMENT} d UNION "
        f"SELECT up.day, {parent.format(team='up.team', day='up.day')} FROM up "
        "WHERE up.team IS NOT NULL AND up.team <> ROW.team_id) SELECT 1 FROM up WHERE team = ROW.team_id)"
    )
    old, new = walk.replace("ROW.", "OLD."), walk.replace("ROW.", "NEW.")
    message = "no team stands below itself on any day (INV-33)"
    return [
        Guard(f"guard_{PLACEMENT}_cycle_insert", PLACEMENT, Event.INSERT, message, new, after=True),
        Guard(f"guard_{PLACEMENT}_cycle_update", PLACEMENT, Event.UPDATE, message, f"{new} OR {old}", after=True),
        Guard(f"guard_{PLACEMENT}_cycle_delete", PLACEMENT, Event.DELETE, message, old, after=True),
    ]


register(*append_only("org_auditentry"))
register(*_overlap(PERIOD, "o.level = NEW.level"), *_overlap(YEAR, "1 = 1"))
register(*_no_cycle())
register(
    *refuse(
        USER,
        (Event.DELETE, Event.TRUNCATE),
        name="history",
        message="a person with history is deactivated, never deleted (INV-34)",
        when="EXISTS (SELECT 1 FROM org_historicaluser h WHERE h.id = ROW.id)",
    )
)
