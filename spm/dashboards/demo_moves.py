"""Two packages of accounts in the demo's story: the one that opened a territory on 1 July, and one in draft.

The applied one moves no number: the quota of who got the territory was revised by hand in the same weeks
(``demo_planning.REVISED``), and the story's 63 % hold with it.
"""

from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from spm.dashboards.demo_planning import moment
from spm.dashboards.norvik import cast, figures
from spm.dashboards.norvik.market import CUSTOMERS_OF, Customer
from spm.market.models import Account, Territory
from spm.org import clock
from spm.org.models import User
from spm.talk.models import Notification
from territories import moves
from territories.choices import HoldOver
from territories.models import MovePackage
from territories.move_telling import KIND

PROPOSED = figures.TERRITORY_SPLIT - timedelta(days=8)
DRAFTED = date(2026, 9, 17)
NEXT = date(2026, 10, 1)
RELIEVED, RELIEVING = "S3", "S4"
TAKEN = slice(5, 8)  # of the relieved rep's accounts: standard ones


def split_the_channel() -> None:
    """Before July the accounts of the new territory stood in its neighbour; the director had them moved together."""
    values = {
        "name": _("Distributors East opens"),
        "effective_on": figures.TERRITORY_SPLIT,
        "hold_over": HoldOver.ALL,
        "hold_days": None,
        "reason": _("A second rep for the channel; the quota was revised with it"),
        "moves_quota": False,
    }
    with clock.at(moment(PROPOSED)):
        package = _draft(figures.GIVEN_A_TERRITORY, CUSTOMERS_OF[figures.GIVEN_A_TERRITORY], values, _director())
        moves.propose(package, _director())
    with clock.at(moment(figures.TERRITORY_SPLIT, 1)):
        moves.apply(package, _director())
    Notification.objects.filter(kind=KIND).update(read_at=clock.now())


def draft_the_next() -> None:
    """The manager of South looks at moving three accounts of the rep who is furthest behind."""
    manager = User.objects.get(email=cast.MANAGERS[figures.SOUTH].email)
    values = {
        "name": _("Relief for the rep furthest behind"),
        "effective_on": NEXT,
        "hold_over": HoldOver.DAYS,
        "hold_days": 30,
        "reason": _("Three accounts nobody has time for"),
        "moves_quota": True,
    }
    with clock.at(moment(DRAFTED)):
        _draft(RELIEVING, CUSTOMERS_OF[RELIEVED][TAKEN], values, manager)


def _draft(code: str, customers: tuple[Customer, ...], values: dict[str, Any], by: User) -> MovePackage:
    to = Territory.objects.get(code=code)
    numbers = [customer.account_id for customer in customers]
    accounts = list(Account.objects.filter(external_id__in=numbers).order_by("pk").values_list("pk", flat=True))
    return moves.save(MovePackage(), values | {"to_territory": to}, accounts, by)


def _director() -> User:
    found: User = User.objects.get(email=cast.DIRECTOR.email)
    return found
