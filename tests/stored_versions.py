"""One database, and versions of the model to be stored in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from service.store.database import Database
from service.store.models import Models, Promotion
from service.store.schema import models as table
from tests.fixtures_store import NOON
from tests.versions import small

BASE, ANNA, BERT, CLEO = (f"2026-01-0{day}-{day:06}" for day in range(1, 5))


class Newsroom:
    """One database, and folders with versions of the model."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.models = Models(database)
        self.folder = folder
        self.base = small(folder, BASE)

    def version(self, name: str, card: dict[str, object] | None = None) -> Path:
        """A version's folder, made if it is not there."""
        there = self.folder / name
        return there if there.exists() else small(self.folder, name, card)

    def promote(self, name: str, *, anyway: bool = False) -> Promotion:
        """Promote a version by its folder."""
        return self.models.promote(
            self.version(name), base=self.base, by="mary", now=NOON, anyway=anyway
        )

    def rollback(self) -> Promotion:
        """Go back, with the base at hand."""
        return self.models.rollback(by="mary", now=NOON, base=self.base)

    def shadow(self, name: str | None) -> None:
        """Make a version the shadow."""
        what = None if name is None else self.version(name)
        self.models.shadow(what, base=self.base, by="mary", now=NOON)

    def store(self, name: str) -> None:
        """Store a version without letting it answer."""
        self.models.store(self.version(name), by="mary", now=NOON)

    def kept(self) -> set[str]:
        """The versions whose weights are stored."""
        return {one.version for one in self.models.versions() if one.has_weights}

    def damage(self, name: str, **values: object) -> None:
        """Change what is stored of a version."""
        with self.database.writing() as connection:
            changed = update(table).where(table.c.version == name)
            connection.execute(changed.values(values))


@pytest.fixture
def newsroom(database: Database, tmp_path: Path) -> Newsroom:
    """One on a prepared database, where the base answers."""
    return Newsroom(database, tmp_path / "versions")


def without_weights(folder: Path) -> None:
    """Break a version so that nothing can be judged by it."""
    (folder / "weights.npz").unlink()
