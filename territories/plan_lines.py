"""Which columns a line of each section has. Forms, imports, versions, the page and the print all read this table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from territories import caps
from territories.choices import Section

TEXTS = {
    "partner": caps.PARTNER,
    "text": caps.LINE,
    "entry": caps.ENTRY,
    "next_step": caps.NEXT_STEP,
}
"""Columns of words and the most characters each takes."""
WORDS = ("account", *TEXTS, "risk", "amount", "due_on")
"""All columns that are frozen with the plan; status and evidence are not among them."""


@dataclass(frozen=True, slots=True)
class Shape:
    """``columns`` in the order of the page; ``needed`` must be filled for the line to be complete."""

    columns: tuple[str, ...]
    needed: tuple[str, ...]
    counts: bool = False  # whether its amounts are named goals, held against the quota by the gap check


SHAPES: dict[str, Shape] = {
    Section.GOALS: Shape(("text", "due_on"), ("text", "due_on")),
    Section.ACCOUNTS: Shape(
        ("account", "amount", "entry", "next_step", "due_on"),
        ("account", "amount", "entry", "next_step", "due_on"),
        counts=True,
    ),
    Section.BUSINESS: Shape(("text", "amount", "due_on"), ("text", "amount"), counts=True),
    Section.RETENTION: Shape(("risk", "account", "text", "due_on"), ("risk", "text")),
    Section.CHANNEL: Shape(("partner", "text", "amount"), ("text",), counts=True),
    Section.SUPPORT: Shape(("text",), ("text",)),
}


def left_of(line: Any, columns: Sequence[str]) -> dict[str, int]:
    """Characters left of each text; a partner and the text behind it share a line."""
    left = {name: TEXTS[name] - len(getattr(line, name)) for name in columns if name in TEXTS}
    if "partner" in left:
        shared = caps.LINE - len(line.partner) - len(line.text)
        left = {"partner": min(left["partner"], shared), "text": shared}
    return left
