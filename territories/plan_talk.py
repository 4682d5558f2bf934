"""Talk about a plan: whoever is on the other side hears of a comment, and a section that is commented on is marked."""

from spm.org import clock
from spm.org.models import User
from spm.talk.models import Comment
from spm.talk.notices import notify
from territories import access, plans
from territories.choices import Section, SectionReview
from territories.models import PlanSection, TerritoryPlan, TerritoryPlanLine


def heard(comment: Comment) -> None:
    """Somebody spoke of a plan, a section or a line: tell the author of the plan, or whom the author reports to.

    A manager's word on a section of a plan that waits marks it as commented, so that the author sees where to write on.
    """
    thread = comment.thread
    line = TerritoryPlanLine.objects.filter(pk=thread.key).first() if thread.anchor == plans.LINE else None
    key = line.plan_id if line else thread.key
    plan = TerritoryPlan.objects.select_related("fiscal_year", "person").get(pk=key)
    by = comment.author
    section = line.section if line else thread.field
    if section in Section.values and access.can_review_plan(by, plan):
        _mark(plan, section, by)
    to = plans.managers_of(plan) if by.pk == plan.person_id else [plan.person]
    told = plans.told_of(plan, by) | {"about": (thread.anchor, thread.key)}
    field = f"line-{line.pk}" if line else section
    told["path"] += f"?talk={field}#talk" if field else "#talk"
    notify("territory_plan_comment", to=to, **told)


def _mark(plan: TerritoryPlan, section: str, by: User) -> None:
    rows = PlanSection.objects.filter(plan=plan, section=section).exclude(review=SectionReview.COMMENTED)
    rows.update(review=SectionReview.COMMENTED, reviewed_by=by, reviewed_at=clock.now())
