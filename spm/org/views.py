"""Pages of the organisation that stand before sign-in."""

from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from spm.errors import RuleViolation
from spm.org import invitations, sessions
from spm.org.forms import InvitationForm
from spm.org.gates import user_of


@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Set the first password by a one-time link, and be signed in. Opening the page does not use the link up."""
    try:
        form = InvitationForm(request.POST or None, invitation=invitations.open_invitation(token))
    except invitations.BadInvitation:
        return render(request, "org/invitation.html", {"form": None}, status=404)
    if form.is_valid():
        try:
            person = invitations.accept(token, **form.cleaned_data)
        except RuleViolation as error:
            form.add_error(None, str(error))
        else:
            signed_in: HttpResponse = perform_login(request, person, email_verification="none")
            return signed_in
    context = {"form": form, "person": form.person, "command": invitations.link_command()}
    return render(request, "org/invitation.html", context)


@login_required
@require_POST
def session_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign one of the own browsers out."""
    if not sessions.end(user_of(request), pk):
        raise Http404
    messages.success(request, _("That browser is signed out."))
    return redirect("usersessions_list")
