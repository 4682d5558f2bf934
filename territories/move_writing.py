"""What applying a package writes besides placements: the numbers, by a revision of a locked year or into an open one.

There is no second way to change a number: a locked year gets a revision, which somebody else approves
(``targets.revisions``); an open one a batch of its working version, which one undo takes back (``targets.batches``).
"""

from spm.errors import NothingToDo
from spm.org import clock
from spm.org.models import User
from targets import batches, policy, revisions
from targets.choices import REASON_LENGTH, BatchKind, RevisionCause
from targets.goals import lock_plan
from targets.models import CompanyPlan
from territories.models import MovePackage
from territories.move_numbers import Numbers


def lock_numbers(package: MovePackage) -> None:
    """Lock the working version of the year that holds its day, where it moves quotas: a plan comes before periods.

    Must run inside ``atomic``.
    """
    held = {"fiscal_year__starts_on__lte": package.effective_on, "fiscal_year__ends_on__gte": package.effective_on}
    plan = CompanyPlan.objects.working().filter(**held).first() if package.moves_quota else None
    if plan is not None:
        lock_plan(plan)


def write_numbers(package: MovePackage, numbers: Numbers, by: User) -> None:
    """Put the numbers of the package on their way, in the caller's transaction; the package names what was written.

    Raises the RuleViolation of the mechanism: a held number, a policy that blocks, one's own quota.
    """
    if numbers.plan is None or numbers.first is None or not numbers.goals:
        return
    plan: CompanyPlan = lock_plan(numbers.plan)
    reason = f"{package.name}: {package.reason}"[:REASON_LENGTH]
    try:
        if plan.locked_at is not None:
            package.revision = revisions.request(
                plan,
                numbers.goals,
                effective=numbers.first,
                cause=RevisionCause.TERRITORY,
                reason=reason,
                by=by,
                on=clock.day(),
            )
        else:
            with policy.kept(plan):
                package.batch = batches.write_batch(plan, numbers.goals, by=by, kind=BatchKind.EDIT, reason=reason)
    except NothingToDo:
        return
