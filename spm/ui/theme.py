"""How charts look: the layout every Plotly figure starts from. Colours travel as token names.

A figure is a plain dict ``{"data": […], "layout": {…}, "config": {…}}`` for ``json_script``. A string
``"var:--primary"`` is read from the style sheet when the chart is drawn, and again when the theme changes;
``"var:--primary/0.14"`` is the same colour at 14 %. Plotly's own templates and colours never show.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from babel.dates import get_day_names, get_month_names
from babel.numbers import get_decimal_symbol, get_group_symbol
from django.utils.translation import get_language

from spm.ui.numbers import babel_locale

FONT = '-apple-system, "Segoe UI", Roboto, "Liberation Sans", "Helvetica Neue", Arial, system-ui, sans-serif'
CONFIG: dict[str, Any] = {"displayModeBar": False, "responsive": True, "scrollZoom": False, "doubleClick": False}

type Trace = dict[str, Any]


@dataclass(frozen=True)
class ChartTable:
    """The numbers of a chart as a table: header texts, and rows of texts whose first is the row's name."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Chart:
    """What components/chart.html shows: the figure, one sentence that says what it says, and its table."""

    name: str
    title: str
    takeaway: str
    figure: dict[str, Any]
    table: ChartTable


def token(name: str, opacity: Decimal | None = None) -> str:
    """A colour token of app.css for a figure: ``token("primary")``."""
    return f"var:--{name}" if opacity is None else f"var:--{name}/{opacity}"


def axis(**changes: Any) -> dict[str, Any]:
    """An axis without frame or zoom, at most six ticks, hairline grid."""
    base: dict[str, Any] = {
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        "nticks": 6,
        "gridcolor": token("line"),
        "linecolor": token("control"),
        "tickfont": {"color": token("muted"), "size": 13},
    }
    return base | changes


def figure(data: Sequence[Trace], **layout: Any) -> dict[str, Any]:
    """A figure in our theme from traces and changes to the layout (``xaxis=axis(…)``, ``annotations=[…]``)."""
    base: dict[str, Any] = {
        "template": "none",
        "autosize": True,
        "showlegend": False,
        "paper_bgcolor": token("card", Decimal(0)),
        "plot_bgcolor": token("card", Decimal(0)),
        "font": {"family": FONT, "size": 13, "color": token("muted")},
        "margin": {"l": 44, "r": 96, "t": 24, "b": 32, "pad": 4},
        "hovermode": "x unified",
        "hoverlabel": {
            "bgcolor": token("card"),
            "bordercolor": token("control"),
            "font": {"color": token("text"), "size": 13, "family": FONT},
        },
        "xaxis": axis(showline=True),
        "yaxis": axis(showgrid=True, rangemode="tozero"),
        "separators": separators(),
    }
    return {"data": [plain(trace) for trace in data], "layout": plain(base | layout), "config": config()}


def config(language: str | None = None) -> dict[str, Any]:
    """The drawing options; charts.js registers the locale whose names stand in ``locales``."""
    code = babel_locale(language or get_language()).language
    own = {} if code == "en" else {code: {"dictionary": {}, "format": locale_format(code)}}  # Plotly brings English
    return {**CONFIG, "locale": code, "locales": own}


def separators(language: str | None = None) -> str:
    """Decimal mark, then thousands mark, as Plotly's ``layout.separators`` wants them."""
    locale = babel_locale(language)
    return get_decimal_symbol(locale) + get_group_symbol(locale)


def locale_format(language: str | None = None) -> dict[str, Any]:
    """Names of days and months and the order of dates for Plotly, out of Babel (Sunday first, as Plotly counts)."""
    locale = babel_locale(language)
    sunday_first = [6, 0, 1, 2, 3, 4, 5]
    days, short_days = get_day_names("wide", locale=locale), get_day_names("abbreviated", locale=locale)
    months = get_month_names("wide", locale=locale)
    short_months = get_month_names("abbreviated", "stand-alone", locale=locale)
    return {
        "days": [days[i] for i in sunday_first],
        "shortDays": [short_days[i] for i in sunday_first],
        "months": [months[i] for i in range(1, 13)],
        "shortMonths": [short_months[i] for i in range(1, 13)],
        "dateTime": "%x, %X",
        "time": "%H:%M:%S",
        "periods": ["AM", "PM"],
        "date": "%d/%m/%Y",
        "year": "%Y",
        "month": "%b %Y",
        "dayMonth": "%-d %b",
        "dayMonthYear": "%-d %b %Y",
    }


def plain(value: Any) -> Any:
    """The same structure for JSON: amounts as numbers, dates as text, and "<", ">" out of every text.

    Plotly reads a small HTML dialect in labels, so a name could otherwise smuggle markup into a chart. A hover
    template is ours alone and keeps its tags (``<extra></extra>``): names reach it through ``%{text}``.
    """
    match value:
        case Mapping():
            return {key: item if key == "hovertemplate" else plain(item) for key, item in value.items()}
        case str():
            return strip(value)
        case Decimal():
            return float(value)
        case date():
            return value.isoformat()
        case list() | tuple():
            return [plain(item) for item in value]
    return value


def strip(text: str) -> str:
    """``text`` without angle brackets."""
    return text.replace("<", "").replace(">", "")


def end_label(x: Any, y: Any, text: str, *, strong: bool = False, shift: int = 0) -> dict[str, Any]:
    """A direct label at the end of a line, in place of a legend. ``shift`` pushes it up, in pixels."""
    return {
        "x": x,
        "y": y,
        "text": strip(text),
        "xanchor": "left",
        "xshift": 8,
        "yshift": shift,
        "showarrow": False,
        "font": {"color": token("text" if strong else "muted"), "size": 13, "weight": 600 if strong else 400},
    }
