"""The statements by which labels are found.  Runs nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, exists, func, select

from service.store.cards import of_keys
from service.store.entries import COLUMNS
from service.store.opinions import PEOPLE
from service.store.schema import comments, decisions, sites, texts

MADE_BY_PEOPLE = decisions.c.kind.in_([kind.value for kind in PEOPLE])


def decided_since(since: datetime | None) -> Select[Any]:
    """Comments that have a text and a person's decision, by key."""
    made = MADE_BY_PEOPLE & (decisions.c.comment_key == texts.c.comment_key)
    if since is not None:
        made &= decisions.c.decided_at >= since
    return (
        select(texts.c.comment_key)
        .distinct()
        .join(comments, comments.c.key == texts.c.comment_key)
        .where(exists().where(made))
        .order_by(texts.c.comment_key)
    )


def of_site(statement: Select[Any], site_id: int | None) -> Select[Any]:
    """A statement about comments, of one site only; None for all."""
    if site_id is None:
        return statement
    # The sum keeps SQLite, which knows no better, from walking through the site.
    return statement.where(comments.c.site_id + 0 == site_id)


# Built once: SQLAlchemy then finds their compiled form without walking them again.
MADE = (
    select(decisions.c.key, decisions.c.comment_key)
    .join(comments, comments.c.key == decisions.c.comment_key)
    .where(decisions.c.key < bindparam("before"), MADE_BY_PEOPLE)
    .order_by(decisions.c.key.desc())
    .limit(bindparam("limit"))
)
_SHARED = (
    select(comments.c.site_id, comments.c.alike)
    .where(comments.c.kept)
    .group_by(comments.c.site_id, comments.c.alike)
    .having(func.count() > 1)
    .subquery()
)
LIKE_OTHERS = (
    select(comments.c.key)
    .join(
        _SHARED,
        (_SHARED.c.site_id == comments.c.site_id)
        & (_SHARED.c.alike == comments.c.alike),
    )
    .where(comments.c.kept)
)
LIKE = select(comments.c.key).where(
    comments.c.kept, comments.c.alike.in_(bindparam("alikes", expanding=True))
)
EDITED = (
    select(texts.c.comment_key, texts.c.text)
    .join(comments, comments.c.key == texts.c.comment_key)
    .where(
        texts.c.revision != comments.c.revision,
        exists().where(
            decisions.c.comment_key == texts.c.comment_key,
            decisions.c.revision == texts.c.revision,
            MADE_BY_PEOPLE,
        ),
    )
)
KEPT = (
    select(
        comments.c.key,
        comments.c.id,
        comments.c.site_id,
        sites.c.name,
        comments.c.revision.label("present"),
        comments.c.alike,
        comments.c.author_id,
        comments.c.article_id,
        texts.c.revision,
        texts.c.text,
    )
    .join(texts, texts.c.comment_key == comments.c.key)
    .join(sites, sites.c.id == comments.c.site_id)
    .where(of_keys(comments.c.key))
    .order_by(comments.c.key, texts.c.revision)
)
LOG = (
    select(*COLUMNS)
    .where(of_keys(decisions.c.comment_key))
    .order_by(decisions.c.comment_key, decisions.c.number)
)
