"""The form of a revision: whose number, from which month on, and the new number of each month."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from spm.money import spread
from spm.org.models import Period
from spm.ui.amounts import parse_amount
from targets.goals import Goal, GoalModel, Holder, of_person, of_segment, of_team
from targets.models import PlanLine, Quota, Target

MODELS: dict[str, GoalModel] = {"person": Quota, "team": Target, "company": PlanLine}


@dataclass
class MonthField:
    """One month of the request form."""

    period: Period
    now: Decimal | None
    typed: str | None = None
    error: str = ""

    @property
    def name(self) -> str:
        return f"m{self.period.pk}"


@dataclass
class RevisionForm:
    """What a request is about, as the address names it, and what was typed."""

    key: str
    measure: str
    effective: Period
    fields: list[MonthField]

    @property
    def total(self) -> Decimal:
        return sum((field.now or Decimal(0) for field in self.fields), Decimal(0))

    @property
    def holder(self) -> Holder:
        kind, _mark, pk = self.key.partition(":")
        if kind == "company":
            return of_segment()
        return of_person(int(pk)) if kind == "person" else of_team(int(pk))

    @property
    def model(self) -> GoalModel:
        return MODELS[self.key.partition(":")[0]]

    def read(self, data: Mapping[str, str], language: str | None) -> list[Goal]:
        """The typed numbers as goals; a field that cannot be read bears its error."""
        goals = []
        for field in self.fields:
            field.typed = data.get(field.name, "").strip()
            try:
                amount = parse_amount(field.typed, language) if field.typed else field.now
            except ValueError:
                field.error = _("“%(text)s” is not an amount. Write it like 1200000, 1.2M or 1200k.") % {
                    "text": field.typed
                }
                continue
            if amount is not None and amount != field.now:
                goals.append(Goal(self.holder, self.measure, field.period, amount))
        return goals

    def spread(self, text: str, currency: str, language: str | None) -> None:
        """Put a total for the months shown into the fields, in proportion to what is in force. Raises ValueError."""
        weights = [field.now or Decimal(0) for field in self.fields]
        parts = spread(parse_amount(text, language), weights if any(weights) else [1] * len(weights), currency)
        for field, part in zip(self.fields, parts, strict=True):
            field.typed = f"{part:f}"
