"""The text of a cell becomes a value of its column's type, or a sentence that says why it cannot. Pure functions."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext as _

from spm.imports.dates import NotADate, parse_date
from spm.imports.formats import NUMBERS, PLAIN, Format, FormatDecision
from spm.imports.kinds import Column, ColumnType
from spm.imports.sheets import ERRORS, NO_VALUE, Refusal
from spm.keys import normalise, outgrows
from spm.money import MAX_UNITS, UNITS_PER_ONE
from spm.ui.written_numbers import NotANumber, currencies_of, is_currency, parse_number

type Value = str | date | Decimal | int | bool | None

PLACES = {ColumnType.AMOUNT: 4, ColumnType.NUMBER: 8, ColumnType.RATE: 12}
TRUE = frozenset(("true", "yes", "y", "1", "x", "vrai", "oui", "wahr", "ja"))
FALSE = frozenset(("false", "no", "n", "0", "faux", "non", "falsch", "nein"))

_is_email = EmailValidator()
_SHORTENED = re.compile(r"[0-9][.,][0-9]+E\+[0-9]{2,}")


class BadCell(ValueError):
    """The cell cannot be used; the message is one sentence for the user."""


def parse(column: Column, text: str, fmt: Format = PLAIN, currency: str = "") -> Value:
    """The value of a cell, None for an empty one.

    str for TEXT, EMAIL, CURRENCY (upper case) and CHOICE (one of the column's choices); date; Decimal for AMOUNT (at
    most four decimals), NUMBER (eight) and RATE (twelve); int; bool. ``fmt`` is the column's, from ``decide_format``.
    ``currency`` is the code the row's amounts are in; a cell that names another one is refused. Raises BadCell.
    """
    text = text.strip()
    if not text:
        if column.filled:
            raise BadCell(_("The cell is empty."))
        return None
    if text == NO_VALUE:
        raise BadCell(_("The workbook holds a formula here without its value. Open it, recalculate and save it."))
    if text in ERRORS:
        raise BadCell(_("The spreadsheet could not work out this cell (%(error)s).") % {"error": text})
    if column.type in NUMBERS:
        return _number(column, text, fmt, currency)
    if column.type == ColumnType.DATE:
        return _date(text, fmt)
    return _PARSERS[column.type](column, text)


class RowParser:
    """Parses mapped rows with what is looked up once per file.

    ``default_currency`` holds where the row has no currency of its own.
    """

    def __init__(self, columns: Sequence[Column], decision: FormatDecision, default_currency: str) -> None:
        # The currency comes first: the amounts of the row are held against it.
        ordered = sorted(columns, key=lambda column: column.type != ColumnType.CURRENCY)
        self.columns = [(column, decision.of(column.name)) for column in ordered]
        self.default_currency = default_currency

    def parse(self, number: int, cells: Mapping[str, str]) -> tuple[dict[str, Value], list[Refusal]]:
        """Values by canonical header (a header absent from ``cells`` stays absent) and every refusal of the row."""
        values: dict[str, Value] = {}
        refusals: list[Refusal] = []
        currency = self.default_currency
        for column, fmt in self.columns:
            text = cells.get(column.name)
            if text is None:
                continue
            try:
                value = parse(column, text, fmt, currency)
            except BadCell as error:
                refusals.append(Refusal(number, column.name, text.strip(), str(error)))
                continue
            values[column.name] = value
            if column.type == ColumnType.CURRENCY and value:
                currency = str(value)
        return values, refusals


def _number(column: Column, text: str, fmt: Format, currency: str) -> Decimal | int:
    places = PLACES.get(column.type, 0)
    try:
        is_amount = column.type == ColumnType.AMOUNT
        number, sign = parse_number(text, fmt.decimal, fmt.thousands, places, short=is_amount)
    except NotANumber as error:
        raise BadCell(str(error)) from None
    if sign:
        _check_currency(column, sign, currency)
    if column.type == ColumnType.INTEGER:
        return int(number)
    if column.type == ColumnType.AMOUNT and abs(number) * UNITS_PER_ONE > MAX_UNITS:
        raise BadCell(_("The amount is too large: at most eleven digits before the decimals."))
    return number


def _check_currency(column: Column, sign: str, currency: str) -> None:
    """Refuse a sign beside a plain number, an unknown one, and one that is not the row's currency."""
    if column.type != ColumnType.AMOUNT:
        raise BadCell(_("This is a number, not an amount: leave “%(sign)s” out.") % {"sign": sign})
    meant = currencies_of(sign)
    if not meant:
        raise BadCell(_("“%(sign)s” is no currency.") % {"sign": sign})
    if currency and currency not in meant:
        raise BadCell(
            _("The amount is in “%(sign)s”, but the row is in %(currency)s.") % {"sign": sign, "currency": currency}
        )


def _date(text: str, fmt: Format) -> date:
    try:
        return parse_date(text, fmt.date)
    except NotADate as error:
        raise BadCell(str(error)) from None


def _text(column: Column, text: str) -> str:
    if not text.isprintable():
        _check_characters(text)
    if len(text) > column.max_length or (column.is_code and outgrows(text, column.max_length)):
        raise BadCell(_("The text is longer than %(most)d characters.") % {"most": column.max_length})
    if _SHORTENED.fullmatch(text):
        raise BadCell(_("A spreadsheet has shortened this number. Format the cells as text and export again."))
    return text


def _check_characters(text: str) -> None:
    """Refuse what databases, mails or screens cannot hold: NUL, other control characters, lone surrogates."""
    if any((sign < " " and sign not in "\n\r\t") or "\ud800" <= sign <= "\udfff" or sign == "\x7f" for sign in text):
        raise BadCell(_("The text holds characters that cannot be stored."))


@lru_cache(maxsize=10_000)
def _email_or_none(text: str) -> str | None:
    try:
        _is_email(text)
    except ValidationError:
        return None
    return text


def _email(column: Column, text: str) -> str:
    found = _email_or_none(text)
    if found is None or outgrows(found, max(column.max_length, 254)):
        raise BadCell(_("This is not an e-mail address."))
    return found


def _boolean(_column: Column, text: str) -> bool:
    word = text.lower()
    if word not in TRUE and word not in FALSE:
        raise BadCell(_("Write yes or no."))
    return word in TRUE


def _currency(_column: Column, text: str) -> str:
    code = text.upper()
    if not is_currency(code):
        raise BadCell(_("This is no ISO currency code such as USD or EUR."))
    return code


def _choice(column: Column, text: str) -> str:
    wanted = normalise(text)
    for word, choice in (*zip(column.choices, column.choices, strict=True), *column.other_words):
        if normalise(word) == wanted:
            return choice
    raise BadCell(_("Write one of: %(choices)s.") % {"choices": ", ".join(column.choices)})


_PARSERS: dict[ColumnType, Callable[[Column, str], Value]] = {
    ColumnType.TEXT: _text,
    ColumnType.EMAIL: _email,
    ColumnType.BOOLEAN: _boolean,
    ColumnType.CURRENCY: _currency,
    ColumnType.CHOICE: _choice,
}
