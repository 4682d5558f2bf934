"""What the setup pages show of ramps: the schedules, and how one person begins."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count

from spm.org.models import ALWAYS, User
from spm.org.scopes import history_of
from spm.ui.numbers import percent
from targets.allocation_facts import joined_on
from targets.models import RampAssignment, RampSchedule
from targets.ramps import Steps, read_ramps


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """One schedule; ``people``: who have it as their own."""

    pk: int
    name: str
    is_default: bool
    percents: tuple[str, ...]
    people: int


@dataclass(frozen=True, slots=True)
class RampOf:
    """How one person begins. ``name`` is empty where no schedule applies; ``is_own``: not the default.

    ``percents``: of the months from ``starts_on``'s on; None: since ever, so there is no ramp. ``past``: who set what,
    newest first, as (when, by, schedule or "", from when or None: back to the default).
    """

    schedule: int | None
    name: str
    is_own: bool
    starts_on: date | None
    percents: tuple[str, ...]
    past: tuple[tuple[Any, str, str, date | None], ...]

    @property
    def choice(self) -> str:
        """As a form that chooses names it: the key, "none", or empty for the default one."""
        return (str(self.schedule) if self.schedule else "none") if self.is_own else ""


def schedules(user: User) -> list[ScheduleRow]:
    """Every schedule by name; three queries."""
    rows = RampSchedule.objects.visible_to(user).annotate(people=Count("assignments", distinct=True))
    steps = read_ramps().steps
    return [
        ScheduleRow(row.pk, row.name, row.is_default, _percents(steps.get(row.pk, ())), row.people)
        for row in rows.order_by("name")
    ]


def ramp_of(user: User, person: User) -> RampOf:
    """The ramp of somebody whom the user sees."""
    own = RampAssignment.objects.visible_to(user).filter(person=person).select_related("schedule").first()
    names = dict(RampSchedule.objects.visible_to(user).values_list("pk", "name"))
    ramps = read_ramps()
    steps, starts_on = ramps.of(person.pk, joined_on(history_of(user), person.pk))
    schedule = own.schedule_id if own else ramps.default
    if starts_on is not None and starts_on <= ALWAYS:
        steps, starts_on = (), None
    return RampOf(
        schedule=schedule,
        name=names.get(schedule or 0, ""),
        is_own=own is not None,
        starts_on=starts_on,
        percents=_percents(steps),
        past=tuple(_past(person, names)),
    )


def _past(person: User, names: dict[int, str]) -> list[tuple[Any, str, str, date | None]]:
    rows = RampAssignment.history.filter(person=person).select_related("history_user")
    return [
        (
            row.history_date,
            row.history_user.name if row.history_user else "",
            names.get(row.schedule_id or 0, ""),
            None if row.history_type == "-" else row.starts_on,
        )
        for row in rows.order_by("-history_date", "-history_id")
    ]


def _percents(steps: Steps) -> tuple[str, ...]:
    """As they are read: with the decimals they have."""
    places = [max(0, -int(share.normalize().as_tuple().exponent)) for _month, share in steps]
    return tuple(percent(share / 100, decimals) for (_month, share), decimals in zip(steps, places, strict=True))
