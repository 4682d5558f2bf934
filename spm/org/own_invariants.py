"""The organisation's invariants: calendar, teams, guards, history and the audit log."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef

from spm.keys import normalise
from spm.org import guards, seals
from spm.org.audit import digest_of
from spm.org.choices import PeriodLevel
from spm.org.models import AuditEntry, FiscalYear, Period, Team, TeamPlacement, User
from spm.org.trees import tree_as_of
from spm.org.verification import Breach, invariant
from spm.periods import ONE_DAY


@invariant("INV-06", "Fiscal years, and periods of one level, neither overlap nor leave a gap.")
def calendar_is_seamless() -> Iterator[Breach]:
    rows: list[list[Any]] = [list(FiscalYear.objects.order_by("starts_on"))]
    rows += [list(Period.objects.filter(level=level).order_by("starts_on")) for level in PeriodLevel.values]
    for level in rows:
        for before, after in pairwise(level):
            if before.ends_on + ONE_DAY != after.starts_on:
                fault = "overlap" if after.starts_on <= before.ends_on else "leave a gap"
                yield Breach(f"{before.label} and {after.label} {fault}", (before.pk, after.pk))


@invariant("INV-04", "Months fill their quarter, quarters their year, to the day.")
def periods_nest() -> Iterator[Breach]:
    children: dict[int, list[Period]] = {}
    periods = list(Period.objects.order_by("starts_on"))
    for period in periods:
        if period.parent_id:
            children.setdefault(period.parent_id, []).append(period)
    for period in periods:
        inside = children.get(period.pk, [])
        if period.level == PeriodLevel.MONTH:
            if inside:
                yield Breach(f"{period.label} is a leaf and has children", (period.pk,))
        elif not inside or (inside[0].starts_on, inside[-1].ends_on) != (period.starts_on, period.ends_on):
            yield Breach(f"{period.label} is not what its parts are", (period.pk, *(part.pk for part in inside)))


@invariant("INV-12", "Keys of people and teams are the normal form of what they identify.")
def keys_are_normal() -> Iterator[Breach]:
    for pk, email, key in User.objects.values_list("pk", "email", "email_key").iterator():
        if key != normalise(email):
            yield Breach(f"the key of {email} is {key}", (pk,))
    for pk, code, key in Team.objects.values_list("pk", "code", "key").iterator():
        if key != normalise(code):
            yield Breach(f"the key of team {code} is {key}", (pk,))


@invariant("INV-27", "Every guard is in the database, and says what it should.")
def guards_are_present() -> Iterator[Breach]:
    for name in guards.missing(connection):
        yield Breach(f"guard {name} is missing or altered; `manage.py migrate` installs it")


@invariant("INV-31", "Every row of a tracked model has its history.")
def history_exists() -> Iterator[Breach]:
    for model in guards.tracked_models():
        history = getattr(model, model._meta.simple_history_manager_attribute)
        told = history.filter(**{model._meta.pk.attname: OuterRef("pk")})
        untold = model._base_manager.filter(~Exists(told)).order_by("pk").values_list("pk", flat=True)
        if ids := tuple(untold):
            yield Breach(f"{model._meta.label}: {len(ids)} rows without history", ids)


@invariant("INV-31", "The audit log is an unbroken chain of hashes.")
def audit_chain_is_whole() -> Iterator[Breach]:
    previous = ""
    for entry in AuditEntry.objects.order_by("pk").iterator():
        if entry.previous != previous:
            yield Breach("an entry before this one is gone, or was put in later", (entry.pk,))
        if entry.digest != digest_of(entry):
            yield Breach("this entry was altered", (entry.pk,))
        previous = entry.digest


@invariant("INV-31", "Sealed history rows are as they were when they were sealed.")
def seals_hold() -> Iterator[Breach]:
    for table, first, last in seals.broken_blocks():
        yield Breach(f"{table}: a row between {first} and {last} was altered, or is gone", (first, last))


@invariant("INV-33", "On no day does a team stand below itself.")
def no_team_below_itself() -> Iterator[Breach]:
    for day in TeamPlacement.objects.order_by("starts_on").values_list("starts_on", flat=True).distinct():
        tree = tree_as_of(day)
        reached = tree.subtree(tree.roots)
        if circle := tuple(sorted(set(tree.parent) - reached)):
            yield Breach(f"on {day:%Y-%m-%d} these teams go round in a circle, or hang on one that does", circle)


@invariant("INV-34", "The House is one row that nobody can sign in as.")
def house_is_one() -> Iterator[Breach]:
    houses = list(User.objects.filter(is_house=True))
    if len(houses) != 1 or houses[0].is_active or houses[0].has_usable_password():
        yield Breach("the House row is missing or can sign in", tuple(house.pk for house in houses))
