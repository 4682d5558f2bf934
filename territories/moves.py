"""Move packages: drafted, proposed to whom they concern, applied on their day; the way back is a package of its own.

Applying writes dated placements (``placing``), so credits from the day on follow the new territory and nothing before
it changes; closed periods refuse. Numbers move by ``move_writing``, held-over accounts by ``move_holds``. Every verb is
one transaction and asks ``move_checks`` itself, whatever a form has said before.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.market.models import Territory
from spm.org import audit, clock, retries
from spm.org.access import can_administer
from spm.org.choices import AuditKind
from spm.org.models import User
from spm.org.signals import facts_moving
from spm.periods import ONE_DAY
from spm.ui.forms import StaleRecord
from spm.ui.numbers import day as day_words
from territories import (
    access,
    maps,
    move_checks,
    move_figures,
    move_ground,
    move_holds,
    move_telling,
    move_writing,
    placing,
)
from territories.choices import HoldOver, MoveState, MoveStep
from territories.models import MovedAccount, MoveEvent, MovePackage

FIELDS = ("name", "to_territory", "effective_on", "hold_over", "hold_days", "reason", "moves_quota")


@retries.atomic
def save(package: MovePackage, values: Mapping[str, Any], accounts: Sequence[int], by: User) -> MovePackage:
    """Store a new or changed draft with these accounts; ``values`` by field. Raises what ``move_checks.refuse`` does.

    A form that edits a row has claimed its version before.
    """
    is_new = package.pk is None
    row = MovePackage(created_by=by) if is_new else _locked(package, MoveState.DRAFT)
    for name in FIELDS:
        setattr(row, name, values[name])
    row.hold_days = row.hold_days if row.hold_over == HoldOver.DAYS else None
    row.reverses = package.reverses
    move_checks.refuse(row, accounts, by, drafted=None)
    row.save()
    kept = set(row.accounts.values_list("account", flat=True))
    row.accounts.exclude(account__in=accounts).delete()
    MovedAccount.objects.bulk_create(
        MovedAccount(package=row, account_id=key) for key in dict.fromkeys(accounts) if key not in kept
    )
    _place_sides(row)
    _note(row, MoveStep.DRAFTED if is_new else MoveStep.CHANGED, by, len(accounts))
    return row


@retries.atomic
def propose(package: MovePackage, by: User, seen: int | None = None) -> None:
    """Tell both sides; on its day the package is applied by itself. Raises what stands in the way, StaleRecord."""
    row = _locked(package, MoveState.DRAFT, seen=seen)
    _refuse_now(row, by)
    _place_sides(row)
    _step(row, MoveState.PROPOSED, proposed_by=by, problem="")
    _note(row, MoveStep.PROPOSED, by, row.accounts.count())
    _audit(row, by)
    move_telling.tell(row, move_telling.PROPOSED, by)


@retries.atomic
def withdraw(package: MovePackage, by: User, seen: int | None = None) -> None:
    """Back to a draft, before it was applied; who had heard of it hears that."""
    row = _locked(package, MoveState.PROPOSED, seen=seen)
    move_telling.tell(row, move_telling.WITHDRAWN, by)
    _step(row, MoveState.DRAFT, proposed_by=None, problem="")
    _note(row, MoveStep.WITHDRAWN, by, row.accounts.count())
    _audit(row, by)


@retries.atomic
def discard(package: MovePackage, by: User, seen: int | None = None) -> None:
    """Put a draft away."""
    row = _locked(package, MoveState.DRAFT, seen=seen)
    _step(row, MoveState.DISCARDED)
    _note(row, MoveStep.DISCARDED, by, row.accounts.count())
    _audit(row, by)


@retries.atomic
def apply(package: MovePackage, by: User, seen: int | None = None) -> MovePackage:
    """Place the accounts from the effective day on and move the numbers; the package never changes again.

    Only on its day or later. Raises what ``move_checks.refuse`` and ``move_writing`` do, StaleRecord; then nothing is
    stored.
    """
    retries.take_time()
    move_writing.lock_numbers(package)
    facts_moving.send(MovePackage, since=package.effective_on)
    row = _locked(package, MoveState.DRAFT, MoveState.PROPOSED, seen=seen)
    if (row.effective_on, row.moves_quota) != (package.effective_on, package.moves_quota):
        # it was changed before the lock was had, which began elsewhere
        raise StaleRecord(_("Somebody else has changed this package meanwhile. Look at it again; nothing was stored."))
    if row.effective_on > clock.day():
        raise RuleViolation(
            _("It moves on %(day)s. Propose it, and it is applied on that day.") % {"day": day_words(row.effective_on)}
        )
    _refuse_now(row, by)
    _place_sides(row)
    moved = list(row.accounts.select_related("account"))
    with_targets = can_administer(by) and access.sets_targets(by, row)
    reading = move_figures.read(row, [one.account_id for one in moved], with_targets=with_targets)
    _place(row, moved, by)
    move_writing.write_numbers(row, reading.numbers, by)
    _keep_figures(moved, reading.figures)
    was = row.state
    row.figures, row.activated_by, row.activated_at = reading.figures.kept(), by, clock.now()
    _step(row, MoveState.ACTIVE, problem="")
    _note(row, MoveStep.APPLIED, by, len(moved))
    _audit(row, by)
    move_telling.tell(row, move_telling.APPLIED, by if was == MoveState.DRAFT else None)
    return row


def apply_due() -> tuple[int, int]:
    """Every proposal whose day has come, each by itself, and held-over accounts that may move; how many of each.

    What stands in the way of one is written to it and told to its proposer once; it is tried again the next time.
    """
    applied = 0
    due = MovePackage.objects.filter(state=MoveState.PROPOSED, effective_on__lte=clock.day())
    for package in due.select_related("proposed_by").order_by("effective_on", "pk"):
        by = package.proposed_by or package.created_by
        try:
            apply(package, by, seen=package.version)
            applied += 1
        except StaleRecord:
            continue  # somebody is at it this very moment
        except RuleViolation as error:
            _fail(package, str(error))
    waiting = MovePackage.objects.filter(pk__in=MovedAccount.objects.waiting().values("package"))
    return applied, sum(release(package) for package in waiting.order_by("pk"))


@retries.atomic
def release(package: MovePackage) -> int:
    """Move those held-over accounts whose last opportunity has closed; how many.

    Each from the day after that closing, or from the first day after the closed periods where that day lies in one. An
    account that was placed elsewhere while it waited stays there.
    """
    retries.take_time()
    facts_moving.send(MovePackage, since=package.effective_on)
    row = _locked(package, MoveState.ACTIVE)
    waiting = list(row.accounts.filter(moves_on=None, overtaken=False))
    keys = [one.account_id for one in waiting]
    closed, later = move_ground.closings(row.effective_on, keys), move_ground.placed_since(row.effective_on, keys)
    first = move_ground.first_open_day()
    gone: list[MovedAccount] = []
    for one in waiting:
        day = move_holds.moves_on(row.hold_over, row.effective_on, row.hold_days, closed.get(one.account_id, []))
        one.overtaken = one.account_id in later
        one.moves_on = _from(day, first) if not one.overtaken else None
        gone += [one] if one.moves_on or one.overtaken else []
    moving = [one for one in gone if one.moves_on]
    _write(row, moving, None)
    MovedAccount.objects.bulk_update(gone, ["moves_on", "overtaken"])
    if moving:
        _note(row, MoveStep.RELEASED, None, len(moving))
    if len(gone) > len(moving):
        _note(row, MoveStep.OVERTAKEN, None, len(gone) - len(moving))
    return len(moving)


@retries.atomic
def reverse(package: MovePackage, by: User) -> tuple[list[MovePackage], int]:
    """Drafts that bring the accounts back, from today on or the day after they moved: one for each territory they left.

    And how many accounts are left out: somebody has placed those anew since, or another package moves them. Raises
    RuleViolation where none came from a territory and is there still, and what ``save`` raises.
    """
    row = _locked(package, MoveState.ACTIVE)
    back: dict[Territory, list[MovedAccount]] = defaultdict(list)
    for one in row.accounts.select_related("from_territory").filter(moves_on__lte=clock.day()):
        if one.from_territory is not None:
            back[one.from_territory].append(one)
    if not back:
        raise RuleViolation(_("Nothing to bring back: none of its accounts has moved from a territory yet."))
    made, left = [], 0
    for territory, every in sorted(back.items(), key=lambda item: item[0].pk):
        last = max(one.moves_on for one in every if one.moves_on)
        day = max(clock.day(), last + ONE_DAY)
        free = move_checks.still_there(row, day, [one.account_id for one in every])
        moved = [one for one in every if one.account_id in free]
        left += len(every) - len(moved)
        if not moved:
            continue
        values = {
            "name": (_("Back: %(name)s") % {"name": row.name})[:100],
            "to_territory": territory,
            "effective_on": day,
            "hold_over": HoldOver.ALL,
            "hold_days": None,
            "reason": (_("Reverses “%(name)s”") % {"name": row.name})[:300],
            "moves_quota": row.moves_quota,
        }
        made.append(save(MovePackage(reverses=row), values, [one.account_id for one in moved], by))
    if not made:
        raise RuleViolation(
            _("Nothing to bring back: its accounts were placed elsewhere since, or another package moves them.")
        )
    _note(row, MoveStep.REVERSED, by, sum(map(len, back.values())) - left)
    return made, left


# Parts of the verbs


def _locked(package: MovePackage, *states: MoveState, seen: int | None = None) -> MovePackage:
    """The row as it stands, locked. Raises StaleRecord, and RuleViolation where its time is over."""
    rows = MovePackage.objects.select_related("to_territory", "to_person", "proposed_by", "created_by")
    row: MovePackage = rows.select_for_update(of=("self",)).get(pk=package.pk)
    if seen is not None and row.version != seen:
        raise StaleRecord(_("Somebody else has changed this package meanwhile. Look at it again; nothing was stored."))
    if row.state not in states:
        raise RuleViolation(_("The package is %(state)s already.") % {"state": row.get_state_display().lower()})
    return row


def _refuse_now(row: MovePackage, by: User) -> None:
    """What is in the way at this moment, with the accounts held: of two packages that want one, the second sees the
    first, whichever verbs meet.
    """
    drafted = dict(row.accounts.values_list("account", "from_territory"))
    maps.lock_all(list(drafted))
    move_checks.refuse(row, list(drafted), by, drafted=drafted)


def _place_sides(row: MovePackage) -> None:
    """Write down where each account stands on the eve, and who holds what on the day."""
    moved = list(row.accounts.all())
    stand = move_ground.stand_on(row.effective_on - ONE_DAY, [one.account_id for one in moved])
    owners = move_ground.owners_on(row.effective_on, {row.to_territory_id, *(land for land in stand.values() if land)})
    for one in moved:
        one.from_territory_id = stand.get(one.account_id)
        one.from_person_id = owners.get(one.from_territory_id or 0)
    MovedAccount.objects.bulk_update(moved, ["from_territory", "from_person"], batch_size=500)
    row.to_person_id = owners.get(row.to_territory_id)
    row.save(update_fields=["to_person"])


def _place(row: MovePackage, moved: Sequence[MovedAccount], by: User) -> None:
    closed = move_ground.closings(row.effective_on, [one.account_id for one in moved])
    first = move_ground.first_open_day()
    for one in moved:
        day = move_holds.moves_on(row.hold_over, row.effective_on, row.hold_days, closed.get(one.account_id, []))
        one.moves_on = _from(day, first)
    _write(row, [one for one in moved if one.moves_on], by)
    MovedAccount.objects.bulk_update(moved, ["moves_on"], batch_size=500)


def _from(day: date | None, first: date | None) -> date | None:
    """The day, or the first one that no closed period follows, where that is later."""
    return max(day, first) if day and first else day


def _write(row: MovePackage, moved: Sequence[MovedAccount], by: User | None) -> None:
    """The placements, day by day; with their history, and their periods are rolled up again."""
    days: dict[date, list[tuple[int, int | None]]] = defaultdict(list)
    for one in moved:
        if one.moves_on:
            days[one.moves_on].append((one.account_id, row.to_territory_id))
    for day, rows in sorted(days.items()):
        placing.write(rows, day, by)


def _keep_figures(moved: Sequence[MovedAccount], figures: move_figures.Figures) -> None:
    for one in moved:
        carried = (figures.carried or {})[one.account_id]
        one.potential, one.pipeline, one.last_year = carried.potential, carried.pipeline, carried.last_year
    MovedAccount.objects.bulk_update(moved, ["potential", "pipeline", "last_year"], batch_size=300)


def _step(row: MovePackage, state: MoveState, **values: Any) -> None:
    row.state = state
    row.version += 1
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


@retries.atomic
def _fail(package: MovePackage, why: str) -> None:
    row = _locked(package, MoveState.PROPOSED)
    if row.problem == why[:300]:
        return
    _step(row, MoveState.PROPOSED, problem=why[:300])
    _note(row, MoveStep.FAILED, None, row.accounts.count())
    move_telling.tell_failure(row)


def _note(row: MovePackage, step: MoveStep, by: User | None, count: int) -> None:
    MoveEvent.objects.create(package=row, step=step, by=by, at=clock.now(), count=count)


def _audit(row: MovePackage, by: User | None) -> None:
    to, count = row.to_territory.name, row.accounts.count()
    day = row.effective_on.isoformat()
    audit.record(AuditKind.MOVE, actor=by, subject=row.name, state=str(row.state), to=to, day=day, accounts=count)
