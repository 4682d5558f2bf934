"""Reads for the accounts of a person: what each brought by the days of the page, a year before, and of its potential.

Credits alone say what an account brought; those of other people in the same account are not the page's to show.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _

from spm.dashboards.board import pairs
from spm.dashboards.figures import ZERO
from spm.dashboards.periods import PAGE_ROWS, View, Window
from spm.dashboards.queries import same_day
from spm.market.models import Account, AccountPlacement, Assignment
from spm.org.models import User
from spm.periods import year_before
from spm.ui.fields import MoneyField
from targets.choices import Measure
from targets.curves import counted
from targets.models import Credit

type Days = tuple[date, date]
"""First and last, both inclusive."""


PARTS = ("", "__name", "__external_id")


@dataclass(frozen=True, slots=True)
class Sums:
    """What one account brought, and what its lines call it; amounts as of ``RepAccount``."""

    name: str
    external_id: str
    actual: Decimal
    before: Decimal
    year: Decimal


@dataclass(frozen=True, slots=True)
class RepAccount:
    """One account. ``before``: by the same day of the comparison; ``year``: in the twelve months to the last day.

    ``potential`` is what the account can bring in a year, in company currency; None where nobody wrote it down.
    """

    name: str
    external_id: str
    tier: str
    actual: Decimal
    before: Decimal
    year: Decimal
    share: Decimal | None  # of the person's actual
    potential: Decimal | None

    @property
    def wallet(self) -> Decimal | None:
        """Share of wallet: a year's credits ÷ a year's potential."""
        return self.year / self.potential if self.potential else None


@dataclass(frozen=True, slots=True)
class RepAccounts:
    """``has_before``: something is compared; ``knows_potential``: of one account at least, and not of a margin."""

    rows: list[RepAccount]
    page: Page[RepAccount]
    has_before: bool
    knows_potential: bool

    @property
    def with_potential(self) -> list[RepAccount]:
        """Those of which somebody wrote down what a year can bring."""
        return [row for row in self.rows if row.potential and row.potential > 0]


def accounts_of(user: User, person: User, view: View) -> RepAccounts:
    """The accounts of ``person`` that ``user`` sees: credited in these days, or the person's today; the most first.

    The potential of an account is told to whoever sees the account, not to whoever sees a credit of it alone.
    """
    here, before, year = days_of(view.window, view.today)
    summed = _credited(user, person, view.measure, here, before, year)
    credited = _sums(summed, has_before=before is not None)
    held = Assignment.objects.visible_to(user).as_of(view.today).filter(person=person).values("territory")
    placed = AccountPlacement.objects.visible_to(user).as_of(view.today).filter(territory__in=held).values("account")
    theirs = Q(owner=person) | Q(pk__in=placed) | Q(pk__in=summed.values("actual__account"))
    seen = {row.pk: row for row in Account.objects.visible_to(user).filter(theirs)}
    whole = sum((sums.actual for sums in credited.values()), ZERO)
    keys = list(dict.fromkeys([*credited, *seen]))
    rows = [_row(seen.get(key or 0), credited.get(key), whole, view.measure) for key in keys]
    rows.sort(key=lambda row: (-row.actual, -row.before, row.name.casefold(), row.external_id))
    page: Page[RepAccount] = Paginator(rows, PAGE_ROWS).get_page(view.page)
    return RepAccounts(rows, page, before is not None, any(row.potential for row in rows))


def _row(account: Account | None, sums: Sums | None, whole: Decimal, measure: Measure) -> RepAccount:
    """``account``: None where the viewer sees no more of it than the credits."""
    actual, before, year = (sums.actual, sums.before, sums.year) if sums else (ZERO, ZERO, ZERO)
    return RepAccount(
        name=account.name if account else (sums and sums.name) or _("Lines without an account"),
        external_id=account.external_id if account else (sums and sums.external_id) or "",
        tier=account.tier if account else "",
        actual=actual,
        before=before,
        year=year,
        share=actual / whole if whole > 0 else None,
        potential=account.potential if account and measure is not Measure.MARGIN else None,
    )


def days_of(window: Window, today: date) -> tuple[Days, Days | None, Days]:
    """The days shown, those compared with them (None without any), and the twelve months to the last day shown."""
    last = min(today, window.ends_on)
    begun = [(leaf, before) for leaf, before in pairs(window) if leaf.begun]
    compared = None
    if begun:
        leaf, before = begun[-1]
        compared = (begun[0][1].starts_on, before.ends_on if leaf.over else same_day(leaf, before))
    return (window.starts_on, window.ends_on), compared, (year_before(last) + timedelta(days=1), last)


def _credited(
    user: User, person: User, measure: Measure, here: Days, before: Days | None, year: Days
) -> QuerySet[Any, dict[str, Any]]:
    """What each account brought; none without a sum in any of the spans."""
    spans = [here, before or here, year]
    within = [Q(date__range=span) for span in spans]
    rows = Credit.objects.visible_to(user).filter(person=person).filter(within[0] | within[1] | within[2])
    kept: dict[str, Any] = {"output_field": MoneyField(), "default": ZERO}
    accounts = counted(measure, rows).order_by().values(*(f"actual__account{part}" for part in PARTS))
    summed: QuerySet[Any, dict[str, Any]] = accounts.annotate(
        here=Sum("counts", filter=within[0], **kept),
        before=Sum("counts", filter=within[1], **kept),
        year=Sum("counts", filter=within[2], **kept),
    )
    return summed.exclude(here=ZERO, before=ZERO, year=ZERO)


def _sums(summed: QuerySet[Any, dict[str, Any]], *, has_before: bool) -> dict[int | None, Sums]:
    """Account → what it brought, in one read. None: lines without an account."""
    keys = (*(f"actual__account{part}" for part in PARTS), "here", "before", "year")
    return {
        key: Sums(name or "", number or "", now, then if has_before else ZERO, long)
        for key, name, number, now, then, long in summed.values_list(*keys)
    }
