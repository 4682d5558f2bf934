"""Gates in front of views: sign-in first, then the right to do what the address is for.

A view behind a gate may take both for granted. Objects are still fetched through ``visible_to``.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from spm.org import access
from spm.org.models import User

View = Callable[..., HttpResponseBase]


def user_of(request: HttpRequest) -> User:
    """The signed-in user of a request behind a gate. Raises PermissionDenied for an anonymous one."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def admins_only(view: View) -> View:
    """Anonymous → sign-in page; signed in without the right → 403."""

    @wraps(view)
    @login_required
    def gated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not access.can_administer(user_of(request)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return gated


class AdminGate(LoginRequiredMixin):
    """The same for class-based views."""

    request: HttpRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not access.can_administer(user_of(request)):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)
