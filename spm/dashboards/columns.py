"""Which columns a table shows: those that the address names (``columns=quota,gap``), else the set that fits the width.

Pure. The keys are those of ``figures.Figures`` where a column shows a figure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

LABELS: dict[str, str | Promise] = {
    "owner": _("Owner"),
    "accounts": _("Accounts"),
    "quota": _("Quota"),
    "actual": _("Actual"),
    "bar": _("Actual of quota"),
    "attainment": _("Attainment"),
    "expected": _("Expected to date"),
    "pace": _("Pace"),
    "gap": _("Gap"),
    "to_go": _("To go"),
    "needed": _("Needed"),
    "before": _("Comparison to date"),
    "growth": pgettext_lazy("growth", "Change"),
    "spark": _("12 months"),
    "status": _("Status"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """The columns of one table as its template asks for them: ``{% if "gap" in columns.keys %}``."""

    keys: tuple[str, ...]
    is_chosen: bool
    choices: tuple[tuple[str, str | Promise, bool], ...]  # key, label, shown now

    @property
    def narrow(self) -> str:
        """Class of the cells that a phone leaves out: none where somebody chose the columns."""
        return "" if self.is_chosen else "not-narrow"


@dataclass(frozen=True, slots=True)
class Columns:
    """What a table can show, in order, and what it shows where nobody chose."""

    known: tuple[str, ...]
    usual: tuple[str, ...]
    words: Mapping[str, str | Promise] = field(default_factory=dict)  # where this table says it otherwise

    def shown(self, chosen: Sequence[str]) -> Shown:
        """In the order of the table. Keys of other tables are passed over; where none is left it is the usual set."""
        keys = tuple(key for key in self.known if key in chosen)
        now = keys or self.usual
        return Shown(now, bool(keys), tuple((key, self.words.get(key, LABELS[key]), key in now) for key in self.known))


TEAM = Columns(
    known=tuple(key for key in LABELS if key not in ("owner", "accounts")),
    usual=("quota", "actual", "bar", "pace", "gap", "needed", "growth", "spark", "status"),
)
MONTHS = Columns(
    known=("quota", "actual", "attainment", "pace", "gap", "to_go", "status"), usual=("quota", "actual", "pace", "gap")
)
TERRITORIES = Columns(
    known=(
        *("owner", "accounts", "quota", "actual", "bar"),
        *("attainment", "expected", "pace", "gap", "to_go", "status"),
    ),
    usual=("owner", "accounts", "quota", "actual", "bar", "pace", "status"),
    words={"quota": _("Target"), "bar": _("Actual of target")},
)


def asked(texts: Iterable[str]) -> tuple[list[str], list[str]]:
    """Keys that an address names, each once, and words that are none: boxes send one each, links a list by commas."""
    words = list(dict.fromkeys(word for text in texts for word in text[:400].split(",") if word))
    return [word for word in words if word in LABELS], [word for word in words if word not in LABELS]
