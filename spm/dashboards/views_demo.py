"""Taking the demo company away, from the browser."""

from urllib.parse import urlsplit

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from spm.dashboards import demo
from spm.org import access, clock
from spm.org.gates import user_of
from spm.org.invitations import first_admin_link


@require_POST
@login_required
def demo_remove(request: HttpRequest) -> HttpResponse:
    """Empty the database and hand the admin who did it the link that makes the first admin of a new company."""
    company = clock.company()
    if not access.can_administer(user_of(request)) or company is None or not company.is_demo:
        raise PermissionDenied
    logout(request)  # before its session row goes, which the session middleware would miss
    demo.remove()
    return redirect(urlsplit(first_admin_link()).path)
