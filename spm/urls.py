"""Every address of the application, written out, so that one can grep from an address to its view."""

from django.urls import include, path

from spm.jobs import views as jobs
from spm.ui.views import styleguide

handler400 = "spm.ui.error_pages.bad_request"
handler403 = "spm.ui.error_pages.permission_denied"
handler404 = "spm.ui.error_pages.page_not_found"
handler500 = "spm.ui.error_pages.server_error"

urlpatterns = [
    path("", include("spm.dashboards.urls")),
    path("territories/", include("territories.urls")),
    path("accounts/", include("spm.org.account_urls")),
    path("accounts/", include("spm.org.urls")),
    path("setup/", include("spm.dashboards.setup.urls")),
    path("", include("spm.talk.urls")),
    path("targets/", include("targets.urls")),
    path("setup/jobs/", include("spm.jobs.urls")),
    path("health/", jobs.live, name="health-live"),
    path("health/ready/", jobs.Ready.as_view(), name="health-ready"),
    path("health/metrics/", jobs.metrics, name="health-metrics"),
    path("setup/imports/", include("spm.imports.urls")),
    path("styleguide/", styleguide, name="styleguide"),
]
