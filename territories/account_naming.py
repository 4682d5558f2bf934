"""An account by what somebody types: its number, its name, or as much of either as is enough to tell which is meant."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, Q, QuerySet, When
from django.utils.translation import gettext as _

from spm.keys import normalise
from spm.market.models import Account
from spm.org.models import User
from territories.field_writing import BadWords

LONGEST = 300
"""Characters of the name of an account, and so of what is looked for."""
TOLD = 5
"""Of several that may be meant, how many are told by name."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a field takes as it stands: the account's name, or its number where others bear the name too."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Offers:
    rows: Sequence[Offer]
    is_cut: bool  # there are more, found as somebody types


def _seen(user: User) -> QuerySet[Account]:
    return Account.objects.visible_to(user)


def _said(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())


def account_named(text: str, user: User) -> Account | None:
    """The account that the user sees under this number, else by this name; None where there is none.

    Raises BadWords where several bear the name.
    """
    said = _said(text)
    if not said:
        return None
    found = _exactly(said, user)
    if len(found) > 1:
        raise BadWords(_("Several accounts bear this name. Write the number of the one you mean."))
    return found[0] if found else None


def account_meant(text: str, user: User) -> Account | None:
    """As ``account_named``, and where that finds none the only one that has all these words in its name or number.

    None for no text. Raises BadWords where none is meant, and where several may be: then it names them.
    """
    said = _said(text)
    if not said:
        return None
    if len(said) > LONGEST:
        raise BadWords(_("None of your accounts has this name or number."))
    rows = _exactly(said, user) or list(_with_words(said, user)[: TOLD + 1])
    if not rows:
        raise BadWords(_("None of your accounts has this name or number."))
    if len(rows) > 1:
        names = ", ".join(f"{row.name} ({row.external_id})" for row in rows[:TOLD]) + (", …" if rows[TOLD:] else "")
        raise BadWords(_("Which one: %(names)s? Write more of the name, or the number.") % {"names": names})
    return rows[0]


def _exactly(said: str, user: User) -> list[Account]:
    """The one of this number, else up to ``TOLD`` + 1 of this name."""
    by_number = _seen(user).filter(key=normalise(said)).first()
    return [by_number] if by_number else list(_seen(user).filter(name__iexact=said)[: TOLD + 1])


def _with_words(said: str, user: User) -> QuerySet[Account]:
    rows = _seen(user)
    for word in said.split():
        rows = rows.filter(Q(name__icontains=word) | Q(external_id__icontains=word))
    begins = Case(When(name__istartswith=said, then=0), default=1)
    return rows.order_by(begins, "name", "pk") if said else rows.order_by("name", "pk")


def offers(user: User, text: str, most: int) -> Offers:
    """Up to ``most`` accounts that the user sees and whose name or number has these words; of all for no words.

    By name, those before the others whose name begins so.
    """
    rows = list(_with_words(_said(text)[:LONGEST], user).values_list("external_id", "name", "tier")[: most + 1])
    names = [normalise(name) for _number, name, _tier in rows]
    found = []
    for number, name, tier in rows[:most]:
        is_shared = names.count(normalise(name)) > 1
        value, other = (number, name) if is_shared else (name, number)
        found.append(Offer(value, f"{other} · {tier}" if tier else other))
    return Offers(found, len(rows) > most)
