"""Guards of plans, maps, rules and moves: versions are append-only, what is handed in, approved, activated or applied
stays, and whatever belongs to the map of an account stays within that account.
"""

from collections.abc import Iterable

from spm.org.guards import Event, append_only, refuse, register

LINE, PLAN = "territories_territoryplanline", "territories_territoryplan"
FROZEN = "the plan is handed in or approved, its words stay; propose a change (INV-60)"
FIXED = f"EXISTS (SELECT 1 FROM {PLAN} p WHERE p.id = ROW.plan_id AND p.state IN ('submitted', 'approved'))"
WORDS = ("section", "position", "account_id", "partner", "text", "entry", "next_step", "risk", "amount", "due_on")
"""Columns of a line that are its words; status and evidence go on all year."""


def _changed(columns: Iterable[str]) -> str:
    """Whether an update gives any of them another value."""
    return " OR ".join(
        f"(OLD.{column} <> NEW.{column} OR (OLD.{column} IS NULL) <> (NEW.{column} IS NULL))" for column in columns
    )


register(*append_only("territories_planversion"))
register(*refuse(LINE, (Event.INSERT, Event.DELETE), name="frozen", message=FROZEN, when=FIXED))
register(*refuse(LINE, (Event.UPDATE,), name="words", message=FROZEN, when=f"({_changed(WORDS)}) AND {FIXED}"))

PERSON, INFLUENCE, STEP = "territories_stakeholder", "territories_influence", "territories_decisionstep"
ASTRAY = "the map of an account names people of that account alone (INV-70)"
WRITES = (Event.INSERT, Event.UPDATE)


def _account_of(person: str) -> str:
    return f"(SELECT s.account_id FROM {PERSON} s WHERE s.id = {person})"


register(
    *refuse(
        INFLUENCE,
        WRITES,
        name="one_account",
        message=ASTRAY,
        when=f"{_account_of('ROW.source_id')} <> {_account_of('ROW.target_id')}",
    ),
    *refuse(
        PERSON,
        WRITES,
        name="one_account",
        message=ASTRAY,
        when=f"{_account_of('ROW.reports_to_id')} <> ROW.account_id OR (SELECT c.account_id FROM market_contact c "
        "WHERE c.id = ROW.contact_id) <> ROW.account_id",
    ),
    *refuse(STEP, WRITES, name="one_account", message=ASTRAY, when=f"{_account_of('ROW.owner_id')} <> ROW.account_id"),
)

RULE_SET, RULE = "territories_ruleset", "territories_territoryrule"
ACTIVATED = "rules that were activated never change; begin a draft from them (INV-73)"

register(
    *refuse(RULE_SET, (Event.UPDATE, Event.DELETE), name="frozen", message=ACTIVATED, when="OLD.state = 'active'"),
    *refuse(
        RULE,
        (Event.INSERT, Event.UPDATE, Event.DELETE),
        name="frozen",
        message=ACTIVATED,
        when=f"EXISTS (SELECT 1 FROM {RULE_SET} s WHERE s.id = ROW.rule_set_id AND s.state = 'active')",
    ),
)

PACKAGE, MOVED = "territories_movepackage", "territories_movedaccount"
APPLIED = "a package that was applied never changes; the way back is a package of its own (INV-80)"
KEPT = ("id", "package_id", "account_id", "from_territory_id", "from_person_id", "potential", "pipeline", "last_year")
"""Columns of a moved account that say what was applied; its day, or that it was overtaken, may still come."""
OF_APPLIED = f"EXISTS (SELECT 1 FROM {PACKAGE} p WHERE p.id = ROW.package_id AND p.state = 'active')"

register(*append_only("territories_moveevent"))
register(*refuse(PACKAGE, (Event.UPDATE, Event.DELETE), name="applied", message=APPLIED, when="OLD.state = 'active'"))
register(*refuse(MOVED, (Event.INSERT, Event.DELETE), name="applied", message=APPLIED, when=OF_APPLIED))
register(
    *refuse(  # what waits for its last opportunity still gets its day, once
        MOVED,
        (Event.UPDATE,),
        name="moved",
        message=APPLIED,
        when=f"(OLD.moves_on IS NOT NULL OR OLD.overtaken OR {_changed(KEPT)}) AND {OF_APPLIED}",
    )
)
