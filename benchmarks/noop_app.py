"""The least a Flask app can do with JSON: an object in, an object out; the floor.

Of it there is one that commits a row of each comment's id, by the driver alone.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
from flask import Flask, Response, jsonify, request

TABLE = "CREATE TABLE IF NOT EXISTS least (id TEXT PRIMARY KEY)"

Keep = Callable[[str], object]
"""Commits an id."""


def create_app() -> Flask:
    """A service whose every verdict is accept."""
    return made(lambda comment_id: None)


def create_keeping_app() -> Flask:
    """One that commits the id of each comment before it answers."""
    url = os.environ.get("DATABASE_URL")
    folder = Path(os.environ["REFRAIN_DATA_DIR"])
    return made(in_postgresql(url) if url else in_sqlite(folder / "least.db"))


def made(keep: Keep) -> Flask:
    """The app."""
    app = Flask(__name__)

    @app.post("/v1/moderate")
    def moderate() -> Response:
        body = request.get_json()
        keep(body.get("id"))
        return jsonify(id=body.get("id"), decision="accept", flagged=False, reasons=[])

    @app.get("/readyz")
    def ready() -> Response:
        return jsonify(status="ready")

    return app


def in_sqlite(file: Path) -> Keep:
    """Set as the service's own file; each thread has a connection of its own."""
    own = threading.local()

    def connected() -> sqlite3.Connection:
        connection = sqlite3.connect(file, isolation_level=None, timeout=5)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(TABLE)
        return connection

    def keep(comment_id: str) -> None:
        if not hasattr(own, "connection"):
            own.connection = connected()
        own.connection.execute("INSERT INTO least VALUES (?)", (comment_id,))

    return keep


def in_postgresql(url: str) -> Keep:
    """Each thread has a connection of its own."""
    own = threading.local()

    def keep(comment_id: str) -> None:
        if not hasattr(own, "connection"):
            own.connection = psycopg.connect(url, autocommit=True)
        own.connection.execute("INSERT INTO least VALUES (%s)", (comment_id,))

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")  # One worker at a time.
        connection.execute(TABLE)
    return keep
