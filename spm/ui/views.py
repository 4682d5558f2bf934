"""The style guide: every component in its states, for developers."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from spm.ui import samples


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Light, dark, long texts and empty states of each partial; hidden unless SPM_STYLEGUIDE or debug is on."""
    if not settings.STYLEGUIDE:
        raise Http404
    return render(request, "styleguide.html", samples.context())
