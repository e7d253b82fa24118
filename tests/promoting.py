"""Versions that are promoted behind a service's back, as the commands would."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert, update

from model.artifact import shipped
from service.store.database import open_database
from service.store.models import Models
from service.store.schema import models as table
from service.store.schema import promotions
from tests.fixtures_store import NOON
from tests.versions import altered
from tests.versions import shipped as shipped_artifact

STRICT = "2026-12-01-strict"
"""A version that rejects everything, so that a verdict shows which one has judged."""


@pytest.fixture(scope="module")
def candidates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with STRICT, and with another version that judges as the base."""
    folder = tmp_path_factory.mktemp("candidates")
    altered(folder, STRICT, add=20.0)
    altered(folder, "2026-12-02-another")
    return folder


def base() -> str:
    return shipped_artifact().version


def promote(url: str, what: Path | str) -> None:
    database = open_database(url)
    Models(database).promote(what, base=shipped(), by="mary", now=NOON)
    database.close()


def rollback(url: str) -> None:
    database = open_database(url)
    Models(database).rollback(by="mary", now=NOON, base=shipped())
    database.close()


def promote_broken(url: str, folder: Path) -> None:
    """Let a version be active whose weights are damaged; no command would."""
    database = open_database(url)
    models = Models(database)
    replaced = models.active()
    if replaced is None:
        replaced = models.store(shipped(), by="mary", now=NOON).version
    models.store(folder, by="mary", now=NOON)
    with database.writing() as connection:
        of_name = table.c.version == folder.name
        connection.execute(update(table).where(of_name).values(weights=b"damaged"))
        entry = {"version": folder.name, "replaces": replaced}
        about = {"promoted_at": NOON, "promoted_by": "mary"}
        connection.execute(insert(promotions).values(entry | about))
    database.close()
