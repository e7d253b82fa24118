"""The statements by which what is old is found and taken.  Runs nothing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Select,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    select,
    tuple_,
    update,
)

from service.domain import Waiting
from service.store.cards import of_keys
from service.store.opinions import PEOPLE
from service.store.outbox import NEVER
from service.store.schema import (
    appeals,
    comments,
    decisions,
    deliveries,
    differences,
    erasures,
    events,
    looks,
    reports,
    shadows,
    texts,
)

READ_AT_ONCE = 500

_BY_PEOPLE = decisions.c.kind.in_([kind.value for kind in PEOPLE])
_IS_SAMPLE = decisions.c.waiting == Waiting.SAMPLE.value
_ABOUT = (
    comments.c.site_id,
    comments.c.id,
    comments.c.key.label("comment_key"),
    comments.c.decision,
    comments.c.waiting,
    comments.c.revision,
)

# Built once: SQLAlchemy then finds their compiled form without walking them again.
TEXTS: Select[Any] = (
    select(
        *_ABOUT,
        texts.c.revision.label("text_revision"),
        func.max(decisions.c.decided_at).label("last_at"),
        func.max(case((_BY_PEOPLE, 1), else_=0)).label("by_people"),
        func.max(case((_IS_SAMPLE, 1), else_=0)).label("is_sample"),
    )
    .join(comments, comments.c.key == texts.c.comment_key)
    .join(
        decisions,
        (decisions.c.comment_key == texts.c.comment_key)
        & (decisions.c.revision == texts.c.revision),
    )
    .where(
        tuple_(texts.c.comment_key, texts.c.revision)
        > tuple_(bindparam("comment_key"), bindparam("text_revision"))
    )
    .group_by(comments.c.key, texts.c.comment_key, texts.c.revision)
    .order_by(texts.c.comment_key, texts.c.revision)
    .limit(READ_AT_ONCE)
)
OLD_COMMENTS: Select[Any] = (
    select(*_ABOUT, comments.c.revision.label("text_revision"))
    .join(
        decisions,
        (decisions.c.comment_key == comments.c.key)
        & (decisions.c.number == comments.c.decision),
    )
    .where(
        comments.c.key > bindparam("comment_key"),
        comments.c.erased_at.is_(None),
        comments.c.received_at < bindparam("end"),
        decisions.c.decided_at < bindparam("end"),
    )
    .order_by(comments.c.key)
    .limit(READ_AT_ONCE)
)
# What can still be delivered stays, and the newest: no other may ever get its key.
OLD_EVENTS = (
    select(events.c.key)
    .where(
        events.c.created_at < bindparam("end"),
        events.c.key < select(func.max(events.c.key)).scalar_subquery(),
        ~exists().where(
            deliveries.c.event_key == events.c.key,
            deliveries.c.delivered_at.is_(None),
            deliveries.c.due_at != literal(NEVER, deliveries.c.due_at.type),
        ),
    )
    .order_by(events.c.key)
    .limit(bindparam("limit"))
)
# Those of the present shadow are counted against what it has judged.
OLD_DIFFERENCES = (
    select(differences.c.key)
    .where(
        differences.c.noticed_at < bindparam("end"),
        differences.c.shadow_key < select(func.max(shadows.c.key)).scalar_subquery(),
    )
    .limit(bindparam("limit"))
)
OLD_ERASURES = delete(erasures).where(erasures.c.erased_at < bindparam("end"))
OVER_LOOKS = delete(looks).where(looks.c.until < bindparam("now"))

_OF = texts.c.comment_key == bindparam("of")
DELETE_TEXTS = delete(texts).where(_OF, texts.c.revision == bindparam("at"))
BLANK_REPORTS = (
    update(reports)
    .where(
        reports.c.comment_key == bindparam("of"),
        reports.c.revision == bindparam("at"),
    )
    .values(words=None, reporter=None)
)
BLANK_APPEALS = (
    update(appeals)
    .where(
        appeals.c.comment_key == bindparam("of"),
        appeals.c.decision.in_(
            select(decisions.c.number).where(
                decisions.c.comment_key == bindparam("of"),
                decisions.c.revision == bindparam("at"),
            )
        ),
    )
    .values(words="")
)
UNKEEP = (
    update(comments)
    .where(comments.c.key == bindparam("of"), comments.c.revision == bindparam("at"))
    .values(kept=False, alike=None, waiting=None, waiting_since=None)
)
TAKE_DELIVERIES = delete(deliveries).where(of_keys(deliveries.c.event_key))
TAKE_EVENTS = delete(events).where(of_keys(events.c.key))
TAKE_DIFFERENCES = delete(differences).where(of_keys(differences.c.key))
