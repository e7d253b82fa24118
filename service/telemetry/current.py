"""The request that is being served just now: its ids, and the stages it goes through.

Whoever logs or judges need not be told of it.  A thread of its own, as the follower's,
serves no request.  Sends nothing anywhere: that is `service.telemetry.tracing`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from random import getrandbits
from typing import NamedTuple, Protocol

from service.telemetry.traceparent import Traceparent


class Traced(Protocol):
    """A request whose course is recorded; see `service.telemetry.tracing`."""

    @property
    def span_id(self) -> str:
        """16 lower-case hex digits."""

    @property
    def trace_id(self) -> str:
        """32 lower-case hex digits."""

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Note when something begins and ends."""

    def end(self, method: str, route: str, status: int) -> None:
        """Note the answer; nothing more is to be noted after that."""


class Current(NamedTuple):
    """A request that is being served.

    `request_id` is ours, 16 hex digits, new for each; `trace_id` is the caller's if
    that was sent.  `traced` is None for a request that is not recorded.
    """

    request_id: str
    trace_id: str
    traced: Traced | None = None


CURRENT: ContextVar[Current | None] = ContextVar("refrain.current", default=None)
"""Of the thread, None between requests."""

NOTHING = nullcontext()


def new_request(parent: Traceparent | None, traced: Traced | None = None) -> Current:
    """Give a request its ids: those of the span if it is recorded, else new ones.

    They are no secrets, so no system call is made for them.
    """
    if traced is not None:
        return Current(traced.span_id, traced.trace_id, traced)
    # No secrets: an id tells nothing and opens nothing.
    both = f"{getrandbits(192):048x}"  # nosec B311
    return Current(both[:16], parent.trace_id if parent else both[16:])


@contextmanager
def serving(current: Current) -> Iterator[Current]:
    """Serve a request in this thread until the block ends."""
    token = CURRENT.set(current)
    try:
        yield current
    finally:
        CURRENT.reset(token)


def stage(name: str) -> AbstractContextManager[None]:
    """What a request goes through, to be recorded if the request is."""
    current = CURRENT.get()
    if current is None or current.traced is None:
        return NOTHING
    return current.traced.stage(name)
