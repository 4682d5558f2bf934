"""What tests of the company plan's page do: name its cells, save, spread, and read back."""

from decimal import Decimal

from django.urls import reverse

from spm.org.models import Period
from targets import batches
from targets.models import PlanLine
from targets.plans import set_plan_line, working_plan


def period(label="2027"):
    return Period.objects.get(label=label)


def name(label="2027-01", measure="bookings", segment=""):
    return f"c:{measure}:{segment}:{period(label).pk}"


def url(verb="", **query):
    address = reverse(f"targets:company{verb and '-'}{verb}", args=["2027"])
    return address + ("?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else "")


def give(plan, amount, label="2027", measure="bookings", segment="", by=None):
    set_plan_line(plan, measure=measure, period=period(label), amount=Decimal(amount), segment=segment, by=by)


def save(site, cells, seen=None, verb="", **more):
    seen = batches.newest(working_plan(period().fiscal_year)) if seen is None else seen
    return site.post(url(verb), {"seen": seen, "was": "{}"} | cells | more)


def stored(measure="bookings", segment=""):
    rows = PlanLine.objects.filter(plan__kind="working", measure=measure, segment=segment)
    return {row.period.label: row.amount for row in rows}


def page(answer):
    return answer.content.decode()


def spread(site, season, total="", row="bookings:", of="2027", **more):
    chosen = {"row": row, "period": period(of).pk, "season": season, "total": total}
    return save(site, chosen | more, verb="spread")
