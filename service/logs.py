"""The service's own log: one JSON object a line, or plain words on a terminal.

A line that is logged while a request is served bears its `request_id` and `trace_id`.
No line holds a comment's text, an API key, a path or a query string.  Faults are always
logged; so are, at level INFO, requests that were refused or slow, and at DEBUG all.

A line that cannot be written, for the disk is full or nobody reads the pipe any more,
is lost and counted: it fails no request.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO, cast

import structlog
from structlog.typing import FilteringBoundLogger, Processor

from service.telemetry.current import CURRENT
from service.telemetry.lines import Sink
from service.telemetry.lines import outline as outline


def make_log(
    level: str,
    stream: TextIO | None = None,
    *,
    on_loss: Callable[[], None] = lambda: None,
) -> FilteringBoundLogger:
    """Build a log that writes what is at least as important as `level`.

    Args:
        level: DEBUG, INFO, WARNING or ERROR.
        stream: standard error if None; plain words if it is a terminal.
        on_loss: told of every line that cannot be written.
    """
    stream = stream or sys.stderr
    last: Processor = (
        structlog.dev.ConsoleRenderer()
        if stream.isatty()
        else structlog.processors.JSONRenderer()
    )
    log: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(cast(TextIO, Sink(stream, on_loss))),
        processors=[
            _with_ids,
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


def add_ids(event: MutableMapping[str, Any]) -> None:
    """Say in a line which request it is that is being served, if one is."""
    current = CURRENT.get()
    if current is not None:
        event["request_id"] = current.request_id
        event["trace_id"] = current.trace_id


class AccessLog:
    """A line for each request, as a log of `make_log` writes it.

    Put together by hand: so it takes 2 µs, and 8 by structlog (CPU, one thread, to a
    file).  Of the usual request it is 3 to 5 % all the same, in the midst of which
    nothing of this is in the processor's cache: hence DEBUG for those.
    """

    def __init__(
        self,
        log: FilteringBoundLogger,
        stream: TextIO | None = None,
        *,
        on_loss: Callable[[], None] = lambda: None,
    ) -> None:
        """Wire the parts.

        Args:
            log: says what is important enough, and writes to a terminal.
            stream: as in `make_log`.
            on_loss: likewise.
        """
        stream = stream or sys.stderr
        self._log = log
        self._sink = Sink(stream, on_loss)
        self._is_plain = stream.isatty()
        self._heads: dict[tuple[str, str, int, bool], str] = {}
        self._second = 0, ""

    def write(
        self, method: str, route: str, status: int, seconds: float, *, is_quiet: bool
    ) -> None:
        """Log an answered request.

        Args:
            method: one that is known, for it is written as it is.
            route: the rule, not the path.
            status: of HTTP.
            seconds: how long the answer took.
            is_quiet: whether it is worth no more than level DEBUG.
        """
        level = logging.DEBUG if is_quiet else logging.INFO
        if not self._log.is_enabled_for(level):
            return
        current = CURRENT.get()
        if self._is_plain or current is None:
            ms = round(seconds * 1e3, 3)
            values = {"method": method, "route": route, "status": status, "ms": ms}
            self._log.log(level, "request", **values)
            return
        key = method, route, status, is_quiet
        head = self._heads.get(key)
        if head is None:
            head = self._heads[key] = _head(*key)
        self._sink.write(
            f'{head}{seconds * 1e3:.3f}, "request_id": "{current.request_id}", '
            f'"trace_id": "{current.trace_id}", "timestamp": "{self._now()}"}}\n'
        )

    def _now(self) -> str:
        """The time as structlog writes it; but for its fraction, kept for a second."""
        now = time.time()
        whole = int(now)
        second, text = self._second
        if whole != second:
            text = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
            self._second = whole, text
        return f"{text}.{int((now - whole) * 1e6):06d}Z"


def _head(method: str, route: str, status: int, is_quiet: bool) -> str:
    """The part of a line that all of a kind have in common: few kinds, many lines."""
    level = "debug" if is_quiet else "info"
    fields = {"event": "request", "level": level, "method": method}
    whole = json.dumps(fields | {"route": route, "status": status, "ms": 0})
    return whole.removesuffix("0}")


def _with_ids(
    logger: object, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """`add_ids` as structlog wants it."""
    add_ids(event)
    return event
