"""What tests of files of numbers do: give, read back, write the lines of a file and preview it."""

import io
from decimal import Decimal

from django.urls import reverse
from openpyxl import load_workbook

from spm.imports import batches as imports
from spm.org.models import Period
from targets.models import Quota
from targets.plans import set_target
from targets.quotas import set_quota
from tests.spm.imports_help import upload


def period(label="2027"):
    return Period.objects.get(label=label)


def url(**query):
    return reverse("targets:allocate", args=["2027"]) + "?" + "&".join(f"{key}={value}" for key, value in query.items())


def give(plan, person, amount, label="2027", by=None):
    set_quota(plan, person=person, measure="bookings", period=period(label), amount=Decimal(amount), by=by)


def target(plan, holder, amount, by=None):
    set_target(plan, holder=holder, measure="bookings", period=period(), amount=Decimal(amount), by=by)


def quota(person):
    return sum(row.amount for row in Quota.objects.in_force().filter(person=person, measure="bookings"))


def downloaded(site, **query):
    return b"".join(site.get(url(format="xlsx", **query)).streaming_content)


def lines(file, sheet):
    return [[cell.value for cell in row] for row in load_workbook(io.BytesIO(file))[sheet].iter_rows()]


def rows(*lines, head="email,measure,period,amount"):
    return "\n".join([head, *lines])


def previewed(kind, text, by):
    return imports.preview(upload(kind, text, by=by))


# Out
