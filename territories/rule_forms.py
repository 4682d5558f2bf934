"""Forms of rules: a new set, one rule, the day from which a set holds."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from spm.keys import normalise
from spm.market.models import Account, Territory
from spm.org.models import User
from spm.ui.amounts import parse_amount
from spm.ui.forms import DayInput, VersionedFormMixin
from territories.field_writing import LARGEST
from territories.models import TerritoryRule


class SetForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100)


class DayForm(forms.Form):
    """The day of a preview or an activation."""

    on = forms.DateField(label=_("From"), widget=DayInput())


class AmountText(forms.CharField):
    """An amount as people type it."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            amount = parse_amount(text)
        except ValueError as error:
            raise forms.ValidationError(
                _("“%(text)s” is not an amount. Write it like 1200000, 1.2M or 1200k."), params={"text": text}
            ) from error
        if amount < 0 or amount >= LARGEST or amount != round(amount, 2):
            raise forms.ValidationError(_("Write an amount from 0 on, with at most two decimals."))
        return amount


class RuleForm(VersionedFormMixin, forms.ModelForm[TerritoryRule]):
    account_id = forms.CharField(
        label=_("Account id"),
        max_length=100,
        required=False,
        help_text=_("A rule that names an account beats all others and has no further criterion."),
    )
    size_from = AmountText(label=_("Potential from"), required=False)
    size_to = AmountText(label=_("Potential up to"), required=False)

    class Meta:
        model = TerritoryRule
        fields = ["territory", "priority", "country", "region", "postal_from", "postal_to", "industry", "segment"]
        labels = {"territory": _("Territory")}
        help_texts = {
            "priority": _("The smallest number wins where several rules fit."),
            "postal_from": _("Alone, it means every code that begins with it."),
        }

    field_order = ("territory", "priority", "account_id", *Meta.fields[2:], "size_from", "size_to")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        territory: Any = self.fields["territory"]
        territory.queryset = Territory.objects.visible_to(user).real()
        rule = self.instance
        if rule.pk:
            self.initial.update(size_from=rule.size_from, size_to=rule.size_to)
            self.initial["account_id"] = rule.account.external_id if rule.account else ""

    def clean_account_id(self) -> Account | None:
        text = self.cleaned_data["account_id"]
        if not text:
            return None
        found = Account.objects.visible_to(self.user).filter(key=normalise(text)).first()
        if found is None:
            raise forms.ValidationError(_("There is no such account. Load accounts first."))
        return found

    @property
    def told(self) -> dict[str, Any]:
        """Values by field of a rule."""
        values = super().told
        return values | {"account": values.pop("account_id")}

    def form_of(self, stored: TerritoryRule) -> "RuleForm":
        return RuleForm(instance=stored, user=self.user)

    def _post_clean(self) -> None:
        """The instance is the verb's to change."""
