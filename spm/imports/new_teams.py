"""Teams that a file of people names before they exist: told by the preview, made when the user says so."""

from spm.imports.choices import RowOutcome
from spm.imports.models import ImportBatch
from spm.imports.zeros import ZeroForms
from spm.keys import normalise
from spm.org import retries, teams
from spm.org.models import Team, User

NAMES_TEAMS = ("people", "memberships")
MOST = 20  # more new teams than this are a wrong column rather than a company


def missing(batch: ImportBatch) -> list[str]:
    """Teams that refused rows of ``batch`` name and nobody has made, by name; none where too many to be meant."""
    if batch.kind not in NAMES_TEAMS:
        return []
    refused = batch.rows.filter(outcome=RowOutcome.REFUSED, column="team").exclude(value="")
    written = {normalise(name): name for name in refused.order_by("-number").values_list("value", flat=True)}
    known = set(Team.objects.values_list("key", flat=True))
    lost = ZeroForms(known)
    unknown = {key: name for key, name in written.items() if key not in known and not lost.other(key)}
    longest = Team._meta.get_field("code").max_length or 0
    found = sorted(name for name in unknown.values() if len(name) <= longest)
    return found if len(found) <= MOST else []


@retries.atomic
def make(batch: ImportBatch, by: User) -> list[str]:
    """Make them, at the top of the tree and without a lead; their names."""
    names = missing(batch)
    for name in names:
        teams.create_team(code=name, by=by)
    return names
