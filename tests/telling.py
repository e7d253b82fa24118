"""Decisions of which sites are told, written as the desk writes them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select, update

from service.domain import Comment, Decision, Kind, Verdict
from service.store.database import Database
from service.store.outbox import add_event
from service.store.records import decision_columns
from service.store.schema import comments, decisions
from service.store.store import Store
from tests.samples import REJECTED

SITE = 1
TEXT = "A comment that nobody but its readers has to know."


def record(
    database: Database, comment_id: str, now: datetime, *, site_id: int = SITE
) -> int:
    """Enter a comment as flagged would be; returns its key."""
    store = Store(database)
    sent = Comment(TEXT, comment_id)
    text_hash = store.text_hash(TEXT)
    store.record(site_id, sent, text_hash, REJECTED, now, alike=bytes(16))
    named = select(comments.c.key).where(
        comments.c.site_id == site_id, comments.c.id == comment_id
    )
    with database.reading() as connection:
        return int(connection.execute(named).scalar_one())


def decide(
    database: Database,
    comment_key: int,
    now: datetime,
    due_at: datetime,
    *,
    verdict: Verdict = REJECTED,
    by: str = "anna",
) -> int:
    """Have a moderator decide, and the site told when it is due; returns the number."""
    with database.writing() as connection:
        row = connection.execute(
            update(comments)
            .where(comments.c.key == comment_key)
            .values(decision=comments.c.decision + 1, outcome=verdict.outcome.value)
            .returning(comments.c.decision, comments.c.site_id)
        ).one()
        made = Decision(verdict, by, now, 1, Kind.REVIEW)
        entry = {"comment_key": comment_key, "number": row.decision}
        connection.execute(insert(decisions).values(entry | decision_columns(made)))
        add_event(
            connection,
            database,
            site_id=row.site_id,
            type=f"comment.{verdict.outcome.value}ed",
            comment_key=comment_key,
            decision=row.decision,
            now=now,
            due_at=due_at,
        )
    return int(row.decision)


def tell(
    database: Database,
    comment_id: str,
    now: datetime,
    due_at: datetime | None = None,
    *,
    site_id: int = SITE,
) -> int:
    """Record a comment and have it rejected by a person; returns its key."""
    key = record(database, comment_id, now, site_id=site_id)
    decide(database, key, now, due_at or now)
    return key
