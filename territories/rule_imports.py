"""The import of rules: a file fills drafts, which are then looked at and activated in the browser."""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from spm.errors import RuleViolation
from spm.imports.kinds import Column, ColumnType, Row, register
from spm.imports.models import ImportBatch
from spm.imports.organisation import PEOPLE_BY_EMAIL
from spm.imports.records import Fact, RecordKind, RecordLoader, Refused, Shelf
from spm.keys import normalise
from spm.market.imports import ACCOUNT_KEYS, IN_TERRITORY, OF_ACCOUNT, TERRITORY, TERRITORY_KEYS
from spm.org.models import User
from territories import rule_sets
from territories.choices import RuleSetState
from territories.models import RuleSet, TerritoryRule
from territories.models.rules import CRITERIA
from territories.rule_sets import BadRule

ASKED = (*CRITERIA, "postal_from", "postal_to", "size_from", "size_to")
DRAFT = {"state": RuleSetState.DRAFT.value}
DRAFTS = Shelf(RuleSet, {"name": "name"}, {"state": "state"}, where=DRAFT)
RULES = Shelf(
    TerritoryRule,
    {"rule_set": "rule_set__name", "account": "account__key", **{name: name for name in ASKED}},
    {"territory": "territory__key", "priority": "priority"},
    where={"rule_set__state": RuleSetState.DRAFT.value},
)
USUAL_PRIORITY, MOST_PRIORITY = 100, 1_000_000


class RuleLoader(RecordLoader):
    shelves = (PEOPLE_BY_EMAIL, TERRITORY_KEYS, ACCOUNT_KEYS, DRAFTS, RULES)

    def lock(self) -> None:
        """No draft is activated, changed or put away while the file writes into it."""
        super().lock()
        list(RuleSet.objects.filter(**DRAFT).select_for_update().order_by("pk").values_list("pk", flat=True))

    def prepare(self, rows: Sequence[Row]) -> None:
        """A name in the file is that of a draft, there already or made by it."""

    @cached_property
    def _shared(self) -> set[str]:
        """Names that several drafts have."""
        names = Counter(map(normalise, RuleSet.objects.filter(**DRAFT).values_list("name", flat=True)))
        return {name for name, many in names.items() if many > 1}

    @cached_property
    def _author(self) -> str | None:
        """Whose draft it is: who loads the file, on the command line the first admin, else the House."""
        admin = User.objects.filter(is_admin=True, is_active=True).order_by("pk").first()
        return (self.run.by or admin or User.objects.house()).email_key

    def facts(self, values: dict[str, Any]) -> list[Fact]:
        name = values["rule_set"]
        if normalise(name) in self._shared:
            raise Refused("rule_set", name, _("Several drafts have this name: put all but one of them away first."))
        account, territory = self.known(OF_ACCOUNT, values), self.known(IN_TERRITORY, values)
        try:
            kept = rule_sets.in_form({**{asked: values.get(asked) for asked in ASKED}, "account": account})
        except BadRule as fault:
            column = rule_sets.outgrown(values) or ("account_id" if account else "postal_from")
            raise Refused(column, values.get(column), str(fault)) from fault
        priority = values.get("priority")
        if priority is not None and not 0 <= priority <= MOST_PRIORITY:
            raise Refused("priority", priority, _("A priority is a whole number from 0 to 1,000,000."))
        said = {"territory": territory, "priority": USUAL_PRIORITY if priority is None else priority}
        key = (normalise(name), account, *(kept[asked] for asked in ASKED))
        rule_set = Fact(DRAFTS, (normalise(name),), dict(DRAFT), {"name": name, "created_by": self._author})
        return [Fact(RULES, key, said), rule_set]


@register
class TerritoryRules(RecordKind):
    name = "territory_rules"
    label = gettext_lazy("Territory rules")
    help = gettext_lazy("Rules of a draft: which accounts stand where. Nothing moves before it is activated.")
    columns = (
        Column("rule_set", required=True, filled=True, max_length=100, example="Rules 2027"),
        TERRITORY,
        Column("priority", ColumnType.INTEGER, help=gettext_lazy("the smallest wins; empty = 100"), example="10"),
        Column(
            "account_id", max_length=100, is_code=True, help=gettext_lazy("a named account beats rules"), example=""
        ),
        Column("country", max_length=120, example="France"),
        Column("region", max_length=120, example="Bretagne"),
        Column("postal_from", max_length=20, is_code=True, help=gettext_lazy("alone: a beginning"), example="35"),
        Column("postal_to", max_length=20, is_code=True, example=""),
        Column("industry", max_length=120, example="Retail"),
        Column("segment", max_length=120, example=""),
        Column("size_from", ColumnType.AMOUNT, help=gettext_lazy("potential, both ends included"), example="50000"),
        Column("size_to", ColumnType.AMOUNT, example=""),
    )
    key = ("rule_set", "account_id", *ASKED)
    loader = RuleLoader
    order = 85

    def undo(self, batch: ImportBatch, by: User | None) -> None:
        keys = batch.changes.filter(model=TerritoryRule._meta.label).values("object_pk")
        if TerritoryRule.objects.filter(pk__in=keys).exclude(rule_set__state=RuleSetState.DRAFT).exists():
            raise RuleViolation(_("The rules of this file are no draft any more, and stay."))
        super().undo(batch, by)
