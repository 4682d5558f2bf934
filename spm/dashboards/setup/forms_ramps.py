"""Forms of ramp schedules: the percent of each month, and by which schedule a person begins."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from spm.dashboards.setup.forms import day_field
from spm.org.models import User
from spm.ui.forms import VersionedFormMixin
from targets.models import RampSchedule

MONTHS = 18
NONE = "none"


class RampForm(VersionedFormMixin, forms.ModelForm[RampSchedule]):
    """A schedule with one field per month; an empty month between two others goes on with the one before."""

    class Meta:
        model = RampSchedule
        fields = ["name", "is_default"]
        labels = {"name": _("Name"), "is_default": _("Default: for everybody without one of their own")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps = dict(self.instance.steps.values_list("month_no", "percent")) if self.instance.pk else {}
        for month in range(1, max([MONTHS, *steps]) + 1):
            percent = steps.get(month)
            self.fields[f"month_{month}"] = forms.DecimalField(
                label=_("Month %(n)s, %%") % {"n": month},
                required=False,
                localize=True,
                max_digits=5,
                decimal_places=2,
                validators=[MinValueValidator(0), MaxValueValidator(100)],
                initial=None if percent is None else percent.normalize(),
                widget=forms.TextInput(attrs={"class": "cell-input num", "inputmode": "decimal"}),
            )

    def clean(self) -> Any:
        cleaned = super().clean()
        self._validate_constraints = False  # the verb makes it the one default in the place of the one before
        return cleaned

    @property
    def months(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("month_")]

    @property
    def percents(self) -> list[Decimal]:
        """Month by month up to the last one given."""
        typed = [self.cleaned_data.get(field.name) for field in self.months]
        while typed and typed[-1] is None:
            typed.pop()
        found: list[Decimal] = []
        for percent in typed:
            found.append(percent if percent is not None else found[-1] if found else Decimal(0))
        return found


class PersonRampForm(forms.Form):
    """The default schedule, one of the person's own from a day on, or none."""

    ramp = forms.ChoiceField(label=_("Ramp"), required=False)
    starts_on = day_field(_("Month 1 begins on"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.schedules = {str(row.pk): row for row in RampSchedule.objects.visible_to(user)}
        default = next((row.name for row in self.schedules.values() if row.is_default), _("none"))
        own = [(key, row.name) for key, row in self.schedules.items()]
        field: Any = self.fields["ramp"]
        field.choices = [("", _("The default one: %(name)s") % {"name": default}), *own, (NONE, _("No ramp"))]

    @property
    def is_default(self) -> bool:
        return not self.cleaned_data["ramp"]

    @property
    def schedule(self) -> RampSchedule | None:
        return self.schedules.get(self.cleaned_data["ramp"])
