"""Loading the demo company and taking it away, from the browser."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from spm.dashboards import demo, demo_loading, demo_people
from spm.errors import RuleViolation
from spm.org import access, clock
from spm.org.gates import admins_only, user_of
from spm.org.invitations import first_admin_link


@require_POST
@admins_only
def demo_load(request: HttpRequest) -> HttpResponse:
    """Ask for the demo company in a database that holds nobody else; the first-run page shows how far it is."""
    try:
        demo_loading.ask(user_of(request), get_language() or "")
    except RuleViolation as error:
        messages.error(request, str(error))
    return redirect("setup:welcome")


@require_POST
@login_required
def demo_remove(request: HttpRequest) -> HttpResponse:
    """Empty the database. An admin of one's own stays, signed in; one of the demo's gets the link of a first admin."""
    user, company = user_of(request), clock.company()
    if not access.can_administer(user) or company is None or not company.is_demo:
        raise PermissionDenied
    if demo_people.is_own(user):
        demo.remove(keep=user)
        messages.success(request, _("The demo company is gone. Yours begins here."))
        return redirect("setup:welcome")
    logout(request)  # before its session row goes, which the session middleware would miss
    demo.remove()
    return redirect(urlsplit(first_admin_link()).path)
