"""What crosses the borders of the world: rows of hidden people beside rows that somebody sees, and rows of admins.

Without them a scope that is missing would often change nothing: a territory's credits would all be its holder's.
"""

from datetime import date
from decimal import Decimal

from spm.imports.models import ImportProfile
from spm.market.choices import AssignmentRole
from spm.market.models import Assignment, Territory
from spm.org import audit
from spm.org.choices import AuditKind
from spm.org.models import Period, Team, User
from targets.models import Actual, CompanyPlan, Credit, PlanLine, Target
from tests.builders import make_plan, make_territory


def cross_the_borders(owner: User, outsider: User, admin: User, territory: Territory, plan: CompanyPlan) -> None:
    """``owner`` has lines in the territory of ``outsider``, who helps out in one of the owner's."""
    for kind in ("booking", "revenue"):
        _line(owner, territory, kind)
    shared = make_territory("Landshared", owner=owner)
    Assignment.objects.create(
        territory=shared, person=outsider, role=AssignmentRole.OVERLAY, starts_on=date(2026, 2, 1)
    )
    leaf = Period.objects.leaves().get(label="2026-09")
    goal = {"plan": plan, "measure": "bookings", "period": leaf}
    PlanLine.objects.create(**goal, amount=Decimal(9_100_000))
    for team, amount in {"North": 4_100_000, "South": 3_100_000}.items():
        Target.objects.create(**goal, team=Team.objects.get(name=team), amount=Decimal(amount))
    make_plan(plan.fiscal_year, kind="baseline")
    ImportProfile.objects.create(kind="teams", name="Exported from HR")
    audit.record(AuditKind.EXPORT, actor=admin, subject="People")


def _line(person: User, territory: Territory, kind: str) -> None:
    line = {"date": date(2026, 9, 11), "kind": kind, "amount": Decimal(1_000)}
    name = f"across-{kind}"
    actual = Actual.objects.create(
        source="crm", external_id=name, external_key=name, person=person, currency="EUR", **line
    )
    Credit.objects.create(actual=actual, person=person, territory=territory, **line)
