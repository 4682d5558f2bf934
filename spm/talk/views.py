"""Verbs of a thread, and the pages of notifications. A thread's answer is its fragment to htmx, else a redirect."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from spm.errors import RuleViolation
from spm.keys import as_key
from spm.org.gates import user_of, visible_or_404
from spm.talk import access, mentions, notices, queries, threads
from spm.talk.models import Comment, Notification, Thread
from spm.talk.queries import ThreadPanel
from spm.ui.redirects import back

FIELD_LENGTH = 60
SAID = "said"
"""Event of a page whose thread has changed: what shows the state of the thing talked about reads itself again."""


@require_POST
@login_required
def say(request: HttpRequest) -> HttpResponse:
    """Add a comment to the thread about ``anchor`` and ``key`` (and ``field``); what was typed is never lost."""
    user, text = user_of(request), request.POST.get("text", "")
    anchor, field = request.POST.get("anchor", ""), request.POST.get("field", "")
    key = as_key(request.POST.get("key", ""))
    if key is None or len(field) > FIELD_LENGTH or "\0" in field:
        raise Http404
    try:
        if not access.can_speak(user, anchor, key):
            raise Http404
        with transaction.atomic():
            threads.say(threads.thread_of(anchor, key, field), by=user, text=text)
    except KeyError as error:
        raise Http404 from error
    except RuleViolation as error:
        panel = replace(queries.thread_panel(user, anchor, key, field), typed=text, error=str(error))
        return _panel(request, panel, status=422)
    return _answer(request, queries.thread_panel(user, anchor, key, field))


@login_required
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Whom one can name about the object of the address: those who see it. A list for the script of the thread."""
    user, anchor, key = user_of(request), request.GET.get("anchor", ""), as_key(request.GET.get("key", ""))
    try:
        if key is None or not access.can_speak(user, anchor, key):
            raise Http404
        found = mentions.suggested(user, anchor, key)
    except KeyError as error:
        raise Http404 from error
    return JsonResponse({"people": [one.name for one in found]})


@require_POST
@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Put other words in place of one's own comment."""
    user, comment = user_of(request), visible_or_404(Comment, request, pk=pk)
    if not access.can_edit_comment(user, comment):
        raise PermissionDenied
    text, seen = request.POST.get("text", ""), as_key(request.POST.get("version", ""))
    try:
        threads.edit(comment, text, seen=-1 if seen is None else seen)
    except RuleViolation as error:
        return _panel(request, _with_fault(_panel_of(request, comment.thread), pk, text, str(error)), status=422)
    return _answer(request, _panel_of(request, comment.thread))


@require_POST
@login_required
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own words back; a stub stays."""
    comment = visible_or_404(Comment, request, pk=pk)
    if not access.can_delete_comment(user_of(request), comment):
        raise PermissionDenied
    threads.delete(comment)
    return _answer(request, _panel_of(request, comment.thread))


@require_POST
@login_required
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """Settle the thread, until somebody speaks again."""
    user, thread = user_of(request), visible_or_404(Thread, request, pk=pk)
    if access.can_resolve(user, thread):
        threads.resolve(thread, by=user)
    return _answer(request, _panel_of(request, thread))


def _panel_of(request: HttpRequest, thread: Thread) -> ThreadPanel:
    return queries.thread_panel(user_of(request), thread.anchor, thread.key, thread.field)


def _with_fault(panel: ThreadPanel, pk: int, typed: str, error: str) -> ThreadPanel:
    comments = (replace(said, typed=typed, error=error) if said.pk == pk else said for said in panel.comments)
    return replace(panel, comments=tuple(comments))


def _answer(request: HttpRequest, panel: ThreadPanel) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        return trigger_client_event(_panel(request, panel), SAID)
    return back(request, panel.path or reverse("talk:notifications"), panel.html_id)


def _panel(request: HttpRequest, panel: ThreadPanel, status: int = 200) -> HttpResponse:
    """The thread alone: as a fragment, or on a page of its own for who has no scripts and was refused."""
    alone = "components/thread.html" if request.headers.get("HX-Request") == "true" else "talk/thread.html"
    context = {"panel": panel, "next": request.POST.get("next", "")}
    return render(request, alone, context, status=status)


# Notifications


@login_required
@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    """What the user was told, newest first."""
    page, lines = queries.notices_page(user_of(request), request.GET.get("page", ""))
    return render(request, "talk/notifications.html", {"page": page, "lines": lines})


@require_POST
@login_required
def open_notification(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one as read and go to what it is about."""
    row: Any = visible_or_404(Notification, request, pk=pk)
    notices.mark_read(user_of(request), [row.pk])
    return redirect(row.path)


@require_POST
@login_required
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all as read."""
    count = notices.mark_read(user_of(request))
    messages.success(request, ngettext("%(n)s marked as read.", "%(n)s marked as read.", count) % {"n": count})
    return redirect("talk:notifications")


@require_POST
@login_required
def choose(request: HttpRequest) -> HttpResponse:
    """Keep the matrix of the settings: a box per kind and way."""
    user = user_of(request)
    wanted = {
        row.kind: (f"app:{row.kind}" in request.POST, f"mail:{row.kind}" in request.POST)
        for _subject, kinds in queries.choices_of(user)
        for row in kinds
    }
    notices.choose(user, wanted)
    messages.success(request, _("Notification settings saved."))
    return redirect("dashboards:settings")
