"""The forms of an import: what to upload, and which column of it fills which canonical header."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from spm.imports import profiles, sources, workbooks
from spm.imports.kinds import ImportKind
from spm.imports.mapped import canonical_places
from spm.imports.mappings import Mapping
from spm.imports.models import ImportBatch, ImportProfile
from spm.imports.proposals import PeriodColumns
from spm.imports.sheets import BadMapping
from spm.org.models import User

DATES = [
    ("", gettext_lazy("Find out from the file")),
    ("%Y-%m-%d", gettext_lazy("2026-03-31 (year first)")),
    ("%d/%m/%Y", gettext_lazy("31/03/2026 (day first)")),
    ("%m/%d/%Y", gettext_lazy("03/31/2026 (month first)")),
    ("%d.%m.%Y", gettext_lazy("31.03.2026")),
    ("%d-%m-%Y", gettext_lazy("31-03-2026")),
]
DECIMALS = [
    ("", gettext_lazy("Find out from the file")),
    (".", gettext_lazy("Point: 1,234.56")),
    (",", gettext_lazy("Comma: 1.234,56")),
]
DELIMITERS = [
    ("", gettext_lazy("Find out from the file")),
    (",", gettext_lazy("Comma")),
    (";", gettext_lazy("Semicolon")),
    ("\t", gettext_lazy("Tab")),
    ("|", gettext_lazy("Vertical bar")),
]
ENCODINGS = [
    ("", gettext_lazy("Find out from the file")),
    ("utf-8", "UTF-8"),
    ("cp1252", gettext_lazy("Windows (Western Europe)")),
    ("utf-16", "UTF-16"),
]
PASTED = "pasted.txt"


class UploadForm(forms.Form):
    """A file, or cells pasted from a spreadsheet; how to read them, if it has been told before."""

    file = forms.FileField(
        label=gettext_lazy("File"), required=False, help_text=gettext_lazy("CSV, .csv.gz or XLSX, up to 100 MB.")
    )
    pasted = forms.CharField(
        label=gettext_lazy("Or paste from a spreadsheet"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=gettext_lazy("Copy the cells with their header row and paste them here."),
    )
    profile = forms.ModelChoiceField(
        ImportProfile.objects.none(),
        label=gettext_lazy("Saved profile"),
        required=False,
        empty_label=gettext_lazy("None: the file has the headers below"),
    )
    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=sources.LENGTH,
        initial="file",
        help_text=gettext_lazy("Where the lines come from. Their ids are unique within a source."),
    )
    is_snapshot = forms.BooleanField(
        label=gettext_lazy("Full snapshot"),
        required=False,
        help_text=gettext_lazy(
            "Lines of this source that the file lacks are taken out. The preview counts them first."
        ),
    )

    def __init__(self, *args: Any, kind: ImportKind, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        saved = ImportProfile.objects.visible_to(user).filter(kind=kind.name)
        profile: Any = self.fields["profile"]
        profile.queryset = saved
        if not saved:
            del self.fields["profile"]
        if not kind.takes_snapshots:
            del self.fields["is_snapshot"]
        if kind.name not in ("actuals", "credits"):
            del self.fields["source"]
        else:
            self.sources = sources.names()
            self.fields["source"].widget.attrs["list"] = "sources"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        has_text = bool((cleaned.get("pasted") or "").strip())
        if "file" not in self.errors and bool(cleaned.get("file")) == has_text:
            both = has_text
            raise forms.ValidationError(
                _("Choose a file or paste cells, not both.") if both else _("Choose a file or paste cells.")
            )
        return cleaned

    def mapping(self) -> Mapping:
        """The profile's mapping; pasted cells are parted by tabs where there are any."""
        profile = self.cleaned_data.get("profile")
        stored = dict(profile.mapping) if profile else {}
        if "\t" in (self.cleaned_data.get("pasted") or ""):
            stored["format"] = {**stored.get("format", {}), "delimiter": "\t"}
        return Mapping.from_json(stored)


class MappingForm(forms.Form):
    """For each canonical header: a column of the file, or one value for all rows; and how the file is written."""

    def __init__(  # noqa: PLR0913  # what is known about the file, by keyword
        self,
        *args: Any,
        kind: ImportKind,
        headers: list[str],
        mapping: Mapping,
        proposed: PeriodColumns | None = None,
        keeps_profiles: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.mapping = kind, proposed.onto(mapping) if proposed else mapping
        self.is_proposed = proposed is not None
        self._add_unpivot(proposed)
        choices = [("", _("– not in the file –")), *((header, header) for header in headers)]
        places = canonical_places([column.name for column in kind.columns], headers)
        known = {name: headers[found[0]] for name, found in places.items() if len(found) == 1}
        for column in kind.columns:
            told = mapping.columns.get(column.name, known.get(column.name, ""))
            kept = [] if told in dict(choices) else [(told, told)]  # a template of headers, from a file of mappings
            self.fields[f"column_{column.name}"] = forms.ChoiceField(
                label=column.name,
                choices=[*choices, *kept],
                initial=told,
                required=False,
                help_text=workbooks.explanation(column),
                widget=forms.Select(attrs={"class": "form-select"}),
            )
            self.fields[f"constant_{column.name}"] = forms.CharField(
                label=_("%(header)s: the same in every row") % {"header": column.name},
                initial=mapping.constants.get(column.name, ""),
                required=False,
                widget=forms.TextInput(attrs={"class": "form-control"}),
            )
        self._add_format(mapping)
        if keeps_profiles:
            self.fields["save_as"] = forms.CharField(
                label=_("Save as profile"),
                max_length=100,
                required=False,
                help_text=_("A name for the next such file."),
            )

    def _add_unpivot(self, proposed: PeriodColumns | None) -> None:
        """Whether columns make rows: proposed where their headers are periods, kept where a mapping file says so."""
        if self.mapping.unpivot is None:
            return
        columns = proposed.headers if proposed else self.mapping.unpivot.columns
        words = {"columns": ", ".join(columns), "name": self.mapping.unpivot.into[0]}
        words["value"] = self.mapping.unpivot.into[1]
        self.fields["unpivot"] = forms.BooleanField(
            label=_("Each of these columns makes a row of its own"),
            required=False,
            initial=True,
            help_text=_("%(columns)s: the header becomes %(name)s, the cell %(value)s; empty cells make no row.")
            % words,
        )

    def _add_format(self, mapping: Mapping) -> None:
        form = mapping.format
        labels: dict[str, tuple[str, list[tuple[str, Any]]]] = {
            "date": (_("Dates"), DATES),
            "decimal": (_("Numbers"), DECIMALS),
            "delimiter": (_("Delimiter"), DELIMITERS),
            "encoding": (_("Encoding"), ENCODINGS),
        }
        for name, (label, choices) in labels.items():
            told = getattr(form, name) or ""
            kept = [] if told in dict(choices) else [(told, told)]
            self.fields[name] = forms.ChoiceField(label=label, choices=[*choices, *kept], initial=told, required=False)
        self.fields["sheet"] = forms.CharField(
            label=_("Sheet"),
            initial=form.sheet or "",
            required=False,
            help_text=_("Of a workbook with several sheets."),
        )

    @property
    def pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """For each canonical header: its select and its constant."""
        return [(self[f"column_{column.name}"], self[f"constant_{column.name}"]) for column in self.kind.columns]

    @property
    def unpivot_field(self) -> forms.BoundField | None:
        return self["unpivot"] if "unpivot" in self.fields else None

    @property
    def format_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("date", "decimal", "delimiter", "encoding", "sheet")]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        try:
            self.result = self._mapping(cleaned)
        except BadMapping as error:
            raise forms.ValidationError(str(error)) from error
        return cleaned

    def _mapping(self, cleaned: dict[str, Any]) -> Mapping:
        names = [column.name for column in self.kind.columns]
        constants = {name: cleaned[f"constant_{name}"] for name in names if cleaned.get(f"constant_{name}")}
        columns = {
            name: cleaned[f"column_{name}"] for name in names if cleaned.get(f"column_{name}") and name not in constants
        }
        told = {name: cleaned.get(name) for name in ("date", "decimal", "delimiter", "encoding", "sheet")}
        kept = self.mapping.to_json()  # values, filters and unpivoting come from mapping files, and stay
        if not cleaned.get("unpivot"):
            kept.pop("unpivot", None)
        form = {**kept.get("format", {}), **told}
        return Mapping.from_json(
            {
                **kept,
                "columns": columns,
                "constants": constants,
                "format": {name: value for name, value in form.items() if value},
            }
        )

    def save(self, batch: ImportBatch, by: User) -> None:
        """Keep the mapping as a profile where a name is given."""
        name = self.cleaned_data.get("save_as", "").strip()
        if name:
            profiles.keep(batch.kind, name, self.result, by)
