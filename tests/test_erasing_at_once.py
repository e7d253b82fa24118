"""Erasing while others write, read and seal: nothing breaks, and nothing stays."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from service.erasure import Erasure
from service.errors import StoreUnavailable, UnknownComment
from service.sealing import clear_traces, seal_all
from service.store.erasing import uncleared
from service.store.records import Submission
from service.store.seals import Seals
from tests.fixtures_service import Server
from tests.reviewing import World
from tests.samples import ACCEPTED, comment
from tests.test_erasing import (
    ID,
    ON_SQLITE,
    TRACES,
    everything,
    files,
    found,
    live,
)

TIMES = 30


@pytest.fixture
def erasure(world: World, tmp_path: Path) -> Erasure:
    return Erasure(world.store, tmp_path / "models", clock=world.clock)


def test_a_comment_is_sent_sealed_and_erased_all_at_once(
    world: World, erasure: Erasure
) -> None:
    def send() -> None:
        for number in range(TIMES):
            sent = comment("c-1", f"Quux number {number % 3}.")
            hashed = world.store.text_hash(sent.text)
            world.store.record(1, sent, hashed, ACCEPTED, world.clock(), alike=None)

    def send_many() -> None:
        for number in range(TIMES):
            some = [
                Submission(comment(id, f"Quux {number}."), bytes(32), ACCEPTED, None)
                for id in ("c-0", "c-1", "c-2")
            ]
            world.store.record_many(1, some, world.clock())

    def erase() -> None:
        for _ in range(TIMES):
            try:
                erasure.comment(1, "c-1", by="site")
            except UnknownComment:
                continue

    def seal() -> None:
        for _ in range(TIMES):
            seal_all(world.database)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work) for work in (send, send_many, erase, seal)]:
            done.result()

    erasure.author(1, "u-1", by="site")
    seal_all(world.database)
    proof = Seals(world.database).prove()
    assert (proof.fault, proof.unsealed) == (None, 0)
    assert "c-1" not in everything(world.database)


@ON_SQLITE
def test_what_a_reader_keeps_in_the_log_goes_when_the_reader_does(
    world: World, erasure: Erasure, tmp_path: Path
) -> None:
    live(world)
    with closing(sqlite3.connect(tmp_path / "refrain.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM comments").fetchone()

        erasure.comment(world.site.id, ID, by="site")

        assert found(everything(world.database)) == []
        assert found(files(tmp_path)) == list(TRACES)
        assert uncleared(world.database) == 1
        assert clear_traces(world.database) is False
        reader.rollback()

    assert clear_traces(world.database) is True
    assert found(files(tmp_path)) == []
    assert uncleared(world.database) == 0


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_a_running_server_leaves_no_byte_in_its_files(
    server: Server, http: httpx.Client, fresh_id: str
) -> None:
    folder = server.log_file.parent
    page = folder / "models" / fresh_id[::-1] / "report.html"
    page.parent.mkdir(parents=True)
    page.write_text(f"Held out: You idiot, {fresh_id}.")

    def told() -> set[str]:
        """The files of the data folder, the log among them, that tell of it."""
        names = [name for name in folder.rglob("*") if name.is_file()]
        assert {server.log_file, folder / "refrain.db"} <= set(names)
        return {n.name for n in names if fresh_id.encode() in n.read_bytes()}

    sent = {
        "id": fresh_id,
        "text": f"You idiot, {fresh_id}.",
        "author": {"id": fresh_id},
    }
    for text in (sent["text"], f"You complete idiot, {fresh_id}."):
        http.post("/v1/moderate", json=sent | {"text": text})
    report = {"reporter": fresh_id, "words": f"He means me, {fresh_id}."}
    http.post(f"/v1/comments/{fresh_id}/report", json=report)
    http.post(f"/v1/comments/{fresh_id}/appeal", json={"words": f"I? {fresh_id}"})
    assert {page.name} < told() <= {page.name, "refrain.db", "refrain.db-wal"}

    answer = http.delete(f"/v1/comments/{fresh_id}")

    assert answer.json()["texts"] == 2
    assert told() == set()
    page.parent.rmdir()


@ON_SQLITE
def test_what_cannot_be_written_is_not_half_erased(
    world: World, erasure: Erasure, tmp_path: Path
) -> None:
    live(world)
    with closing(sqlite3.connect(tmp_path / "refrain.db")) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable):
            erasure.comment(world.site.id, ID, by="site")
        writer.rollback()

    assert found(everything(world.database)) == list(TRACES)
    assert erasure.comment(world.site.id, ID, by="site").comments == 1
