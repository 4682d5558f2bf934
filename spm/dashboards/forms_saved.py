"""The form of a saved view."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from spm.org.access import can_share_with
from spm.org.models import SavedView, User
from spm.org.saving import Wish
from spm.org.scopes import history_of


def teams_to_share_with(user: User) -> list[tuple[int, str]]:
    """Teams that the user leads or stands above, all of them for an admin; key and name."""
    return [(pk, name) for pk, name in history_of(user).teams.items() if can_share_with(user, pk)]


class SavedViewForm(forms.Form):
    """Name, sharing, pin and e-mail; ``moving``: whether the period may move on with time is asked as well."""

    name = forms.CharField(label=_("Name"), max_length=80)
    moves = forms.BooleanField(
        label=_("Move on with time"),
        required=False,
        initial=True,
        help_text=_("Next month, quarter or year it shows the one that runs then."),
    )
    team = forms.TypedChoiceField(
        label=_("Share with a team"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=_("The team and everybody below it sees the filters under this name, each with their own numbers."),
    )
    pinned = forms.BooleanField(
        label=_("Pin to Home"), required=False, help_text=_("Its sentence and its number stand on your Home.")
    )
    mailed = forms.BooleanField(
        label=_("Weekly e-mail"), required=False, help_text=_("Its table, every Monday at 7:00 your time.")
    )

    def __init__(self, *args: Any, user: User, moving: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = teams_to_share_with(user)
        share: Any = self.fields["team"]
        share.choices = [("", _("Private")), *teams]
        if not teams:
            del self.fields["team"]
        if not moving:
            del self.fields["moves"]

    @property
    def wish(self) -> Wish:
        said = self.cleaned_data
        return Wish(said["name"], said.get("team"), said["pinned"], said["mailed"])


def as_initial(view: SavedView) -> dict[str, Any]:
    return {"name": view.name, "team": view.team_id, "pinned": view.pinned, "mailed": view.mailed}
