"""The verbs of every grid page: save, preview a paste, undo. One POST is one batch, and nothing typed is lost."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.functional import Promise
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from spm.errors import NothingToDo, RuleViolation
from targets import access, batches, cycles, grid_blocks, grid_cells, grid_pages
from targets.batches import Conflict
from targets.choices import BatchKind
from targets.grid_blocks import Names
from targets.grid_cells import Grid, Pasted, Sent
from targets.grid_pages import GridView
from targets.models import GoalBatch


def whole_number(text: str) -> int | None:
    """A key or number of a form; None for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def asks_apart(view: GridView, more: Mapping[str, Any]) -> bool:
    """Whether the page asks for the reason above the grid, where something is looked at before it is stored."""
    return bool(view.pasted) or any(more.get(key) for key in ("typed", "is_stuck", "asks_reason"))


class GridDesk(ABC):
    """One request to one grid. A page says how it is drawn and where it leads back to."""

    def __init__(self, request: HttpRequest, place: Any) -> None:
        self.request, self.place = request, place
        self.language = get_language() or ""

    @abstractmethod
    def view_of(
        self, grid: Any, sent: Sent | None = None, *, seen: int | None = None, pasted: Pasted | None = None
    ) -> GridView:
        """The page, with what was sent and is not stored still in its inputs. ``seen``: the number to send back."""

    @abstractmethod
    def page(self, view: Any, status: int = 200, **more: Any) -> HttpResponse:
        """The page as an answer."""

    @abstractmethod
    def back(self) -> HttpResponse:
        """The way back to the grid once something is stored."""

    def save(self, grid: Grid) -> HttpResponse:
        """Store what was typed: all of it, or nothing and everything is still there."""
        request = self.request
        sent = grid_cells.read_sent(grid, request.POST.dict(), self.language)
        left_out = len(sent.faults) if "skip" in request.POST else 0
        if sent.faults and not left_out:
            messages.error(request, _told(sent))
            return self.page(self.view_of(grid, sent, seen=self.seen(grid)), 422)
        try:
            self.check_stage()
            written = self._write(grid, sent)
        except cycles.NoReason as error:
            return self.page(self.view_of(grid, sent, seen=self.seen(grid)), 422, asks_reason=str(error))
        except Conflict as conflict:
            return self.conflict(sent, conflict)
        except NothingToDo as error:
            messages.info(request, str(error))
            return self.back()
        except RuleViolation as error:
            messages.error(request, str(error))
            return self.page(self.view_of(grid, sent, seen=self.seen(grid)), 422)
        if isinstance(written, HttpResponse):
            return written
        self.say_changed(written, left_out)
        return self.back()

    write = staticmethod(batches.write_batch)
    """The verb that stores the cells; a page with a rule of its own puts its own in place."""

    def _write(self, grid: Any, sent: Sent) -> GoalBatch | HttpResponse:
        """Store the cells; or the page of what is to be looked at before. Raises NoReason."""
        self.check_reason()
        return self.write(self.place.plan, grid_cells.goals_of(grid, sent), by=self.place.user, **self.told())

    how: ClassVar[Mapping[BatchKind, str | Promise]]
    """The reason kept where nobody gives one: how the numbers came."""

    def told(self) -> dict[str, Any]:
        """What goes with the numbers into their batch."""
        data = self.request.POST
        kind = BatchKind.PASTE if data.get("kind") == BatchKind.PASTE else BatchKind.EDIT
        return {"kind": kind, "reason": self.reason or str(self.how[kind]), "seen": data.get("seen", "")}

    @property
    def reason(self) -> str:
        """What was written as the reason; perhaps nothing."""
        return self.request.POST.get("reason", "").strip()

    def paste(self) -> HttpResponse:
        """What a block copied from a spreadsheet would change, and why a cell cannot be; stores nothing."""
        grid, data = self.place.grid(), self.request.POST.dict()
        try:
            if not grid.is_open:
                raise RuleViolation(_("%(year)s is locked. Request a revision.") % {"year": grid.year})
            at = data.get("at_row", ""), data.get("at_column", "")
            pasted = grid_blocks.lay(grid, data.get("block", ""), at, self.language, self.names())
        except RuleViolation as error:
            messages.error(self.request, str(error))
            sent = grid_cells.read_sent(grid, data, self.language)
            return self.page(self.view_of(grid, sent, seen=self.seen(grid)), 422)
        sent = grid_cells.read_sent(grid, data, self.language, pasted)
        return self.page(self.view_of(grid, sent, seen=self.seen(grid), pasted=pasted))

    def names(self) -> Names:
        """What else the rows may be called by in a block."""
        return {}

    def undo(self) -> HttpResponse:
        """Give every number of one batch the value it had before."""
        place, key = self.place, whole_number(self.request.POST.get("batch", ""))
        batch = get_object_or_404(GoalBatch.objects.visible_to(place.user), plan=place.plan, pk=key or 0)
        if not access.can_undo(place.user, batch):
            raise PermissionDenied
        try:
            count = len(batches.undo(batch, by=place.user).changes)
            text = ngettext("%(n)s number undone.", "%(n)s numbers undone.", count)
            messages.success(self.request, text % {"n": count})
        except RuleViolation as error:
            messages.error(self.request, str(error))
        return self.back()

    def still_typed(self) -> HttpResponse:
        """After a verb that stores no cell: the page with what is typed still in it, else the way back."""
        grid = self.place.grid()
        sent = grid_cells.read_sent(grid, self.request.POST.dict(), self.language)
        return self.page(self.view_of(grid, sent, seen=self.seen(grid))) if sent.texts else self.back()

    def check_stage(self) -> None:
        """Numbers are given until the lock. Raises WrongStage."""
        if self.place.cycle.pk:
            cycles.require_stage(self.place.cycle, *sorted(cycles.BEFORE_LOCK, key=cycles.ORDER.index))

    def check_reason(self) -> None:
        """Raises NoReason."""
        cycles.require_reason(self.place.cycle, self.reason)

    def seen(self, grid: Grid) -> int:
        """The number to send back: the one that came, as long as this plan can have given it out."""
        number = whole_number(self.request.POST.get("seen", ""))
        return number if number is not None and number <= grid.revision else grid.revision

    def say_changed(self, batch: GoalBatch, left_out: int = 0) -> None:
        """How many numbers changed, and how many cells were left out."""
        count = len(batch.changes)
        text = ngettext("%(n)s number changed.", "%(n)s numbers changed.", count)
        messages.success(self.request, text % {"n": count})
        if left_out:
            text = ngettext("%(n)s cell was left out.", "%(n)s cells were left out.", left_out)
            messages.warning(self.request, text % {"n": left_out})

    def conflict(self, sent: Sent, conflict: Conflict) -> HttpResponse:
        """Both values of what somebody else changed meanwhile; the next save puts these in the place of theirs."""
        grid = self.place.grid()
        view = self.view_of(grid, replace(sent, was=grid_cells.drawn(grid)))
        return self.page(replace(view, conflicts=grid_pages.conflicts_of(conflict, grid)), 409)


def _told(sent: Sent) -> str:
    """One sentence for all marked cells; those that are not on the page stand in it, for nothing may be lost."""
    first = next(iter(sent.faults.items()))
    words = {"fault": first[1], "text": sent.texts.get(first[0], "")}
    return _("Nothing is stored yet: look at the marked cells. %(fault)s") % words
