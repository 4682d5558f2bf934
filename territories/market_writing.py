"""Writing target markets and customers field by field, as the tables on their page have them.

Rows are named as the form names them: "m12" is a market, "c5" a customer. What cannot be taken comes back with a
sentence, what somebody else wrote meanwhile with both texts; everything else of the same call is kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from spm.keys import as_key
from spm.market.models import Territory
from spm.org import clock, retries
from spm.org.models import User
from spm.ui.numbers import decimals_of, number
from territories import caps, field_writing, market_team, target_customers
from territories.choices import TargetMarketKind
from territories.field_writing import BadWords, Change, Conflict, Outcome
from territories.models import TargetCustomer, TargetMarket
from territories.target_customers import NAME, AlreadyWanted, lock, refuse_same_name

MARKET, CUSTOMER = "m", "c"
PROFILE = 300


@dataclass(frozen=True)
class _Known:
    """Whom and what a field may name."""

    team: frozenset[int]
    families: frozenset[int]


@retries.atomic
def save(territory: Territory, changes: Sequence[Change], by: User) -> Outcome:
    """Write fields of a territory's page. Everything that is not taken is told in the outcome."""
    lock(territory.pk)
    markets = TargetMarket.objects.standing().filter(territory=territory)
    customers = TargetCustomer.objects.standing().filter(territory=territory).select_related("account")
    rows: dict[str, Any] = {f"{MARKET}{row.pk}": row for row in markets}
    rows |= {f"{CUSTOMER}{row.pk}": row for row in customers}
    known = _Known(market_team.keys_of(territory, by), frozenset(dict(target_customers.families())))
    outcome, touched = Outcome(), set()
    for change in changes:
        row = rows.get(change.row)
        if row is None or change.name not in _FIELDS[type(row)]:
            outcome.refused[change.key] = _("This row is gone; somebody took it out meanwhile.")
        elif _write(row, change, known, outcome):
            touched.add(change.row)
    for name in sorted(touched):
        rows[name].version += 1
        rows[name].save()
    if touched:
        outcome.saved_at = clock.now()
    outcome.versions = {name: row.version for name, row in rows.items()}
    return outcome


def _write(row: Any, change: Change, known: _Known, outcome: Outcome) -> bool:
    """Whether the field took the change, and it says something new."""
    now = shown(row, change.name)
    if field_writing.clashes(change, row.version, now):
        outcome.conflicts.append(Conflict(change, now, row.version, None))
        return False
    try:
        value = _FIELDS[type(row)][change.name](row, change.text, known)
    except (BadWords, AlreadyWanted) as refusal:
        outcome.refused[change.key] = str(refusal)
        return False
    column = _COLUMNS.get(change.name, change.name)
    if getattr(row, column) == value:
        return False
    setattr(row, column, value)
    outcome.shown[change.key] = shown(row, change.name)
    return True


def shown(row: Any, name: str) -> str:
    """What is stored, as an input shows it."""
    value = getattr(row, _COLUMNS.get(name, name), None)
    if value is None:
        return ""
    return number(value, decimals_of(value)) if isinstance(value, Decimal) else str(value)


# What each field takes


def _text(most: int) -> Callable[[Any, str, _Known], str]:
    return lambda _row, text, _known: field_writing.words(text, most)


def _market_name(_row: TargetMarket, text: str, _known: _Known) -> str:
    said = field_writing.words(text, NAME)
    if not said:
        raise BadWords(_("Give the target market a name."))
    return said


def _kind(_row: TargetMarket, text: str, _known: _Known) -> str:
    if text not in TargetMarketKind.values:
        raise BadWords(_("Choose one of the list."))
    return text


def _amount(_row: Any, text: str, _known: _Known) -> Decimal | None:
    return field_writing.amount(text)


def _owner(row: TargetMarket, text: str, known: _Known) -> int | None:
    return _one_of(text, known.team | ({row.owner_id} if row.owner_id else set()))


def _family(_row: TargetCustomer, text: str, known: _Known) -> int | None:
    return _one_of(text, known.families)


def _one_of(text: str, keys: frozenset[int]) -> int | None:
    key = as_key(text.strip()) if text.strip() else None
    if text.strip() and (key is None or key not in keys):
        raise BadWords(_("Choose one of the list."))
    return key


def _name(row: TargetCustomer, text: str, _known: _Known) -> str:
    said = field_writing.words(text, NAME)
    if row.account_id is not None:
        raise BadWords(_("This is an account; its name is changed where accounts come from."))
    if not said:
        raise BadWords(_("Write a name first."))
    refuse_same_name(row, said)
    return said


_FIELDS: dict[type, dict[str, Callable[[Any, str, _Known], Any]]] = {
    TargetMarket: {
        "name": _market_name,
        "kind": _kind,
        "reason": _text(caps.WHY),
        "profile": _text(PROFILE),
        "potential": _amount,
        "owner": _owner,
    },
    TargetCustomer: {
        "name": _name,
        "family": _family,
        "potential": _amount,
        "reason": _text(caps.WHY),
        "next_step": _text(caps.NEXT_STEP),
    },
}
_COLUMNS = {"owner": "owner_id", "family": "product_family_id"}
