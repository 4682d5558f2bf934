"""Setup: overview, the first run, the company itself, and mail."""

from smtplib import SMTPException

from django.conf import settings
from django.contrib import messages
from django.core.mail import send_mail
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from spm.dashboards.demo_loading import loading
from spm.dashboards.setup import queries
from spm.dashboards.setup.checklist import NEEDED, PARTS, checklist
from spm.dashboards.setup.forms import CompanyForm, MailForm
from spm.errors import RuleViolation
from spm.org import clock, companies
from spm.org.gates import admins_only, user_of
from spm.org.models import FiscalYear
from spm.ui.redirects import back


@require_safe
@admins_only
def overview(request: HttpRequest) -> HttpResponse:
    """Everything an admin keeps, each with how it stands."""
    user = user_of(request)
    return render(request, "setup/overview.html", {"checklist": checklist(user), "facts": queries.facts(user)})


@require_safe
@admins_only
def welcome(request: HttpRequest) -> HttpResponse:
    """The first run: the demo company, or the steps to a dashboard of one's own, to be skipped and taken up again."""
    user = user_of(request)
    return render(request, "setup/welcome.html", {"checklist": checklist(user), "demo": loading(user)})


@require_POST
@admins_only
def step_skip(request: HttpRequest, part: str) -> HttpResponse:
    """Set a part of the first run aside, or (``undo``) take it up again."""
    if part not in PARTS or part in NEEDED:
        raise Http404
    try:
        companies.set_step(part, skipped="undo" not in request.POST)
    except RuleViolation as error:
        messages.error(request, str(error))
    return back(request, reverse("setup:welcome"))


@admins_only
def company_edit(request: HttpRequest) -> HttpResponse:
    """Create or change the company."""
    user = user_of(request)
    has_calendar = FiscalYear.objects.visible_to(user).exists()
    stored = clock.company()
    form = CompanyForm(request.POST or None, instance=stored, currency_is_fixed=has_calendar and stored is not None)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                form.claim()
                companies.set_company(by=user, **form.told)
            messages.success(request, _("Saved."))
            return redirect("setup:company" if stored else "setup:welcome")
        except RuleViolation as error:
            form.add_error(None, str(error))
    return render(request, "setup/company.html", {"form": form}, status=422 if form.errors else 200)


@admins_only
def mail_test(request: HttpRequest) -> HttpResponse:
    """How mail is set up, and a test of it."""
    form = MailForm(request.POST or None, initial={"to": user_of(request).email})
    if request.method == "POST" and form.is_valid():
        to = form.cleaned_data["to"]
        try:
            send_mail(_("Test mail from SPM"), _("Mail works: this message reached you."), None, [to])
            messages.success(request, _("Handed over to the mail server for %(to)s.") % {"to": to})
        except (OSError, SMTPException) as error:
            messages.error(request, _("The mail server refused: %(error)s") % {"error": error})
        return redirect("setup:mail")
    context = {"form": form, "mail": queries.mail_facts(), "sender": settings.DEFAULT_FROM_EMAIL}
    return render(request, "setup/mail.html", context, status=422 if form.errors else 200)
