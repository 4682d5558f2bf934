"""The form of the settings page."""

from django import forms
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from spm.dashboards.shell import THEMES
from spm.org.models import User
from spm.ui.forms import VersionedFormMixin
from spm.zones import known_zones

type Choices = list[tuple[str, str | Promise]]


def languages() -> Choices:
    return [("", _("As the browser")), *settings.LANGUAGES]


def time_zones() -> Choices:
    """Zones by city; what the tz database keeps for old programs is left out."""
    cities = sorted(name for name in known_zones() if "/" in name and not name.startswith("Etc/"))
    return [("", _("As the company")), ("UTC", "UTC"), *((name, name.replace("_", " ")) for name in cities)]


class ProfileForm(VersionedFormMixin, forms.ModelForm[User]):
    """What people set for themselves. Name and e-mail address are the admin's: imports know the person by them."""

    locale = forms.ChoiceField(label=_("Language and number format"), required=False, choices=languages)
    timezone = forms.ChoiceField(label=_("Time zone"), required=False, choices=time_zones)
    theme = forms.ChoiceField(label=_("Theme"), choices=lambda: list(THEMES.items()))
    shortcuts = forms.BooleanField(
        label=_("Single-key shortcuts"),
        required=False,
        help_text=_("g then a letter, /, [ and ]. Ctrl K works in any case."),
    )

    class Meta:
        model = User
        fields = ["locale", "timezone", "theme", "shortcuts"]
