"""The two Plotly figures of the performance pages: pacing, and a person's months. Colours are token names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_symbol
from django.utils.translation import gettext as _

from spm.dashboards.figures import Cells, share_of_quota
from spm.dashboards.marks import Mark, by_leaf
from spm.dashboards.pacing import Pacing, Points, at, middle, pushed_apart
from spm.dashboards.periods import Leaf, View, Window
from spm.dashboards.rows import leaf_name
from spm.org.models import Company
from spm.ui import theme
from spm.ui.lines import Drawing, Line, draw
from spm.ui.numbers import babel_locale, day_short, month_name, number, thousands, unit_thousands
from spm.ui.status import status_of

STRONG = {"color": theme.token("text"), "size": 13, "weight": 600}
STEPS = {"shape": "hv"}  # what was credited on a day stands from that day on; before it nothing rose
HALF = Decimal("0.5")  # between two columns
LETTER = 8  # pixels of a letter of 13 pixels, on the safe side
LABEL_SHARE = Decimal("0.075")
ROOM_OF_TEXT = Decimal("0.16")  # height of a number, as a share of the tallest column
"""How much of the drawing's height a label needs: 18 of about 240 px."""
NEAR_THE_END, THIN = 0.08, 2  # share of the period; px of a line that is not the actual
EARLY = 0.2  # share of the period in which the words at a line have no room to its left
MARKS_NAMED, LINE_OF_TEXT = 3, 17  # so many revisions are named in the drawing, each in three lines of so many px


@dataclass(frozen=True, slots=True)
class Scale:
    divisor: Decimal
    unit: str
    decimals: int

    def text(self, amount: Decimal) -> str:
        return number(amount / self.divisor, self.decimals)


def scale_for(highest: Decimal, currency: str) -> Scale:
    """Million or thousand, whichever leaves figures that one can read."""
    symbol = get_currency_symbol(currency, locale=babel_locale())
    if highest >= 2_000_000:
        decimals = 1 if highest >= 10_000_000 else 2
        return Scale(Decimal(1_000_000), _("%(symbol)s million") % {"symbol": symbol}, decimals)
    if highest >= 2_000:
        return Scale(Decimal(1_000), _("%(symbol)s thousand") % {"symbol": symbol}, 0)
    return Scale(Decimal(1), symbol, 0)


def pacing_chart(pacing: Pacing, view: View, takeaway: str, currency: str, title: str) -> theme.Chart:
    """Goal dashed, comparison dotted, actual solid and thick; each line is named at its end."""
    scale = scale_for(pacing.highest, currency)
    window = view.window
    goal, before, actual = pacing_names(pacing, view)
    steps = {} if view.beside_plan else STEPS
    lines = [
        (goal, pacing.goal, {"color": theme.token("plan"), "width": 2, "dash": "dash"}),
        (before, pacing.before, {"color": theme.token("last-year"), "width": 2, "dash": "dot", **steps}),
        (actual, pacing.actual, {"color": theme.token("primary"), "width": 3, **STEPS}),
    ]
    traces = [_line(name, points, style, scale) for name, points, style in lines if points]
    traces += _end_dot(pacing, scale)
    ends = _end_labels(lines if _ends_with(pacing, window) else lines[:2], scale)
    figure = theme.figure(
        traces,
        margin={"l": 44, "r": _room_for(ends), "t": 44, "b": 32, "pad": 4},
        xaxis=_time_axis(window),
        yaxis=theme.axis(showgrid=True, rangemode="tozero", tickformat=","),
        shapes=[*_shapes(pacing, window), *(_mark_line(mark.day) for mark in pacing.marks)],
        annotations=[
            *ends,
            *([] if _ends_with(pacing, window) else _actual_label(pacing, scale)),
            *_today_label(pacing),
            *_mark_labels(pacing.marks, window),
            _unit_label(_("%(unit)s, cumulative") % {"unit": scale.unit}),
        ],
    )
    return theme.Chart("pacing", title, takeaway, figure, _pacing_table(pacing, window, (goal, before), currency))


def pacing_drawing(pacing: Pacing, view: View, currency: str) -> Drawing:
    """The same lines as SVG, for paper."""
    scale, window = scale_for(pacing.highest, currency), view.window
    days = max((window.ends_on - window.starts_on).days, 1)

    def place(day: date) -> Decimal:
        return Decimal((day - window.starts_on).days) / days

    before = ("last-year", pacing.before, not view.beside_plan)
    kinds = (("plan", pacing.goal, False), before, ("actual", pacing.actual, True))
    lines = [
        Line(
            kind,
            f"{name} {scale.text(points[-1][1])}" if points else name,
            [(place(day), amount / scale.divisor) for day, amount in points],
            is_stepped,
        )
        for name, (kind, points, is_stepped) in zip(pacing_names(pacing, view), kinds, strict=True)
    ]
    spans = [(place(day), name) for day, name in named_spans(window)]
    unit = _("%(unit)s, cumulative") % {"unit": scale.unit}
    return draw(lines, spans, unit, place(pacing.today) if pacing.today else None)


def pacing_names(pacing: Pacing, view: View) -> tuple[str, str, str]:
    """What the three lines are called: goal, comparison, actual."""
    return _goal_word(pacing, view), view.compare_word or _("Last year"), _("Actual")


def pacing_amounts(pacing: Pacing, window: Window) -> list[tuple[str, tuple[Decimal | None, ...]]]:
    """(leaf period, the amount of each line at its end): the actual of a running one as it stands, later ones None."""
    rows: list[tuple[str, tuple[Decimal | None, ...]]] = []
    for leaf in window.leaves:
        last = min(leaf.ends_on, pacing.actual[-1][0]) if pacing.actual and leaf.begun else leaf.ends_on
        reached = (at(pacing.goal, leaf.ends_on), at(pacing.before, leaf.ends_on), at(pacing.actual, last))
        rows.append((leaf.title, reached))
    return rows


def _goal_word(pacing: Pacing, view: View) -> str:
    """The name at the end of the goal's line, which has little room."""
    if view.is_baseline:
        return _("Baseline")
    return _("Plan") if pacing.goal_is_plan else _("Quota")


def _line(name: str, points: Points, style: dict[str, Any], scale: Scale) -> theme.Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [day for day, _amount in points],
        "y": [amount / scale.divisor for _day, amount in points],
        "line": style,
        "hovertemplate": f"%{{y:,.{scale.decimals}f}}",
    }


def named_spans(window: Window) -> list[tuple[date, str]]:
    """What stands along the axis of time, by the day of its middle: quarters where a year is shown, else leaves."""
    quarters = [quarter.leaves for quarter in window.quarters if quarter.leaves[0].starts_on >= window.starts_on]
    many = len(window.leaves) > 4 and len(quarters) > 1
    spans = quarters if many else [(leaf,) for leaf in window.leaves]
    spans = [span for span in spans if span[0].starts_on <= window.ends_on]
    names = (
        [_("Q%(number)s") % {"number": i} for i in range(1, len(spans) + 1)]
        if many
        else [month_name(span[0].starts_on) for span in spans]
    )
    return [(middle(span[0].starts_on, span[-1].ends_on), name) for span, name in zip(spans, names, strict=True)]


def _time_axis(window: Window) -> dict[str, Any]:
    spans = named_spans(window)
    return theme.axis(
        showline=True,
        tickmode="array",
        tickvals=[day for day, _name in spans],
        ticktext=[name for _day, name in spans],
        range=[window.starts_on, window.ends_on],
        hoverformat="%-d %b %Y",
        type="date",
    )


def _shapes(pacing: Pacing, window: Window) -> list[dict[str, Any]]:
    """The running quarter as a band, today as a line."""
    if pacing.today is None:
        return []
    upright = {"xref": "x", "yref": "paper", "y0": 0, "y1": 1, "layer": "below"}
    running = [q.leaves for q in window.quarters if q.leaves[0].starts_on <= pacing.today <= q.leaves[-1].ends_on]
    bands = [
        {
            **upright,
            "type": "rect",
            "x0": leaves[0].starts_on,
            "x1": leaves[-1].ends_on,
            "fillcolor": theme.token("inset"),
            "line": {"width": 0},
        }
        for leaves in running
        if len(window.leaves) > len(leaves)
    ]
    line = {"color": theme.token("text"), "width": 1}
    return [*bands, {**upright, "type": "line", "x0": pacing.today, "x1": pacing.today, "line": line}]


def _mark_line(at_: date | Decimal) -> dict[str, Any]:
    line = {"color": theme.token("text"), "width": 1, "dash": "dot"}
    return {"type": "line", "xref": "x", "yref": "paper", "x0": at_, "x1": at_, "y0": 0, "y1": 1, "line": line}


def _mark_labels(marks: Sequence[Mark], window: Window) -> list[dict[str, Any]]:
    """What each line says, in short lines to its left, where lines that only grow leave room; each below the last.
    To its right where the period has just begun: to the left the axis would cut them.

    By their name a phone leaves them out, which has no such room: the takeaway says the same.
    """
    labels: list[dict[str, Any]] = []
    for mark in marks[:MARKS_NAMED]:
        is_early = (mark.day - window.starts_on) < (window.ends_on - window.starts_on) * EARLY
        side = {"xanchor": "left", "xshift": 2} if is_early else {"xanchor": "right", "xshift": -2}
        for text in (mark.title, mark.amount, mark.cause):
            place = {"x": mark.day, "y": 1, "xref": "x", "yref": "paper", "yanchor": "top", **side}
            place |= {"yshift": -LINE_OF_TEXT * len(labels)}
            font = {"color": theme.token("text"), "size": 13, "weight": 600 if text is mark.title else 400}
            labels.append({**place, "name": "mark", "showarrow": False, "text": text, "font": font})
    return labels


def _ends_with(pacing: Pacing, window: Window) -> bool:
    """Whether the actual ends so near to the end of the period that its name stands among those of the other lines."""
    if not pacing.actual:
        return False
    return (window.ends_on - pacing.actual[-1][0]) < (window.ends_on - window.starts_on) * NEAR_THE_END


def _end_labels(lines: Sequence[tuple[str, Points, dict[str, Any]]], scale: Scale) -> list[dict[str, Any]]:
    """Names beside the ends of the lines, pushed apart; that of the thick line strong."""
    drawn = [(name, points[-1], style) for name, points, style in lines if points]
    highest = max((amount for _name, (_day, amount), _style in drawn), default=Decimal(0))
    heights = pushed_apart([amount for _name, (_day, amount), _style in drawn], highest * LABEL_SHARE)
    last = max((day for _name, (day, _amount), _style in drawn), default=None)
    return [
        {
            "x": last,
            "y": height / scale.divisor,
            "xref": "x",
            "yref": "y",
            "xanchor": "left",
            "xshift": 6,
            "showarrow": False,
            "text": f"{name} {scale.text(amount)}",
            "font": STRONG if style["width"] > THIN else {"color": theme.token("muted"), "size": 13},
        }
        for (name, (_day, amount), style), height in zip(drawn, heights, strict=True)
    ]


def _room_for(labels: Sequence[dict[str, Any]]) -> int:
    """Pixels right of the drawing that hold the longest of the names there, on the safe side; 108 hold most."""
    return max(108, *(12 + LETTER * len(label["text"]) for label in labels)) if labels else 108


def _actual_label(pacing: Pacing, scale: Scale) -> list[dict[str, Any]]:
    """At the end of the thick line: above it to the left where it leads, below it to the right where it lags."""
    if not pacing.actual:
        return []
    day, amount = pacing.actual[-1]
    leads = amount >= (at(pacing.goal, day) or Decimal(0))
    place = (
        {"xanchor": "right", "yanchor": "bottom", "xshift": -6}
        if leads
        else {"xanchor": "left", "yanchor": "top", "xshift": 6}
    )
    text = f"{_('Actual')} {scale.text(amount)}"
    return [{**place, "x": day, "y": amount / scale.divisor, "showarrow": False, "text": text, "font": STRONG}]


def _end_dot(pacing: Pacing, scale: Scale) -> list[theme.Trace]:
    if not pacing.actual:
        return []
    day, amount = pacing.actual[-1]
    marker = {"size": 9, "color": theme.token("primary")}
    dot = {"type": "scatter", "mode": "markers", "x": [day], "y": [amount / scale.divisor], "marker": marker}
    return [{**dot, "hoverinfo": "skip"}]


def _unit_label(text: str) -> dict[str, Any]:
    """The unit above the axis, lying, as one reads."""
    place = {"x": 0, "y": 1, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    place |= {"xshift": -36, "yshift": 18}
    return {**place, "showarrow": False, "text": text, "font": {"color": theme.token("muted"), "size": 13}}


def _today_label(pacing: Pacing) -> list[dict[str, Any]]:
    if pacing.today is None:
        return []
    text = _("Today, %(day)s") % {"day": day_short(pacing.today)}
    place = {"x": pacing.today, "y": 1, "xref": "x", "yref": "paper", "xanchor": "right", "yanchor": "bottom"}
    return [{**place, "showarrow": False, "text": text, "font": STRONG}]


def _pacing_table(pacing: Pacing, window: Window, names: tuple[str, str], currency: str) -> theme.ChartTable:
    unit = unit_thousands(currency)
    headers = [_("To the end of"), f"{names[0]}, {unit}", f"{names[1]}, {unit}", f"{_('Actual')}, {unit}"]
    rows = [[title, *map(thousands, amounts)] for title, amounts in pacing_amounts(pacing, window)]
    return _with_marks(theme.ChartTable(headers, rows), pacing.marks, window.leaves)


def _with_marks(table: theme.ChartTable, marks: Sequence[Mark], leaves: Sequence[Leaf]) -> theme.ChartTable:
    """The table with a column of revisions, where there are any."""
    told = by_leaf(marks, leaves)
    if not told:
        return table
    rows = [[*row, told.get(leaf.pk, "")] for row, leaf in zip(table.rows, leaves, strict=True)]
    return theme.ChartTable([*table.headers, _("Revision")], rows)


def _values(
    names: Sequence[str], reached: Sequence[Decimal | None], quotas: Sequence[Decimal | None]
) -> dict[str, Any]:
    """The number over each column; over the mark of the quota where that would strike it through."""
    room = max((value for value in (*reached, *quotas) if value), default=Decimal(0)) * ROOM_OF_TEXT
    heights = [
        None if value is None else quota if quota and value <= quota < value + room else value
        for value, quota in zip(reached, quotas, strict=True)
    ]
    return {
        "type": "scatter",
        "mode": "text",
        "x": list(names),
        "y": [None if height is None else height / 1000 for height in heights],
        "text": ["" if value is None else number(value / 1000) for value in reached],
        "textposition": "top center",
        "textfont": {"color": theme.token("text"), "size": 13},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def _month_mark_label(step: tuple[Mark, Decimal]) -> dict[str, Any]:
    """Above the columns, whose heights leave no room inside; the takeaway says the rest."""
    mark, at_ = step
    place = {"x": at_, "y": 1, "xref": "x", "yref": "paper", "xanchor": "center", "yanchor": "bottom"}
    return {**place, "showarrow": False, "text": mark.title, "font": STRONG}


def months_chart(view: View, cells: Cells, takeaway: str, company: Company, marks: Sequence[Mark]) -> theme.Chart:
    """Columns of what was credited in the colour of its status, and the quota of each leaf period as a mark."""
    leaves = view.window.leaves
    actuals = {leaf.pk: cells[leaf.pk].actual if leaf.pk in cells else Decimal(0) for leaf in leaves}
    quotas = [cells[leaf.pk].quota if leaf.pk in cells else None for leaf in leaves]
    names = [leaf_name(leaf) for leaf in leaves]
    codes = [status_of(share_of_quota(leaf, cells), company).code for leaf in leaves]
    unit = unit_thousands(company.currency)
    columns = {
        "type": "bar",
        "name": _("Actual"),
        "x": names,
        "y": [actuals[leaf.pk] / 1000 if leaf.begun else None for leaf in leaves],
        "marker": {"color": [theme.token("plan" if code == "none" else code) for code in codes]},
        "hovertemplate": "%{y:,.1f}",
        "width": min(0.5, len(leaves) / 12),  # one month alone is no wall
    }
    quota_lines = {
        "type": "scatter",
        "mode": "markers",
        "name": view.quota_word,
        "x": names,
        "y": [quota / 1000 if quota else None for quota in quotas],
        "marker": {"symbol": "line-ew", "size": 30, "line": {"width": 2, "color": theme.token("text")}},
        "hovertemplate": "%{y:,.1f}",
    }
    reached = [actuals[leaf.pk] if leaf.begun else None for leaf in leaves]
    steps = [(mark, i - HALF) for mark in marks for i, leaf in enumerate(leaves) if leaf.starts_on == mark.day]
    figure = theme.figure(
        [columns, quota_lines, _values(names, reached, quotas)],
        margin={"l": 44, "r": 16, "t": 44, "b": 32, "pad": 4},
        xaxis=theme.axis(showline=True, type="category", tickmode="linear", dtick=1),
        yaxis=theme.axis(showgrid=True, rangemode="tozero", tickformat=","),
        shapes=[_mark_line(at_) for _mark, at_ in steps],
        annotations=[_unit_label(_("%(unit)s a month") % {"unit": unit}), *map(_month_mark_label, steps)],
        bargap=0.5,
    )
    rows = [
        [
            name,
            thousands(cells[leaf.pk].quota if leaf.pk in cells else None),
            thousands(actuals[leaf.pk] if leaf.begun else None),
        ]
        for name, leaf in zip(names, leaves, strict=True)
    ]
    table = theme.ChartTable([_("Month"), f"{view.quota_word}, {unit}", f"{_('Actual')}, {unit}"], rows)
    return theme.Chart("months", _("Months"), takeaway, figure, _with_marks(table, marks, leaves))
