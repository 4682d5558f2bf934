"""Reads for Home: who needs the manager, and what an admin must put right."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.dashboards import alerts
from spm.dashboards.alerts import Alert
from spm.dashboards.board import Row
from spm.dashboards.facts import facts
from spm.dashboards.figures import ZERO, standing
from spm.dashboards.performance import Performance
from spm.dashboards.plan_pages import HomePlans
from spm.dashboards.planning import Planning
from spm.dashboards.queries import Person, Stamp, calendar_of, stamp_of
from spm.dashboards.sentences import left_words
from spm.dashboards.setup.checklist import Checklist, checklist
from spm.dashboards.setup.queries import active_people, homeless
from spm.imports.models import ImportBatch
from spm.imports.queries import kind_labels
from spm.org.models import Company, User
from spm.ui.numbers import money_compact, number, percent
from spm.ui.status import Status

MOST_IN_NEED = 5
IMPORTS_SHOWN = 5
IMPORTS_LOOKED_AT = 50
SIGNED_IN_WITHIN = timedelta(days=30)


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
class AdminHome:
    sentence: str
    exceptions: list[Alert]
    imports: list[tuple[ImportBatch, str]]
    """Each with the words for its kind."""
    adoption: list[tuple[str, str]]
    """What is used, in words, and by how many of how many; without a number where nothing of it is recorded yet."""
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
                status=standing(row.figures, page.company),
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
    if row.figures.is_over:
        return _("%(actual)s where %(expected)s was expected by the end.") % words
    return _("%(actual)s where %(expected)s was expected by now.") % words


def _detail(row: Row, company: Company) -> str:
    words = {"pace": percent(row.figures.pace), "left": left_words(row.figures, company.currency)}
    return (_("Pace %(pace)s, %(left)s") if words["left"] else _("Pace %(pace)s")) % words


def admin_home(user: User, company: Company, planning: Planning, told: HomePlans) -> AdminHome:
    """Exceptions, the last imports, what is used, and the checklist until everything is there."""
    stamp, years, today = stamp_of(user), calendar_of(user, company).years, company.today()
    year = next((year for year in years if year.starts_on <= today <= year.ends_on), None)
    band = planning.bands.get(year.fiscal_year_id) if year else None
    steps, people = checklist(user), active_people(user)
    newest = ImportBatch.objects.visible_to(user).select_related("created_by").order_by("-pk")
    batches = list(newest.defer("mapping", "notes", "effects")[:IMPORTS_LOOKED_AT])
    found = [*alerts.plan_gaps(user, company, year, band), *alerts.homeless(homeless(user, people))]
    found += [*alerts.refused_files(batches), *alerts.counted(user, company, stamp)]
    labels = kind_labels()
    named = [(batch, str(labels.get(batch.kind, batch.kind))) for batch in batches[:IMPORTS_SHOWN]]
    adopted = _adoption(people, planning, told)
    return AdminHome(_admin_sentence(company, found, steps.left), found, named, adopted, steps, stamp)


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


def _adoption(people: list[User], planning: Planning, told: HomePlans) -> list[tuple[str, str]]:
    """Counts alone, of everybody; what people write to each other is not for admins."""
    since = timezone.now() - SIGNED_IN_WITHIN
    signed_in = sum(person.last_login is not None and person.last_login >= since for person in people)
    rows = [(_("Signed in within 30 days"), _of(signed_in, len(people)))]
    rows += [
        (_("Quotas of %(year)s acknowledged") % {"year": cycle.year}, _of(*cycle.acknowledged))
        for cycle in planning.cycles
        if cycle.acknowledged[1]
    ]
    return [
        *rows,
        told.adoption,
        (_("Reps coached within 21 days"), ""),
        (_("Meetings held"), ""),
    ]


def _of(part: int, whole: int) -> str:
    return _("%(part)s of %(whole)s") % {"part": number(part), "whole": number(whole)}
