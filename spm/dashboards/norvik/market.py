"""Norvik's market: 120 invented accounts, 40 of them key, where they stand, and what is sold to them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice, product

from spm.dashboards.norvik.cast import SELLERS, Row
from spm.dashboards.norvik.figures import GIVEN_A_TERRITORY, LOST_AN_ACCOUNT, NEXT_YEAR, REPS, THIS_YEAR
from spm.dashboards.norvik.noise import between, pick

USUAL = 9  # accounts of a territory
ACCOUNTS_EACH = {"N4": 8, "N5": 8, "S4": 8, "S5": 8, "C3": 8, "C4": 8}  # 120 in all
KEY_EACH = {"S5": 2, "C4": 2}  # the others have 3: 40 in all
FIRST_BUYS = {0: date(THIS_YEAR, 1, 19), 1: date(THIS_YEAR, 2, 16)}  # the last account of a territory, the one before
PROJECTS = ("Screw compressors", "Piston compressors", "Process filters", "Dryers")
REPEATS = ("Filter elements", "Air filters", "Service")
PARTNERS = ("Airconda Supply", "Delmaris Pneumatics", "Oststern Technik", "Filtrovia")
INDUSTRIES = ("Food", "Pharma", "Chemicals", "Paper", "Automotive", "Electronics", "Cement", "Water", "Textiles")
ROOTS = (
    "Aldenbro", "Brantveld", "Cordessa", "Drevnik", "Elmarra", "Fjordwen", "Galvetto", "Hestrund", "Ilvaro",
    "Jormund", "Kaldesta", "Lindovar", "Morvenna", "Nordalis", "Ostrelin", "Pelvaro", "Quintorra", "Rosvald",
    "Soldanne", "Trevanto", "Ulmarek", "Velmora", "Wendelark", "Xantessa", "Yorvik", "Zelmondo",
)  # fmt: skip
TRADES = {
    "Food": "Foods",
    "Pharma": "Pharma",
    "Chemicals": "Chemie",
    "Paper": "Papers",
    "Automotive": "Motors",
    "Electronics": "Electronics",
    "Cement": "Cement",
    "Water": "Water",
    "Textiles": "Textiles",
}
PLACES = {  # country, region, first digits of the postal code
    "N1": (("NL", "Brabant", "56"), ("BE", "Antwerp", "20")),
    "N2": (("NO", "Vestland", "50"), ("DK", "Jutland", "80")),
    "N3": (("DE", "Hamburg", "20"), ("DE", "Bremen", "28")),
    "N4": (("IE", "Munster", "T1"), ("GB", "Scotland", "EH")),
    "N5": (("FI", "Pirkanmaa", "33"), ("EE", "Tartu", "51")),
    "S1": (("IT", "Lombardy", "20"), ("IT", "Piedmont", "10")),
    "S2": (("ES", "Catalonia", "08"), ("PT", "Porto", "40")),
    "S3": (("FR", "Occitanie", "31"), ("FR", "Provence", "13")),
    "S4": (("AT", "Upper Austria", "40"), ("HU", "Győr", "90")),
    "S5": (("GR", "Attica", "10"), ("TR", "Izmir", "35")),
    "C1": (("CH", "Vaud", "10"), ("NL", "Utrecht", "35")),
    "C2": (("DE", "Hesse", "60"), ("CH", "Basel", "40")),
    "C3": (("FR", "Lyon", "69"), ("BE", "Liège", "40")),
    "C4": (("PL", "Silesia", "40"), ("CZ", "Moravia", "60")),
}


@dataclass(frozen=True, slots=True)
class Customer:
    """One account. ``number`` counts within the territory; the first ones are key accounts."""

    code: str
    number: int
    name: str
    industry: str
    is_key: bool

    @property
    def account_id(self) -> str:
        return f"{self.code}-{self.number:02}"

    @property
    def place(self) -> tuple[str, str, str]:
        """Country, region, first digits of the postal code."""
        return pick(PLACES[self.code], self.account_id, "place")

    @property
    def first_buys(self) -> date:
        """Two accounts of each territory order nothing before the running year: its new business."""
        return FIRST_BUYS.get(ACCOUNTS_EACH.get(self.code, USUAL) - self.number, date.min)

    @property
    def country(self) -> str:
        return self.place[0]


def _names() -> Iterator[tuple[str, str]]:
    """Root and industry; they run at coprime paces, so no name comes twice."""
    return ((root, INDUSTRIES[(i + turn) % len(INDUSTRIES)]) for turn, (i, root) in product(range(9), enumerate(ROOTS)))


def _customers() -> tuple[Customer, ...]:
    names = _names()
    places = [(rep.code, number) for rep in REPS for number in range(1, ACCOUNTS_EACH.get(rep.code, USUAL) + 1)]
    return tuple(
        Customer(code, number, f"{root} {TRADES[industry]}", industry, number <= KEY_EACH.get(code, 3))
        for (code, number), (root, industry) in zip(places, islice(names, len(places)), strict=True)
    )


CUSTOMERS = _customers()
PROSPECTS = tuple(f"{root} {TRADES[industry]}" for root, industry in islice(_names(), len(CUSTOMERS), None))
"""Names that no account bears."""
CUSTOMERS_OF = {rep.code: tuple(c for c in CUSTOMERS if c.code == rep.code) for rep in REPS}
MOVES = CUSTOMERS_OF["N1"][1]  # from Benelux to Norway and Denmark as next year begins
LOST = CUSTOMERS_OF[LOST_AN_ACCOUNT][0]  # the key account that S2 lost in June


def account_rows(bought: Mapping[str, int]) -> list[Row]:
    """One row per account; the third key account of a territory is a plant of the first.

    ``bought``: the most that each account bought in a year, in k€; nobody's potential is below that.
    """
    return [_account_row(customer, bought.get(customer.account_id, 0)) for customer in CUSTOMERS]


def _account_row(customer: Customer, bought: int) -> Row:
    country, region, postal = customer.place
    low, high = (700, 1900) if customer.is_key else (250, 900)
    potential = max(
        between(low, high, customer.account_id, "potential"),
        bought * between(108, 165, customer.account_id, "share") // 100,
    )
    segment = "Channel" if customer.code in ("C3", "C4") else "Strategic" if customer.code[0] == "C" else "Direct"
    return (
        customer.account_id,
        customer.name,
        f"{customer.code}-01" if customer.is_key and customer.number == 3 else "",
        customer.industry,
        segment,
        country,
        region,
        f"{postal}{between(100, 999, customer.account_id, 'postal')}",
        "Key" if customer.is_key else "Standard",
        str(potential * 1000),
        SELLERS[customer.code].email,
    )


def placement_rows() -> list[Row]:
    """Where each account stands. A package moves those of C4 out of C3 (``demo_moves``); one of N1 moves next year."""
    rows = [(c.account_id, "C3" if c.code == GIVEN_A_TERRITORY else c.code, "") for c in CUSTOMERS]
    return [*rows, (MOVES.account_id, "N2", f"{NEXT_YEAR}-01-01")]
