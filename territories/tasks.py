"""Background work of territories."""

from django.utils.translation import gettext as _

from spm.jobs.registry import Running, handler
from territories import account_plans


@handler("account_reviews")
def remind_of_reviews(job: Running) -> None:
    """Whoever has a review of an account due hears of it; once per review, so twice a day is harmless."""
    told = account_plans.remind()
    job.progress(1, 1, _("%(count)d reminded") % {"count": told})
