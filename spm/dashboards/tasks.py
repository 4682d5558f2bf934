"""Background work of the pages: saved views by e-mail."""

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from spm.dashboards import demo_loading, weekly
from spm.dashboards.setup import invitations
from spm.jobs.registry import Running, handler
from spm.org import saving


@handler("weekly_views")
def ask_for_weekly_views(job: Running) -> None:
    """Hourly: whose Monday has come gets a job; what was deleted a day ago goes for good."""
    now = timezone.now()
    saving.purge(now)
    job.progress(1, 1, _("E-mails asked for: %(count)d") % {"count": weekly.ask_for_due(now)})


@handler("weekly_view")
def mail_weekly_view(job: Running) -> None:
    """One e-mail; run again after it was sent, it sends nothing."""
    weekly.send(job.arguments["view"], date.fromisoformat(job.arguments["monday"]))


@handler(invitations.KIND)
def mail_invitations(job: Running) -> None:
    """One-time links to people without access; run again, it goes on where it stopped."""
    invitations.send(job)


@handler(demo_loading.KIND)
def load_demo(job: Running) -> None:
    """The demo company, from the first-run page; run again after it was loaded, it is refused in words."""
    demo_loading.load(job)
