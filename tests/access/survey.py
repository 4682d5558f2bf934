"""Which asks come by which reads, and whether the answer of any of them changes where a read forgets its scope."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from django.apps import apps
from django.core.cache import cache

from tests.access.asks import Answer, Ask, Told, asks
from tests.access.planted import Read, Watch
from tests.access.world import World

type Leaks = Callable[[Read], bool]


def nowhere(_read: Read) -> bool:
    return False


def is_inner(read: Read) -> bool:
    """Called by another ``visible_to``: what a letter's lines show follows the letters."""
    return "querysets.py::" in read.where


class Survey:
    """``reached``: the asks that come by a read. ``opened``: the same where every read but the inner ones leaks.

    With all open, people come by what lies behind another scope: a page that is a 404 for them is read to its end.
    """

    def __init__(self, world: World, watch: Watch) -> None:
        self.world, self.watch = world, watch
        cache.clear()  # what an earlier test left there would keep a page from asking
        every = asks(world)
        self.before, self.reached = self._record(every, nowhere)
        beyond = [ask for ask in every if isinstance(ask, Ask) and (ask.past_gates or ask.actor == "elsewhere")]
        self.open, self.opened = self._record(beyond, lambda read: not is_inner(read))

    def reads(self) -> list[Read]:
        return sorted(self.reached.keys() | self.opened.keys())

    def unreached(self) -> set[str]:
        return set(self.watch.sites.values()) - {read.where for read in self.reads()}

    def is_noticed(self, read: Read) -> bool:
        """A leak there and nowhere else is told by an answer, and the answer is the old one without it."""
        return any(
            self._answer(ask, lambda other: other == read) != self.before[ask]
            and self._answer(ask, nowhere) == self.before[ask]
            for ask in self.reached[read]
        )

    def is_second_line(self, read: Read) -> bool:
        """Where all other scopes are gone, this one still hides something."""
        if is_inner(read):
            return self._hides_within(read)
        return any(
            self._answer(ask, lambda other: other != read and not is_inner(other)) != self.open[ask]
            for ask in self.opened[read]
        )

    def _hides_within(self, read: Read) -> bool:
        """The same of an inner one: all open but the rows of the queryset that asks there."""
        outer = _models_of(read.where.split("::")[1].split(".")[0])
        around = {ask for other, found in self.opened.items() if other.model in outer for ask in found}

        def without(other: Read) -> bool:
            return not is_inner(other) and other.model not in outer

        return any(
            self._answer(ask, without) != self._answer(ask, lambda other: other == read or without(other))
            for ask in sorted(around, key=repr)
        )

    def _record(self, every: Iterable[Ask | Told], leaks: Leaks) -> tuple[dict, dict[Read, list]]:
        answers, met = {}, defaultdict(list)
        for ask in every:
            self.watch.met.clear()
            answers[ask] = self._answer(ask, leaks)
            for read in self.watch.met:
                met[read].append(ask)
        return answers, met

    def _answer(self, ask: Ask | Told, leaks: Leaks) -> Answer:
        self.watch.leaks = leaks
        try:
            return ask.answer(self.world)
        except Exception as error:  # noqa: BLE001  # a page that breaks by a leak has told of it
            return (repr(error),)
        finally:
            self.watch.leaks = nowhere


def _models_of(queryset: str) -> set[str]:
    """The models whose rows that class, or one that derives from it, gives out."""
    return {
        model.__name__
        for model in apps.get_models()
        if queryset in {each.__name__ for each in type(model._default_manager.all()).__mro__}
    }
