"""Who hears of a move package: both sides, the holders and the managers above each; by notification and letter."""

from django.urls import reverse

from spm.org import clock
from spm.org.models import User
from spm.org.trees import tree_as_of
from spm.talk.anchors import sees
from spm.talk.notices import notify
from territories import move_ground
from territories.choices import HoldOver, MoveState
from territories.models import MovePackage

MOVE = "move"
KIND = "accounts_moved"
PROPOSED, APPLIED, WITHDRAWN, FAILED = "proposed", "applied", "withdrawn", "failed"


def concerned(package: MovePackage) -> set[int]:
    """The holders of both sides and the manager of each today, as keys."""
    holders = set(package.accounts.filter(from_person__isnull=False).values_list("from_person", flat=True))
    holders |= {package.to_person_id} if package.to_person_id else set()
    tree = tree_as_of(clock.today())
    return holders | {lead for person in holders if (lead := tree.manager_of(person)) is not None}


def tell(package: MovePackage, what: str, by: User | None) -> None:
    """In the transaction of the cause; the letters follow by a job."""
    _notify(package, what, concerned(package), by)


def tell_failure(package: MovePackage) -> None:
    """Whoever proposed it hears that it could not be applied; where that person sees it no longer, every admin does."""
    by = package.proposed_by or package.created_by
    hears = sees(by, MOVE, package.pk)  # nobody who is inactive sees any
    people = {by.pk} if hears else set(User.objects.filter(is_admin=True, is_active=True).values_list("pk", flat=True))
    _notify(package, FAILED, people, None)


def _notify(package: MovePackage, what: str, people: set[int], by: User | None) -> None:
    told = what != WITHDRAWN  # what is a draft again shows itself to nobody else
    notify(
        KIND,
        to=User.objects.filter(pk__in=people),
        path=reverse("territories:move", args=[package.pk]) if told else reverse("territories:moves"),
        about=(MOVE, package.pk) if told else None,
        by=by,
        subject=package.name,
        day=package.effective_on.isoformat(),
        what=what,
        held=what in (PROPOSED, APPLIED) and _holds_beyond_its_quota(package),
    )


def _holds_beyond_its_quota(package: MovePackage) -> bool:
    """Whether an account stays in its territory after the day on which its share of the quota moves."""
    wrote = package.state != MoveState.ACTIVE or package.revision_id or package.batch_id
    if not package.moves_quota or package.hold_over == HoldOver.ALL or not wrote:
        return False
    accounts = list(package.accounts.values_list("account", flat=True))
    return bool(move_ground.closings(package.effective_on, accounts))
