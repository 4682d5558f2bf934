"""Sign-ins, failed ones and sign-outs go to the audit log."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from spm.org import audit
from spm.org.adapters import rewrite_secrets
from spm.org.choices import AuditKind
from spm.org.models import User


@receiver(user_logged_in, dispatch_uid="spm.audit.sign_in")
def on_sign_in(request: HttpRequest, user: User, **_: Any) -> None:
    audit.record(AuditKind.SIGN_IN, actor=user, subject=user.email, request=request)
    rewrite_secrets(user)


@receiver(user_login_failed, dispatch_uid="spm.audit.sign_in_failed")
def on_failed_sign_in(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    tried = credentials.get("email") or credentials.get("username") or ""
    audit.record(AuditKind.SIGN_IN_FAILED, actor=None, subject=str(tried), request=request)


@receiver(user_logged_out, dispatch_uid="spm.audit.sign_out")
def on_sign_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:  # the session had already ended
        audit.record(AuditKind.SIGN_OUT, actor=user, subject=user.email, request=request)
