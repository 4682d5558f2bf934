"""Works done at once, in threads that start together; and what it takes to see them collide: no locks, no keys."""

import threading
from contextlib import contextmanager, nullcontext
from time import perf_counter

from django.db import connection, connections, models, transaction

ROUNDS = 20  # reliability 4.3: races are run twenty times


class Race:
    """What each of the works returned or raised, in their order, and whether any two were under way together."""

    def __init__(self, works):
        self.ended, self.spans = [None] * len(works), [(0.0, 0.0)] * len(works)
        self.start = threading.Barrier(len(works))
        threads = [threading.Thread(target=self._run, args=pair) for pair in enumerate(works)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads), "a thread waits for ever"

    def _run(self, place, work):
        try:
            connection.ensure_connection()
            self.start.wait(20)
            began = perf_counter()
            try:
                self.ended[place] = work()
            finally:
                self.spans[place] = (began, perf_counter())
        except BaseException as error:  # noqa: BLE001  # told to the test
            self.ended[place] = error
        finally:
            connections.close_all()

    @property
    def overlapped(self):
        spans = sorted(self.spans)
        return any(later[0] < earlier[1] for earlier, later in zip(spans, spans[1:], strict=False))


def at_once(*works):
    """Run the functions in threads that start together; what each returned or raised, in their order."""
    return Race(works).ended


@contextmanager
def no_lock():
    """A transaction that locks nothing: on SQLite, where BEGIN IMMEDIATE is the lock, there is none at all."""
    connection.ensure_connection()
    with transaction.atomic() if connection.vendor == "postgresql" else nullcontext():
        yield


@contextmanager
def without_unique_keys(*tables):
    """No row of these models is refused for being there already; in the end they are emptied and have their keys."""
    whole = {model: model._meta.constraints for model in tables}
    for model, constraints in whole.items():
        rest = [one for one in constraints if not isinstance(one, models.UniqueConstraint)]
        _rebuild(model, rest, "remove_constraint", [one for one in constraints if one not in rest])
    try:
        yield
    finally:
        for model, constraints in whole.items():
            model.objects.all().delete()
            _rebuild(
                model, constraints, "add_constraint", [one for one in constraints if one not in model._meta.constraints]
            )


def _rebuild(model, constraints, verb, changed):
    model._meta.constraints = constraints  # from which SQLite writes the table anew
    with connection.schema_editor() as editor:
        for one in changed:
            getattr(editor, verb)(model, one)
