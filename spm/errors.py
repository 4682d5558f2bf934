"""Errors that a person caused and a person can mend, and what a database or a disk says of its own. Pure Python."""

import errno

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
"""What a system says of a disk that is full, or of somebody whose share of it is."""

NO_TABLE = frozenset({"42P01", "42703"})
OUT_OF_REACH = frozenset({"", "08", "28", "3D", "53", "57"})
"""Classes of PostgreSQL: none told, connection, sign-in, no such database, no room, shut down."""
SQLITE_STATEMENT = 1
"""SQLite's code for an error of the statement itself; each of its others is about the file."""


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


def lacks_tables(error: BaseException) -> bool:
    """Whether the database lacks a table or a column that this version has: nothing, or not all, is migrated."""
    return sqlstate(error) in NO_TABLE or str(error.__cause__).startswith(("no such table", "no such column"))


def is_out_of_reach(error: BaseException) -> bool:
    """Whether the database can be used for nothing: not there, no access, no room, held by somebody else, damaged."""
    if type(error).__name__ not in ("OperationalError", "DatabaseError"):
        return False
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    return sqlstate(error)[:2] in OUT_OF_REACH if code is None else code & 0xFF != SQLITE_STATEMENT
