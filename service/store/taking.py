"""The statements by which comments are erased.  Runs nothing."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, exists, select, update

from service.store.cards import of_keys
from service.store.schema import (
    appeals,
    comments,
    decisions,
    deliveries,
    erasures,
    events,
    looks,
    reports,
    sealing,
    seals,
    tallies,
    texts,
)

ERASED_ID = "\x7f"
"""How the id of an erased comment begins; none that is sent has control characters."""

# Built once: SQLAlchemy then finds their compiled form without walking them again.
_OF_SITE = comments.c.site_id == bindparam("site_id")
OF_AUTHOR = (
    select(comments.c.id)
    .where(_OF_SITE, comments.c.author_id == bindparam("author_id"))
    .order_by(comments.c.key)
)
_COMPLAINED = (reports.c.reporter == bindparam("author_id")) & exists().where(
    comments.c.key == reports.c.comment_key, _OF_SITE
)
COMPLAINTS = select(reports.c.words).where(_COMPLAINED)
UNNAME = update(reports).where(_COMPLAINED).values(reporter=None, words=None)
KNOWN = select(erasures.c.erased_at).where(
    erasures.c.site_id == bindparam("site_id"),
    erasures.c.subject == bindparam("subject"),
)
LOG = (
    select(decisions)
    .where(of_keys(decisions.c.comment_key))
    .order_by(decisions.c.comment_key, decisions.c.number)
)
WORDS = (
    select(texts.c.text)
    .where(of_keys(texts.c.comment_key))
    .union_all(
        select(reports.c.words).where(
            of_keys(reports.c.comment_key), reports.c.words.is_not(None)
        ),
        select(appeals.c.words).where(of_keys(appeals.c.comment_key)),
    )
)
HIDE = (
    update(decisions)
    .where(decisions.c.key == bindparam("of"))
    .values(
        reasons=bindparam("bare"),
        decided_by=bindparam("name"),
        scores=None,
        notice=None,
        note=None,
    )
)
UNSALT = (
    update(seals)
    .where(
        seals.c.decision_key.in_(bindparam("decision_keys", expanding=True)),
        seals.c.salt.is_not(None),
    )
    .values(salt=None)
)
_ITS_EVENTS = select(events.c.key).where(of_keys(events.c.comment_key))
TAKE = {
    "texts": delete(texts).where(of_keys(texts.c.comment_key)),
    "reports": delete(reports).where(of_keys(reports.c.comment_key)),
    "appeals": delete(appeals).where(of_keys(appeals.c.comment_key)),
    "looks": delete(looks).where(of_keys(looks.c.comment_key)),
    # The events stay, and are never told: sites have read up to their keys.
    "deliveries": delete(deliveries).where(deliveries.c.event_key.in_(_ITS_EVENTS)),
}
# They may hold its words; without it they are counted again when they are looked at.
RECOUNT = delete(tallies).where(
    tallies.c.site_id == bindparam("site_id"),
    tallies.c.day.in_(bindparam("days", expanding=True)),
)
EMPTY = (
    update(comments)
    .where(comments.c.key == bindparam("gone_key"))
    .values(
        id=bindparam("new_id"),
        decision=bindparam("new_decision"),
        erased_at=bindparam("now"),
        text_hash=b"",
        flagged=False,
        kept=False,
        **dict.fromkeys(
            (
                "waiting",
                "waiting_since",
                "rule",
                "source",
                "score",
                "alike",
                "author_id",
                "author_name",
                "article_id",
                "article_url",
                "article_title",
                "parent_id",
                "language",
            )
        ),
    )
)
TRACES = select(sealing.c.erased, sealing.c.cleared)
CLEARED = (
    update(sealing)
    .where(sealing.c.cleared < bindparam("so_many"))
    .values(cleared=bindparam("so_many"))
)
