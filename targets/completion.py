"""How much of a planning cycle's current stage is done, as a share: from what is stored, so nobody has to estimate."""

from decimal import Decimal

from spm.money import ZERO
from spm.periods import elapsed_share
from targets import measures
from targets.choices import LetterState, Measure, Stage
from targets.grounds import Ground
from targets.holdups import handed_on, lacking_of

ONE = Decimal(1)
DONE_IN_REVIEW = (LetterState.AGREED, LetterState.APPROVED)


def done_share(ground: Ground) -> Decimal | None:
    """Between 0 and 1; None where there is nothing yet that could be counted.

    Plan: measures with a number; Allocate: what people carry of the plan, of the measure that lags most; Review:
    letters agreed to; Approve: letters approved, whoever has no number yet counted as a letter; Lock: letters
    acknowledged of those sent; Monitor: days of the year.
    """
    match Stage(ground.cycle.stage):
        case Stage.PLAN:
            planned = [amount for amount in ground.numbers.plan.values() if amount] if ground.numbers else []
            return Decimal(len(planned)) / len(Measure)
        case Stage.ALLOCATE:
            return _allocated(ground)
        case Stage.REVIEW:
            return _of_letters(ground, sum(row.state in DONE_IN_REVIEW for row in ground.letters))
        case Stage.APPROVE:
            return _of_letters(ground, sum(row.state == LetterState.APPROVED for row in ground.letters))
        case Stage.LOCK:
            done, sent = acknowledged(ground)
            return Decimal(done) / sent if sent else None
        case Stage.MONITOR:
            year = ground.cycle.fiscal_year
            elapsed, days = elapsed_share(year.starts_on, year.ends_on, ground.today)
            return Decimal(elapsed) / days


def _allocated(ground: Ground) -> Decimal | None:
    numbers = ground.numbers
    if numbers is None:
        return None
    planned = {measure: amount for measure, amount in numbers.plan.items() if amount > ZERO}
    shares = [
        measures.attainment(numbers.reps(measure, leaves=numbers.planned(measure)), amount)
        for measure, amount in planned.items()
    ]
    return min([ONE, *(share for share in shares if share is not None)]) if planned else None


def acknowledged(ground: Ground) -> tuple[int, int]:
    """How many of how many letters that were sent."""
    sent = [row for row in ground.letters if row.state != LetterState.UNSENT]
    return sum(row.acknowledged_at is not None for row in sent), len(sent)


def _of_letters(ground: Ground, done: int) -> Decimal | None:
    """Of the letters, and of those who still get one."""
    lacking = lacking_of(ground).people.difference(row.person_id for row in ground.letters)
    awaited = len(ground.letters) + (len(lacking) if any(share < ONE for share in handed_on(ground).values()) else 0)
    return Decimal(done) / awaited if awaited else None
