"""gunicorn's log, and that of any library in its processes, as JSON like the service's.

On a terminal both stay as they are.  What is logged is not decided here.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO, cast

# gunicorn ships no annotations.
from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from service.telemetry.lines import JsonFormatter, Sink


class ServerLog(Logger):  # type: ignore[misc]
    """Named as gunicorn's `logger_class`."""

    def setup(self, cfg: Config) -> None:
        """Write as JSON; called again at every reload."""
        super().setup(cfg)
        if sys.stderr.isatty():
            return
        self._formatter = JsonFormatter()
        for handler in self.error_log.handlers:
            handler.setFormatter(self._formatter)
        root = logging.getLogger()
        for handler in root.handlers[:]:
            if isinstance(handler.formatter, JsonFormatter):
                root.removeHandler(handler)
        root.addHandler(to_stderr(self._formatter))

    def complete_by(self, add: Callable[[MutableMapping[str, Any]], None]) -> None:
        """Have every line of this process completed; in a worker."""
        if not sys.stderr.isatty():
            self._formatter.complete = add


def to_stderr(formatter: JsonFormatter) -> logging.Handler:
    """A handler for warnings, and what is worse, of whoever has none of its own."""
    handler = logging.StreamHandler(cast(TextIO, Sink(sys.stderr, lambda: None)))
    handler.setLevel(logging.WARNING)
    handler.setFormatter(formatter)
    return handler
