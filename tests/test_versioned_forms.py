"""Every form that changes a stored row carries the version it was read at: whoever was overtaken sees both values."""

import ast
import importlib
import pkgutil
import re
from datetime import date
from pathlib import Path

import pytest
from django import forms
from django.http import QueryDict
from django.urls import reverse

import spm
import targets as targets_app
import territories as territories_app
from spm.org.models import Company, User
from spm.ui.forms import VersionedFormMixin
from targets import cycles, ramp_schedules
from territories import plans, rule_sets
from territories.choices import HoldOver
from territories.models import MovePackage
from tests.builders import make_territory

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parent.parent


def all_forms():
    """Every ModelForm of ours, by name."""
    for package in (spm, targets_app, territories_app):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "form" in module.name.rsplit(".", 1)[-1]:
                importlib.import_module(module.name)
    waiting, found = [forms.ModelForm], {}
    while waiting:
        for one in waiting.pop().__subclasses__():
            waiting.append(one)
            if one.__module__.split(".")[0] in ("spm", "targets", "territories"):
                found[one.__name__] = one
    return found


def test_model_forms_are_declared_where_they_are_looked_for():
    declared = set()
    for path in (*ROOT.glob("spm/**/*.py"), *ROOT.glob("targets/**/*.py"), *ROOT.glob("territories/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and any("ModelForm" in ast.unparse(base) for base in node.bases):
                declared.add(node.name)
    assert declared == set(all_forms()) == set(ROWS)


def test_every_model_form_is_versioned_and_claimed_where_it_is_stored():
    for name, form in all_forms().items():
        assert issubclass(form, VersionedFormMixin), name
        assert "version" in {field.name for field in form._meta.model._meta.fields}, name
        users = [path for path in ROOT.glob("*/**/*.py") if "tests" not in path.parts and ".venv" not in path.parts]
        texts = [path.read_text(encoding="utf-8") for path in users]
        posting = [text for text in texts if re.search(rf"\b{name}\((?:request\.POST|data|sent)\b", text)]
        assert posting, name
        assert all(".claim()" in text or "plan_forms.store(" in text for text in posting), name


# Of each form: a stored row, what else the form is made with, a field, another's value of it, and one's own.

ROWS = {
    "CompanyForm": lambda cast, year: (Company.objects.get(), {}, "name", "Theirs", "Mine"),
    "PersonForm": lambda cast, year: (cast.rep, {}, "name", "Theirs", "Mine"),
    "ProfileForm": lambda cast, year: (cast.rep, {}, "timezone", "Europe/Paris", "Europe/Madrid"),
    "TeamForm": lambda cast, year: (cast.north, {}, "name", "Theirs", "Mine"),
    "TerritoryForm": lambda cast, year: (make_territory("Nord"), {"user": cast.admin}, "name", "Theirs", "Mine"),
    "RampForm": lambda cast, year: (
        ramp_schedules.set_schedule("Hires", [50], is_default=True, by=cast.admin),
        {},
        "name",
        "Theirs",
        "Mine",
    ),
    "PolicyForm": lambda cast, year: (cycles.create_cycle(year, cast.admin), {}, "answer_days", 7, 9),
    "RuleForm": lambda cast, year: (
        rule_sets.save_rule(
            rule_sets.draft("Rules", cast.admin),
            {"territory": make_territory("Sud"), "priority": 10, "country": "Norway"},
        ),
        {"user": cast.admin},
        "priority",
        20,
        30,
    ),
    "MoveForm": lambda cast, year: (
        MovePackage.objects.create(
            name="Ours",
            to_territory=make_territory("Ost"),
            effective_on=date(2026, 10, 1),
            hold_over=HoldOver.values[0],
            created_by=cast.admin,
            reason="Nearer",
        ),
        {"user": cast.admin, "owners": {}},
        "name",
        "Theirs",
        "Mine",
    ),
    "DueForm": lambda cast, year: (plans.template_of(year), {}, "due_on", date(2026, 10, 1), date(2026, 11, 1)),
    "SectionForm": lambda cast, year: (
        plans.template_of(year).sections.get(section="goals"),
        {},
        "heading",
        "Theirs",
        "Mine",
    ),
}


def sent(form, **changes):
    """What a browser sends of a form as it was opened, with some fields typed over."""
    query = QueryDict(mutable=True)
    for field in form:
        value = changes.get(field.name, field.value())
        if value is not None and value is not False:
            query[field.html_name] = str(value)
    return query


@pytest.mark.parametrize("name", sorted(ROWS))
def test_whoever_was_overtaken_sees_both_values_and_overwrites_nothing(name, cast, year):
    kind = all_forms()[name]
    row, made_with, field, theirs, mine = ROWS[name](cast, year)
    row = type(row)._base_manager.get(pk=row.pk)
    opened = sent(kind(instance=row, **made_with), **{field: mine})
    type(row)._base_manager.filter(pk=row.pk).update(**{field: theirs, "version": row.version + 1})
    late = kind(opened, instance=type(row)._base_manager.get(pk=row.pk), **made_with)
    assert not late.is_valid()
    (conflict,) = (one for one in late.conflicts if one.label == str(late[field].label))
    assert str(mine) in conflict.yours
    assert str(theirs) in conflict.theirs
    again = kind(late.data, instance=type(row)._base_manager.get(pk=row.pk), **made_with)
    assert again.is_valid(), again.errors
    again.claim()
    assert type(row)._base_manager.get(pk=row.pk).version == row.version + 2


def test_ones_own_settings_in_two_windows(client, cast):
    client.force_login(cast.rep)
    address = reverse("dashboards:settings")
    values = {"locale": "fr", "timezone": "Europe/Paris", "theme": "dark", "version": cast.rep.version}
    assert client.post(address, values).status_code == 302
    answer = client.post(address, values | {"timezone": "Europe/Madrid"})
    assert answer.status_code == 422
    body = answer.content.decode()
    assert "Europe/Madrid" in body
    assert "Europe/Paris" in body
    assert User.objects.get(pk=cast.rep.pk).timezone == "Europe/Paris"
    assert (
        client.post(address, values | {"timezone": "Europe/Madrid", "version": cast.rep.version + 1}).status_code == 302
    )
