"""Texts that break programs: our own, those that hypothesis brings, and the Big List of Naughty Strings where named."""

import json
import os
from html.parser import HTMLParser
from pathlib import Path

from hypothesis.internal.conjecture.providers import GLOBAL_CONSTANTS

CORPUS = Path(os.environ.get("SPM_ACCEPTANCE_DATA", "/nonexistent")) / "corpora" / "blns" / "blns.json"

OWN = [
    # markup and script, in every place where a page could put them
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea><img src=x onerror=alert(1)>",
    "</script><svg onload=alert(1)>",
    "\"><img src=x onerror='alert(1)'>",
    "' autofocus onfocus=alert(1) x='",
    '" style="position:fixed" data-x="',
    "javascript:alert(1)",
    "<!-- ",
    "]]>",
    "&lt;b&gt; &amp;amp; &#60;",
    "<a href=//evil.example>",
    # templates, formats and queries
    "{{ 7*7 }} {% debug %} {# #}",
    "%s %d %(name)s %n %",
    "{0} {name} ${x} #{x}",
    "'; DROP TABLE org_user; --",
    "' OR '1'='1",
    "% _ \\ like",
    '{"$gt": ""}',
    "__class__.__mro__",
    # formulas, for whoever opens the export
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(A1)",
    "'=1",
    "\uff1d1+1",
    "#REF!",
    "#N/A",
    # blanks, breaks and what cannot be seen
    "two  blanks",
    "no\u00a0break",
    "zero\u200bwidth\ufeff",
    "line\nbreak",
    "carriage\r\nreturn",
    "tab\there",
    "next\u0085line\u2028and\u2029paragraph",
    "\u202eright to left\u2066",
    "bell\x07 escape\x1b[31m",
    "null\x00byte",
    "\ufffe\uffff",
    # letters that change their length or their look
    "Straße STRASSE ﬁn",
    "İstanbul ıI",
    "e\u0301 \u00e9",
    "\u0660\u0661\u0662",
    "²③Ⅳ",
    "𝟙𝟚",
    "表ポあA鷗ŒéＢ逍Üßªąñ",
    "👩‍👩‍👧‍👦 🏳️‍🌈 🇫🇷",
    "a" + "\u0301" * 150,
    # numbers that are none, or too many
    "1e309",
    "-0",
    "0x1F",
    "1_000",
    "١٢٣",
    "1,2,3.4.5",
    "9" * 400,
    "NaN",
    # paths, headers and names with a meaning of their own
    "../../etc/passwd",
    "C:\\CON",
    "file:///etc/passwd",
    "x\r\nSet-Cookie: a=b",
    '"quoted", "twice""',
    "semi;colon,comma|bar",
    "x" * 5_000,
]


def naughty() -> list[str]:
    """Ours and those of hypothesis, each once."""
    return list(dict.fromkeys([*OWN, *GLOBAL_CONSTANTS.strings]))


def corpus() -> list[str]:
    """The Big List of Naughty Strings from the folder that SPM_ACCEPTANCE_DATA names."""
    found: list[str] = json.loads(CORPUS.read_text("utf-8"))
    return list(dict.fromkeys(found))


class Skeleton(HTMLParser):
    """What a page is made of besides text: which tags with which attributes, and its inputs as a browser fills them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: set[tuple[str, ...]] = set()
        self.values: dict[str, str] = {}
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.parts.add((tag, *sorted(told)))
        if tag == "input" and told.get("name"):
            self.values[str(told["name"])] = told.get("value") or ""
        for name in ("href", "src", "action"):
            scheme = (told.get(name) or "").strip().partition(":")[0].casefold()
            if scheme in ("javascript", "vbscript"):
                self.parts.add((tag, name, scheme))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.parts.add(("comment", data[:40]))
