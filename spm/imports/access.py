"""Who may do what with imports. *See* is ``visible_to``; *do* is a ``can_<verb>`` here."""

from spm.imports.choices import OPEN_STATES, BatchState
from spm.imports.models import ImportBatch
from spm.org.access import can_administer
from spm.org.models import User


def can_load(user: User, batch: ImportBatch) -> bool:
    """Map, preview and commit: admins, while the file is not loaded."""
    return can_administer(user) and batch.state in OPEN_STATES


def can_undo(user: User, batch: ImportBatch) -> bool:
    return can_administer(user) and batch.state == BatchState.COMMITTED
