"""Entering verdicts in the log: what happens inside `Store`'s transactions.

Reads nothing but what entering needs, and begins and commits nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update

from service.domain import AUTOMATIC, Decision
from service.store.database import Database
from service.store.records import (
    Recorded,
    Submission,
    comment_columns,
    decision_columns,
    decision_of,
)
from service.store.schema import comments, decisions, microseconds, texts

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
OF_PEOPLE = {"waiting_since", "together_with"}
"""Columns of the log that only a person's decision fills."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A verdict made ready, so that little is left to do while others wait.

    `comment` and `decision` are the columns of a new comment and of its first decision,
    but for its key, as the driver takes them.
    """

    site_id: int
    submission: Submission
    now: datetime
    comment: dict[str, Any]
    decision: dict[str, Any]
    recorded: Recorded

    @property
    def id(self) -> str:
        """The comment's, as its site gave it."""
        return str(self.comment["id"])


class Ledger:
    """Enters verdicts on one kind of database."""

    def __init__(self, database: Database) -> None:
        # Of a new comment, and most are, each statement is run by the driver.
        self._new_comment = database.compiled(
            database.insert_new(comments).returning(comments.c.key),
            written(comments) - {"key", "erased_at"},
        )
        self._new_decision = database.compiled(
            INSERT_DECISION, written(decisions) - {"key"} - OF_PEOPLE
        )
        self._new_text = database.compiled(INSERT_TEXT, written(texts))

    def entry(self, site_id: int, submission: Submission, now: datetime) -> Entry:
        """Make ready what `enter` writes."""
        decision = Decision(submission.verdict, AUTOMATIC, now, 1)
        moment = microseconds(now)
        waits = moment if submission.waiting else None
        return Entry(
            site_id,
            submission,
            now,
            _first_columns(site_id, submission, now)
            | {"received_at": moment, "waiting_since": waits},
            {"number": 1} | _log_columns(submission, decision) | {"decided_at": moment},
            Recorded(submission.text_hash, decision),
        )

    def enter(self, connection: Connection, entry: Entry) -> Recorded:
        """Enter one verdict unless one holds; see `Store.record`."""
        cursor = connection.connection.cursor()
        cursor.execute(self._new_comment, entry.comment)
        while not (rows := cursor.fetchall()):
            submission = entry.submission
            held = _revise(connection, entry.site_id, submission, entry.now)
            if held is not None:
                return held
            # It was erased in between, and is a new one now.
            cursor.execute(self._new_comment, entry.comment)
        key = rows[0][0]
        cursor.execute(self._new_decision, {"comment_key": key, **entry.decision})
        if entry.submission.alike:
            cursor.execute(self._new_text, text_columns(key, entry.submission, 1))
        return entry.recorded

    def enter_many(
        self, connection: Connection, entries: Sequence[Entry]
    ) -> list[Recorded]:
        """Enter verdicts as `enter` does; what holds for each, in their order.

        It takes them in order of their ids, so that two batches never wait for each
        other in a circle; the sort is stable, so that of one id the first stays the
        first.
        """
        order = sorted(range(len(entries)), key=lambda i: entries[i].id)
        answers = {i: self.enter(connection, entries[i]) for i in order}
        return [answers[i] for i in range(len(entries))]


def written(table: Table) -> set[str]:
    """The names of a table's columns."""
    return {column.name for column in table.columns}


def _revise(
    connection: Connection, site_id: int, submission: Submission, now: datetime
) -> Recorded | None:
    """Answer what holds for a known comment, or enter its new revision.

    None if somebody has erased it since it was found to be known.
    """
    row = connection.execute(
        LOCKED, {"site_id": site_id, "comment_id": submission.comment.id}
    ).one_or_none()
    if row is None:
        return None
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
    number: int,
    revision: int,
) -> Recorded:
    """Append the decision of a new revision to the log."""
    decision = Decision(submission.verdict, AUTOMATIC, now, revision)
    connection.execute(
        INSERT_DECISION,
        {"comment_key": key, "number": number} | _log_columns(submission, decision),
    )
    if submission.alike:
        connection.execute(INSERT_TEXT, text_columns(key, submission, revision))
    return Recorded(submission.text_hash, decision)


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
    strongest = verdict.reasons[0] if verdict.reasons else None
    return {
        "revision": revision,
        "text_hash": submission.text_hash,
        "decision": number,
        "outcome": verdict.outcome.value,
        "flagged": verdict.flagged,
        "waiting": _waiting(submission),
        "waiting_since": now if submission.waiting else None,
        "rule": strongest and strongest.rule and strongest.rule.value,
        "source": strongest and strongest.source.value,
        "score": strongest and strongest.score,
        "kept": submission.alike is not None,
        "alike": submission.alike,
        "received_at": now,
    } | comment_columns(submission.comment)


def _log_columns(submission: Submission, decision: Decision) -> dict[str, Any]:
    # Also here: what was drawn as a sample stays one, whatever else it waits for later.
    return decision_columns(decision) | {"waiting": _waiting(submission)}


def _waiting(submission: Submission) -> str | None:
    return submission.waiting and submission.waiting.value


def text_columns(key: int, submission: Submission, revision: int) -> dict[str, Any]:
    """The text of a revision, as it is kept."""
    # PostgreSQL stores no NUL; of the same length, so that spans still point right.
    text = submission.comment.text.replace("\0", "\ufffd")
    return {"comment_key": key, "revision": revision, "text": text}
