"""Writing a plan: field by field, with both texts where two wrote, and caps that the database keeps too."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from spm.errors import RuleViolation
from territories import plan_flow, plan_writing
from territories.choices import PlanState, Section
from territories.field_writing import Change
from territories.models import TerritoryPlan, TerritoryPlanLine
from territories.plan_writing import NotWritable, PageFull


def change(line, name, text, was="", seen=None):
    return Change(str(line.pk), name, text, line.version if seen is None else seen, was)


def add(planned, section=Section.GOALS, **values):
    line = plan_writing.add_line(planned.plan, section, planned.rep)
    for name, value in values.items():
        setattr(line, name, value)
    line.save()
    return line


def complete(planned):
    """A line in each section, as little as the page asks for."""
    add(planned, Section.GOALS, text="Win two", due_on="2027-03-31")
    account = {"account": planned.accounts[0], "amount": 620, "entry": "By the dock", "next_step": "Walk"}
    add(planned, Section.ACCOUNTS, due_on="2027-02-12", **account)
    add(planned, Section.BUSINESS, text="Breweries", amount=780)
    add(planned, Section.RETENTION, text="Keep them", risk="high")
    add(planned, Section.CHANNEL, text="Train two", partner="Küstenluft", amount=480)
    add(planned, Section.SUPPORT, text="A technician")


def test_a_field_is_stored_as_typed_and_its_row_moves_on(planned):
    line = add(planned)
    outcome = plan_writing.save(planned.plan, [change(line, "text", "  Win two\nferry refits ")], planned.rep)
    line.refresh_from_db()
    assert line.text == "Win two ferry refits"
    assert outcome.versions[str(line.pk)] == line.version == 1
    assert outcome.shown == {f"{line.pk}-text": "Win two ferry refits"}


def test_two_windows_get_both_texts_and_nothing_is_overwritten(planned):
    line = add(planned)
    plan_writing.save(planned.plan, [change(line, "text", "First")], planned.rep)
    outcome = plan_writing.save(planned.plan, [change(line, "text", "Second", seen=0)], planned.rep)
    (conflict,) = outcome.conflicts
    assert (conflict.theirs, conflict.change.text) == ("First", "Second")
    assert TerritoryPlanLine.objects.get(pk=line.pk).text == "First"


def test_another_field_of_the_line_is_no_conflict(planned):
    line = add(planned)
    plan_writing.save(planned.plan, [change(line, "text", "First")], planned.rep)
    outcome = plan_writing.save(planned.plan, [change(line, "due_on", "2027-03-31", seen=0)], planned.rep)
    assert outcome.conflicts == []
    assert str(TerritoryPlanLine.objects.get(pk=line.pk).due_on) == "2027-03-31"


@pytest.mark.parametrize(
    ("section", "name", "text"),
    [
        (Section.GOALS, "text", "x" * 111),
        (Section.ACCOUNTS, "entry", "x" * 121),
        (Section.ACCOUNTS, "next_step", "x" * 61),
        (Section.ACCOUNTS, "amount", "many"),
        (Section.ACCOUNTS, "amount", "-5"),
        (Section.ACCOUNTS, "account", "999999"),
        (Section.RETENTION, "risk", "enormous"),
        (Section.GOALS, "due_on", "2027-02-31"),
    ],
)
def test_what_does_not_fit_is_told_and_not_stored(planned, section, name, text):
    line = add(planned, section)
    outcome = plan_writing.save(planned.plan, [change(line, name, text)], planned.rep)
    assert list(outcome.refused) == [f"{line.pk}-{name}"]
    assert outcome.saved_at is None


def test_a_good_field_is_kept_beside_a_bad_one(planned):
    line = add(planned)
    changes = [change(line, "text", "Good"), change(line, "due_on", "never")]
    outcome = plan_writing.save(planned.plan, changes, planned.rep)
    assert (TerritoryPlanLine.objects.get(pk=line.pk).text, len(outcome.refused)) == ("Good", 1)


def test_an_account_stands_in_one_line_alone(planned):
    first, second = add(planned, Section.ACCOUNTS), add(planned, Section.ACCOUNTS)
    key = planned.accounts[0].external_id
    plan_writing.save(planned.plan, [change(first, "account", key)], planned.rep)
    outcome = plan_writing.save(planned.plan, [change(second, "account", key)], planned.rep)
    assert "another line" in outcome.refused[f"{second.pk}-account"]


def test_amounts_are_read_as_people_write_them(planned):
    line = add(planned, Section.BUSINESS)
    plan_writing.save(planned.plan, [change(line, "amount", "1.2M")], planned.rep)
    assert TerritoryPlanLine.objects.get(pk=line.pk).amount == Decimal(1_200_000)


def test_the_page_takes_three_lines_per_list(planned):
    for _line in range(3):
        add(planned)
    with pytest.raises(PageFull):
        add(planned)


def test_a_line_taken_out_comes_back(planned):
    first, second = add(planned, text="One"), add(planned, text="Two")
    gone = first.pk
    plan_writing.remove_line(first, planned.rep)
    assert TerritoryPlanLine.objects.get(pk=second.pk).position == 1
    back = plan_writing.restore_line(planned.plan, gone, planned.rep)
    assert (back.pk, back.text, back.position) == (gone, "One", 2)
    with pytest.raises(RuleViolation, match="no such line"):
        plan_writing.restore_line(planned.plan, gone, planned.rep)  # undo pressed twice


def test_of_a_line_that_came_back_an_older_window_overwrites_nothing(planned):
    line = add(planned, text="One")
    plan_writing.save(planned.plan, [change(line, "text", "Two", was="One")], planned.rep)
    seen = TerritoryPlanLine.objects.get(pk=line.pk).version
    plan_writing.remove_line(line, planned.rep)
    back = plan_writing.restore_line(planned.plan, line.pk, planned.rep)
    plan_writing.save(planned.plan, [change(back, "text", "Three", was="Two")], planned.rep)
    outcome = plan_writing.save(planned.plan, [change(line, "text", "Four", was="Two", seen=seen)], planned.rep)
    assert [conflict.theirs for conflict in outcome.conflicts] == ["Three"]


@pytest.mark.parametrize("many", [2, 3])
def test_lines_change_places(planned, many):
    lines = [add(planned, text=f"Line {number}") for number in range(many)]
    plan_writing.move_line(lines[1], True, planned.rep)
    texts = list(TerritoryPlanLine.objects.filter(plan=planned.plan).values_list("text", flat=True))
    assert texts[:2] == ["Line 1", "Line 0"]


def test_nothing_is_written_into_a_plan_that_is_handed_in(planned):
    complete(planned)
    plan_flow.submit(planned.plan, planned.rep)
    line = TerritoryPlanLine.objects.filter(plan=planned.plan).first()
    with pytest.raises(NotWritable):
        plan_writing.save(planned.plan, [change(line, "text", "Later")], planned.rep)


@pytest.mark.parametrize("name", ["text", "entry", "next_step", "partner", "evidence"])
def test_inv_60_the_database_keeps_the_caps(planned, name):
    line = add(planned)
    setattr(line, name, "x" * 201)
    with pytest.raises(DatabaseError), transaction.atomic():
        TerritoryPlanLine.objects.filter(pk=line.pk).update(**{name: "x" * 201})


def test_inv_60_the_words_of_an_approved_plan_stay(planned):
    complete(planned)
    plan_flow.submit(planned.plan, planned.rep)
    plan_flow.approve(planned.plan, planned.north_manager)
    line = TerritoryPlanLine.objects.filter(plan=planned.plan, section=Section.GOALS)
    for write in (lambda: line.update(text="Other"), lambda: line.update(amount=1), line.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            write()
    line.update(status="done", evidence="Signed")
    assert TerritoryPlan.objects.get(pk=planned.plan.pk).state == PlanState.APPROVED
