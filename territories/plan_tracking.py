"""Living with a plan: how far each line has come, by what one sees it, and the talk about it every quarter."""

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.org import clock, retries
from spm.org.choices import PeriodLevel
from spm.org.models import Period, User
from spm.org.tracking import save_tracked
from territories import access, caps, plan_live, plans
from territories.choices import LineStatus
from territories.models import PlanReview, TerritoryPlan, TerritoryPlanLine

NOTES = 2_000


class NotInForce(RuleViolation):
    """The plan was never approved: there is nothing to live up to yet."""


class NotYours(RuleViolation):
    """Somebody else ticks the lines of this plan."""


@retries.atomic
def track(line: TerritoryPlanLine, status: str, evidence: str, by: User) -> TerritoryPlanLine:
    """Say how far a line of a plan in force has come. Raises NotInForce, NotYours, RuleViolation for what is no status
    and for evidence that is too long; a line that is done says by what one sees it.
    """
    plan = plans.lock(line.plan_id)
    line = TerritoryPlanLine.objects.select_related("plan").get(pk=line.pk)
    if plan.approved_number is None:
        raise NotInForce(_("This plan is not approved yet."))
    if not access.can_track_plan(by, plan):
        raise NotYours(_("The lines of a plan are ticked by its person and the person's manager."))
    words = " ".join(evidence.split())
    if status not in LineStatus.values:
        raise RuleViolation(_("Choose how far the line has come."))
    if len(words) > caps.EVIDENCE:
        raise RuleViolation(_("The evidence has at most %(most)d characters.") % {"most": caps.EVIDENCE})
    if status in (LineStatus.DONE, LineStatus.DROPPED) and not words:
        raise RuleViolation(_("Say by what one sees it, or why it is dropped."))
    line.status, line.evidence, line.touched_at = status, words, clock.now()
    line.version += 1
    save_tracked(line, by=by)
    return line


@retries.atomic
def note_review(plan: TerritoryPlan, quarter: int | None, notes: str, by: User) -> PlanReview:
    """Keep the notes of a quarter's talk; a second time they take the place of the first.

    Raises NotInForce, NotYours, RuleViolation without notes and for a quarter of another year or still to come.
    """
    plan = plans.lock(plan.pk)
    if plan.approved_number is None:
        raise NotInForce(_("This plan is not approved yet."))
    if not access.can_hold_review(by, plan):
        raise NotYours(_("The review is noted by the person's manager."))
    words = notes.replace("\x00", "").strip()
    if not words or len(words) > NOTES:
        raise RuleViolation(_("Write notes of at most %(most)d characters.") % {"most": NOTES})
    quarters = Period.objects.filter(level=PeriodLevel.QUARTER, fiscal_year=plan.fiscal_year_id)
    period = quarters.filter(pk=quarter).first() if quarter is not None else None
    if period is None or period.starts_on > clock.today():
        raise RuleViolation(_("Choose a quarter of the plan's year that has begun."))
    done = plan_live.progress(TerritoryPlanLine.objects.filter(plan=plan))
    values = {
        "held_on": clock.day(),
        "notes": words,
        "progress": None if done is None else round(done * 100, 1),
        "by": by,
    }
    return PlanReview.objects.update_or_create(plan=plan, period=period, defaults=values)[0]
