"""Setup: letting people in, one or all. By e-mail where a mail server is set up, else by links to be passed on."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from spm.dashboards.setup import invitations as by_mail
from spm.dashboards.setup import queries, tables
from spm.dashboards.setup.people_views import person_of
from spm.org import access, invitations
from spm.org.gates import admins_only, user_of


@require_POST
@admins_only
def person_invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Invite one person: by a job that mails the link, or by a link shown once (``by=link``, or without mail)."""
    user, person = user_of(request), person_of(request, pk)
    if not access.can_invite(user, person):
        raise PermissionDenied
    if settings.EMAIL_URL and request.POST.get("by") != "link":
        by_mail.ask([person], user, again=True)
        messages.success(request, _("The invitation to %(email)s is on its way.") % {"email": person.email})
        return redirect("setup:person", pk=pk)
    return render(request, "setup/invited.html", {"person": person, "link": invitations.invite(person, by=user)})


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
def people_invite(request: HttpRequest) -> HttpResponse:
    """Say what inviting everybody without access will do; sent, do it: a job that mails, or links shown once."""
    user = user_of(request)
    page = queries.invite_page(user)
    if request.method != "POST":
        return render(request, "setup/people_invite.html", {"page": page})
    again = "again" in request.POST
    wanted = page.wanted(again=again)
    if not wanted:
        messages.info(request, _("Nobody is left to invite."))
        return redirect("setup:people-invite")
    if page.by_mail:
        return redirect("jobs:detail", pk=by_mail.ask(wanted, user, again=again).pk)
    links = invitations.invite_many(wanted, by=user)
    tokens = "\n".join(link.rstrip("/").rpartition("/")[2] for _person, link in links)
    return render(request, "setup/links.html", {"links": links, "tokens": tokens})


@require_POST
@admins_only
def people_links(request: HttpRequest) -> HttpResponseBase:
    """The links of the page just shown as a file: only the browser that was shown them can name them."""
    found = invitations.of_tokens(request.POST.get("tokens", "").split(), by=user_of(request))
    return tables.export_links(request, found)
