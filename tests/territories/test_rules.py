"""Rules place accounts: drafted, looked at, activated on a day; gaps, overlaps, and what a file brings."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from spm.errors import PeriodClosed, RuleViolation
from spm.imports import batches
from spm.market.models import AccountPlacement
from spm.org.models import Period
from targets import rollup
from targets.models import Attainment, RollupRun
from territories import matching, placing, rule_sets
from territories.matching import Facts, Matcher, Rule
from territories.models import RuleSet, TerritoryRule
from territories.rule_sets import BadRule, NotADraft
from tests.builders import make_account, make_actual, make_territory, make_year
from tests.spm.imports_help import load, told

DAY = date(2026, 10, 1)


def of(account=1, country="", region="", industry="", segment="", postal="", size=None):
    return Facts(account, country, region, industry, segment, postal, size)


def winner(rules, facts):
    found = Matcher(rules).place(facts)
    return found.pk if found else None


def test_every_criterion_that_is_filled_must_be_met_whatever_the_spelling():
    rule = Rule(1, 10, 100, country="france", industry="retail")
    assert winner([rule], of(country=" FRANCE", industry="Retail")) == 1
    assert winner([rule], of(country="France", industry="Food")) is None


def test_the_smallest_priority_wins_then_the_older_rule():
    rules = [Rule(1, 10, 200, country="fr"), Rule(3, 30, 100), Rule(2, 20, 100, country="fr")]
    assert winner(rules, of(country="FR")) == 2
    assert winner(rules, of(country="DE")) == 3


def test_a_named_account_beats_every_rule():
    rules = [Rule(1, 10, 0, country="fr"), Rule(2, 20, 900, account=7)]
    assert winner(rules, of(account=7, country="FR")) == 2
    assert winner(rules, of(account=8, country="FR")) == 1


@pytest.mark.parametrize(
    ("low", "high", "code", "fits"),
    [
        ("35", "35", "35200", True),
        ("35", "35", "3", False),
        ("35000", "35999", "35 999", True),
        ("35000", "35999", "36000", False),
        ("", "50", "49000", True),
        ("50", "", "49000", False),
        ("sw1a", "sw1a", "SW1A 1AA", True),
        ("10", "19", "2", False),
        ("10", "19", "", False),
    ],
)
def test_postal_codes_are_a_beginning_or_a_range(low, high, code, fits):
    rule = Rule(1, 10, 100, postal_from=low, postal_to=high)
    assert (winner([rule], of(postal=code)) == 1) == fits


def test_accounts_that_differ_in_size_alone_are_told_apart():
    matcher = Matcher([Rule(1, 10, 100, size_from=100), Rule(2, 20, 200)])
    assert [matcher.place(of(account=at, size=size)).pk for at, size in enumerate([99, 100, 99, None])] == [2, 1, 2, 2]


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (Rule(1, 10, 100, region="north"), "region"),
        (Rule(1, 10, 100, postal_to="50"), "postal"),
        (Rule(1, 10, 100, size_to=5), "size"),
    ],
)
def test_a_rule_asks_for_the_fields_of_its_criteria_alone(rule, field):
    assert list(rule.asks) == [field]


@pytest.mark.parametrize(("size", "fits"), [(None, False), (99, False), (100, True), (200, True), (201, False)])
def test_size_is_the_potential_with_both_bounds(size, fits):
    rule = Rule(1, 10, 100, size_from=100, size_to=200)
    assert (winner([rule], of(size=size)) == 1) == fits


TEXTS = st.sampled_from(["", "fr", "de"])
RULES = st.lists(
    st.builds(
        Rule,
        pk=st.integers(1, 10**6),
        territory=st.integers(1, 5),
        priority=st.integers(0, 3),
        country=TEXTS,
        segment=TEXTS,
        size_from=st.none() | st.integers(0, 5),
    ),
    max_size=6,
    unique_by=lambda rule: rule.pk,
)
ACCOUNTS = st.lists(
    st.tuples(st.sampled_from(["FR", "de", ""]), st.sampled_from(["Fr", ""]), st.none() | st.integers(0, 9))
)


@given(RULES, ACCOUNTS)
def test_every_account_is_in_exactly_one_place_or_listed_as_unplaced(rules, rows):
    accounts = [of(number, country, segment=segment, size=size) for number, (country, segment, size) in enumerate(rows)]
    review = matching.review(rules, accounts)
    matcher = Matcher(rules)
    places = {one.account: matcher.place(one) for one in accounts}
    assert set(review.unplaced) == {account for account, rule in places.items() if rule is None}
    assert sum(review.placed.values()) + len(review.unplaced) == len(accounts)
    for one in accounts:
        claims = matcher.claims(one)
        assert (claims[0] if claims else None) == places[one.account]
    claimed = sum(review.claimed.values())
    assert claimed == sum(len(matcher.claims(one)) for one in accounts)


def test_overlaps_name_the_winner_and_equal_priorities_come_first():
    rules = [Rule(1, 10, 10, country="fr"), Rule(2, 20, 20, segment="smb"), Rule(3, 30, 20, industry="food")]
    accounts = [of(1, "FR", segment="SMB"), of(2, "FR", segment="SMB"), of(3, segment="SMB", industry="Food")]
    review = matching.review(rules, accounts)
    assert [tuple(pair) for pair in review.overlaps] == [(2, 3, 1, True), (1, 2, 2, False)]
    assert review.catch_all == [2]  # it claims every account there is


def test_a_rule_that_asks_nothing_is_told_even_without_accounts():
    assert matching.review([Rule(1, 10, 10)], []).catch_all == [1]


@pytest.fixture
def cut(cast):
    """France of Rep One with Alpha (35000, 90,000), Spain of Rep Two with Beta; Gamma stands in France."""
    make_year()
    france, spain = make_territory("France", owner=cast.rep), make_territory("Spain", owner=cast.teammate)
    alpha = make_account("Alpha", country="France", postal_code="35000", potential=Decimal(90_000))
    beta, gamma = make_account("Beta", country="Spain"), make_account("Gamma")
    for account, territory in ((alpha, spain), (beta, spain), (gamma, france)):
        AccountPlacement.objects.create(account=account, territory=territory)
    rules = rule_sets.draft("Rules 2027", cast.admin)
    rule_sets.save_rule(rules, {"territory": france, "priority": 10, "country": "FRANCE"})
    rule_sets.save_rule(rules, {"territory": spain, "priority": 10, "country": "Spain"})
    return rules, france, spain, (alpha, beta, gamma)


@pytest.mark.django_db
class TestSets:
    def test_the_preview_says_who_moves_and_nothing_has_moved(self, client, cast, cut):
        rules, *_ = cut
        before = AccountPlacement.objects.count()
        client.force_login(cast.admin)
        page = client.get(reverse("territories:rule-set-preview", args=[rules.pk]) + "?on=2026-10-01").context["page"]
        assert {(way.before, way.after, way.accounts) for way in page.ways} == {
            ("Spain", "France", 1),
            ("France", "", 1),
        }
        assert (page.left_out, page.stay) == (1, 1)
        assert AccountPlacement.objects.count() == before

    def test_activation_places_as_a_set_from_the_day_on_with_history(self, cast, cut):
        rules, france, _spain, (alpha, beta, gamma) = cut
        assert rule_sets.activate(rules, DAY, cast.admin) == 2
        fresh = AccountPlacement.objects.filter(starts_on=DAY)
        assert set(fresh.values_list("account", "territory")) == {(alpha.pk, france.pk), (gamma.pk, None)}
        assert not AccountPlacement.objects.filter(account=beta, starts_on=DAY).exists()
        told = AccountPlacement.history.filter(starts_on=DAY).values_list("account", "history_type", "history_user")
        assert set(told) == {(alpha.pk, "+", cast.admin.pk), (gamma.pk, "+", cast.admin.pk)}
        rules.refresh_from_db()
        assert (rules.state, rules.starts_on, rules.moved_count) == ("active", DAY, 2)

    def test_a_row_of_the_same_day_is_changed_not_doubled(self, cast, cut):
        rules, france, spain, (alpha, *_rest) = cut
        AccountPlacement.objects.create(account=alpha, territory=spain, starts_on=DAY)
        rule_sets.activate(rules, DAY, cast.admin)
        row = AccountPlacement.objects.get(account=alpha, starts_on=DAY)
        assert row.territory == france
        assert row.history.first().history_type == "~"

    def test_credits_follow_from_the_day_on_and_not_before(self, cast, cut):
        rules, _france, _spain, (alpha, *_rest) = cut
        make_actual(cast.rep, "2026-09-30", 70, kind="booking", account=alpha)
        make_actual(cast.rep, "2026-10-01", 30, kind="booking", account=alpha)
        rollup.rebuild()
        rule_sets.activate(rules, DAY, cast.admin)
        stale = set(RollupRun.objects.stale().values_list("period__label", flat=True))
        assert stale == {"2026-10", "2026-11", "2026-12"}
        rollup.roll_up_stale()
        rows = Attainment.objects.filter(period__label="2026", measure="bookings", territory__isnull=False)
        assert dict(rows.values_list("territory__name", "actual")) == {"Spain": Decimal(70), "France": Decimal(30)}

    def test_an_active_set_never_changes_and_the_next_begins_as_its_copy(self, cast, cut):
        rules, france, *_ = cut
        rule_sets.activate(rules, DAY, cast.admin)
        with pytest.raises(NotADraft):
            rule_sets.save_rule(rules, {"territory": france, "priority": 1, "country": "Italy"})
        with pytest.raises(NotADraft):
            rule_sets.remove_rule(rules.rules.first())
        with pytest.raises(NotADraft):
            rule_sets.discard(rules)
        again = rule_sets.draft("Again", cast.admin, like=rules)
        assert placing.moves(placing.rules_of(again), DAY) == []
        with pytest.raises(RuleViolation, match="Other rules begin on that day"):
            rule_sets.activate(again, DAY, cast.admin)

    def test_a_closed_period_refuses_and_nothing_moves(self, cast, cut):
        rules, *_ = cut
        Period.objects.filter(label="2026-09").update(state="closed")
        with pytest.raises(PeriodClosed):
            rule_sets.activate(rules, date(2026, 9, 10), cast.admin)
        rules.refresh_from_db()
        assert rules.state == "draft"
        assert not AccountPlacement.objects.filter(starts_on=date(2026, 9, 10)).exists()

    def test_a_set_without_rules_is_refused(self, cast):
        with pytest.raises(RuleViolation, match="no rule"):
            rule_sets.activate(rule_sets.draft("Empty", cast.admin), DAY, cast.admin)

    @pytest.mark.parametrize(
        "values",
        [
            {"postal_from": "50", "postal_to": "40"},
            {"size_from": Decimal(2), "size_to": Decimal(1)},
        ],
    )
    def test_criteria_that_contradict_each_other_are_refused_in_words(self, cut, values):
        rules, france, *_ = cut
        with pytest.raises(BadRule):
            rule_sets.save_rule(rules, {"territory": france, "priority": 1, **values})

    def test_a_named_account_has_no_other_criterion_and_is_named_once(self, cut):
        rules, france, _spain, (alpha, *_rest) = cut
        with pytest.raises(BadRule):
            rule_sets.save_rule(rules, {"territory": france, "priority": 1, "account": alpha, "country": "France"})
        rule_sets.save_rule(rules, {"territory": france, "priority": 1, "account": alpha})
        with pytest.raises(RuleViolation, match="names the account already"):
            rule_sets.save_rule(rules, {"territory": france, "priority": 2, "account": alpha})

    def test_a_rule_that_matches_everything_is_told_in_a_warning(self, client, cast, cut):
        rules, france, *_ = cut
        client.force_login(cast.admin)
        address = reverse("territories:rule-set", args=[rules.pk])
        assert "matches every account" not in client.get(address).content.decode()
        rule_sets.save_rule(rules, {"territory": france, "priority": 900})
        assert "matches every account" in client.get(address).content.decode()

    def test_the_page_lists_gaps_overlaps_and_takes_rules_by_a_form(self, client, cast, cut):
        rules, france, *_ = cut
        client.force_login(cast.admin)
        sent = {"territory": france.pk, "priority": 5, "postal_from": "35", "size_from": "50k"}
        response = client.post(reverse("territories:rule-edit", args=[rules.pk, 0]), sent, follow=True)
        page = response.context["page"]
        assert (page.rows[0].words.split(", ")[0], page.rows[0].placed) == ("postal code 35", 1)
        assert [pair.accounts for pair in page.overlaps] == [1]
        assert [row.name for row in page.unplaced.object_list] == ["Gamma"]
        file = client.get(reverse("territories:rule-set", args=[rules.pk]) + "?table=overlaps&format=csv")
        assert len(b"".join(file.streaming_content).splitlines()) == 2
        made = TerritoryRule.objects.get(postal_from="35")
        assert (made.postal_to, made.size_from) == ("35", Decimal(50_000))
        for size in ("lots", "-5", "0.00001", "999999999999999"):
            bad = client.post(reverse("territories:rule-edit", args=[rules.pk, made.pk]), sent | {"size_from": size})
            assert (size, bad.status_code) == (size, 422)

    def test_preview_and_page_take_as_many_queries_for_many_accounts(self, client, cast, cut):
        rules, *_ = cut
        client.force_login(cast.admin)
        addresses = [
            reverse("territories:rule-set-preview", args=[rules.pk]),
            reverse("territories:rule-set", args=[rules.pk]),
        ]
        seen = []
        for _turn in range(2):
            for address in addresses:
                client.get(address)
                with CaptureQueriesContext(connection) as caught:
                    client.get(address)
                seen.append(len(caught))
            for number in range(60):
                make_account(f"More {number}", country="France")
        assert seen[:2] == seen[2:]
        assert max(seen) <= 20


ROWS = "rule_set,territory,priority,country,postal_from,size_from,account_id\n"


@pytest.mark.django_db
class TestFiles:
    def test_a_file_fills_a_draft_and_again_changes_nothing(self, company, cast):
        make_territory("NW")
        account = make_account("Alpha")
        rows = f"{ROWS}Cut,NW,10,France,35,50000,\nCut,NW,,,,,{account.external_id}\n"
        assert told(load("territory_rules", rows)) == {"read": 2, "new": 2}
        rules = RuleSet.objects.get()
        assert (rules.name, rules.state, rules.rules.count()) == ("Cut", "draft", 2)
        first = rules.rules.get(account=None)
        assert (first.country, first.postal_to, first.size_from, first.priority) == ("france", "35", 50000, 10)
        assert told(load("territory_rules", rows)) == {"read": 2, "unchanged": 2}
        assert told(load("territory_rules", rows.replace("NW,10", "NW,20"))) == {
            "read": 2,
            "changed": 1,
            "unchanged": 1,
        }

    def test_undo_takes_the_draft_away_but_not_rules_that_were_activated(self, company, cast):
        make_year()
        make_territory("NW")
        make_account("Alpha", country="France")
        batch = load("territory_rules", f"{ROWS}Cut,NW,10,France,,,\n")
        batches.undo(batch)
        assert not RuleSet.objects.exists()
        batch = load("territory_rules", f"{ROWS}Cut,NW,10,France,,,\n")
        rule_sets.activate(RuleSet.objects.get(), DAY, cast.admin)
        with pytest.raises(RuleViolation, match="no draft any more"):
            batches.undo(batch)
        assert TerritoryRule.objects.count() == 1

    def test_unknown_territories_accounts_and_contradictions_are_refused_row_by_row(self, company, cast):
        make_territory("NW")
        account = make_account("Alpha")
        rows = (
            f"{ROWS}Cut,SE,10,,,,\nCut,NW,10,,,,nobody\nCut,NW,10,France,,,{account.external_id}\nCut,NW,-1,Spain,,,\n"
        )
        batch = load("territory_rules", rows)
        assert (batch.refused, RuleSet.objects.count()) == (4, 0)
        assert list(batch.rows.values_list("column", flat=True)) == [
            "territory",
            "account_id",
            "account_id",
            "priority",
        ]


def test_a_name_is_that_of_one_draft(cast, client):
    rule_sets.draft("Rules 2027", cast.admin)
    with pytest.raises(RuleViolation, match="already"):
        rule_sets.draft(" rules 2027", cast.admin)
    client.force_login(cast.admin)
    answer = client.post(reverse("territories:rule-sets"), {"name": "Rules 2027"})
    assert answer.status_code == 422
    assert "There is a draft of this name already." in answer.content.decode()


def test_a_file_does_not_mix_two_drafts_of_one_name(cast):
    make_territory("Nord")
    for _draft in range(2):
        RuleSet.objects.create(name="Rules 2027", created_by=cast.admin)
    batch = load("territory_rules", "rule_set,territory,country\nRules 2027,Nord,Norway\n", is_partial=True)
    assert told(batch) == {"read": 1, "refused": 1}
    assert "Several drafts" in batch.rows.get().reason
    assert TerritoryRule.objects.count() == 0
