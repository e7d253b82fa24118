"""The service's own log: one JSON object a line, or plain words on a terminal.

No line holds a comment's text, an API key or a query string.  Faults are always logged;
at level DEBUG every request is, too.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import TextIO

import structlog
from structlog.typing import FilteringBoundLogger, Processor


def make_log(level: str, stream: TextIO | None = None) -> FilteringBoundLogger:
    """Build a log that writes what is at least as important as `level`.

    Args:
        level: DEBUG, INFO, WARNING or ERROR.
        stream: standard error if None; plain words if it is a terminal.
    """
    stream = stream or sys.stderr
    plain = stream.isatty()
    last: Processor = (
        structlog.dev.ConsoleRenderer()
        if plain
        else structlog.processors.JSONRenderer()
    )
    log: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level]
        ),
        cache_logger_on_first_use=True,
    )
    return log


def outline(error: BaseException) -> dict[str, object]:
    """What may be logged of an unexpected error: its type and where it arose.

    Its message is left out: those of parsers and databases repeat what they were given.
    """
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": type(error).__name__,
        "cause": type(error.__cause__).__name__ if error.__cause__ else None,
        "trace": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
