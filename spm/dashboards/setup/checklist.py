"""The first run: from an empty company to a first dashboard, in five steps, by what is stored.

A step has one part or two; each part is done, or set aside until somebody takes it up again (ux.md, First run).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Exists
from django.urls import reverse
from django.utils.translation import gettext as _

from spm.market.models import Territory
from spm.org.clock import company
from spm.org.models import FiscalYear, User
from spm.org.scopes import history_of
from targets.models import Actual, PlanLine, Quota

NEEDED = frozenset(("company", "calendar"))
"""Parts that nothing else can do without, so they cannot be set aside."""
PARTS = ("company", "calendar", "people", "leads", "territories", "plan", "quotas", "actuals")


@dataclass(frozen=True)
class Part:
    """One thing to do: what it is, where, with which sample file, and whether it is done or set aside."""

    key: str
    text: str
    hint: str
    href: str
    sample: str  # the kind of import whose sample file shows what to bring; empty = none
    done: bool
    skipped: bool
    can_skip: bool

    @property
    def is_open(self) -> bool:
        return not self.done and not self.skipped


@dataclass(frozen=True)
class Step:
    """What belongs together; over once each of its parts is."""

    title: str
    parts: tuple[Part, ...]

    @property
    def is_over(self) -> bool:
        return not any(part.is_open for part in self.parts)


@dataclass(frozen=True)
class Checklist:
    """The steps from an empty company to a first dashboard; in this order each finds what it needs."""

    steps: tuple[Step, ...]

    @property
    def parts(self) -> Iterator[Part]:
        return (part for step in self.steps for part in step.parts)

    @property
    def over(self) -> int:
        """Steps that are done or set aside."""
        return sum(step.is_over for step in self.steps)

    @property
    def left(self) -> int:
        return len(self.steps) - self.over

    @property
    def complete(self) -> bool:
        return self.left == 0

    @property
    def is_all_done(self) -> bool:
        """Complete, and nothing of it merely set aside."""
        return all(part.done for part in self.parts)

    @property
    def next(self) -> Part | None:
        """The first part that is neither done nor set aside; None when all are."""
        return next((part for part in self.parts if part.is_open), None)


def checklist(user: User) -> Checklist:
    """How far the first run has come: one query, and the dated facts that the request reads anyway."""
    people = User.objects.visible_to(user).annotate(
        has_calendar=Exists(FiscalYear.objects.visible_to(user)),
        has_territories=Exists(Territory.objects.visible_to(user).real()),
        has_plan=Exists(PlanLine.objects.visible_to(user)),
        has_quotas=Exists(Quota.objects.visible_to(user)),
        has_actuals=Exists(Actual.objects.visible_to(user)),
    )
    stored = ("calendar", "territories", "plan", "quotas", "actuals")
    found = list(people.values_list(*(f"has_{key}" for key in stored))[:2])  # two: more than one person
    done = dict(zip(stored, found[0], strict=True)) if found else {}
    done |= {"company": company() is not None, "people": len(found) > 1, "leads": bool(history_of(user).leads)}
    parts = _parts(done)
    titles = (
        (_("Company, currency, fiscal year"), ("company", "calendar")),
        (_("People and teams"), ("people", "leads")),
        (_("Territories"), ("territories",)),
        (_("This year’s plan"), ("plan", "quotas")),
        (_("Actuals"), ("actuals",)),
    )
    return Checklist(tuple(Step(title, tuple(parts[key] for key in keys)) for title, keys in titles))


def _parts(done: dict[str, bool]) -> dict[str, Part]:
    known = company()
    skipped = known.skipped_steps if known else []
    told = _told()
    return {
        key: Part(
            key,
            *told[key],
            done=done.get(key, False),
            skipped=key in skipped and not done.get(key, False),
            can_skip=known is not None and key not in NEEDED,
        )
        for key in PARTS
    }


def _told() -> dict[str, tuple[str, str, str, str]]:
    """Part → its words, a hint, its page, the kind of its sample file."""
    return {
        "company": (_("Company and currency"), _("Name, currency, time zone."), reverse("setup:company"), ""),
        "calendar": (
            _("Fiscal year"),
            _("Calendar months, 4-4-5 weeks, or periods of your own."),
            reverse("setup:calendar"),
            "periods",
        ),
        "people": (
            _("People, pasted from a spreadsheet"),
            _("With their e-mail, name and team. A team that does not exist yet can be made on the way."),
            *_import("people"),
        ),
        "leads": (
            _("Who leads each team"),
            _("A lead sees the numbers of the team."),
            reverse("setup:teams"),
            "teams",
        ),
        "territories": (
            _("Territories, pasted from a spreadsheet"),
            _("Slices of the market. Without any, numbers count by person and team alone."),
            *_import("territories"),
        ),
        "plan": (
            _("The company plan"),
            _("Revenue, margin or bookings of the whole year, a quarter or a month."),
            *_import("company_plan"),
        ),
        "quotas": (
            _("Quotas of this year"),
            _("A row per person and measure, for the year, a quarter or a month."),
            *_import("quotas"),
        ),
        "actuals": (
            _("Actuals from a file"),
            _("Bookings and revenue lines from your CRM, your books or a spreadsheet."),
            *_import("actuals"),
        ),
    }


def _import(kind: str) -> tuple[str, str]:
    return reverse("imports:create", args=[kind]), kind
