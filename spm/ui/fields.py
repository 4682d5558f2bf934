"""The database field for money, and the two rules of arithmetic it takes part in."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Combinable, Expression, ExpressionWrapper, F, Value, register_combinable_fields
from django.utils.translation import gettext_lazy as _

from spm.money import MAX_UNITS, from_units, to_units


class MoneyField(models.Field[Any, Any]):
    """An amount: ``Decimal`` in Python, a BIGINT of ten-thousandths of a currency unit in the database.

    Derives from ``models.Field`` and not from ``BigIntegerField``: there ``F("amount") - F("cost")`` would resolve
    to an integer field and come back 10,000 times too large. The currency stands in a field beside it.
    """

    description = _("Amount of money, four decimals")
    default_error_messages = {
        "float": _("Money is never a float."),
        "invalid": _("“%(value)s” is not an amount with at most four decimals."),
    }

    def get_internal_type(self) -> str:
        return "BigIntegerField"

    def from_db_value(self, value: Any, expression: object, connection: BaseDatabaseWrapper) -> Decimal | None:
        # PostgreSQL sums BIGINT into NUMERIC; int() undoes that.
        return None if value is None else from_units(int(value))

    def to_python(self, value: Any) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        if isinstance(value, float):
            raise ValidationError(self.error_messages["float"], code="float")
        try:
            decimal = Decimal(value)
            to_units(decimal)
        except (ArithmeticError, ValueError, TypeError) as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": value}) from error
        return decimal

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        if value is None or isinstance(value, Expression):
            return value
        return to_units(value)

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else str(value)

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        return super().formfield(
            **{"form_class": forms.DecimalField, "max_digits": len(str(MAX_UNITS)), "decimal_places": 4, **kwargs}
        )


register_combinable_fields(MoneyField, Combinable.ADD, MoneyField, MoneyField)
register_combinable_fields(MoneyField, Combinable.SUB, MoneyField, MoneyField)
register_combinable_fields(MoneyField, Combinable.MUL, models.IntegerField, MoneyField)
register_combinable_fields(models.IntegerField, Combinable.MUL, MoneyField, MoneyField)


def money(amount: Decimal | int) -> Value:
    """``amount`` as an SQL value of type money: needed in Coalesce, Case, When and beside F()."""
    return Value(Decimal(amount), output_field=MoneyField())


class _Stored(ExpressionWrapper):
    def get_db_converters(self, connection: BaseDatabaseWrapper) -> list[Any]:
        """None: the driver hands over the whole number that stands there."""
        return []


def stored(name: str) -> ExpressionWrapper:
    """The amounts of a column as whole ten-thousandths, for whoever adds up so many that Decimals would take long."""
    return _Stored(F(name), output_field=models.BigIntegerField())
