"""What the audit log says of what territories record."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import ngettext

from spm.org.audit_words import tell
from spm.org.choices import AuditKind
from spm.ui.numbers import day
from territories.choices import MoveState


def _move(detail: Mapping[str, Any]) -> str:
    told = {
        "state": MoveState(detail["state"]).label,
        "n": detail["accounts"],
        "territory": detail["to"],
        "day": day(date.fromisoformat(detail["day"])),
    }
    return (
        ngettext(
            "%(state)s: %(n)d account to %(territory)s on %(day)s.",
            "%(state)s: %(n)d accounts to %(territory)s on %(day)s.",
            detail["accounts"],
        )
        % told
    )


tell(AuditKind.MOVE, _move)
