"""Forms of rules and of the year: who was overtaken keeps the text, sees both, and overwrites nobody unknowingly."""

import pytest
from django.urls import reverse

from territories import plans, rule_sets
from territories.models import RuleSet, TemplateSection, TerritoryRule
from tests.builders import make_territory


@pytest.fixture
def rule(cast):
    drafted = rule_sets.draft("Rules 2027", cast.admin)
    return rule_sets.save_rule(drafted, {"territory": make_territory("Nord"), "priority": 10, "country": "Norway"})


def edit(client, rule, **changes):
    values = {"territory": rule.territory_id, "priority": 10, "country": "norway", "version": 0} | changes
    return client.post(reverse("territories:rule-edit", args=[rule.rule_set_id, rule.pk]), values)


def test_a_rule_changed_meanwhile_is_not_overwritten_and_both_texts_are_shown(rule, cast, client):
    client.force_login(cast.admin)
    assert edit(client, rule, priority=20).status_code == 302
    answer = edit(client, rule, country="Sweden")
    assert answer.status_code == 422
    body = answer.content.decode()
    assert "Saved meanwhile by somebody else" in body
    assert "Sweden" in body
    stored = TerritoryRule.objects.get()
    assert (stored.priority, stored.country, stored.version) == (20, "norway", 1)
    assert edit(client, rule, country="Sweden", version=1).status_code == 302
    assert TerritoryRule.objects.get().country == "sweden"


def test_of_two_at_the_same_moment_one_hears_of_it(rule, cast, client, monkeypatch):
    """The second saves between the check of the form and the claim of the row."""
    client.force_login(cast.admin)
    before = RuleSet.objects.get().rules.get()
    monkeypatch.setattr("territories.rule_forms.RuleForm.clean", lambda form: form.cleaned_data)
    TerritoryRule.objects.update(version=7)
    assert "Somebody else has saved this meanwhile" in edit(client, before, priority=30).content.decode()
    assert TerritoryRule.objects.get().priority == 10


def test_a_section_of_the_years_form_changed_meanwhile_is_not_overwritten(year, cast, client):
    client.force_login(cast.admin)
    template = plans.template_of(year)
    address = reverse("territories:template", args=[year.label])
    TemplateSection.objects.filter(template=template, section="goals").update(heading="Theirs", version=1)
    values = {f"{row.section}-version": 0 for row in template.sections.all()} | {"version": 0}
    answer = client.post(address, values | {"goals-heading": "Mine", "channel-heading": "Partners"})
    assert answer.status_code == 422
    body = answer.content.decode()
    assert "Theirs" in body
    assert "Mine" in body
    assert TemplateSection.objects.get(section="channel").heading == ""
    assert client.post(address, values | {"goals-heading": "Mine", "goals-version": 1}).status_code == 302
    assert TemplateSection.objects.get(section="goals").heading == "Mine"
