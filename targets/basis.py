"""Which version of a revised year a page shows: the numbers in force, or the baseline as the lock kept it.

Offered where approved revisions have moved the two apart, by ``?plan=baseline``, as on the pages of performance. Rule:
domain.md, Plan revisions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from spm.org.models import FiscalYear, User
from targets.choices import PlanKind
from targets.models import CompanyPlan

CURRENT, BASELINE = "current", "baseline"
CHOICES: tuple[tuple[str, str | Promise], ...] = ((CURRENT, _("Current")), (BASELINE, _("Baseline")))


@dataclass(frozen=True, slots=True)
class Basis:
    """``is_offered``: there are two versions to choose from."""

    is_baseline: bool = False
    is_offered: bool = False

    @property
    def value(self) -> str:
        """As the address has it."""
        return BASELINE if self.is_baseline else CURRENT

    @property
    def choices(self) -> tuple[tuple[str, str | Promise], ...]:
        return CHOICES if self.is_offered else ()

    @property
    def kind(self) -> PlanKind:
        return PlanKind.BASELINE if self.is_baseline else PlanKind.WORKING

    @property
    def suffix(self) -> str:
        """What is added to the name of an exported file."""
        return f"-{BASELINE}" if self.is_baseline else ""


def planned_years(user: User) -> QuerySet[FiscalYear]:
    """The fiscal years, each with its ``cycle`` and, for ``basis_of``, whether it was revised: a page begins here."""
    years: QuerySet[FiscalYear] = FiscalYear.objects.visible_to(user).select_related("cycle")
    revised = CompanyPlan.objects.approved_revisions().order_by().filter(fiscal_year=OuterRef("pk"))
    return years.annotate(revised=Exists(revised))


def basis_of(query: Mapping[str, str], year: FiscalYear | None = None) -> Basis:
    """What the address asks for, where the year (None: any year) was revised. No secret to anybody.

    One query, none for a year of ``planned_years``.
    """
    known: bool | None = getattr(year, "revised", None)
    if known is not None:
        return _basis(query, known)
    revised = CompanyPlan.objects.approved_revisions().order_by()
    return _basis(query, (revised if year is None else revised.filter(fiscal_year=year)).exists())


def version_of(query: Mapping[str, str], year: FiscalYear, until: datetime | None = None) -> tuple[Basis, CompanyPlan]:
    """The same, and that version of the year, without numbers and not stored where there is none. One query.

    ``until``: only revisions that were approved before that moment count as such.
    """
    approved = CompanyPlan.objects.approved_revisions().order_by().filter(fiscal_year=OuterRef("fiscal_year"))
    revised = Exists(approved if until is None else approved.filter(decided_at__lt=until))
    rows = CompanyPlan.objects.filter(fiscal_year=year, kind__in=(PlanKind.WORKING, PlanKind.BASELINE))
    told = rows.annotate(revised=revised).select_related("decided_by", "submitted_by", "author")
    plans = {plan.kind: plan for plan in told}
    basis = _basis(query, any(plan.revised for plan in plans.values()))
    plan: CompanyPlan = plans.get(basis.kind) or CompanyPlan(pk=0, fiscal_year=year, kind=PlanKind.WORKING)
    plan.fiscal_year = year  # known already: nobody reads it again
    return basis, plan


def _basis(query: Mapping[str, str], is_revised: bool) -> Basis:
    return Basis(query.get("plan") == BASELINE, is_offered=True) if is_revised else Basis()
