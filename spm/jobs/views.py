"""The jobs pages of setup, and what a monitoring system asks."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import add_never_cache_headers
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from health_check.checks import Cache, Database
from health_check.views import HealthCheckView
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from spm.jobs import access, tables
from spm.jobs.health import Broker, Canary, JobMetrics
from spm.jobs.models import Job
from spm.jobs.queue import retry
from spm.org.access import can_administer
from spm.org.gates import admins_only, user_of, visible_or_404
from spm.org.limits import spend
from spm.ui.exports import export_format

PAGE = 50
SHOWS = (("", _lazy("Main jobs")), ("open", _lazy("Under way")), ("failed", _lazy("Failed")), ("all", _lazy("All")))


@require_safe
@admins_only
def job_list(request: HttpRequest) -> HttpResponseBase:
    """Newest first. ``?show=all`` adds the routine that ended well, which is much; ``open`` and ``failed`` narrow."""
    show = request.GET.get("show", "")
    jobs = Job.objects.visible_to(user_of(request)).select_related("created_by").told(show)
    if export_format(request):
        return tables.export_jobs(request, jobs.iterator(chunk_size=2_000))
    page = Paginator(jobs, PAGE).get_page(request.GET.get("page"))
    return render(request, "jobs/job_list.html", {"page": page, "show": show, "shows": SHOWS})


@require_safe
@login_required
def job_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One job. ``?fragment`` is the progress alone, asked for each second until the job is over.

    That is for whoever started it, on the page where they did; the page of the job is for admins.
    """
    job = get_object_or_404(Job.objects.visible_to(user_of(request)).select_related("created_by"), pk=pk)
    if "fragment" in request.GET:
        response = render(request, "jobs/_progress.html", {"job": job})
        if job.is_over:
            response["HX-Refresh"] = "true"  # the page round the bar shows the result now
        return response
    if not can_administer(user_of(request)):
        raise PermissionDenied
    return render(request, "jobs/job_detail.html", {"job": job, "can_retry": access.can_retry(user_of(request), job)})


@require_POST
@admins_only
def job_retry(request: HttpRequest, pk: int) -> HttpResponse:
    job = visible_or_404(Job, request, pk=pk)
    spend(request, "retry")
    if not access.can_retry(user_of(request), job) or not retry(job):
        messages.error(request, _("Only a job that failed can be tried again."))
    else:
        messages.success(request, _("The job will be tried again."))
    return redirect("jobs:detail", pk=job.pk)


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The web process answers. Touches neither database nor broker: their outage is no reason to restart it."""
    return HttpResponse("ok\n", content_type="text/plain")


class Ready(HealthCheckView):  # type: ignore[misc]  # no stubs
    """Database, cache, broker and the way of a job work: 200, else 503; JSON says which."""

    checks = (Database, Cache, Broker, Canary)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = View.dispatch(self, request, *args, **kwargs)
        add_never_cache_headers(response)
        return response

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # The checks are coroutines. They get a loop in a thread of their own, since this thread may have one running.
        with ThreadPoolExecutor(max_workers=1) as thread:
            self.results = thread.submit(asyncio.run, self._ask()).result()
        is_well = not any(result.error for result in self.results)
        response: HttpResponse = self.render_to_response_json(200 if is_well else 503)
        return response

    async def _ask(self) -> list[Any]:
        # One thread for all of them, which gives back its connections: a probe comes every few seconds, for ever.
        with ThreadPoolExecutor(max_workers=1) as thread:
            try:
                return await asyncio.gather(*(check.get_result(thread) for check in self.get_checks()))
            finally:
                await asyncio.get_running_loop().run_in_executor(thread, connections.close_all)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus, to whoever shows the token; without the setting SPM_METRICS_TOKEN there is no page."""
    shown = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN or not constant_time_compare(shown, f"Bearer {settings.METRICS_TOKEN}"):
        raise Http404
    registry = CollectorRegistry()
    registry.register(JobMetrics())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)
