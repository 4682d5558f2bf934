"""What an admin must look at: each a sentence, and where to mend it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.dashboards.figures import ZERO
from spm.dashboards.queries import Stamp
from spm.imports.choices import BatchState
from spm.imports.models import ImportBatch
from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.market.models import Territory
from spm.org.models import Company, Period, User
from spm.ui.fields import MoneyField
from spm.ui.numbers import money_compact, percent
from targets import measures
from targets.choices import Measure
from targets.models import Attainment, PlanLine, Quota
from targets.unloaded import waiting_count

ROLLUP = "rollup"
STALE_AFTER = timedelta(hours=26)
LOADED = (BatchState.COMMITTED, BatchState.REFUSED)

type Band = tuple[Decimal, Decimal]
"""Over-assignment from and to, as ratios: Decimal("0.08") is 8 %."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something an admin must look at: a sentence, and where to mend it."""

    text: str
    href: str
    label: str
    is_bad: bool = False


def plan_gaps(user: User, company: Company, year: Period | None, band: Band | None) -> list[Alert]:
    """Measures whose quotas do not sum to the plan of ``year``: below it, or outside the policy of its cycle."""
    if year is None:
        return []
    found = []
    for measure, (plan, quota, is_partial) in _sums(user, year).items():
        over = measures.over_assignment(quota, plan)
        low, high = band or (ZERO, None)
        if over is None or (over >= low and (high is None or over <= high)):
            continue
        words = {"measure": Measure(measure).label, "year": year.label, "share": percent(abs(over), 1)}
        words |= {"quota": money_compact(quota, company.currency), "plan": money_compact(plan, company.currency)}
        text = _below(over, band) % (words | _limits(band))
        if is_partial:
            text = f"{text} {_('Only the periods that have a plan are compared.')}"
        found.append(Alert(text, reverse("targets:year", args=[year.label]), _("Open the plan"), is_bad=True))
    return found


def _below(over: Decimal, band: Band | None) -> str:
    if over < 0:
        return _("Quotas for %(measure)s %(year)s sum to %(quota)s, %(share)s below the plan of %(plan)s.")
    if band and over < band[0]:
        return _(
            "Quotas for %(measure)s %(year)s sum to %(quota)s, %(share)s above the plan of %(plan)s; "
            "the policy asks for at least %(low)s."
        )
    return _(
        "Quotas for %(measure)s %(year)s sum to %(quota)s, %(share)s above the plan of %(plan)s; "
        "the policy allows %(high)s."
    )


def _limits(band: Band | None) -> dict[str, str]:
    return {"low": percent(band[0], 1), "high": percent(band[1], 1)} if band else {}


def _sums(user: User, year: Period) -> Mapping[str, tuple[Decimal, Decimal, bool]]:
    """Measure → plan and quotas of the year in force, in the leaf periods that are planned; one query.

    The company is judged by its plan alone (``targets.judged``). The last: whether there are quotas in others too.
    """
    plan = PlanLine.objects.visible_to(user).in_force().counting().filter(plan__fiscal_year=year.fiscal_year_id)
    quotas = Quota.objects.visible_to(user).in_force().filter(plan__fiscal_year=year.fiscal_year_id)
    found: dict[str, tuple[dict[int, Decimal], dict[int, Decimal]]] = {}
    for place, measure, leaf, amount in _summed(plan, 0).union(_summed(quotas, 1), all=True):
        found.setdefault(measure, ({}, {}))[place][leaf] = amount
    sums = {}
    for measure, (planned, carried) in found.items():
        inside = sum((amount for leaf, amount in carried.items() if leaf in planned), ZERO)
        sums[measure] = (sum(planned.values(), ZERO), inside, not carried.keys() <= planned.keys())
    return {measure: row for measure, row in sums.items() if row[0]}


def _summed(rows: QuerySet[Any], place: int) -> QuerySet[Any]:
    places: QuerySet[Any] = rows.order_by().annotate(place=Value(place)).values_list("place", "measure", "period")
    summed: QuerySet[Any] = places.annotate(sum=Sum("amount", output_field=MoneyField()))
    return summed


def homeless(people: Sequence[User]) -> list[Alert]:
    """``people``: those without a team today."""
    if not people:
        return []
    names = [person.name for person in people]
    shown = ", ".join(names[:3]) + ("…" if len(names) > 3 else "")
    text = ngettext(
        "%(count)s person has no team: %(names)s.", "%(count)s people have no team: %(names)s.", len(names)
    ) % {"count": len(names), "names": shown}
    return [Alert(text, reverse("setup:people"), _("Open people"))]


def counted(user: User, company: Company, stamp: Stamp) -> list[Alert]:
    """Lines without a territory, rows that wait, jobs that failed, changes not rolled up: one query for all counts."""
    counts = Company.objects.filter(pk=company.pk).values_list(
        _lines_without_territory(user, company), _parked_rows(user), _failed_jobs(user), _failed_rollups(user)
    )
    lines, parked, jobs, rollups = (number or 0 for number in counts.get())
    found = []
    if lines:
        text = ngettext(
            "%(count)s credit of this year counts in no territory.",
            "%(count)s credits of this year count in no territory.",
            lines,
        )
        found.append(Alert(text % {"count": lines}, reverse("dashboards:territories"), _("Open territories")))
    if parked:
        text = ngettext(
            "%(count)s imported row waits for its period to open.",
            "%(count)s imported rows wait for their period to open.",
            parked,
        )
        found.append(Alert(text % {"count": parked}, reverse("imports:list"), _("Open imports")))
    return found + _job_gaps(jobs, rollups, stamp.waiting_since)


def _lines_without_territory(user: User, company: Company) -> Subquery:
    """Of the running year: credits, of which a shared line has several. One of revenue stands in the margin once more.

    A company without territories misses none.
    """
    rows = Attainment.objects.visible_to(user).filter(territory__is_unassigned=True, period__level="year")
    rows = rows.exclude(measure=Measure.MARGIN).filter(Exists(Territory.objects.visible_to(user).real()))
    rows = rows.filter(period__ends_on__gte=company.today()).order_by()
    return Subquery(rows.values("territory__is_unassigned").annotate(sum=Sum("lines")).values("sum"))


def _parked_rows(user: User) -> Subquery:
    return Subquery(waiting_count(ImportBatch.objects.visible_to(user)))


def _failed_jobs(user: User) -> Subquery:
    return _counted_jobs(Job.objects.visible_to(user).exclude(kind=ROLLUP))


def _failed_rollups(user: User) -> Subquery:
    """Since the last that ended well: it counted what an earlier one had left."""
    rollups = Job.objects.visible_to(user).filter(kind=ROLLUP)
    well = rollups.filter(state=JobState.DONE).order_by("-pk").values("pk")[:1]
    return _counted_jobs(rollups.filter(pk__gt=Coalesce(Subquery(well), 0)))


def _counted_jobs(jobs: QuerySet[Any]) -> Subquery:
    failed = jobs.filter(state=JobState.FAILED).order_by()
    return Subquery(failed.values("state").annotate(count=Count("pk")).values("count"))


def _job_gaps(jobs: int, rollups: int, waiting_since: datetime | None) -> list[Alert]:
    href, label, found = reverse("jobs:list"), _("Open jobs"), []
    if rollups and waiting_since:
        text = ngettext(
            "A roll-up has failed: what was changed since is not counted.",
            "%(count)s roll-ups have failed: what was changed since is not counted.",
            rollups,
        )
        found.append(Alert(text % {"count": rollups}, href, label, is_bad=True))
    if jobs:
        text = ngettext("%(count)s job has failed.", "%(count)s jobs have failed.", jobs) % {"count": jobs}
        found.append(Alert(text, href, label, is_bad=True))
    if waiting_since and timezone.now() - waiting_since > STALE_AFTER:
        found.append(Alert(_("Changes have waited for a roll-up for more than a day."), href, label))
    return found


def refused_files(batches: Sequence[ImportBatch]) -> list[Alert]:
    """The newest file of each kind among ``batches`` (the newest first), where rows of it were refused: unknown names,
    amounts without a rate, days outside the calendar.
    """
    found, seen = [], set()
    for batch in batches:
        if batch.state not in LOADED or batch.kind in seen:
            continue
        seen.add(batch.kind)
        if batch.refused:
            text = ngettext(
                "%(count)s row of %(file)s was refused and does not count.",
                "%(count)s rows of %(file)s were refused and do not count.",
                batch.refused,
            )
            words = {"count": batch.refused, "file": batch.filename}
            found.append(Alert(text % words, reverse("imports:detail", args=[batch.pk]), _("Open the import")))
    return found
