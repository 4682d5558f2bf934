"""The form of a planning cycle: who owns each stage, until when, and the policy."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from spm.org.models import User
from spm.ui.forms import Conflict, DayInput, VersionedFormMixin
from spm.ui.numbers import day
from targets.choices import Stage
from targets.cycles import BEFORE_LOCK, POLICY, StagePlan
from targets.models import PlanningCycle


class StagesForm(forms.Form):
    """An owner and a due date per stage."""

    def __init__(self, *args: Any, user: User, cycle: PlanningCycle, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.visible_to(user).filter(is_active=True)
        for row in cycle.stages.select_related("owner"):
            self.fields[f"owner_{row.stage}"] = forms.ModelChoiceField(
                people, required=False, initial=row.owner_id, label=_("Owner"), empty_label=_("Nobody yet")
            )
            self.fields[f"owner_{row.stage}"].widget.attrs["class"] = "form-select"
            self.fields[f"due_{row.stage}"] = forms.DateField(
                required=False, initial=row.due_on, label=_("Due on"), widget=DayInput()
            )
            self.fields[f"due_{row.stage}"].widget.attrs["class"] = "form-control"

    @property
    def rows(self) -> list[tuple[Stage, forms.BoundField, forms.BoundField]]:
        """Each stage with its two fields."""
        return [(stage, self[f"owner_{stage.value}"], self[f"due_{stage.value}"]) for stage in Stage]

    def differences(self) -> tuple[Conflict, ...]:
        """Owners and days in which what was sent differs from what is stored: beside a form that was overtaken."""
        found = []
        for stage in Stage:
            for name in (f"owner_{stage.value}", f"due_{stage.value}"):
                sent, stored = self[name].data or "", self[name].initial
                if self.fields[name].has_changed(stored, sent):
                    label = f"{stage.label}, {self[name].label}"
                    found.append(Conflict(label, self._shown(name, sent), self._shown(name, stored)))
        return tuple(found)

    def _shown(self, name: str, value: Any) -> str:
        """The name of an owner, a day in words; what is neither as it was typed."""
        if name.startswith("owner_"):
            choices = {str(key): str(label) for key, label in self.fields[name].choices}  # type: ignore[attr-defined]  # ModelChoiceField
            return choices.get(str(value or ""), str(value))
        try:
            return day(self.fields[name].to_python(value))
        except forms.ValidationError:
            return str(value)

    @property
    def stages(self) -> dict[str, StagePlan]:
        """What ``cycles.set_stages`` takes."""
        values = self.cleaned_data
        return {stage.value: StagePlan(values[f"owner_{stage.value}"], values[f"due_{stage.value}"]) for stage in Stage}


class PolicyForm(VersionedFormMixin, forms.ModelForm[PlanningCycle]):
    """What the cycle allows; it cannot be changed from the lock on."""

    class Meta:
        model = PlanningCycle
        fields = POLICY

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.stage not in BEFORE_LOCK:
            for name in POLICY:
                self.fields[name].disabled = True

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self._validate_constraints = False  # ``set_policy`` says the same in words
        return cleaned

    @property
    def policy(self) -> dict[str, Any]:
        """What ``cycles.set_policy`` takes."""
        return {name: self.cleaned_data[name] for name in POLICY}
