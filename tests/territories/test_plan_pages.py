"""The page of a plan: what it says, how it saves, and who may open it."""

import html
import json
import re
from decimal import Decimal

import pytest
from django.urls import reverse

from spm.market.models import AccountPlacement
from targets.models import Credit
from territories import field_posts, plan_flow, plan_live, plan_queries, plan_writing
from territories.choices import Section
from territories.models import TerritoryPlan, TerritoryPlanLine
from territories.plan_years import quotas_of, years_of
from tests.builders import make_account, make_actual, make_company, make_territory
from tests.territories.map_help import put
from tests.territories.test_plan_writing import add, complete


@pytest.fixture
def address(planned):
    return reverse("territories:plan-detail", args=["2027", planned.rep.pk])


def as_drawn(body):
    """What a browser posts of the form of the plan."""
    fields = re.findall(r'<input[^>]* name="(f\.[^"]+)"[^>]* value="([^"]*)"', body)
    fields += re.findall(r'<textarea[^>]* name="(f\.[^"]+)"[^>]*>([^<]*)</textarea>', body)
    chosen = re.findall(r'<select[^>]* name="(f\.[^"]+)".*?<option value="([^"]*)" selected', body, re.DOTALL)
    drawn = re.search(r'name="drawn"[^>]* value="([^"]*)"', body)[1]
    return {name: html.unescape(text) for name, text in (*fields, *chosen, ("drawn", drawn))}


def sheet(planned, user=None):
    return plan_queries.plan_sheet(user or planned.rep, planned.plan, make_company())


def test_the_gap_is_what_the_quota_asks_for_beyond_what_is_named(planned):
    complete(planned)
    gap = sheet(planned).gap
    assert (gap.named, gap.quota, gap.left) == (620 + 780 + 480, 4_800, 2_920)


def test_completeness_counts_sections_whose_lines_say_all(planned):
    complete(planned)
    assert sheet(planned).complete == 6
    TerritoryPlanLine.objects.filter(section=Section.ACCOUNTS).update(entry="")
    assert sheet(planned).complete == 5


def test_the_author_reads_and_writes_the_page(planned, client, address):
    complete(planned)
    client.force_login(planned.rep)
    body = client.get(address).content.decode()
    assert "All six sections are complete." in body
    assert "By the dock" in body
    assert 'name="f.' in body


def test_the_manager_reads_it_without_fields(planned, client, address):
    complete(planned)
    client.force_login(planned.north_manager)
    body = client.get(address).content.decode()
    assert "By the dock" in body
    assert 'name="f.' not in body


@pytest.mark.parametrize("who", ["teammate", "outsider", "south_manager"])
def test_for_others_there_is_no_such_plan(planned, client, address, who):
    client.force_login(getattr(planned, who))
    assert client.get(address).status_code == 404


def test_a_script_saves_one_field_and_hears_the_version(planned, client):
    line = add(planned)
    client.force_login(planned.rep)
    drawn = json.dumps({"fields": {f"{line.pk}-text": ""}, "versions": {str(line.pk): 0}})
    data = {"drawn": drawn, f"f.{line.pk}-text": "Win two"}
    answer = client.post(
        reverse("territories:plan-save", args=[planned.plan.pk]), data, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 200
    assert answer.json()["versions"][str(line.pk)] == 1


def test_without_a_script_both_texts_come_back(planned, client):
    line = add(planned, text="Theirs")
    line.version = 3
    line.save()
    client.force_login(planned.rep)
    drawn = json.dumps({"fields": {f"{line.pk}-text": "Before"}, "versions": {str(line.pk): 1}})
    answer = client.post(
        reverse("territories:plan-save", args=[planned.plan.pk]), {"drawn": drawn, f"f.{line.pk}-text": "Mine"}
    )
    assert answer.status_code == 409
    assert "Theirs" in answer.content.decode()
    assert "Mine" in answer.content.decode()


def test_without_a_script_a_text_over_its_cap_is_still_in_its_field_beside_what_was_taken(planned, client, address):
    """Nobody types it again: the page says how much is too many, and a second try names what is stored by now."""
    line = add(planned, Section.ACCOUNTS, entry="By the dock")
    client.force_login(planned.rep)
    long, save = "x" * 121, reverse("territories:plan-save", args=[planned.plan.pk])
    sent = as_drawn(client.get(address).content.decode()) | {f"f.{line.pk}-entry": long, f"f.{line.pk}-amount": "620"}
    answer = client.post(save, sent | {"f.plan-margin_goal": "much", "add": "accounts"})
    body = answer.content.decode()
    assert answer.status_code == 409
    assert "121 characters are too many: 120 fit" in body
    again = as_drawn(body)
    assert (again[f"f.{line.pk}-entry"], again[f"f.{line.pk}-amount"]) == (long, "620")
    assert again["f.plan-margin_goal"] == "much"
    assert TerritoryPlanLine.objects.count() == 1  # no line was added to a page that is not stored
    client.post(save, again | {f"f.{line.pk}-entry": long[1:], "f.plan-margin_goal": "31.5"})
    line.refresh_from_db()
    assert (line.entry, line.amount) == (long[1:], 620)


def test_what_is_typed_into_a_line_that_is_gone_is_shown_to_its_author(planned, client, address):
    line = add(planned)
    client.force_login(planned.rep)
    sent = as_drawn(client.get(address).content.decode()) | {f"f.{line.pk}-text": "Win two ferry yards"}
    plan_writing.remove_line(line, planned.rep)
    body = client.post(reverse("territories:plan-save", args=[planned.plan.pk]), sent).content.decode()
    assert "This line is gone" in body
    assert "Win two ferry yards" in body


def test_handing_in_takes_along_what_was_typed_or_stays_where_it_cannot(planned, client, address):
    complete(planned)
    client.force_login(planned.rep)
    line = TerritoryPlanLine.objects.get(section=Section.SUPPORT)
    submit = reverse("territories:plan-submit", args=[planned.plan.pk])
    body = client.get(address).content.decode()
    assert f'form="plan-form" formaction="{submit}"' in body
    answer = client.post(submit, as_drawn(body) | {f"f.{line.pk}-text": "x" * 111})
    assert answer.status_code == 409
    assert TerritoryPlan.objects.get(pk=planned.plan.pk).state == "draft"
    client.post(submit, as_drawn(answer.content.decode()) | {f"f.{line.pk}-text": "Anna from March"})
    line.refresh_from_db()
    assert (line.text, TerritoryPlan.objects.get(pk=planned.plan.pk).state) == ("Anna from March", "submitted")


def test_a_button_adds_a_line_after_the_fields_are_saved(planned, client):
    line = add(planned)
    client.force_login(planned.rep)
    drawn = json.dumps({"fields": {f"{line.pk}-text": ""}, "versions": {str(line.pk): 0}})
    data = {"drawn": drawn, f"f.{line.pk}-text": "Kept", "add": "goals"}
    client.post(reverse("territories:plan-save", args=[planned.plan.pk]), data)
    texts = list(TerritoryPlanLine.objects.order_by("position").values_list("text", flat=True))
    assert texts == ["Kept", ""]


@pytest.mark.parametrize("many", [1, 3])
def test_the_page_asks_the_database_the_same_for_any_number_of_lines(
    planned, client, address, many, django_assert_max_num_queries
):
    for _line in range(many):
        add(planned, Section.GOALS, text="Win", due_on="2027-03-31")
    client.force_login(planned.rep)
    client.get(address)
    with django_assert_max_num_queries(20):
        client.get(address)


def test_a_line_shows_its_own_actual(planned):
    """Bookings of the account and of those below it, in the plan's year; a first-time buyer is new business."""
    make_company(fixed_today="2027-06-30")
    complete(planned)
    make_actual(planned.rep, "2027-02-01", 300, kind="booking", account=planned.accounts[0])
    make_actual(planned.rep, "2027-02-02", 50, kind="booking", account=planned.accounts[1])
    make_actual(planned.rep, "2027-02-03", 70, kind="booking", partner="KÜSTENLUFT")
    lines = list(TerritoryPlanLine.objects.filter(plan=planned.plan))
    live = plan_live.read(planned.plan, lines, None, quotas_of(planned.plan), years_of(planned.plan))
    own = {line.section: live.lines[line.pk].actual for line in lines if line.pk in live.lines}
    assert own == {Section.ACCOUNTS: 300, Section.CHANNEL: 70}
    assert live.sections[Section.BUSINESS].actual == 350


def test_a_customer_to_keep_shows_what_it_brings_this_year_and_one_without_a_name_nothing(planned):
    make_company(fixed_today="2027-06-30")
    kept, bare = (add(planned, Section.RETENTION, text=text, risk="high") for text in ("Keep", "All others"))
    TerritoryPlanLine.objects.filter(pk=kept.pk).update(account=planned.accounts[1])
    make_actual(planned.rep, "2026-05-01", 900, kind="booking", account=planned.accounts[1])
    make_actual(planned.rep, "2027-02-01", 40, kind="booking", account=planned.accounts[1])
    make_actual(planned.teammate, "2027-02-02", 7, kind="booking", account=planned.accounts[1])
    _lines, live = live_of(planned)
    assert (live.lines[kept.pk].actual, live.lines[kept.pk].before) == (40, 900)
    assert bare.pk not in live.lines


def live_of(planned):
    lines = list(TerritoryPlanLine.objects.filter(plan=planned.plan).select_related("account").in_order())
    return lines, plan_live.read(planned.plan, lines, None, quotas_of(planned.plan), years_of(planned.plan))


def test_what_each_section_counts_is_worked_out_by_hand(planned):
    """First-time buyers, customers of the year before, partners: of this person, in the plan's year, overlay aside."""
    make_company(fixed_today="2027-06-30")
    complete(planned)
    new, old = planned.accounts
    lost = make_account("Lost", owner=planned.rep)
    make_actual(planned.rep, "2026-03-01", 900, kind="booking", account=old)
    make_actual(planned.teammate, "2026-03-02", 80, kind="booking", account=lost)  # anybody's sale makes a customer
    make_actual(planned.rep, "2027-02-01", 300, kind="booking", account=new)
    make_actual(planned.rep, "2027-02-02", 50, kind="booking", account=old)
    make_actual(planned.rep, "2027-02-03", 20, kind="booking", account=lost)
    make_actual(planned.rep, "2027-02-04", 4000, account=new, cost=1)  # revenue
    make_actual(planned.teammate, "2027-02-05", 700, kind="booking", account=new)
    make_actual(planned.rep, "2027-08-01", 6000, kind="booking", account=new)  # after the clock's day
    helped = make_actual(planned.teammate, "2027-03-01", 500, kind="booking", account=old, partner="Küstenluft")
    own = Credit.objects.get(actual=helped)
    own.pk, own.person, own.is_overlay = None, planned.rep, True
    own.save()
    _lines, live = live_of(planned)
    told = {section: (one.actual, one.before) for section, one in live.sections.items()}
    assert told == {"accounts": (300, 0), "business": (300, 0), "retention": (70, 900), "channel": (0, 0)}


def test_retention_is_held_against_the_base_and_the_key_accounts_that_bought_last_year(planned):
    """The base leaves the key accounts aside; their goals count where they bought last year."""
    make_company(fixed_today="2027-06-30")
    new, old = planned.accounts
    silent = make_account("Silent", owner=planned.rep)
    for account, goal in ((new, 1000), (old, 600), (silent, 400)):
        line = add(planned, Section.ACCOUNTS)
        TerritoryPlanLine.objects.filter(pk=line.pk).update(account=account, amount=goal)
    make_actual(planned.rep, "2026-03-01", 900, kind="booking", account=old)
    make_actual(planned.rep, "2026-04-01", 100, kind="booking", account=silent)
    make_actual(planned.rep, "2027-02-01", 300, kind="booking", account=new)
    make_actual(planned.rep, "2027-02-02", 50, kind="booking", account=old)
    lines, _live = live_of(planned)
    base = Decimal(500)
    live = plan_live.read(planned.plan, lines, base, quotas_of(planned.plan), years_of(planned.plan))
    kept = live.sections[Section.RETENTION]
    assert (kept.actual, kept.goal) == (50, 500 + 600 + 400)
    assert (
        live_of(planned)[1].sections[Section.RETENTION].goal is None
    )  # without a base there is nothing to hold against


def test_an_account_and_the_one_above_it_count_once_in_the_total(planned):
    make_company(fixed_today="2027-06-30")
    group, works = planned.accounts
    works.parent = group
    works.save()
    for account in planned.accounts:
        line = add(planned, Section.ACCOUNTS)
        TerritoryPlanLine.objects.filter(pk=line.pk).update(account=account, amount=1000)
    for partner in ("Küstenluft", "KÜSTENLUFT"):
        add(planned, Section.CHANNEL, partner=partner)
    make_actual(planned.rep, "2026-05-01", 200, kind="booking", account=works)
    make_actual(planned.rep, "2027-05-01", 30, kind="booking", account=works, partner="Küstenluft")
    lines, live = live_of(planned)
    assert [live.lines[line.pk].before for line in lines if line.account_id] == [200, 200]
    assert (live.sections["accounts"].before, live.sections["accounts"].actual) == (200, 30)
    assert live.sections["channel"].actual == 30


def test_the_year_before_is_called_by_its_name_and_to_date_while_it_runs(planned, client, address):
    complete(planned)
    client.force_login(planned.rep)
    make_company(fixed_today="2026-09-18")
    body = client.get(address).content.decode()
    assert "<dt>2026 to date</dt>" in body
    assert "Last year" not in body
    make_company(fixed_today="2027-03-31")
    body = client.get(address).content.decode()
    assert "<dt>2026</dt>" in body
    assert "2027 to date" in body
    make_company(fixed_today="2028-01-10")
    assert "2027 to date" not in client.get(address).content.decode()


def test_a_plan_in_force_shows_what_its_sections_have_brought(planned, client, address):
    make_actual(planned.rep, "2026-03-01", 900, kind="booking", account=planned.accounts[1])
    make_actual(planned.rep, "2027-02-01", 300, kind="booking", account=planned.accounts[0])
    make_actual(planned.rep, "2027-02-02", 50, kind="booking", account=planned.accounts[1])
    complete(planned)
    plan_flow.submit(planned.plan, planned.rep)
    plan_flow.approve(planned.plan, planned.north_manager)
    client.force_login(planned.rep)
    assert "from first-time buyers" not in client.get(address).content.decode()  # its year has not begun
    make_company(fixed_today="2027-06-30")
    body = client.get(address).content.decode()
    assert "€300 to date from first-time buyers" in body
    assert "€50 to date from customers of 2026" in body
    assert "€0 to date with these partners" in body


def test_more_fields_than_a_page_has_are_refused_whole(planned, client):
    line = add(planned)
    client.force_login(planned.rep)
    data = {f"x{number}": "" for number in range(field_posts.MOST_FIELDS)} | {f"f.{line.pk}-text": "Cut off"}
    answer = client.post(reverse("territories:plan-save", args=[planned.plan.pk]), data, follow=True)
    assert "901 fields at once are more than a page has; nothing was stored." in answer.content.decode()
    assert TerritoryPlanLine.objects.get().text == ""


def test_a_key_account_leads_to_its_map_and_counts_whom_it_holds(planned, client, address):
    complete(planned)
    account = planned.accounts[0]
    put(account, "Ada Chief", "decider", last_met_on="2026-09-01")
    put(account, "Bo Gone", "user", removed_at="2026-09-02T10:00:00Z")
    (line,) = next(part for part in sheet(planned).sections if part.section == Section.ACCOUNTS).lines
    assert (line.map.met, line.map.never) == (1, 0)
    client.force_login(planned.north_manager)
    body = client.get(address).content.decode()
    assert reverse("territories:account-detail", args=[account.pk]) in body


def test_an_account_that_moved_away_is_named_without_a_link_and_stays_chosen(planned, client, address):
    """Whoever reads the plan of who held it before meets no page that is not theirs."""
    complete(planned)
    account = planned.accounts[0]
    link = reverse("territories:account-detail", args=[account.pk])
    plan_flow.submit(planned.plan, planned.rep)
    client.force_login(planned.rep)
    assert link in client.get(address).content.decode()
    assert client.get(link).status_code == 200
    AccountPlacement.objects.create(account=account, territory=make_territory("Elsewhere", owner=planned.outsider))
    account.owner = planned.outsider
    account.save()
    body = client.get(address).content.decode()
    assert link not in body
    assert account.name in body
    assert client.get(link).status_code == 404
    plan_flow.withdraw(planned.plan, planned.rep)
    body = client.get(address).content.decode()
    line = TerritoryPlanLine.objects.get(section=Section.ACCOUNTS)
    assert re.search(rf'name="f.{line.pk}-account"[^>]* value="{account.name}"', body)
    assert f'<option value="{account.name}">' not in body
    answer = client.post(reverse("territories:plan-save", args=[planned.plan.pk]), as_drawn(body))
    assert answer.status_code == 302  # what is not changed is not judged
    line.refresh_from_db()
    assert line.account == account
