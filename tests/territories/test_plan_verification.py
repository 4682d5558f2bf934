"""Each invariant of the plans holds on an honest plan, and is found when it is broken below the forms and guards."""

import pytest
from django.db import connection

from spm.org import guards
from spm.org.verification import run_all
from territories import plan_flow
from territories.choices import Section
from territories.models import PlanSection, PlanVersion, TerritoryPlan, TerritoryPlanLine
from tests.territories.test_plan_writing import complete


@pytest.fixture
def approved(planned):
    complete(planned)
    plan_flow.submit(planned.plan, planned.rep)
    plan_flow.approve(planned.plan, planned.north_manager)
    return planned


@pytest.fixture
def unguarded(approved):
    """The database without what keeps such rows out, as after a restore of a forged dump."""
    guards.drop(connection)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = ON")
    yield approved
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = OFF")
    guards.install(connection)


def found(number):
    return [breach.text for finding in run_all([number]) for breach in finding.breaches]


@pytest.mark.parametrize("number", ["INV-60", "INV-61"])
def test_an_honest_plan_passes(approved, number):
    assert found(number) == []


def test_inv_60_words_that_changed_after_the_approval_are_found(unguarded):
    TerritoryPlanLine.objects.filter(section=Section.GOALS).update(text="Something else")
    assert found("INV-60") == ["a approved plan says something else than its version 1"]


def test_inv_60_a_line_that_disappeared_is_found(unguarded):
    TerritoryPlanLine.objects.filter(section=Section.SUPPORT).delete()
    assert len(found("INV-60")) == 1


def test_inv_60_a_column_that_the_section_does_not_have_is_found(unguarded):
    TerritoryPlanLine.objects.filter(section=Section.SUPPORT).update(entry="By the dock")
    assert "a line of support holds entry" in found("INV-60")


def test_inv_60_a_text_beyond_its_cap_is_found(unguarded):
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what waits for the end of the transaction holds the table
            cursor.execute("ALTER TABLE territories_territoryplanline DROP CONSTRAINT plan_line_text_capped")
            cursor.execute("ALTER TABLE territories_territoryplanline ALTER COLUMN text TYPE text")
    TerritoryPlanLine.objects.filter(section=Section.GOALS).update(text="x" * 111)
    assert "text of a plan line is too long for its page" in found("INV-60")


def test_inv_61_an_approval_of_ones_own_is_found(unguarded):
    PlanVersion.objects.filter(state="approved").update(by=unguarded.rep)
    TerritoryPlan.objects.update(decided_by=unguarded.rep)
    assert found("INV-61") == ["version 1 was approved by its author", "a plan was decided by its author"]


def test_inv_61_a_version_handed_in_by_somebody_else_is_found(unguarded):
    PlanVersion.objects.filter(state="submitted").update(by=unguarded.north_manager)
    assert found("INV-61") == ["version 1 was handed in by somebody else"]


def test_inv_61_a_gap_between_versions_is_found(unguarded):
    PlanVersion.objects.update(number=3)
    TerritoryPlan.objects.update(number=3, approved_number=3)
    assert found("INV-61") == ["versions were handed in as [3]"]


def test_inv_61_a_version_in_force_that_nobody_approved_is_found(unguarded):
    PlanVersion.objects.filter(state="approved").delete()
    assert "version 1 is in force, the newest approved is None" in found("INV-61")


def test_inv_61_a_missing_section_is_found(unguarded):
    PlanSection.objects.filter(section=Section.CHANNEL).delete()
    assert found("INV-61") == ["a plan has not its six sections, each once"]
