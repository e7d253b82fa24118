"""All that is stored of one author on one site, as plain data to be handed over.

What others said about their comments is in it, but not who said it.  Changes nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from service.store.cards import of_keys
from service.store.database import Database
from service.store.records import storable
from service.store.schema import (
    appeals,
    comments,
    decisions,
    lessons,
    reports,
    texts,
)

AT_ONCE = 500
"""Comments that are read at once."""

Data = dict[str, Any]


class People:
    """Reads what is stored of a person.  Raises StoreUnavailable as `Store` does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def comments(self, site_id: int, author_id: str) -> Iterator[Data]:
        """Their comments, oldest first, with all that was decided and said of them."""
        wanted = {"site_id": site_id, "author_id": storable(author_id), "after": 0}
        while True:
            with self._database.reading_together() as connection:
                rows = connection.execute(WRITTEN, wanted).all()
                found = _read(connection, [row.key for row in rows])
            for row in rows:
                yield _comment(row, found[row.key])
            if len(rows) < AT_ONCE:
                return
            wanted["after"] = rows[-1].key

    def complaints(self, site_id: int, author_id: str) -> list[Data]:
        """What they complained of, oldest first, where the site has named them."""
        wanted = {"site_id": site_id, "author_id": storable(author_id)}
        with self._database.reading() as connection:
            rows = connection.execute(COMPLAINED, wanted).all()
        return [
            {
                "comment": row.id,
                "revision": row.revision,
                "words": row.words,
                "created_at": _moment(row.created_at),
            }
            for row in rows
        ]


def _read(
    connection: Connection, keys: Iterable[int]
) -> Mapping[int, Mapping[str, list[Row[Any]]]]:
    """What belongs to comments: by the comment's key, and the name of the statement."""
    found: dict[int, dict[str, list[Row[Any]]]] = defaultdict(lambda: defaultdict(list))
    values = {"keys": list(keys)}
    for name, statement in OF_COMMENTS.items():
        for row in connection.execute(statement, values):
            found[row.comment_key][name].append(row)
    return found


def _comment(row: Row[Any], rest: Mapping[str, list[Row[Any]]]) -> Data:
    return {
        "id": row.id,
        "author": {"id": row.author_id, "name": row.author_name},
        "article": {
            "id": row.article_id,
            "url": row.article_url,
            "title": row.article_title,
        },
        "parent_id": row.parent_id,
        "language": row.language,
        "received_at": _moment(row.received_at),
        "decision": row.outcome,
        "flagged": row.flagged,
        "waiting": row.waiting,
        "texts": [{"revision": t.revision, "text": t.text} for t in rest["texts"]],
        "decisions": [_decision(one) for one in rest["decisions"]],
        "reports": [
            {
                "revision": one.revision,
                "words": one.words,
                "created_at": _moment(one.created_at),
            }
            for one in rest["reports"]
        ],
        "appeals": [
            {
                "decision": one.decision,
                "answer": one.answer,
                "words": one.words,
                "created_at": _moment(one.created_at),
            }
            for one in rest["appeals"]
        ],
        "models": [one.version for one in rest["lessons"]],
    }


def _decision(row: Row[Any]) -> Data:
    """An entry of the log, without the name of the moderator."""
    return {
        "number": row.number,
        "revision": row.revision,
        "kind": row.kind,
        "decision": row.outcome,
        "flagged": row.flagged,
        "rule": row.rule,
        "reasons": json.loads(row.reasons),
        "scores": None if row.scores is None else json.loads(row.scores),
        "notice": row.notice,
        "note": row.note,
        "model": row.model,
        "policy": row.policy,
        "decided_at": _moment(row.decided_at),
    }


def _moment(moment: datetime) -> str:
    return moment.isoformat()


# Built once: SQLAlchemy then finds their compiled form without walking them again.
WRITTEN = (
    select(comments)
    .where(
        comments.c.site_id == bindparam("site_id"),
        comments.c.author_id == bindparam("author_id"),
        comments.c.key > bindparam("after"),
    )
    .order_by(comments.c.key)
    .limit(AT_ONCE)
)
OF_COMMENTS = {
    "texts": select(texts)
    .where(of_keys(texts.c.comment_key))
    .order_by(texts.c.revision),
    "decisions": select(decisions)
    .where(of_keys(decisions.c.comment_key))
    .order_by(decisions.c.number),
    "reports": select(reports)
    .where(of_keys(reports.c.comment_key))
    .order_by(reports.c.key),
    "appeals": select(appeals)
    .where(of_keys(appeals.c.comment_key))
    .order_by(appeals.c.key),
    "lessons": select(lessons)
    .where(of_keys(lessons.c.comment_key))
    .order_by(lessons.c.version),
}
COMPLAINED = (
    select(comments.c.id, reports.c.revision, reports.c.words, reports.c.created_at)
    .join(comments, comments.c.key == reports.c.comment_key)
    .where(
        comments.c.site_id == bindparam("site_id"),
        reports.c.reporter == bindparam("author_id"),
    )
    .order_by(reports.c.key)
)
