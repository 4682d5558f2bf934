"""Amounts as people type them: "1 200 000", "1.200.000", "1,200,000", "1.2M", "1200k", "(1 200)", "-3 €".

A single mark before exactly three digits ("1.200", "1,200") could be read two ways; there the user's language
decides, and nothing is guessed. Rule: ux.md §2, Languages and numbers.
"""

from decimal import Decimal
from typing import Any

from babel.numbers import get_decimal_symbol
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from spm.ui.numbers import babel_locale, decimals_of, number
from spm.ui.written_numbers import NotANumber, currencies_of, mark_evidence, parse_number

MOST_PLACES = 12


def parse_amount(text: str, language: str | None = None) -> Decimal:
    """The amount that ``text`` says in this language. Raises ValueError where there is none."""
    evidence = mark_evidence(text)
    decimal = evidence if evidence in (".", ",") else get_decimal_symbol(babel_locale(language))
    amount, sign = parse_number(text, decimal, "", MOST_PLACES, short=True)
    if sign and not currencies_of(sign):
        raise NotANumber(text)
    return amount


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
