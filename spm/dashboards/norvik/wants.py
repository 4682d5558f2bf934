"""Whom Norvik's territories want: accounts that never bought a family, and names that are no accounts yet; ranked."""

from spm.dashboards.norvik import want_words as words
from spm.dashboards.norvik.cast import SELLERS, Row
from spm.dashboards.norvik.deals import white_of
from spm.dashboards.norvik.market import PROJECTS, PROSPECTS
from spm.dashboards.norvik.noise import between, draw, pick

HEADERS = "territory rank account_id name product_family potential reason next_step status outcome"
ACCOUNTS, NAMES = 4, 2  # of each territory; one more name was won or dropped
IDLE = "S3"  # wants hardly anybody, and plans no step


def customer_rows() -> list[Row]:
    """Of every territory, ranked from 1, with what was won or dropped at the end."""
    return [row for place, code in enumerate(SELLERS) for row in _of(code, place)]


def _of(code: str, place: int) -> list[Row]:
    few = code == IDLE
    wanted = [(customer.account_id, "", family) for customer, family in white_of(code)[: 2 if few else ACCOUNTS]]
    names = PROSPECTS[place * (NAMES + 1) : (place + 1) * (NAMES + 1)]
    wanted += [("", name, str(pick(PROJECTS, name, "family"))) for name in names[: 1 if few else NAMES]]
    wanted.sort(key=lambda one: draw("want", code, *one))
    rows: list[Row] = [
        (
            code,
            str(rank),
            account,
            name,
            family,
            str(between(8, 45, code, account or name, "worth") * 10_000),
            str(pick(words.REASONS, code, account or name)),
            "" if few else str(pick(words.NEXT, code, account or name)),
            "open",
            "",
        )
        for rank, (account, name, family) in enumerate(wanted, start=1)
    ]
    if not few:
        rows.append(_settled(code, names[-1]))
    return rows


def _settled(code: str, name: str) -> Row:
    is_won = draw("won", code) % 3 == 0
    said = str(pick(words.WON if is_won else words.DROPPED, code, name))
    return (code, "", "", name, str(pick(PROJECTS, name, "family")), "", "", "", "won" if is_won else "dropped", said)


def markets_of(code: str) -> list[tuple[str, str, str, str, int]]:
    """Kind, name, why, ideal customer and potential in euro of the target markets of a territory."""
    if code == IDLE:
        return []
    offered = words.CHANNEL_MARKETS if code in ("C3", "C4") else tuple(range(len(words.MARKETS)))
    first = draw("markets", code) % len(offered)
    chosen = [offered[(first + turn) % len(offered)] for turn in range(between(2, 3, "markets", code))]
    return [
        (kind, str(name), str(why), str(profile), between(6, 24, code, number, "market") * 100_000)
        for number, (kind, name, why, profile) in ((number, words.MARKETS[number]) for number in chosen)
    ]
