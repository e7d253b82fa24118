"""Databases as released versions have left them: rows that their own code has written.

`released/REVISION.json` holds every row of a small site, as SQLite kept them, bytes as
`{"hex": …}`: comments of all fates, and from 0002 on complaints, appeals, people's
decisions, words of the site's own, an endpoint and failed sign-ins; from 0005 on what
is sealed, erased and learnt from, and from 0006 on a caller's count.  `tests.release`
writes the next one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Boolean, Connection, MetaData, delete, insert, select, text

from service.store.database import Database, create_file
from service.store.migrate import SCRIPTS

FOLDER = Path(__file__).parent / "released"
RELEASED = sorted(file.stem for file in FOLDER.glob("*.json"))
"""The newest migration of each release."""

Rows = dict[str, list[dict[str, Any]]]


def make(database: Database, revision: str) -> Rows:
    """Let an empty database be what a release has left; gives its rows."""
    create_file(database)
    stored = json.loads((FOLDER / f"{revision}.json").read_text())
    with database.writing() as connection:
        upgrade(connection, revision)
        tables = MetaData()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            if table.name not in stored:
                continue
            switches = {c.name for c in table.c if isinstance(c.type, Boolean)}
            rows = [
                {name: _value(name in switches, value) for name, value in row.items()}
                for row in stored[table.name]
            ]
            connection.execute(delete(table))  # What the migrations begin with.
            connection.execute(insert(table), rows)
            if not database.is_sqlite:
                _count_on(connection, table.name)
    return rows_of(database)


def rows_of(database: Database) -> Rows:
    """Every row of every table, in the order of their keys."""
    found: Rows = {}
    with database.reading() as connection:
        tables = MetaData()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            wanted = select(table).order_by(*table.primary_key.columns)
            rows = connection.execute(wanted).mappings()
            found[table.name] = [dict(row) for row in rows]
    return found


def upgrade(connection: Connection, revision: str) -> None:
    """Migrate to a revision."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _value(is_switch: bool, value: Any) -> Any:  # noqa: ANN401  (as JSON has it)
    if isinstance(value, dict):
        return bytes.fromhex(value["hex"])
    return bool(value) if is_switch else value


def _count_on(connection: Connection, table: str) -> None:
    """Have PostgreSQL give out keys that come after those of the rows."""
    found = connection.execute(
        text(
            "SELECT a.attname, pg_get_serial_sequence(:name, a.attname) AS sequence"
            " FROM pg_attribute AS a WHERE a.attrelid = CAST(:name AS regclass)"
            " AND a.attnum > 0 AND NOT a.attisdropped"
        ),
        {"name": table},
    ).all()
    for column, sequence in found:
        if sequence is not None:
            last = f"SELECT setval('{sequence}', max({column})) FROM {table}"  # noqa: S608
            connection.execute(text(last))
