"""Numbers and dates as people read them: one place for every screen, letter and chart.

Amounts are ``Decimal`` in the company's currency. Every function takes a Django language code ("en", "fr"); without
one, the language of the request. Units stand after a no-break space, the narrow one in French; minus is "−"; a
missing value is "—", never 0. Rule: ux.md §2, Languages and numbers.
"""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.numbers import get_currency_precision, get_currency_symbol, get_decimal_symbol, get_group_symbol
from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from spm.ui.standing import shown

NONE = "—"
MINUS = "−"
NO_BREAK = "\u00a0"
NARROW_NO_BREAK = "\u202f"
BABEL_NAMES = {"en": "en", "fr": "fr"}
THOUSAND, MILLION, BILLION = Decimal(10) ** 3, Decimal(10) ** 6, Decimal(10) ** 9


def _code(language: str | None) -> str:
    """The language asked for, else that of the request."""
    return language or get_language() or "en"


def babel_locale(language: str | None = None) -> Locale:
    """The Babel locale of a Django language code; English where it is unknown."""
    return _locale(_code(language))


@cache  # a page asks for it with every number; Babel reads the name anew each time
def _locale(language: str) -> Locale:
    code = language.lower().replace("_", "-").split("-")[0]
    return Locale.parse(BABEL_NAMES.get(code, "en"))


@cache
def _separators(language: str) -> dict[int, str]:
    """What stands in the place of Python's comma between thousands and of its point."""
    locale = _locale(language)
    return str.maketrans({",": get_group_symbol(locale), ".": get_decimal_symbol(locale)})


@cache
def _place(decimals: int) -> Decimal:
    """1, 0.1, 0.01 …: what a number with so many decimals is rounded to."""
    return Decimal(1).scaleb(-decimals)


def space(language: str | None = None) -> str:
    """The no-break space before a unit."""
    return NARROW_NO_BREAK if babel_locale(language).language == "fr" else NO_BREAK


def over_in_words(ratio: Decimal | None, decimals: int = 0, language: str | None = None) -> str:
    """What stands beside the number above it: "6.0 % over", "78.8 % under"."""
    if ratio is None:
        return NONE
    words = {"share": percent(abs(ratio), decimals, language)}
    if ratio < 0:
        return pgettext("over-assignment", "%(share)s under") % words
    return pgettext("over-assignment", "%(share)s over") % words


def number(value: Decimal | int | None, decimals: int = 0, language: str | None = None, *, signed: bool = False) -> str:
    """A plain number with exactly ``decimals`` decimals, rounded half up. ``signed`` writes "+" as well."""
    if value is None:
        return NONE
    rounded = Decimal(value).quantize(_place(decimals), rounding=ROUND_HALF_UP)
    digits = f"{abs(rounded):,.{decimals}f}".translate(_separators(_code(language)))
    return _sign(rounded, signed=signed) + digits


def decimals_of(value: Decimal) -> int:
    """How many decimals it takes to write ``value`` without loss."""
    return max(0, -int(value.normalize().as_tuple().exponent))


def thousands(amount: Decimal | None, language: str | None = None, decimals: int = 1, *, signed: bool = False) -> str:
    """An amount in thousands for a table whose header says k€: "33,228.7"."""
    return number(None if amount is None else amount / THOUSAND, decimals, language, signed=signed)


def signed_thousands(amount: Decimal | None, language: str | None = None, decimals: int = 1) -> str:
    """The same with its sign: "+702.5", "−448.6"."""
    return thousands(amount, language, decimals, signed=True)


def percent(ratio: Decimal | None, decimals: int = 0, language: str | None = None, *, signed: bool = False) -> str:
    """A ratio in percent: Decimal("0.957") is "96 %"."""
    if ratio is None:
        return NONE
    language = _code(language)
    return number(ratio * 100, decimals, language, signed=signed) + space(language) + "%"


def signed_percent(ratio: Decimal | None, decimals: int = 0, language: str | None = None) -> str:
    """A change in percent with its sign: "+7 %"."""
    return percent(ratio, decimals, language, signed=True)


def times(ratio: Decimal | None, decimals: int = 1, language: str | None = None) -> str:
    """A coverage: "2.4 ×"."""
    return NONE if ratio is None else number(ratio, decimals, language) + space(language) + "×"


def money_full(amount: Decimal | None, currency: str, language: str | None = None, *, signed: bool = False) -> str:
    """An amount to the coin, as letters and ``title`` attributes show it: "€1,234,567.89", "1 234 567,89 €"."""
    if amount is None:
        return NONE
    return _with_symbol(amount, currency, language, get_currency_precision(currency), signed=signed)


def money_whole(amount: Decimal | None, currency: str, language: str | None = None, *, signed: bool = False) -> str:
    """An amount without coins: "€1,234,568"."""
    return NONE if amount is None else _with_symbol(amount, currency, language, 0, signed=signed)


def money_compact(amount: Decimal | None, currency: str, language: str | None = None, *, signed: bool = False) -> str:
    """An amount for a tile or a sentence: "€2.4 M", "€694 k", in French "2,4 M€".

    Two decimals at most for millions and billions, none for thousands, without trailing zeros.
    """
    if amount is None:
        return NONE
    language = _code(language)
    divisor, decimals, unit = _scale(abs(amount))
    scaled = (amount / divisor).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    places = max(0, -int(scaled.normalize().as_tuple().exponent)) if scaled else 0
    digits = number(abs(scaled), places, language)
    sign, symbol, gap = _sign(scaled, signed=signed), _symbol(currency, language), space(language)
    if babel_locale(language).language == "fr":
        return f"{sign}{digits}{gap}{unit}{symbol}" if unit else f"{sign}{digits}{gap}{symbol}"
    return f"{sign}{symbol}{digits}{gap}{unit}" if unit else f"{sign}{symbol}{digits}"


def gap_in_words(gap: Decimal | None, currency: str, language: str | None = None) -> str:
    """A difference with sign and meaning: "+€120 k ahead", "−€1.74 M behind", "€0, on pace"."""
    if gap is None:
        return NONE
    text = money_compact(gap, currency, language, signed=True)
    if gap > 0:
        return pgettext("pace gap", "%(amount)s ahead") % {"amount": text}
    if gap < 0:
        return pgettext("pace gap", "%(amount)s behind") % {"amount": text}
    return pgettext("pace gap", "%(amount)s, on pace") % {"amount": text}


def unit_thousands(currency: str, language: str | None = None) -> str:
    """The header of a column in thousands: "k€", "k$"."""
    return f"k{_symbol(currency, language)}"


def day(value: date | None, language: str | None = None) -> str:
    """ "18 Sep 2026" """
    return NONE if value is None else format_date(_day_of(value), "d MMM y", locale=babel_locale(language))


def day_short(value: date | None, language: str | None = None) -> str:
    """ "18 Sep", where the year is known"""
    return NONE if value is None else format_date(_day_of(value), "d MMM", locale=babel_locale(language))


def weekday(value: date | None, language: str | None = None) -> str:
    """ "Fri 18 Sep" """
    return NONE if value is None else format_date(value, "EEE d MMM", locale=babel_locale(language))


def month_name(value: date | None, language: str | None = None, *, year: bool = False) -> str:
    """ "Sep", or "Sep 2026" """
    if value is None:
        return NONE
    return _month_name(value, _code(language), year=year)


@lru_cache(maxsize=1024)  # a page of many years names the same months again and again
def _month_name(value: date, language: str, *, year: bool) -> str:
    locale = _locale(language)
    return format_skeleton("yMMM", value, locale=locale) if year else format_date(value, "LLL", locale=locale)


def quarter_title(label: str, number: int) -> str:
    """As people say it: "Q3 2026" for the label 2026-Q3 that the calendar gives by rule; another label as it stands."""
    year = label.removesuffix(f"-Q{number}")
    return label if year == label else _("Q%(number)s %(year)s") % {"number": number, "year": year}


def leaf_title(label: str, starts_on: date) -> str:
    """As people say it: "Sep 2026" for a calendar month labelled 2026-09, else the label itself."""
    return month_name(starts_on, year=True) if label == f"{starts_on:%Y-%m}" else label


def moment(value: datetime | None, language: str | None = None) -> str:
    """ "18 Sep 2026, 14:32" in the time zone of the request"""
    if value is None:
        return NONE
    return format_datetime(_local(value), "d MMM y, HH:mm", locale=babel_locale(language))


def ago(value: datetime | None, now: datetime | None = None, language: str | None = None) -> str:
    """ "3 hours ago"; never in the future, also where the clock of a demo stands still"""
    if value is None:
        return NONE
    passed = max(_local(now or timezone.now()) - _local(value), timedelta(seconds=1))
    return format_timedelta(-passed, add_direction=True, locale=babel_locale(language))


def _local(value: datetime) -> datetime:
    """The moment in the time zone of the request, as a page tells it."""
    return shown(timezone.localtime(value) if timezone.is_aware(value) else value)


def _day_of(value: date) -> date:
    return _local(value).date() if isinstance(value, datetime) else value


def _sign(value: Decimal, *, signed: bool) -> str:
    if value < 0:
        return MINUS
    return "+" if signed and value > 0 else ""


def _symbol(currency: str, language: str | None) -> str:
    return _symbol_in(currency, _code(language))


@cache
def _symbol_in(currency: str, language: str) -> str:
    return get_currency_symbol(currency, locale=_locale(language))


def _with_symbol(amount: Decimal, currency: str, language: str | None, decimals: int, *, signed: bool) -> str:
    language = _code(language)
    digits = number(abs(amount), decimals, language)
    rounded = amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    sign, symbol = _sign(rounded, signed=signed), _symbol(currency, language)
    if babel_locale(language).language == "fr":
        return f"{sign}{digits}{space(language)}{symbol}"
    return f"{sign}{symbol}{digits}"


def _scale(size: Decimal) -> tuple[Decimal, int, str]:
    """Divisor, decimals and unit for an amount of this size; one that would round up to 1,000 takes the next unit."""
    if size >= BILLION - Decimal(5000):
        return BILLION, 2, pgettext("unit of money, billion", "bn")
    if size >= MILLION - Decimal(500):
        return MILLION, 2, "M"
    if size >= THOUSAND:
        return THOUSAND, 0, "k"
    return Decimal(1), 0, ""
