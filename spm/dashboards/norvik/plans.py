"""Plans, targets and quotas of Norvik as rows: three years of quotas, next year's plan, one revision in July."""

from collections.abc import Iterable

from spm.dashboards.norvik.cast import PREDECESSOR, SELLERS, Row
from spm.dashboards.norvik.figures import (
    BEFORE_REVISION,
    BY_CODE,
    COMPANY_PLAN,
    CURRENCY,
    EARLIER_QUOTAS,
    GIVEN_A_TERRITORY,
    HIRED_IN_APRIL,
    REPS,
    SEASON,
    TEAM_TARGETS,
    THIS_YEAR,
    Rep,
    month_quotas,
)

TERRITORY_SINCE = 7  # July
MEASURES = ("bookings", "revenue", "margin")


def season_rows() -> list[Row]:
    return [("Norvik season", "", str(number), str(weight)) for number, weight in enumerate(SEASON, start=1)]


def plan_rows(years: Iterable[int]) -> list[Row]:
    return [
        (str(year), measure, str(year), "", _euro(COMPANY_PLAN[year][measure]), CURRENCY)
        for year in years
        for measure in MEASURES
    ]


def target_rows() -> list[Row]:
    """Numbers of the three teams, and of each territory: a territory's number does not shrink while its rep learns."""
    teams: list[Row] = [
        ("team", team, measure, str(THIS_YEAR), _euro(targets[measure]), CURRENCY)
        for team, targets in TEAM_TARGETS.items()
        for measure in MEASURES
    ]
    territories: list[Row] = [
        ("territory", rep.code, measure, str(THIS_YEAR), _euro(_territory_target(rep, measure)), CURRENCY)
        for rep in REPS
        for measure in MEASURES
        if rep.code != GIVEN_A_TERRITORY
    ]
    return teams + territories + _targets_from_july()


def _targets_from_july() -> list[Row]:
    """The territory that was opened in July has a target from then on, as it has sales."""
    return [
        ("territory", GIVEN_A_TERRITORY, measure, f"{THIS_YEAR}-{month:02}", str(amount), CURRENCY)
        for measure in MEASURES
        for month, amount in enumerate(month_quotas(BY_CODE[GIVEN_A_TERRITORY], measure), start=1)
        if month >= TERRITORY_SINCE
    ]


def _territory_target(rep: Rep, measure: str) -> int:
    return rep.quota(measure) * 6 // 5 if rep.code == HIRED_IN_APRIL else rep.quota(measure)


def earlier_quota(rep: Rep, measure: str, year: int) -> int:
    """The k€ of an earlier year, on tens of k€. S5's territory was then worth its full number."""
    base = BEFORE_REVISION[measure] if rep.code == GIVEN_A_TERRITORY else _territory_target(rep, measure)
    return base * EARLIER_QUOTAS[year] // 1000 * 10


def quota_rows() -> list[Row]:
    """Quotas as given at the start of each year: by year, so that the season spreads them."""
    earlier = [
        _quota(rep, measure, str(year), earlier_quota(rep, measure, year))
        for year in EARLIER_QUOTAS
        for rep in REPS
        for measure in MEASURES
    ]
    now = [
        _quota(rep, measure, str(THIS_YEAR), _january(rep, measure))
        for rep in REPS
        for measure in MEASURES
        if rep.code != HIRED_IN_APRIL
    ]
    return earlier + now


def _january(rep: Rep, measure: str) -> int:
    return BEFORE_REVISION[measure] if rep.code == GIVEN_A_TERRITORY else rep.quota(measure)


def _quota(rep: Rep, measure: str, period: str, amount: int) -> Row:
    person = PREDECESSOR if rep.code == HIRED_IN_APRIL else SELLERS[rep.code]
    return (person.email, measure, period, _euro(amount), CURRENCY)


def revision_rows() -> list[Row]:
    """What changed within 2026, month by month: the ramped quota from April, the revised one from July."""
    changes = {HIRED_IN_APRIL: 4, GIVEN_A_TERRITORY: TERRITORY_SINCE}
    return [
        (SELLERS[code].email, measure, f"{THIS_YEAR}-{month:02}", str(amount), CURRENCY)
        for code, first in changes.items()
        for measure in MEASURES
        for month, amount in enumerate(month_quotas(BY_CODE[code], measure), start=1)
        if month >= first
    ]


def _euro(thousands: int) -> str:
    return str(thousands * 1000)
