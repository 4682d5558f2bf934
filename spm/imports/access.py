"""Who may do what with imports. *See* is ``visible_to``; *do* is a ``can_<verb>`` here."""

from spm.imports.choices import OPEN_STATES, BatchState
from spm.imports.kinds import ImportKind, kind_named
from spm.imports.models import ImportBatch
from spm.org.access import can_administer, is_manager
from spm.org.models import User


def can_import(user: User) -> bool:
    """Anything at all: admins every kind, managers those that are for managers."""
    return can_administer(user) or is_manager(user)


def can_use(user: User, kind: ImportKind) -> bool:
    """Upload a file of this kind. Whose rows are loaded is for the kind's loader to decide."""
    return can_administer(user) or (kind.for_managers and is_manager(user))


def can_load(user: User, batch: ImportBatch) -> bool:
    """Map, preview and commit, while the file is not loaded; managers what they uploaded themselves."""
    return _may(user, batch) and batch.state in OPEN_STATES


def can_undo(user: User, batch: ImportBatch) -> bool:
    return _may(user, batch) and batch.state == BatchState.COMMITTED


def _may(user: User, batch: ImportBatch) -> bool:
    own = batch.created_by_id == user.pk and can_use(user, kind_named(batch.kind))
    return can_administer(user) or own
