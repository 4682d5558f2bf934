"""Rules, for admins: sets of them, one set with its gaps and overlaps, the preview, and the verbs."""

from datetime import date

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from spm.errors import RuleViolation
from spm.org import clock
from spm.org.gates import admins_only, user_of, visible_or_404
from spm.ui.exports import export_format
from spm.ui.numbers import day as day_words
from territories import rule_queries, rule_sets, rule_tables
from territories.choices import RuleSetState
from territories.models import RuleSet, TerritoryRule
from territories.rule_forms import DayForm, RuleForm, SetForm


def _page(request: HttpRequest) -> int:
    text = request.GET.get("page", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _currency() -> str:
    company = clock.company()
    return company.currency if company else ""


@admins_only
def rule_set_list(request: HttpRequest) -> HttpResponseBase:
    """All sets, and the gap report of today; a POST begins a draft, empty or like the rules in force."""
    user = user_of(request)
    form = SetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        like = rule_sets.in_force(clock.today()) if "copy" in request.POST else None
        try:
            return redirect("territories:rule-set", pk=rule_sets.draft(form.cleaned_data["name"], user, like=like).pk)
        except RuleViolation as error:
            form.add_error("name", str(error))
    page = rule_queries.set_list(user)
    if export_format(request):
        return rule_tables.export_sets(request, page)
    return render(
        request, "territories/rule_sets.html", {"page": page, "form": form}, status=422 if form.errors else 200
    )


@require_safe
@admins_only
def rule_set_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The rules of a set in their order, what each places, who is left over and which rules claim the same."""
    rule_set = visible_or_404(RuleSet, request, pk=pk)
    page = rule_queries.set_page(user_of(request), rule_set, _currency(), _page(request))
    if export_format(request):
        return rule_tables.export_set(request, page)
    context = {
        "page": page,
        "rule_set": rule_set,
        "is_draft": rule_set.state == RuleSetState.DRAFT,
        "form": RuleForm(user=user_of(request)),
        "day": DayForm(initial={"on": clock.today()}),
    }
    return render(request, "territories/rule_set.html", context)


@admins_only
def rule_edit(request: HttpRequest, pk: int, rule: int) -> HttpResponse:
    """One rule of a draft; 0 is a new one."""
    rule_set = visible_or_404(RuleSet, request, pk=pk)
    row = visible_or_404(TerritoryRule, request, pk=rule, rule_set=rule_set) if rule else None
    form = RuleForm(request.POST or None, instance=row, user=user_of(request))
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                form.claim()
                rule_sets.save_rule(rule_set, form.told, row)
        except RuleViolation as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("territories:rule-set", pk=pk)
    context = {"form": form, "rule_set": rule_set, "rule": row}
    return render(request, "territories/rule_edit.html", context, status=422 if form.errors else 200)


@require_POST
@admins_only
def rule_delete(request: HttpRequest, pk: int, rule: int) -> HttpResponse:
    rule_set = visible_or_404(RuleSet, request, pk=pk)
    row = visible_or_404(TerritoryRule, request, pk=rule, rule_set=rule_set)
    try:
        rule_sets.remove_rule(row)
        messages.success(request, _("The rule is taken out."))
    except RuleViolation as error:
        messages.error(request, str(error))
    return redirect("territories:rule-set", pk=pk)


@require_safe
@admins_only
def rule_set_preview(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Who would move on a day, before anybody does."""
    rule_set = visible_or_404(RuleSet, request, pk=pk)
    form = DayForm(request.GET if "on" in request.GET else None, initial={"on": clock.today()})
    day: date = form.cleaned_data["on"] if form.is_bound and form.is_valid() else clock.today()
    if export_format(request) and request.GET.get("table") != "ways":
        moves = rule_queries.every_move(user_of(request), rule_set, day)
        return rule_tables.export_moves(request, moves, day)
    page = rule_queries.preview(user_of(request), rule_set, day, _page(request))
    if export_format(request):
        return rule_tables.export_ways(request, page)
    context = {"page": page, "rule_set": rule_set, "form": form, "is_draft": rule_set.state == RuleSetState.DRAFT}
    return render(request, "territories/rule_preview.html", context)


@require_POST
@admins_only
def rule_set_activate(request: HttpRequest, pk: int) -> HttpResponse:
    rule_set = visible_or_404(RuleSet, request, pk=pk)
    form = DayForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a day."))
        return redirect("territories:rule-set", pk=pk)
    day = form.cleaned_data["on"]
    try:
        count = rule_sets.activate(rule_set, day, user_of(request))
    except RuleViolation as error:
        messages.error(request, str(error))
        return redirect(f"{reverse('territories:rule-set-preview', args=[pk])}?on={day:%Y-%m-%d}")
    said = ngettext("%(n)d account moves on %(day)s.", "%(n)d accounts move on %(day)s.", count)
    messages.success(request, said % {"n": count, "day": day_words(day)})
    return redirect("territories:rule-set", pk=pk)


@require_POST
@admins_only
def rule_set_discard(request: HttpRequest, pk: int) -> HttpResponse:
    rule_set = visible_or_404(RuleSet, request, pk=pk)
    try:
        rule_sets.discard(rule_set)
        messages.success(request, _("The draft is put away."))
    except RuleViolation as error:
        messages.error(request, str(error))
    return redirect("territories:rule-sets")
