"""Errors that a person caused and a person can mend, and what a database or a disk says of its own. Pure Python."""

import errno

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
"""What a system says of a disk that is full, or of somebody whose share of it is."""


class RuleViolation(Exception):
    """A rule of the business was broken; the message is one sentence fit for the user.

    Domain verbs raise a child of this class. Views turn it into a message, commands into exit code 1.
    """


class PeriodClosed(RuleViolation):
    """A write touches a period that is closed; ``leaf`` is the key of the first such period, 0 where nobody asks."""

    def __init__(self, message: str = "", leaf: int = 0) -> None:
        super().__init__(message)
        self.leaf = leaf


class NothingToDo(RuleViolation):
    """The action would change nothing, and the user should hear why."""


def has_no_room(error: BaseException | None) -> bool:
    """Whether a folder, of temporary files say, had no room left: somebody makes some, and the same thing works."""
    return isinstance(error, OSError) and error.errno in NO_ROOM


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's five characters for what lies below a database error; empty where there are none."""
    return getattr(error.__cause__, "sqlstate", None) or ""
