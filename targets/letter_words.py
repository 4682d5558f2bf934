"""The sentences of a quota letter: how much, against last year, and what is to do next."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.org import clock
from spm.org.models import Period
from spm.ui.numbers import day, money_compact, signed_percent
from targets.choices import LetterState, Measure
from targets.handovers import moved_of
from targets.letter_facts import Moved
from targets.models import QuotaLetter


def how_much(measure: Measure, amount: Decimal, last: Decimal | None, currency: str, year: str) -> str:
    """The number of the year beside last year's, as far as there was one."""
    words = {"amount": money_compact(amount, currency), "measure": measure.label.lower(), "year": year}
    if not last or last < 0:
        return _("%(amount)s of %(measure)s in %(year)s.") % words
    words["growth"] = signed_percent(amount / last - 1)
    return _("%(amount)s of %(measure)s in %(year)s, %(growth)s on last year.") % words


def what_next(letter: QuotaLetter, *, own: bool, moved: Collection[object], is_locked: bool) -> str:
    """What the letter waits for, to whoever reads it; empty where it waits for nothing."""
    words = {"name": letter.person.name, "day": day(_due(letter))}
    if is_locked:
        if letter.acknowledged_at or letter.state == LetterState.UNSENT:
            return ""
        locked = _("It is locked: please acknowledge it.") if own else _("%(name)s has not acknowledged it yet.")
        return locked % words
    if moved:
        return _("Its numbers have changed since it was sent: it is to be sent again.")
    return (_to_person() if own else _to_others()).get(LetterState(letter.state), "") % words


def _due(letter: QuotaLetter) -> date | None:
    """Until when the person answers: so many days after it was sent, or the own question was answered."""
    since = letter.answered_at or letter.sent_at
    return clock.day_of(since) + timedelta(days=letter.cycle.answer_days) if since else None


def _to_person() -> dict[LetterState, str]:
    return {
        LetterState.SENT: _("Agree or ask by %(day)s."),
        LetterState.QUESTION: _("Your question waits for an answer."),
        LetterState.AGREED: _("You have agreed; it waits to be approved."),
        LetterState.REJECTED: _("It was rejected; a new number will be sent."),
    }


def _to_others() -> dict[LetterState, str]:
    return {
        LetterState.UNSENT: _("It is not sent yet."),
        LetterState.SENT: _("%(name)s is to agree or to ask by %(day)s."),
        LetterState.QUESTION: _("%(name)s has asked and waits for an answer."),
        LetterState.AGREED: _("%(name)s has agreed; it waits to be approved."),
        LetterState.REJECTED: _("It was rejected: change the number and send it again."),
    }


def what_moved(
    moved: Iterable[Moved], leaves: Mapping[int, Period]
) -> list[tuple[str, Decimal | None, Decimal | None]]:
    """Each number that changed, in the order of the year: its name, as it was sent, and as it stands."""
    rows = sorted((row for row in moved if row.period in leaves), key=lambda row: leaves[row.period].starts_on)
    return [(f"{leaves[row.period].title}, {row.measure.label}", row.sent, row.now) for row in rows]


def what_moved_hands(note: str) -> str:
    """The territories that a line of a letter is about, as sentences; what is no such note, as it stands."""
    moved = moved_of(note)
    if moved is None:
        return note
    said = []
    for row in moved:
        words = {"territory": row.territory, "n": row.accounts}
        if row.accounts and row.gained:
            text = ngettext(
                "%(n)s account of %(territory)s gained", "%(n)s accounts of %(territory)s gained", row.accounts
            )
        elif row.accounts:
            text = ngettext(
                "%(n)s account of %(territory)s handed on", "%(n)s accounts of %(territory)s handed on", row.accounts
            )
        else:
            text = _("%(territory)s gained") if row.gained else _("%(territory)s handed on")
        said.append(text % words)
    return "; ".join(said)
