"""Hold-over: from which day an account of a package counts for its new territory. Pure; nobody else decides this.

An actual does not name the opportunity it came from, so the credit of what is still open can only follow the account:
what is held over is the account itself. Held, it keeps standing where it stood, and every actual dated before it moves
is credited there; from that day on, in the new territory. Credit follows the placement on the event date, as all credit
does (``targets.crediting``); nothing else is computed for held accounts.

Held is an account with an opportunity that was open as the effective day began: opened before that day, and not closed
before it. What is opened later holds nothing back. Accounts without one move on the effective day, whatever the policy.

* move all: everything moves on the effective day;
* keep n days: the account moves n days later, so the effective day and the n − 1 after it still count for the old one;
* keep until close: the account moves on the day after the last of them closed, so an order booked on the very day of
  closing still counts for the old one; it waits as long as one is open.

The quota does not wait: it moves from the effective day for every account of the package (``move_shares``).
Source: domain.md, Territory change and credit ("how long open opportunities stay with the old rep is an explicit
policy").
"""

from collections.abc import Sequence
from datetime import date, timedelta

from spm.periods import ONE_DAY
from territories.choices import HoldOver


def moves_on(hold_over: str, effective_on: date, hold_days: int | None, closings: Sequence[date | None]) -> date | None:
    """The day from which the account stands in the new territory; None = it waits.

    ``closings``: of each opportunity that was open as the effective day began the day it closed, None = still open.
    """
    if not closings or hold_over == HoldOver.ALL:
        return effective_on
    if hold_over == HoldOver.DAYS:
        return effective_on + timedelta(days=hold_days or 0)
    closed = [day for day in closings if day is not None]
    return max(closed) + ONE_DAY if len(closed) == len(closings) else None
