"""Tags and filters of the design system. Formats come from ``spm.ui.numbers``, shapes from ``spm.ui.geometry``."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import template
from django.core.paginator import Page
from django.http import HttpRequest, QueryDict

from spm.ui import browsers, drawn, numbers, theme

register = template.Library()

register.filter("day", numbers.day)
register.filter("day_short", numbers.day_short)
register.filter("weekday", numbers.weekday)
register.filter("month_name", numbers.month_name)
register.filter("moment", numbers.moment)
register.filter("browser", browsers.browser_name)

register.simple_tag(drawn.avatar)
register.simple_tag(drawn.bullet)
register.simple_tag(drawn.heat_cell)
register.simple_tag(drawn.heat_cells)
register.simple_tag(drawn.icon)
register.simple_tag(drawn.sparkline)
register.simple_tag(drawn.status)


@register.filter
def percent(value: Any, decimals: int = 0) -> str:
    """``{{ ratio|percent }}`` or ``{{ ratio|percent:1 }}``."""
    return numbers.percent(value, decimals)


@register.filter
def in_percent(value: Any) -> str:
    """The bare number of ``percent``, where the sign stands elsewhere."""
    return numbers.number(None if value is None else value * 100)


@register.filter
def signed_percent(value: Any, decimals: int = 0) -> str:
    return numbers.signed_percent(value, decimals)


@register.filter
def number(value: Any, decimals: int = 0) -> str:
    return numbers.number(value, decimals)


@register.filter
def thousands(value: Any, decimals: int = 1) -> str:
    """An amount in k, for a column whose header says so."""
    return numbers.thousands(value, decimals=decimals)


@register.filter
def signed_thousands(value: Any, decimals: int = 1) -> str:
    return numbers.thousands(value, decimals=decimals, signed=True)


@register.filter
def times(value: Any, decimals: int = 1) -> str:
    return numbers.times(value, decimals)


@register.filter
def compact(value: Any, currency: str) -> str:
    """``{{ amount|compact:company.currency }}``: €2.4 M."""
    return numbers.money_compact(value, currency)


@register.filter
def over_in_words(value: Any, decimals: int = 0) -> str:
    return numbers.over_in_words(value, decimals)


@register.filter
def signed_compact(value: Any, currency: str) -> str:
    """Never broken after its sign, which browsers else do before a currency."""
    text = numbers.money_compact(value, currency, signed=True)
    return f"{text[0]}\u2060{text[1:]}" if text[0] in ("+", numbers.MINUS) else text


@register.filter
def full(value: Any, currency: str) -> str:
    """The amount to the coin."""
    return numbers.money_full(value, currency)


@register.filter
def whole(value: Any, currency: str) -> str:
    return numbers.money_whole(value, currency)


@register.filter
def exact(value: Any) -> str:
    """An amount with as many decimals as it has, for a column whose header names the currency."""
    return numbers.NONE if value is None else numbers.number(value, numbers.decimals_of(value))


@register.filter
def signed_exact(value: Any, decimals: int | None = None) -> str:
    """The same of a difference, with its sign; with ``decimals`` where a column shows equally many in each row."""
    if value is None:
        return numbers.NONE
    return numbers.number(value, numbers.decimals_of(value) if decimals is None else decimals, signed=True)


@register.filter
def typed(value: Any) -> str:
    """The same for an input; empty where there is no amount."""
    return "" if value is None else exact(value)


@register.filter
def k_unit(currency: str) -> str:
    """``{{ company.currency|k_unit }}``: k€."""
    return numbers.unit_thousands(currency)


@register.filter
def ago(value: Any) -> str:
    return numbers.ago(value)


@register.inclusion_tag("components/progress.html")
def progress(done: int, total: int, label: str) -> dict[str, Any]:
    """A bar of ``done`` out of ``total``."""
    share = min(max(done / total, 0), 1) if total else 0
    return {"width": f"{share * 100:.1f}%", "done": done, "total": total, "label": label}


def _query(context: dict[str, Any], **changes: str | None) -> str:
    """The address of this page with some parameters changed; None removes one. The page number starts over.

    A page that answers a POST to another address names in ``page_url`` the one that shows it.
    """
    request: HttpRequest | None = context.get("request") or getattr(context, "request", None)  # included with "only"
    query = request.GET.copy() if request else QueryDict(mutable=True)
    for key, value in {"page": None, **changes}.items():
        query.pop(key, None)
        if value is not None:
            query[key] = value
    page: str = context.get("page_url", "")
    return f"{page}?{query.urlencode()}" if query else page or "."


@register.inclusion_tag("components/sort_header.html", takes_context=True)
def sort_header(context: dict[str, Any], key: str, label: str, unit: str = "", **options: Any) -> dict[str, Any]:
    """A column head that sorts: ``{% sort_header "gap" _("Gap") unit="k€" current=sort numeric=True %}``.

    ``current`` is the sort key in force, "-gap" for descending. Options: ``numeric``, ``extra`` (more classes).
    """
    current = str(options.get("current") or "")
    ascending, descending = current == key, current == f"-{key}"
    first = f"-{key}" if options.get("numeric") else key  # numbers begin with the largest, names with A
    target = {"": first, key: f"-{key}", f"-{key}": key}[current if ascending or descending else ""]
    return {
        "label": label,
        "unit": unit,
        "numeric": options.get("numeric", False),
        "extra": options.get("extra", ""),
        "direction": "ascending" if ascending else "descending" if descending else "",
        "href": _query(context, sort=target),
    }


@register.inclusion_tag("components/segmented.html", takes_context=True)
def segmented(
    context: dict[str, Any], param: str, choices: Iterable[Sequence[str]], current: str, label: str
) -> dict[str, Any]:
    """A row of links that set one query parameter; ``choices`` are (value, label) pairs."""
    return {"label": label, "links": _links(context, param, choices, current)}


@register.inclusion_tag("components/pick.html", takes_context=True)
def pick(
    context: dict[str, Any], param: str, choices: Iterable[Sequence[str]], current: str, label: str
) -> dict[str, Any]:
    """A drop-down of links that set one query parameter; works without scripts."""
    links = _links(context, param, choices, current)
    chosen = next((link["label"] for link in links if link["current"]), "")
    return {"label": label, "links": links, "chosen": chosen}


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: dict[str, Any], page: Page[Any]) -> dict[str, Any]:
    """Previous and next with the range shown; nothing where one page holds all."""
    return {
        "page": page,
        "previous": _query(context, page=str(page.previous_page_number())) if page.has_previous() else "",
        "next": _query(context, page=str(page.next_page_number())) if page.has_next() else "",
    }


@register.simple_tag(takes_context=True)
def query_with(context: dict[str, Any], **changes: Any) -> str:
    """``{% query_with format="xlsx" %}``: this address with parameters changed; None or an empty one is left out."""
    return _query(context, **{key: None if value in (None, "") else str(value) for key, value in changes.items()})


@register.simple_tag
def chart_locale() -> dict[str, Any]:
    """Month and day names and separators for charts, in the language of the request."""
    return theme.locale_format()


def _links(context: dict[str, Any], param: str, choices: Iterable[Sequence[str]], current: str) -> list[dict[str, Any]]:
    return [
        {"label": label, "href": _query(context, **{param: value}), "current": str(value) == str(current)}
        for value, label in choices
    ]
