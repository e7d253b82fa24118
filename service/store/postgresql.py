"""How PostgreSQL is connected to, so that a server which falls silent is given up.

Imported only where there is one: psycopg takes 50 ms that SQLite has no need of.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Self, TypeVar

from psycopg import Connection, Cursor, OperationalError
from psycopg.abc import PQGen
from psycopg.errors import FeatureNotSupported
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


SECRETS = (
    "password",
    "sslpassword",
    "oauth_client_secret",
    "scram_client_key",
    "scram_server_key",
)
"""What nobody may see of the parameters that libpq takes (section 32.1.2 of the manual
of PostgreSQL); SQLAlchemy shows them all with the URL, the first one, too."""


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


class Again(Cursor[TupleRow]):
    """A cursor that runs a statement again if its prepared form has become useless.

    PostgreSQL refuses the latter, with 0A000, where somebody has changed the type of a
    column that it returns.  psycopg forgets it when a transaction is rolled back; where
    a statement is one by itself, it would be refused as long as the connection lasts.
    """

    __slots__ = ()

    def execute(self, *args: object, **named: object) -> Self:
        """Run a statement; twice only if nothing came before it in its transaction."""
        pgconn = self.connection.pgconn
        is_first = pgconn.transaction_status == TransactionStatus.IDLE
        run: Callable[..., Self] = super().execute
        try:
            return run(*args, **named)
        except FeatureNotSupported:
            if not is_first:
                raise
        if pgconn.transaction_status == TransactionStatus.IDLE:
            run("DEALLOCATE ALL")  # psycopg sees that, and forgets them.
        else:
            self.connection.rollback()
        return run(*args, **named)


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
