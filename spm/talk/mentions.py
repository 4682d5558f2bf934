"""People named in a comment by "@" and their name or e-mail: who they are, and that they are told.

Only who sees the object talked about can be named; for everybody else, known or not, "@name" stays plain words, so that
a comment tells nobody who else there is.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from spm.org.models import User
from spm.org.scopes import lend_history
from spm.talk import anchors
from spm.talk.models import Thread

SPOT = re.compile(r"(?<![\w.])@(?=\w)")
WORD = re.compile(r"\s+(\w)")
MOST_SUGGESTED = 6  # of whom each is asked whether they see the object; whoever is not offered is typed whole
MOST_SPOTS = 50  # of one comment; who writes more of them names nobody further on


@dataclass(frozen=True)
class Named:
    """Somebody who may be meant: by the whole name or the e-mail; or by the first name, where one alone has it."""

    pk: int
    name: str
    email: str

    @cached_property
    def whole(self) -> re.Pattern[str]:
        return _pattern(self.name, self.email)

    @cached_property
    def first(self) -> re.Pattern[str]:
        return _pattern(*self.name.split()[:1])

    def is_at(self, text: str, start: int) -> bool:
        return bool(self.whole.match(text, start) or self.first_at(text, start))

    def first_at(self, text: str, start: int) -> int | None:
        """Where the first name alone ends. Before a further word in capitals it is part of another name, be there
        somebody of that name or not.
        """
        found = self.first.match(text, start)
        after = WORD.match(text, found.end()) if found else None
        return found.end() if found and not (after and after[1].isupper()) else None


@dataclass(frozen=True, slots=True)
class Mention:
    """``words``: as they were written, "@" in front."""

    words: str
    people: frozenset[int]


def _pattern(*spellings: str) -> re.Pattern[str]:
    """Any of these, with or without their accents, in any case, ending where a word ends."""
    forms = sorted({form for text in spellings for form in (text, _plain(text)) if form}, key=len, reverse=True)
    either = "|".join(r"\s+".join(re.escape(word) for word in form.split()) for form in forms)
    return re.compile(rf"(?:{either or '(?!)'})(?!\w|[-.@'’]\w)", re.IGNORECASE)


def _plain(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


def found(text: str, people: Sequence[Named]) -> list[Mention]:
    """Whom of ``people`` a text names, in its order; a longer name wins over a shorter one."""
    mentions = []
    for spot in islice(SPOT.finditer(text), MOST_SPOTS):
        start = spot.end()
        ends = {one.pk: match.end() for one in people if (match := one.whole.match(text, start))}
        if not ends:
            firsts = {one.pk: until for one in people if (until := one.first_at(text, start))}
            ends = firsts if len(firsts) == 1 else {}
        if ends:
            end = max(ends.values())
            mentions.append(Mention(text[spot.start() : end], frozenset(pk for pk in ends if ends[pk] == end)))
    return mentions


def named_in(text: str, thread: Thread) -> list[Mention]:
    """Whom a comment in ``thread`` names, of those who see its object today. None asked without "@"."""
    starts = [spot.end() for spot in islice(SPOT.finditer(text), MOST_SPOTS)]
    if not starts:
        return []
    rows = User.objects.people().filter(is_active=True).order_by("name", "pk").only("pk", "name", "email", "is_admin")
    heads = {_plain(text[start]).lower() for start in starts}
    near = [(row, _named(row)) for row in rows if heads & {_plain(word[:1]).lower() for word in (row.name, row.email)}]
    meant = [(row, named) for row, named in near if any(named.is_at(text, start) for start in starts)]
    return found(text, [named for row, named in meant if anchors.sees(row, thread.anchor, thread.key)])


def _named(user: User) -> Named:
    return Named(user.pk, user.name, user.email)


def suggested(user: User, anchor: str, key: int) -> list[Named]:
    """Whom the user can name about an object: those who see it, by name. Raises KeyError for an unknown kind.

    So many people at most are looked at, so that it asks the database no more than any page does.
    """
    audience = anchors.anchor_named(anchor).audience
    if audience is None:
        return []
    rows = User.objects.people().filter(is_active=True, pk__in=list(audience(key))).exclude(pk=user.pk)
    near = list(rows.order_by("is_admin", "name", "pk")[:MOST_SUGGESTED])  # those around the object before admins
    lend_history(user, near)
    seeing = [_named(row) for row in near if anchors.sees(row, anchor, key)]
    return sorted(seeing, key=lambda one: (one.name, one.pk))


def pieces(text: str, words: Iterable[str]) -> tuple[tuple[str, bool], ...]:
    """A text cut at the mentions it is known to hold: (part, whether it names somebody)."""
    known = sorted(set(words), key=len, reverse=True)
    if not known:
        return ((text, False),)
    either = re.compile("(" + "|".join(map(re.escape, known)) + r")(?!\w)")
    return tuple((part, bool(number % 2)) for number, part in enumerate(either.split(text)) if part)
