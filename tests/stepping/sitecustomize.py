"""A clock that can be put: any Python whose path leads here reads this file first.

The file that is named by CLOCK says by how many seconds the clock is wrong; the clock
of intervals (`time.monotonic`) is right, as it is on a machine whose clock is put.
"""

from __future__ import annotations

import datetime
import os
import time
from pathlib import Path
from typing import Any

_FILE = Path(os.environ["CLOCK"])
_time, _time_ns, _true = time.time, time.time_ns, datetime.datetime


def _wrong_by() -> float:
    return float(_FILE.read_text() or "0")


class _Kind(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _true)


class _Put(datetime.datetime, metaclass=_Kind):
    """The time as that clock shows it; all that it makes is a plain `datetime`."""

    def __new__(cls, *args: Any, **named: Any) -> Any:  # noqa: ANN401 - as its base
        return _true(*args, **named)

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:  # noqa: ANN401 - likewise
        return _true.now(tz) + datetime.timedelta(seconds=_wrong_by())


time.time = lambda: _time() + _wrong_by()
time.time_ns = lambda: _time_ns() + int(_wrong_by() * 1e9)
datetime.datetime = _Put  # type: ignore[misc]
