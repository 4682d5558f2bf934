"""Reads for the list behind a number: the credits that count, and the lines that do not with the rule they fail."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet, Sum
from django.http import Http404, QueryDict
from django.utils.translation import gettext as _

from spm.dashboards import access
from spm.dashboards.board import Focus
from spm.dashboards.performance import focus_name, stretches
from spm.dashboards.periods import PAGE_ROWS, Leaf, View
from spm.dashboards.queries import Stamp, default_focus, steady, trees_of
from spm.dashboards.territories import own_in_territories, reads_own_alone
from spm.market.models import Territory
from spm.market.territories import Chains, with_below
from spm.money import ZERO, total
from spm.org.models import Company, Team, User
from spm.ui.fields import MoneyField
from targets import explain
from targets.choices import ActualKind, Rule
from targets.curves import Stretch
from targets.models import Actual, Attainment, Credit
from targets.one_off_queries import deals_address
from targets.unloaded import Unloaded, unloaded


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose number the list stands behind, and how its total is found among the roll-up's rows."""

    name: str
    holder: explain.Holder
    rows: dict[str, Any]  # lookup of its Attainment rows
    query: dict[str, int]  # what stays in the address
    is_whole: bool = False  # everybody: the company


@dataclass(frozen=True, slots=True)
class Counted:
    date: date
    external_id: str
    account: str
    person: str
    person_pk: int
    territory: str
    kind: str
    share: Decimal
    is_overlay: bool
    counts: Decimal
    line_amount: Decimal
    given: Decimal | None = None  # of a line in another currency: what its file said, and the rate it counts at
    currency: str = ""
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    date: date
    external_id: str
    account: str
    kind: str
    amount: Decimal
    currency: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class RuleChoice:
    """A filter of what does not count; ``rule`` empty = all of it."""

    rule: str
    label: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class ActualsPage:
    view: View
    company: Company
    stamp: Stamp
    subject: Subject
    shows_left_out: bool
    rule: Rule | None  # of what does not count, only what fails at it first
    total: Decimal  # as the roll-up has it
    listed: Decimal  # sum of all rows of the list, not of this page of it
    not_listed: Decimal  # credits of people the viewer does not see one by one, or newer than the roll-up
    count: int
    left_out_count: int
    page: Page[Any]
    counted: list[Counted]
    left_out: list[LeftOut]

    @property
    def address(self) -> str:
        """This list without the choice between its two halves."""
        return self.view.query(**self.subject.query)

    @property
    def export_address(self) -> str:
        """The half that is shown, for its files."""
        if not self.shows_left_out:
            return self.address
        return f"{self.address}&show=left-out" + (f"&rule={self.rule.value}" if self.rule else "")

    @property
    def rules(self) -> list[RuleChoice]:
        """Everything, then by the first rule that fails, in the order in which the rules are asked."""
        address = f"{self.address}&show=left-out"
        asked = [Rule(rule) for rule in Rule if self.subject.holder.territories or rule is not Rule.TERRITORY]
        first = RuleChoice("", _("All"), address, current=self.rule is None)
        return [
            first,
            *(RuleChoice(one.value, str(one.label), f"{address}&rule={one.value}", self.rule is one) for one in asked),
        ]


def subject_of(user: User, company: Company, view: View, params: QueryDict) -> Subject:
    """The holder an address names: person, territory or team; by default what the viewer leads, else himself.

    Raises Http404 for one that the viewer does not see.
    """
    for name, find in (("person", _person), ("territory", _territory), ("team", _team)):
        if text := params.get(name):
            return find(user, view, _key(text))
    focus = default_focus(user, view.today)
    if focus is None:
        return _person(user, view, user.pk)
    if focus.is_company:
        everybody = (Stretch(view.window.starts_on, view.window.ends_on, None),)
        return Subject(company.name, explain.Holder(everybody), {"company": company.pk}, {}, is_whole=True)
    return _teams(user, view, focus, focus_name(user, company, focus), {})


def _key(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Http404
    return int(text)


def _person(user: User, view: View, pk: int) -> Subject:
    person = User.objects.visible_to(user).filter(pk=pk).first()
    if person is None:
        raise Http404
    mine = (Stretch(view.window.starts_on, view.window.ends_on, frozenset({pk})),)
    return Subject(person.shown_name, explain.Holder(mine, person=pk), {"person": pk}, {"person": pk})


def _territory(user: User, view: View, pk: int) -> Subject:
    territory = Territory.objects.visible_to(user).filter(pk=pk).first()
    if territory is None:
        raise Http404
    return territory_subject(view, territory)


def territory_subject(view: View, territory: Territory, above: Chains | None = None) -> Subject:
    """A territory with all that stands below it, as the roll-up counts it; ``above`` as ``with_below`` takes it."""
    everybody = (Stretch(view.window.starts_on, view.window.ends_on, None),)
    holder = explain.Holder(everybody, territories=with_below(territory.pk, above))
    return Subject(territory.shown_name, holder, {"territory": territory.pk}, {"territory": territory.pk})


def _team(user: User, view: View, pk: int) -> Subject:
    team = Team.objects.visible_to(user, once_led=True).filter(pk=pk).first()
    if team is None or not access.can_open_team(user, pk):
        raise Http404
    return _teams(user, view, Focus((pk,), is_company=False), team.name, {"team": pk})


def _teams(user: User, view: View, focus: Focus, name: str, query: dict[str, int]) -> Subject:
    """What teams brought together, each leaf period by those who stood in them then."""
    leaves = [leaf for leaf in view.window.leaves if any(_shows(user, team, leaf) for team in focus.teams)]
    spans = stretches(focus, leaves, trees_of(user, leaves))
    nobody = Stretch(view.window.starts_on, view.window.ends_on, frozenset())
    return Subject(name, explain.Holder(tuple(spans) or (nobody,)), {"team__in": focus.teams}, query)


def _shows(user: User, team: int, leaf: Leaf) -> bool:
    """Whether the team's total of a leaf period is the user's to see: of a team once led, the periods led alone."""
    spans = access.once_led(user, team)
    return not spans or any(span.starts_on <= leaf.ends_on < (span.until or date.max) for span in spans)


def credits_of(user: User, view: View, subject: Subject) -> QuerySet[Credit]:
    """The credits the viewer sees of a number, newest first."""
    rows = explain.counting(subject.holder, view.measure, Credit.objects.visible_to(user))
    return rows.select_related("actual__account", "person", "territory").order_by("-date", "pk")


CHUNK = 2_000  # lines held in memory at once, whatever a file takes


@dataclass(frozen=True, slots=True)
class LeftOutLines:
    """What does not count, to be cut into pages: rows that wait or were refused first, then lines, the newest first."""

    waiting: Sequence[Unloaded]
    lines: QuerySet[Actual]

    def count(self) -> int:
        return len(self.waiting) + self.lines.count()

    def __len__(self) -> int:
        return self.count()

    def __iter__(self) -> Iterator[Unloaded | Actual]:
        yield from self.waiting
        yield from self.lines.iterator(chunk_size=CHUNK)

    def __getitem__(self, part: slice) -> list[Unloaded | Actual]:
        start, stop, first = part.start or 0, part.stop, len(self.waiting)
        return [*self.waiting[part], *self.lines[max(start - first, 0) : max(stop - first, 0)]]


def rule_of(params: QueryDict) -> Rule | None:
    """The rule that an address names; what is none of them filters nothing."""
    asked = params.get("rule", "")
    return Rule(asked) if asked in Rule.values else None


def left_out_of(user: User, view: View, subject: Subject, rule: Rule | None = None) -> LeftOutLines:
    """Lines of the fiscal years touched that do not count for the number, and rows of files that are no lines yet.

    ``rule``: those that fail at it first alone.
    """
    leaves = [leaf for quarter in view.window.quarters for leaf in quarter.leaves]
    around, holder = (leaves[0].starts_on, leaves[-1].ends_on), subject.holder
    rows = explain.left_out(holder, view.measure, Actual.objects.visible_to(user), around)
    waiting = unloaded(user, leaves, holder.everybody, holder.territories)
    found = LeftOutLines(waiting, rows.order_by("-date", "pk"))
    return found if rule is None else _failing(found, rule, view, subject)


def _failing(found: LeftOutLines, rule: Rule, view: View, subject: Subject) -> LeftOutLines:
    """Those of ``found`` that fail at ``rule`` first."""
    holder = subject.holder
    waiting = [
        row
        for row in found.waiting
        if explain.first_failing(explain.Question(row, [], holder, view.measure)).rule is rule
    ]
    return LeftOutLines(waiting, explain.failing(rule, holder, view.measure, found.lines))


def actuals_page(  # noqa: PLR0913  # whose page, of what, which half of it
    user: User, company: Company, view: View, subject: Subject, *, left_out: bool, rule: Rule | None = None
) -> ActualsPage:
    """The list and the number it stands behind, both of one roll-up."""
    return steady(user, lambda stamp: _read(user, company, view, subject, stamp, left_out=left_out, rule=rule))


def _read(  # noqa: PLR0913  # whose page, of what, at which state
    user: User,
    company: Company,
    view: View,
    subject: Subject,
    stamp: Stamp,
    *,
    left_out: bool,
    rule: Rule | None,
) -> ActualsPage:
    seen = territory_names(user) if left_out else {}
    credits, lines = credits_of(user, view, subject), left_out_of(user, view, subject)
    summed = credits.aggregate(sum=Sum("counts", output_field=MoneyField()))["sum"] or ZERO
    whole = total_of(user, view, subject)
    rows: Any = credits
    if left_out:
        rows = _failing(lines, rule, view, subject) if rule else lines
    page = Paginator(rows, PAGE_ROWS).get_page(view.page)
    return ActualsPage(
        view=view,
        company=company,
        stamp=stamp,
        subject=subject,
        shows_left_out=left_out,
        rule=rule if left_out else None,
        total=whole,
        listed=summed,
        not_listed=whole - summed,
        count=page.paginator.count if not left_out else credits.count(),
        left_out_count=page.paginator.count if left_out and not rule else lines.count(),
        page=page,
        counted=[] if left_out else [as_counted(row) for row in page.object_list],
        left_out=[as_left_out(row, view, company, subject, seen) for row in page.object_list] if left_out else [],
    )


def deals_of(user: User, page: ActualsPage) -> str:
    """Where the deals of a person are left out when the next year is planned; empty where there is no such page."""
    person, view = page.subject.query.get("person"), page.view
    if person is None or page.shows_left_out:
        return ""
    return deals_address(user, person, view.window.ends_on, view.measure)


def territory_names(user: User) -> dict[int, str]:
    return {row.pk: row.shown_name for row in Territory.objects.visible_to(user)}


def total_of(user: User, view: View, subject: Subject) -> Decimal:
    """The number of the tile: the sum of the roll-up's rows over the window.

    Of a territory a rep reads his own credits in it, as its page does.
    """
    leaves = [leaf.pk for leaf in view.window.leaves]
    if subject.holder.territories and reads_own_alone(user):
        own = own_in_territories(user, view).filter(territory__in=subject.holder.territories)
        return total(own.values_list("amount", flat=True)) or ZERO
    rows = Attainment.objects.visible_to(user).filter(measure=view.measure, period__in=leaves, **subject.rows)
    return total(rows.values_list("actual", flat=True)) or ZERO


def as_counted(row: Credit) -> Counted:
    line = row.actual
    return Counted(
        date=row.date,
        external_id=line.external_id,
        account=line.account.name if line.account else "",
        person=row.person.shown_name,
        person_pk=row.person_id,
        territory=row.territory.shown_name,
        kind=line.get_kind_display(),
        share=row.share,
        is_overlay=row.is_overlay,
        counts=row.counts,  # type: ignore[attr-defined]  # annotated by targets.curves.counted
        line_amount=line.amount,
        given=line.given_amount,
        currency=line.currency,
        rate=line.rate,
    )


def as_left_out(
    line: Actual | Unloaded, view: View, company: Company, subject: Subject, territories: Mapping[int, str]
) -> LeftOut:
    """``territories``: the names of those the viewer sees; others are not named.

    The amount of a row that is no line yet is in the currency that its file gives.
    """
    credits = list(line.credits.all()) if isinstance(line, Actual) else []
    verdict = explain.first_failing(explain.Question(line, credits, subject.holder, view.measure, territories))
    account = line.account if isinstance(line, Unloaded) else line.account.name if line.account else ""
    return LeftOut(
        date=line.date,
        external_id=line.external_id,
        account=account or _("no account"),
        kind=str(ActualKind(line.kind).label),
        amount=line.amount,
        currency=line.currency if isinstance(line, Unloaded) else company.currency,
        rule=str(verdict.rule.label) if verdict.rule else "",
        reason=verdict.sentence,
    )
