"""People named in comments: who is meant, who is told, and that a comment tells nobody who else there is."""

from datetime import timedelta

import pytest
from django.urls import reverse

from spm.jobs.models import Job
from spm.talk import queries, threads
from spm.talk.mentions import Named, found, pieces, suggested
from spm.talk.models import Comment, Notification
from targets.cycles import create_cycle
from targets.models import QuotaLetter
from territories.models import TerritoryPlan, TerritoryPlanLine
from tests.builders import make_account, make_person

pytestmark = pytest.mark.django_db
PEOPLE = [
    Named(1, "Inés Holloway", "ines@example.com"),
    Named(2, "Anna Lund", "anna.lund@example.com"),
    Named(3, "Anna Lundqvist", "anna@example.com"),
]


@pytest.fixture
def letter(cast, year):
    return QuotaLetter.objects.create(cycle=create_cycle(year, cast.admin), person=cast.rep, state="sent")


@pytest.fixture
def thread(letter):
    return threads.thread_of("letter", letter.pk)


def told(person, kind="mention"):
    return Notification.objects.filter(person=person, kind=kind)


@pytest.mark.parametrize(
    ("text", "words", "people"),
    [
        ("@Inés Holloway, please look", "@Inés Holloway", {1}),
        ("please look, @ines holloway", "@ines holloway", {1}),
        ("(@INES)", "@INES", {1}),
        ("@ines@example.com.", "@ines@example.com", {1}),
        ("@Anna Lundqvist", "@Anna Lundqvist", {3}),
        ("@Anna  Lund: yes", "@Anna  Lund", {2}),
    ],
)
def test_somebody_is_named_by_name_first_name_or_email(text, words, people):
    (mention,) = found(text, PEOPLE)
    assert (mention.words, mention.people) == (words, people)


def test_a_comment_of_nothing_but_names_is_read_up_to_its_fiftieth(thread):
    mentions = found("@Inés Holloway " * 51, PEOPLE)
    assert len(mentions) == 50


@pytest.mark.parametrize(
    "text",
    [
        "Inés Holloway",
        "mail ines@example.com",
        "@Anna",
        "@Inest",
        "@Holloway",
        "@",
        "@@",
        "a.@Inés",
        "@Ines-Marie",
        "@ines.b@example.com",
    ],
)
def test_words_without_at_parts_of_words_and_a_name_that_two_have_name_nobody(text):
    assert found(text, PEOPLE) == []


def test_two_of_the_same_name_are_both_meant():
    twins = [Named(4, "Jo Berg", "jo1@example.com"), Named(5, "Jo Berg", "jo2@example.com")]
    assert found("@Jo Berg", twins)[0].people == {4, 5}


def test_who_is_named_is_told_with_the_way_to_the_thread(thread, letter, cast):
    threads.say(thread, by=cast.rep, text="@Director and @Admin: is the ramp in it? @Director!")
    (notice,) = told(cast.director)
    assert notice.path == f"{reverse('targets:quota', args=['2026', cast.rep.pk])}#talk"
    assert (notice.anchor, notice.key, notice.by) == ("letter", letter.pk, cast.rep)
    assert told(cast.admin).exists()
    assert Job.objects.filter(kind="notify").exists()


def test_who_does_not_see_the_object_is_neither_told_nor_marked(thread, cast):
    text = "@Rep Two, @South Manager and @Nobody At All should know"
    comment = threads.say(thread, by=cast.rep, text=text)
    assert comment.named == []
    assert not told(cast.teammate).exists()
    assert not told(cast.south_manager).exists()
    (said,) = queries.thread_panel(cast.rep, "letter", thread.key).comments
    assert said.pieces == ((text, False),)


def test_a_first_name_means_the_one_who_sees_the_object_unless_it_begins_another_name(thread, cast):
    said = [threads.say(thread, by=cast.north_manager, text=text).named for text in ("@Rep, look", "@Rep Nobody, look")]
    assert said == [["@Rep"], []]
    assert told(cast.rep, "quota_answered").exists()
    assert not told(cast.teammate).exists()


def test_nobody_is_told_twice_of_one_comment(thread, cast):
    comment = threads.say(thread, by=cast.rep, text="@North Manager, why?")
    assert told(cast.north_manager, "quota_question").exists()
    assert not told(cast.north_manager).exists()
    threads.edit(comment, "@North Manager and @Director, why?", seen=0)
    threads.edit(comment, "@Director, why?", seen=1)
    assert told(cast.director).count() == 1


def test_naming_oneself_tells_nobody(thread, cast):
    threads.say(thread, by=cast.rep, text="@Rep One will do it")
    assert not Notification.objects.filter(kind="mention").exists()


def test_who_lost_sight_since_hears_no_more_of_it(thread, letter, cast):
    threads.say(thread, by=cast.admin, text="@Rep One, look")
    assert Notification.objects.visible_to(cast.rep).exists()
    QuotaLetter.objects.filter(pk=letter.pk).update(state="unsent")
    assert not Notification.objects.visible_to(cast.rep).exists()


def test_a_name_stands_out_on_the_page_and_leaves_with_a_deleted_comment(client, thread, cast):
    comment = threads.say(thread, by=cast.rep, text="So <b>@Director</b>,\nwhy?")
    client.force_login(cast.rep)
    page = client.get(reverse("targets:quota", args=["2026", cast.rep.pk])).content.decode()
    assert "So &lt;b&gt;<strong>@Director</strong>&lt;/b&gt;,<br>why?" in page
    threads.delete(comment)
    assert Comment.objects.get().named == []


def test_pieces_cut_at_whole_names_alone():
    assert pieces("@Jo, @Joanna and @Jo", ["@Jo"]) == (("@Jo", True), (", @Joanna and ", False), ("@Jo", True))


def test_an_edit_after_a_quarter_of_an_hour_is_refused_and_a_resolved_thread_opens_by_a_word(client, thread, cast):
    comment = threads.say(thread, by=cast.rep, text="Why?")
    threads.resolve(thread, by=cast.north_manager)
    Comment.objects.filter(pk=comment.pk).update(created_at=comment.created_at - timedelta(minutes=16))
    client.force_login(cast.rep)
    answer = client.post(reverse("talk:edit", args=[comment.pk]), {"text": "@Director", "version": 0})
    assert (answer.status_code, told(cast.director).exists()) == (403, False)
    threads.say(thread, by=cast.north_manager, text="@Rep One: as sent")
    thread.refresh_from_db()
    assert thread.resolved_at is None


def test_the_list_of_names_holds_those_who_see_the_object(client, letter, cast):
    client.force_login(cast.rep)
    address = reverse("talk:people")
    names = client.get(address, {"anchor": "letter", "key": letter.pk}).json()["people"]
    assert names == ["Admin", "Director", "North Manager"]
    for query in ({"anchor": "letter", "key": 10**9}, {"anchor": "nothing", "key": letter.pk}, {}):
        assert client.get(address, query).status_code == 404
    client.force_login(cast.teammate)
    assert client.get(address, {"anchor": "letter", "key": letter.pk}).status_code == 404


def test_the_company_plan_is_talked_about_among_admins(client, letter, cast):
    make_person("Second Admin", is_admin=True)
    client.force_login(cast.admin)
    plan = letter.cycle.fiscal_year.plans.get(kind="working")
    answer = client.get(reverse("talk:people"), {"anchor": "plan", "key": plan.pk})
    assert answer.json()["people"] == ["Second Admin"]


def test_a_name_in_the_talk_about_a_plan_its_line_and_an_account_leads_there(year, cast):
    plan = TerritoryPlan.objects.create(fiscal_year=year, person=cast.rep)
    line = TerritoryPlanLine.objects.create(plan=plan, section="goals", position=1, text="Two new segments")
    account = make_account("Stadium Ltd", owner=cast.rep)
    page = reverse("territories:plan-detail", args=["2026", cast.rep.pk])
    for about, path in (
        (("territory-plan", plan.pk, "goals"), f"{page}?talk=goals#talk"),
        (("territory-line", line.pk), f"{page}?talk=line-{line.pk}#talk"),
        (("account", account.pk), reverse("territories:account-detail", args=[account.pk])),
    ):
        threads.say(threads.thread_of(*about), by=cast.rep, text="@Director, look")
        assert told(cast.director).first().path == path
        assert {one.pk for one in suggested(cast.rep, *about[:2])} == {
            cast.admin.pk,
            cast.director.pk,
            cast.north_manager.pk,
        }


@pytest.mark.parametrize("kind", ["letter", "account", "territory-plan"])
def test_who_is_offered_takes_few_queries_however_many_may_see_it(
    letter, cast, client, django_assert_max_num_queries, kind
):
    """Those around the object come first: of thirty admins some are not offered, the own manager always is."""
    account = make_account("Halvorsen", owner=cast.rep)
    plan = TerritoryPlan.objects.create(fiscal_year=letter.cycle.fiscal_year, person=cast.rep)
    for number in range(30):
        make_person(f"Aaron {number:02}", is_admin=True)
    key = {"letter": letter, "account": account, "territory-plan": plan}[kind].pk
    client.force_login(cast.rep)
    address = f"{reverse('talk:people')}?anchor={kind}&key={key}"
    with django_assert_max_num_queries(20):
        names = client.get(address).json()["people"]
    assert "North Manager" in names
    assert len(names) <= 6
