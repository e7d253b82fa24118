"""Whether the service can do its work just now, and if not, what is wrong, by name.

Checked are the database, its schema, its disk, the model, and whether this process
follows what is promoted.  Whom to tell, and how, is for others to say.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Lock

from service.errors import Fault, StoreUnavailable
from service.judging.follower import Follower
from service.moderation import Moderation
from service.store.store import PING_S, Store

REMEMBER_S = 1.0
"""How long what the database said is good enough: nobody needs a key to ask for it."""
STUCK_S = 60.0
"""How long a follower may not have looked; it looks every two seconds."""
LOW = 256 * 2**20
"""Bytes below which there is little space left on a disk."""

DATABASE, SCHEMA, DISK = "database", "schema", "disk"
MODEL, FOLLOWER = "model", "follower"
OF_DISK = frozenset({Fault.FULL, Fault.IO})


class Status(StrEnum):
    """How a check ended.  WARNING: it works, but somebody should look at it."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that has to be there; `detail` is a sentence unless it is OK."""

    name: str
    status: Status
    detail: str = ""


class Readiness:
    """Checks what a process needs.  Safe for threads."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wire the parts; nothing is looked at yet.

        Args:
            store: that has to answer.
            folder: of what is written, an SQLite file perhaps.
            clock: seconds from some point on.
        """
        self._store = store
        self._folder = folder
        self._clock = clock
        self._asked: tuple[float, StoreUnavailable | None] | None = None
        self._lock = Lock()

    def checks(self, moderation: Moderation, follower: Follower) -> Sequence[Check]:
        """Check everything; the service is ready if nothing FAILED."""
        return (
            *self._of_store(),
            of_model(moderation, follower),
            of_follower(follower),
        )

    def free(self) -> int | None:
        """Bytes that are left on the disk; None if that cannot be said."""
        try:
            return shutil.disk_usage(self._folder).free
        except OSError:
            return None

    def _of_store(self) -> tuple[Check, Check, Check]:
        error = self._ask()
        fault = error.fault if error else None
        failed = Check(DATABASE, Status.FAILED, str(error))
        unknown = "The database does not say."
        if error is None:
            return Check(DATABASE, Status.OK), Check(SCHEMA, Status.OK), self._space()
        if fault is Fault.NEWER:
            # In a rolling update the old ones serve on: migrations only add.
            schema = Check(SCHEMA, Status.WARNING, str(error))
            return Check(DATABASE, Status.OK), schema, self._space()
        if fault is Fault.SCHEMA:
            schema = Check(SCHEMA, Status.FAILED, str(error))
            return Check(DATABASE, Status.OK), schema, self._space()
        schema = Check(SCHEMA, Status.UNKNOWN, unknown)
        if fault in OF_DISK:
            return failed, schema, Check(DISK, Status.FAILED, str(error))
        return failed, schema, self._space()

    def _ask(self) -> StoreUnavailable | None:
        """What the database says; nothing if all is well."""
        # A database that hangs must not take one thread after the other.
        if not self._lock.acquire(timeout=PING_S):
            return StoreUnavailable("The database takes long to answer.")
        try:
            if self._asked is None or self._clock() >= self._asked[0] + REMEMBER_S:
                self._asked = self._clock(), self._ping()
            return self._asked[1]
        finally:
            self._lock.release()

    def _ping(self) -> StoreUnavailable | None:
        try:
            self._store.ping()
        except StoreUnavailable as error:
            return error
        return None

    def _space(self) -> Check:
        free = self.free()
        if free is None:
            return Check(DISK, Status.UNKNOWN, "The free space cannot be told.")
        if free < LOW:
            left = f"Only {free // 2**20} MiB are left on the disk."
            return Check(DISK, Status.WARNING, left)
        return Check(DISK, Status.OK)


def of_model(moderation: Moderation, follower: Follower) -> Check:
    """Whether the model judges that should; another one is better than none."""
    if not moderation.may_record:
        unknown = "Which version of the model should serve is not known yet."
        return Check(MODEL, Status.FAILED, unknown)
    if follower.problem:
        return Check(MODEL, Status.WARNING, follower.problem)
    return Check(MODEL, Status.OK)


def of_follower(follower: Follower) -> Check:
    """Whether this process would hear of a promotion, or of a rollback."""
    if not follower.is_alive:
        return Check(FOLLOWER, Status.FAILED, "The model is followed no more.")
    if follower.age_s > STUCK_S:
        since = f"The model has not been followed for {follower.age_s:.0f} seconds."
        return Check(FOLLOWER, Status.FAILED, since)
    return Check(FOLLOWER, Status.OK)
