"""Two people edit one row: the second is told, keeps the text, and nothing is lost."""

import pytest
from django import forms
from django.template.loader import render_to_string

from spm.org.models import Team
from spm.ui.forms import StaleRecord, VersionedFormMixin
from tests.builders import make_team

pytestmark = pytest.mark.django_db


class TeamForm(VersionedFormMixin, forms.ModelForm):
    class Meta:
        model = Team
        fields = ["code", "name"]


def sent(team, **changes):
    values = {"code": team.code, "name": team.name, "version": str(team.version), **changes}
    return TeamForm(values, instance=Team.objects.get(pk=team.pk))


def save(form):
    assert form.is_valid()
    form.claim()
    form.save()


def test_inv_32_the_second_to_save_gets_both_values_and_keeps_the_text():
    team = make_team("North")
    save(sent(team, name="First"))
    second = sent(team, name="Second")
    assert not second.is_valid()
    (conflict,) = second.conflicts
    assert (conflict.label, conflict.yours, conflict.theirs) == ("Name", "Second", "First")
    assert second["name"].value() == "Second"
    assert Team.objects.get().name == "First"


def test_inv_32_sending_it_again_means_it():
    team = make_team("North")
    save(sent(team, name="First"))
    second = sent(team, name="Second")
    second.is_valid()
    save(sent(team, name="Second", version=second["version"].value()))
    assert (Team.objects.get().name, Team.objects.get().version) == ("Second", 2)


def test_inv_32_of_two_who_save_at_once_one_is_told():
    team = make_team("North")
    first, second = sent(team, name="First"), sent(team, name="Second")
    assert first.is_valid()
    assert second.is_valid()
    first.claim()
    with pytest.raises(StaleRecord):
        second.claim()


def test_inv_32_a_form_without_version_is_stale():
    assert not sent(make_team("North"), version="").is_valid()


def test_a_new_row_has_no_version_to_compare():
    form = TeamForm({"code": "New", "name": "New"})
    assert form.is_valid()
    form.claim()
    assert form.save().version == 0


def test_the_page_shows_both_values_as_text():
    team = make_team("North")
    save(sent(team, name="<b>First</b>"))
    second = sent(team, name="Second")
    second.is_valid()
    page = render_to_string("components/conflict.html", {"conflicts": second.conflicts})
    assert "&lt;b&gt;First" in page
    assert "Second" in page
