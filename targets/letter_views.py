"""Pages of the review: everybody's letter, one quota letter (also for paper), and the verbs of both."""

from decimal import Decimal

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from spm.errors import RuleViolation
from spm.org import clock
from spm.org.gates import user_of, visible_or_404
from spm.org.models import FiscalYear, Team, User
from spm.ui import typed
from spm.ui.amounts import parse_amount
from spm.ui.exports import export_format
from spm.ui.numbers import money_full
from targets import access, letter_queries, letters, number_tables, proposals, review_queries, tables
from targets.basis import basis_of, planned_years
from targets.choices import Measure
from targets.cycles import cycle_of
from targets.goals import Holder, of_person, of_team
from targets.letter_queries import Look
from targets.models import PlanningCycle, QuotaLetter
from targets.recipients import prepare

MOST_LETTERS = 1_000  # in one form
OF_PROPOSAL = ("amount", "note", "measure", "team")


def _year(request: HttpRequest, label: str) -> FiscalYear:
    return visible_or_404(FiscalYear, request, label=label)


def _cycle(request: HttpRequest, label: str) -> PlanningCycle:
    """The year's cycle; 404 where no cycle plans it."""
    cycle = cycle_of(_year(request, label))
    if cycle is None:
        raise Http404
    return cycle


def _measure(text: str) -> Measure:
    return Measure(text) if text in Measure.values else Measure.BOOKINGS


def _letter(request: HttpRequest, label: str, pk: int) -> QuotaLetter:
    """The letter of that person and year, as far as the user sees it: the person not before it is sent."""
    rows = QuotaLetter.objects.visible_to(user_of(request)).select_related("cycle__fiscal_year", "person")
    person = visible_or_404(User, request, pk=pk)
    found: QuotaLetter = get_object_or_404(rows, cycle__fiscal_year=_year(request, label), person=person)
    return found


# The review


@login_required
@require_safe
def review(request: HttpRequest, year: str) -> HttpResponseBase:
    """Whom the letters wait for: proposed, the person's view, comments, state and days; with what to do next."""
    user = user_of(request)
    fiscal_year = get_object_or_404(planned_years(user), label=year)
    if not access.can_see_plan(user):
        raise PermissionDenied
    cycle, measure = getattr(fiscal_year, "cycle", None), _measure(request.GET.get("measure", ""))
    basis = basis_of(request.GET, fiscal_year)
    if cycle and export_format(request):
        of_teams = request.GET.get("table") == "teams"
        read = review_queries.review_teams if of_teams else review_queries.review_letters
        return tables.export_review(request, read(user, cycle, measure, baseline=basis.is_baseline), basis.suffix)
    page = review_queries.review(user, cycle, measure, baseline=basis.is_baseline) if cycle else None
    context = {
        "year": fiscal_year,
        "basis": basis,
        "page": page,
        "measure": measure,
        "measures": Measure.choices,
        "typed": typed.kept(request),
    }
    return render(request, "targets/review.html", context)


@require_POST
@login_required
def send(request: HttpRequest, year: str) -> HttpResponse:
    """Send the letters of the people ticked, all or none."""
    user, cycle = user_of(request), _cycle(request, year)
    if not access.can_see_plan(user):
        raise PermissionDenied
    people = {int(pk) for pk in request.POST.getlist("person")[:MOST_LETTERS] if pk.isdecimal() and len(pk) < 19}
    prepare(cycle)
    rows = QuotaLetter.objects.visible_to(user).filter(cycle=cycle, person__in=people)
    try:
        count = len(letters.send(list(rows.select_related("cycle__fiscal_year")), user))
        messages.success(request, ngettext("%(n)s letter sent.", "%(n)s letters sent.", count) % {"n": count})
    except RuleViolation as error:
        messages.error(request, str(error))
    measure = _measure(request.POST.get("measure", ""))
    return redirect(f"{reverse('targets:review', args=[year])}?measure={measure}")


# The letter


@login_required
@require_safe
def letter(request: HttpRequest, year: str, pk: int) -> HttpResponseBase:
    """One person's number of the year: by quarter and month, how it was made, and what was said about it."""
    return _page(request, year, pk, "targets/letter.html")


@login_required
@require_safe
def letter_print(request: HttpRequest, year: str, pk: int) -> HttpResponseBase:
    """The same on paper, with lines to sign on."""
    return _page(request, year, pk, "targets/letter_print.html")


def _page(request: HttpRequest, year: str, pk: int, template: str) -> HttpResponseBase:
    user = user_of(request)
    fiscal_year = get_object_or_404(planned_years(user), label=year)
    person = visible_or_404(User, request, pk=pk)
    sees_plan, company = access.can_see_plan(user), clock.company()
    basis = basis_of(request.GET, fiscal_year)
    look = Look(company.currency if company else "", basis, request.GET.get("page"))
    page = letter_queries.letter_page(user, fiscal_year, person, look)
    if export_format(request):
        return number_tables.export_letter(request, page, f"quota-{person.name}-{year}{basis.suffix}")
    context = {
        "year": fiscal_year,
        "basis": basis,
        "page": page,
        "measures": list(Measure),
        "own": person.pk == user.pk,
        "typed": typed.kept(request),
        "back": reverse("targets:allocate", args=[year]) if sees_plan else reverse("targets:year-list"),
    }
    return render(request, template, context)


@require_POST
@login_required
def answer(request: HttpRequest, year: str, pk: int) -> HttpResponse:
    """The person agrees, asks, or acknowledges."""
    user, found = user_of(request), _letter(request, year, pk)
    if not access.can_answer_letter(user, found):
        raise PermissionDenied
    seen = request.POST.get("version", "")
    try:
        if "acknowledge" in request.POST:
            letters.acknowledge(found, user)
            messages.success(request, _("You have acknowledged your quota."))
        elif "agree" in request.POST:
            letters.agree(found, user, int(seen) if seen.isdecimal() and len(seen) < 10 else None)
            messages.success(request, _("You agreed. Your manager approves it."))
        else:
            letters.ask(found, user, request.POST.get("text", ""))
            messages.success(request, _("Your question is asked."))
    except RuleViolation as error:
        messages.error(request, str(error))
    return redirect("targets:quota", year=year, pk=pk)


@require_POST
@login_required
def decide(request: HttpRequest, year: str, pk: int) -> HttpResponse:
    """The manager or an admin reminds, approves, or rejects with a comment."""
    user, found = user_of(request), _letter(request, year, pk)
    if not access.can_decide_letter(user, found):
        raise PermissionDenied
    name = {"name": found.person.name}
    try:
        if "approve" in request.POST:
            letters.approve(found, user)
            messages.success(request, _("The quota of %(name)s is approved.") % name)
        elif "nudge" in request.POST:
            letters.nudge(found, user)
            messages.success(request, _("%(name)s is reminded.") % name)
        else:
            letters.reject(found, user, request.POST.get("comment", ""))
            messages.success(request, _("The quota of %(name)s is rejected.") % name)
    except RuleViolation as error:
        messages.error(request, str(error))
        typed.keep(request, "comment")
    if request.POST.get("next") == "review":
        return redirect("targets:review", year=year)
    return redirect("targets:quota", year=year, pk=pk)


# Proposals


@require_POST
@login_required
def propose(request: HttpRequest, year: str) -> HttpResponse:
    """One's own number of the year, or that of a team one leads; an empty amount takes it back."""
    user, cycle = user_of(request), _cycle(request, year)
    holder, back = _holder(request, year)
    text = request.POST.get("amount", "").strip()
    try:
        amount: Decimal | None = parse_amount(text, get_language()) if text else None
        proposals.propose(
            cycle, holder, _measure(request.POST.get("measure", "")), amount, by=user, note=request.POST.get("note", "")
        )
        messages.success(request, _kept(amount))
    except RuleViolation as error:
        messages.error(request, str(error))
        typed.keep(request, *OF_PROPOSAL)
    except ValueError:
        typed.keep(request, *OF_PROPOSAL)
        messages.error(
            request, _("“%(text)s” is not an amount. Write it like 1200000, 1.2M or 1200k.") % {"text": text}
        )
    return redirect(back)


def _kept(amount: Decimal | None) -> str:
    """What was read from the cell is said back, since "1,200" may be read two ways."""
    company = clock.company()
    if amount is None or company is None:
        return _("Your proposal is taken back.")
    return _("Your proposal is kept: %(amount)s.") % {"amount": money_full(amount, company.currency)}


def _holder(request: HttpRequest, year: str) -> tuple[Holder, str]:
    """Whom the proposal is for, and where it is shown. 404 for a team the user does not see, 403 for one not led."""
    user, team = user_of(request), request.POST.get("team", "")
    if not team:
        return of_person(user.pk), reverse("targets:quota", args=[year, user.pk])
    if not team.isdecimal() or len(team) > 18:
        raise Http404
    found = visible_or_404(Team, request, pk=int(team))
    if not access.can_propose(user, None, found.pk):
        raise PermissionDenied
    measure = _measure(request.POST.get("measure", ""))
    return of_team(found.pk), f"{reverse('targets:review', args=[year])}?measure={measure}"
