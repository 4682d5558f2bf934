"""A year in review, and its letters on their way."""

from datetime import date

from spm.org.models import Period
from spm.talk.models import Notification
from targets import cycles, letters
from targets.choices import Stage
from targets.models import PlanningCycle, QuotaLetter
from targets.quotas import set_quota
from targets.recipients import prepare
from tests.builders import make_line_of_plan, make_plan, make_quota, make_year


def cycle_in_review(cast) -> PlanningCycle:
    """The cycle of 2027 in Review: the rep has 1,200, the teammate 600, the manager 500; plan 3,000."""
    cycle = cycles.create_cycle(make_year("2027", date(2027, 1, 1)), cast.admin)
    make_line_of_plan("2027-01", 3000)
    for person, amount in ((cast.rep, 1200), (cast.teammate, 600), (cast.north_manager, 500)):
        make_quota(person, "2027-01", amount)
    at_stage(cycle, Stage.REVIEW)
    prepare(cycle)
    return cycle


def at_stage(cycle, stage):
    PlanningCycle.objects.filter(pk=cycle.pk).update(stage=stage)
    cycle.refresh_from_db()


def letter_of(person) -> QuotaLetter:
    return QuotaLetter.objects.select_related("cycle").get(person=person)


def sent(person, by):
    letters.send([letter_of(person)], by)
    return letter_of(person)


def agreed(person, by):
    return letters.agree(sent(person, by), person)


def lines(letter):
    return {line.part: line.amount for line in letter.lines.filter(measure="bookings")}


def heard(person):
    return list(Notification.objects.filter(person=person).order_by("pk").values_list("kind", flat=True))


def set_number(person, amount, by, label="2027-01"):
    month = Period.objects.leaves().get(label=label)
    set_quota(make_plan(month.fiscal_year), person=person, measure="bookings", period=month, amount=amount, by=by)
