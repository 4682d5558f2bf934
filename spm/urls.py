"""Every address of the application, written out, so that one can grep from an address to its view."""

from django.urls import include, path

from spm.ui.views import styleguide

urlpatterns = [
    path("", include("spm.dashboards.urls")),
    path("accounts/", include("spm.org.account_urls")),
    path("accounts/", include("spm.org.urls")),
    path("targets/", include("targets.urls")),
    path("styleguide/", styleguide, name="styleguide"),
]
