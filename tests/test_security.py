"""docs/security.md claims nothing without a test that is there; every invariant is shown, or why not is said here."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.utils import translation
from django.utils.timezone import override

from spm import settings as shipped
from targets import rollup
from targets.models import Attainment, RollupRun
from tests.builders import make_actual, make_quota

TESTS = Path(__file__).parent
DOCUMENT = (TESTS.parent / "docs" / "security.md").read_text("utf-8")
ROWS = re.findall(r"^\| (\d[^|]*) \| ([^|]+) \| ([^|]+) \|$", DOCUMENT, re.MULTILINE)
NAMED = re.compile(r"`([\w/]+)::(test_\w+)`")

NOT_SHOWN = {
    35: "coaching notes come with coaching",
    42: "nothing is released yet that could be upgraded from",
}


def test_every_row_of_the_security_table_names_tests_that_are_there():
    assert len(ROWS) > 30
    for number, _how, proofs in ROWS:
        named = NAMED.findall(proofs)
        assert named, number
        for path, name in named:
            assert f"def {name}(" in (TESTS / f"{path}.py").read_text("utf-8"), (number, path, name)


def test_every_invariant_is_in_the_name_of_a_test_or_in_the_list_of_exceptions():
    names = " ".join(path.read_text("utf-8") for path in TESTS.rglob("test_*.py"))
    shown = {int(number) for number in re.findall(r"def test_inv_(\d\d)_", names)}
    assert set(range(1, 45)) - shown == set(NOT_SHOWN)


def test_every_table_belongs_to_one_class_of_data():
    """A new table is put into the class whose readers its ``visible_to`` allows: docs/security.md, Classes of data."""
    classes = DOCUMENT.split("## Classes of data")[1].split("\n## ")[0]
    named = [
        name
        for tables in re.findall(r"^\| \w+ \| [^|]+ \| ([A-Z][^|]+) \|$", classes, re.MULTILINE)
        for name in tables.split(", ")
    ]
    kept = {model.__name__ for model in apps.get_models()} - {
        "Historical" + model.__name__ for model in apps.get_models()
    }
    assert sorted(named) == sorted(kept)


def test_passwords_are_hashed_with_argon2_first():
    assert shipped.PASSWORD_HASHERS[0] == "django.contrib.auth.hashers.Argon2PasswordHasher"


@pytest.mark.django_db
def test_inv_44_time_zone_and_language_of_the_server_alter_no_total(year, cast, settings):
    for day in ("2026-03-29", "2026-10-25", "2026-01-01", "2026-12-31"):  # clocks change; a year begins and ends
        make_actual(cast.rep, day, amount="1234.56")
    make_quota(cast.rep, "2026-03", 80, "revenue")

    def rolled_up():
        rollup.rebuild()
        runs = RollupRun.objects.done().order_by("-pk")[:12]
        return sorted(runs.values_list("period", "digest")), Attainment.objects.count()

    here = rolled_up()
    for zone, language in (("Asia/Kathmandu", "fr"), ("Pacific/Kiritimati", "en"), ("America/St_Johns", "fr")):
        settings.TIME_ZONE = zone
        with override(zone), translation.override(language):
            assert rolled_up() == here
