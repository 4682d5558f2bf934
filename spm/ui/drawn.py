"""The small components that stand in every row of a table, as strings: a page draws hundreds of them.

A template per component would take ten times as long. Whatever comes from data is escaped by ``markup.html``.
"""

import zlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from django.templatetags.static import static
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from spm.ui import numbers
from spm.ui.geometry import Bullet, Sparkline
from spm.ui.markup import html, joined
from spm.ui.status import Status, heat_band

PATH = '<path d="{}"/>'
SHAPES = {
    "ahead": html(PATH, "M5 .8 9.6 9H.4z"),
    "ontrack": html('<circle cx="{}" cy="5" r="4.2"/>', "5"),
    "risk": html(PATH, "M5 .2 9.8 5 5 9.8.2 5z"),
    "behind": html(PATH, "M5 9.2.4 1h9.2z"),
    "none": html(PATH, "M1 4h8v2H1z"),
}
BULLET = (
    '<svg class="bullet" role="img" aria-label="{said}"><title>{said}</title>'
    '<rect class="bullet-track" x="0" y="5.5" width="{track}" height="9" rx="2"/>'
    '<rect class="fill-{status}" x="0" y="6" width="{bar}" height="8" rx="1.5"/>{last_year}{tick}{over}</svg>'
)
LAST_YEAR = '<rect class="bullet-last-year" x="{}" y="15" width="2" height="5"/>'
OVER = html('<svg x="100%" y="4" overflow="visible"><path class="bullet-over" d="{}"/></svg>', "M2 1l5 5-5 5z")
SPARKLINE = (
    '<svg class="spark" viewBox="0 0 96 24" role="img" aria-label="{said}"><title>{said}</title>'
    "{reference}{lines}{end}</svg>"
)
REFERENCE = '<line class="spark-ref" x1="2" x2="90" y1="{0}" y2="{0}"/>'
END = '<circle class="fill-{}" cx="{}" cy="{}" r="3"/>'
PERCENT = '{}<span class="only-wide">&nbsp;%</span>'
HEAT_LINK = '<a class="heat-cell heat-{}" href="{}" aria-label="{}"{}>' + PERCENT + "</a>"
EMPTY = html("{}", "")


def icon(name: str, size: str = "") -> SafeString:
    """A symbol of static/icons.svg, decorative: the words stand beside it. ``size``: "s", "l" or nothing."""
    extra = f" icon-{size}" if size else ""
    return html('<svg class="icon{}" aria-hidden="true"><use href="{}#{}"/></svg>', extra, static("icons.svg"), name)


def status(value: Status, *, badge: bool = True) -> SafeString:
    """Shape, word and colour."""
    return html(
        '<span class="status is-{}{}"><svg viewBox="0 0 10 10" aria-hidden="true" class="fill-{}">{}</svg>{}</span>',
        *(value.code, " badge" if badge else "", value.code, SHAPES[value.code], value.label),
    )


def avatar(name: str, initials: str = "", size: str = "") -> SafeString:
    """A round with initials in one of eight tints; the name always stands beside it."""
    words = name.split() or ["?"]
    letters = initials or (words[0][:1] + (words[-1][:1] if len(words) > 1 else words[0][1:2])).upper()
    return html(
        '<span class="avatar tint-{}{}" aria-hidden="true">{}</span>',
        *(zlib.crc32(name.encode()) % 8, f" avatar-{size}" if size else "", letters),
    )


def bullet(bar: Bullet) -> SafeString:
    """Actual on its quota: ``spm.ui.geometry.bullet``."""
    return html(
        BULLET,
        said=bar.sentence,
        track=bar.track,
        status=bar.status,
        bar=bar.bar,
        last_year=html(LAST_YEAR, bar.last_year) if bar.last_year else EMPTY,
        tick=html('<rect class="bullet-tick" x="{}" y="1" width="2" height="18"/>', bar.tick) if bar.tick else EMPTY,
        over=OVER if bar.over else EMPTY,
    )


def sparkline(line: Sparkline) -> SafeString:
    """A line without axes: ``spm.ui.geometry.sparkline``."""
    return html(
        SPARKLINE,
        said=line.sentence,
        reference=html(REFERENCE, line.reference) if line.reference else EMPTY,
        lines=joined(html('<polyline class="spark-line" points="{}"/>', run) for run in line.lines),
        end=html(END, line.status, *line.end) if line.end else EMPTY,
    )


def heat_cell(
    ratio: Decimal | None, href: str = "", label: str = "", event: str = "", *, language: str | None = None
) -> SafeString:
    """One cell of a heat table: its percent as text, its colour band, a link where there is something behind it.

    ``event``: what happened then, in words; a dot marks it.
    """
    look = f"{heat_band(ratio) or 'none'}{' heat-event' if event else ''}"
    title = html(' title="{}"', event) if event else EMPTY
    if ratio is None:
        return html('<span class="heat-cell heat-{}"{}>—</span>', look, title)
    digits = numbers.number(ratio * 100, 0, language)
    if not href:
        return html('<span class="heat-cell heat-{}"{}>' + PERCENT + "</span>", look, title, digits)
    if not label:
        return html('<a class="heat-cell heat-{}" href="{}"{}>' + PERCENT + "</a>", look, href, title, digits)
    said = f"{label}: {digits}{numbers.space(language)}%{', ' if event else ''}{event}"
    return html(HEAT_LINK, look, href, said, title, digits)


class Heated(Protocol):
    """What a cell of a heat table knows."""

    @property
    def ratio(self) -> Decimal | None: ...
    @property
    def href(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def event(self) -> str: ...


def heat_cells(cells: Iterable[Heated]) -> SafeString:
    """A row of them."""
    language = get_language()
    drawn = [heat_cell(cell.ratio, cell.href, cell.label, cell.event, language=language) for cell in cells]
    return html("<td>{}</td>", joined(drawn, "</td><td>")) if drawn else EMPTY
