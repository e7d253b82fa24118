"""How PostgreSQL is connected to, so that a server which falls silent is given up.

Imported only where there is one: psycopg takes 50 ms that SQLite has no need of.
"""

from __future__ import annotations

from typing import TypeVar

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from sqlalchemy import Engine, event

T = TypeVar("T")

CONNECT_S = 5
"""How long a connection may take; libpq takes whole seconds."""

SILENT: dict[str, int] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""Seconds, and milliseconds, after which a machine that says nothing is taken for gone.
Linux would wait two hours for one that is waited for, and a quarter of an hour for one
that is sent to (tcp(7)): one that lost its power or its network ends no connection."""

EVERY_S = 0.1
"""How often psycopg looks up while it waits, as it does unless told."""


class Silent(OperationalError):
    """The server did not answer in time."""


class Patient(Connection[TupleRow]):
    """A connection that waits so long for an answer and no longer.

    `statement_timeout` would not do: the server itself has to be there to heed it.
    """

    answer_s: float | None = None

    def wait(
        self, gen: PQGen[T], interval: float = EVERY_S, timeout: float | None = None
    ) -> T:
        """Wait for the server; what it has not answered in time ends the connection."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.answer_s)
        except OperationalError as error:
            # Of whatever the server said itself, it has finished the statement.
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
                raise Silent("no answer in time") from error
            raise


def limit(engine: Engine, answer_s: float) -> None:
    """Have every connection of an engine wait no longer than that for an answer."""

    class Limited(Patient):
        pass

    Limited.answer_s = answer_s

    @event.listens_for(engine, "do_connect")
    def connect(
        dialect: object, record: object, args: list[str], named: dict[str, object]
    ) -> Limited:
        return Limited.connect(*args, **named)  # type: ignore[arg-type]
