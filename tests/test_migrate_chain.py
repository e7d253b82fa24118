"""Databases of every version before come forward, with their chain, on both kinds."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select, text

from service.sealing import seal_all
from service.store.migrate import migrate
from service.store.schema import decisions, seals
from service.store.seals import Seals
from tests.released import RELEASED
from tests.test_migrate import comment_before_the_desk, of_release

MANY = 2_300
"""More than are chained at once."""
CHAINED = "0005"
"""The first revision that has a chain."""


@pytest.mark.parametrize("version", [one for one in RELEASED if one < CHAINED])
def test_what_was_decided_before_is_chained(empty_url: str, version: str) -> None:
    database = of_release(empty_url, version)
    with database.writing() as connection:
        for key in range(1, MANY + 1):
            comment_before_the_desk(connection, key, None)

    migrate(database)

    assert seal_all(database) == MANY
    proof = Seals(database).prove()
    assert (proof.fault, proof.head.number, proof.unsealed) == (None, MANY, 0)
    decide_more(database.engine.connect())
    assert seal_all(database) == 1
    assert Seals(database).prove([proof.head]).head.number == MANY + 1
    with database.reading() as connection:
        salts = list(connection.scalars(select(seals.c.salt)))
    assert len(set(salts)) == MANY + 1
    database.close()


def decide_more(connection: Connection) -> None:
    """Enter a decision as old code does that still runs."""
    with connection:
        names = [c.name for c in decisions.columns if c.name not in ("key", "number")]
        listed = ", ".join(names)
        connection.execute(
            text(
                f"INSERT INTO decisions (key, number, {listed}) "  # noqa: S608 - ours
                f"SELECT {MANY + 7}, 2, {listed} FROM decisions WHERE key = 1"
            )
        )
        connection.commit()
