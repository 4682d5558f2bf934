"""Pages about oneself and the frame: settings, theme, search, the demo's sign-in."""

from allauth.account.utils import perform_login
from django.conf import settings as site
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from spm.dashboards import demo_people
from spm.dashboards.forms_personal import ProfileForm
from spm.dashboards.search import MAX_LENGTH, find
from spm.dashboards.shell import DENSITY_COOKIE, THEME_COOKIE, THEMES
from spm.keys import as_key
from spm.org import people
from spm.org.gates import user_of
from spm.org.limits import spend
from spm.org.models import User
from spm.talk.queries import choices_of
from spm.ui.forms import StaleRecord
from spm.ui.redirects import back

COOKIE_AGE = 365 * 24 * 3600


def with_theme(response: HttpResponse, theme: str) -> HttpResponse:
    """Keep the theme beside the account as well, so that the sign-in page has it."""
    response.set_cookie(THEME_COOKIE, theme, max_age=COOKIE_AGE, samesite="Lax", secure=site.SESSION_COOKIE_SECURE)
    return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Language, time zone, theme and shortcuts; links to password, second factor and sessions."""
    person = user_of(request)
    form = ProfileForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                form.claim()
                people.set_preferences(person, **form.told)
        except StaleRecord as error:
            form.add_error(None, str(error))
        else:
            translation.activate(person.locale or translation.get_language_from_request(request))
            messages.success(request, _("Settings saved."))
            return with_theme(redirect("dashboards:settings"), person.theme)
    status = 422 if form.is_bound else 200
    context = {"form": form, "choices": choices_of(person)}
    return render(request, "dashboards/settings.html", context, status=status)


@login_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark or as the system; the page's script posts here and does not wait."""
    chosen = request.POST.get("theme", "")
    if chosen not in THEMES:
        return HttpResponse(status=400)
    person = user_of(request)
    person.theme = chosen
    person.save(update_fields=["theme"])
    return with_theme(back(request, reverse("dashboards:settings")), chosen)


@login_required
@require_POST
def density(request: HttpRequest) -> HttpResponse:
    """Rows of tables 44 or 36 px high, on this browser."""
    response = back(request, reverse("dashboards:settings"))
    if request.POST.get("density") != "loose":
        response.delete_cookie(DENSITY_COOKIE, samesite="Lax")
        return response
    secure = site.SESSION_COOKIE_SECURE
    response.set_cookie(DENSITY_COOKIE, "loose", max_age=COOKIE_AGE, samesite="Lax", secure=secure, httponly=True)
    return response


@login_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """People, teams, territories and accounts that the user may see."""
    spend(request, "search")
    text = request.GET.get("q", "")[:MAX_LENGTH].strip()
    return render(request, "dashboards/search.html", {"search_text": text, "groups": find(text, user_of(request))})


@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as anybody, without a password: in the demo alone. Elsewhere this address does not exist.

    Where the demo company was loaded from the browser, its admins alone may: to look at it as somebody else.
    """
    if not demo_people.is_open() and not demo_people.may_switch(request.user):
        raise Http404
    key = as_key(request.POST.get("person", ""))
    if key is None:
        return redirect("account_login")
    person = get_object_or_404(User, pk=key, is_active=True, is_house=False)
    signed_in: HttpResponse = perform_login(request, person, email_verification="none")
    return signed_in
