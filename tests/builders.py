"""Builders with keyword overrides: each makes one row that is valid by itself."""

from datetime import date
from decimal import Decimal
from itertools import count

from spm.market.models import Account, Assignment, Territory
from spm.org.choices import CalendarKind, PeriodLevel
from spm.org.models import ALWAYS, Company, FiscalYear, Membership, Period, Team, TeamLead, TeamPlacement, User
from spm.periods import leaves_of
from targets import access, approvals
from targets.actuals import recording
from targets.lines import Line
from targets.models import Actual, CompanyPlan, PlanLine, Quota

_serial = count(1)


def make_company(**fields) -> Company:
    values = {"name": "Testing Ltd", "currency": "EUR", "timezone": "UTC", "fixed_today": date(2026, 9, 18)} | fields
    return Company.objects.update_or_create(pk=1, defaults=values)[0]


def make_person(name: str = "", *, team: Team | None = None, since: date = ALWAYS, **fields) -> User:
    name = name or f"Person {next(_serial)}"
    email = fields.pop("email", f"{name.lower().replace(' ', '.')}@example.com")
    person = User.objects.create_user(
        email=email, name=name, password=fields.pop("password", "correct horse battery"), **fields
    )
    if team:
        Membership.objects.create(person=person, team=team, starts_on=since)
    return person


def make_team(name: str = "", *, parent: Team | None = None, lead: User | None = None, since: date = ALWAYS) -> Team:
    name = name or f"Team {next(_serial)}"
    team = Team.objects.create(code=name, name=name)
    TeamPlacement.objects.create(team=team, parent=parent, starts_on=since)
    if lead:
        TeamLead.objects.create(team=team, person=lead, starts_on=since)
    return team


def make_territory(name: str = "", *, parent: Territory | None = None, owner: User | None = None) -> Territory:
    name = name or f"Territory {next(_serial)}"
    territory = Territory.objects.create(code=name, name=name, parent=parent)
    if owner:
        Assignment.objects.create(territory=territory, person=owner)
    return territory


def make_account(name: str = "", **fields) -> Account:
    number = next(_serial)
    return Account.objects.create(
        external_id=fields.pop("external_id", f"A{number}"), name=name or f"Account {number}", **fields
    )


def make_year(
    label: str = "2026", first: date = date(2026, 1, 1), kind: CalendarKind = CalendarKind.MONTHS, weeks: int = 52
) -> FiscalYear:
    """A fiscal year with its year, quarter and leaf rows, as ``spm.org.calendars`` makes it."""
    leaves = leaves_of(kind, label, first, weeks)
    year = FiscalYear.objects.create(label=label, starts_on=first, ends_on=leaves[-1].ends_on, calendar_kind=kind)
    top = Period.objects.create(
        fiscal_year=year, level=PeriodLevel.YEAR, number=1, label=label, starts_on=first, ends_on=year.ends_on
    )
    for quarter in range(1, 5):
        inside = [leaf for leaf in leaves if leaf.quarter == quarter]
        row = Period.objects.create(
            fiscal_year=year,
            level=PeriodLevel.QUARTER,
            number=quarter,
            label=f"{label}-Q{quarter}",
            parent=top,
            starts_on=inside[0].starts_on,
            ends_on=inside[-1].ends_on,
        )
        for leaf in inside:
            Period.objects.create(
                fiscal_year=year,
                level=PeriodLevel.MONTH,
                number=leaf.number,
                label=leaf.label,
                parent=row,
                starts_on=leaf.starts_on,
                ends_on=leaf.ends_on,
            )
    return year


def make_plan(year: FiscalYear, **fields) -> CompanyPlan:
    return CompanyPlan.objects.get_or_create(fiscal_year=year, kind=fields.pop("kind", "working"), defaults=fields)[0]


def approve_plan(year: FiscalYear, by: User) -> CompanyPlan:
    """The company plan of a year, submitted by an admin and approved by another one where there is one."""
    submitted = approvals.submit(make_plan(year), by=by)
    return approvals.approve(submitted, by=next(iter(access.other_admins(by)), by))


def make_quota(person: User, period: Period | str, amount: Decimal | int | str, measure: str = "bookings") -> Quota:
    leaf = period if isinstance(period, Period) else Period.objects.get(level=PeriodLevel.MONTH, label=period)
    return Quota.objects.create(
        plan=make_plan(leaf.fiscal_year), person=person, measure=measure, period=leaf, amount=Decimal(amount)
    )


def make_line_of_plan(label: str, amount: Decimal | int | str, measure: str = "bookings") -> PlanLine:
    """The company's goal of one leaf period, in the working plan of its year."""
    leaf = Period.objects.get(level=PeriodLevel.MONTH, label=label)
    return PlanLine.objects.create(
        plan=make_plan(leaf.fiscal_year), measure=measure, period=leaf, amount=Decimal(amount)
    )


def make_line(person: User | None = None, day: date | str = "2026-01-15", amount: Decimal | int | str = 100, **fields):
    """A line as the import gives it: revenue in euro of a person, or of the House."""
    cost = fields.pop("cost", None)
    holder = person or User.objects.house()
    keys = {name: getattr(fields.pop(name, None), "pk", None) for name in ("account", "territory", "product_family")}
    values = {"kind": "revenue", "external_id": f"L{next(_serial)}", "partner": "", "currency": "EUR"} | fields
    return Line(
        date=date.fromisoformat(str(day)),
        person=holder.pk,
        amount=Decimal(amount),
        cost=None if cost is None else Decimal(cost),
        **keys,
        **values,
    )


def make_actual(person: User | None = None, day: date | str = "2026-01-15", amount=100, **fields) -> Actual:
    """A recorded and credited line; fields as in ``make_line``."""
    line = make_line(person, day, amount, **fields)
    with recording("test") as recorder:
        recorder.record([line])
    return Actual.objects.get(source="test", external_key=line.key)
