"""Every page that a GET can show, in French: none holds the English text of a message that French says otherwise."""

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages import pofile
from django.core.cache import cache as django_cache

from spm.org.models import User
from tests.access.site import pages
from tests.access.world import rolled_back

pytestmark = pytest.mark.django_db

CATALOGUE = Path(__file__).resolve().parents[2] / "spm/locale/fr/LC_MESSAGES/django.po"
SAID = ("aria-label", "title", "placeholder", "alt", "data-label", "data-becomes", "data-confirm", "content")
VOID = ("area", "br", "col", "hr", "img", "input", "link", "meta", "path", "rect", "use", "wbr")
UNREAD = ("script", "style", "code")
PLACE = re.compile(r"%\([a-z_]+\)[sd]|%[sd]")
# Words that no French sentence holds, for texts that never were messages.
ENGLISH = re.compile(r"\b(the|of|and|with|is|are|was|your|this|from|which|by|has|have|not)\b", re.IGNORECASE)
# What people of this world wrote, and names that are the same in both languages.
WRITTEN = {
    "Admin": "the name of a person",
    "Manager": "the name of a person",
    "Director": "the name of a person",
    "Former": "the name of a person",
    "North": "the name of a team",
    "South": "the name of a team",
    "Sales": "the name of a team",
    "Exported from HR": "the name of a saved mapping",
    "Nobody has this e-mail address.": "why a row was refused, in the language of who loaded it: imports:detail",
    "People": "what was imported, in the language of who did it: setup:audit",
}
WRITTEN_PARTS = ("Because of ", "Between us: ", "The market grew", "New hires")
ZONE = re.compile(r"(Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific)/")


class Texts(HTMLParser):
    """What a reader of a page reads: its text nodes, and the attributes that are read out or shown."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._silent = 0
        self._languages: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "meta":
            return
        if tag not in VOID and (self._silent or tag in UNREAD or "code" in (given.get("class") or "").split()):
            self._silent += 1
        for name in SAID:
            self._take(given.get(name) or "")
        if tag == "input" and given.get("type") in ("submit", "button"):
            self._take(given.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= self._silent > 0 and tag not in VOID

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._take(data)

    def _take(self, text: str) -> None:
        text = " ".join(text.split())
        if any(letter.isalpha() for letter in text):
            self.found.add(text)


@cache
def catalogue() -> tuple[frozenset[str], tuple[tuple[str, re.Pattern[str]], ...]]:
    """English texts that French says otherwise: whole ones, and those with places as (a word of it, pattern)."""
    with CATALOGUE.open("rb") as file:
        messages = [message for message in pofile.read_po(file) if message.id]
    pairs = []
    for message in messages:
        english = message.id if isinstance(message.id, tuple) else (message.id,)
        french = message.string if isinstance(message.string, tuple) else (message.string,)
        pairs += list(zip(english, french, strict=False))
    said = {" ".join(french.replace("%%", "%").split()) for _english, french in pairs}
    other = {e: f for e, f in pairs if e != f}
    whole, patterns = set(), []
    for english in other:
        text = " ".join(english.replace("%%", "%").split())
        literal = PLACE.sub(" ", text)
        if not PLACE.search(text):
            whole |= {text} - said
        elif len(words := re.findall(r"[A-Za-z]{3,}", literal)) > 1:
            pattern = "(.+)".join(map(re.escape, PLACE.split(text)))
            patterns.append((max(words, key=len), re.compile(pattern)))
    return frozenset(whole), tuple(patterns)


def english_in(html: str) -> Iterator[str]:
    """Texts of a page that are English."""
    whole, patterns = catalogue()
    for text in Texts(html).found:
        if text in WRITTEN or ZONE.match(text) or any(part in text for part in WRITTEN_PARTS):
            continue
        if text in whole or ENGLISH.search(text) or _fits(text, patterns):
            yield text


def _fits(text: str, patterns: tuple[tuple[str, re.Pattern[str]], ...]) -> bool:
    return any(word in text and pattern.fullmatch(text) for word, pattern in patterns)


@pytest.fixture(scope="module")
def in_french(world, django_db_blocker):
    """The same world, in which everybody reads French."""
    with django_db_blocker.unblock(), rolled_back():
        User.objects.update(locale="fr")
        django_cache.clear()
        yield world


def test_no_page_says_in_english_what_french_says_otherwise(in_french):
    wrong: dict[str, str] = {}
    for name, actor, url, html in pages(in_french, language="fr"):
        for text in english_in(html):
            wrong.setdefault(text, f"{actor} {name} {url}: {text}")
    assert not wrong, "\n".join(wrong.values())


@pytest.mark.parametrize(
    "html",
    [
        "<p>Sign out</p>",
        "<button aria-label='Search'></button>",
        "<p>3 letters sent.</p>",
        "<td data-label='Quota of the year'></td>",
    ],
)
def test_control_english_is_found(html):
    assert list(english_in(html))


def test_control_french_is_not():
    assert not list(english_in("<p>Se déconnecter</p><p>Objectifs</p><p>Quill, 3 lettres</p>"))
