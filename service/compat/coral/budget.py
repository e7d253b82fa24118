"""Work that has to be done by a moment, or else is not waited for.

What is under way cannot be stopped in Python: it goes on in a thread of its own until
it is done, and only so much of it goes on at once.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")


class Late(Exception):
    """It is not done in time."""


class Busy(Exception):
    """As much as may be under way at once is."""


class Pool:
    """Threads for such work.  Safe for threads; none runs before the first work."""

    def __init__(self, places: int) -> None:
        """Have room for so many pieces of work at once."""
        self._places = BoundedSemaphore(places)
        self._threads = ThreadPoolExecutor(places, thread_name_prefix="coral")

    def run(self, work: Callable[[], T], until: float) -> T:
        """Do work and return what it does; its own errors are raised as they are.

        Args:
            work: called in another thread; it goes on if nobody waits for it any more.
            until: when it has to be done, by `perf_counter`.

        Raises:
            Late: it is not done by then, or it is that late already.
            Busy: there is no room.
        """
        if until <= perf_counter():
            raise Late
        if not self._places.acquire(blocking=False):
            raise Busy
        future = self._threads.submit(self._do, work)
        return waited(future, until)

    def _do(self, work: Callable[[], T]) -> T:
        try:
            return work()
        finally:
            self._places.release()


def waited(future: Future[T], until: float) -> T:
    """What comes of a future by a moment of `perf_counter`.

    Raises:
        Late: nothing does.
    """
    try:
        return future.result(timeout=max(0.0, until - perf_counter()))
    except TimeoutError:
        if future.done():  # Just now; or the error is the work's own.
            return future.result()
        raise Late from None
