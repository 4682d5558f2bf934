"""Writing target markets and customers field by field, as the tables on their page have them.

Rows are named as the form names them: "m12" is a market, "c5" a customer. What cannot be taken comes back with a
sentence, what somebody else wrote meanwhile with both texts; everything else of the same call is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from spm.market.models import Territory
from spm.org import retries
from spm.org.models import User
from territories import caps, field_writing, market_team, target_customers
from territories.choices import TargetMarketKind
from territories.field_writing import BadWords, Change, Fields, Outcome, Reader
from territories.models import TargetCustomer, TargetMarket
from territories.target_customers import NAME, lock, refuse_same_name

MARKET, CUSTOMER = "m", "c"
PROFILE = 300


@dataclass(frozen=True)
class _Known:
    """Whom and what a field may name."""

    team: frozenset[int]
    families: frozenset[int]
    customers: Sequence[TargetCustomer]


@retries.atomic
def save(territory: Territory, changes: Sequence[Change], by: User) -> Outcome:
    """Write fields of a territory's page. Everything that is not taken is told in the outcome."""
    lock(territory.pk)
    markets = TargetMarket.objects.standing().filter(territory=territory)
    customers = list(TargetCustomer.objects.standing().filter(territory=territory).select_related("account"))
    rows: dict[str, Any] = {f"{MARKET}{row.pk}": row for row in markets}
    rows |= {f"{CUSTOMER}{row.pk}": row for row in customers}
    families = frozenset(dict(target_customers.families()))
    known = _Known(market_team.keys_of(territory, by), families, customers)
    outcome, touched = FIELDS.write(rows, changes, known)
    return field_writing.store(rows, touched, outcome, lambda row: row.save())


# What each field takes


def _text(most: int) -> Reader[_Known]:
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
    return field_writing.one_of(text, known.team | ({row.owner_id} if row.owner_id else set()))


def _family(_row: TargetCustomer, text: str, known: _Known) -> int | None:
    return field_writing.one_of(text, known.families)


def _name(row: TargetCustomer, text: str, known: _Known) -> str:
    said = field_writing.words(text, NAME)
    if row.account_id is not None:
        raise BadWords(_("This is an account; its name is changed where accounts come from."))
    if not said:
        raise BadWords(_("Write a name first."))
    refuse_same_name(row, said, known.customers)
    return said


_READERS: dict[type, dict[str, Reader[_Known]]] = {
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
FIELDS = Fields(_READERS, {"owner": "owner_id", "family": "product_family_id"})
