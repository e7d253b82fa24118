"""The secrets as requests find them: at hand, also while the database is not.

Coral publishes a comment that it gets no answer about.  So what was last read goes on
to count while the database cannot be read, and waiting for it never takes all the time
that a request has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from time import perf_counter

from service.compat.coral.budget import Late, waited
from service.errors import StoreUnavailable
from service.store.coral import Secret

REMEMBER_S = 5.0
"""How long secrets, sites and policies count before they are read again."""
AGAIN_S = 1.0
"""How long a database that did not answer in time is left alone."""

Load = Callable[[], Sequence[Secret]]


class Keyring:
    """The secrets of all sites.  Safe for threads."""

    def __init__(
        self,
        load: Load,
        on_failure: Callable[[Exception], None],
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        """Wire the parts.

        Args:
            load: reads all secrets; may take long.
            on_failure: told when they cannot be read; must not raise.
            clock: seconds, as `perf_counter`.
        """
        self._load = load
        self._on_failure = on_failure
        self._clock = clock
        self._lock = Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="coral-secrets")
        self._look: Future[Sequence[Secret]] | None = None
        self._known: Sequence[Secret] | None = None
        self._until = 0.0

    def secrets(self, until: float) -> Sequence[Secret] | None:
        """The secrets, no older than REMEMBER_S if the database answers.

        Args:
            until: how long may be waited for them, by `perf_counter`.

        Returns:
            Those last read if it does not; None if none were ever read.
        """
        look = self._begun()
        if look is None:
            return self._known
        try:
            waited(look, until)
        except (Late, StoreUnavailable) as error:
            self._on_failure(error)
            with self._lock:
                self._until = self._clock() + AGAIN_S
        return self._known

    def _begun(self) -> Future[Sequence[Secret]] | None:
        """The look at the database that is to be waited for; None for none.

        Where nothing is known yet, whoever comes waits: any other answer is worse.
        """
        with self._lock:
            if self._known is not None and self._clock() < self._until:
                return None
            if self._look is None or self._look.done():
                self._look = self._thread.submit(self._read)
            return self._look

    def _read(self) -> Sequence[Secret]:
        began = self._clock()
        known = self._load()
        with self._lock:
            self._known, self._until = known, began + REMEMBER_S
        return known
