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
