"""The form of a year's plan rates: one field per currency that has one, and a line for another currency."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from spm.ui.amounts import AmountField
from spm.ui.written_numbers import is_currency
from targets.rates import PLACES, BadRate, refuse_rate

DECIMALS = -int(PLACES.as_tuple().exponent)


class RateField(AmountField):
    """A rate of exchange. A single point or comma is its decimal sign in any language: nobody quotes by thousands."""

    def __init__(self, **options: Any) -> None:
        super().__init__(places=DECIMALS, required=False, **options)
        self.widget.attrs["class"] = "cell-input num"

    def to_python(self, value: Any) -> Decimal | None:
        text = str(value or "").strip()
        if text.count(",") + text.count(".") == 1:
            whole, fraction = text.replace(",", ".").split(".")
            value = Decimal(f"{whole}.{fraction}") if whole.isdecimal() and fraction.isdecimal() else value
        return super().to_python(value)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None:
            try:
                refuse_rate(value)
            except BadRate as error:
                raise ValidationError(str(error)) from error


class PlanRatesForm(forms.Form):
    """``rates``: the plan rates that stand. An empty field takes its rate away. ``fixed``: the year is locked."""

    currency = forms.CharField(label=gettext_lazy("Currency"), required=False, max_length=3)
    rate = RateField(label=gettext_lazy("Rate"))
    reason = forms.CharField(label=gettext_lazy("Reason"), required=False, max_length=100)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, *args: Any, rates: Mapping[str, Decimal], own: str, fixed: bool, seen: int, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = seen
        self.codes, self.own = [] if fixed else sorted(rates), own
        for code in self.codes:
            self.fields[f"rate_{code}"] = RateField(initial=rates[code].normalize(), label=code)
        self.fields["currency"].widget.attrs |= {"class": "cell-input", "list": "codes", "autocomplete": "off"}
        self.fields["reason"].widget.attrs["class"] = "form-control filter-input"
        self.taken = set(rates)

    def field_of(self, code: str) -> forms.BoundField | None:
        """The field of a currency that has a plan rate; None where it is fixed."""
        return self[f"rate_{code}"] if code in self.codes else None

    def clean_currency(self) -> str:
        code = str(self.cleaned_data["currency"]).strip().upper()
        if not code:
            return ""
        if not is_currency(code):
            raise ValidationError(_("This is no ISO currency code such as USD or EUR."))
        if code == self.own:
            raise ValidationError(_("This is the company's own currency."))
        if code in self.taken:
            raise ValidationError(_("%(code)s has a plan rate already.") % {"code": code})
        return code

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if bool(values.get("currency")) != (values.get("rate") is not None) and not self.errors:
            self.add_error(None, _("Another currency needs both its code and its rate."))
        return values

    @property
    def wanted(self) -> dict[str, Decimal | None]:
        """What ``plan_rates.set_plan_rates`` takes."""
        values = self.cleaned_data
        added = {values["currency"]: values["rate"]} if values["currency"] else {}
        return {code: values[f"rate_{code}"] for code in self.codes} | added
