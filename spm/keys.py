"""The normal form under which names and identifiers from files are compared. Pure Python."""

import unicodedata


def normalise(text: str) -> str:
    """Return the form of ``text`` by which two spellings are the same thing.

    Unicode NFC, case folded, runs of blanks (also no-break ones) collapsed, ends stripped:
    ``"  Müller  GmbH"`` and ``"MÜLLER GMBH"`` are equal. Leading zeros are kept.
    Rule: reliability INV-12.
    """
    if text.isascii():  # nearly every identifier; ten times as fast
        return " ".join(text.lower().split())
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return " ".join(folded.split())


def outgrows(text: str, most: int) -> bool:
    """Whether the normal form is longer than the column that holds it: *ß* becomes *ss*."""
    return len(text) > most or (not text.isascii() and len(normalise(text)) > most)


def is_storable(text: str) -> bool:
    """False with a NUL character, which PostgreSQL's text cannot hold, or half a surrogate pair, which UTF-8 cannot."""
    return "\x00" not in text and (text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text))


def as_key(text: str) -> int | None:
    """The stored row's key that a form or an address sends as text; None for what is none, or outgrows 64 bits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
