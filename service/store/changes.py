"""The statements by which people change comments and their log.  Runs nothing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    delete,
    exists,
    or_,
    select,
    update,
)

from service.domain import Kind
from service.store.cards import of_keys
from service.store.database import Database
from service.store.lists import is_like
from service.store.schema import (
    appeals,
    comments,
    decisions,
    looks,
    moderators,
    reports,
)

OF_KEY = comments.c.key == bindparam("held_key")


def locked(database: Database) -> Select[Any]:
    """A site's comments of some ids, which others cannot change for now.

    In the order of their ids by code points, as `Ledger.enter_many` takes them, so that
    nobody waits for each other in a circle.
    """
    return LOCKED.order_by(_id_order(database))


def together(database: Database, *, wait: bool) -> Select[Any]:
    """What was decided as one with a comment, and is yet to be undone with it.

    Where it waits for others, it locks in the same order as `locked`.
    """
    return TOGETHER.order_by(_id_order(database)).with_for_update(
        skip_locked=not wait, of=comments
    )


def _id_order(database: Database) -> ColumnElement[str]:
    order = comments.c.id
    return order if database.is_sqlite else order.collate("C")


# Built once: SQLAlchemy then finds their compiled form without walking them again.
LOCKED = (
    select(comments)
    .where(
        comments.c.site_id == bindparam("site_id"),
        comments.c.id.in_(bindparam("ids", expanding=True)),
    )
    .with_for_update()
)
LIKE = (
    select(comments)
    .where(
        is_like(comments, bindparam("site_id"), bindparam("alike")),
        comments.c.waiting_since <= bindparam("now"),
        comments.c.key != bindparam("key"),
    )
    .order_by(comments.c.waiting_since, comments.c.key)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
# They were entered after the decision that they followed, which was not long ago.
LED = (
    select(decisions.c.key)
    .where(
        decisions.c.comment_key == bindparam("key"),
        decisions.c.number == bindparam("number"),
    )
    .scalar_subquery()
)
TOGETHER = (
    select(comments)
    .join(
        decisions,
        (decisions.c.comment_key == comments.c.key)
        & (decisions.c.number == comments.c.decision),
    )
    .where(
        decisions.c.key > LED,
        decisions.c.together_with == bindparam("key"),
        decisions.c.decided_at == bindparam("moment"),
        # Its reader was told already, and has to be answered.
        ~exists().where(
            appeals.c.comment_key == comments.c.key,
            appeals.c.decision == comments.c.decision,
        ),
    )
    .limit(bindparam("limit"))
)
LAST_TWO = (
    select(decisions)
    .join(comments, comments.c.key == decisions.c.comment_key)
    .where(
        of_keys(decisions.c.comment_key),
        decisions.c.number >= comments.c.decision - 1,
    )
    .order_by(decisions.c.number.desc())
)
REPORTED_SINCE = (
    select(comments.c.key)
    .distinct()
    .join(
        decisions,
        (decisions.c.comment_key == comments.c.key)
        & (decisions.c.number == comments.c.decision),
    )
    .join(
        reports,
        (reports.c.comment_key == comments.c.key)
        & (reports.c.revision == comments.c.revision)
        & (reports.c.created_at >= decisions.c.decided_at),
    )
    .where(of_keys(comments.c.key))
)
HOLD = (
    update(comments)
    .where(OF_KEY, comments.c.decision == bindparam("held_number"))
    .values(
        {
            name: bindparam(name)
            for name in ("decision", "outcome", "flagged", "waiting", "waiting_since")
        }
    )
)
CHANGE = update(comments).where(OF_KEY)
END_LOOKS = delete(looks).where(of_keys(looks.c.comment_key))
ANSWER = (
    update(appeals)
    .where(appeals.c.key == bindparam("appeal_key"))
    .values(answer=bindparam("number"))
)
REOPEN = (
    update(appeals)
    .where(
        appeals.c.comment_key == bindparam("held_key"),
        appeals.c.answer == bindparam("held_number"),
    )
    .values(answer=None)
)
UNDOING = decisions.alias("undoing")
IS_UNDONE = exists().where(
    UNDOING.c.comment_key == decisions.c.comment_key,
    UNDOING.c.number == decisions.c.number + 1,
    UNDOING.c.kind == Kind.UNDO.value,
)
# A second opinion that differs is undone with the escalation that came with it.
WITH_IT = decisions.alias("with_it")
IS_UNDONE_WITH_IT = exists().where(
    decisions.c.kind == Kind.SECOND.value,
    WITH_IT.c.comment_key == decisions.c.comment_key,
    WITH_IT.c.number == decisions.c.number + 1,
    WITH_IT.c.kind == Kind.ESCALATION.value,
    WITH_IT.c.decided_by == decisions.c.decided_by,
    WITH_IT.c.decided_at == decisions.c.decided_at,
    UNDOING.c.comment_key == decisions.c.comment_key,
    UNDOING.c.number == decisions.c.number + 2,
    UNDOING.c.kind == Kind.UNDO.value,
)
DECIDERS = (
    select(decisions.c.decided_by)
    .distinct()
    .where(
        decisions.c.comment_key == bindparam("key"),
        decisions.c.revision == bindparam("revision"),
        decisions.c.outcome.in_(bindparam("outcomes", expanding=True)),
        decisions.c.kind.in_(bindparam("kinds", expanding=True)),
        ~IS_UNDONE,
        ~IS_UNDONE_WITH_IT,
    )
)
OTHERS = (
    select(moderators.c.id)
    .where(
        moderators.c.disabled_at.is_(None),
        or_(
            moderators.c.site_id.is_(None),
            moderators.c.site_id == bindparam("site_id"),
        ),
        moderators.c.name.not_in(bindparam("names", expanding=True)),
        moderators.c.role.in_(bindparam("roles", expanding=True)),
    )
    .limit(1)
)
APPEALS_SINCE = (
    select(appeals.c.key)
    .where(
        appeals.c.comment_key == bindparam("key"),
        appeals.c.decision >= bindparam("number"),
    )
    .limit(1)
)
