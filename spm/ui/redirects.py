"""Where to go after a verb: back to the page it was asked from, never off the site."""

from django.http import HttpRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme


def back(request: HttpRequest, otherwise: str, anchor: str = "") -> HttpResponseRedirect:
    """Redirect to the path of this site that the form or its address names in ``next``, else to ``otherwise``."""
    target = request.POST.get("next", "") or request.GET.get("next", "")
    local = target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    path = (target if local else otherwise).partition("#")[0]
    return HttpResponseRedirect(f"{path}#{anchor}" if anchor else path)
