"""Reads for Home: who needs the manager, where a rep stands, what an admin must put right."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, Q, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.dashboards.board import Row
from spm.dashboards.facts import facts
from spm.dashboards.figures import ZERO
from spm.dashboards.performance import Performance
from spm.dashboards.queries import Person, Stamp, calendar_of, stamp_of
from spm.dashboards.sentences import left_words
from spm.dashboards.setup.checklist import Checklist, checklist
from spm.dashboards.setup.queries import parked_rows, without_team
from spm.imports.models import ImportBatch
from spm.imports.queries import kind_labels
from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.market.models import Territory
from spm.org.models import Company, Period, User
from spm.ui.fields import MoneyField
from spm.ui.numbers import money_compact, percent
from spm.ui.status import Status, status_of
from targets import measures
from targets.choices import Measure
from targets.models import Attainment, PlanLine, Quota

MOST_IN_NEED = 5
STALE_AFTER = timedelta(hours=26)
IMPORTS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class InNeed:
    """A person who is behind, and why, as far as the data says."""

    person: Person
    gap: Decimal
    status: Status
    reason: str
    detail: str
    href: str


@dataclass(frozen=True, slots=True)
class Alert:
    """Something an admin must look at: a sentence, and where to mend it."""

    text: str
    href: str
    label: str
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class AdminHome:
    sentence: str
    exceptions: list[Alert]
    imports: list[tuple[ImportBatch, str]]
    """Each with the words for its kind."""
    checklist: Checklist
    stamp: Stamp


def in_need(page: Performance) -> list[InNeed]:
    """The people furthest behind their pace, at most five, each with a reason in words."""
    behind = [row for row in page.board.people if row.pk in page.people and (row.figures.gap or ZERO) < 0]
    worst = sorted(behind, key=lambda row: row.figures.gap or ZERO)[:MOST_IN_NEED]
    told = {fact.person: fact for fact in facts(worst, page.view.window, page.known)}
    found = []
    for row in worst:
        fact = told.get(row.pk)
        found.append(
            InNeed(
                person=page.people[row.pk],
                gap=row.figures.gap or ZERO,
                status=status_of(row.figures.pace, page.company),
                reason=_capital(fact.heading) + ": " + fact.text if fact else _without_fact(row, page.company),
                detail=_detail(row, page.company),
                href=reverse("dashboards:rep", args=[row.pk]) + page.view.query(),
            )
        )
    return found


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _without_fact(row: Row, company: Company) -> str:
    words = {"expected": money_compact(row.figures.expected, company.currency)}
    words |= {"actual": money_compact(row.figures.actual, company.currency)}
    return _("%(actual)s where %(expected)s was expected by now.") % words


def _detail(row: Row, company: Company) -> str:
    words = {"pace": percent(row.figures.pace), "left": left_words(row.figures, company.currency)}
    return (_("Pace %(pace)s, %(left)s") if words["left"] else _("Pace %(pace)s")) % words


def admin_home(user: User, company: Company) -> AdminHome:
    """Exceptions, the last imports, and the checklist until everything is there."""
    stamp = stamp_of(user)
    years = calendar_of(user, company).years
    steps = checklist(user)
    found = [*_plan_gaps(user, company, years), *_homeless(user), *_unassigned(user, company)]
    found += [*_import_gaps(user), *_job_gaps(user, stamp)]
    imports = ImportBatch.objects.visible_to(user).select_related("created_by").order_by("-pk")[:IMPORTS_SHOWN]
    labels = kind_labels()
    named = [(batch, str(labels.get(batch.kind, batch.kind))) for batch in imports]
    return AdminHome(_admin_sentence(company, found, steps.left), found, named, steps, stamp)


def _admin_sentence(company: Company, found: list[Alert], left: int) -> str:
    if left:
        return ngettext(
            "%(name)s is nearly set up: %(count)s step is left.",
            "%(name)s is being set up: %(count)s steps are left.",
            left,
        ) % {"name": company.name, "count": left}
    if not found:
        return _("Nothing waits for you: the numbers of %(name)s add up and are up to date.") % {"name": company.name}
    return ngettext("%(count)s thing needs you.", "%(count)s things need you.", len(found)) % {"count": len(found)}


def _plan_gaps(user: User, company: Company, years: list[Period]) -> list[Alert]:
    """Years whose quotas do not sum to at least the plan, the current one alone, per measure."""
    year = next((year for year in years if year.starts_on <= company.today() <= year.ends_on), None)
    if year is None:
        return []
    planned = _sums(
        PlanLine.objects.visible_to(user).in_force().counting().filter(plan__fiscal_year=year.fiscal_year_id)
    )
    quoted = _sums(Quota.objects.visible_to(user).in_force().filter(plan__fiscal_year=year.fiscal_year_id))
    found = []
    for measure, plan in planned.items():
        quota = quoted.get(measure, ZERO)
        if plan and quota < plan:
            over = measures.over_assignment(quota, plan)
            words = {"measure": measure, "year": year.label, "quota": money_compact(quota, company.currency)}
            words |= {"plan": money_compact(plan, company.currency), "share": percent(over, 1)}
            text = (
                _("Quotas for %(measure)s %(year)s sum to %(quota)s, below the plan of %(plan)s (%(share)s).") % words
            )
            found.append(Alert(text, reverse("targets:year-list"), _("Open targets"), is_bad=True))
    return found


def _sums(rows: QuerySet[Any]) -> dict[str, Decimal]:
    grouped = rows.order_by().values_list("measure").annotate(sum=Sum("amount", output_field=MoneyField()))
    return dict(grouped)


def _homeless(user: User) -> list[Alert]:
    homeless = without_team(user)
    found = []
    if homeless:
        text = ngettext(
            "%(count)s person has no team: %(names)s.", "%(count)s people have no team: %(names)s.", len(homeless)
        ) % {"count": len(homeless), "names": _few([person.name for person in homeless])}
        found.append(Alert(text, reverse("setup:people"), _("Open people")))
    return found


def _unassigned(user: User, company: Company) -> list[Alert]:
    """Lines of the running year that no territory claims. A line of revenue stands in the margin once more.

    A company without territories misses none.
    """
    found = []
    unassigned = Attainment.objects.visible_to(user).filter(territory__is_unassigned=True, period__level="year")
    unassigned = unassigned.exclude(measure=Measure.MARGIN).filter(Exists(Territory.objects.visible_to(user).real()))
    lines = unassigned.filter(period__ends_on__gte=company.today()).aggregate(lines=Sum("lines"))["lines"]
    if lines:
        text = ngettext(
            "%(count)s line of this year counts in no territory.",
            "%(count)s lines of this year count in no territory.",
            lines,
        ) % {"count": lines}
        found.append(Alert(text, reverse("dashboards:territories"), _("Open territories")))
    return found


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + ("…" if len(names) > 3 else "")


def _import_gaps(user: User) -> list[Alert]:
    parked = parked_rows(user)
    if not parked:
        return []
    text = ngettext(
        "%(count)s imported row waits for its period to open.",
        "%(count)s imported rows wait for their period to open.",
        parked,
    ) % {"count": parked}
    return [Alert(text, reverse("imports:list"), _("Open imports"))]


def _job_gaps(user: User, stamp: Stamp) -> list[Alert]:
    failed = Job.objects.visible_to(user).aggregate(failed=Count("pk", filter=Q(state=JobState.FAILED)))["failed"]
    found = []
    if failed:
        text = ngettext("%(count)s job has failed.", "%(count)s jobs have failed.", failed) % {"count": failed}
        found.append(Alert(text, reverse("jobs:list"), _("Open jobs"), is_bad=True))
    if stamp.waiting_since and _is_late(stamp.waiting_since):
        found.append(
            Alert(_("Changes have waited for a roll-up for more than a day."), reverse("jobs:list"), _("Open jobs"))
        )
    return found


def _is_late(since: datetime) -> bool:
    return timezone.now() - since > STALE_AFTER
