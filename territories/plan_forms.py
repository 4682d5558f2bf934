"""The form of a year: when plans are due, and the words of each section."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db import transaction

from spm.ui.forms import VersionedFormMixin
from territories import caps
from territories.choices import Section
from territories.models import PlanTemplate, TemplateSection
from territories.plan_words import question_of


class DueForm(VersionedFormMixin, forms.ModelForm[PlanTemplate]):
    class Meta:
        model = PlanTemplate
        fields = ("due_on",)
        widgets = {"due_on": forms.DateInput(attrs={"type": "date", "class": "form-control field-s"})}


class SectionForm(VersionedFormMixin, forms.ModelForm[TemplateSection]):
    """Heading, question and example; empty = the product's own words, which stand as the placeholder."""

    class Meta:
        model = TemplateSection
        fields = ("heading", "question", "example")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        section = Section(self.instance.section)
        most = {"heading": caps.HEADING, "question": caps.QUESTION, "example": caps.EXAMPLE}
        own = {"heading": str(section.label), "question": question_of(section), "example": ""}
        for name in most:
            field = self.fields[name]
            field.widget.attrs |= {"class": "form-control", "placeholder": own[name], "data-most": most[name]}
            del field.widget.attrs["maxlength"]  # it would cut a pasted text without a word


def sections_of(template: PlanTemplate) -> list[TemplateSection]:
    """The six sections in the order of the page."""
    known = {row.section: row for row in template.sections.all()}
    return [known[section] for section in Section.values]


def section_forms(sections: Sequence[TemplateSection], data: Any) -> list[SectionForm]:
    return [SectionForm(data, instance=section, prefix=section.section) for section in sections]


@transaction.atomic
def store(forms_of_page: Sequence[DueForm | SectionForm]) -> None:
    """Keep what was changed, all of it or none. Raises StaleRecord where somebody else was faster."""
    for form in forms_of_page:
        if form.has_changed():
            form.claim()
            form.save()
