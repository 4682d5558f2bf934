"""Whether an account ever bought from a family of products, whoever was credited with it.

It knows no users: who works an account may know what it bought, also from the one who held it before. When that was,
for how much and through whom is told by the credits that a reader sees, and by nothing here.
"""

from collections.abc import Collection

from django.db.models import Exists, OuterRef

from targets.models import Credit


def pairs(accounts: Collection[int]) -> set[tuple[int, int]]:
    """(account, family) of these accounts; overlay credit is somebody's help, not a sale of its own. One query."""
    rows = Credit.objects.filter(
        actual__account__in=accounts, actual__product_family__isnull=False, is_overlay=False
    ).order_by()
    return set(rows.values_list("actual__account", "actual__product_family").distinct())


def of(family: int | None) -> Exists:
    """The condition on an account that it bought the family."""
    rows = Credit.objects.filter(actual__account=OuterRef("pk"), is_overlay=False)
    return Exists(rows.filter(actual__product_family=family))
