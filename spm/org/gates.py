"""Gates in front of views: sign-in first, then the right to do what the address is for.

A view behind a gate may take both for granted. What an address names is fetched by ``visible_or_404``.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

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


def visible_or_404[Row: Model](model: type[Row], request: HttpRequest, **named: Any) -> Row:
    """The row that an address names. Raises Http404 alike where there is none and where the user does not see it."""
    rows: Any = model._default_manager
    found: Row = get_object_or_404(rows.visible_to(user_of(request)), **named)
    return found
