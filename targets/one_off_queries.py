"""What of last year counts when quotas are allocated: the deals of a person or a team, the largest first."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Max, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from spm.money import ZERO
from spm.org import clock
from spm.org.models import FiscalYear, User
from spm.org.scopes import history_of, scope_of
from spm.ui.fields import MoneyField
from spm.ui.numbers import money_compact, percent
from targets import access, curves, last_year, one_offs
from targets.allocation_facts import read_calendar, sellers_of
from targets.cautions import HUNDRED
from targets.choices import Measure
from targets.goals import Holder
from targets.last_year import LastYear
from targets.models import Actual, Credit, OneOffDeal, PlanningCycle
from targets.plans import shown_plan

PER_PAGE = 25
NEWEST = 50  # changes that the page tells


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why a deal is not in last year adjusted, who said so, and when."""

    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Deal:
    """One line of last year. ``counts``: what of it is credited to the holder; ``share``: of the holder's year so far.

    ``adjusted``: what last year adjusted would be with the opposite decision about this deal.
    """

    actual: int
    date: date
    external_id: str
    account: str
    people: tuple[str, ...]
    counts: Decimal
    share: Decimal | None
    is_large: bool
    left_out: LeftOut | None
    adjusted: Decimal | None
    can_decide: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the history. ``what``: in words; ``reason``: as it was given."""

    at: datetime
    by: str
    what: str
    deal: str
    reason: str


@dataclass(frozen=True, slots=True)
class DealsPage:
    """``last``: the same numbers as in the grid; None: nobody sold anything, or not all of them are seen.

    ``gone``: what is left out, to date; ``not_listed``: what people sold whom the viewer does not see one by one.
    """

    year: str
    before: str
    measure: Measure
    currency: str
    holder: Holder
    name: str
    last: LastYear | None
    elapsed: Decimal
    gone: Decimal
    not_listed: Decimal
    limit: Decimal
    count: int
    left_out_count: int
    shows_left_out: bool
    page: Page[Any]
    deals: tuple[Deal, ...]
    changes: tuple[Change, ...]
    is_open: bool
    lead: str

    @property
    def is_team(self) -> bool:
        return self.holder.column == "team_id"

    @property
    def decides(self) -> bool:
        """Whether the reader may decide on any deal of this page: what is then not theirs needs a word why."""
        return any(deal.can_decide for deal in self.deals)

    @property
    def has_decisions(self) -> bool:
        """Whether there is anything to say of a deal but that it counts."""
        return self.decides or any(deal.left_out for deal in self.deals)

    @property
    def is_scaled(self) -> bool:
        """Whether last year still runs, so that its numbers are scaled to a whole one."""
        return self.elapsed < 1


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    measure: Measure
    only_left_out: bool = False
    page: str = ""


class Deals:
    """The deals of one holder in the year before a cycle's, as a user sees them. A fixed number of queries."""

    def __init__(self, user: User, cycle: PlanningCycle, holder: Holder, asked: Asked) -> None:
        self.user, self.cycle, self.asked = user, cycle, asked
        our_company, self.plan = clock.company(), shown_plan(cycle.fiscal_year)
        self.currency = our_company.currency if our_company else ""
        self.calendar, now = read_calendar(cycle.fiscal_year), clock.today(our_company)
        self.elapsed = last_year.elapsed(self.calendar.before, self.calendar.weights, now)
        self.limit = cycle.deal_limit / HUNDRED
        self.people, told = self._people(holder, now)
        years = last_year.read(cycle, asked.measure, self.calendar.before, self.elapsed, told, deals_of=())
        self.last = last_year.together(years.values())
        of_cycle = OneOffDeal.objects.visible_to(user).filter(cycle=cycle)
        self.out = Q(actual__in=of_cycle.values("actual"))
        self.left_out = {row.actual_id: row for row in of_cycle.select_related("by")}

    def _people(self, holder: Holder, now: date) -> tuple[set[int], set[int]]:
        """Whose deals are the holder's; and those whose sum may be told: nobody where one is there who is not seen,
        for a sum would tell what the others leave of it. As in the grid, who left is in the sum alone.
        """
        if holder.column == "person_id":
            return {int(holder.key)}, {int(holder.key)}
        here, gone = sellers_of(int(holder.key), history_of(self.user), self.calendar, now)
        seen = scope_of(self.user).people
        return here | gone, here | gone if seen is None or here <= seen else set()

    def credits(self) -> QuerySet[Any]:
        """What is credited to the holder in the measure, as far as the user sees it."""
        leaves = self.calendar.before
        rows = Credit.objects.visible_to(self.user).filter(person__in=self.people)
        if not leaves:
            return rows.none()
        of_year = rows.filter(date__range=(leaves[0].starts_on, leaves[-1].ends_on))
        return curves.counted(self.asked.measure, of_year).order_by()

    def summed(self) -> QuerySet[Any, dict[str, Any]]:
        """Line and sum, the largest first; those left out alone where that is asked for."""
        rows = self.credits()
        rows = rows.filter(self.out) if self.asked.only_left_out else rows
        lines = rows.values("actual_id").annotate(sum=Sum("counts", output_field=MoneyField()))
        found: QuerySet[Any, dict[str, Any]] = lines.order_by("-sum", "actual_id")
        return found

    def told(self, lines: Iterable[Mapping[str, Any]]) -> tuple[Deal, ...]:
        """These lines in words, at most a thousand: four queries for any number of them."""
        sums = {line["actual_id"]: line["sum"] for line in lines}
        actuals = Actual.objects.visible_to(self.user).select_related("account").in_bulk(list(sums))
        credited = one_offs.credited_to(list(sums))
        names: dict[int, set[str]] = defaultdict(set)
        for line, name in self.credits().filter(actual__in=list(sums)).values_list("actual_id", "person__name"):
            names[line].add(name)
        is_open = access.is_open(self.plan)
        return tuple(
            self._deal(
                actuals[pk],
                amount,
                sorted(names[pk]),
                may=is_open and access.can_leave_out(self.user, credited.get(pk, set())),
            )
            for pk, amount in sums.items()
            if pk in actuals
        )

    def _deal(self, line: Actual, amount: Decimal, people: Sequence[str], *, may: bool) -> Deal:
        last, found = self.last, self.left_out.get(line.pk)
        share = amount / last.actual if last and last.actual > 0 else None
        moved = amount / self.elapsed if self.elapsed else ZERO
        return Deal(
            actual=line.pk,
            date=line.date,
            external_id=line.external_id,
            account=line.account.name if line.account else "",
            people=tuple(people),
            counts=amount,
            share=share,
            is_large=share is not None and share > self.limit,
            left_out=LeftOut(found.reason, found.by.name if found.by else "", found.at) if found else None,
            adjusted=(last.adjusted + (moved if found else -moved)) if last else None,
            can_decide=may,
        )

    def changes(self, newest: int | None = NEWEST) -> tuple[Change, ...]:
        """Who left what out and counted it again, newest first; ``newest``: how many at most."""
        rows: Any = OneOffDeal.history.filter(cycle=self.cycle, actual__in=self.credits().values("actual"))
        rows = rows.select_related("history_user", "actual__account").order_by("-history_date", "-history_id")
        said = {"+": pgettext("deal", "Left out"), "~": _("Reason changed"), "-": _("Counted again")}
        return tuple(
            Change(
                at=row.history_date,
                by=row.history_user.name if row.history_user else "",
                what=said[row.history_type],
                deal=" · ".join(filter(None, (row.actual.external_id, getattr(row.actual.account, "name", "")))),
                reason=row.history_change_reason or row.reason,
            )
            for row in rows[:newest]
        )


def deals_page(user: User, cycle: PlanningCycle, holder: Holder, asked: Asked, name: str) -> DealsPage:
    """The page of one person or team; ``name``: as the page calls it."""
    deals = Deals(user, cycle, holder, asked)
    sums = deals.credits().aggregate(
        count=Count("actual", distinct=True),
        left=Count("actual", distinct=True, filter=deals.out),
        sum=Sum("counts", output_field=MoneyField()),
        gone=Sum("counts", output_field=MoneyField(), filter=deals.out),
        largest=Max("counts", output_field=MoneyField()),
    )
    paginator = Paginator(deals.summed(), PER_PAGE)
    paginator.count = sums["left"] if asked.only_left_out else sums["count"]  # known already
    page = paginator.get_page(asked.page)
    gone = sums["gone"] or ZERO
    return DealsPage(
        year=cycle.fiscal_year.label,
        before=deals.calendar.before_label,
        measure=asked.measure,
        currency=deals.currency,
        holder=holder,
        name=name,
        last=deals.last,
        elapsed=deals.elapsed,
        gone=gone,
        not_listed=deals.last.actual - (sums["sum"] or ZERO) if deals.last else ZERO,
        limit=deals.limit,
        count=sums["count"],
        left_out_count=sums["left"],
        shows_left_out=asked.only_left_out,
        page=page,
        deals=deals.told(page.object_list),
        changes=deals.changes(),
        is_open=access.is_open(deals.plan),
        lead=_lead(deals, sums["largest"], sums["left"], gone),
    )


def _lead(deals: Deals, largest: Decimal | None, left_out: int, gone: Decimal) -> str:
    """How much of last year hangs on single deals, in one or two sentences."""
    year = deals.calendar.before_label
    if largest is None:
        return _("Nothing of %(year)s is credited here.") % {"year": year}
    said = []
    if deals.last and deals.last.actual > 0:
        share, limit = largest / deals.last.actual, deals.limit
        words = {"share": percent(share), "year": year, "limit": percent(limit)}
        if share > limit:
            said.append(_("The largest deal is %(share)s of %(year)s: above the limit of %(limit)s.") % words)
        else:
            said.append(_("The largest deal is %(share)s of %(year)s, within the limit of %(limit)s.") % words)
    if left_out:
        words = {"n": str(left_out), "sum": money_compact(gone, deals.currency)}
        told = ngettext("%(n)s deal of %(sum)s is left out.", "%(n)s deals of together %(sum)s are left out.", left_out)
        said.append(told % words)
    return " ".join(said)


def deals_address(user: User, person: int, day: date, measure: Measure) -> str:
    """Where somebody's deals of the year around ``day`` are left out; empty where no cycle plans the year after it, or
    the user may not read it.
    """
    after = FiscalYear.objects.visible_to(user).filter(starts_on__gt=day).order_by("starts_on").values("pk")[:1]
    rows = PlanningCycle.objects.visible_to(user).filter(fiscal_year__in=after)
    cycle = rows.select_related("fiscal_year").first()
    if cycle is None or not access.can_read_deals(user, person, cycle):
        return ""
    return f"{reverse('targets:person-deals', args=[cycle.fiscal_year.label, person])}?measure={measure}"
