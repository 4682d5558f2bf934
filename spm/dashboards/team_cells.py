"""The rows of the team table as strings: a page draws five hundred cells, for which a template takes ten times as long.

What stands in a cell is decided by ``rows``; whatever comes from data is escaped by ``format_html``.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from spm.dashboards.columns import LABELS, Shown
from spm.dashboards.rows import TableRow
from spm.ui.drawn import EMPTY, avatar, bullet, icon, sparkline, status
from spm.ui.numbers import NONE, money_full, percent, signed_percent, signed_thousands, thousands, unit_thousands

DRAWN = '<td class="no-label {}">'

type Cell = Callable[[TableRow], SafeString]


def drawn(rows: Iterable[TableRow], shown: Shown, currency: str) -> SafeString:
    """``rows`` in order, with the columns that ``shown`` asks for."""
    cells = [cell for key, cell in _cells(shown.narrow, currency).items() if key in shown.keys]
    opens, said = icon("open"), _("Open %(name)s")
    return format_html_join("\n", "{}", ((_row(row, cells, opens, said),) for row in rows))


def _row(row: TableRow, cells: Iterable[Cell], opens: SafeString, said: str) -> SafeString:
    name = format_html("<span>{}</span>", row.name)
    if row.href:
        face = avatar(row.name) if row.kind == "person" else EMPTY
        who = format_html('<a class="who" href="{}">{}{}</a>', row.href, face, name)
        link = '<a class="iconbtn" href="{}" aria-label="{}">{}</a>'
        last = format_html(link, row.href, said % {"name": row.name}, opens)
    else:
        who, last = format_html('<span class="who">{}</span>', row.name), EMPTY
    return format_html(
        '<tr class="{}{}"><th scope="row" class="col-rep">{}{}</th>{}<td class="col-open not-narrow">{}</td></tr>',
        row.level,
        " remainder" if row.is_remainder else "",
        who,
        format_html(' <span class="meta">{}</span>', row.note) if row.note else EMPTY,
        format_html_join("", "{}", ((cell(row),) for cell in cells)),
        last,
    )


def _cells(narrow: str, currency: str) -> dict[str, Cell]:
    """By key in the order of the table; ``narrow``: class of what a phone leaves out."""
    unit = unit_thousands(currency)

    def amount(key: str, classes: str = "", draw: Callable[[Decimal | None], str] = thousands) -> Cell:
        opening = format_html('<td class="num{}" data-label="{}, {}"', classes, LABELS[key], unit)

        def cell(row: TableRow) -> SafeString:
            value: Decimal | None = getattr(row.figures, key)
            text = NONE if key == "expected" and not row.figures.quota else draw(value)
            return format_html('{} title="{}">{}</td>', opening, money_full(value, currency), text)

        return cell

    def share(key: str) -> Cell:
        opening = format_html('<td class="num" data-label="{}">', LABELS[key])
        return lambda row: format_html(
            "{}{}</td>", opening, NONE if row.is_remainder else percent(getattr(row.figures, key))
        )

    return {
        "quota": amount("quota", f" col-quota {narrow}", _whole),
        "actual": amount("actual", f" {narrow}"),
        "bar": _drawing(format_html(DRAWN, "col-bar"), lambda row: bullet(row.bar)),
        "attainment": share("attainment"),
        "expected": amount("expected"),
        "pace": share("pace"),
        "gap": amount("gap", draw=signed_thousands),
        "to_go": amount("to_go"),
        "needed": _needed(narrow),
        "before": amount("before"),
        "growth": _growth(narrow),
        "spark": _drawing(_labelled("col-spark", narrow, "spark"), lambda row: sparkline(row.spark)),
        "status": _drawing(format_html(DRAWN, "col-status"), lambda row: status(row.status)),
    }


def _whole(amount: Decimal | None) -> str:
    return thousands(amount, decimals=0)


def _labelled(classes: str, narrow: str, key: str) -> SafeString:
    return format_html('<td class="{} {}" data-label="{}">', classes, narrow, LABELS[key])


def _drawing(opening: SafeString, draw: Cell) -> Cell:
    """A shape, which a remainder has not."""
    return lambda row: format_html("{}{}</td>", opening, EMPTY if row.is_remainder else draw(row))


def _needed(narrow: str) -> Cell:
    label = f"{LABELS['needed']} · {_('month · avg 3')}"
    opening = format_html('<td class="num col-needed {}" data-label="{}">', narrow, label)
    pair = '{}<span class="pair"><span>{}</span><span class="muted">{}</span></span></td>'

    def cell(row: TableRow) -> SafeString:
        at = row.figures
        return format_html(pair, opening, _whole(at.to_go if at.is_last_month else at.needed), _whole(at.recent))

    return cell


def _growth(narrow: str) -> Cell:
    opening = _labelled("num col-growth", narrow, "growth")
    return lambda row: format_html("{}{}</td>", opening, signed_percent(row.figures.growth))
