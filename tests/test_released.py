"""Whatever release has written it, a database comes up to date, and loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from service.auth import key_hash
from service.domain import Comment
from service.sealing import seal_all
from service.store.database import Database, open_database
from service.store.migrate import SCRIPTS, migrate
from service.store.schema import HEAD, metadata
from service.store.seals import Seals
from service.store.store import Store
from tests.fixtures_store import KEY
from tests.released import RELEASED, Rows, make, rows_of
from tests.samples import ACCEPTED
from tests.test_store_processes import PROCESSES, at_once

REPLACED = {"alembic_version", "tallies"}
"""The one says how far the tables are; the other is counted anew from the rest."""
UNUSED = {"deliveries", "looks", "promotions", "tallies"}
"""Those of which the newest rows have none: they are counted from the rest, or last
only as long as somebody waits for them, or nothing was promoted."""


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    """A database in which nothing was ever done."""
    database = open_database(empty_url)
    yield database
    database.close()


def kept(before: Rows, after: Rows) -> Rows:
    """What is there still of rows, by the columns that they had."""
    return {
        name: [
            {column: row[column] for column in old if column in row}
            for old, row in zip(rows, after[name], strict=False)
        ]
        for name, rows in before.items()
        if name not in REPLACED
    }


def decided(store: Store, comment_id: str) -> list[tuple[int, str, str]]:
    """Of which revision each decision was, what it was, and whose."""
    record = store.history(1, comment_id)
    assert record is not None
    return [
        (one.revision, one.verdict.outcome.value, one.decided_by)
        for one in record.decisions
    ]


def test_every_revision_has_its_rows_from_the_first_to_the_newest() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    steps = ScriptDirectory.from_config(config).walk_revisions()
    revisions = sorted(step.revision for step in steps)

    assert revisions[-1] == HEAD
    assert revisions == RELEASED


def test_the_rows_of_the_newest_are_of_every_table_that_can_have_some(
    empty: Database,
) -> None:
    rows = make(empty, HEAD)

    assert set(rows) - {"alembic_version"} == set(metadata.tables)
    assert {name for name, some in rows.items() if not some} <= UNUSED


@pytest.mark.parametrize("revision", RELEASED)
def test_no_row_of_a_release_is_lost_or_changed(empty: Database, revision: str) -> None:
    before = make(empty, revision)

    assert migrate(empty) is (revision != HEAD)

    same = {name: rows for name, rows in before.items() if name not in REPLACED}
    assert sum(map(len, same.values())) > 30
    assert kept(before, rows_of(empty)) == same
    with empty.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("revision", RELEASED)
def test_the_service_goes_on_where_a_release_has_stopped(
    empty: Database, revision: str
) -> None:
    make(empty, revision)
    migrate(empty)
    store = Store(empty)

    store.ping()
    site = store.site_of_key(key_hash(KEY))
    assert site is not None
    comment = Comment("A new comment.", "new")
    hashed, now = store.text_hash(comment.text), datetime.now(UTC)
    new = store.record(site.id, comment, hashed, ACCEPTED, now, alike=None)

    assert new.decision.revision == 1
    assert decided(store, "fair")[0] == (1, "accept", "automatic")
    assert [revision for revision, *_ in decided(store, "rude")][:2] == [1, 2]
    seal_all(empty)
    proof = Seals(empty).prove()
    assert (proof.fault, proof.unsealed) == (None, 0)


def test_of_replicas_that_migrate_at_once_one_does_and_the_others_wait(
    empty: Database, empty_url: str
) -> None:
    before = make(empty, RELEASED[0])

    answers = at_once([("migrating", empty_url)] * PROCESSES)

    assert sorted(answers) == [["migrated"], *[["nothing to do"]] * (PROCESSES - 1)]
    assert kept(before, rows_of(empty)) == kept(before, before)
    Store(empty).ping()
