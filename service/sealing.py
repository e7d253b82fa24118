"""Upkeep of the log: every second what is new is sealed, and erased traces are cleared.

Runs in a thread beside the deliverer of webhooks, whose process gives way to those that
answer readers.  Several may run, on several machines.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from service.errors import StoreUnavailable
from service.logs import outline
from service.store import erasing, files
from service.store.database import Database
from service.store.seals import AT_ONCE, Seals

LOOK_S = 1.0
"""How often to look for what is new."""

END_S = 3.0
"""How long the end waits for what is under way."""


class Sealing:
    """A thread that seals."""

    def __init__(
        self, database: Database, log: FilteringBoundLogger, *, look_s: float = LOOK_S
    ) -> None:
        """Wire the parts; nothing is looked at yet."""
        self._database = database
        self._log = log
        self._look_s = look_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sealing", daemon=True)

    def start(self) -> None:
        """Look from now on."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._thread.join(END_S)

    def _run(self) -> None:
        while not self._stopping.wait(self._look_s):
            self._try("sealing", lambda: seal_all(self._database, self._stopping))
            self._try("clearing", lambda: clear_traces(self._database))

    def _try(self, what: str, work: Callable[[], object]) -> None:
        """Do some work; the next look does what could not be done now."""
        try:
            work()
        except StoreUnavailable as error:
            self._log.warning("upkeep has to wait", what=what, reason=str(error))
        except Exception as error:  # The thread has to go on looking.
            self._log.error("upkeep failed", what=what, **outline(error))


def seal_all(database: Database, stopping: threading.Event | None = None) -> int:
    """Seal what is there, in small transactions, and say how many decisions that were.

    Raises:
        StoreUnavailable: the database does not answer; what was sealed stays so.
    """
    seals, count, new = Seals(database), 0, AT_ONCE
    while new == AT_ONCE and not (stopping and stopping.is_set()):
        new = seals.seal()
        count += new
    return count


def clear_traces(database: Database) -> bool:
    """Take from the files what erasures could not, because they were in use.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    count = erasing.uncleared(database)
    if count and files.empty_log(database):
        erasing.cleared(database, count)
        return True
    return False
