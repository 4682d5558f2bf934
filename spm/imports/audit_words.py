"""What the audit log says of an import beyond its file: what was in it, and what became of the rows."""

from django.utils.translation import gettext as _

from spm.imports.kinds import UnknownKind, kind_named
from spm.org.audit_words import Detail, named, tell
from spm.org.choices import AuditKind
from spm.ui.numbers import number

COUNTS = ("new", "changed", "unchanged", "refused")


def _loaded(detail: Detail) -> str:
    rows = {name: number(detail.get("rows", {}).get(name, 0)) for name in COUNTS}
    if not (kind := _kind(detail)):
        return _("Rows: %(new)s new, %(changed)s changed, %(unchanged)s unchanged, %(refused)s refused.") % rows
    return named(kind, _("%(new)s new, %(changed)s changed, %(unchanged)s unchanged, %(refused)s refused.") % rows)


def _kind(detail: Detail) -> str:
    """What was in the file, as its reader says it; "" in an entry that does not tell, or of a kind that is gone."""
    try:
        return str(kind_named(detail.get("kind_of_file", "")).label)
    except UnknownKind:
        return ""


tell(AuditKind.IMPORT, _loaded)
tell(AuditKind.IMPORT_UNDO, _kind)
