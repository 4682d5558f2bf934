"""What accounts could bring beside what they bring: potential × share of wallet, one point for each account."""

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.dashboards.figures import ZERO
from spm.dashboards.rep_accounts import RepAccount, RepAccounts
from spm.ui import theme
from spm.ui.numbers import money_compact, percent, thousands, unit_thousands

NAMED, NAMED_FROM = 3, Decimal("0.1")
"""So many points carry their name, if so much of what is open is theirs; every other one has it on hover."""

HALF, NEAR_X, NEAR_Y = Decimal("0.5"), Decimal("0.4"), Decimal("0.1")  # shares of the picture


def left_of(row: RepAccount) -> Decimal:
    """What a year's potential leaves beyond what twelve months brought; never below 0."""
    return max((row.potential or ZERO) - row.year, ZERO)


def wallet_chart(accounts: RepAccounts, currency: str) -> theme.Chart | None:
    """None where no potential is known: a picture of nothing says nothing."""
    rows = sorted(accounts.with_potential, key=lambda row: (-left_of(row), row.name.casefold()))
    if not rows:
        return None
    unit = unit_thousands(currency)
    table = theme.ChartTable(
        [_("Account"), f"{_('Potential')}, {unit}", f"{_('12 months')}, {unit}", _("Share of wallet")],
        [[row.name, thousands(row.potential), thousands(row.year), percent(row.wallet)] for row in rows],
    )
    return theme.Chart("wallet", _("Potential and share of wallet"), _words(rows, currency), _figure(rows, unit), table)


def _words(rows: Sequence[RepAccount], currency: str) -> str:
    """How much is open in how many accounts, and where most of it is."""
    total = sum((left_of(row) for row in rows), ZERO)
    if not total:
        return _("Twelve months brought as much as every known potential.")
    text = ngettext(
        "%(amount)s a year is open in %(n)s account of known potential; most of it at %(name)s: %(most)s.",
        "%(amount)s a year is open in %(n)s accounts of known potential; most of it at %(name)s: %(most)s.",
        len(rows),
    )
    most = money_compact(left_of(rows[0]), currency)
    words = {"amount": money_compact(total, currency), "n": len(rows), "name": rows[0].name, "most": most}
    return text % words


def _figure(rows: Sequence[RepAccount], unit: str) -> dict[str, object]:
    shares = [(row.wallet or ZERO) * 100 for row in rows]
    least = sum((left_of(row) for row in rows), ZERO) * NAMED_FROM
    named = [i < NAMED and left_of(row) > least for i, row in enumerate(rows)]
    points = {
        "type": "scatter",
        "mode": "markers+text",
        "x": [(row.potential or ZERO) / 1000 for row in rows],
        "y": shares,
        "text": [theme.strip(row.name) if is_named else "" for row, is_named in zip(rows, named, strict=True)],
        "customdata": [theme.strip(row.name) for row in rows],
        "textposition": _sides(rows, named),
        "textfont": {"color": theme.token("text"), "size": 13},
        "marker": {"size": 11, "color": theme.token("primary", Decimal("0.7"))},
        "hovertemplate": "%{customdata}<br>%{x:,.0f} · %{y:.0f} %<extra></extra>",
        "cliponaxis": False,
    }
    return theme.figure(
        [points],
        hovermode="closest",
        margin={"l": 56, "r": 24, "t": 32, "b": 48, "pad": 4},
        xaxis=theme.axis(showline=True, rangemode="tozero", tickformat=",", title=_title(f"{_('Potential')}, {unit}")),
        yaxis=theme.axis(showgrid=True, rangemode="tozero", title=_title(_("Share of wallet, %"))),
    )


def _sides(rows: Sequence[RepAccount], named: Sequence[bool]) -> list[str]:
    """Where each name stands: to the side with more room; above its point, below it where one of the names above is
    near or where it would cover the point of another.
    """
    widest = max((row.potential or ZERO for row in rows), default=ZERO) or Decimal(1)
    places = [((row.potential or ZERO) / widest, row.wallet or ZERO) for row in rows]
    above: list[tuple[Decimal, Decimal]] = []  # places of the points that are named above
    sides = []
    for place, is_named in zip(places, named, strict=True):
        is_left = place[0] > HALF
        is_crowded = any(abs(place[0] - x) < NEAR_X and abs(place[1] - y) < NEAR_Y for x, y in above)
        covers, would_cover = (
            any(_covers(place, other, rises, is_left) for other in places) for rises in (True, False)
        )
        is_below = is_crowded or (covers and not would_cover)
        sides.append(f"{'bottom' if is_below else 'top'} {'left' if is_left else 'right'}")
        if is_named and not is_below:
            above.append(place)
    return sides


def _covers(place: tuple[Decimal, Decimal], other: tuple[Decimal, Decimal], rises: bool, is_left: bool) -> bool:
    """A name beside ``place`` would lie upon the point ``other``."""
    across, up = other[0] - place[0], other[1] - place[1]
    return 0 < (-across if is_left else across) < NEAR_X and 0 < (up if rises else -up) < NEAR_Y


def _title(text: str) -> dict[str, object]:
    return {"text": text, "font": {"color": theme.token("muted"), "size": 13}}
