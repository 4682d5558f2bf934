"""Amounts as people type them: "1 200 000", "1.200.000", "1,200,000", "1.2M", "1200k", "(1 200)", "-3 €".

A single mark before exactly three digits ("1.200", "1,200") could be read two ways; there the user's language
decides, and nothing is guessed. Rule: ux.md §2, Languages and numbers.
"""

import re
from decimal import Decimal
from typing import Any

from babel.numbers import get_decimal_symbol
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from spm.ui.numbers import MINUS, babel_locale, decimals_of, number

SPACES = dict.fromkeys(map(ord, " \t\u00a0\u2009\u202f\u2007'’"))
FACTORS = {"": 0, "k": 3, "m": 6, "bn": 9, "md": 9}
AMOUNT = re.compile(r"([0-9.,]+)(k|m|bn|md)?", re.IGNORECASE)
CURRENCY = re.compile(r"^(?:[A-Z]{3}|[€$£¥])|(?:[A-Z]{3}|[€$£¥])$")
GROUPED = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*")


def parse_amount(text: str, language: str | None = None) -> Decimal:
    """The amount that ``text`` says in this language. Raises ValueError with nothing to read or two ways to read it."""
    negative, bare = _without_sign(text.translate(SPACES))
    found = AMOUNT.fullmatch(CURRENCY.sub("", bare))
    if found is None:
        raise ValueError(text)
    amount = _plain(found[1], get_decimal_symbol(babel_locale(language))).scaleb(FACTORS[(found[2] or "").lower()])
    return -amount if negative else amount


def _without_sign(text: str) -> tuple[bool, str]:
    """Minus in front or behind, or parentheses, as accountants write it."""
    if text.startswith("(") and text.endswith(")"):
        return True, text[1:-1]
    for minus in ("-", MINUS):
        if text.startswith(minus) or text.endswith(minus):
            return True, text.removeprefix(minus).removesuffix(minus)
    return False, text.removeprefix("+")


def _plain(digits: str, mark: str) -> Decimal:
    """``digits`` with their thousands marks removed and "." as the decimal mark."""
    kinds = [kind for kind in ".," if kind in digits]
    if not kinds:
        return Decimal(digits)
    if len(kinds) == 2:
        mark = max(kinds, key=digits.rindex)  # of two kinds, the last is the decimal mark
        whole, fraction = digits.split(mark, 1) if digits.count(mark) == 1 else ("", "")
        if not GROUPED.fullmatch(whole):
            raise ValueError(digits)
        return Decimal(re.sub(r"[.,]", "", whole) + "." + (fraction or "0"))
    only = kinds[0]
    if digits.count(only) > 1 or (only != mark and GROUPED.fullmatch(digits)):
        if not GROUPED.fullmatch(digits):
            raise ValueError(digits)
        return Decimal(digits.replace(only, ""))
    if digits == only:
        raise ValueError(digits)
    return Decimal(digits.replace(only, "."))


class AmountField(forms.Field):
    """A field for an amount; gives back Decimal, and shows what it holds in the user's language.

    ``places``: decimals at most (2 for euro, 0 for yen: whole minor units).
    """

    widget = forms.TextInput
    default_error_messages = {
        "invalid": _("“%(value)s” is not an amount. Write it like 1 200 000, 1.2M or 1200k."),
        "places": _("At most %(places)s decimals."),
        "low": _("At least %(least)s."),
    }

    def __init__(self, *, places: int = 2, least: Decimal | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.places = places
        self.least = least

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "autocomplete": "off", "class": "num"}

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Decimal):
            return value
        return number(value, decimals_of(value))

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values:
            return None
        if isinstance(value, Decimal):
            return value
        try:
            amount = parse_amount(str(value))
        except ValueError as error:
            raise ValidationError(self.error_messages["invalid"], "invalid", {"value": value}) from error
        return amount

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is None:
            return
        if value != round(value, self.places):
            raise ValidationError(self.error_messages["places"], "places", {"places": self.places})
        if self.least is not None and value < self.least:
            raise ValidationError(self.error_messages["low"], "low", {"least": number(self.least, self.places)})

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except ValidationError:
            return True
