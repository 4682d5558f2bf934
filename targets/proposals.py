"""Bottom-up: what a rep, or who leads a team, thinks the year can be. Beside the target, never in its place."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from spm.errors import NothingToDo
from spm.org import clock, retries
from spm.org.models import User
from targets import access
from targets.choices import Measure, Stage
from targets.cycles import require_stage
from targets.goals import Holder, of_person, of_team, refuse_amount
from targets.letters import NotYours
from targets.models import PlanningCycle, Proposal

OPEN = (Stage.PLAN, Stage.ALLOCATE, Stage.REVIEW, Stage.APPROVE)
NOTE = 300


@dataclass(frozen=True, slots=True)
class Standing:
    """A proposal of one measure beside the number it is about; None: there is none."""

    measure: Measure
    proposed: Decimal | None
    note: str
    at: datetime | None
    target: Decimal | None

    @property
    def difference(self) -> Decimal | None:
        """Proposed − target: negative where somebody thinks the target is too high."""
        if self.proposed is None or self.target is None:
            return None
        return self.proposed - self.target


@retries.atomic
def propose(  # noqa: PLR0913  # the columns of a proposal, by keyword
    cycle: PlanningCycle, holder: Holder, measure: Measure, amount: Decimal | None, *, by: User, note: str = ""
) -> Proposal | None:
    """Write down one's own number of the year, or take it back with None. ``holder``: oneself, or a team one leads.

    Raises NotYours, WrongStage from the lock on, BadAmount, and NothingToDo where nothing changes.
    """
    held = PlanningCycle.objects.select_for_update(no_key=True, of=("self",)).select_related("fiscal_year")
    cycle = held.get(pk=cycle.pk)
    require_stage(cycle, *OPEN)
    person, team = (holder.key, None) if holder.column == "person_id" else (None, holder.key)
    if not access.can_propose(by, _key(person), _key(team)):
        raise NotYours(_("A proposal is for the person, or for who leads the team."))
    stored = Proposal.objects.filter(cycle=cycle, measure=measure, **{holder.column: holder.key}).first()
    if amount is None:
        if stored is None:
            raise NothingToDo(_("There is no proposal to take back."))
        stored.delete()
        return None
    company = clock.company()
    refuse_amount(amount, company.currency if company else "EUR")
    words = note.replace("\x00", "").strip()[:NOTE]
    if stored is not None and (stored.amount, stored.note) == (amount, words):
        raise NothingToDo(_("This is what is proposed already."))
    proposal = stored or Proposal(cycle=cycle, measure=measure, person_id=_key(person), team_id=_key(team))
    proposal.amount, proposal.note, proposal.by, proposal.at = amount, words, by, clock.now()
    proposal.save()
    return proposal


def _key(key: int | str | None) -> int | None:
    return None if key is None else int(key)


def holder_of(proposal: Proposal) -> Holder:
    return of_person(proposal.person_id) if proposal.person_id else of_team(proposal.team_id or 0)
