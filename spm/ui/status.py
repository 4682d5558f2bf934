"""Status from pace: the four words of the product, the same everywhere. Rule: ux.md, principle 2."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Thresholds(Protocol):
    """What status asks of the company: the lower edges, in whole percent of pace."""

    ahead_from: int
    on_track_from: int
    at_risk_from: int


@dataclass(frozen=True)
class Status:
    """A code (for classes and sorting) and the word beside the shape; ``rank`` sorts worst first."""

    code: str
    label: str | Promise
    rank: int


AHEAD = Status("ahead", _("Ahead"), 3)
ON_TRACK = Status("ontrack", _("On track"), 2)
AT_RISK = Status("risk", _("At risk"), 1)
BEHIND = Status("behind", _("Behind"), 0)
NOT_BEGUN = Status("none", _("Not begun"), 4)
NO_QUOTA = Status("none", _("No quota"), 5)
ALL = (AHEAD, ON_TRACK, AT_RISK, BEHIND, NO_QUOTA)


def status_of(pace: Decimal | None, company: Thresholds) -> Status:
    """The status of an unrounded pace ratio; an edge belongs to the better status (1.05 is Ahead)."""
    if pace is None:
        return NO_QUOTA
    in_percent = pace * 100
    if in_percent >= company.ahead_from:
        return AHEAD
    if in_percent >= company.on_track_from:
        return ON_TRACK
    return AT_RISK if in_percent >= company.at_risk_from else BEHIND


HEAT_EDGES = (Decimal("0.70"), Decimal("0.85"), Decimal("0.95"), Decimal("1.05"), Decimal("1.20"))


def heat_band(ratio: Decimal | None) -> int | None:
    """The colour band 1 (below 70 %) to 6 (120 % and above) of a heat cell; None for no value."""
    if ratio is None:
        return None
    return 1 + sum(ratio >= edge for edge in HEAT_EDGES)
