"""Comments as moderators see them: from keys to cards, in three statements.

Which comments are shown, and in what order, is `service.store.desk`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    ScalarSelect,
    bindparam,
    literal,
    select,
)

from service.domain import Decision, Kind, Outcome, Waiting
from service.store.cases import RECORDED, Appeal, AuthorRecord, Card, Look
from service.store.lists import OTHER, is_like, up_to
from service.store.records import article_of, author_of, decision_of
from service.store.schema import appeals, comments, decisions, looks, reports, texts

PARENT = comments.alias("parent")
PARENT_TEXT = texts.alias("parent_text")


def load_cards(
    connection: Connection, keys: Sequence[int], *, by: str, now: datetime
) -> tuple[Card, ...]:
    """Read the cards of comments, in the order of their keys as given.

    Args:
        connection: to read on.
        keys: of the table `comments`.
        by: who is to see them, and so is not told of their own looking.
        now: looks that end before are over.
    """
    if not keys:
        return ()
    rows = connection.execute(CARDS, {"keys": keys, "by": by, "now": now})
    found = {row.key: row for row in rows}
    log: dict[int, dict[int, Decision]] = {key: {} for key in keys}
    for row in connection.execute(DECISIONS, {"keys": keys}):
        log[row.comment_key][row.number] = decision_of(row)
    open_appeals = load_open_appeals(connection, keys)
    return tuple(_card(found[key], log[key], open_appeals.get(key)) for key in keys)


def load_open_appeals(connection: Connection, keys: Iterable[int]) -> dict[int, Appeal]:
    """The appeals to be answered, by the comment's key."""
    rows = connection.execute(OPEN_APPEALS, {"keys": list(keys)})
    return {row.comment_key: appeal_of(row) for row in rows}


def appeal_of(row: Row[Any]) -> Appeal:
    """Build an appeal from its row."""
    return Appeal(row.key, row.decision, row.answer, row.words, row.created_at)


def waiting_of(row: Row[Any]) -> Waiting | None:
    """What a row of `comments` or `decisions` says was waited for."""
    return None if row.waiting is None else Waiting(row.waiting)


def automatic_of(log: Iterable[Decision]) -> Decision:
    """The newest decision that no person made; there is one for each revision."""
    return max(
        (decision for decision in log if decision.kind is Kind.AUTOMATIC),
        key=lambda decision: decision.revision,
    )


def _card(row: Row[Any], log: dict[int, Decision], appeal: Appeal | None) -> Card:
    author = author_of(row)
    return Card(
        key=row.key,
        id=row.id,
        revision=row.revision,
        number=row.decision,
        decision=log[row.decision],
        automatic=automatic_of(log.values()),
        waiting=waiting_of(row),
        waiting_since=row.waiting_since,
        text=row.text,
        parent_text=row.parent_text,
        author=author,
        article=article_of(row),
        parent_id=row.parent_id,
        language=row.language,
        received_at=row.received_at,
        like_it=row.like_it,
        reports=row.reports,
        appeal=appeal,
        author_record=AuthorRecord(row.accepted, row.rejected) if author else None,
        look=None if row.moderator is None else Look(row.moderator, row.until),
    )


def _like_it() -> ScalarSelect[int]:
    """Count those that wait and would be decided with a comment."""
    others = select(literal(1)).where(
        is_like(OTHER, comments.c.site_id, comments.c.alike),
        OTHER.c.key != comments.c.key,
    )
    return up_to(RECORDED, others.correlate(comments))


def _of_author(outcome: Outcome) -> ScalarSelect[int]:
    same = select(literal(1)).where(
        OTHER.c.site_id == comments.c.site_id,
        OTHER.c.author_id == comments.c.author_id,
        OTHER.c.outcome == outcome.value,
    )
    return up_to(RECORDED, same.correlate(comments))


def _reports() -> ScalarSelect[int]:
    of_it = select(literal(1)).where(
        reports.c.comment_key == comments.c.key,
        reports.c.revision == comments.c.revision,
    )
    return up_to(RECORDED, of_it.correlate(comments))


def _has_text(comment: FromClause, text: FromClause) -> ColumnElement[bool]:
    """What pairs a comment with its present text."""
    return (text.c.comment_key == comment.c.key) & (
        text.c.revision == comment.c.revision
    )


def of_keys(column: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a column is one of the keys given with the statement."""
    return column.in_(bindparam("keys", expanding=True))


# Built once: SQLAlchemy then finds their compiled form without walking them again.
CARDS = (
    select(
        comments,
        texts.c.text,
        PARENT_TEXT.c.text.label("parent_text"),
        looks.c.moderator,
        looks.c.until,
        _like_it().label("like_it"),
        _reports().label("reports"),
        _of_author(Outcome.ACCEPT).label("accepted"),
        _of_author(Outcome.REJECT).label("rejected"),
    )
    .outerjoin(texts, _has_text(comments, texts))
    .outerjoin(
        PARENT,
        (PARENT.c.site_id == comments.c.site_id)
        & (PARENT.c.id == comments.c.parent_id),
    )
    .outerjoin(PARENT_TEXT, _has_text(PARENT, PARENT_TEXT))
    .outerjoin(
        looks,
        (looks.c.comment_key == comments.c.key)
        & (looks.c.moderator != bindparam("by"))
        & (looks.c.until > bindparam("now")),
    )
    .where(of_keys(comments.c.key))
)
DECISIONS = (
    select(decisions)
    .join(comments, comments.c.key == decisions.c.comment_key)
    .where(
        of_keys(decisions.c.comment_key),
        (decisions.c.number == comments.c.decision)
        | (
            (decisions.c.kind == Kind.AUTOMATIC.value)
            & (decisions.c.revision == comments.c.revision)
        ),
    )
)
OPEN_APPEALS = (
    select(appeals)
    .join(comments, comments.c.key == appeals.c.comment_key)
    .join(
        decisions,
        (decisions.c.comment_key == appeals.c.comment_key)
        & (decisions.c.number == appeals.c.decision),
    )
    .where(
        of_keys(appeals.c.comment_key),
        appeals.c.answer.is_(None),
        # A changed text is a new comment: what was said of the old one is moot.
        decisions.c.revision == comments.c.revision,
    )
    .order_by(appeals.c.key)
)
