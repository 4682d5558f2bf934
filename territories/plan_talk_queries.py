"""Reads for what is said beside a plan: every thread of it, of its sections and of its lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from spm.keys import as_key
from spm.org.models import User
from spm.talk.models import Comment
from spm.talk.queries import ThreadPanel, panel_of
from territories import anchors
from territories.choices import Section
from territories.plan_sheets import PlanSheet

EXCERPT = 40
type Place = tuple[str, int, str]
"""Anchor, key and field of a thread."""


@dataclass(frozen=True, slots=True)
class Word:
    author: str
    initials: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """One thread. ``about``: what it is about, in words; ``asked``: the value of ``?talk=`` that opens it."""

    pk: int
    about: str
    asked: str
    words: Sequence[Word]
    is_resolved: bool


@dataclass(frozen=True, slots=True)
class PlanTalk:
    threads: Sequence[Conversation]
    panel: ThreadPanel
    about: str

    @property
    def open(self) -> list[Conversation]:
        return [thread for thread in self.threads if not thread.is_resolved]

    @property
    def resolved(self) -> list[Conversation]:
        return [thread for thread in self.threads if thread.is_resolved]


def plan_talk(user: User, sheet: PlanSheet, asked: str) -> PlanTalk:
    """All that is said of the plan shown, and the thread that the address asks for; no query of its own."""
    places = _places(sheet)
    place = _place(sheet.plan.pk, places, asked)
    said: dict[Place, list[Comment]] = {}
    for comment in sheet.said:
        said.setdefault((comment.thread.anchor, comment.thread.key, comment.thread.field), []).append(comment)
    panel = panel_of(user, place, said.get(place, []), sees=True)
    threads = [_conversation(each, places[each], said[each]) for each in places if each in said]
    about = places[place] if place[2] or place[0] == anchors.LINE else ""
    return PlanTalk([thread for thread in threads if thread.words], panel, about)


def _places(sheet: PlanSheet) -> dict[Place, str]:
    """Where one can speak, and how that is called, in the order of the page."""
    found: dict[Place, str] = {(anchors.PLAN, sheet.plan.pk, ""): _("The whole plan")}
    for part in sheet.sections:
        name = f"{part.number} {part.heading}"
        found[anchors.PLAN, sheet.plan.pk, part.section] = name
        for line in part.lines:
            words = line.account or line.fields.get("partner") or line.fields.get("text") or str(line.position)
            short = words if len(words) <= EXCERPT else f"{words[: EXCERPT - 1]}…"
            found[anchors.LINE, line.pk, ""] = f"{name}, {short}"
    return found


def _place(plan: int, places: Mapping[Place, str], asked: str) -> Place:
    """The thread that ``?talk=`` names: a section, "line-12"; else the one of the whole plan."""
    key = as_key(asked.removeprefix("line-")) if asked.startswith("line-") else None
    if key is not None and (anchors.LINE, key, "") in places:
        return anchors.LINE, key, ""
    return anchors.PLAN, plan, asked if asked in Section.values else ""


def _conversation(place: Place, about: str, said: Sequence[Comment]) -> Conversation:
    thread = said[0].thread
    asked = f"line-{place[1]}" if place[0] == anchors.LINE else place[2]
    words = [
        Word(one.author.name, one.author.initials, one.created_at, one.text) for one in said if one.deleted_at is None
    ]
    return Conversation(thread.pk, about, asked, words, thread.resolved_at is not None)
