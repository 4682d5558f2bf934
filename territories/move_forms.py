"""The form of a move package: accounts by number, one a line, and a list to choose from that needs no script."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from spm.keys import normalise
from spm.market.models import Account, Territory
from spm.org.models import User
from spm.ui.forms import DayInput, VersionedFormMixin
from territories.choices import HoldOver
from territories.models import MovePackage
from territories.move_ground import numbers_of

MOST_TEXT = 200_000
NAMED = 5


class MoveForm(VersionedFormMixin, forms.ModelForm[MovePackage]):
    accounts = forms.CharField(
        label=gettext_lazy("Accounts"),
        max_length=MOST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("Account numbers, one a line, as in a column of a spreadsheet."),
    )

    class Meta:
        model = MovePackage
        fields = ["name", "to_territory", "effective_on", "hold_over", "hold_days", "moves_quota", "reason"]
        widgets = {"effective_on": DayInput(), "reason": forms.Textarea(attrs={"rows": 2})}
        labels = {
            "name": gettext_lazy("Name"),
            "to_territory": gettext_lazy("To"),
            "effective_on": gettext_lazy("Effective on"),
            "hold_over": gettext_lazy("Accounts with open opportunities"),
            "hold_days": gettext_lazy("Days"),
            "reason": gettext_lazy("Reason"),
            "moves_quota": gettext_lazy("Move their part of the quota too"),
        }
        help_texts = {
            "hold_days": gettext_lazy("Of the policy that keeps accounts for some days alone."),
            "moves_quota": gettext_lazy(
                "From the effective day on, of accounts that stay longer too; a locked year gets a revision to approve."
            ),
        }

    field_order = (*Meta.fields, "accounts")

    def __init__(  # noqa: PLR0913  # what the form is made from, by keyword
        self,
        *args: Any,
        user: User,
        owners: dict[int, str],
        picked: Sequence[str] = (),
        kept: QueryDict | None = None,
        **more: Any,
    ) -> None:
        """``picked``: numbers to begin with; ``kept``: what was typed, shown again without being judged."""
        super().__init__(*args, **more)
        self.user, self.owners = user, owners
        self.found: tuple[int, ...] = ()
        territory: Any = self.fields["to_territory"]
        territory.queryset = Territory.objects.visible_to(user).real()
        territory.label_from_instance = self._label
        self.fields["hold_days"].widget.attrs.update({"min": 1, "max": 366})
        self.initial["accounts"] = "\n".join(picked or numbers_of(self.instance, user))
        if kept is not None:
            self.initial.update({name: kept.get(name, "") for name in self.fields})
            self.initial["moves_quota"] = "moves_quota" in kept

    def form_of(self, stored: Any) -> "MoveForm":
        return type(self)(instance=stored, user=self.user, owners=self.owners)

    def _label(self, territory: Territory) -> str:
        holder = self.owners.get(territory.pk)
        return f"{territory.name} · {holder}" if holder else territory.name

    def clean_accounts(self) -> str:
        """Numbers of accounts that the user sees; ``found`` holds their keys. An unknown number is no account here."""
        wanted = {normalise(line): line.strip() for line in self.cleaned_data["accounts"].splitlines() if line.strip()}
        keys = list(wanted)
        found: dict[str, int] = {}
        for start in range(0, len(keys), 1000):
            rows = Account.objects.visible_to(self.user).filter(key__in=keys[start : start + 1000])
            found.update(rows.values_list("key", "pk"))
        unknown = [text for key, text in wanted.items() if key not in found]
        if unknown:
            raise forms.ValidationError(
                _("There is no such account: %(numbers)s."), params={"numbers": ", ".join(unknown[:NAMED])}
            )
        self.found = tuple(found[key] for key in keys)
        return "\n".join(wanted.values())

    def clean(self) -> Any:
        cleaned = super().clean()
        policy, days = self.cleaned_data.get("hold_over"), self.cleaned_data.get("hold_days")
        if policy == HoldOver.DAYS and not 1 <= (days or 0) <= 366:
            self.add_error("hold_days", _("Say for how many days, 1 to 366."))
        return cleaned

    @property
    def told(self) -> dict[str, Any]:
        """Values by field of a package; the accounts are in ``found``."""
        values = super().told
        del values["accounts"]
        return values

    def _post_clean(self) -> None:
        """The instance is the verb's to change."""


class PickForm(forms.Form):
    """What the list to choose from shows: a territory, words of a name or number, or who stands nowhere."""

    look = forms.CharField(label=gettext_lazy("Name or number"), max_length=100, required=False)
    within = forms.ModelChoiceField(
        Territory.objects.none(),
        label=gettext_lazy("Territory"),
        required=False,
        empty_label=gettext_lazy("All territories"),
    )
    nowhere = forms.BooleanField(label=gettext_lazy("In no territory today"), required=False)

    def __init__(self, *args: Any, user: User, **more: Any) -> None:
        super().__init__(*args, **more)
        field: Any = self.fields["within"]
        field.queryset = Territory.objects.visible_to(user).real()
