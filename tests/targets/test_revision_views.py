"""Pages of revisions: asked for with new numbers per month, shown with before and after, decided by somebody else."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from spm.org.models import Membership, Period
from spm.talk.anchors import sees
from targets import batches, locking, revisions
from targets.choices import RevisionCause
from targets.goals import Goal, of_person, of_segment, of_team
from targets.models import CompanyPlan, PeriodReopening, PlanLine, Quota, Target
from targets.plans import set_target, working_plan
from tests.builders import make_company, make_person, make_quota

pytestmark = pytest.mark.django_db


@pytest.fixture
def locked(cast, year):
    """A locked year in which two reps of North have 100 in each month of the fourth quarter."""
    for rep in (cast.rep, cast.teammate):
        for label in ("2026-10", "2026-11", "2026-12"):
            make_quota(rep, label, 100)
    locking.lock(working_plan(year), by=cast.admin)
    return working_plan(year)


def month(label):
    return Period.objects.leaves().get(label=label)


def new_url(holder, effective="2026-10"):
    address = reverse("targets:revision-new", args=["2026"])
    return f"{address}?holder={holder}&measure=bookings&effective={month(effective).pk}"


def cells(person, **amounts):
    return {
        f"m:person:{person.pk}:bookings:{month(label.replace('_', '-')[1:]).pk}": text
        for label, text in amounts.items()
    }


def typed(person, **amounts):
    return cells(person, **amounts) | {"cause": "territory", "reason": "A territory moved"}


def revision_of(cast, plan, amount=160):
    wanted = [(Quota, Goal(of_person(cast.rep.pk), "bookings", month("2026-11"), Decimal(amount)))]
    told = {"effective": month("2026-11"), "cause": RevisionCause.TERRITORY, "reason": "A territory moved"}
    return revisions.request(plan, wanted, by=cast.north_manager, **told)


def test_a_manager_asks_and_the_page_shows_before_and_after(client, cast, locked):
    client.force_login(cast.north_manager)
    assert 'value="100"' in client.get(new_url(f"person:{cast.rep.pk}")).content.decode()
    answer = client.post(new_url(f"person:{cast.rep.pk}"), typed(cast.rep, p2026_11="1.2k"), follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain[-1][0].endswith(f"/revisions/{CompanyPlan.objects.get(kind='revision').pk}/")
    assert "1,200" in page
    assert "1,100" in page  # the difference
    assert Quota.objects.in_force().get(person=cast.rep, period__label="2026-11").amount == 100


def test_the_list_is_exported(client, cast, locked):
    revision_of(cast, locked)
    client.force_login(cast.admin)
    text = client.get(reverse("targets:revisions", args=["2026"]) + "?format=csv").getvalue().decode()
    assert text.splitlines()[1] == f"1,2026-11-01,Territory move,A territory moved,{cast.north_manager.name},Submitted,"


def test_a_total_is_spread_over_the_months_and_nothing_is_stored_yet(client, cast, locked):
    client.force_login(cast.north_manager)
    key = f"person:{cast.rep.pk}:bookings"
    answer = client.post(new_url(f"person:{cast.rep.pk}"), {"spread": key, f"total:{key}": "100.01"})
    page = answer.content.decode()
    assert page.count('value="33.34"') == 2
    assert 'value="33.33"' in page
    assert not CompanyPlan.objects.filter(kind="revision").exists()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"p2026_11": "many"}, "is not an amount"),
        ({"p2026_11": "-5"}, "is not negative"),
        ({"p2026_11": "100"}, "No number differs"),
    ],
)
def test_what_cannot_be_read_is_kept_and_explained(client, cast, locked, fields, said):
    client.force_login(cast.north_manager)
    answer = client.post(new_url(f"person:{cast.rep.pk}"), typed(cast.rep, **fields))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert f'value="{next(iter(fields.values()))}"' in answer.content.decode()
    assert not CompanyPlan.objects.filter(kind="revision").exists()


def test_nobody_asks_for_whom_they_do_not_see_or_for_themselves(client, cast, locked):
    client.force_login(cast.north_manager)
    assert client.get(new_url(f"person:{cast.outsider.pk}")).status_code == 404
    assert client.get(new_url(f"person:{cast.north_manager.pk}")).status_code == 404
    client.force_login(cast.rep)
    assert client.get(new_url(f"person:{cast.teammate.pk}")).status_code == 403


def test_the_admin_approves_and_the_quota_is_in_force(client, cast, locked):
    revision = revision_of(cast, locked)
    client.force_login(cast.admin)
    address = reverse("targets:revision-decide", args=["2026", revision.pk])
    assert "does not know which numbers" in client.post(address, {"approve": "1"}, follow=True).content.decode()
    seen = {"approve": "1", "seen": batches.newest(working_plan(revision.fiscal_year))}
    assert "in force" in client.post(address, seen, follow=True).content.decode()
    assert Quota.objects.in_force().get(person=cast.rep, period__label="2026-11").amount == 160
    assert client.post(address, seen).status_code == 403
    assert cast.rep.notifications.filter(kind="revision_decided").exists()


def test_an_approval_of_a_number_changed_meanwhile_shows_the_page_again_with_the_new_one(client, cast, locked):
    revision, seen = revision_of(cast, locked), batches.newest(locked)
    revisions.approve(revision_of(cast, locked, 120), by=cast.admin)
    client.force_login(cast.admin)
    address = reverse("targets:revision-decide", args=["2026", revision.pk])
    answer = client.post(address, {"approve": "1", "seen": seen})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "what the revision would change now" in text
    assert ">120<" in text
    assert f'name="seen" value="{batches.newest(locked)}"' in text
    assert Quota.objects.in_force().get(person=cast.rep, period__label="2026-11").amount == 120


def test_a_rejection_needs_its_comment(client, cast, locked):
    revision = revision_of(cast, locked)
    client.force_login(cast.admin)
    address = reverse("targets:revision-decide", args=["2026", revision.pk])
    assert "Say why" in client.post(address, {"reject": "1"}, follow=True).content.decode()
    client.post(address, {"reject": "1", "comment": "Not this year"})
    revision.refresh_from_db()
    assert revision.state == "rejected"


def test_a_manager_elsewhere_sees_that_there_is_a_revision_but_no_number_of_it(client, cast, locked):
    revision = revision_of(cast, locked)
    client.force_login(cast.south_manager)
    page = client.get(reverse("targets:revision", args=["2026", revision.pk])).content.decode()
    assert cast.rep.name not in page
    assert "1 number of people you do not see" in page


def test_nor_do_they_read_why_it_was_asked_for(client, cast, locked):
    revision = revision_of(cast, locked)
    client.force_login(cast.south_manager)
    listed = reverse("targets:revisions", args=["2026"])
    for address in (reverse("targets:revision", args=["2026", revision.pk]), listed, f"{listed}?format=csv"):
        answer = client.get(address)
        page = (answer.getvalue() if answer.streaming else answer.content).decode()
        assert "A territory moved" not in page
        assert "Territory move" not in page
    assert not sees(cast.south_manager, "revision", revision.pk)
    client.force_login(cast.director)
    assert "A territory moved" in client.get(listed).content.decode()


@pytest.fixture
def above(cast, year):
    """North's manager belongs to Sales, as most managers do, whose target is 777,123 in October; the year is locked."""
    Membership.objects.create(person=cast.north_manager, team=cast.sales)
    goal = {"measure": "bookings", "period": month("2026-10"), "amount": Decimal(777_123)}
    set_target(working_plan(year), holder=cast.sales, **goal)
    locking.lock(working_plan(year), by=cast.admin)
    return working_plan(year), [(Target, Goal(of_team(cast.sales.pk), "bookings", goal["period"], Decimal(1)))]


def test_the_target_of_the_team_above_is_not_offered_and_not_told(client, cast, above):
    plan, wanted = above
    told = {"effective": month("2026-10"), "cause": RevisionCause.MARKET, "reason": "Growth"}
    revision = revisions.request(plan, wanted, by=cast.director, **told)
    client.force_login(cast.north_manager)
    assert client.get(new_url(f"team:{cast.sales.pk}")).status_code == 404
    assert client.get(new_url(f"team:{cast.north.pk}")).status_code == 200
    page = client.get(reverse("targets:revision", args=["2026", revision.pk])).content.decode()
    assert "777,123" not in page


@pytest.mark.parametrize("whose", ["sales", "south", "outsider", "company"])
def test_nobody_asks_for_numbers_of_those_they_do_not_lead(cast, above, whose):
    plan, _wanted = above
    holders = {
        "sales": (Target, of_team(cast.sales.pk)),
        "south": (Target, of_team(cast.south.pk)),
        "outsider": (Quota, of_person(cast.outsider.pk)),
        "company": (PlanLine, of_segment()),
    }
    model, holder = holders[whose]
    wanted = [(model, Goal(holder, "bookings", month("2026-10"), Decimal(5)))]
    told = {"effective": month("2026-10"), "cause": RevisionCause.MARKET, "reason": "Growth"}
    with pytest.raises(revisions.NotAllowed):
        revisions.request(plan, wanted, by=cast.north_manager, **told)


@pytest.mark.parametrize("people", [1, 12])
def test_a_revision_takes_the_same_queries_for_any_number_of_people(
    client, cast, year, people, django_assert_num_queries
):
    reps = [make_person(team=cast.north) for _each in range(people)]
    for rep in reps:
        make_quota(rep, "2026-11", 100)
    locking.lock(working_plan(year), by=cast.admin)
    wanted = [(Quota, Goal(of_person(rep.pk), "bookings", month("2026-11"), Decimal(160))) for rep in reps]
    told = {"effective": month("2026-11"), "cause": RevisionCause.MARKET, "reason": "Growth", "by": cast.admin}
    revision = revisions.request(working_plan(year), wanted, **told)
    client.force_login(cast.north_manager)
    address = reverse("targets:revision", args=["2026", revision.pk])
    client.get(address)
    with django_assert_num_queries(16):
        client.get(address)


def both(cast, **more):
    """Rep One and Rep Two in one request from October on."""
    rows = [f"person:{person.pk}:bookings" for person in (cast.rep, cast.teammate)]
    told = {"cause": "territory", "reason": "A territory moved"}
    return {"row": rows, "effective": month("2026-10").pk} | told | more


def post(client, data):
    return client.post(reverse("targets:revision-new", args=["2026"]), data, follow=True)


def test_two_holders_are_asked_for_and_decided_together(client, cast, locked):
    client.force_login(cast.north_manager)
    data = both(cast) | cells(cast.rep, p2026_11="60") | cells(cast.teammate, p2026_11="140")
    page = post(client, data).content.decode()
    revision = CompanyPlan.objects.get(kind="revision")
    assert {(row.person, row.amount) for row in revision.quotas.all()} == {(cast.rep, 60), (cast.teammate, 140)}
    assert cast.rep.name in page
    assert cast.teammate.name in page
    revisions.approve(revision, by=cast.admin)
    assert {row.amount for row in Quota.objects.in_force().filter(period__label="2026-11")} == {60, 140}


def test_another_holder_is_added_and_what_was_typed_stays(client, cast, locked):
    client.force_login(cast.north_manager)
    begun = {"row": [f"person:{cast.rep.pk}:bookings"], "effective": month("2026-10").pk}
    more = {"add": "1", "holder": f"person:{cast.teammate.pk}", "measure": "all", "reason": "It moved"}
    page = post(client, begun | more | cells(cast.rep, p2026_11="60"))
    assert page.status_code == 200
    text = page.content.decode()
    rows = [f"person:{cast.teammate.pk}:{measure}" for measure in ("bookings", "revenue", "margin")]
    assert all(f'name="row" value="{row}"' in text for row in rows)
    assert 'value="60"' in text
    assert 'value="It moved"' in text
    assert not CompanyPlan.objects.filter(kind="revision").exists()


def test_a_row_is_taken_out_and_the_differences_together_are_shown(client, cast, locked):
    client.force_login(cast.north_manager)
    data = both(cast, change="1") | cells(cast.rep, p2026_11="60") | cells(cast.teammate, p2026_11="140")
    page = post(client, data)
    assert page.context["form"].together[0][2] == 0
    page = post(client, data | {"remove": f"person:{cast.rep.pk}:bookings"})
    assert [row.key.key for row in page.context["form"].rows] == [str(cast.teammate.pk)]
    assert page.context["form"].together == []


def test_a_row_of_somebody_hidden_or_of_nothing_is_not_there(client, cast, locked):
    client.force_login(cast.north_manager)
    assert post(client, both(cast) | {"row": [f"person:{cast.outsider.pk}:bookings"]}).status_code == 404
    for odd in ("person:x:bookings", "person::bookings", f"person:{cast.rep.pk}:luck", "company:1:bookings", "::"):
        assert post(client, both(cast) | {"row": [odd]}).context["form"] is None


def test_more_rows_than_a_page_holds_are_refused_in_words(client, cast, locked, monkeypatch):
    monkeypatch.setattr("targets.revision_views.MOST_ROWS", 1)
    client.force_login(cast.north_manager)
    answer = post(client, both(cast))
    assert answer.status_code == 422
    assert "at most 1 rows" in answer.content.decode()


def test_the_form_offers_this_month_and_later_ones_alone(client, cast, locked):
    client.force_login(cast.north_manager)
    address = reverse("targets:revision-new", args=["2026"])
    page = client.get(address)
    assert [leaf.label for leaf in page.context["months"]] == ["2026-09", "2026-10", "2026-11", "2026-12"]
    past = client.get(new_url(f"person:{cast.rep.pk}", "2026-02")).context["form"]
    assert past.effective.label == "2026-09"
    Period.objects.filter(label="2026-03").update(state="open")
    PeriodReopening.objects.create(
        period=month("2026-03"), reason="Mistyped", reopened_at="2026-09-17T00:00Z", reopened_by=cast.admin
    )
    again = client.get(new_url(f"person:{cast.rep.pk}", "2026-03")).context["form"]
    assert [field.period.label for field in again.rows[0].fields if not field.fixed][:2] == ["2026-03", "2026-09"]


def test_a_month_that_is_over_is_refused_in_words_and_what_was_typed_stays(client, cast, locked):
    client.force_login(cast.north_manager)
    data = both(cast) | {"effective": month("2026-08").pk} | cells(cast.rep, p2026_11="60")
    answer = post(client, data)
    assert answer.status_code == 422
    assert "is over: past months never change" in answer.content.decode()
    assert 'value="60"' in answer.content.decode()


def test_of_a_year_that_is_over_nothing_is_offered(client, cast, locked):
    make_company(fixed_today=date(2027, 1, 10))
    client.force_login(cast.admin)
    assert "Every month of this year is over" in client.get(new_url(f"person:{cast.rep.pk}")).content.decode()
