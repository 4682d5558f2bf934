"""The forms of scenarios: a new one, and one adjustment of each kind."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from spm.market.models import Territory
from spm.org.choices import PeriodState
from spm.org.models import Period, Team, User
from spm.ui.amounts import AmountField
from targets.choices import Reach, RevisionCause, WhatIf
from targets.models import CompanyPlan
from targets.scenario_steps import MOST_HIRES, Adjustment
from targets.versions import NAME_LENGTH


class ScenarioForm(forms.Form):
    """The name of a new scenario, and what it is for."""

    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH)
    reason = forms.CharField(label=_("What is it for?"), max_length=300, required=False)


class RequestForm(forms.Form):
    """Why a locked year should get the scenario's numbers."""

    cause = forms.ChoiceField(label=_("Cause"), choices=RevisionCause.choices)
    reason = forms.CharField(label=_("Reason"), max_length=300)


class TerritoryField(forms.ModelChoiceField):
    """Territories by the name that a reader knows them by."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.shown_name)


class MonthField(forms.ModelChoiceField):
    """An open leaf period, by the name people give it."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.title)


class AdjustForm(forms.Form):
    """One question to a scenario; the fields that its kind needs."""

    def __init__(self, *args: Any, kind: WhatIf, user: User, scenario: CompanyPlan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.user, self.scenario = kind, user, scenario
        add = {
            WhatIf.GROWTH: self._of_numbers,
            WhatIf.OVER: self._of_numbers,
            WhatIf.HIRE: self._of_hires,
            WhatIf.LEAVE: self._of_leaver,
            WhatIf.TERRITORY: self._of_territory,
        }
        self.fields.update(add[kind]())
        self.fields["reason"] = forms.CharField(label=_("Reason (kept in the history)"), max_length=300, required=False)

    # Fields

    def _of_numbers(self) -> dict[str, forms.Field]:
        teams = Team.objects.visible_to(self.user).order_by("name", "pk").values_list("pk", "name")
        wide = [Reach.COMPANY, Reach.TEAMS] if self.kind == WhatIf.OVER else [Reach.COMPANY]
        whom = [(one.value, one.label) for one in wide] + [(str(pk), name) for pk, name in teams]
        if self.kind == WhatIf.GROWTH:
            label, hint = _("Growth in %"), _("Of every number of open months: 5, or −3.5 to shrink.")
        else:
            label, hint = (
                _("Over-assignment in %"),
                _("What those directly below get together beyond the number above."),
            )
        return {
            "whom": forms.ChoiceField(label=_("Of"), choices=whom),
            "percent": AmountField(label=label, help_text=hint),
        }

    def _of_hires(self) -> dict[str, forms.Field]:
        return {
            "team": forms.ModelChoiceField(Team.objects.visible_to(self.user).order_by("name", "pk"), label=_("Team")),
            "count": forms.IntegerField(label=_("How many"), min_value=1, max_value=MOST_HIRES, initial=1),
            "starts": self._month(_("First month")),
            "shared": forms.BooleanField(
                label=_("The others of the team carry that much less"),
                help_text=_("Each hire carries the average of the team’s people, less the ramp of new hires."),
                required=False,
                initial=True,
            ),
        }

    def _of_leaver(self) -> dict[str, forms.Field]:
        return {
            "person": forms.ModelChoiceField(self._people(), label=_("Who leaves")),
            "starts": self._month(_("First month without")),
            "shared": forms.BooleanField(
                label=_("The others of the team carry the number"), required=False, initial=True
            ),
        }

    def _of_territory(self) -> dict[str, forms.Field]:
        territories = Territory.objects.visible_to(self.user).order_by("name", "pk")
        return {
            "territory": TerritoryField(territories, label=_("Territory")),
            "receiver": forms.ModelChoiceField(self._people(), label=_("Who takes it over")),
            "starts": self._month(_("From")),
            "percent": AmountField(
                label=_("Share of the owner’s number in %"),
                help_text=_("Empty: what the territory was of the owner’s bookings last year, else of the potential."),
                required=False,
            ),
        }

    def _people(self) -> Any:
        """Those with a number; nobody moves the own one."""
        people = User.objects.visible_to(self.user).filter(quotas__plan=self.scenario).exclude(pk=self.user.pk)
        return people.distinct().order_by("name", "pk")

    def _month(self, label: Any) -> MonthField:
        leaves = Period.objects.visible_to(self.user).leaves().filter(fiscal_year=self.scenario.fiscal_year_id)
        opened = leaves.exclude(state=PeriodState.CLOSED).order_by("starts_on")
        return MonthField(opened, label=label, empty_label=None)

    # Answers

    @property
    def asked(self) -> Adjustment:
        """What ``scenarios.adjust`` takes."""
        told = {name: value for name, value in self.cleaned_data.items() if name != "reason"}
        whom = told.pop("whom", "")
        if whom:
            told |= {"reach": Reach.TEAM, "team": int(whom)} if whom.isdecimal() else {"reach": Reach(whom)}
        values = {name: getattr(value, "pk", value) for name, value in told.items() if value is not None}
        if "starts" in told:
            values["starts"] = told["starts"]
        return Adjustment(self.kind, **values)
