"""The migrations make exactly the tables that the code expects."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from service.store.database import Database, open_database
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
