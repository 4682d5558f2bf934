"""Who may do what with territories and their plans. *See* is ``visible_to``; *do* is a ``can_<verb>`` here."""

from collections.abc import Iterable

from spm.market.choices import AssignmentRole
from spm.market.models import Account, AccountPlacement, Assignment, Territory
from spm.org.access import can_administer, is_manager
from spm.org.clock import today
from spm.org.models import User
from spm.org.scopes import scope_of
from territories.choices import MoveState, PlanState
from territories.models import AccountPlan, MovePackage, PlanTemplate, TerritoryPlan
from territories.move_ground import holders_of


def can_cut_market(user: User) -> bool:
    """Rules: admins."""
    return can_administer(user)


def can_make_moves(user: User) -> bool:
    """Begin a move package: managers and admins."""
    return can_administer(user) or is_manager(user)


def can_move(user: User, people: Iterable[int | None]) -> bool:
    """Move accounts between these holders (None = of a vacant territory, or of none): admins, and who manages all.

    A manager moves nothing out of or into a territory held by nobody they lead, nor their own accounts.
    """
    if can_administer(user):
        return True
    return all(person is not None and manages(user, person) for person in people)


def can_edit_move(user: User, package: MovePackage) -> bool:
    """Change, propose or put away a draft: its maker and admins."""
    return package.state == MoveState.DRAFT and _handles_move(user, package)


def can_apply_move(user: User, package: MovePackage) -> bool:
    """Whether the day has come is for the verb."""
    return package.state in (MoveState.DRAFT, MoveState.PROPOSED) and _handles_move(user, package)


def can_withdraw_move(user: User, package: MovePackage) -> bool:
    """Take a proposal back before its day."""
    return package.state == MoveState.PROPOSED and _handles_move(user, package)


def can_reverse_move(user: User, package: MovePackage) -> bool:
    """Draft the way back; whether the holders of today are the user's to move between is seen when it is saved."""
    return package.state == MoveState.ACTIVE and _handles_move(user, package)


def reads_move(user: User, package: MovePackage) -> bool:
    """The figures of both sides: admins, and who handles the package while they lead every holder (INV-37).

    Whom it concerns reads the own side alone (INV-36).
    """
    return _handles_move(user, package) and can_move(user, () if can_administer(user) else holders_of(package))


def sets_targets(user: User, package: MovePackage) -> bool:
    """Whether targets of territories move along: admins alone set those. Of a proposal, whoever proposed it counts."""
    return can_administer(package.proposed_by or user)


def _handles_move(user: User, package: MovePackage) -> bool:
    return can_administer(user) or (package.created_by_id == user.pk and is_manager(user))


def can_edit_template(user: User, template: PlanTemplate | None = None) -> bool:
    """Admins, until it is rolled out; None stands for a year that has none yet."""
    return can_administer(user) and (template is None or template.published_at is None)


def can_roll_out(user: User) -> bool:
    return can_administer(user)


def manages(user: User, person: int) -> bool:
    """Whether the user stands above the person today; admins above everybody. Nobody above themselves."""
    scope = scope_of(user)
    return person != user.pk and (can_administer(user) or (scope.is_manager and person in (scope.people or ())))


def can_write_plan(user: User, plan: TerritoryPlan) -> bool:
    """The words of a plan are its person's, while it is a draft or returned."""
    return user.is_active and plan.person_id == user.pk and plan.state in (PlanState.DRAFT, PlanState.RETURNED)


def can_submit_plan(user: User, plan: TerritoryPlan) -> bool:
    return can_write_plan(user, plan)


def can_withdraw_plan(user: User, plan: TerritoryPlan) -> bool:
    """Take back what waits for the manager."""
    return user.is_active and plan.person_id == user.pk and plan.state == PlanState.SUBMITTED


def can_review_plan(user: User, plan: TerritoryPlan) -> bool:
    """Approve or return, section by section and as a whole: whoever manages the person; nobody their own."""
    return plan.state == PlanState.SUBMITTED and manages(user, plan.person_id)


def can_propose_change(user: User, plan: TerritoryPlan) -> bool:
    return user.is_active and plan.person_id == user.pk and plan.state == PlanState.APPROVED


def can_track_plan(user: User, plan: TerritoryPlan) -> bool:
    """Tick lines and give evidence in a plan that is in force: the person and whoever manages the person."""
    lives = plan.approved_number is not None
    return user.is_active and lives and (plan.person_id == user.pk or manages(user, plan.person_id))


def can_hold_review(user: User, plan: TerritoryPlan) -> bool:
    """Note the quarterly talk about a living plan: whoever manages the person."""
    return plan.approved_number is not None and manages(user, plan.person_id)


def can_nudge(user: User, plan: TerritoryPlan) -> bool:
    return plan.state != PlanState.APPROVED and manages(user, plan.person_id)


def can_see_board(user: User) -> bool:
    """The board of everybody's plans: managers and admins."""
    return can_administer(user) or is_manager(user)


def can_edit_market(user: User, territory: Territory) -> bool:
    """Target markets and customers: the owner of the territory today, managers above, and admins.

    Who only helps there sees them. What no territory claims has none.
    """
    if territory.is_unassigned or not user.is_active:
        return False
    held = Assignment.objects.visible_to(user).as_of(today()).filter(role=AssignmentRole.OWNER, territory=territory)
    return can_administer(user) or held.filter(person__isnull=False).exists()


def holds(user: User, territory: Territory) -> bool:
    """Whether the user owns the territory today, or helps there."""
    return Assignment.objects.as_of(today()).filter(territory=territory, person=user.pk).exists()


def can_edit_map(user: User, account: Account) -> bool:
    """Stakeholders, decision steps and the account plan: who works the account today, and the managers above."""
    return Account.objects.worked_by(user).filter(pk=account.pk).exists()


def can_review_account(user: User, plan: AccountPlan) -> bool:
    """Schedule and score a review: managers above whoever works the account, and admins; nobody their own one."""
    return can_see_board(user) and can_edit_map(user, plan.account) and holder_of(plan.account) != user.pk


def holder_of(account: Account) -> int | None:
    """Who works the account today: the owner of the territory it stands in, else the owner of the account."""
    placed = AccountPlacement.objects.as_of(today()).filter(account=account, territory__isnull=False).first()
    if placed is None:
        return account.owner_id
    held = Assignment.objects.as_of(today()).filter(territory=placed.territory_id, role=AssignmentRole.OWNER).first()
    return held.person_id if held else None
