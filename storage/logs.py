"""Logs of a process: codes, ids and counts, one JSON object a line, never what a person typed (AUD-05).

Loggers that are not ours (the engine's SDK, the HTTP server, drivers) may put an exception's text or an argument into
their message. Of those only the place and the type are kept.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_OURS = "fairclaim"


def configure(level: str, *, process: str) -> None:
    """Send everything to standard error as JSON lines; ``process`` names who writes."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_exception,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
    root.addHandler(_Foreign())
    root.setLevel(max(number, logging.WARNING) if number > logging.DEBUG else logging.DEBUG)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"


class _Foreign(logging.Handler):
    """Other people's log records, cut down to what cannot hold a name."""

    def __init__(self) -> None:
        super().__init__()
        self._log = structlog.get_logger(_OURS)

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        self._log.log(
            record.levelno,
            "foreign",
            logger=record.name,
            where=f"{record.module}:{record.lineno}",
            **({"error": error} if error else {}),
        )


def _without_exception(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    # A trace or message of ours could quote data; callers name the error's type themselves.
    event.pop("exc_info", None)
    event.pop("exception", None)
    return event
