"""The form of log lines, and what never reaches one: one-time tokens and searched words in addresses, values of
variables and of rows. Pure Python.

Private text needs no filter, since nothing logs it: logs carry ids, kinds and sentences of broken rules.
Rule: reliability.md §3, 16.2.
"""

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from typing import Any

import structlog

TOKEN = re.compile(r"(?<=[/=])(?=[^/\s?&]*[0-9A-Z])[\w:.\-]{20,}")
"""A path segment or query value that looks like a key: 20 characters or more with a digit or a capital in it."""
SOUGHT = re.compile(r"(?<=[?&]q=)[^&\s]+")
"""What somebody looked for: names of people and customers."""

type Event = MutableMapping[str, Any]


def mask_tokens(logger: Any, method: str, event: Event) -> Event:
    """A structlog processor: in addresses, invitation and password reset keys and searched words become ``…``."""
    for name in ("event", "request", "path"):
        value = event.get(name)
        if isinstance(value, str):
            event[name] = TOKEN.sub("…", SOUGHT.sub("…", value))
    return event


def format_failure(logger: Any, method: str, event: Event) -> Event:
    """A structlog processor: the traceback as text, less the values of the row that PostgreSQL adds to its errors."""
    info = event.get("exc_info")
    error = info[1] if isinstance(info, tuple) else info if isinstance(info, BaseException) else sys.exc_info()[1]
    event = structlog.processors.format_exc_info(logger, method, event)
    for detail in _details(error):
        event["exception"] = event.get("exception", "").replace(detail, "…")
    return event


def _details(error: BaseException | None) -> Iterator[str]:
    """What the database says of rows, in the error and in those it came from; a driver's error has it as ``diag``."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            waiting += [one.__cause__, one.__context__]
            if detail := getattr(getattr(one, "diag", None), "message_detail", None):
                yield detail


class OneLineRefusals(logging.Filter):
    """Drops Django's own record of a request that was refused or not found, which may carry a traceback.

    The line "request_finished" tells the same, with the person and the address it came from. Crashes stay.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        return record.name != "django.request" or getattr(record, "status_code", 500) >= 500


CONSOLE = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
"""For people. Its tracebacks show lines of code, never the values of variables, which are other people's numbers."""
JSON = structlog.processors.JSONRenderer()
BOTH: list[Any] = [  # what every line goes through, whoever logs it
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    format_failure,
    mask_tokens,
]


def configuration(form: str, level: str, *, others: str) -> dict[str, Any]:
    """Django's LOGGING: lines on standard error in one ``form``, "json" or "console".

    ``level`` is that of the product's own loggers, ``others`` that of the libraries.
    """
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.ExtraAdder(allow=["status_code"]),
            *BOTH,
        ],
        "processor": JSON if form == "json" else CONSOLE,
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"structured": formatter},
        "filters": {"one_line_refusals": {"()": OneLineRefusals}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "structured",
                "filters": ["one_line_refusals"],
            }
        },
        "root": {"handlers": ["console"], "level": others},
        "loggers": {"spm": {"level": level}, "targets": {"level": level}},
    }


def configure() -> None:
    """Lines logged through structlog itself take the same form."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            *BOTH,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
