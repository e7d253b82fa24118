"""How many requests a caller may make in a minute, whichever process they meet.

The count is shared, but asking for it costs more than most requests.  So each process
leases some of a caller's requests at a time: as many as it has lately seen of them in a
second, and never more than a tenth of what is left.  What all processes admit together
is so never more than the limit; what is leased and not used is lost with the minute.

Where the count cannot be reached, the next one is taken, and in the end each process
counts for itself: nobody is refused because of a fault of ours.  Knows no HTTP.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock
from typing import NamedTuple, Protocol

from service.errors import StoreUnavailable

MINUTE_S = 60
LEASE_S = 1.0
"""A lease is made to last so long: about so often a process asks for a busy caller."""
SHARE = 10
"""A lease is at most one part in so many of what is left of the minute."""
REST_S = 5.0
"""How long a count that cannot be reached is left alone, at least."""
REMEMBERED = 1024
"""Callers whose leases a process keeps in mind."""
SHORTEST_S = 0.001
"""Since the last lease at least so much time has passed: clocks go in steps."""


class Count(Protocol):
    """A count that processes share."""

    def count(self, subject: bytes, minute: int, requests: int) -> int:
        """Count requests; how many that makes in this minute.

        Raises:
            StoreUnavailable: it cannot be reached.
        """
        ...


class Standing(NamedTuple):
    """How a caller stands: whether this request is admitted, and what is left.

    `remaining` are requests, as far as this process knows; `reset_s` are whole seconds
    until all of the limit is there again, from 1 to MINUTE_S.
    """

    is_admitted: bool
    limit: int
    remaining: int
    reset_s: int


@dataclass(slots=True)
class Lease:
    """What a process may still admit of a caller's requests in a minute.

    `unleased` is what of the limit no process has leased, as was last heard.
    """

    minute: int
    unleased: int
    permits: int = 0
    admitted: int = 0
    taken: int = 0
    taken_at: float = 0.0

    def begin(self, minute: int, limit: int) -> None:
        """Begin another minute; how fast requests come is remembered."""
        self.minute, self.unleased, self.permits, self.admitted = minute, limit, 0, 0

    def wanted(self, now: float) -> int:
        """How many to lease next."""
        rate = self.taken / max(now - self.taken_at, SHORTEST_S)
        return max(1, min(int(rate * LEASE_S), self.unleased // SHARE))

    def take(self, permits: int, unleased: int, now: float) -> None:
        """Take over what was leased."""
        self.permits += permits
        self.unleased = unleased
        self.taken, self.taken_at = permits, now

    def admit(self) -> bool:
        """Admit a request, if one is left."""
        if self.permits == 0:
            return False
        self.permits -= 1
        self.admitted += 1
        return True


class Limiter:
    """The limit of every caller.  Safe for threads."""

    def __init__(
        self,
        limit: int,
        counts: Mapping[str, Count],
        *,
        secret: Callable[[str], bytes],
        on_failure: Callable[[str, StoreUnavailable], None],
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wire the parts.

        Args:
            limit: requests in a minute, at least 1.
            counts: by name, the one that is asked first being the first.
            secret: `Store.key_for`; callers are known to the counts by keyed hashes.
            on_failure: told the name of a count that cannot be reached; must not raise.
            clock: seconds since 1970; says which minute it is.
            steady: seconds since whenever, never set; says how long something took.
        """
        self.limit = limit
        self._counts = counts
        self._secret = secret
        self._on_failure = on_failure
        self._clock = clock
        self._steady = steady
        self._lock = Lock()
        self._leases: dict[bytes, Lease] = {}
        self._resting: dict[str, float] = {}
        self._retried: set[str] = set()

    def admit(self, caller: bytes) -> Standing:
        """Count a request of a caller; says whether it is one too many."""
        now = self._clock()
        minute = int(now // MINUTE_S)
        with self._lock:
            lease = self._lease_of(caller, minute)
            if lease.permits or not lease.unleased:
                return self._standing(lease, lease.admit(), now)
            asked_at = self._steady()
            wanted = lease.wanted(asked_at)
        # Unlocked, for it may take long; threads that come meanwhile lease as well.
        counted = self._counted(caller, minute, wanted)
        with self._lock:
            if counted is None:
                # Only now, and in the minute it is now: others did so meanwhile.
                counted = lease.admitted + lease.permits + wanted
            elif lease.minute != minute:
                # The minute is over, but what was asked for in it is good.
                return self._standing(lease, self._given(counted, wanted) > 0, now)
            given = self._given(counted, wanted)
            lease.take(given, max(0, self.limit - counted), asked_at)
            return self._standing(lease, lease.admit(), now)

    def _lease_of(self, caller: bytes, minute: int) -> Lease:
        lease = self._leases.get(caller)
        if lease is None:
            if len(self._leases) >= REMEMBERED:
                self._leases.clear()
            lease = self._leases[caller] = Lease(minute, self.limit)
        elif lease.minute != minute:
            lease.begin(minute, self.limit)
        return lease

    def _given(self, counted: int, wanted: int) -> int:
        """How many of the last counted requests are within the limit."""
        return max(0, min(wanted, self.limit - (counted - wanted)))

    def _counted(self, caller: bytes, minute: int, wanted: int) -> int | None:
        """Count where it can be counted; None if no count can be reached."""
        for name, count in self._counts.items():
            if not self._may_ask(name):
                continue
            begun = self._steady()
            try:
                counted = count.count(self._subject(caller), minute, wanted)
            except StoreUnavailable as error:
                self._rest(name, begun)
                self._on_failure(name, error)
                continue
            finally:
                self._retried.discard(name)
            self._resting.pop(name, None)
            return counted
        return None

    def _may_ask(self, name: str) -> bool:
        """Whether to ask a count now.

        One that failed is tried again by one thread alone: the others would only wait
        as long as that one does.
        """
        with self._lock:
            until = self._resting.get(name)
            if until is None:
                return True
            if name in self._retried or self._steady() < until:
                return False
            self._retried.add(name)
            return True

    def _rest(self, name: str, begun: float) -> None:
        """Leave a count alone, and for no less time than asking it in vain took."""
        now = self._steady()
        self._resting[name] = now + max(REST_S, now - begun)

    def _subject(self, caller: bytes) -> bytes:
        key = self._secret("rate limits")
        return blake2b(caller, key=key, digest_size=32).digest()

    def _standing(self, lease: Lease, is_admitted: bool, now: float) -> Standing:
        return Standing(
            is_admitted,
            self.limit,
            lease.permits + lease.unleased,
            MINUTE_S - int(now % MINUTE_S),
        )
