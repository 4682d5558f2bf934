"""Who works at Norvik Industrial: invented people, their teams, and who holds which territory since when."""

from dataclasses import dataclass
from datetime import date

from spm.dashboards.norvik.figures import (
    CHANNEL,
    HIRED_ON,
    NORTH,
    PREDECESSOR_LEFT_ON,
    REPS,
    SALES,
    SOUTH,
    TERRITORY_SPLIT,
)

Row = tuple[str, ...]
DOMAIN = "norvik.example"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at Norvik. ``team`` is the first team, from ``starts_on``; empty = none."""

    login: str
    name: str
    number: str
    starts_on: date
    team: str = ""
    left_on: date | None = None
    is_admin: bool = False
    locale: str = ""

    @property
    def email(self) -> str:
        return f"{self.login}@{DOMAIN}"


ADMIN = Person("ops", "Inés Holloway", "1001", date(2018, 3, 1), is_admin=True)
DIRECTOR = Person("astrid.vollmark", "Astrid Vollmark", "1002", date(2016, 9, 1))
MANAGERS = {
    NORTH: Person("tomasz.wierzbak", "Tomasz Wierzbak", "1010", date(2019, 1, 1), SALES),
    SOUTH: Person("camille.desrosier", "Camille Desrosier", "1011", date(2020, 6, 1), SALES),
    CHANNEL: Person("naoko.brandtner", "Naoko Brandtner", "1012", date(2017, 4, 1), SALES),
}
SELLERS = {
    "N1": Person("sanne.verhoek", "Sanne Verhoek", "1101", date(2017, 2, 1), NORTH),
    "N2": Person("eirik.haugdal", "Eirik Haugdal", "1102", date(2019, 8, 1), NORTH),
    "N3": Person("lukas.petersdorf", "Lukas Petersdorf", "1103", date(2021, 1, 1), NORTH),
    "N4": Person("aoife.brennagh", "Aoife Brennagh", "1104", date(2020, 10, 1), NORTH),
    "N5": Person("jonna.kettula", "Jonna Kettula", "1105", date(2022, 3, 1), NORTH),
    "S1": Person("matteo.ferrandin", "Matteo Ferrandin", "1201", date(2018, 5, 1), SOUTH),
    "S2": Person("lucia.ortegal", "Lucía Ortegal", "1202", date(2019, 11, 1), SOUTH),
    "S3": Person("baptiste.lavernhe", "Baptiste Lavernhe", "1203", date(2016, 1, 1), SOUTH),
    "S4": Person("milena.kostadin", "Milena Kostadin", "1204", date(2022, 9, 1), SOUTH),
    "S5": Person("yusuf.karaman", "Yusuf Karaman", "1205", HIRED_ON, SOUTH),
    "C1": Person("fatou.sarrine", "Fatou Sarrine", "1301", date(2018, 7, 1), CHANNEL, locale="fr"),
    "C2": Person("daniel.okonta", "Daniel Okonta", "1302", date(2020, 2, 1), CHANNEL),
    "C3": Person("weilin.tanaro", "Wei-Lin Tanaro", "1303", date(2021, 6, 1), CHANNEL),
    "C4": Person("ruxandra.ilias", "Ruxandra Ilias", "1304", date(2023, 5, 1), NORTH),
}
PREDECESSOR = Person("rui.cardelho", "Rui Cardelho", "1206", date(2015, 4, 1), SOUTH, left_on=PREDECESSOR_LEFT_ON)
SPECIALIST = Person("gunnar.eklov", "Gunnar Eklöv", "1401", date(2014, 1, 1))  # helps on large orders: overlay credit
NEWCOMER = Person("samira.haddaoui", "Samira Haddaoui", "1207", date(2026, 9, 14))  # no team, no territory, no data
# Whom the sign-in page offers with one click: the manager whose team is behind, and the rep who explains most of it.
ROLES = {"admin": ADMIN.email, "manager": MANAGERS[SOUTH].email, "rep": SELLERS["S3"].email}
PEOPLE = (ADMIN, DIRECTOR, *MANAGERS.values(), *SELLERS.values(), PREDECESSOR, SPECIALIST, NEWCOMER)

TERRITORIES = {
    "N1": "Benelux",
    "N2": "Norway and Denmark",
    "N3": "Northern Germany",
    "N4": "Ireland and Scotland",
    "N5": "Finland and the Baltics",
    "S1": "Northern Italy",
    "S2": "Iberia",
    "S3": "Southern France",
    "S4": "Danube",
    "S5": "Aegean",
    "C1": "Food groups",
    "C2": "Pharma groups",
    "C3": "Distributors West",
    "C4": "Distributors East",
}
JOINED_CHANNEL = date(2025, 1, 1)  # C4 came over from North


def seller(code: str, day: date) -> Person:
    """Who sold in a territory on ``day``: S5's predecessor until he left."""
    return PREDECESSOR if code == "S5" and day <= PREDECESSOR_LEFT_ON else SELLERS[code]


def people_rows() -> list[Row]:
    return [
        (
            person.email,
            person.name,
            person.number,
            person.starts_on.isoformat(),
            person.left_on.isoformat() if person.left_on else "",
            "true" if person.is_admin else "",
            person.locale,
        )
        for person in PEOPLE
    ]


def team_rows() -> list[Row]:
    below = [(team, SALES, MANAGERS[team].email) for team in (NORTH, SOUTH, CHANNEL)]
    return [(SALES, "", DIRECTOR.email), *below]


def membership_rows() -> list[Row]:
    first = [(person.email, person.team, person.starts_on.isoformat()) for person in PEOPLE if person.team]
    return [*first, (SELLERS["C4"].email, CHANNEL, JOINED_CHANNEL.isoformat())]


def territory_rows() -> list[Row]:
    """Three regions, which bear the codes of the teams, and a territory for each rep."""
    regions = [(team, "", f"{team} region" if team != CHANNEL else team) for team in (NORTH, SOUTH, CHANNEL)]
    return [*regions, *((rep.code, rep.team, TERRITORIES[rep.code]) for rep in REPS)]


def assignment_rows() -> list[Row]:
    """Who holds each territory: always the same, but for the vacancy in S5 and the new territory of C4."""
    changed = {
        "S5": [(PREDECESSOR.email, ""), ("", "2026-01-01"), (SELLERS["S5"].email, HIRED_ON.isoformat())],
        "C4": [(SELLERS["C4"].email, TERRITORY_SPLIT.isoformat())],
    }
    return [
        (rep.code, email, "owner", starts_on)
        for rep in REPS
        for email, starts_on in changed.get(rep.code, [(SELLERS[rep.code].email, "")])
    ]
