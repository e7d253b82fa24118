"""A database with many comments that wait for moderators, made in a few seconds.

Few are written singly; the others are copies of them that the database makes itself.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    case,
    func,
    insert,
    literal,
    select,
    text,
    update,
)

from benchmarks.texts import CLEAN
from model.finding import Rule, Source
from service.domain import Waiting
from service.store.database import Database
from service.store.schema import comments, decisions, texts

WAITING = 100_000
DECIDED = 60_000
FLOOD = 20_000
"""Of those that wait: the newest of all are one text over and over."""
START = datetime(2026, 3, 1, tzinfo=UTC)
NOW = START + timedelta(days=3)
"""Later than all of them, which came a second apart."""

_SEEDS = 1_250
_ALL = WAITING + DECIDED
_SECOND = 1_000_000  # microseconds
_KINDS = (Waiting.FLAGGED,) * 16 + (Waiting.REPORTED,) * 2 + tuple(Waiting)
_REASONS = (
    '[{"rule":"personal","attribute":"INSULT","source":"classifier","score":0.5,'
    '"threshold":0.4,"spans":[[4,8]],"message":"Possibly an insult."}]'
)


def decided_of(rows: int) -> int:
    """How many of so many comments wait no more: the first of them."""
    return rows * DECIDED // _ALL


def fill(database: Database, rows: int = _ALL) -> None:
    """Store comments: the first are decided, the others wait, the last are a flood.

    Args:
        database: an empty one, set up.
        rows: 1,250 times a power of two.
    """
    draw = random.Random(7)  # noqa: S311 - no secret
    keys = range(1, _SEEDS + 1)
    with database.writing() as connection:
        connection.execute(insert(comments), [_comment(draw, key) for key in keys])
        connection.execute(insert(decisions), [_decision(key) for key in keys])
        connection.execute(insert(texts), [_text(draw, key) for key in keys])
    count = _SEEDS
    while count < rows:
        with database.writing() as connection:
            _double(connection, count, _random_bytes(database))
        count *= 2
    with database.writing() as connection:
        _decide(connection, decided_of(rows))
        _flood(connection, rows - rows * FLOOD // _ALL)
    if not database.is_sqlite:  # PostgreSQL does so by itself, sooner or later.
        with database.reading() as connection:  # In no transaction.
            connection.execute(text("VACUUM ANALYZE"))


def _comment(draw: random.Random, key: int) -> dict[str, Any]:
    moment = START + timedelta(seconds=key)
    return {
        "key": key,
        "site_id": 1,
        "id": f"c-{key}",
        "revision": 1,
        "text_hash": bytes(32),
        "decision": 1,
        "outcome": draw.choice(("accept", "accept", "reject")),
        "flagged": True,
        "waiting": draw.choice(_KINDS).value,
        "waiting_since": moment,
        "rule": draw.choice(list(Rule)).value,
        "source": draw.choice(list(Source)).value,
        "score": round(draw.random(), 4),
        "kept": True,
        "alike": draw.randbytes(16),
        "author_id": f"u-{draw.randrange(500)}",
        "author_name": "Somebody",
        "article_id": f"a-{draw.randrange(500)}",
        "article_url": "https://news.example.org/2026/03/01/on-rivers",
        "article_title": "On rivers, and what becomes of them",
        "parent_id": f"c-{draw.randrange(1, _ALL)}" if draw.random() < 0.5 else None,
        "language": draw.choice(("en", "en", "en", "hi", "ml")),
        "received_at": moment,
    }


def _decision(key: int) -> dict[str, Any]:
    return {
        "comment_key": key,
        "number": 1,
        "revision": 1,
        "outcome": "accept",
        "flagged": True,
        "reasons": _REASONS,
        "scores": '{"TOXICITY":0.5,"INSULT":0.5,"PROFANITY":0.1,"THREAT":0.01}',
        "model": "2026-11-24-3f9a1c",
        "policy": "default@1",
        "decided_by": "automatic",
        "decided_at": START + timedelta(seconds=key),
        "kind": "automatic",
    }


def _text(draw: random.Random, key: int) -> dict[str, Any]:
    words = CLEAN.split()
    said = " ".join(draw.choices(words, k=len(words)))
    return {"comment_key": key, "revision": 1, "text": said}


def _double(connection: Connection, count: int, unlike: ColumnElement[Any]) -> None:
    """Copy all there is; every fifth copy stays like what it was copied from."""
    c = comments.c
    changed: dict[Table, dict[str, ColumnElement[Any]]] = {
        comments: {
            "key": c.key + count,
            "id": literal("c-") + (c.key + count).cast(c.id.type),
            "waiting_since": c.waiting_since + literal(count * _SECOND, c.key.type),
            "received_at": c.received_at + literal(count * _SECOND, c.key.type),
            "alike": case((c.key % 5 == 0, c.alike), else_=unlike),
        },
        decisions: {"comment_key": decisions.c.comment_key + count},
        texts: {"comment_key": texts.c.comment_key + count},
    }
    for table, columns in changed.items():
        names = [column.name for column in table.columns]
        if table is decisions:
            names.remove("key")  # The database counts these.
        copied = [columns.get(name, table.c[name]) for name in names]
        connection.execute(insert(table).from_select(names, select(*copied)))


def _random_bytes(database: Database) -> ColumnElement[Any]:
    if database.is_sqlite:
        return func.randomblob(16)
    return func.uuid_send(func.gen_random_uuid())


def _decide(connection: Connection, last: int) -> None:
    """Let the first ones wait no more; of most, the text was never kept."""
    decided = {"waiting": None, "waiting_since": None, "flagged": False}
    first = comments.c.key <= last
    connection.execute(
        update(comments).where(first).values(kept=comments.c.key % 5 == 0, **decided)
    )


def _flood(connection: Connection, before: int) -> None:
    last = comments.c.key > before
    same = {"alike": bytes(16), "waiting": Waiting.FLAGGED.value}
    connection.execute(update(comments).where(last).values(same))
