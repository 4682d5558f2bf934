"""The columns of the tables of the front door, by the name that the address has for them (``columns=quota,gap``).

Pure. The keys are those of ``figures.Figures`` where a column shows a figure.
"""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from spm.ui.columns import Columns, Shown

__all__ = [
    "COMPARED",
    "LABELS",
    "LEFT_TO_DO",
    "MONTHS",
    "OF_MARKET",
    "OF_RATES",
    "TEAM",
    "TERRITORIES",
    "Shown",
    "asked",
]

LABELS: dict[str, str | Promise] = {
    "owner": _("Owner"),
    "accounts": _("Accounts"),
    "key": pgettext_lazy("accounts", "Key"),
    "potential": _("Potential"),
    "share": _("Share of potential"),
    "coverage": _("Coverage of key accounts"),
    "plan": _("Territory plan"),
    "quota": _("Quota"),
    "actual": _("Actual"),
    "bar": _("Actual of quota"),
    "attainment": _("Attainment"),
    "expected": _("Expected to date"),
    "pace": _("Pace"),
    "gap": _("Gap"),
    "to_go": _("To go"),
    "needed": _("Needed"),
    "at_plan_rates": _("At plan rates"),
    "effect": _("Currency effect"),
    "before": _("Comparison to date"),
    "growth": pgettext_lazy("growth", "Change"),
    "spark": _("12 months"),
    "status": _("Status"),
}


OF_MARKET = ("owner", "accounts", "key", "potential", "share", "coverage", "plan")
"""What a territory is, beside its figures."""
COMPARED = ("growth", "before")
"""Columns that say nothing where nothing is compared."""
LEFT_TO_DO = ("needed",)
"""Columns that say nothing of a period that is over."""
OF_RATES = ("at_plan_rates", "effect")
"""Columns that say nothing where every line is in the company's currency."""
TEAM = Columns(
    known=tuple(key for key in LABELS if key not in OF_MARKET),
    usual=("quota", "actual", "bar", "pace", "gap", "needed", "growth", "spark", "status"),
    labels=LABELS,
)
MONTHS = Columns(
    known=("quota", "actual", "attainment", "pace", "gap", "to_go", "at_plan_rates", "effect", "status"),
    usual=("quota", "actual", "pace", "gap"),
    labels=LABELS,
)
TERRITORIES = Columns(
    known=(
        *("owner", "accounts", "key", "potential", "quota", "actual", "share", "bar"),
        *("attainment", "expected", "pace", "gap", "to_go", "status", "coverage", "plan"),
    ),
    usual=("owner", "accounts", "key", "potential", "actual", "share", "pace", "status", "coverage", "plan"),
    labels=LABELS | {"quota": _("Target"), "bar": _("Actual of target")},
)


def asked(texts: Iterable[str]) -> tuple[list[str], list[str]]:
    """Keys that an address names, each once, and words that are none: boxes send one each, links a list by commas."""
    words = list(dict.fromkeys(word for text in texts for word in text[:400].split(",") if word))
    return [word for word in words if word in LABELS], [word for word in words if word not in LABELS]
