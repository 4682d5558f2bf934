"""The plan of an account for a year: words, objectives, reviews with scores, and who hears of them."""

import json
from datetime import date
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from spm.errors import RuleViolation
from spm.jobs.schedule import SCHEDULE
from spm.market.models import AccountPlacement
from spm.org.models import User
from spm.talk import threads
from spm.talk.models import Notification
from spm.talk.notices import sentence
from territories import account_plan_queries, account_plans, anchors, caps
from territories.field_writing import BadWords, Change
from territories.models import AccountObjective, AccountPlan, AccountReview
from tests.builders import make_territory, make_year


@pytest.fixture
def plan(mapped):
    """The plan of 2026 with one objective."""
    row = account_plans.add_objective(mapped.account, mapped.year, "Win the second plant", mapped.rep)
    return row.plan


def path(mapped, verb="", year="2026"):
    return f"/territories/accounts/{mapped.account.pk}/plan/{year}/{verb}"


def write(mapped, row, name, text, *, seen=0, was="", by=None):
    return account_plans.save(mapped.account, mapped.year, [Change(row, name, text, seen, was)], by or mapped.rep)


def heard(person):
    return [sentence(row) for row in Notification.objects.filter(person=person).order_by("pk")]


# Words


def test_the_first_word_makes_the_plan_and_reading_does_not(mapped, client):
    client.force_login(mapped.rep)
    assert client.get(path(mapped)).status_code == 200
    assert not AccountPlan.objects.exists()
    write(mapped, "plan", "strategy", "Sell  dryers\r\n\r\nto line 3 ")
    stored = AccountPlan.objects.get()
    assert (stored.strategy, stored.fiscal_year, stored.version) == ("Sell dryers\n\nto line 3", mapped.year, 1)


@pytest.mark.parametrize(("name", "most"), account_plans.WORDS.items())
def test_each_text_is_capped_in_words(mapped, name, most):
    assert not write(mapped, "plan", name, "x" * most).refused
    told = write(mapped, "plan", name, "x" * (most + 1), seen=1, was="x" * most).refused
    assert f"{most} fit" in told[f"plan-{name}"]


def test_two_who_write_the_same_text_get_both(mapped):
    write(mapped, "plan", "threats", "A rival is in the plant", by=mapped.north_manager)
    (conflict,) = write(mapped, "plan", "threats", "Nothing").conflicts
    assert (conflict.theirs, conflict.change.text) == ("A rival is in the plant", "Nothing")
    assert AccountPlan.objects.get().threats == "A rival is in the plant"


def test_an_objective_keeps_measure_amount_and_days(mapped, plan):
    row = f"o{plan.objectives.get().pk}"
    for name, text in {"measure": "orders", "amount": "240k", "due_on": "2026-12-01", "done_on": "2026-09-18"}.items():
        assert not write(mapped, row, name, text).refused
    stored = AccountObjective.objects.get()
    assert (stored.measure, stored.amount, stored.due_on) == ("orders", Decimal(240_000), date(2026, 12, 1))
    late = write(mapped, row, "done_on", "2026-09-19", seen=4, was="2026-09-18")
    assert "still to come" in late.refused[f"{row}-done_on"]
    assert "reached" in write(mapped, row, "text", " ", seen=4).refused[f"{row}-text"]


def test_a_plan_takes_twelve_objectives_and_each_says_something(mapped, plan):
    with pytest.raises(BadWords):
        account_plans.add_objective(mapped.account, mapped.year, " ", mapped.rep)
    for number in range(caps.OBJECTIVES - 1):
        account_plans.add_objective(mapped.account, mapped.year, f"Objective {number}", mapped.rep)
    with pytest.raises(account_plans.PlanFull):
        account_plans.add_objective(mapped.account, mapped.year, "One more", mapped.rep)


def test_an_objective_taken_out_comes_back_once(mapped, plan, client):
    client.force_login(mapped.rep)
    row = plan.objectives.get()
    client.post(path(mapped, "save/"), {"remove": row.pk})
    assert not plan.objectives.exists()
    client.post(path(mapped, f"objectives/{row.pk}/restore/"))
    assert plan.objectives.get().text == "Win the second plant"
    with pytest.raises(RuleViolation):
        account_plans.restore_objective(mapped.account, row.pk, mapped.rep)


def test_a_new_year_begins_with_the_words_and_open_objectives_of_the_last(mapped, plan, client):
    write(mapped, "plan", "strategy", "Sell dryers")
    done = account_plans.add_objective(mapped.account, mapped.year, "Done already", mapped.rep)
    write(mapped, f"o{done.pk}", "done_on", "2026-09-01")
    make_year("2027", date(2027, 1, 1))
    client.force_login(mapped.rep)
    assert "Begin with the last plan" in client.get(path(mapped, year="2027")).content.decode()
    client.post(path(mapped, "save/", year="2027"), {"copy": "1"})
    copied = AccountPlan.objects.get(fiscal_year__label="2027")
    assert copied.strategy == "Sell dryers"
    assert [row.text for row in copied.objectives.all()] == ["Win the second plant"]
    with pytest.raises(RuleViolation):
        account_plans.copy_last(mapped.account, copied.fiscal_year, mapped.rep)


def test_the_history_says_who_wrote_what(mapped):
    write(mapped, "plan", "strategy", "Sell dryers")
    write(mapped, "plan", "threats", "A rival", by=mapped.north_manager)
    page = account_plan_queries.plan_page(mapped.rep, mapped.company, mapped.account, mapped.year, ["2026"])
    assert [(row.by, row.fields) for row in page.edits] == [("North Manager", "threats"), ("Rep One", "strategy")]


# Reviews


def test_a_review_is_set_held_and_told_to_who_works_the_account(mapped, client):
    client.force_login(mapped.north_manager)
    client.post(path(mapped, "review/"), {"due_on": "2026-10-01"})
    review = AccountReview.objects.get()
    assert (review.due_on, review.by, review.held_on) == (date(2026, 10, 1), mapped.north_manager, None)
    client.post(f"/territories/accounts/reviews/{review.pk}/hold/", {"score": "4", "comment": "Meet the buyer"})
    review.refresh_from_db()
    assert (review.score, review.comment, review.held_on) == (4, "Meet the buyer", date(2026, 9, 18))
    assert heard(mapped.rep) == [
        "North Manager reviews Halvorsen on 1 Oct 2026.",
        "North Manager reviewed Halvorsen: 4 of 5.",
    ]
    client.force_login(mapped.rep)
    body = client.get(path(mapped)).content.decode()
    assert "Meet the buyer" in body
    assert "4 of 5" in body


@pytest.mark.parametrize(
    ("day", "told"), [("2026-09-17", "still to come"), ("", "Choose a day"), ("soon", "Choose a day")]
)
def test_a_review_needs_a_day_to_come(mapped, client, day, told):
    client.force_login(mapped.north_manager)
    answer = client.post(path(mapped, "review/"), {"due_on": day}, follow=True)
    assert told in answer.content.decode()
    assert not AccountReview.objects.exists()


def test_a_review_needs_a_score_and_is_held_once(mapped):
    review = account_plans.schedule_review(mapped.account, mapped.year, date(2026, 10, 1), mapped.north_manager)
    with pytest.raises(account_plans.BadReview, match="already"):
        account_plans.schedule_review(mapped.account, mapped.year, date(2026, 10, 1), mapped.director)
    with pytest.raises(account_plans.BadReview, match="score"):
        account_plans.hold_review(review, score=6, comment="", by=mapped.north_manager)
    account_plans.hold_review(review, score=1, comment="", by=mapped.north_manager)
    with pytest.raises(account_plans.BadReview, match="held already"):
        account_plans.hold_review(review, score=5, comment="", by=mapped.north_manager)
    with pytest.raises(account_plans.BadReview):
        account_plans.cancel_review(review, mapped.north_manager)


def test_the_owner_may_not_review_the_own_account_and_a_stranger_finds_none(mapped, client):
    review = account_plans.schedule_review(mapped.account, mapped.year, date(2026, 10, 1), mapped.north_manager)
    for who, status in (("rep", 403), ("south_manager", 404), ("north_manager", 302)):
        client.force_login(getattr(mapped, who))
        assert client.post(path(mapped, "review/"), {"due_on": "2026-11-01"}).status_code == status
        assert client.post(f"/territories/accounts/reviews/{review.pk}/hold/", {"score": "9"}).status_code == status


def test_a_manager_who_works_an_account_does_not_review_it(mapped, client):
    land = make_territory("Own Coast", owner=mapped.north_manager)
    AccountPlacement.objects.create(account=mapped.account, territory=land, starts_on=date(2026, 9, 1))
    client.force_login(mapped.north_manager)
    assert client.post(path(mapped, "review/"), {"due_on": "2026-10-01"}).status_code == 403
    client.force_login(mapped.director)
    assert client.post(path(mapped, "review/"), {"due_on": "2026-10-01"}).status_code == 302


def test_a_due_review_is_told_once_to_both(mapped):
    review = account_plans.schedule_review(mapped.account, mapped.year, date(2026, 9, 18), mapped.north_manager)
    assert account_plans.remind() == 2
    assert account_plans.remind() == 0
    assert heard(mapped.north_manager) == ["The review of Halvorsen is due."]
    assert heard(mapped.rep)[-1] == "The review of Halvorsen is due."
    assert review.held_on is None
    assert "account_reviews" in SCHEDULE


def test_a_review_taken_off_the_calendar_is_gone(mapped, client):
    review = account_plans.schedule_review(mapped.account, mapped.year, date(2026, 10, 1), mapped.north_manager)
    client.force_login(mapped.north_manager)
    client.post(f"/territories/accounts/reviews/{review.pk}/hold/", {"cancel": "1"})
    assert not AccountReview.objects.exists()


# Talk


def test_what_is_said_about_the_plan_is_told_to_owner_and_lead(mapped, client):
    thread = threads.thread_of(anchors.ACCOUNT, mapped.account.pk, "2026")
    threads.say(thread, by=mapped.director, text="Who is Bo?")
    assert heard(mapped.rep) == heard(mapped.north_manager) == ["Director commented on Halvorsen."]
    assert heard(mapped.director) == []
    client.force_login(mapped.rep)
    assert "Who is Bo?" in client.get(path(mapped)).content.decode()
    told = Notification.objects.get(person=mapped.rep)
    assert told.path == path(mapped)


def test_who_no_longer_works_the_account_reads_no_notice_of_it(mapped):
    threads.say(threads.thread_of(anchors.ACCOUNT, mapped.account.pk, "nonsense/"), by=mapped.director, text="Secret")
    assert Notification.objects.visible_to(mapped.rep).count() == 1
    AccountPlacement.objects.create(account=mapped.account, territory=mapped.south_land, starts_on=date(2026, 9, 18))
    assert Notification.objects.visible_to(User.objects.get(pk=mapped.rep.pk)).count() == 0


# The page


def test_a_script_saves_the_plan(mapped, client):
    client.force_login(mapped.rep)
    data = {"drawn": json.dumps({"fields": {}, "versions": {}}), "f.plan-strategy": "Sell dryers"}
    answer = client.post(path(mapped, "save/"), data, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["versions"]) == (200, {"plan": 1})


def test_without_a_script_what_is_refused_comes_back(mapped, client):
    client.force_login(mapped.rep)
    answer = client.post(path(mapped, "save/"), {"f.plan-strategy": "x" * 601, "add": "objective"})
    assert answer.status_code == 409
    assert "600 fit" in answer.content.decode()
    assert not AccountObjective.objects.exists()


def test_a_year_that_does_not_exist_is_not_there(mapped, client):
    client.force_login(mapped.rep)
    assert client.get(path(mapped, year="1899")).status_code == 404


def test_objectives_are_a_file(mapped, plan, client):
    client.force_login(mapped.rep)
    answer = client.get(path(mapped), {"format": "csv"})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines == ["Objective,Measure,Amount,By,Done on", "Win the second plant,,,,"]


@pytest.mark.parametrize("who", ["rep", "north_manager"])
def test_more_objectives_and_reviews_take_no_more_queries(mapped, plan, client, who):
    client.force_login(getattr(mapped, who))
    before = _queries(client, path(mapped))
    for number in range(10):
        account_plans.add_objective(mapped.account, mapped.year, f"Objective {number}", mapped.rep)
        AccountReview.objects.create(plan=plan, due_on=date(2026, 10, number + 1))
    assert _queries(client, path(mapped)) == before <= 20


def _queries(client, address):
    cache.clear()
    client.get(address)  # a session's first page writes when it was seen
    with CaptureQueriesContext(connection) as found:
        client.get(address)
    return len(found)
