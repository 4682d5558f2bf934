"""What a commit did to single stored rows, and how it is put back (reliability INV-16)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import apps
from django.db.models import Model, ProtectedError
from django.utils.translation import gettext as _
from simple_history.utils import bulk_update_with_history

from spm.errors import RuleViolation
from spm.imports.bulk import chunks
from spm.imports.models import ImportBatch, ImportChange
from spm.money import from_units, to_units
from spm.org import clock
from spm.org.models import User
from spm.ui.fields import MoneyField

BLOCK = 500
type Said = dict[str, Any]


class ChangedSince(RuleViolation):
    """A row that the import wrote says something else by now, or is in use: taking it back would lose that."""


def said(row: Model, names: Iterable[str]) -> Said:
    """The columns ``names`` of a row as plain JSON values, references as primary keys."""
    by_name = {field.name: field for field in row._meta.concrete_fields}
    plain: Said = {}
    for name in names:
        column = by_name[name]
        value = column.value_from_object(row)
        if isinstance(column, MoneyField) and value is not None:
            value = from_units(to_units(value))  # 120000 and the stored 120000.0000 are one amount
        plain[column.attname] = value if value is None or isinstance(value, bool | int) else str(value)
    return plain


def record(batch: ImportBatch, differences: Sequence[tuple[Said | None, Said]], rows: Sequence[Model]) -> None:
    """Remember (before, after) of each of ``rows``; None before = the row was made."""
    ImportChange.objects.bulk_create(
        [
            ImportChange(batch=batch, model=row._meta.label, object_pk=row.pk, before=before, after=after)
            for (before, after), row in zip(differences, rows, strict=True)
        ],
        batch_size=BLOCK,
    )


def snapshot(models: Iterable[type[Model]]) -> dict[type[Model], dict[int, Said]]:
    """Every row of small tables as it stands, for verbs that do not say what they touch."""
    return {
        model: {row.pk: said(row, [field.name for field in _columns(model)]) for row in model._default_manager.all()}
        for model in models
    }


def _columns(model: type[Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not field.primary_key]


def record_since(batch: ImportBatch, before: dict[type[Model], dict[int, Said]]) -> None:
    """Remember what has become of the rows of a snapshot."""
    for model, then in before.items():
        for row in model._default_manager.order_by("pk"):
            now = said(row, [field.name for field in _columns(model)])
            if then.get(row.pk) != now:
                record(batch, [(then.get(row.pk), now)], [row])


def restore(batch: ImportBatch, by: User | None) -> None:
    """Put back every row of the batch, the last change first. Raises ChangedSince and then nothing is put back."""
    grouped: dict[str, list[ImportChange]] = defaultdict(list)
    order: list[str] = []
    for change in batch.changes.order_by("-pk"):
        if change.model not in grouped:
            order.append(change.model)
        grouped[change.model].append(change)
    for label in order:
        _restore_model(apps.get_model(label), grouped[label], by)


def _restore_model(model: type[Model], changes: list[ImportChange], by: User | None) -> None:
    rows: dict[int, Any] = {}
    for block in chunks(sorted({change.object_pk for change in changes})):
        rows.update(model._default_manager.in_bulk(block))
    changed: dict[int, Any] = {}
    made: list[Any] = []
    for change in changes:
        row = rows.get(change.object_pk)
        if row is None or _state(row, change.after) != change.after:
            raise ChangedSince(
                _("“%(row)s” has changed since this import. Undo the later change first.")
                % {"row": row or model.__name__}
            )
        if change.before is None:
            made.append(row)
        else:
            _set(row, change.before)
            changed[row.pk] = row
    _save(model, list(changed.values()), {name for change in changes for name in (change.before or {})}, by)
    for row in made:
        _take_back(row)


def _state(row: Model, like: Said) -> Said:
    names = {field.attname: field.name for field in row._meta.concrete_fields}
    return said(row, [names[column] for column in like])


def _set(row: Model, values: Said) -> None:
    columns = {field.attname: field for field in row._meta.concrete_fields}
    for name, value in values.items():
        setattr(row, name, columns[name].to_python(value))


def _save(model: type[Model], rows: list[Any], columns: set[str], by: User | None) -> None:
    if not rows:
        return
    names = sorted(field.name for field in model._meta.concrete_fields if field.attname in columns)
    if hasattr(model._meta, "simple_history_manager_attribute"):
        bulk_update_with_history(rows, model, names, batch_size=BLOCK, default_user=by, default_date=clock.now())
    else:
        model._default_manager.bulk_update(rows, names, batch_size=BLOCK)


def _take_back(row: Any) -> None:
    """Remove a row that the import made. People stay, deactivated: their row may be named in a history for ever."""
    if isinstance(row, User):
        row.is_active = False
        row.save(update_fields=["is_active"])
        return
    try:
        row.delete()
    except ProtectedError as error:
        raise ChangedSince(_("“%(row)s” is in use by now. Undo what uses it first.") % {"row": row}) from error
