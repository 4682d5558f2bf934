"""The page of a territory's target markets and ranked target customers, and its verbs. Works without scripts."""

import json
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from spm.errors import RuleViolation
from spm.keys import as_key
from spm.market.models import Account, Territory
from spm.org.gates import user_of, visible_or_404
from spm.ui.exports import export_format
from territories import (
    access,
    account_naming,
    field_posts,
    field_writing,
    market_queries,
    market_tables,
    market_writing,
    target_customers,
    target_markets,
)
from territories.account_views import company_or_404
from territories.choices import TargetStatus
from territories.field_writing import Outcome
from territories.models import TargetCustomer, TargetMarket


@login_required
@require_safe
def market_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Target markets and customers of one territory."""
    return _page(request, visible_or_404(Territory, request, pk=pk))


def _page(request: HttpRequest, territory: Territory, outcome: Outcome | None = None) -> HttpResponseBase:
    page = market_queries.market_page(user_of(request), territory)
    if export_format(request):
        return market_tables.export_markets(request, page)
    fields, versions = page.drawn
    drawn = json.dumps({"fields": fields, "versions": versions})
    context = {"page": page, "company": company_or_404(), "outcome": outcome, "drawn": drawn}
    return render(request, "territories/market_page.html", context, status=409 if outcome else 200)


def _territory(request: HttpRequest, pk: int) -> Territory:
    """The territory whose market is the user's to write. 404 where it is hidden, 403 where others write it."""
    found: Territory = visible_or_404(Territory, request, pk=pk)
    if not access.can_edit_market(user_of(request), found):
        raise PermissionDenied
    return found


@require_POST
@login_required
def market_save(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Write the fields that differ from what the page showed; then what a button of the form asks for.

    A script is answered in JSON. Without one the page comes back, with both texts where somebody else was faster.
    """
    territory = _territory(request, pk)
    try:
        outcome = market_writing.save(territory, field_posts.changes_of(request), user_of(request))
        if field_posts.is_script(request):
            return JsonResponse(field_posts.told(outcome), status=field_posts.status_of(outcome))
        if outcome.conflicts or outcome.refused:
            return _page(request, territory, outcome)
        anchor = _press(request, territory)
    except RuleViolation as error:
        messages.error(request, str(error))
        anchor = ""
    return _back(territory, anchor)


def _back(territory: Territory, anchor: str = "") -> HttpResponse:
    return redirect(reverse("territories:market-page", args=[territory.pk]) + anchor)


def _press(request: HttpRequest, territory: Territory) -> str:
    """What the pressed button asks for; the anchor to go back to. Raises RuleViolation."""
    for verb, press in _BUTTONS.items():
        if verb in request.POST:
            return press(request, territory)
    return ""


def _add_market(request: HttpRequest, territory: Territory) -> str:
    user = user_of(request)
    holds = access.holds(user, territory)
    row = target_markets.add(territory, request.POST.get("new-market", ""), owner=user if holds else None)
    return f"#market-{row.pk}"


def _add_customer(request: HttpRequest, territory: Territory) -> str:
    text = request.POST.get("new-customer", "")
    account = account_naming.account_named(text, user_of(request))
    row = target_customers.add(territory, account=account, name="" if account else text)
    return f"#customer-{row.pk}"


def _customer(request: HttpRequest, territory: Territory, key: str) -> TargetCustomer:
    rows = TargetCustomer.objects.visible_to(user_of(request)).select_related("account")
    found: TargetCustomer = get_object_or_404(rows, territory=territory, pk=as_key(key))
    return found


def _link(request: HttpRequest, territory: Territory) -> str:
    row = _customer(request, territory, request.POST["link"])
    account = account_naming.account_named(request.POST.get(f"account-{row.pk}", ""), user_of(request))
    if account is None:
        raise field_writing.BadWords(_("There is no account of this number or name that you see."))
    target_customers.link(row, account)
    return f"#customer-{row.pk}"


def _drop_market(request: HttpRequest, territory: Territory) -> str:
    rows = TargetMarket.objects.visible_to(user_of(request))
    row = get_object_or_404(rows, territory=territory, pk=as_key(request.POST["drop-market"]))
    target_markets.take_out(row)
    undo = reverse("territories:market-restore", args=[territory.pk, row.pk])
    messages.success(request, _("The target market is taken out."), extra_tags=f"undo:{undo}")
    return "#markets"


def _take_out(request: HttpRequest, territory: Territory) -> str:
    row = _customer(request, territory, request.POST["take-out"])
    rank = row.rank
    target_customers.take_out(row)
    undo = reverse("territories:customer-restore", args=[territory.pk, row.pk]) + (f"?at={rank}" if rank else "")
    messages.success(request, _("The target customer is taken out."), extra_tags=f"undo:{undo}")
    return "#customers"


def _won(request: HttpRequest, territory: Territory) -> str:
    return _settle(request, territory, TargetStatus.WON)


def _dropped(request: HttpRequest, territory: Territory) -> str:
    return _settle(request, territory, TargetStatus.DROPPED)


def _settle(request: HttpRequest, territory: Territory, status: TargetStatus) -> str:
    row = _customer(request, territory, request.POST.get("which", ""))
    rank, name = row.rank, target_customers.name_of(row)
    target_customers.settle(row, status, request.POST.get("why", ""), seen=_seen(request, row))
    undo = reverse("territories:customer-want", args=[territory.pk, row.pk]) + f"?at={rank}"
    words = _("“%(name)s” is won.") if status is TargetStatus.WON else _("“%(name)s” is dropped.")
    messages.success(request, words % {"name": name}, extra_tags=f"undo:{undo}")
    return "#settled"


def _seen(request: HttpRequest, row: TargetCustomer) -> int | None:
    """The version that the page showed, and after that its own fields were written."""
    rows = field_posts.drawn_of(request)
    version = rows[1].get(f"{market_writing.CUSTOMER}{row.pk}")
    wrote = any(change.row == f"{market_writing.CUSTOMER}{row.pk}" for change in field_posts.changes_of(request))
    return version + wrote if isinstance(version, int) else None


def _want(request: HttpRequest, territory: Territory) -> str:
    row = _customer(request, territory, request.POST["want"])
    target_customers.want_again(row)
    return f"#customer-{row.pk}"


def _up(request: HttpRequest, territory: Territory) -> str:
    return _move(request, territory, request.POST["up"], -1)


def _down(request: HttpRequest, territory: Territory) -> str:
    return _move(request, territory, request.POST["down"], 1)


def _top(request: HttpRequest, territory: Territory) -> str:
    return _move(request, territory, request.POST.get("which", ""), None)


def _move(request: HttpRequest, territory: Territory, key: str, by: int | None) -> str:
    """By so many ranks from where the page showed it; None: to the top."""
    row = _customer(request, territory, key)
    seen = as_key(str(field_posts.drawn_of(request)[0].get(f"{market_writing.CUSTOMER}{row.pk}-rank", "")))
    now = target_customers.move(row, 1 if by is None else (seen or 1) + by, seen=seen)
    if now != seen:
        undo = reverse("territories:customer-rank", args=[territory.pk, row.pk]) + f"?to={seen}&seen={now}"
        words = _("“%(name)s” is at rank %(rank)d now.") % {"name": target_customers.name_of(row), "rank": now}
        messages.success(request, words, extra_tags=f"undo:{undo}")
    return f"#customer-{row.pk}"


_BUTTONS = {
    "add-market": _add_market,
    "add-customer": _add_customer,
    "link": _link,
    "drop-market": _drop_market,
    "take-out": _take_out,
    "won": _won,
    "dropped": _dropped,
    "want": _want,
    "up": _up,
    "down": _down,
    "top": _top,
}


@require_POST
@login_required
def customer_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Make an account a target customer, as a white cell of the matrix asks for it."""
    territory, said = _territory(request, pk), request.POST
    account = get_object_or_404(Account.objects.visible_to(user_of(request)), pk=as_key(said.get("account", "")))
    family = target_customers.family_of(as_key(said.get("family", "")))
    try:
        potential = field_writing.amount(said.get("potential", ""))
        row = target_customers.add(territory, account=account, family=family, potential=potential)
    except RuleViolation as error:
        messages.error(request, str(error))
        return _back(territory, "#customers")
    words = _("“%(name)s” is a target customer now, at rank %(rank)d.") % {"name": account.name, "rank": row.rank}
    messages.success(request, words)
    return _back(territory, f"#customer-{row.pk}")


@require_POST
@login_required
def customer_rank(request: HttpRequest, pk: int, customer: int) -> HttpResponse:
    """Undo of a move: back to rank ``?to=``, if it still stands at ``?seen=``."""
    territory = _territory(request, pk)
    row = _customer(request, territory, str(customer))
    to, seen = as_key(request.GET.get("to", "")), as_key(request.GET.get("seen", ""))
    return _tried(request, territory, customer, lambda: target_customers.move(row, to or 1, seen=seen))


@require_POST
@login_required
def customer_want(request: HttpRequest, pk: int, customer: int) -> HttpResponse:
    """Undo of won or dropped, at the rank it had."""
    territory = _territory(request, pk)
    row = _customer(request, territory, str(customer))
    at = as_key(request.GET.get("at", ""))
    return _tried(request, territory, customer, lambda: target_customers.want_again(row, at=at))


@require_POST
@login_required
def customer_restore(request: HttpRequest, pk: int, customer: int) -> HttpResponse:
    """Undo of taking out, at the rank it had."""
    territory = _territory(request, pk)
    at = as_key(request.GET.get("at", ""))
    return _tried(request, territory, customer, lambda: target_customers.bring_back(territory, customer, at=at))


def _tried(request: HttpRequest, territory: Territory, customer: int, verb: Callable[[], object]) -> HttpResponse:
    try:
        verb()
    except RuleViolation as error:
        messages.error(request, str(error))
    return _back(territory, f"#customer-{customer}")


@require_POST
@login_required
def market_restore(request: HttpRequest, pk: int, market: int) -> HttpResponse:
    """Undo of taking a target market out."""
    territory = _territory(request, pk)
    try:
        target_markets.bring_back(territory, market)
    except RuleViolation as error:
        messages.error(request, str(error))
    return _back(territory, "#markets")
