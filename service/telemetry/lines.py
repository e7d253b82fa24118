"""How lines of a log are written, and what may stand in them: ours and gunicorn's.

Imports nothing of ours: gunicorn's master has it, and what that has once imported stays
as it was when new code is served after a reload.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO


class Sink:
    """Where lines go: whole, at once, and with no harm if they cannot.

    Past the stream's buffers, for what they could not get rid of they would keep.
    """

    def __init__(self, stream: TextIO, on_loss: Callable[[], None]) -> None:
        """Wire the parts; `on_loss` is told of every line that is lost."""
        buffer = getattr(stream, "buffer", None)
        self._file = getattr(buffer, "raw", buffer)
        self._stream = stream
        self._on_loss = on_loss

    def write(self, text: str) -> None:
        """Write a line with its break, or lose it."""
        try:
            if self._file is None:  # A stream of a test's.
                self._stream.write(text)
                return
            rest = text.encode(errors="backslashreplace")
            while rest:
                rest = rest[self._file.write(rest) or len(rest) :]
        except (OSError, ValueError):
            self._on_loss()

    def flush(self) -> None:
        """Nothing is kept back."""


class JsonFormatter(logging.Formatter):
    """Lines of other packages, gunicorn's above all, in the shape of ours.

    `complete` may be set: it adds to a line what else is known just then.
    """

    def __init__(self) -> None:
        super().__init__()
        self.complete: Callable[[MutableMapping[str, Any]], None] = lambda event: None

    def format(self, record: logging.LogRecord) -> str:
        """One JSON object; of an error only what `outline` says."""
        event: dict[str, Any] = {
            "event": record.getMessage(),
            "logger": record.name,
            "pid": record.process,
        }
        if record.exc_info and record.exc_info[1]:
            event |= outline(record.exc_info[1])
        self.complete(event)
        event["level"] = record.levelname.lower()
        moment = datetime.fromtimestamp(record.created, UTC)
        event["timestamp"] = f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"
        return json.dumps(event)


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
