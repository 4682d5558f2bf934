"""The one-page plans of the demo company: this year's approved and lived up to, next year's on their way (ux.md).

Each is written from a file and goes its way by the same verbs as everybody's, on its day of the story.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from spm.dashboards.demo_planning import moment
from spm.dashboards.norvik import cast, figures, pages
from spm.dashboards.norvik import page_words as words
from spm.dashboards.norvik.noise import draw, pick
from spm.dashboards.norvik.sheets import Sheet
from spm.org import clock
from spm.org.models import FiscalYear, Period, User
from spm.talk import threads
from spm.talk.models import Notification
from territories import plan_flow, plan_tracking, plan_writing, plans
from territories.anchors import LINE, PLAN
from territories.choices import LineStatus, PlanStart, Section, SectionReview
from territories.field_writing import Change
from territories.models import PlanTemplate, TerritoryPlan, TerritoryPlanLine

THIS, NEXT = str(figures.THIS_YEAR), str(figures.NEXT_YEAR)
UNTOUCHED = "S3"  # approved in February, and never looked at again
HIRED = figures.HIRED_IN_APRIL
BEGUN = (pages.APPROVED, *pages.SUBMITTED, pages.RETURNED, *pages.DRAFTS)
FROM_LAST_YEAR = ("N1", "N2", "N4", "S1")


def files() -> list[Sheet]:
    """This year's plans, the one of who was hired in April, and what is written of next year's."""
    early = [code for code in cast.SELLERS if code != HIRED]
    return [
        _sheet("plans-this-year", figures.THIS_YEAR, early),
        _sheet("plan-hired-in-april", figures.THIS_YEAR, [HIRED]),
        _sheet("plans-next-year", figures.NEXT_YEAR, list(BEGUN)),
    ]


def _sheet(name: str, year: int, codes: list[str]) -> Sheet:
    headers = tuple(pages.HEADERS.split())
    return Sheet("plan_lines", f"norvik-{name}.csv", headers, tuple(pages.plan_rows(year, codes)))


# This year


def open_this_year() -> None:
    """The form of this year, due in December, handed to everybody who was there."""
    _open(THIS, date(2025, 12, 12), date(2025, 11, 17))


def approve_this_year() -> None:
    """Everybody's, one after the other, by the manager of each; one of them as late as February."""
    for number, code in enumerate(code for code in cast.SELLERS if code != HIRED):
        signed = date(2026, 2, 6) if code == UNTOUCHED else date(2025, 12, 8) + timedelta(days=number % 4)
        _approve(_plan(THIS, code), signed, signed + timedelta(days=6))


def approve_the_hired() -> None:
    """Who came in April wrote in the first weeks."""
    _approve(_plan(THIS, HIRED), date(2026, 4, 22), date(2026, 4, 27))


def live_up_to() -> None:
    """What happened since: lines ticked in thirteen plans, reviews where managers hold them, one change approved."""
    for code in cast.SELLERS:
        if code != UNTOUCHED:
            _tick(code)
    for code in cast.SELLERS:
        if code[0] != "S":  # the manager of South holds none
            _review(code)
    _change(_plan(THIS, figures.GIVEN_A_TERRITORY))


def _approve(plan: TerritoryPlan, submitted: date, decided: date) -> TerritoryPlan:
    code = _code(plan)
    with clock.at(moment(submitted)):
        _write_goals(plan, code)
        plan_flow.submit(plan, plan.person)
    with clock.at(moment(decided)):
        return plan_flow.approve(plan, _manager(code))


def _write_goals(plan: TerritoryPlan, code: str) -> None:
    """The person's own goals and the retention base, as they would type them."""
    year = int(plan.fiscal_year.label)
    rep, quota = figures.BY_CODE[code], pages.quota_of(year, code)
    revenue = quota * rep.revenue // rep.bookings * 1000
    goals = {"revenue_goal": str(revenue), "margin_goal": str(Decimal(rep.margin * 100 // rep.revenue))}
    typed = [_change_of("plan", name, text, plan.version) for name, text in goals.items() if quota]
    typed.append(_change_of("plan", "new_business_goal", "18", plan.version))
    base = plan.sections.get(section=Section.RETENTION)
    typed.append(_change_of("base", "base", str(pages.base_of(year, code)), base.version))
    plan_writing.save(plan, typed, plan.person)


def _change_of(row: str, name: str, text: str, seen: int) -> Change:
    return Change(row, name, text, seen, "")


def _tick(code: str) -> None:
    """Lines done early in the year, others under way of late; of a few plans some lines were left alone for long."""
    plan = _plan(THIS, code)
    first = max(date(2026, 2, 16), plan.decided_at.date() + timedelta(days=10)) if plan.decided_at else figures.TODAY
    for line in _lines(plan):
        chance = draw("tick", code, line.section, line.position) % 10
        if chance < 4:
            day = first + timedelta(days=draw("done", code, line.pk % 97) % 120)
            _track(line, LineStatus.DONE, pick(words.DONE, code, line.section, line.position), min(day, figures.TODAY))
        elif chance < 8:
            day = figures.TODAY - timedelta(days=3 + draw("late", code, line.position) % 40)
            _track(line, LineStatus.UNDER_WAY, pick(words.UNDER_WAY, code, line.section, line.position), day)
    if code == figures.LOST_AN_ACCOUNT:
        lost = TerritoryPlanLine.objects.get(plan=plan, section=Section.ACCOUNTS, account__external_id=f"{code}-01")
        _track(lost, LineStatus.DROPPED, words.DROPPED, date(2026, 6, 24))


def _track(line: TerritoryPlanLine, status: LineStatus, evidence: Any, day: date) -> None:
    with clock.at(moment(day, 17)):
        plan_tracking.track(line, status, str(evidence), line.plan.person)


def _review(code: str) -> None:
    plan = _plan(THIS, code)
    for number, held in ((1, date(2026, 4, 9)), (2, date(2026, 7, 8))):
        quarter = Period.objects.get(fiscal_year__label=THIS, level="quarter", number=number)
        with clock.at(moment(held, 14)):
            plan_tracking.note_review(plan, quarter.pk, str(pick(words.REVIEWS, code, number)), _manager(code))


def _change(plan: TerritoryPlan) -> None:
    """Given a territory on 1 July, its new owner proposes another goal, and the manager signs it."""
    with clock.at(moment(date(2026, 7, 3))):
        plan = plan_flow.propose_change(plan, plan.person)
    line = TerritoryPlanLine.objects.get(plan=plan, section=Section.GOALS, position=3)
    with clock.at(moment(date(2026, 7, 6))):
        typed = Change(str(line.pk), "text", str(words.NEW_GOAL), line.version, line.text)
        plan_writing.save(plan, [typed], plan.person)
        plan_flow.submit(plan, plan.person)
    with clock.at(moment(date(2026, 7, 9))):
        plan_flow.approve(plan, _manager(figures.GIVEN_A_TERRITORY))


# Next year


def open_next_year() -> None:
    """Opened for everybody on 1 September; those who began by the clock's day, four from their page of this year."""
    _open(NEXT, date(2026, 10, 2), date(2026, 9, 1))
    for number, code in enumerate(BEGUN):
        start = PlanStart.LAST_YEAR if code in FROM_LAST_YEAR else PlanStart.BLANK
        plan = _plan(NEXT, code)
        with clock.at(moment(date(2026, 9, 4 + number % 3))):
            plans.begin(plan, start, plan.person)
        if code in pages.DRAFTS:
            _leave_unwritten(plan, pages.DRAFTS[code])


def _leave_unwritten(plan: TerritoryPlan, sections: int) -> None:
    """A draft keeps the sections that its author has come to; what the copy brought beyond is taken out again."""
    later = list(Section)[sections:]
    for line in TerritoryPlanLine.objects.filter(plan=plan, section__in=later).order_by("section", "-position"):
        with clock.at(moment(date(2026, 9, 7))):
            plan_writing.remove_line(line, plan.person)


def decide_next_year() -> None:
    """One approved, two submitted, one returned with comments; the drafts and the six who have not begun wait."""
    for code in pages.DRAFTS:
        plan = _plan(NEXT, code)
        with clock.at(moment(date(2026, 9, 15), 16)):
            _write_goals(plan, code)
    _approve(_plan(NEXT, pages.APPROVED), date(2026, 9, 10), date(2026, 9, 15))
    for code, day in zip(pages.SUBMITTED, (date(2026, 9, 16), date(2026, 9, 17)), strict=True):
        plan = _plan(NEXT, code)
        with clock.at(moment(day)):
            _write_goals(plan, code)
            plan_flow.submit(plan, plan.person)
    _return(_plan(NEXT, pages.RETURNED))
    old = Notification.objects.filter(kind__startswith="territory_plan", created_at__lt=moment(date(2026, 9, 12)))
    old.update(read_at=moment(date(2026, 9, 14)))


def _return(plan: TerritoryPlan) -> None:
    manager = _manager(pages.RETURNED)
    with clock.at(moment(date(2026, 9, 11))):
        _write_goals(plan, pages.RETURNED)
        plan_flow.submit(plan, plan.person)
    account = TerritoryPlanLine.objects.get(plan=plan, section=Section.ACCOUNTS, position=5)
    with clock.at(moment(date(2026, 9, 16))):
        for section in (Section.GOALS, Section.RETENTION):
            plan_flow.review_section(plan, section, SectionReview.APPROVED, manager)
        for section in (Section.ACCOUNTS, Section.SUPPORT):
            plan_flow.review_section(plan, section, SectionReview.COMMENTED, manager)
        threads.say(threads.thread_of(LINE, account.pk), by=manager, text=str(words.COMMENT_ACCOUNT))
        support = threads.thread_of(PLAN, plan.pk, Section.SUPPORT)
        threads.say(support, by=manager, text=str(words.COMMENT_SUPPORT))
        plan_flow.return_(plan, manager, str(words.RETURNED))
    with clock.at(moment(date(2026, 9, 17))):
        threads.say(threads.thread_of(LINE, account.pk), by=plan.person, text=str(words.REPLY_ACCOUNT))


# Parts


def _open(label: str, due: date, day: date) -> None:
    year = FiscalYear.objects.get(label=label)
    with clock.at(moment(day)):
        template = plans.template_of(year)
        PlanTemplate.objects.filter(pk=template.pk).update(due_on=due)
        plans.roll_out(year, User.objects.get(email=cast.ADMIN.email))


def _plan(label: str, code: str) -> TerritoryPlan:
    rows: Any = TerritoryPlan.objects.select_related("fiscal_year", "person")
    found: TerritoryPlan = rows.get(fiscal_year__label=label, person__email=cast.SELLERS[code].email)
    return found


def _lines(plan: TerritoryPlan) -> Iterable[TerritoryPlanLine]:
    rows: Iterable[TerritoryPlanLine] = TerritoryPlanLine.objects.filter(plan=plan).select_related("plan__person")
    return rows


def _code(plan: TerritoryPlan) -> str:
    return next(code for code, person in cast.SELLERS.items() if person.email == plan.person.email)


def _manager(code: str) -> User:
    """Who leads the team of a seller today."""
    team = figures.CHANNEL if code[0] == "C" else figures.NORTH if code[0] == "N" else figures.SOUTH
    found: User = User.objects.get(email=cast.MANAGERS[team].email)
    return found
