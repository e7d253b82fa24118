"""Write down how this version leaves a database: `python -m tests.release`.

Takes the database of the release before, brings it up to date, and lets today's code do
what could not be done in it yet.  `released/REVISION.json`, which is written, is how
installations are then, and not written anew once that version is out.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from service.domain import Author
from service.erasure import Erasure
from service.sealing import seal_all
from service.store.database import Database, open_database
from service.store.lessons import Lessons
from service.store.limits import Limits
from service.store.outbox import utc_now
from service.store.schema import HEAD
from service.store.shadows import Difference, Shadows
from service.store.sites import Sites
from service.store.store import Store
from tests.released import FOLDER, RELEASED, make, rows_of, upgrade
from tests.reviewing import HELD, Clock, World, make_review, reject

VERSION = "2026-11-23-0a1b2c"
"""A version of the model that has learnt from two of the comments."""


def main(revision: str = HEAD) -> None:
    """Write the rows of a revision."""
    before = max(one for one in RELEASED if one < revision)
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{folder}/refrain.db")
        make(database, before)
        with database.writing() as connection:
            upgrade(connection, revision)
        use(database, Path(folder), revision)
        rows = rows_of(database)
        database.close()
    stored = {name: kept for name, kept in rows.items() if kept}
    del stored["alembic_version"]
    said = json.dumps(stored, indent=1, sort_keys=True, default=_hex)
    (FOLDER / f"{revision}.json").write_text(said + "\n")


def use(database: Database, folder: Path, revision: str) -> None:
    """Do on the first site what is done in a running service."""
    store, clock = Store(database), Clock()
    clock.now = utc_now()
    (site, *_) = Sites(database).all()
    world = World(database, store, site, clock, make_review(store, clock, 0.0))
    gone, stays = f"gone-{revision}", f"stays-{revision}"
    for id in (gone, stays):
        world.send(id, HELD, f"You fool, {id}.", author=Author(f"u-{id}", "Ann"))
        world.review.report(site, id, reporter="u-7", words="This is me.")
        reject(world, id, note="He means her.")
        clock.sleep(20)
    noticed = Difference(site.id, stays, 1, "flag", "accept", None, None, clock())
    Shadows(database).note(1, [noticed], judged=1, skipped=0)
    Lessons(database).note(VERSION, _keys(database, gone, stays))
    seal_all(database)
    Erasure(store, folder / "models", clock=clock).comment(site.id, gone, by="site")
    seal_all(database)
    if "limits" in rows_of(database):
        Limits(database).count(bytes(range(32)), int(clock().timestamp()) // 60, 7)


def _keys(database: Database, *ids: str) -> list[int]:
    return [row["key"] for row in rows_of(database)["comments"] if row["id"] in ids]


def _hex(value: Any) -> dict[str, str]:  # noqa: ANN401 - what JSON has no word for
    return {"hex": bytes(value).hex()}


if __name__ == "__main__":
    main(*sys.argv[1:])
