"""The migrations make exactly the tables that the code expects."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy import text as sql

from model.finding import Rule
from service.store.cases import Filters, Order
from service.store.database import Database, create_file, open_database
from service.store.desk import Desk
from service.store.migrate import SCRIPTS, migrate
from service.store.schema import HEAD, metadata


def test_the_code_knows_its_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))

    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_the_migrated_tables_are_those_of_the_schema(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        differences = compare_metadata(context, metadata)

    assert differences == []


def test_migrating_again_changes_nothing(empty_url: str) -> None:
    database = open_database(empty_url)

    assert migrate(database) is True
    assert migrate(database) is False
    database.close()


def test_what_waited_before_the_desk_is_found_by_it(empty_url: str) -> None:
    database = of_release(empty_url, "0001")
    with database.writing() as connection:
        for key, text in enumerate(("You dummy!", "you DUMMY", None), start=1):
            comment_before_the_desk(connection, key, text)

    migrate(database)

    desk = Desk(database)
    filters = Filters(rule=Rule.PERSONAL, least=0.5)
    page = desk.queue(1, filters, Order.OLDEST, by="Mary", now=datetime.now(UTC))
    assert [(card.id, card.text, card.like_it) for card in page.cards] == [
        ("c-1", "You dummy!", 1),
        ("c-3", None, 0),
    ]
    database.close()


def test_what_was_counted_before_versions_were_stored_is_counted_anew(
    empty_url: str,
) -> None:
    database = of_release(empty_url, "0002")
    with database.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO tallies (site_id, day, figures) VALUES (1, 20000, '{}')"
        )

    migrate(database)

    with database.reading() as connection:
        assert connection.scalar(sql("SELECT count(*) FROM tallies")) == 0
    database.close()


def of_release(url: str, revision: str) -> Database:
    """A database with the tables of an older release, and a site."""
    database = open_database(url)
    create_file(database)
    with database.writing() as connection:
        upgrade(connection, revision)
        connection.exec_driver_sql(
            "INSERT INTO sites (id, name, policy_version, created_at) "
            "VALUES (1, 'paper', 1, 0)"
        )
    return database


def comment_before_the_desk(connection: Connection, key: int, text: str | None) -> None:
    reason = {
        "rule": "personal",
        "attribute": "INSULT",
        "source": "classifier",
        "score": 0.6,
        "threshold": 0.4,
        "spans": [],
        "message": "Possibly an insult.",
    }
    values = {"key": key, "id": f"c-{key}", "hash": bytes(32)}
    connection.execute(
        sql(
            "INSERT INTO comments (key, site_id, id, revision, text_hash, decision,"
            " outcome, flagged, received_at)"
            " VALUES (:key, 1, :id, 1, :hash, 1, 'accept', TRUE, :key)"
        ),
        values,
    )
    connection.execute(
        sql(
            "INSERT INTO decisions (key, comment_key, number, revision, outcome,"
            " flagged, reasons, model, policy, decided_by, decided_at)"
            " VALUES (:key, :key, 1, 1, 'accept', TRUE, :reasons, 'm', 'paper@1',"
            " 'automatic', :key)"
        ),
        {"key": key, "reasons": json.dumps([reason])},
    )
    if text is not None:
        connection.execute(
            sql("INSERT INTO texts (comment_key, revision, text) VALUES (:key, 1, :t)"),
            {"key": key, "t": text},
        )


def upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
