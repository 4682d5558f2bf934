"""The kind of import that says what other currencies are worth."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from spm.imports.kinds import Column, ColumnType, register
from spm.imports.records import Fact, RecordKind, RecordLoader, Refused, Shelf
from spm.keys import normalise
from targets.models import Rate
from targets.rates import PLACES, BadRate, refuse_rate

RATES = Shelf(Rate, {"currency": "currency", "starts_on": "starts_on"}, {"rate": "rate"})


class RateLoader(RecordLoader):
    shelves = (RATES,)

    def facts(self, values: dict[str, Any]) -> list[Fact]:
        currency, rate = values["currency"], values["rate"]
        if currency == self.run.company.currency:
            raise Refused("currency", currency, _("This is the company's own currency."))
        try:
            refuse_rate(rate)
        except BadRate as error:
            raise Refused("rate", f"{rate:f}", str(error)) from None
        key = (normalise(currency), values["starts_on"])
        return [Fact(RATES, key, {"rate": rate.quantize(PLACES)}, {"currency": currency})]


@register
class RateKind(RecordKind):
    name = "rates"
    label = gettext_lazy("Rates")
    help = gettext_lazy(
        "What one unit of another currency is worth in the company's, from a day on. Lines take the rate of their day"
        " when they are loaded, and keep it."
    )
    columns = (
        Column("currency", ColumnType.CURRENCY, required=True, filled=True, max_length=3, example="USD"),
        Column("starts_on", ColumnType.DATE, required=True, filled=True, example="2026-01-31"),
        Column("rate", ColumnType.RATE, required=True, filled=True, example="0.9273"),
    )
    key = ("currency", "starts_on")
    loader = RateLoader
    order = 95
