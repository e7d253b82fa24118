"""Of what is accepted, some is looked at all the same; nobody can tell which."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Column, Table, select

from service.app import create_app
from service.domain import Comment, Decision, Outcome, Waiting
from service.errors import StoreUnavailable
from service.moderation import Moderation
from service.sampling import Sampling
from service.services import NAME
from service.settings import load_settings
from service.store.cases import Filters, Order
from service.store.database import Database
from service.store.schema import comments, decisions, texts
from tests.fixtures_service import with_key
from tests.fixtures_store import NOON
from tests.reviewing import World, approve, card_of, queue, reject
from tests.visitor import Visitor

FAIR = "The council should publish the report."
FAIRER = "The council should publish the whole report, and soon."
FOUL = "What the fuck is wrong with this world."
UNREADABLE = "無知の知。何も知らない。"
KEY = bytes(32)


def key_for(purpose: str) -> bytes:
    return purpose.encode().ljust(32, b".")


def moderation(app: Flask, world: World, share: float) -> Moderation:
    """Moderates on that database, with the app's model."""
    return Moderation(
        app.extensions[NAME].moderation.bench,
        world.store,
        clock=world.clock,
        is_sample=Sampling(share, world.store.key_for).chooses,
    )


def send(
    moderation: Moderation, world: World, *sent: tuple[str | None, str], many: bool
) -> list[Decision]:
    """Have comments moderated, singly or in one batch."""
    all_sent = [Comment(text, id) for id, text in sent]
    if many:
        return moderation.moderate_many(world.site, all_sent)
    return [moderation.moderate(world.site, one) for one in all_sent]


def rows(world: World, *columns: Column[Any]) -> list[tuple[Any, ...]]:
    with world.database.reading() as connection:
        return [tuple(row) for row in connection.execute(select(*columns))]


# Which


def test_about_the_share_asked_for_is_chosen() -> None:
    sampling = Sampling(0.01, key_for)

    chosen = sum(sampling.chooses(1, f"c-{i}", KEY) for i in range(100_000))

    assert 900 < chosen < 1_100  # Three standard deviations.


def test_the_same_comment_is_chosen_every_time_and_in_every_process() -> None:
    one, other = Sampling(0.5, key_for), Sampling(0.5, key_for)
    ids = [f"c-{i}" for i in range(64)]

    first = [one.chooses(1, id, KEY) for id in ids]

    assert [one.chooses(1, id, KEY) for id in ids] == first
    assert [other.chooses(1, id, KEY) for id in ids] == first
    assert 0 < sum(first) < 64


def test_whoever_knows_the_ids_cannot_tell_without_the_secret() -> None:
    ids = [f"c-{i}" for i in range(64)]
    one = Sampling(0.5, lambda purpose: b"a" * 32)
    other = Sampling(0.5, lambda purpose: b"b" * 32)

    assert [one.chooses(1, i, KEY) for i in ids] != [
        other.chooses(1, i, KEY) for i in ids
    ]


def test_another_text_or_site_is_another_choice() -> None:
    sampling = Sampling(0.5, key_for)

    by_text = {sampling.chooses(1, "c-1", bytes([i]) * 32) for i in range(64)}
    by_site = {sampling.chooses(i, "c-1", KEY) for i in range(64)}

    assert by_text == by_site == {True, False}


@pytest.mark.parametrize(("share", "chosen"), [(0.0, 0), (1.0, 1_000)])
def test_a_share_of_none_is_none_and_of_all_is_all(share: float, chosen: int) -> None:
    sampling = Sampling(share, key_for)

    assert sum(sampling.chooses(1, f"c-{i}", KEY) for i in range(1_000)) == chosen


def test_without_samples_no_key_is_asked_for() -> None:
    def refused(purpose: str) -> bytes:
        raise AssertionError(purpose)

    assert not Sampling(0.0, refused).chooses(1, "c-1", KEY)


# What becomes of it


@pytest.mark.parametrize("many", [False, True], ids=["singly", "in a batch"])
def test_a_sample_waits_with_its_text_and_its_answer_is_the_same(
    app: Flask, world: World, many: bool
) -> None:
    plain = moderation(app, world, 0.0)
    drawing = moderation(app, world, 1.0)

    (usual,) = send(plain, world, ("c-1", FAIR), many=many)
    (sampled,) = send(drawing, world, ("c-2", FAIR), many=many)

    assert sampled == usual
    assert (sampled.verdict.outcome, sampled.verdict.flagged) == (Outcome.ACCEPT, False)
    card = card_of(world, "c-2")
    assert (card.waiting, card.waiting_since) == (Waiting.SAMPLE, world.clock())
    assert card.text == FAIR
    assert queue(world) == ["c-2"]
    assert rows(world, decisions.c.waiting) == [(None,), ("sample",)]


@pytest.mark.parametrize("many", [False, True], ids=["singly", "in a batch"])
def test_what_is_flagged_or_rejected_waits_or_not_as_ever(
    app: Flask, world: World, many: bool
) -> None:
    drawing = moderation(app, world, 1.0)

    send(drawing, world, ("c-1", UNREADABLE), ("c-2", FOUL), many=many)

    assert card_of(world, "c-1").waiting is Waiting.FLAGGED
    assert card_of(world, "c-2").waiting is None
    assert rows(world, decisions.c.waiting) == [("flagged",), (None,)]


@pytest.mark.parametrize("many", [False, True], ids=["singly", "in a batch"])
def test_what_has_no_id_is_not_stored_and_so_no_sample(
    app: Flask, world: World, many: bool
) -> None:
    send(moderation(app, world, 1.0), world, (None, FAIR), many=many)

    assert rows(world, comments.c.key) == []


@pytest.mark.parametrize("many", [False, True], ids=["singly", "in a batch"])
def test_a_changed_text_is_drawn_anew(app: Flask, world: World, many: bool) -> None:
    plain, drawing = moderation(app, world, 0.0), moderation(app, world, 1.0)
    send(drawing, world, ("c-1", FAIR), many=many)
    send(plain, world, ("c-2", FAIR), many=many)
    world.clock.sleep(60)

    send(plain, world, ("c-1", FAIRER), many=many)
    send(drawing, world, ("c-2", FAIRER), many=many)

    assert queue(world) == ["c-2"]
    card = card_of(world, "c-2")
    assert (card.text, card.waiting_since) == (FAIRER, world.clock())
    assert card_of(world, "c-1").text is None


def test_a_retry_changes_nothing(app: Flask, world: World) -> None:
    drawing = moderation(app, world, 1.0)
    (first,) = send(drawing, world, ("c-1", FAIR), many=False)
    approve(world, "c-1")

    (again,) = send(drawing, world, ("c-1", FAIR), many=False)

    assert again.decided_by == "anna"
    assert first.decided_by == "automatic"
    assert queue(world) == []


@contextmanager
def without(database: Database, table: Table) -> Iterator[None]:
    """Have every statement fail that needs a table."""
    name = table.name
    with database.writing() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {name} RENAME TO away")
    yield
    with database.writing() as connection:
        connection.exec_driver_sql(f"ALTER TABLE away RENAME TO {name}")


@pytest.mark.parametrize("many", [False, True], ids=["singly", "in a batch"])
def test_a_sample_is_stored_with_its_decision_or_neither_is(
    app: Flask, world: World, many: bool
) -> None:
    drawing = moderation(app, world, 1.0)

    with (
        without(world.database, texts),
        pytest.raises(StoreUnavailable),
    ):
        send(drawing, world, ("c-1", FAIR), many=many)

    assert rows(world, comments.c.key) == rows(world, texts.c.text) == []


# At the desk


def test_the_queue_can_be_narrowed_to_samples(app: Flask, world: World) -> None:
    world.send("c-1")
    send(moderation(app, world, 1.0), world, ("c-2", FAIR), many=False)

    page = world.desk.queue(
        world.site.id,
        Filters(waiting=Waiting.SAMPLE),
        Order.NEWEST,
        by="anna",
        now=NOON,
    )

    assert [card.id for card in page.cards] == ["c-2"]
    assert world.desk.counts(world.site.id)[Waiting.SAMPLE] == 1


def test_an_undone_decision_makes_it_a_sample_again(app: Flask, world: World) -> None:
    send(moderation(app, world, 1.0), world, ("c-1", FAIR), many=False)
    world.clock.sleep(60)
    reject(world, "c-1")
    decided = queue(world)

    world.review.undo(world.site, "c-1", number=2, by="anna")

    card = card_of(world, "c-1")
    assert decided == []
    assert (card.waiting, card.waiting_since) == (Waiting.SAMPLE, NOON)
    assert card.decision.verdict.outcome is Outcome.ACCEPT
    assert world.told() == []


def test_near_identical_samples_are_one_card_and_decided_as_one(
    app: Flask, world: World
) -> None:
    drawing = moderation(app, world, 1.0)
    for i in range(3):
        send(drawing, world, (f"c-{i}", f"{FAIR} {i}"), many=False)

    shown = queue(world)
    decided = reject(world, "c-0", alike=True)

    assert shown == ["c-0"]
    assert decided.like_it == 2
    assert queue(world) == []


def test_a_report_of_a_sample_is_not_buried_where_the_sample_stood(
    app: Flask, world: World
) -> None:
    send(moderation(app, world, 1.0), world, ("c-1", FAIR), many=False)
    world.clock.sleep(3600)

    world.review.report(world.site, "c-1", reporter="r-1", words=None)

    card = card_of(world, "c-1")
    assert (card.waiting, card.waiting_since) == (Waiting.REPORTED, world.clock())
    assert card.text == FAIR


def test_a_sample_that_was_rejected_can_be_appealed(app: Flask, world: World) -> None:
    send(moderation(app, world, 1.0), world, ("c-1", FAIR), many=False)
    reject(world, "c-1")
    world.clock.sleep(60)

    world.review.appeal(world.site, "c-1", decision=None, words="Why?")

    assert card_of(world, "c-1").waiting is Waiting.APPEALED


# As deployed


def test_the_setting_draws_and_moderators_are_told_why_it_is_there(
    tmp_path: Path, prepared_sqlite: Path
) -> None:
    (tmp_path / "refrain.db").write_bytes(prepared_sqlite.read_bytes())
    env = {"REFRAIN_DATA_DIR": str(tmp_path), "REFRAIN_SAMPLE_SHARE": "1"}
    app = create_app(load_settings(env))
    editor = Visitor.of(app)
    editor.sign_in("editor")

    answer = with_key(app).post("/v1/moderate", json={"id": "c-1", "text": FAIR}).json

    assert answer
    assert (answer["decision"], answer["flagged"]) == ("accept", False)
    page = editor.get("/desk/default/queue?waiting=sample").text
    assert FAIR in page
    assert '<span class="kind sample">Sample</span>' in page
    assert "drawn at random, to see what the model misses" in page
    app.extensions[NAME].store.database.close()


def test_by_default_one_in_a_hundred_is_drawn() -> None:
    assert load_settings({}).sample_share == 0.01
