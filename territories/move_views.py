"""Move packages: the list, making and changing one, its page with before and after, and the verbs."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from spm.errors import RuleViolation
from spm.keys import as_key
from spm.market.models import Account
from spm.org import clock
from spm.org.gates import user_of
from spm.org.models import User
from spm.ui.exports import export_format
from spm.ui.numbers import number
from territories import access, move_queries, move_tables, moves
from territories.models import MovePackage
from territories.move_forms import MoveForm, PickForm


@login_required
@require_safe
def move_list(request: HttpRequest) -> HttpResponseBase:
    """The packages that the user makes, or that concern people they see."""
    user = user_of(request)
    if export_format(request):
        return move_tables.export_list(request, move_queries.every_line(user))
    found = move_queries.move_list(user, request.GET.get("page", ""))
    return render(request, "territories/move_list.html", {"found": found})


@login_required
def move_new(request: HttpRequest) -> HttpResponse:
    """A new package; ``?territory=``, ``?account=`` or ``?nowhere=1`` say which accounts to begin with."""
    user = user_of(request)
    if not access.can_make_moves(user):
        raise PermissionDenied
    return _edit(request, MovePackage(effective_on=clock.today()), _asked(request, user))


@login_required
def move_edit(request: HttpRequest, pk: int) -> HttpResponse:
    package = _package(request, pk)
    if not access.can_edit_move(user_of(request), package):
        raise PermissionDenied
    return _edit(request, package, ())


def _asked(request: HttpRequest, user: User) -> Sequence[str]:
    """The account that a link names."""
    rows = Account.objects.visible_to(user).filter(pk=as_key(request.GET.get("account", "")) or 0)
    return list(rows.values_list("external_id", flat=True))


def _edit(request: HttpRequest, package: MovePackage, picked: Sequence[str]) -> HttpResponse:
    """One form: its fields, a list to choose accounts from, and two buttons: look for accounts, and save."""
    user = user_of(request)
    owners = move_queries.owners(user)
    sent = _with_picked(request)
    is_save = sent is not None and "find" not in sent
    told: dict[str, Any] = {"instance": package, "user": user, "owners": owners}
    form = MoveForm(sent, **told) if is_save else MoveForm(**told, picked=picked, kept=sent)
    if is_save and form.is_valid():
        saved = _save(form, package, user)
        if saved is not None:
            messages.success(request, _("Saved as a draft. Look at what it would do."))
            return redirect("territories:move", pk=saved.pk)
    pick = PickForm(_looked_for(request), user=user)
    asked = pick.cleaned_data if pick.is_valid() else {}
    found = move_queries.candidates(
        user, asked.get("look", ""), asked.get("within"), nowhere=bool(asked.get("nowhere"))
    )
    context = {"form": form, "pick": pick, "found": found, "package": package if package.pk else None}
    return render(request, "territories/move_edit.html", context, status=422 if is_save else 200)


def _save(form: MoveForm, package: MovePackage, user: User) -> MovePackage | None:
    """The stored draft; None where the form now says what is in the way."""
    try:
        with transaction.atomic():
            form.claim()
            return moves.save(package, form.told, form.found, user)
    except RuleViolation as error:
        form.add_error(None, str(error))
        return None


def _with_picked(request: HttpRequest) -> Any:
    """What was sent, with the ticked accounts added to the text, so that they stay when another list is looked at."""
    if request.method != "POST":
        return None
    sent = request.POST.copy()
    lines = [line.strip() for line in sent.get("accounts", "").splitlines() if line.strip()]
    sent["accounts"] = "\n".join(dict.fromkeys([*lines, *sent.getlist("picked")]))
    return sent


def _looked_for(request: HttpRequest) -> dict[str, str]:
    if request.method == "POST":
        return {name: request.POST.get(name, "") for name in ("look", "within", "nowhere")}
    return {"within": request.GET.get("territory", ""), "nowhere": request.GET.get("nowhere", "")}


@login_required
@require_safe
def move_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What a package does, before and after, for the sides that the viewer may read; and what happened to it."""
    package = _package(request, pk)
    is_file = export_format(request) is not None
    page = move_queries.move_page(user_of(request), package, with_events=not is_file)
    if is_file:
        return move_tables.export_page(request, page)
    return render(request, "territories/move_detail.html", {"page": page, "package": package})


@login_required
@require_safe
def move_print(request: HttpRequest, pk: int) -> HttpResponse:
    package = _package(request, pk)
    page = move_queries.move_page(user_of(request), package)
    return render(request, "territories/move_print.html", {"page": page, "package": package})


def _package(request: HttpRequest, pk: int) -> MovePackage:
    rows: Any = MovePackage.objects.visible_to(user_of(request))
    rows = rows.select_related("to_territory", "created_by", "proposed_by", "reverses")
    found: MovePackage = get_object_or_404(rows, pk=pk)
    return found


def _verb(
    request: HttpRequest,
    pk: int,
    may: Callable[[User, MovePackage], bool],
    act: Callable[[MovePackage, User, int], Any],
    done: str,
) -> HttpResponse:
    """Fetch, check, act on what the page showed, say so; what is in the way is said instead."""
    package, user = _package(request, pk), user_of(request)
    if not may(user, package):
        raise PermissionDenied
    seen = as_key(request.POST.get("version", ""))
    try:
        act(package, user, -1 if seen is None else seen)
        messages.success(request, done)
    except RuleViolation as error:
        messages.error(request, str(error))
    return redirect("territories:move", pk=pk)


@require_POST
@login_required
def move_propose(request: HttpRequest, pk: int) -> HttpResponse:
    done = _("Proposed: both sides have been told. It is applied on its day.")
    return _verb(request, pk, access.can_edit_move, moves.propose, done)


@require_POST
@login_required
def move_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    return _verb(request, pk, access.can_withdraw_move, moves.withdraw, _("Taken back: it is a draft again."))


@require_POST
@login_required
def move_apply(request: HttpRequest, pk: int) -> HttpResponse:
    done = _("Applied: the accounts are placed, and both sides have been told.")
    return _verb(request, pk, access.can_apply_move, moves.apply, done)


@require_POST
@login_required
def move_discard(request: HttpRequest, pk: int) -> HttpResponse:
    return _verb(request, pk, access.can_edit_move, moves.discard, _("The draft is put away."))


@require_POST
@login_required
def move_reverse(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft the way back, and open it."""
    package, user = _package(request, pk), user_of(request)
    if not access.can_reverse_move(user, package):
        raise PermissionDenied
    try:
        made, left = moves.reverse(package, user)
    except RuleViolation as error:
        messages.error(request, str(error))
        return redirect("territories:move", pk=pk)
    messages.success(request, _("The way back is drafted. Look at it before you apply it."))
    if left:
        told = ngettext(
            "%(n)s account was left out: it was placed elsewhere since, or another package moves it.",
            "%(n)s accounts were left out: they were placed elsewhere since, or another package moves them.",
            left,
        )
        messages.warning(request, told % {"n": number(left)})
    return redirect(reverse("territories:move", args=[made[0].pk]) if len(made) == 1 else "territories:moves")
