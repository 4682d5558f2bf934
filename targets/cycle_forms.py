"""The form of a planning cycle: who owns each stage, until when, and the policy."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from spm.org.models import User
from spm.ui.forms import DayInput, VersionedFormMixin
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
