"""The first run: from an empty company to a first dashboard, in words and by what is stored."""

from dataclasses import dataclass

from django.db.models import Exists
from django.urls import reverse
from django.utils.translation import gettext as _

from spm.org.clock import company
from spm.org.models import FiscalYear, User
from spm.org.scopes import history_of
from targets.models import Actual, Quota


@dataclass(frozen=True)
class Step:
    """One step of the first run: what it is, where to do it, and whether it is done."""

    text: str
    hint: str
    href: str
    done: bool


@dataclass(frozen=True)
class Checklist:
    """The steps from an empty company to a first dashboard; in this order each finds what it needs."""

    steps: tuple[Step, ...]

    @property
    def done(self) -> int:
        return sum(step.done for step in self.steps)

    @property
    def left(self) -> int:
        return len(self.steps) - self.done

    @property
    def complete(self) -> bool:
        return self.left == 0

    @property
    def next(self) -> Step | None:
        """The first step that is not done; None when all are."""
        return next((step for step in self.steps if not step.done), None)


def checklist(user: User) -> Checklist:
    """How far the first run has come: one query, and the dated facts that the request reads anyway."""
    people = User.objects.visible_to(user).annotate(
        has_calendar=Exists(FiscalYear.objects.visible_to(user)),
        has_quotas=Exists(Quota.objects.visible_to(user)),
        has_actuals=Exists(Actual.objects.visible_to(user)),
    )
    found = list(people.values_list("has_calendar", "has_quotas", "has_actuals")[:2])  # two: more than one person
    calendar, quotas, actuals = found[0] if found else (False, False, False)
    done = {
        "company": company() is not None,
        "calendar": calendar,
        "people": len(found) > 1,
        "leads": bool(history_of(user).leads),
        "quotas": quotas,
        "actuals": actuals,
    }
    told = _told()
    return Checklist(tuple(Step(*told[key], done=is_done) for key, is_done in done.items()))


def _told() -> dict[str, tuple[str, str, str]]:
    """Step → its words, a hint, its page."""
    return {
        "company": (_("Company and currency"), _("Name, currency, time zone."), reverse("setup:company")),
        "calendar": (
            _("Fiscal year"),
            _("Calendar months, 4-4-5 weeks, or periods of your own."),
            reverse("setup:calendar"),
        ),
        "people": (
            _("People, pasted from a spreadsheet"),
            _("With their e-mail, name and team. A team that does not exist yet can be made on the way."),
            reverse("imports:create", args=["people"]),
        ),
        "leads": (_("Who leads each team"), _("A lead sees the numbers of the team."), reverse("setup:teams")),
        "quotas": (
            _("Quotas of this year"),
            _("A row per person and measure, for the year, a quarter or a month."),
            reverse("imports:create", args=["quotas"]),
        ),
        "actuals": (
            _("Actuals"),
            _("Bookings and revenue lines from your CRM, your books or a spreadsheet."),
            reverse("imports:create", args=["actuals"]),
        ),
    }
