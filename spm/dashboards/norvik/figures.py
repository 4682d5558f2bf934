"""The numbers of the demo story, from which everything else is made. Amounts in thousand euro (k€).

On the clock's day, Friday 18 September 2026, 63 % of each quota is expected: 45 + 12 + 10 × 18/30 of 100. A rep's
bookings are quota × 63 % × ``pace``, to the cent, so the table adds up: North +702.45, South −1,738.17, Strategic &
Channel −448.56, all reps −1,484.28 k€ against pace. N2 stands on the Ahead threshold exactly.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

CURRENCY = "EUR"
TODAY = date(2026, 9, 18)
FIRST_YEAR, THIS_YEAR, NEXT_YEAR = 2024, 2026, 2027
EXPECTED_SHARE = Decimal("0.63")
SEASON = (6, 6, 8, 8, 8, 9, 7, 5, 10, 10, 11, 12)
HIRED_ON = date(2026, 4, 1)  # S5; the territory had been vacant since the predecessor left
PREDECESSOR_LEFT_ON = date(2025, 12, 31)
TERRITORY_SPLIT = date(2026, 7, 1)  # C4 gets a territory and, with it, a revised quota


@dataclass(frozen=True, slots=True)
class Rep:
    """One rep's year 2026. ``code`` is also the code of the territory.

    ``months``: bookings in per cent of the month's quota, January to September, the last against the quota expected
    by the 18th. ``on_last_year``: bookings to date ÷ those on the same date of 2025. ``margin_rate`` in per mille.
    """

    code: str
    team: str
    bookings: int
    revenue: int
    margin: int
    pace: Decimal
    on_last_year: Decimal
    margin_rate: int
    months: tuple[int, ...]

    def quota(self, measure: str) -> int:
        """The year's quota in k€ for a measure."""
        return {"bookings": self.bookings, "revenue": self.revenue, "margin": self.margin}[measure]


def _rep(code: str, quotas: str, pace: str, on_last_year: str, margin_rate: int, months: str) -> Rep:
    bookings, revenue, margin = (int(part) for part in quotas.split())
    team = {"N": NORTH, "S": SOUTH, "C": CHANNEL}[code[0]]
    percents = tuple(int(part) for part in months.split())
    return Rep(code, team, bookings, revenue, margin, Decimal(pace), Decimal(on_last_year), margin_rate, percents)


SALES, NORTH, SOUTH, CHANNEL = "Sales", "North", "South", "Strategic & Channel"
REPS = (
    _rep("N1", "4900 4700 1480", "1.14", "1.21", 327, "70 62 68 71 64 396 66 69 63"),
    _rep("N2", "4400 4200 1320", "1.05", "1.13", 331, "100 106 102 108 105 107 103 106 108"),
    _rep("N3", "4200 4050 1275", "1.06", "1.15", 310, "94 101 104 108 110 107 111 105 110"),
    _rep("N4", "4000 3850 1215", "0.98", "1.06", 324, "102 97 99 94 98 101 95 97 100"),
    _rep("N5", "3700 3550 1120", "1.01", "1.10", 330, "96 100 98 103 105 100 104 99 102"),
    _rep("S1", "4300 4150 1305", "0.97", "1.07", 312, "99 102 95 98 97 96 94 99 95"),
    _rep("S2", "4000 3850 1215", "0.83", "0.96", 309, "103 101 106 100 102 32 63 73 75"),
    _rep("S3", "3800 3650 1150", "0.71", "0.83", 315, "99 103 93 85 73 61 44 38 34"),
    _rep("S4", "3600 3450 1085", "0.92", "1.04", 318, "84 82 86 88 92 94 97 100 104"),
    _rep("S5", "2800 2700 850", "0.80", "1.01", 306, "0 0 0 59 67 75 85 89 93"),
    _rep("C1", "4700 4500 1420", "1.02", "1.14", 321, "110 92 108 97 105 100 98 104 103"),
    _rep("C2", "4100 3950 1245", "0.90", "1.02", 308, "98 94 92 90 89 88 86 87 88"),
    _rep("C3", "3600 3450 1085", "0.99", "1.09", 303, "95 102 97 104 98 100 96 101 99"),
    _rep("C4", "3000 2900 915", "0.88", "0.99", 305, "99 97 99 98 97 96 69 73 76"),
)
BY_CODE = {rep.code: rep for rep in REPS}

HIRED_IN_APRIL, GIVEN_A_TERRITORY, LOST_AN_ACCOUNT, DISCOUNTER, ONE_LARGE_DEAL = "S5", "C4", "S2", "N3", "N1"

# S5 began in April and learns: per cent of the year's quota, April to December, by which 63 % is expected on the day.
RAMP = (0, 0, 0, 6, 9, 13, 13, 10, 20, 9, 9, 11)
RAMP_SCHEDULE = (25, 50, 75)  # the company's default: per cent of a full quota in the first three months of a hire
# C4 until June carried these k€ a year; July to December were then revised, in euro, so that 63 % still holds.
BEFORE_REVISION = {"bookings": 2600, "revenue": 2500, "margin": 790}
REVISED_HALF = {
    "bookings": (280_000, 200_000, 400_000, 300_000, 310_000, 340_000),
    "revenue": (270_000, 192_000, 400_000, 290_000, 300_000, 323_000),
    "margin": (85_200, 60_750, 125_000, 90_000, 95_000, 103_550),
}

COMPANY_PLAN = {  # k€ by fiscal year
    2024: {"bookings": 46500, "revenue": 45000, "margin": 14000},
    2025: {"bookings": 49500, "revenue": 47500, "margin": 14800},
    2026: {"bookings": 52000, "revenue": 50000, "margin": 15600},
    2027: {"bookings": 54000, "revenue": 52000, "margin": 16300},
}
TEAM_TARGETS = {  # k€ of 2026
    NORTH: {"bookings": 20400, "revenue": 19600, "margin": 6150},
    SOUTH: {"bookings": 17800, "revenue": 17100, "margin": 5380},
    CHANNEL: {"bookings": 14800, "revenue": 14300, "margin": 4470},
}
# Next year's bookings in k€: what teams were given, and the four fifths of the plan that people have so far.
NEXT_TARGETS = {NORTH: 21200, SOUTH: 18000, CHANNEL: 15600}
NEXT_QUOTAS = {
    "N1": 4100,
    "N2": 4800,
    "N3": 4700,
    "N4": 4100,
    "N5": 4100,
    "S1": 4400,
    "S2": 3700,
    "S3": 3500,
    "S4": 3700,
    "S5": 2800,
    "C3": 3300,
}
# A quota of an earlier year in per cent of that of 2026, and the bookings of 2024 in per cent of those of 2025.
EARLIER_QUOTAS = {2024: 88, 2025: 94}
BOOKINGS_2024 = 94
# A full year of 2025 in per cent of what was booked by 18 September 2025.
FULL_2025 = 158


def month_quotas(rep: Rep, measure: str) -> list[int]:
    """The twelve months of a rep's quota of 2026 in euro, as in force after the revision of July."""
    year = rep.quota(measure)
    if rep.code == GIVEN_A_TERRITORY:
        return [BEFORE_REVISION[measure] * weight * 10 for weight in SEASON[:6]] + list(REVISED_HALF[measure])
    return [year * weight * 10 for weight in (RAMP if rep.code == HIRED_IN_APRIL else SEASON)]


def next_year(thousands: int, measure: str) -> int:
    """A number of next year in euro, in proportion to the company's plan of the measure, on thousands."""
    plan = COMPANY_PLAN[NEXT_YEAR]
    return thousands * plan[measure] // plan["bookings"] * 1000


def expected_to_date(rep: Rep) -> Decimal:
    """Bookings quota expected by the clock's day, in euro."""
    return rep.bookings * 1000 * EXPECTED_SHARE


def booked_to_date(rep: Rep) -> Decimal:
    """Bookings of 2026 by the clock's day, in euro: expected × pace, exactly."""
    return (expected_to_date(rep) * rep.pace).quantize(Decimal("0.01"))
