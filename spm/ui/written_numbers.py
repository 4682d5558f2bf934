"""Numbers and amounts as files and people write them. Decimal sign and thousands mark are given, never guessed here.

One reading for both: ``spm.ui.amounts`` takes the marks from what is typed and the user's language, an import from its
profile and the whole column.
"""

import re
from decimal import Decimal
from functools import lru_cache

from babel.core import get_global
from django.utils.translation import gettext as _

MAX_DIGITS = 15
POWERS = {"k": 3, "m": 6, "mio": 6, "bn": 9, "md": 9, "mrd": 9}  # English and French: 1.2M, 900k, 1,2 Md€

# Which currencies a sign can mean.
SIGNS = {
    "$": frozenset(("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "TWD", "CLP", "COP", "ARS")),
    "US$": frozenset(("USD",)),
    "C$": frozenset(("CAD",)),
    "CA$": frozenset(("CAD",)),
    "A$": frozenset(("AUD",)),
    "AU$": frozenset(("AUD",)),
    "€": frozenset(("EUR",)),
    "£": frozenset(("GBP", "EGP")),
    "¥": frozenset(("JPY", "CNY")),
    "₹": frozenset(("INR",)),
    "₩": frozenset(("KRW",)),
    "₺": frozenset(("TRY",)),
    "R$": frozenset(("BRL",)),
    "KR": frozenset(("SEK", "NOK", "DKK", "ISK")),
    "ZŁ": frozenset(("PLN",)),
    "FR.": frozenset(("CHF",)),
}
_SIGN = r"(?:[A-Za-z]{3}|(?:US|CA|AU|[CAR])?\$|[€£¥₹₩₺]|[Kk]r|zł|Fr\.)"
_WRITTEN = re.compile(
    rf"(?P<open>\()? ?(?P<sign1>[+-])? ?(?P<currency1>{_SIGN})? ?(?P<sign2>[+-])? ?"
    r"(?P<core>[0-9](?:[0-9.,' ]*[0-9])?|[.,][0-9]+)"
    r" ?(?P<power>[Mm]io|[Mm]rd|[Mm][Dd]|[Bb][Nn]|[KkMm])?"
    rf" ?(?P<sign3>-)? ?(?P<currency2>{_SIGN})? ?(?P<sign4>-)? ?(?P<close>\))?"
)
_PLAIN = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,4})?")
_EXPONENT = re.compile(r"[+-]?[0-9.,]+[eE][+-]?[0-9]+")
_ALIKE = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2007": " ", "\u2212": "-", "\u2019": "'"})


class NotANumber(ValueError):
    """The text is no number; the message is a sentence for the user."""


@lru_cache(maxsize=2_000)
def parse_number(text: str, decimal: str, thousands: str, places: int, *, short: bool = False) -> tuple[Decimal, str]:
    """The number that ``text`` writes, and the currency sign or code beside it ("" for none).

    With ``short`` a letter may stand for thousands, millions or thousands of millions: 900k, 1.2M, 1,2 Md€.
    Negative by a minus (also U+2212) before or after, or by parentheses. At most ``places`` decimals that are not
    zero, and 15 digits. Raises NotANumber with a sentence.
    """
    if decimal == "." and _PLAIN.fullmatch(text):
        return _bounded(Decimal(text), places), ""
    written = _written(text)
    minuses = sum(written[name] == "-" for name in ("sign1", "sign2", "sign3", "sign4"))
    signs = sum(written[name] is not None for name in ("sign1", "sign2", "sign3", "sign4", "open"))
    if signs > 1 or bool(written["open"]) != bool(written["close"]):
        raise NotANumber(_("The sign of this number is not clear."))
    if written["power"] and not short:
        raise NotANumber(_("This is not a number."))
    if written["currency1"] and written["currency2"]:
        raise NotANumber(_("The amount names two currencies."))
    digits = Decimal(_plain_digits(written["core"], decimal, thousands))
    number = _bounded(digits.scaleb(POWERS.get((written["power"] or "").lower(), 0)), places)
    sign = (written["currency1"] or written["currency2"] or "").upper()
    return (-number if minuses or written["open"] else number), sign


def currencies_of(sign: str) -> frozenset[str]:
    """The ISO codes that a currency sign or code beside an amount can mean; empty for an unknown one."""
    if sign in SIGNS:
        return SIGNS[sign]
    return frozenset((sign,)) if is_currency(sign) else frozenset()


def is_currency(code: str) -> bool:
    """Whether ``code`` (upper case) is an ISO 4217 code."""
    return code in get_global("all_currencies")


def is_short(text: str) -> bool:
    """Whether a letter stands for the thousands or millions of a number: 900k, 1.2M."""
    match = _WRITTEN.fullmatch(_alike(text))
    return bool(match and match["power"])


def mark_evidence(text: str) -> str:
    """What a number tells about the decimal sign of its column.

    ``.`` or ``,``: that is the decimal sign for certain. ``either .`` or ``either ,``: 1.200 or 1,200, where the mark
    could be both. ``none``: no mark, or no number.
    """
    match = _WRITTEN.fullmatch(_alike(text))
    core = match["core"] if match else ""
    marks = [sign for sign in core if sign in ".,"]
    if not marks:
        return "none"
    if len(set(marks)) == 2:
        return marks[-1]
    mark, other = marks[0], "," if marks[0] == "." else "."
    if len(marks) > 1:
        return other
    whole, _mark, fraction = core.partition(mark)
    grouped = len(fraction) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0")
    return f"either {mark}" if grouped else mark


def _alike(text: str) -> str:
    return text.strip().translate(_ALIKE)


def _written(text: str) -> re.Match[str]:
    """The parts of a number, or NotANumber with what is wrong."""
    text = _alike(text)
    match = _WRITTEN.fullmatch(text)
    if match:
        return match
    if "%" in text:
        raise NotANumber(_("Percentages are not read. Write 0.25 for 25 percent, or the amount itself."))
    if _EXPONENT.fullmatch(text):
        raise NotANumber(
            _("Numbers with an exponent are not read: the spreadsheet has shortened it. Write all digits.")
        )
    if text.lower().strip("+-") in ("nan", "inf", "infinity"):
        raise NotANumber(_("This is not a finite number."))
    if text.lower() in ("null", "none", "n/a", "na", "-", "--"):
        raise NotANumber(_("Leave the cell empty where there is no number."))
    raise NotANumber(_("This is not a number."))


def _plain_digits(core: str, decimal: str, thousands: str) -> str:
    """Digits and point of a written number. Thousands are parted by threes and by one kind of mark."""
    whole, _mark, fraction = core.partition(decimal)
    marks = {sign for sign in whole if not sign.isdigit()}
    allowed = {thousands or ("," if decimal == "." else "."), " ", "'"}
    groups = re.split(r"[^0-9]", whole)
    is_grouped = (
        len(marks) == 1 and marks <= allowed and 1 <= len(groups[0]) <= 3 and all(len(g) == 3 for g in groups[1:])
    )
    if (marks and not is_grouped) or not (fraction.isdigit() or not fraction):
        raise NotANumber(
            _("This does not fit numbers with the decimal sign “%(sign)s” and thousands by threes.") % {"sign": decimal}
        )
    return f"{''.join(groups)}.{fraction}" if fraction else "".join(groups)


def _bounded(number: Decimal, places: int) -> Decimal:
    trimmed = number.normalize()
    _sign, digits, exponent = trimmed.as_tuple()
    decimals = max(0, -int(exponent))
    if decimals > places:
        raise NotANumber(_("More than %(places)d decimals.") % {"places": places})
    if max(len(digits) + max(0, int(exponent)), 0) > MAX_DIGITS:
        raise NotANumber(_("More than %(digits)d digits.") % {"digits": MAX_DIGITS})
    return number
