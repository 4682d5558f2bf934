"""Who may do what with plans, targets and quotas. *See* is ``visible_to``; *do* is a ``can_<verb>`` here."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from spm.org.access import can_administer, can_edit_person, is_manager
from spm.org.clock import today
from spm.org.models import FiscalYear, Team, User
from spm.org.scopes import history_of, scope_of
from spm.org.trees import TeamTree
from targets.choices import PlanKind, PlanState
from targets.goals import Holder
from targets.models import CompanyPlan, GoalBatch, PlanningCycle, QuotaLetter


def can_see_plan(user: User) -> bool:
    """The company plan and the targets of teams: admins and people who lead a team today."""
    return can_administer(user) or is_manager(user)


def can_see_targets(user: User, team: Team) -> bool:
    """The targets of one team, as ``Target.visible_to``: admins, and who leads it or stands above it today.

    A manager who is a member of the team above, as most are, sees that team, but not its numbers.
    """
    return can_administer(user) or team.pk in scope_of(user).leads


def can_edit_plan(user: User, plan: CompanyPlan | None) -> bool:
    """Admins, unless this version is frozen, locked, or waits for its approval; None: of a year without a version."""
    return can_administer(user) and (plan is None or (is_open(plan) and plan.state != PlanState.SUBMITTED))


def can_read_plan(user: User, year: FiscalYear) -> bool:
    """The numbers of the company plan: admins; managers once it was handed on (``unpublished``)."""
    if can_administer(user):
        return True
    return is_manager(user) and not CompanyPlan.objects.unpublished().filter(fiscal_year=year).exists()


def can_submit_plan(user: User, plan: CompanyPlan) -> bool:
    """Admins, as long as it does not wait for its approval; whether there is anything new to approve: the verb."""
    return can_administer(user) and _is_planned(plan) and plan.state != PlanState.SUBMITTED


def can_withdraw_plan(user: User, plan: CompanyPlan) -> bool:
    return can_administer(user) and _is_planned(plan) and plan.state == PlanState.SUBMITTED


def can_decide_plan(user: User, plan: CompanyPlan) -> bool:
    """An admin who did not submit it; the one who did, where the company has no other."""
    if not can_withdraw_plan(user, plan):
        return False
    return plan.submitted_by_id != user.pk or not other_admins(user)


def other_admins(user: User) -> list[User]:
    """The active admins besides this one, by name."""
    return list(User.objects.people().filter(is_admin=True, is_active=True).exclude(pk=user.pk).order_by("name", "pk"))


def _is_planned(plan: CompanyPlan) -> bool:
    """The working version of a year that is planned by a cycle and not locked."""
    return plan.kind == PlanKind.WORKING and is_open(plan) and hasattr(plan.fiscal_year, "cycle")


def can_edit_target(user: User, plan: CompanyPlan, team: int | None = None) -> bool:
    """Targets of teams and territories in this version: as the plan itself; managers those of teams below their own."""
    allowed = can_administer(user) if team is None else bool(targets_of(user, [team]))
    return is_open(plan) and allowed


def targets_of(user: User, teams: Iterable[int]) -> set[int]:
    """Those of ``teams`` whose target the user may set in a plan that is open: a manager not the own team's."""
    if can_administer(user):
        return set(teams)
    scope = scope_of(user)
    own = history_of(user).as_of(today()).led_by(user.pk) if scope.leads else []
    return set(teams) & scope.leads - set(own)


def own_teams(user: User) -> list[int]:
    """The teams somebody leads without leading one above them, in the order of their keys."""
    tree, leads = history_of(user).as_of(today()), scope_of(user).leads
    return sorted(team for team in leads if not leads & set(tree.ancestors(team)[1:]))


def spreads_of(user: User, teams: Iterable[int]) -> set[int]:
    """Those of ``teams`` whose number the user may spread over what stands below."""
    return set(teams) if can_administer(user) else set(teams) & scope_of(user).leads


def can_edit_quota(user: User, plan: CompanyPlan, person: User) -> bool:
    """A person's quotas in this version: admins and whoever manages them; nobody their own, nor the House's."""
    return is_open(plan) and not person.is_house and person.pk in numbers_of(user, [person.pk])


def is_open(plan: CompanyPlan) -> bool:
    """Whether the numbers of this version may still be changed."""
    return plan.frozen_at is None and plan.locked_at is None


def numbers_of(user: User, people: Iterable[int]) -> set[int]:
    """Those of ``people`` whose quotas the user may set in a plan that is open: nobody their own."""
    scope = scope_of(user)
    below = scope.people if scope.is_manager and scope.people is not None else frozenset()
    everybody = can_administer(user)
    return {pk for pk in people if pk != user.pk and (everybody or pk in below)}


def settable(user: User, holders: Iterable[Holder]) -> set[Holder]:
    """Those whose number the user may set in a plan that is open, people and teams as above; the rest admins alone."""
    wanted = set(holders)
    if can_administer(user):
        return wanted
    mine = numbers_of(user, [int(holder.key) for holder in wanted if holder.column == "person_id"])
    below = targets_of(user, [int(holder.key) for holder in wanted if holder.column == "team_id"])
    keys = {"person_id": mine, "team_id": below}
    return {holder for holder in wanted if holder.key in keys.get(holder.column, ())}


def can_allocate(user: User, plan: CompanyPlan, team: int | None) -> bool:
    """Spread the number of a team (None: of the company) over those below it: admins, and managers what they lead."""
    allowed = can_administer(user) if team is None else bool(spreads_of(user, [team]))
    return is_open(plan) and allowed


def can_leave_out(user: User, credited: Collection[int]) -> bool:
    """Leave a deal of last year out of last year adjusted, or count it again: who may set the number of everybody it
    is credited to. So nobody lowers what their own number is measured by.
    """
    return bool(credited) and numbers_of(user, credited) == set(credited)


def can_read_deals(user: User, person: int, cycle: PlanningCycle) -> bool:
    """What of somebody's last year counts: who sees the person; a rep the own, once the letter is sent."""
    if person != user.pk or can_see_plan(user):
        return True
    return QuotaLetter.objects.visible_to(user).filter(cycle=cycle, person=user).exists()


def can_undo(user: User, batch: GoalBatch) -> bool:
    """One's own batch, an admin any; and only while one may set every number in it."""
    if not (can_administer(user) or batch.by_id == user.pk):
        return False
    keys: dict[str, set[int]] = {"person_id": set(), "team_id": set()}
    for _table, column, key, *_rest in batch.changes:
        keys.setdefault(column, set()).add(key)
    mine = numbers_of(user, keys["person_id"]) == keys["person_id"]
    others = can_administer(user) or keys.keys() <= {"person_id", "team_id"}
    return is_open(batch.plan) and mine and others and targets_of(user, keys["team_id"]) == keys["team_id"]


def can_answer_letter(user: User, letter: QuotaLetter) -> bool:
    """Agree, ask, acknowledge: the person alone."""
    return letter.person_id == user.pk


def can_decide_letter(user: User, letter: QuotaLetter) -> bool:
    """Send, remind, approve, reject: admins and the managers above the person, never the person."""
    return letter.person_id in numbers_of(user, [letter.person_id])


def decider_of(person: int, tree: TeamTree, owner: int | None) -> int | None:
    """Who is to act on somebody's letter: the manager in ``tree``, which is today's; else the owner of the stage.

    The tree of today decides, as it does of rights: another manager could not act.
    """
    manager = tree.manager_of(person)
    return manager if manager is not None else None if owner == person else owner


def can_propose(user: User, person: int | None, team: int | None) -> bool:
    """A proposal of one's own: a rep for the own year, a manager for a team led directly today."""
    if person is not None:
        return person == user.pk
    return team in history_of(user).as_of(today()).led_by(user.pk)


def can_lock(user: User) -> bool:
    return can_administer(user)


def can_request_revision(user: User, plan: CompanyPlan) -> bool:
    """Admins and managers, of a year that is locked; whose numbers it may touch: ``can_revise``."""
    return can_see_plan(user) and plan.locked_at is not None


def can_revise(user: User, holders: Iterable[Holder]) -> bool:
    """Ask to revise the numbers of these: admins all, managers those of people and teams that they lead.

    One's own quota is not looked at: nobody writes it (``OwnQuota``).
    """
    if can_administer(user):
        return True
    keys: dict[str, set[int]] = defaultdict(set)
    for holder in holders:
        keys[holder.column].add(int(holder.key) if holder.column in ("person_id", "team_id") else 0)
    people = keys.pop("person_id", set()) - {user.pk}
    teams = keys.pop("team_id", set())
    return not keys and numbers_of(user, people) == people and teams <= scope_of(user).leads


def can_decide_revision(user: User, revision: CompanyPlan) -> bool:
    """An admin who did not ask for it, as long as it is undecided; nobody decides on their own quota."""
    if not can_administer(user) or revision.state != PlanState.SUBMITTED or revision.author_id == user.pk:
        return False
    return not revision.quotas.filter(person=user).exists()


def can_set_plan_rates(user: User) -> bool:
    """Admins; what the lock fixed is refused by the verb."""
    return can_administer(user)


def can_set_ramp(user: User, person: User) -> bool:
    """Admins, but nobody their own: it lowers the number they are asked for."""
    return can_edit_person(user, person) and person.pk != user.pk


def can_run_cycle(user: User) -> bool:
    """Begin a planning cycle, move it from stage to stage, set its owners, due dates and policy: admins."""
    return can_administer(user)
