"""What an entry of the audit log says beyond its kind and subject, as a sentence in the reader's language."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from spm.org.choices import AuditKind
from spm.org.models import AuditEntry, Company
from spm.ui.numbers import number

type Detail = Mapping[str, Any]


def details(entry: AuditEntry) -> str:
    """One sentence, for a change with before → after; "" where kind and subject say it all."""
    told = _TOLD.get(AuditKind(entry.kind))
    return told(entry.detail) if told else ""


def tell(kind: AuditKind, words: "Callable[[Detail], str]") -> None:
    """Say how the details of a kind read that another app records."""
    _TOLD[kind] = words


def named(name: str, value: str) -> str:
    """A name and what it is, with the colon of the language: French sets a space before it."""
    return _("%(name)s: %(value)s") % {"name": name, "value": value}


def listed(parts: Iterable[str]) -> str:
    """Several such, with the semicolon of the language."""
    return _("; ").join(parts)


def _export(detail: Detail) -> str:
    filters = ", ".join(f"{name} {value}" for name, value in detail.get("query", {}).items())
    words = {"format": str(detail.get("format", "csv")).upper(), "filters": filters}
    return _("As %(format)s, with %(filters)s.") % words if filters else _("As %(format)s.") % words


def _role(detail: Detail) -> str:
    if "is_admin" in detail:
        return _("Rights of an admin: no → yes.") if detail["is_admin"] else _("Rights of an admin: yes → no.")
    return _("Access: no → yes.") if detail.get("is_active") else _("Access: yes → no.")


def _settings(detail: Detail) -> str:
    return listed(_change(field, *values) for field, values in detail.get("changed", {}).items())


def _change(field: str, before: Any, after: Any) -> str:
    label = capfirst(str(getattr(Company._meta.get_field(field), "verbose_name", field)))
    return named(label, _value(after) if before is None else f"{_value(before)} → {_value(after)}")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value) if value not in (None, "") else "—"


def _invited(detail: Detail) -> str:
    if "by_mail" not in detail:
        return ""
    return _("By e-mail.") if detail["by_mail"] else _("By a link, to be passed on.")


def _reason(detail: Detail) -> str:
    return _("Reason: %(reason)s") % {"reason": detail["reason"]} if detail.get("reason") else ""


def _sealed(detail: Detail) -> str:
    rows = sum(block[2] for seal in detail["tables"].values() for block in seal["blocks"])
    return _("Rows of history: %(rows)s; tables: %(tables)s.") % {"rows": number(rows), "tables": len(detail["tables"])}


_TOLD: dict[AuditKind, Callable[[Detail], str]] = {
    AuditKind.EXPORT: _export,
    AuditKind.INVITED: _invited,
    AuditKind.ROLE_CHANGE: _role,
    AuditKind.SETTINGS: _settings,
    AuditKind.PERIOD_SOFT_CLOSE: _reason,
    AuditKind.PERIOD_CLOSE: _reason,
    AuditKind.PERIOD_REOPEN: _reason,
    AuditKind.HISTORY_SEAL: _sealed,
}
