"""What is erased is gone everywhere; that it was decided stays, and stays proved."""

from __future__ import annotations

import html
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, inspect, select, table, text

from model.learn import REPORT as MADE
from service.alike import alike
from service.domain import Article, Author, Kind
from service.erasure import Erasure
from service.errors import UnknownAuthor, UnknownComment
from service.reports import REPORT
from service.sealing import clear_traces, seal_all
from service.store.database import Database
from service.store.deliveries import Deliveries
from service.store.endpoints import Endpoints
from service.store.erasing import Erased
from service.store.files import compact, empty_log
from service.store.labels import Labels
from service.store.lessons import Lessons
from service.store.outbox import Outbox
from service.store.overview import Overview
from service.store.past import Past
from service.store.schema import comments, decisions, metadata
from service.store.seals import Seals
from service.store.shadows import Difference, Shadows
from tests.reviewing import FLAGGED, HELD, World, approve, reject
from tests.samples import ACCEPTED, REJECTED

ID = "comment-quux-4711"
TEXT = "You fool, the heron Zwirbelfink knows where you live."
EDITED = "You fool, the heron Zwirbelfink has moved to Kuddelsund."
NOTE = "He means the heron Zwirbelfink again."
COMPLAINT = "This Zwirbelfink is my neighbour!"
OBJECTION = "Zwirbelfink is a heron, I swear."
WHO = Author("author-quux-0815", "Wendelgard Quuxmann")
WHERE = Article("a-77", "https://example.org/quuxly", "On quuxly rivers")
Entries = Sequence[dict[str, Any]]
TRACES = ("Zwirbelfink", "Kuddelsund", "quux", "Quuxmann")
"""What only this comment, its author and what was said of it have in them."""

ON_SQLITE = pytest.mark.parametrize("backend", ["sqlite"])


@pytest.fixture
def erasure(world: World, tmp_path: Path) -> Erasure:
    return Erasure(world.store, tmp_path / "models", clock=world.clock)


def live(world: World) -> None:
    """Let a comment have all that a comment can have."""
    send(world, ID, TEXT)
    world.review.report(world.site, ID, reporter="reader-quux", words=COMPLAINT)
    reject(world, ID, note=NOTE)
    world.clock.sleep(20)
    world.review.appeal(world.site, ID, decision=None, words=OBJECTION)
    reject(world, ID, seen=2, by="bela", note=NOTE)
    world.clock.sleep(20)
    send(world, ID, EDITED)
    world.review.report(world.site, ID, reporter=None, words=COMPLAINT)
    world.desk.look(world.site.id, ID, by="anna", now=world.clock())
    noticed(world, ID)


def send(world: World, id: str, text: str) -> None:
    world.send(id, HELD, text, author=WHO, article=WHERE, parent_id="parent-quux")


def noticed(world: World, id: str) -> None:
    """Let a shadow have noticed it."""
    with world.database.writing() as connection:
        connection.execute(
            text("INSERT INTO shadows (key, begun_at, begun_by) VALUES (1, 0, 'cli')")
        )
    difference = Difference(
        world.site.id, id, 1, "flag", "accept", "personal", None, world.clock()
    )
    Shadows(world.database).note(1, [difference], judged=1, skipped=0)


def everything(database: Database) -> str:
    """All that can be read from all tables."""
    with database.reading() as connection:
        names = inspect(connection).get_table_names()
        assert set(metadata.tables) <= set(names)
        rows = [
            list(row)
            for name in sorted(names)
            for row in connection.execute(select(text("*")).select_from(table(name)))
        ]
    return "\n".join(map(repr, rows))


def found(where: str | bytes) -> list[str]:
    content = where.encode() if isinstance(where, str) else where
    return [trace for trace in TRACES if trace.encode() in content]


def facts(database: Database) -> list[Any]:
    """What the log says of decisions, but for what can be erased."""
    gone = {"reasons", "scores", "notice", "decided_by", "note"}
    columns = [column for column in decisions.columns if column.name not in gone]
    wanted = select(*columns).where(decisions.c.kind != Kind.ERASURE.value)
    with database.reading() as connection:
        return [tuple(row) for row in connection.execute(wanted.order_by("key"))]


def test_a_comment_is_gone_from_every_table_and_its_bare_log_stays(
    world: World, erasure: Erasure
) -> None:
    live(world)
    seal_all(world.database)
    before = facts(world.database)
    assert found(everything(world.database)) == list(TRACES)

    erased = erasure.comment(world.site.id, ID, by="site")

    assert found(everything(world.database)) == []
    assert alike(EDITED).hex() not in everything(world.database)
    assert replace(erased, words=()) == Erased(1, texts=2, reports=2, appeals=1)
    assert facts(world.database) == before
    with world.database.reading() as connection:
        (row,) = connection.execute(select(comments)).all()
    kept = {"key", "site_id", "id", "revision", "decision", "outcome", "received_at"}
    emptied = {name: v for name, v in row._mapping.items() if name not in kept}
    assert emptied.pop("erased_at") == world.clock()
    assert emptied.pop("text_hash") == b""
    assert set(emptied.values()) == {None, False}


def test_the_chain_holds_before_and_after_whether_sealed_or_not(
    world: World, erasure: Erasure
) -> None:
    live(world)
    seal_all(world.database)
    noted = Seals(world.database).head()
    send(world, ID, TEXT)
    send(world, "c-2", TEXT)

    erasure.comment(world.site.id, ID, by="site")
    seal_all(world.database)

    proof = Seals(world.database).prove([noted])
    assert (proof.fault, proof.unsealed) == (None, 0)
    assert proof.head.number == len(facts(world.database)) + 1 > noted.number


def test_erasing_while_somebody_seals_leaves_nothing_that_proves_the_text(
    world: World, erasure: Erasure, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(world)
    sealing = Seals(world.database)
    append = sealing._append

    def erased_first(state: Row[Any], after: dict[str, int], entries: Entries) -> bool:
        monkeypatch.setattr(sealing, "_append", append)
        erasure.comment(world.site.id, ID, by="site")
        return append(state, after, entries)

    monkeypatch.setattr(sealing, "_append", erased_first)

    assert sealing.seal() == 0
    assert sealing.seal() == len(facts(world.database)) + 1
    assert Seals(world.database).prove().fault is None


@ON_SQLITE
def test_no_byte_of_it_is_left_in_the_files_of_sqlite(
    world: World, erasure: Erasure, tmp_path: Path
) -> None:
    for number in range(300):
        world.send(f"c-{number}", FLAGGED, f"You fool, number {number} " * 20)
    live(world)
    for number in range(300, 600):
        world.send(f"c-{number}", FLAGGED, f"You fool, number {number} " * 20)
    assert found(files(tmp_path)) == list(TRACES)

    erasure.comment(world.site.id, ID, by="site")

    assert found(files(tmp_path)) == []


@ON_SQLITE
def test_who_reads_for_long_keeps_nobody_from_writing_until_traces_can_go(
    world: World, erasure: Erasure
) -> None:
    live(world)
    with world.database.engine.connect() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.exec_driver_sql("SELECT count(*) FROM comments").scalar()
        start = time.monotonic()

        erasure.comment(world.site.id, ID, by="site")
        is_clear = clear_traces(world.database)
        world.send("c-2", FLAGGED, "Another text.")

        # A busy database is waited for five seconds.
        assert time.monotonic() - start < 4.0
        assert not is_clear
    assert clear_traces(world.database)


@ON_SQLITE
def test_a_trace_in_an_unused_part_of_a_page_is_found_and_goes(
    world: World, erasure: Erasure, tmp_path: Path
) -> None:
    live(world)
    with world.database.writing() as connection:
        # As SQLite does when it splits a page: there was one more of these once.
        connection.exec_driver_sql("CREATE TABLE other (text TEXT)")
    with world.database.reading() as connection:
        connection.exec_driver_sql("PRAGMA secure_delete = OFF")
        connection.exec_driver_sql("INSERT INTO other VALUES (?)", (TEXT,))
        connection.exec_driver_sql("DELETE FROM other")
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    empty_log(world.database)
    assert files(tmp_path).count(TEXT.encode()) == 2

    erasure.comment(world.site.id, ID, by="site")

    assert found(files(tmp_path)) == []


@pytest.mark.parametrize("backend", ["postgresql"])
def test_after_a_rewrite_no_byte_is_left_in_postgresqls_tables(
    world: World, erasure: Erasure
) -> None:
    live(world)
    checkpoint(world.database)
    assert found(table_files(world.database)) == list(TRACES)

    erasure.comment(world.site.id, ID, by="site")
    compact(world.database)
    checkpoint(world.database)

    assert found(table_files(world.database)) == []


def files(folder: Path) -> bytes:
    """All that a database's files hold."""
    names = sorted(folder.glob("refrain.db*"))
    assert len(names) >= 2
    return b"".join(name.read_bytes() for name in names)


def checkpoint(database: Database) -> None:
    with database.reading() as connection:
        connection.exec_driver_sql("CHECKPOINT")


def table_files(database: Database) -> bytes:
    """All that the files of one PostgreSQL database's tables hold."""
    with database.reading() as connection:
        folder = connection.scalar(text("SHOW data_directory"))
        number = connection.scalar(
            text("SELECT oid FROM pg_database WHERE datname = current_database()")
        )
    names = [n for n in Path(f"{folder}/base/{number}").iterdir() if n.is_file()]
    return b"".join(name.read_bytes() for name in names)


def test_erasing_again_finds_nothing_and_what_was_never_sent_is_unknown(
    world: World, erasure: Erasure
) -> None:
    live(world)
    erasure.comment(world.site.id, ID, by="site")

    again = erasure.comment(world.site.id, ID, by="site")

    assert again == Erased()
    for unknown in ("c-404", "\x7f1", ""):
        with pytest.raises(UnknownComment):
            erasure.comment(world.site.id, unknown, by="site")
    with pytest.raises(UnknownComment):
        erasure.comment(world.site.id + 1, ID, by="site")
    with pytest.raises(UnknownAuthor):
        erasure.author(world.site.id, "u-404", by="site")


def test_sent_again_it_is_a_new_comment(world: World, erasure: Erasure) -> None:
    live(world)
    erasure.comment(world.site.id, ID, by="site")

    assert world.store.latest(world.site.id, ID) is None
    send(world, ID, TEXT)

    record = world.store.history(world.site.id, ID)
    assert record is not None
    assert (record.revision, record.text, len(record.decisions)) == (1, TEXT, 1)
    assert erasure.comment(world.site.id, ID, by="site").comments == 1


def test_an_author_goes_with_all_comments_and_complaints(
    world: World, erasure: Erasure
) -> None:
    live(world)
    for number in range(120):
        send(world, f"quux-{number}", f"{TEXT} {'x' * number}")
    world.send("c-1", ACCEPTED, "The heron is fine.")
    world.review.report(
        world.site, "c-1", reporter=WHO.id, words=COMPLAINT, comment=None
    )
    world.send("c-2", FLAGGED, "A bystander's remark, you fool.")

    erased = erasure.author(world.site.id, WHO.id, by="operator")

    assert found(everything(world.database)) == []
    assert (erased.comments, erased.reports, erased.appeals) == (121, 3, 1)
    record = world.store.history(world.site.id, "c-2")
    assert record is not None
    assert record.text == "A bystander's remark, you fool."
    assert erasure.author(world.site.id, WHO.id, by="operator") == Erased()
    assert erasure.comment(world.site.id, "quux-7", by="operator") == Erased()


def test_nobody_is_told_of_it_any_more(world: World, erasure: Erasure) -> None:
    Endpoints(world.database).add("default", "https://example.org", "s", world.clock())
    deliveries, outbox = Deliveries(world.database), Outbox(world.database)
    live(world)
    world.send("c-2")
    reject(world, "c-2")
    world.clock.sleep(60)
    deliveries.spread(world.clock())
    assert len(outbox.events_after(world.site.id, 0, 10, world.clock())) == 3

    erasure.comment(world.site.id, ID, by="site")

    left = outbox.events_after(world.site.id, 0, 10, world.clock())
    until = world.clock() + timedelta(minutes=1)
    claimed = deliveries.claim(1, 10, world.clock(), until)
    assert [event.comment_id for event in left] == ["c-2"]
    assert [one.event.comment_id for one in claimed] == ["c-2"]
    assert deliveries.replay("default", world.clock() - timedelta(days=1), until) == 1
    assert outbox.backlog().pending == 1


def test_an_event_that_comes_later_has_a_key_of_its_own(
    world: World, erasure: Erasure
) -> None:
    live(world)
    world.clock.sleep(60)
    outbox = Outbox(world.database)
    read = outbox.events_after(world.site.id, 0, 10, world.clock())[-1].key
    erasure.comment(world.site.id, ID, by="site")

    world.send("c-2")
    reject(world, "c-2")
    world.clock.sleep(60)

    later = outbox.events_after(world.site.id, read, 10, world.clock())
    assert [event.comment_id for event in later] == ["c-2"]


def test_figures_stay_and_lose_its_words(world: World, erasure: Erasure) -> None:
    world.send("c-2", REJECTED, "A fool, you shit, of all shits.", article=WHERE)
    live(world)
    day = world.clock.now.date()
    world.clock.now += timedelta(days=2)
    overview = Overview(world.database)
    before = overview.days(world.site.id, day, day, world.clock())[day]

    erasure.comment(world.site.id, ID, by="site")

    after = overview.days(world.site.id, day, day, world.clock())[day]
    assert after.volume == before.volume == 3
    assert after.opinions == before.opinions
    assert (after.approvals, after.rejections) == (before.approvals, before.rejections)
    assert after.articles["a-77"].rejected < before.articles["a-77"].flagged + 1


def test_a_shadow_that_judges_late_leaves_no_trace(
    world: World, erasure: Erasure
) -> None:
    live(world)
    erasure.comment(world.site.id, ID, by="site")
    late = Difference(world.site.id, ID, 1, "flag", "accept", None, None, world.clock())

    Shadows(world.database).note(1, [late], judged=1, skipped=0)

    assert found(everything(world.database)) == []


def test_a_change_of_the_rules_is_not_tried_on_it(
    world: World, erasure: Erasure
) -> None:
    live(world)
    world.send("c-2")

    erasure.comment(world.site.id, ID, by="site")

    assert len(Past(world.database).decided(world.site.id)) == 1


def test_what_is_learnt_next_leaves_it_out(world: World, erasure: Erasure) -> None:
    live(world)
    reject(world, ID, seen=4)
    world.send("c-2")
    approve(world, "c-2")
    labels = Labels(world.database, world.store.key_for, sample_share=0.0)
    assert {one.label.id for one in labels.of()} == {ID, "c-2"}

    erasure.comment(world.site.id, ID, by="site")

    assert {one.label.id for one in labels.of()} == {"c-2"}
    assert [one.label.id for one in labels.last(None, 10)] == ["c-2"]


def test_versions_that_have_learnt_from_it_are_named_and_lose_their_reports(
    world: World, erasure: Erasure, tmp_path: Path
) -> None:
    live(world)
    world.send("c-2")
    keys = {row.id: row.key for row in rows_of(world.database)}
    lessons = Lessons(world.database)
    lessons.note("2026-01-01-aaaaaa", [keys[ID], keys["c-2"]])
    lessons.note("2026-01-02-bbbbbb", [keys["c-2"]])
    names = ("2026-01-01-aaaaaa", "2026-01-02-bbbbbb", "by-hand", ".draft-1")
    pages = [page(tmp_path, name) for name in names]

    erased = erasure.comment(world.site.id, ID, by="site")

    assert erased.versions == {"2026-01-01-aaaaaa"}
    assert [path.exists() for path in pages] == [False, True, False, False]
    assert lessons.erased() == {"2026-01-01-aaaaaa": 1}
    assert REPORT == MADE


def rows_of(database: Database) -> list[Any]:
    with database.reading() as connection:
        return list(connection.execute(select(comments.c.id, comments.c.key)))


def page(folder: Path, version: str) -> Path:
    """A report that quotes."""
    place = folder / "models" / version
    place.mkdir(parents=True)
    (place / "card.json").write_text(json.dumps({"version": version}))
    (place / REPORT).write_text(f"<blockquote>{html.escape(TEXT)}</blockquote>")
    return place / REPORT
