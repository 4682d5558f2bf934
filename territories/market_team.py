"""Who of us may own a target market: who holds the territory today, helps there, leads the owner, and the viewer."""

from collections.abc import Iterable

from spm.market.models import Assignment, Territory
from spm.org import clock
from spm.org.models import User
from spm.org.scopes import history_of


def keys_of(territory: Territory, viewer: User) -> frozenset[int]:
    """As a form may name them."""
    today = clock.today()
    held = Assignment.objects.as_of(today).filter(territory=territory, person__isnull=False)
    people = set(held.values_list("person", flat=True))
    tree = history_of(viewer).as_of(today)
    teams = {tree.team_of[person] for person in people if tree.team_of.get(person)}
    leads = {tree.lead[above] for team in teams for above in tree.ancestors(team) if above in tree.lead}
    return frozenset(people | leads | {viewer.pk})


def choices(territory: Territory, viewer: User, also: Iterable[int]) -> list[tuple[str, str]]:
    """(key, name) by name, with those who are named already."""
    rows = User.objects.filter(pk__in=keys_of(territory, viewer) | set(also), is_active=True).order_by("name", "pk")
    return [(str(pk), name) for pk, name in rows.values_list("pk", "name")]
