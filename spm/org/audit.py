"""The audit log: who did what and when, each entry sealed by a hash over itself and the one before (INV-31)."""

import hashlib
import json
from datetime import UTC
from ipaddress import ip_address
from typing import Any

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from spm.org import clock
from spm.org.choices import AuditKind
from spm.org.models import AuditEntry, User


def record(
    kind: AuditKind, *, actor: User | None, subject: str = "", request: HttpRequest | None = None, **detail: Any
) -> AuditEntry:
    """Append one entry to the log, in the caller's transaction where there is one.

    ``subject``: what it was done to, in a few words; control characters become blanks, so that no entry looks like
    two in a log file. ``detail``: values that JSON can hold; never the text of a private note.
    """
    entry = AuditEntry(
        at=clock.now(),
        actor=actor,
        kind=kind,
        subject=_one_line(subject),
        detail=json.loads(json.dumps(detail, cls=DjangoJSONEncoder)),
        address=client_address(request),
    )
    try:
        _append(entry)
    except IntegrityError:  # the very first entry has nothing to lock: somebody else wrote it meanwhile
        _append(entry)
    return entry


def _append(entry: AuditEntry) -> None:
    with transaction.atomic():
        entry.previous = _head_digest()
        entry.digest = digest_of(entry)
        entry.save(force_insert=True)


def digest_of(entry: AuditEntry) -> str:
    """SHA-256 over the entry's content and the digest of the entry before it, as 64 hex digits."""
    content = [
        entry.previous,
        entry.at.astimezone(UTC).isoformat(),
        entry.actor_id,
        str(entry.kind),
        entry.subject,
        entry.detail,
        entry.address,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def client_address(request: HttpRequest | None) -> str | None:
    """The address a request came from, past the trusted proxies; None where it is unknown."""
    if request is None:
        return None
    try:
        address = ip_address(get_adapter(request).get_client_ip(request))
    except (PermissionDenied, ValueError):  # no usable address in the request
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)


def _head_digest() -> str:
    """The digest of the newest entry, empty for none; until the transaction ends nobody else can append.

    The oldest entry is the lock: it is always the same row, so whoever waits for it then reads the newest head. Who
    found none to lock appends the first entry or fails: a head that came meanwhile is not read without the lock.
    """
    if not list(AuditEntry.objects.order_by("pk").select_for_update(no_key=True)[:1]):
        return ""
    return AuditEntry.objects.order_by("-pk").values_list("digest", flat=True).first() or ""


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)[:200]
