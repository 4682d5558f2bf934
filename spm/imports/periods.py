"""The label of the period that contains a date, for mappings with [period_of]."""

from bisect import bisect_right
from collections import defaultdict
from datetime import date

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.imports.mapped import PeriodLabel
from spm.org.models import Period


class OutsideCalendar(RuleViolation):
    """No period of the calendar contains this date."""


def period_labels() -> PeriodLabel:
    """A function (date, level) → label that reads the calendar once, on its first use. It raises OutsideCalendar."""
    levels: dict[str, list[tuple[date, date, str]]] = defaultdict(list)

    def label(day: date, level: str) -> str:
        if not levels:
            rows_read = Period.objects.order_by("starts_on").values_list("level", "starts_on", "ends_on", "label")
            for name, starts_on, ends_on, text in rows_read:
                levels[name].append((starts_on, ends_on, text))
        rows = levels[level]
        at = bisect_right(rows, day, key=lambda row: row[0])
        if not at or rows[at - 1][1] < day:
            raise OutsideCalendar(_("No period of the calendar contains this date."))
        return rows[at - 1][2]

    return label
