"""Packages through their life: drafted, proposed, applied on the day, held over, taken back, reversed."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.urls import reverse

from spm.errors import RuleViolation
from spm.jobs import runner
from spm.jobs.models import Job
from spm.market.models import AccountPlacement, Assignment
from spm.org.choices import AuditKind
from spm.org.models import AuditEntry, Period
from spm.org.verification import run_all
from spm.talk.models import Notification
from spm.talk.notices import sentence
from targets import revisions, rollup
from targets.models import Attainment, CompanyPlan, Credit, PeriodTotal
from targets.plans import set_target
from territories import move_figures, moves
from territories.models import MovedAccount, MovePackage
from tests.builders import make_account, make_actual, make_territory
from tests.territories.move_help import OCTOBER, deal, draft, on, placed, quotas, settle, values

pytestmark = pytest.mark.django_db


@pytest.fixture
def land(cast):
    return settle(cast)


def breaches():
    return [finding for finding in run_all(("INV-80", "INV-81")) if finding.breaches]


# Figures


def test_both_sides_before_and_after_worked_out_by_hand(land):
    deal(land.alpha, amount=70)
    deal(land.alpha, amount=30, closed="2026-09-30")  # closed before the effective day
    deal(land.beta, amount=45)
    deal(land.delta, amount=11, opened="2026-10-01")  # opened on it
    figures = move_figures.read(draft(land), [land.alpha.pk], with_targets=False).figures
    west, east = figures.sides
    assert (west.name, west.holder, east.name, east.holder) == ("West", "Rep One", "East", "Rep Two")
    assert (west.accounts, east.accounts) == ((3, 2), (1, 2))
    assert (west.potential, east.potential) == ((1300, 400), (250, 1150))
    assert (west.pipeline, east.pipeline) == ((115, 45), (0, 70))
    assert (west.last_year, east.last_year) == ((2000, 1400), (0, 600))
    assert all(pair.before == pair.after for pair in figures.totals.values())


def test_quota_moves_by_the_share_of_last_years_sales_from_the_day_on(land):
    """Alpha is 3/10 of Rep One's bookings: 300 of each of the last three months of 1,000."""
    figures = move_figures.read(draft(land), [land.alpha.pk], with_targets=False).figures
    rows = {row.name: row.amounts for row in figures.numbers if row.measure == "bookings"}
    assert rows == {"Rep One": (12_000, 11_100), "Rep Two": (6_000, 6_900)}
    assert all(row.amounts.moved == 0 for row in figures.sums)
    assert figures.since == OCTOBER


def test_in_the_middle_of_a_month_its_days_count(land):
    """On 16 October 16 of 31 days are left: 1000 × 3/10 × 16/31 = 154.84 in October, 300 in November and December."""
    package = draft(land, effective_on=date(2026, 10, 16))
    numbers = move_figures.read(package, [land.alpha.pk], with_targets=False).numbers
    after = {goal.period.label: goal.amount for _model, goal in numbers.goals if goal.holder.key == land.rep.pk}
    assert after == {"2026-10": Decimal("845.16"), "2026-11": 700, "2026-12": 700}


def test_a_person_with_two_territories_gives_the_share_of_both(land):
    """Rep One holds North too, where Omega sold as much as all of West: Alpha is 3/20 of the quota."""
    north = make_territory("Far North", owner=land.rep)
    omega = make_account("Omega")
    AccountPlacement.objects.create(account=omega, territory=north)
    make_actual(land.rep, "2025-07-01", 1000, kind="booking", account=omega)
    figures = move_figures.read(draft(land), [land.alpha.pk], with_targets=False).figures
    rows = {row.name: row.amounts.moved for row in figures.numbers if row.measure == "bookings"}
    assert rows == {"Rep One": -450, "Rep Two": 450}


def test_between_two_territories_of_one_person_no_quota_moves(land):
    Assignment.objects.filter(territory=land.east).update(person=land.rep)
    reading = move_figures.read(draft(land), [land.alpha.pk], with_targets=False)
    assert (list(reading.numbers.goals), list(reading.figures.numbers)) == ([], [])


def test_unplaced_accounts_are_a_side_of_their_own_without_a_quota(land):
    lost = make_account("Lost", potential=80)
    package = draft(land, lost, by=land.admin)
    figures = move_figures.read(package, [lost.pk], with_targets=True).figures
    assert [(side.name, side.potential) for side in figures.sides] == [("", (80, 0)), ("East", (250, 330))]
    assert list(figures.numbers) == []


def test_what_is_kept_reads_as_it_was(land):
    figures = move_figures.read(draft(land), [land.alpha.pk], with_targets=False).figures
    again = move_figures.of_kept(figures.kept())
    assert (again.sides, again.numbers, again.since) == (figures.sides, figures.numbers, figures.since)


def test_targets_of_territories_move_where_an_admin_acts(land):
    told = {"measure": "bookings", "amount": Decimal(200), "by": land.admin}
    for month in (10, 11, 12):
        leaf = Period.objects.get(label=f"2026-{month}")
        set_target(CompanyPlan.objects.get(kind="working"), holder=land.west, period=leaf, **told)
    figures = move_figures.read(draft(land), [land.alpha.pk], with_targets=True).figures
    rows = {(row.name, row.amounts) for row in figures.numbers if row.kind == "target"}
    assert rows == {("West", (600, 420)), ("East", (0, 180))}


# Draft → proposed → applied


def test_a_proposal_is_applied_by_itself_on_its_day(land):
    package = draft(land)
    moves.propose(package, land.north_manager, seen=package.version)
    assert moves.apply_due() == (0, 0)
    on(OCTOBER)
    assert moves.apply_due() == (1, 0)
    assert placed() == [("Alpha", "East", OCTOBER)]
    package.refresh_from_db()
    assert (package.state, package.activated_by) == ("active", land.north_manager)
    assert moves.apply_due() == (0, 0)
    assert [event.step for event in package.events.all()] == ["drafted", "proposed", "applied"]
    assert breaches() == []


def test_before_its_day_nothing_is_applied(land):
    with pytest.raises(RuleViolation, match="Propose it"):
        moves.apply(draft(land), land.north_manager)
    assert placed() == []


def test_an_open_year_gets_the_numbers_at_once_in_one_batch(land):
    on(OCTOBER)
    package = moves.apply(draft(land), land.north_manager)
    assert quotas(land.rep) == {f"{month:02}": 1000 if month < 10 else 700 for month in range(1, 13)}
    assert quotas(land.teammate) == {f"{month:02}": 500 if month < 10 else 800 for month in range(1, 13)}
    assert package.batch is not None
    assert package.revision is None
    assert sum(quotas(land.rep).values()) + sum(quotas(land.teammate).values()) == 18_000


def test_a_locked_year_gets_a_revision_that_somebody_else_approves(land):
    CompanyPlan.objects.update(locked_at="2026-01-01T00:00:00Z")
    on(OCTOBER)
    package = moves.apply(draft(land), land.north_manager)
    assert quotas(land.rep)["10"] == 1000  # a locked year never changes silently
    assert (package.revision.state, package.revision.cause) == ("submitted", "territory")
    revisions.approve(package.revision, by=land.admin)
    assert (quotas(land.rep)["09"], quotas(land.rep)["10"], quotas(land.teammate)["12"]) == (1000, 700, 800)


def test_months_of_a_locked_year_that_are_over_keep_their_numbers(land):
    CompanyPlan.objects.update(locked_at="2026-01-01T00:00:00Z")
    package = draft(land, effective_on=date(2026, 7, 1))
    numbers = move_figures.read(package, [land.alpha.pk], with_targets=False).numbers
    assert {goal.period.label for _model, goal in numbers.goals} == {"2026-09", "2026-10", "2026-11", "2026-12"}
    assert numbers.is_late
    moves.apply(package, land.north_manager)
    assert MovedAccount.objects.get().moves_on == date(2026, 7, 1)


def test_without_its_quota_a_package_touches_no_number(land):
    on(OCTOBER)
    package = moves.apply(draft(land, moves_quota=False), land.north_manager)
    assert (package.batch, package.revision, quotas(land.rep)["10"]) == (None, None, 1000)


def test_credits_follow_from_the_day_on_and_history_stays(land):
    make_actual(land.rep, "2026-08-31", 70, kind="booking", account=land.alpha)
    make_actual(land.rep, "2026-09-15", 11, kind="booking", account=land.alpha)
    make_actual(land.rep, "2026-09-16", 30, kind="booking", account=land.alpha)
    rollup.roll_up_stale()
    old = list(Credit.objects.filter(date__lt="2026-09-16").order_by("pk").values())
    before = list(Attainment.objects.filter(period__ends_on__lt="2026-09-01").order_by("pk").values("pk", "actual"))
    moves.apply(draft(land, effective_on=date(2026, 9, 16)), land.north_manager)
    rollup.roll_up_stale()
    rows = PeriodTotal.objects.filter(measure="bookings", period__fiscal_year=land.year)
    assert {
        (row.territory.name, row.period.label): row.amount for row in rows.select_related("territory", "period")
    } == {
        ("West", "2026-08"): 70,
        ("West", "2026-09"): 11,
        ("East", "2026-09"): 30,
    }
    assert list(Credit.objects.filter(date__lt="2026-09-16").order_by("pk").values()) == old
    after = list(Attainment.objects.filter(period__ends_on__lt="2026-09-01").order_by("pk").values("pk", "actual"))
    assert after == before
    assert [finding for finding in run_all() if finding.breaches] == []


def test_both_reps_and_their_manager_hear_of_it_by_notification_and_letter(land):
    package = draft(land)
    moves.propose(package, land.north_manager)
    told = Notification.objects.filter(kind="accounts_moved")
    assert set(told.values_list("person__name", flat=True)) == {"Rep One", "Rep Two"}  # who did it knows
    for job in Job.objects.filter(kind="notify"):
        runner.run(job.pk)
    assert sorted(address for message in mail.outbox for address in message.to) == [
        "rep.one@example.com",
        "rep.two@example.com",
    ]
    on(OCTOBER)
    moves.apply_due()
    applied = told.filter(parameters__what="applied").values_list("person__name", flat=True)
    assert set(applied) == {"Rep One", "Rep Two", "North Manager"}


def test_every_step_stands_in_the_audit_log(land):
    package = draft(land)
    moves.propose(package, land.north_manager)
    moves.withdraw(package, land.north_manager)
    moves.discard(package, land.north_manager)
    rows = AuditEntry.objects.filter(kind=AuditKind.MOVE).order_by("pk")
    assert [row.detail["state"] for row in rows] == ["proposed", "draft", "discard"]


def test_a_proposal_that_was_taken_back_is_a_draft_again_and_can_be_changed(land):
    package = draft(land)
    moves.propose(package, land.north_manager)
    with pytest.raises(RuleViolation, match="proposed already"):
        moves.save(package, values(land), [land.beta.pk], land.north_manager)
    moves.withdraw(package, land.north_manager)
    moves.save(package, values(land), [land.beta.pk], land.north_manager)
    assert list(package.accounts.values_list("account__name", flat=True)) == ["Beta"]


# Hold-over


def test_move_all_takes_an_account_with_an_open_deal_along_on_the_day(land):
    deal(land.alpha)
    on(OCTOBER)
    old = list(AccountPlacement.objects.filter(account=land.alpha).values())
    moves.apply(draft(land, land.alpha, land.beta, hold_over="all"), land.north_manager)
    assert placed() == [("Alpha", "East", OCTOBER), ("Beta", "East", OCTOBER)]
    assert list(AccountPlacement.objects.filter(account=land.alpha, starts_on__lt=OCTOBER).values()) == old
    make_actual(land.teammate, OCTOBER, 50, kind="booking", account=land.alpha)
    assert Credit.objects.get(date=OCTOBER).territory == land.east


@pytest.mark.parametrize(
    "policy", [{"hold_over": "all"}, {"hold_over": "days", "hold_days": 30}, {"hold_over": "close"}]
)
def test_whatever_is_held_over_the_quota_moves_from_the_day_on_and_both_reps_hear(land, policy):
    deal(land.alpha)
    on(OCTOBER)
    moves.apply(draft(land, **policy), land.north_manager)
    assert (quotas(land.rep)["09"], quotas(land.rep)["10"], quotas(land.teammate)["10"]) == (1000, 700, 800)
    told = Notification.objects.filter(kind="accounts_moved", parameters__what="applied")
    assert set(told.values_list("person__name", flat=True)) == {"Rep One", "Rep Two"}
    says = "stay longer; their share of the quota moves on 1 Oct 2026 all the same." in sentence(told[0], "en")
    assert says is (policy["hold_over"] != "all")


def test_a_letter_says_nothing_of_held_accounts_where_none_is_or_no_quota_moves(land):
    deal(land.alpha)
    moves.propose(draft(land, land.beta, hold_over="close"), land.north_manager)
    moves.propose(draft(land, land.alpha, hold_over="close", moves_quota=False), land.north_manager)
    assert [row.parameters["held"] for row in Notification.objects.filter(kind="accounts_moved")] == [False] * 4
    moves.withdraw(MovePackage.objects.get(moves_quota=False), land.north_manager)
    moves.propose(draft(land, land.alpha, hold_over="days", hold_days=9), land.north_manager)
    held = Notification.objects.filter(kind="accounts_moved", parameters__held=True)
    assert "stay longer" in sentence(held[0], "en")
    assert "restent plus longtemps" in sentence(held[0], "fr")


def test_kept_for_some_days_an_account_with_an_open_deal_moves_later(land):
    deal(land.alpha)
    on(OCTOBER)
    moves.apply(draft(land, land.alpha, land.beta, hold_over="days", hold_days=30), land.north_manager)
    assert placed() == [("Beta", "East", OCTOBER), ("Alpha", "East", date(2026, 10, 31))]


def test_credit_of_a_held_account_is_the_old_territorys_up_to_the_last_day(land):
    deal(land.alpha)
    on(date(2026, 10, 20))
    moves.apply(draft(land, hold_over="days", hold_days=10), land.north_manager)
    for day, amount in (("2026-10-01", 1), ("2026-10-10", 20), ("2026-10-11", 300)):
        make_actual(land.rep, day, amount, kind="booking", account=land.alpha)
    rollup.roll_up_stale()
    rows = PeriodTotal.objects.filter(measure="bookings", period__label="2026-10")
    assert dict(rows.values_list("territory__name", "amount")) == {"West": 21, "East": 300}


def test_kept_until_close_an_account_waits_and_moves_on_the_day_after(land):
    sold = deal(land.alpha)
    on(OCTOBER)
    package = moves.apply(draft(land, hold_over="close"), land.north_manager)
    assert placed() == []
    assert MovedAccount.objects.get().moves_on is None
    assert moves.apply_due() == (0, 0)
    sold.outcome, sold.closed_on = "won", date(2026, 11, 3)
    sold.save()
    on(date(2026, 11, 20))
    assert moves.apply_due() == (0, 1)
    assert placed() == [("Alpha", "East", date(2026, 11, 4))]
    assert [event.step for event in package.events.all()][-1] == "released"
    assert moves.apply_due() == (0, 0)
    assert breaches() == []


def test_what_closed_in_a_period_that_is_closed_by_now_moves_after_it(land):
    sold = deal(land.alpha)
    on(OCTOBER)
    moves.apply(draft(land, hold_over="close"), land.north_manager)
    sold.outcome, sold.closed_on = "won", date(2026, 10, 15)
    sold.save()
    Period.objects.filter(level="month", ends_on__lte="2026-10-31").update(state="closed")
    on(date(2026, 11, 20))
    moves.apply_due()
    assert placed() == [("Alpha", "East", date(2026, 11, 1))]


def test_a_held_account_that_was_placed_elsewhere_stays_there(land):
    sold = deal(land.alpha)
    on(OCTOBER)
    moves.apply(draft(land, hold_over="close"), land.north_manager)
    third = make_territory("Third", owner=land.rep)
    AccountPlacement.objects.create(account=land.alpha, territory=third, starts_on=date(2026, 10, 20))
    sold.outcome, sold.closed_on = "won", date(2026, 11, 3)
    sold.save()
    on(date(2026, 11, 20))
    assert moves.apply_due() == (0, 0)
    assert placed() == [("Alpha", "Third", date(2026, 10, 20))]
    row = MovedAccount.objects.get()
    assert (row.overtaken, row.moves_on) == (True, None)


# The way back


def test_an_applied_package_is_reversed_by_a_new_one(land):
    on(OCTOBER)
    package = moves.apply(draft(land), land.north_manager)
    with pytest.raises(RuleViolation, match="applied already"):
        moves.withdraw(package, land.north_manager)
    on(OCTOBER + timedelta(days=30))
    (back,), left = moves.reverse(package, land.north_manager)
    assert left == 0
    assert (back.to_territory, back.reverses, back.state) == (land.west, package, "draft")
    moves.apply(back, land.north_manager)
    assert placed() == [("Alpha", "East", OCTOBER), ("Alpha", "West", OCTOBER + timedelta(days=30))]
    assert breaches() == []


def test_what_moved_today_is_brought_back_tomorrow(land):
    on(OCTOBER)
    package = moves.apply(draft(land), land.north_manager)
    (back,), left = moves.reverse(package, land.north_manager)
    assert left == 0
    moves.propose(back, land.north_manager)
    assert (back.effective_on, moves.apply_due()) == (OCTOBER + timedelta(days=1), (0, 0))
    on(OCTOBER + timedelta(days=1))
    assert moves.apply_due() == (1, 0)
    assert placed()[-1] == ("Alpha", "West", OCTOBER + timedelta(days=1))


def test_what_came_from_no_territory_has_no_way_back(land):
    on(OCTOBER)
    package = moves.apply(draft(land, make_account("Lost"), by=land.admin), land.admin)
    with pytest.raises(RuleViolation, match="Nothing to bring back"):
        moves.reverse(package, land.admin)


def test_what_was_placed_elsewhere_since_is_left_out_of_the_way_back(land, client):
    """Beta went on to a third territory, Gamma is promised there: Alpha alone comes back."""
    on(OCTOBER)
    package = moves.apply(draft(land, land.alpha, land.beta, land.gamma), land.north_manager)
    third = make_territory("Third", owner=land.teammate)
    AccountPlacement.objects.create(account=land.beta, territory=third, starts_on=date(2026, 10, 5))
    on(date(2026, 10, 20))
    later = draft(land, land.gamma, to_territory=third, effective_on=date(2026, 11, 1))
    moves.propose(later, land.north_manager)
    client.force_login(land.north_manager)
    response = client.post(reverse("territories:move-reverse", args=[package.pk]), follow=True)
    assert "2 accounts were left out" in response.content.decode()
    back = package.reversed_by.get()
    assert list(back.accounts.values_list("account__name", flat=True)) == ["Alpha"]
    assert package.events.get(step="reversed").count == 1
    moves.discard(back, land.north_manager)
    AccountPlacement.objects.create(account=land.alpha, territory=third, starts_on=date(2026, 10, 15))
    with pytest.raises(RuleViolation, match="placed elsewhere since"):
        moves.reverse(package, land.north_manager)
    assert package.events.filter(step="reversed").count() == 1
