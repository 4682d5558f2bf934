"""The rows of the team table as strings: a page draws five hundred cells, for which a template takes ten times as long.

What stands in a cell is decided by ``rows``; whatever comes from data is escaped by ``markup.html``.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal

from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from spm.dashboards.columns import LABELS, Shown
from spm.dashboards.rows import TableRow
from spm.ui.drawn import EMPTY, avatar, bullet, icon, sparkline, status
from spm.ui.markup import html, joined
from spm.ui.numbers import NONE, money_full, percent, signed_percent, signed_thousands, thousands, unit_thousands

OPEN = '<a class="iconbtn" href="{}" aria-label="{}">{}</a>'
PAIR = '{}<span class="pair"><span>{}</span><span class="muted">{}</span></span></td>'
DRAWN = '<td class="no-label {}">'

type Cell = Callable[[TableRow], SafeString]


def drawn(rows: Iterable[TableRow], shown: Shown, currency: str) -> SafeString:
    """``rows`` in order, with the columns that ``shown`` asks for."""
    cells = [cell for key, cell in _cells(shown.narrow, currency).items() if key in shown.keys]
    opens, said = icon("open"), _("Open %(name)s")
    return joined((_row(row, cells, opens, said) for row in rows), "\n")


def _row(row: TableRow, cells: Iterable[Cell], opens: SafeString, said: str) -> SafeString:
    name = html("<span>{}</span>", row.name)
    if row.href:
        face = avatar(row.name) if row.kind == "person" else EMPTY
        who = html('<a class="who" href="{}">{}{}</a>', row.href, face, name)
        last = html(OPEN, row.href, said % {"name": row.name}, opens)
    else:
        who, last = html('<span class="who">{}</span>', row.name), EMPTY
    return html(
        '<tr class="{}{}"><th scope="row" class="col-rep">{}{}</th>{}<td class="col-open not-narrow">{}</td></tr>',
        row.level,
        " remainder" if row.is_remainder else "",
        who,
        html(' <span class="meta">{}</span>', row.note) if row.note else EMPTY,
        joined(cell(row) for cell in cells),
        last,
    )


def _cells(narrow: str, currency: str) -> dict[str, Cell]:
    """By key in the order of the table; ``narrow``: class of what a phone leaves out."""
    unit, language = unit_thousands(currency), get_language()

    def amount(key: str, classes: str = "", draw: Callable[[Decimal | None, str | None], str] = thousands) -> Cell:
        opening = html('<td class="num{}" data-label="{}, {}"', classes, LABELS[key], unit)

        def cell(row: TableRow) -> SafeString:
            value: Decimal | None = getattr(row.figures, key)
            text = NONE if key == "expected" and not row.figures.quota else draw(value, language)
            return html('{} title="{}">{}</td>', opening, money_full(value, currency, language), text)

        return cell

    def share(key: str) -> Cell:
        opening = html('<td class="num" data-label="{}">', LABELS[key])
        return lambda row: html(
            "{}{}</td>", opening, NONE if row.is_remainder else percent(getattr(row.figures, key), 0, language)
        )

    return {
        "quota": amount("quota", f" col-quota {narrow}", _whole),
        "actual": amount("actual", f" {narrow}"),
        "bar": _drawing(html(DRAWN, "col-bar"), lambda row: bullet(row.bar)),
        "attainment": share("attainment"),
        "expected": amount("expected"),
        "pace": share("pace"),
        "gap": amount("gap", draw=signed_thousands),
        "to_go": amount("to_go"),
        "needed": _needed(narrow),
        "at_plan_rates": amount("at_plan_rates"),
        "effect": amount("effect", draw=signed_thousands),
        "before": amount("before"),
        "growth": _growth(narrow),
        "spark": _drawing(_labelled("col-spark", narrow, "spark"), lambda row: sparkline(row.spark)),
        "status": _drawing(html(DRAWN, "col-status"), lambda row: status(row.status)),
    }


def _whole(amount: Decimal | None, language: str | None) -> str:
    return thousands(amount, language, 0)


def _labelled(classes: str, narrow: str, key: str) -> SafeString:
    return html('<td class="{} {}" data-label="{}">', classes, narrow, LABELS[key])


def _drawing(opening: SafeString, draw: Cell) -> Cell:
    """A shape, which a remainder has not."""
    return lambda row: html("{}{}</td>", opening, EMPTY if row.is_remainder else draw(row))


def _needed(narrow: str) -> Cell:
    label = f"{LABELS['needed']} · {_('month · avg 3')}"
    opening = html('<td class="num col-needed {}" data-label="{}">', narrow, label)
    language = get_language()

    def cell(row: TableRow) -> SafeString:
        at = row.figures
        asked = at.to_go if at.is_last_month else at.needed
        return html(PAIR, opening, _whole(asked, language), _whole(at.recent, language))

    return cell


def _growth(narrow: str) -> Cell:
    opening = _labelled("num col-growth", narrow, "growth")
    language = get_language()
    return lambda row: html("{}{}</td>", opening, signed_percent(row.figures.growth, 0, language))
