"""How the number of a quota letter was made: five lines per measure that add up to the quota of the year exactly.

Last year adjusted + market growth + territory change + ramp and part of a year + stretch. The first four are facts,
the stretch is what remains. In company currency, whole minor units. Rules: ux.md, quota letter; domain.md, Ramp.
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from spm.money import ZERO
from spm.org.trees import read_history
from targets import handovers, last_year
from targets.allocation_facts import Facts, read_calendar, read_facts
from targets.choices import LetterPart, Measure
from targets.goals import of_person
from targets.handovers import Ground, Handover
from targets.last_year import LastYear
from targets.models import CompanyPlan, LetterLine, PlanningCycle, QuotaLetter

RATIO = Decimal("0.0001")  # growth and shares are told to a hundredth of a percent, and count as they are told


@dataclass(frozen=True, slots=True)
class Basis:
    """What one number is made of. ``growth`` and ``share`` are ratios: 0.0525 = 5.25 %; ``share`` of a full year."""

    quota: Decimal
    last: Decimal
    growth: Decimal = ZERO
    change: Decimal = ZERO
    change_note: str = ""
    share: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Part:
    """One line. ``note``: the ratio behind the amount as a plain decimal, or what moved (``handovers.moved_of``)."""

    part: LetterPart
    amount: Decimal
    note: str = ""


def parts_of(basis: Basis) -> list[Part]:
    """The five lines in their order; their sum is ``basis.quota``. What is reckoned is told in whole units of money."""
    last = _whole(basis.last)
    market = _whole(last * basis.growth)
    change = _whole(basis.change)
    full = last + market + change
    lost = _whole(full * (basis.share - 1))
    return [
        Part(LetterPart.LAST_YEAR, last),
        Part(LetterPart.MARKET, market, str(basis.growth)),
        Part(LetterPart.TERRITORY, change, basis.change_note),
        Part(LetterPart.PART_YEAR, lost, str(basis.share)),
        Part(LetterPart.STRETCH, basis.quota - full - lost),
    ]


def _whole(amount: Decimal) -> Decimal:
    """Cents of last year's season would only pretend to be exact; the stretch takes them."""
    return amount.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)


def build_lines(plan: CompanyPlan, letters: Collection[QuotaLetter]) -> dict[int, list[LetterLine]]:
    """Letter → its lines as they would be sent now, unsaved, of the measures in which the person has a quota.

    All letters are of the cycle of ``plan``; the number of queries does not depend on how many they are.
    """
    found: dict[int, list[LetterLine]] = {letter.pk: [] for letter in letters}
    if not letters:
        return found
    cycle = next(iter(letters)).cycle
    people = {letter.person_id: letter.pk for letter in letters}
    history, ground = read_history(), handovers.read_ground(read_calendar(cycle.fiscal_year))
    for measure in Measure:
        facts = read_facts(plan, cycle, measure, history, deals_of=())
        growth, moved = _growth(facts), handovers.read(cycle, measure, facts.calendar, facts.elapsed, ground)
        for person, letter in people.items():
            basis = _basis(facts, person, growth, moved.get(person, Handover()), ground)
            if basis is not None:
                found[letter] += [
                    LetterLine(letter_id=letter, measure=measure, part=row.part, amount=row.amount, note=row.note)
                    for row in parts_of(basis)
                ]
    return found


def _basis(facts: Facts, person: int, growth: Decimal, moved: Handover, ground: Ground) -> Basis | None:
    quota = facts.amount(of_person(person))
    if quota is None:
        return None
    last = facts.last.get(person, LastYear()).adjusted
    return Basis(quota, last, growth, moved.amount, ground.note(moved), _share(facts, person))


def _share(facts: Facts, person: int) -> Decimal:
    """How much of a full year somebody carries, weighed by the season unless the policy counts days."""
    capacity = facts.capacity.get(person)
    if capacity is None:
        return Decimal(1)
    if capacity.whole is not None:
        return capacity.whole.quantize(RATIO)
    season = facts.calendar.season
    whole = sum(season, ZERO)
    carried = sum((weight * share for weight, share in zip(season, capacity.shares, strict=True)), ZERO)
    return (carried / whole).quantize(RATIO) if whole else Decimal(1)


def _growth(facts: Facts) -> Decimal:
    """What the company plan asks of everybody: it ÷ the company's last year, adjusted, − 1; 0 without one of both."""
    plan = sum(facts.lines.values(), ZERO)
    last = _company_last_year(facts)
    return (plan / last - 1).quantize(RATIO) if plan > 0 and last > 0 else ZERO


def _company_last_year(facts: Facts) -> Decimal:
    """Everybody's last year, also of those who left: without one-off deals, scaled to a whole one."""
    if not facts.calendar.before or not facts.elapsed:
        return ZERO
    credited, left_out = last_year.credited(facts.cycle, facts.measure, facts.calendar.before)
    sold, gone = sum(credited.values(), ZERO), sum((amount for amount, _most in left_out.values()), ZERO)
    return (sold - gone) / facts.elapsed


def cycle_plan(cycle: PlanningCycle) -> CompanyPlan:
    """The working plan of the cycle's year, which its making made."""
    plan: CompanyPlan = CompanyPlan.objects.working().get(fiscal_year=cycle.fiscal_year_id)
    return plan
