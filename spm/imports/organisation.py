"""The kinds of import that fill ``spm.org``, which stands below the machine and so cannot register them itself."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from functools import cached_property
from itertools import takewhile
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from spm.errors import RuleViolation
from spm.imports import journal
from spm.imports.choices import BatchState
from spm.imports.cycles import in_cycles
from spm.imports.kinds import UNCHANGED, Column, ColumnType, Loader, Row, Verdict, new, refused, register
from spm.imports.models import ImportBatch, ImportChange
from spm.imports.records import DatedLoader, Fact, RecordKind, RecordLoader, Reference, Refused, Shelf
from spm.imports.zeros import ZeroForms, reason
from spm.keys import normalise
from spm.org import calendars, people
from spm.org.models import ALWAYS, FiscalYear, Membership, Period, Team, TeamLead, TeamPlacement, User
from spm.periods import ONE_DAY
from spm.zones import known_zones

type Days = dict[date, str | None]  # what holds from a day on, as natural keys

UNKNOWN_PERSON = gettext_lazy("Nobody has this e-mail address. Load people first.")
UNKNOWN_TEAM = gettext_lazy("There is no such team. Load teams first.")
PERSON = Reference(User, "email", UNKNOWN_PERSON)
LEAD = Reference(User, "lead_email", UNKNOWN_PERSON)
TEAM = Reference(Team, "team", UNKNOWN_TEAM)
PARENT = Reference(Team, "parent", UNKNOWN_TEAM)
STARTS_ON = Column("starts_on", ColumnType.DATE, help=gettext_lazy("empty = always"), example="2026-01-01")
EMAIL = Column("email", ColumnType.EMAIL, required=True, filled=True, max_length=254, example="ana@example.com")

TEAMS = Shelf(Team, {"key": "key"})
PEOPLE_BY_EMAIL = Shelf(User, {"email_key": "email_key"}, where={"is_house": False})
MEMBERSHIPS = Shelf(
    Membership, {"person": "person__email_key", "starts_on": "starts_on"}, {"team": "team__key"}, moves=True
)
PLACEMENTS = Shelf(
    TeamPlacement, {"team": "team__key", "starts_on": "starts_on"}, {"parent": "parent__key"}, moves=True
)
LEADS = Shelf(TeamLead, {"team": "team__key", "starts_on": "starts_on"}, {"person": "person__email_key"})
PERSON_TEXTS = ("employee_id", "locale", "timezone")
PEOPLE = Shelf(
    User,
    {"email_key": "email_key"},
    {name: name for name in ("name", *PERSON_TEXTS, "starts_on", "left_on", "is_admin", "is_active")},
    where={"is_house": False},
)


class PeriodLoader(Loader):
    """Rows become whole fiscal years; a fault of one row is a fault of its year."""

    def judge(self, rows: Sequence[Row]) -> list[Verdict]:
        stored = {(year.label, leaf) for year in FiscalYear.objects.all() for leaf in calendars.stored_leaves(year)}
        faults = self._faults(rows)
        verdicts = []
        for row in rows:
            label, leaf = row.values["fiscal_year"], _leaf(row)
            if label in faults:
                verdicts.append(refused("period", leaf.period, faults[label]))
            else:
                verdicts.append(UNCHANGED if (label, leaf) in stored else new(row))
        return verdicts

    def _faults(self, rows: Sequence[Row]) -> dict[str, str]:
        """Fiscal year → what is wrong with it, found by trying."""
        faults = {}
        with transaction.atomic():
            for label, leaves in _years(rows):
                try:
                    with transaction.atomic():
                        calendars.load_leaves(label, leaves)
                except RuleViolation as fault:
                    faults[label] = str(fault)
            transaction.set_rollback(True)
        return faults

    def write(self, verdicts: Sequence[Verdict]) -> None:
        before = journal.snapshot((FiscalYear, Period))
        for label, leaves in _years([verdict.payload for verdict in verdicts if verdict.payload]):
            calendars.load_leaves(label, leaves)
        journal.record_since(self.run.batch, before)


def _leaf(row: Row) -> calendars.LeafRow:
    values = row.values
    return calendars.LeafRow(values["quarter"], values["period"], values["starts_on"], values["ends_on"])


def _years(rows: Sequence[Row]) -> list[tuple[str, list[calendars.LeafRow]]]:
    """The fiscal years of a file with their leaf periods, in the order in which they follow each other."""
    years: dict[str, list[calendars.LeafRow]] = defaultdict(list)
    for row in rows:
        years[row.values["fiscal_year"]].append(_leaf(row))
    return sorted(years.items(), key=lambda year: min(leaf.starts_on for leaf in year[1]))


@register
class Periods(RecordKind):
    name = "periods"
    label = gettext_lazy("Periods")
    help = gettext_lazy("The calendar, one row per leaf period (month). Both days belong to the period.")
    columns = (
        Column("fiscal_year", required=True, filled=True, max_length=20, example="2026"),
        Column("quarter", required=True, filled=True, max_length=20, example="2026-Q1"),
        Column("period", required=True, filled=True, max_length=20, example="2026-01"),
        Column("starts_on", ColumnType.DATE, required=True, filled=True, example="2026-01-01"),
        Column("ends_on", ColumnType.DATE, required=True, filled=True, example="2026-01-31"),
    )
    key = ("period",)
    loader = PeriodLoader
    order = 10


class TeamLoader(RecordLoader):
    shelves = (TEAMS, PEOPLE_BY_EMAIL, PLACEMENTS, LEADS)

    def prepare(self, rows: Sequence[Row]) -> None:
        self.coming = {normalise(row.values["team"]) for row in rows}

    def facts(self, values: dict[str, Any]) -> list[Fact]:
        name = values["team"]
        team, day = normalise(name), values.get("starts_on") or ALWAYS
        found = [Fact(TEAMS, (team,), initial={"code": name, "name": name})]
        if "parent" in values:
            found.append(Fact(PLACEMENTS, (team, day), {"parent": self.known(PARENT, values)}))
        lead = self.known(LEAD, values)
        if lead:
            found.append(Fact(LEADS, (team, day), {"person": lead}))
        return found

    def review(self, rows: Sequence[Row], verdicts: list[Verdict]) -> None:
        """Refuse rows that would put a team below itself on any day (INV-33)."""
        placed = {key: stored.values["parent"] for key, stored in self.table(PLACEMENTS).rows.items()}
        for verdict in verdicts:
            placed.update(
                {fact.key: fact.values["parent"] for fact in verdict.payload or () if fact.shelf is PLACEMENTS}
            )
        ringed = _rings(placed)
        for i, row in enumerate(rows):
            key = (normalise(row.values["team"]), row.values.get("starts_on") or ALWAYS)
            if key in ringed and verdicts[i].payload:
                verdicts[i] = refused("parent", row.values.get("parent"), _("The team would stand below itself."))


def _rings(placed: dict[tuple[Any, ...], str | None]) -> set[tuple[Any, ...]]:
    """The placements (team, day) in force on a day on which their team is its own ancestor."""
    found: set[tuple[Any, ...]] = set()
    in_order = sorted(placed, key=lambda key: key[1])
    parents: dict[str, str | None] = {}
    current: dict[str, tuple[Any, ...]] = {}
    for i, key in enumerate(in_order):
        parents[key[0]], current[key[0]] = placed[key], key
        if i + 1 == len(in_order) or in_order[i + 1][1] != key[1]:
            found.update(current[team] for team in in_cycles(parents))
    return found


@register
class Teams(RecordKind):
    name = "teams"
    label = gettext_lazy("Teams")
    help = gettext_lazy("The tree of teams. The lead may come with a second load, once people are there.")
    columns = (
        Column("team", required=True, filled=True, is_code=True, example="North"),
        Column("parent", is_code=True, help=gettext_lazy("empty = at the top"), example="Sales"),
        Column("lead_email", ColumnType.EMAIL, max_length=254, example="nora@example.com"),
        STARTS_ON,
    )
    key = ("team", "starts_on")
    loader = TeamLoader
    order = 20


class PeopleLoader(RecordLoader):
    """``starts_on`` is the first day of a person. Who has no team yet joins the one of the row on that day; who has one
    stays: a move has a day of its own, and is loaded as a membership. ``left_on`` does what ``people.leave`` does.
    """

    shelves = (TEAMS, PEOPLE, MEMBERSHIPS, LEADS)

    def prepare(self, rows: Sequence[Row]) -> None:
        known = [stored.values["employee_id"] for stored in self.table(PEOPLE).rows.values()]
        self.employee_ids = ZeroForms([*known, *(row.values.get("employee_id") or "" for row in rows)])

    def lock(self) -> None:
        super().lock()
        self._roles = people.roles()

    def finish(self) -> None:
        super().finish()
        people.log_roles(self._roles, by=self.run.by)

    def facts(self, values: dict[str, Any]) -> list[Fact]:
        key = normalise(values["email"])
        if key == self._house:
            raise Refused("email", values["email"], _("This address is reserved."))
        _check_person(values)
        self._check_days(key, values)
        self._check_employee_id(key, values.get("employee_id") or "")
        said = {name: values[name] or "" for name in PERSON_TEXTS if name in values}
        said |= {name: values[name] for name in ("starts_on", "left_on") if name in values}
        said |= {name: values[name] for name in ("name", "is_admin") if values.get(name) is not None}
        person = Fact(PEOPLE, (key,), said, {"email": values["email"], "name": values["email"]})
        person.initial["password"] = self._unusable
        found = [person, *self._places(person, values)]
        if key in self._retired:
            person.values.setdefault("is_active", True)
        return found

    def _check_days(self, key: str, values: dict[str, Any]) -> None:
        """Refuse a last day before the first, be it of the row or the one that is stored."""
        stored = self.table(PEOPLE).rows.get((key,))
        days = {name: stored.values[name] for name in ("starts_on", "left_on")} if stored else {}
        days |= {name: values[name] for name in ("starts_on", "left_on") if name in values}
        column = "left_on" if values.get("left_on") else "starts_on"
        try:
            people.refuse_days(days.get("starts_on"), days.get("left_on"))
        except people.BadPerson as error:
            raise Refused(column, values.get(column), str(error)) from error

    def _check_employee_id(self, key: str, number: str) -> None:
        """Refuse an id that somebody has with more zeros before it; zeros put back are welcome."""
        stored = self.table(PEOPLE).rows.get((key,))
        fuller = self.employee_ids.fuller(number)
        if fuller and not (stored and stored.values["employee_id"] == number):
            raise Refused("employee_id", number, reason(number, fuller))

    def _places(self, person: Fact, values: dict[str, Any]) -> list[Fact]:
        """The memberships and leads that change with this row: somebody comes, leaves, or does not leave after all."""
        key, left_on = person.key[0], values.get("left_on")
        stored = self.table(PEOPLE).rows.get((key,))
        before = stored.values["left_on"] if stored else None
        teams: Days = {}
        leads: dict[tuple[str, date], str | None] = {}
        led = list(self._led[key])
        is_moved = "left_on" in values and left_on != before
        if before and is_moved and (values.get("starts_on") or ALWAYS) <= before:  # else they come back, to a new team
            teams = _taken_back(self._teams_of[key], before)
            again = self._led_again(key, before + ONE_DAY)
            leads = {(team, since): key for team, since, _until in again}
            led += again
        teams |= self._joined(self._teams_of[key] | teams, values, left_on if "left_on" in values else before)
        if left_on:
            ends = people.ends_of(people.spans_of(self._teams_of[key] | teams), left_on + ONE_DAY)
            teams |= {left_on + ONE_DAY: None} | {day: None for _team, day in ends}
            leads |= dict.fromkeys(people.ends_of(led, left_on + ONE_DAY))
        may_sign_in = people.has_access(before, left_on, self.run.company.today()) if "left_on" in values else None
        if may_sign_in is not None:
            person.values["is_active"] = may_sign_in
        found = [Fact(MEMBERSHIPS, (key, day), {"team": team}) for day, team in teams.items()]
        return found + [Fact(LEADS, place, {"person": lead}) for place, lead in leads.items()]

    def _joined(self, teams: Days, values: dict[str, Any], left_on: date | None) -> Days:
        """The team of the row, where the person has none. Raises Refused where they have another one already."""
        team, day = self.known(TEAM, values), values.get("starts_on") or ALWAYS
        if team is None:
            return {}
        if not any(teams[since] for since in teams if since > day) and not _team_on(teams, day):
            return {day: team}
        today = self.run.company.today()
        now = _team_on(teams, min(today, left_on or today))
        if team in (now, _team_on(teams, day)):
            return {}
        told = {"person": values.get("name") or values["email"], "team": self._team_names.get(now or "", "")}
        belongs = _("%(person)s belongs to %(team)s. A move is loaded as a membership, with its day.")
        belonged = _("%(person)s has been in other teams. A return is loaded as a membership, with its day.")
        raise Refused("team", values["team"], (belongs if now else belonged) % told)

    def _led_again(self, key: str, ended: date) -> list[tuple[str, date, date | None]]:
        """Teams whose lead ended on that day because the person left, and nobody followed."""
        ends = {team for team, _since, until in self._led[key] if until == ended}
        spans = [(team, *span) for team in ends for span in people.spans_of(self._leads[team])]
        return [(team, since, until) for team, lead, since, until in spans if since == ended and lead is None]

    @cached_property
    def _teams_of(self) -> dict[str, Days]:
        """Person → their teams over time."""
        teams: dict[str, Days] = defaultdict(dict)
        for (person, since), stored in self.table(MEMBERSHIPS).rows.items():
            teams[person][since] = stored.values["team"]
        return teams

    @cached_property
    def _leads(self) -> dict[str, Days]:
        """Team → its leads over time."""
        leads: dict[str, Days] = defaultdict(dict)
        for (team, since), stored in self.table(LEADS).rows.items():
            leads[team][since] = stored.values["person"]
        return leads

    @cached_property
    def _led(self) -> dict[str, list[tuple[str, date, date | None]]]:
        """Person → the teams they lead, from when, and until when."""
        led: dict[str, list[tuple[str, date, date | None]]] = defaultdict(list)
        for team, leads in self._leads.items():
            for lead, since, until in people.spans_of(leads):
                if lead:
                    led[lead].append((team, since, until))
        return led

    @cached_property
    def _team_names(self) -> dict[str, str]:
        return dict(Team.objects.values_list("key", "name"))

    @cached_property
    def _house(self) -> str:
        return User.objects.house().email_key

    @cached_property
    def _unusable(self) -> str:
        return make_password(None)

    @cached_property
    def _retired(self) -> set[str]:
        """People whose import was undone: another load makes them active again."""
        made = ImportChange.objects.filter(
            model=User._meta.label, before__isnull=True, batch__state=BatchState.UNDONE
        ).values_list("object_pk", flat=True)
        inactive = User.objects.filter(pk__in=list(made), is_active=False)
        return set(inactive.values_list("email_key", flat=True))


def _team_on(teams: Days, day: date) -> str | None:
    return next(
        (team for team, since, until in people.spans_of(teams) if since <= day and _is_before(day, until)), None
    )


def _is_before(day: date, until: date | None) -> bool:
    return until is None or day < until


def _taken_back(teams: Days, before: date) -> Days:
    """Leaving on ``before`` did not happen: the team of that day again, as far as leaving had ended it."""
    ended = takewhile(lambda day: teams[day] is None, sorted(day for day in teams if day > before))
    return dict.fromkeys(ended, _team_on(teams, before))


def _check_person(values: dict[str, Any]) -> None:
    zone, locale = values.get("timezone"), values.get("locale")
    if zone and zone not in known_zones():
        raise Refused("timezone", zone, _("This is no time zone such as Europe/Paris."))
    if locale and locale not in dict(settings.LANGUAGES):
        raise Refused("locale", locale, _("Languages: %(codes)s.") % {"codes": ", ".join(dict(settings.LANGUAGES))})


@register
class People(RecordKind):
    name = "people"
    label = gettext_lazy("People")
    help = gettext_lazy("Everybody who sells, leads or administers. An empty team is fine.")
    columns = (
        EMAIL,
        Column("name", example="Ana Silva"),
        Column("employee_id", max_length=64, is_code=True, example="1042"),
        Column(
            "team", is_code=True, help=gettext_lazy("where they begin; later moves are memberships"), example="North"
        ),
        STARTS_ON,
        Column("left_on", ColumnType.DATE, help=gettext_lazy("last day"), example=""),
        Column("is_admin", ColumnType.BOOLEAN, example="no"),
        Column("locale", max_length=8, example="en"),
        Column("timezone", max_length=64, example="Europe/Paris"),
    )
    key = ("email",)
    loader = PeopleLoader
    order = 30

    def restore(self, batch: ImportBatch, by: User | None) -> None:
        before = people.roles()
        super().restore(batch, by)
        people.log_roles(before, by=by)


class MembershipLoader(DatedLoader):
    shelves = (TEAMS, PEOPLE_BY_EMAIL, MEMBERSHIPS)
    subject, place = PERSON, TEAM


@register
class Memberships(RecordKind):
    name = "memberships"
    label = gettext_lazy("Team memberships")
    help = gettext_lazy("Who belongs to which team, and from when. An empty team ends the membership.")
    columns = (EMAIL, Column("team", required=True, is_code=True, example="North"), STARTS_ON)
    key = ("email", "starts_on")
    loader = MembershipLoader
    order = 40
