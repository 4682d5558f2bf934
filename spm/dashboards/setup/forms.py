"""Forms of the setup pages. They check what can be checked without the database's rules; verbs do the rest."""

from datetime import date
from typing import Any

from babel import Locale
from babel.core import get_global
from django import forms
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from spm.imports.dates import FIRST_YEAR, LAST_YEAR
from spm.market.choices import AssignmentRole
from spm.market.models import Territory
from spm.org.choices import AuditKind, CalendarKind
from spm.org.models import Company, Team, User
from spm.ui.forms import DayInput, VersionedFormMixin
from spm.zones import known_zones


def day_field(label: Any, **options: Any) -> forms.DateField:
    """A day within the years that a file may name too: the day after it exists, and so does the year after it."""
    bounds = [MinValueValidator(date(FIRST_YEAR, 1, 1)), MaxValueValidator(date(LAST_YEAR, 12, 31))]
    return forms.DateField(label=label, widget=DayInput(), validators=bounds, **options)


UNCHOSEN = ("", _("Choose…"))


def currency_choices(kept: str = "") -> list[tuple[str, Any]]:
    """Currencies that are money somewhere today, and the one ``kept``, with their names in the page's language."""
    names = Locale.parse(get_language() or "en", sep="-").currencies
    codes = {code for rows in get_global("territory_currencies").values() for code, *facts in rows if _is_money(*facts)}
    return sorted((code, f"{code} · {names.get(code, code)}") for code in codes | {kept} - {""})


def _is_money(_since: Any, until: Any, is_tender: bool) -> bool:
    return is_tender and until is None


def zone_choices() -> list[tuple[str, Any]]:
    return [(zone, zone) for zone in sorted(known_zones())]


class CompanyForm(VersionedFormMixin, forms.ModelForm[Company]):
    """The company itself. Its currency is fixed once there is a fiscal year, so it is never preselected."""

    currency = forms.ChoiceField(
        label=_("Currency"), help_text=_("It stays as it is from the first fiscal year on: all amounts are kept in it.")
    )
    timezone = forms.ChoiceField(label=_("Time zone"))
    language = forms.ChoiceField(label=_("Language"), choices=lambda: settings.LANGUAGES)

    class Meta:
        model = Company
        fields = [
            "name",
            "currency",
            "timezone",
            "language",
            "ahead_from",
            "on_track_from",
            "at_risk_from",
            "require_admin_mfa",
        ]
        labels = {"require_admin_mfa": _("Admins must use a second factor")}

    def __init__(self, *args: Any, currency_is_fixed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unchosen = [] if self.instance.pk else [UNCHOSEN]
        self.fields["currency"].choices = [*unchosen, *currency_choices(self.instance.currency)]  # type: ignore[attr-defined]  # ChoiceField
        self.fields["timezone"].choices = [*unchosen, *zone_choices()]  # type: ignore[attr-defined]  # ChoiceField
        if currency_is_fixed:
            self.fields["currency"].disabled = True
            self.fields["currency"].help_text = _("Fixed since the first fiscal year: all amounts are kept in it.")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        limits = [values[name] for name in ("ahead_from", "on_track_from", "at_risk_from") if name in values]
        if limits != sorted(set(limits), reverse=True):
            raise forms.ValidationError(_("The three limits must descend: Ahead above On track above At risk."))
        return values


class YearForm(forms.Form):
    """A new fiscal year."""

    label = forms.CharField(label=_("Fiscal year"), max_length=20, help_text=_("What you call it, such as 2027."))
    starts_on = day_field(_("First day"))
    kind = forms.ChoiceField(
        label=_("Calendar"), choices=[choice for choice in CalendarKind.choices if choice[0] != CalendarKind.FILE]
    )
    weeks = forms.TypedChoiceField(
        label=_("Weeks"),
        choices=[("52", "52"), ("53", "53")],
        coerce=int,
        initial="52",
        help_text=_("For calendars of weeks: a 53rd week lengthens the last period of the year."),
    )


class ReasonForm(forms.Form):
    """Why a closed period is opened again."""

    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class PersonForm(VersionedFormMixin, forms.ModelForm[User]):
    """A person: who they are and what they may do. Two admins at once would else give back a role just taken."""

    email = forms.EmailField(label=_("E-mail"), max_length=254)
    name = forms.CharField(label=_("Name"), max_length=200)
    employee_id = forms.CharField(label=_("Employee id"), max_length=64, required=False)
    starts_on = day_field(_("Starts on"), required=False)
    locale = forms.ChoiceField(
        label=_("Language"), choices=lambda: [("", _("As the browser")), *settings.LANGUAGES], required=False
    )
    is_admin = forms.BooleanField(label=_("Admin"), required=False, help_text=_("Sees everything and keeps setup."))

    class Meta:
        model = User
        fields = ["email", "name", "employee_id", "starts_on", "locale", "is_admin"]


class PlaceForm(forms.Form):
    """From a day on, a person belongs to a team, or to none."""

    team: Any = forms.ModelChoiceField(label=_("Team"), queryset=None, required=False, empty_label=_("No team"))
    starts_on = day_field(_("From"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = Team.objects.visible_to(user)  # type: ignore[attr-defined]  # ModelChoiceField


class LeaveForm(forms.Form):
    """The last day of a person."""

    left_on = day_field(_("Last day"))


class TeamForm(VersionedFormMixin, forms.ModelForm[Team]):
    """A new team, or another name for one."""

    name = forms.CharField(label=_("Name"), max_length=200)

    class Meta:
        model = Team
        fields = ["name"]


class TeamPlaceForm(forms.Form):
    """From a day on, a team stands under another one, or at the top."""

    parent: Any = forms.ModelChoiceField(label=_("Under"), queryset=None, required=False, empty_label=_("At the top"))
    starts_on = day_field(_("From"))

    def __init__(self, *args: Any, user: User, team: Team | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = Team.objects.visible_to(user)
        field = self.fields["parent"]
        field.queryset = teams.exclude(pk=team.pk) if team else teams  # type: ignore[attr-defined]  # ModelChoiceField


class HolderForm(forms.Form):
    """From a day on, a person leads a team or holds a territory; nobody = vacant."""

    person: Any = forms.ModelChoiceField(label=_("Person"), queryset=None, required=False, empty_label=_("Vacant"))
    starts_on = day_field(_("From"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.visible_to(user).filter(is_active=True)
        self.fields["person"].queryset = people  # type: ignore[attr-defined]  # ModelChoiceField


class AssignForm(HolderForm):
    role = forms.ChoiceField(label=_("Role"), choices=AssignmentRole.choices)
    replace = forms.BooleanField(
        label=_("Replace what is said for this very day"),
        required=False,
        help_text=_("Without this, an owner who starts on the same day is kept, and you are told."),
    )


class TerritoryForm(VersionedFormMixin, forms.ModelForm[Territory]):
    class Meta:
        model = Territory
        fields = ["code", "name", "parent"]
        labels = {"parent": _("Under")}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        rows = Territory.objects.visible_to(user).real()
        field: Any = self.fields["parent"]
        field.queryset = rows.exclude(pk=self.instance.pk) if self.instance.pk else rows
        field.empty_label = _("At the top")

    def form_of(self, stored: Territory) -> "TerritoryForm":
        return TerritoryForm(instance=stored, user=self.user)


class MailForm(forms.Form):
    to = forms.EmailField(label=_("Send a test mail to"))


class PeopleFilter(forms.Form):
    """What the list of people is narrowed to; unknown values narrow nothing."""

    q = forms.CharField(label=_("Search"), required=False)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        widget=forms.Select(attrs={"class": "form-select filter-input"}),
        choices=[
            ("", _("All")),
            ("active", _("Active")),
            ("invited", _("Invited")),
            ("no_access", _("No access yet")),
            ("left", _("Left")),
        ],
    )


class AuditFilter(forms.Form):
    """What the audit log is narrowed to."""

    kind = forms.ChoiceField(
        label=_("Event"),
        required=False,
        widget=forms.Select(attrs={"class": "form-select filter-input"}),
        choices=[("", _("All")), *AuditKind.choices],
    )
    since = day_field(_("Since"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["since"].widget.attrs["class"] = "form-control filter-input"


def first_year(day: date) -> dict[str, object]:
    """What a first fiscal year most often is: the calendar year of ``day``."""
    return {"label": str(day.year), "starts_on": date(day.year, 1, 1)}


def first_of(day: date) -> dict[str, date]:
    """The usual start of a dated fact: today."""
    return {"starts_on": day}
