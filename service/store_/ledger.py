"""Entering verdicts in the log: what happens inside `Store`'s transactions.

Reads nothing but what entering needs, and begins and commits nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from service.database import Database
from service.domain import AUTOMATIC, Decision
from service.records import (
    Recorded,
    Submission,
    comment_columns,
    decision_columns,
    decision_of,
)
from service.schema import comments, decisions, texts

# Built once: SQLAlchemy then finds their compiled form without walking them again.
LOCKED = (
    select(
        comments.c.key, comments.c.text_hash, comments.c.decision, comments.c.revision
    )
    .where(
        comments.c.site_id == bindparam("site_id"),
        comments.c.id == bindparam("comment_id"),
    )
    .with_for_update()
)
CHANGE_COMMENT = update(comments).where(comments.c.key == bindparam("comment_key"))
DECISION = select(decisions).where(
    decisions.c.comment_key == bindparam("key"),
    decisions.c.number == bindparam("number"),
)
INSERT_DECISION = insert(decisions).inline()
INSERT_TEXT = insert(texts).inline()


class Ledger:
    """Enters verdicts on one kind of database."""

    def __init__(self, database: Database) -> None:
        self._insert_comment = database.insert_new(comments).returning(
            comments.c.key, comments.c.id
        )

    def enter(
        self,
        connection: Connection,
        site_id: int,
        submission: Submission,
        now: datetime,
    ) -> Recorded:
        """Enter one verdict unless one holds; see `Store.record`."""
        key = connection.scalar(
            self._insert_comment, _first_columns(site_id, submission, now)
        )
        if key is None:
            return _revise(connection, site_id, submission, now)
        return _enter(connection, key, submission, now)

    def enter_many(
        self,
        connection: Connection,
        site_id: int,
        submissions: Sequence[Submission],
        now: datetime,
    ) -> list[Recorded]:
        """Insert the new comments in one go; take the known ones singly.

        In order of their ids, so that two batches never wait for each other in a
        circle; the sort is stable, so that of one id the first stays the first.
        """
        ids = [str(submission.comment.id) for submission in submissions]
        order = sorted(range(len(ids)), key=ids.__getitem__)
        firsts: dict[str, int] = {}
        for i in order:
            firsts.setdefault(ids[i], i)
        columns = [
            _first_columns(site_id, submissions[i], now) for i in firsts.values()
        ]
        rows = connection.execute(self._insert_comment, columns).all()
        new = {row.key: submissions[firsts[row.id]] for row in rows}
        entered = _enter_many(connection, new, now)
        answers = {firsts[row.id]: entered[row.key] for row in rows}
        for i in order:
            if i not in answers:
                answers[i] = _revise(connection, site_id, submissions[i], now)
        return [answers[i] for i in range(len(ids))]


def _revise(
    connection: Connection, site_id: int, submission: Submission, now: datetime
) -> Recorded:
    """Answer what holds for a known comment, or enter its new revision."""
    row = connection.execute(
        LOCKED, {"site_id": site_id, "comment_id": submission.comment.id}
    ).one()
    if row.text_hash == submission.text_hash:
        # A second query and no join: PostgreSQL would pair the locked row, which may
        # have changed while waiting, with decisions as they were before.
        held = connection.execute(
            DECISION, {"key": row.key, "number": row.decision}
        ).one()
        return Recorded(row.text_hash, decision_of(held))
    number, revision = row.decision + 1, row.revision + 1
    connection.execute(
        CHANGE_COMMENT,
        {"comment_key": row.key}
        | _present_columns(submission, now, number=number, revision=revision),
    )
    return _enter(connection, row.key, submission, now, number, revision)


def _enter(
    connection: Connection,
    key: int,
    submission: Submission,
    now: datetime,
    number: int = 1,
    revision: int = 1,
) -> Recorded:
    """Append a decision to the log."""
    decision = Decision(submission.verdict, AUTOMATIC, now, revision)
    connection.execute(
        INSERT_DECISION,
        {"comment_key": key, "number": number} | decision_columns(decision),
    )
    if submission.keep_text:
        connection.execute(INSERT_TEXT, _text_columns(key, submission, revision))
    return Recorded(submission.text_hash, decision)


def _enter_many(
    connection: Connection, submissions: dict[int, Submission], now: datetime
) -> dict[int, Recorded]:
    """Append the first decisions of new comments, given and returned by comment key."""
    entered = {
        key: Recorded(s.text_hash, Decision(s.verdict, AUTOMATIC, now, 1))
        for key, s in submissions.items()
    }
    rows = [
        {"comment_key": key, "number": 1} | decision_columns(recorded.decision)
        for key, recorded in entered.items()
    ]
    kept = [_text_columns(k, s, 1) for k, s in submissions.items() if s.keep_text]
    if rows:
        connection.execute(INSERT_DECISION, rows)
    if kept:
        connection.execute(INSERT_TEXT, kept)
    return entered


def _first_columns(
    site_id: int, submission: Submission, now: datetime
) -> dict[str, Any]:
    if submission.comment.id is None:
        raise ValueError("a comment without an id cannot be recorded")
    return {"site_id": site_id, "id": submission.comment.id} | _present_columns(
        submission, now, number=1, revision=1
    )


def _present_columns(
    submission: Submission, now: datetime, *, number: int, revision: int
) -> dict[str, Any]:
    verdict = submission.verdict
    return {
        "revision": revision,
        "text_hash": submission.text_hash,
        "decision": number,
        "outcome": verdict.outcome.value,
        "flagged": verdict.flagged,
        "received_at": now,
    } | comment_columns(submission.comment)


def _text_columns(key: int, submission: Submission, revision: int) -> dict[str, Any]:
    text = submission.comment.text
    return {"comment_key": key, "revision": revision, "text": text}
