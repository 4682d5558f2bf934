"""Forms of rows that two people may edit at once (reliability INV-32)."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from spm.errors import RuleViolation


class DayInput(forms.DateInput):
    """The browser's own date picker; it speaks ISO whatever the language."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class StaleRecord(RuleViolation):
    """Somebody else saved the row after this form was opened."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One field in which the text of the form and the stored row differ."""

    label: str
    yours: str
    theirs: str


class VersionedFormMixin:
    """For a ModelForm whose model counts its saves in ``version``.

    A form opened before somebody else saved is not valid: ``conflicts`` lists both values of each field, the text
    stays in the form, and sending it again means it is meant. In the view, inside ``atomic`` and before the domain
    verb, call ``claim()``: of two people who save at the same moment one gets StaleRecord. Show with
    ``components/conflict.html``.
    """

    conflicts: tuple[Conflict, ...] = ()
    is_overtaken = False  # somebody else saved after this form was opened

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        form: Any = self
        form.fields["version"] = forms.IntegerField(
            widget=forms.HiddenInput, required=False, initial=form.instance.version
        )

    def clean(self) -> Any:
        form: Any = self
        cleaned = super().clean()  # type: ignore[misc]  # of the ModelForm beside it
        stored = form.instance._meta.model._base_manager.filter(pk=form.instance.pk).first()
        if stored is not None and form.cleaned_data.get("version") != stored.version:
            self.is_overtaken, self.conflicts = True, tuple(_differences(form, stored))
            form.data = form.data.copy()
            form.data[form.add_prefix("version")] = str(stored.version)
            form.add_error(
                None, _("Somebody else has saved this meanwhile. Your text is kept; compare and save again.")
            )
        return cleaned

    def form_of(self, stored: Any) -> Any:
        """This form about the row as it now stands; a form that needs more than the row says so here."""
        return type(self)(instance=stored)

    @property
    def told(self) -> dict[str, Any]:
        """What was filled in, for the domain verb: ``cleaned_data`` without the version."""
        form: Any = self
        return {name: value for name, value in form.cleaned_data.items() if name != "version"}

    def claim(self) -> None:
        """Count this save in the row, at once for everybody. Raises StaleRecord; a new row needs no claim."""
        form: Any = self
        if form.instance.pk is None:
            return
        seen = form.cleaned_data["version"]
        rows = form.instance._meta.model._base_manager.filter(pk=form.instance.pk, version=seen)
        if not rows.update(version=seen + 1):  # conditional, so that the second of two is told
            raise StaleRecord(_("Somebody else has saved this meanwhile. Your text is kept; compare and save again."))
        form.instance.version = seen + 1


def _differences(form: Any, stored: Any) -> list[Conflict]:
    theirs = form.form_of(stored)
    found = []
    for name in form.fields:
        if name == "version" or name not in form.cleaned_data:
            continue
        mine, other = form[name].data, theirs[name].value()
        if form.fields[name].has_changed(other, mine):
            found.append(Conflict(str(form[name].label), _shown(form, name, mine), _shown(form, name, other)))
    return found


def _shown(form: Any, name: str, value: Any) -> str:
    """A value in words: the label of a choice, not its key."""
    choices = dict(getattr(form.fields[name], "choices", None) or ())
    labels = {str(key): str(label) for key, label in choices.items()}
    return "" if value is None else labels.get(str(value), str(value))
