"""The tables.  No queries and no engine; `service.migrations` creates what is here.

    installation   one row: the secret that keys text hashes
    sites ─┬─ policies    thresholds, words and wording, versioned; never updated
           ├─ api_keys    hashed
           ├─ comments ─┬─ decisions   the log; never updated
           │            ├─ texts       only those that are kept, one per revision
           │            ├─ reports     readers' complaints
           │            ├─ appeals     readers' objections, each to one decision
           │            └─ looks       who has the comment open just now
           ├─ events ──── deliveries   what a site is told, and whether it has heard
           ├─ endpoints   where it wants to be told
           ├─ erasures    who and what was erased, as keyed hashes
           ├─ coral_secrets   by which its Coral signs what it sends
           └─ tallies     figures of days that are over
    decisions ── seals    the log's hash chain; `sealing` says how far it has come
    models ─┬─ promotions   which version answers: the log; never updated
            └─ shadows ──── differences   what a version would have decided otherwise
    lessons        which comments a version has learnt from
    moderators     who may decide, on one site or on all
    attempts       failed sign-ins
    limits         requests in a minute

A comment's row carries its present state, so that lists need no walk through the log.
`decided_by` and `created_by` are names, not references: the log outlives accounts.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    true,
)
from sqlalchemy.engine import Dialect

HEAD = "0006"
"""The newest migration.  Identifiers are zero-padded numbers, so that they compare."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """What is stored of an aware time; a naive one raises TypeError."""
    return (moment - _EPOCH) // _MICROSECOND


class Moment(TypeDecorator[datetime]):
    """A time as whole microseconds since 1970 (UTC).

    SQLite has no type for times, and this one sorts and groups alike on all databases.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> int | None:
        """Turn an aware time into microseconds; a naive one raises TypeError."""
        return None if value is None else microseconds(value)

    def process_result_value(
        self, value: int | None, dialect: Dialect
    ) -> datetime | None:
        """Turn microseconds into a time in UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# SQLite counts rows by itself only in a primary key declared INTEGER.
Key = BigInteger().with_variant(Integer(), "sqlite")

installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    CheckConstraint("id = 1", name="single"),
)

sites = Table(
    "sites",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("policy_version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
)

policies = Table(
    "policies",
    metadata,
    Column("site_id", ForeignKey("sites.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    # {"obscene": {"flag": 0.4, "reject": null}}: the rules that differ from the model.
    Column("thresholds", Text, nullable=False),
    Column("flagged_until_decided", Text, nullable=False),
    # [{"text": "…", "rule": "obscene", "strength": "reject"}]: words of the site's own.
    Column("words", Text, nullable=False, server_default="[]"),
    # ["…"]: text in which nothing is found.
    Column("allowed", Text, nullable=False, server_default="[]"),
    # {"hi": {"obscene": "…"}}: the wording of notices that differs from ours.
    Column("notices", Text, nullable=False, server_default="{}"),
    Column("note", Text),
    Column("created_by", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site_id", ForeignKey("sites.id"), nullable=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("label", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("revoked_at", Moment),
)

moderators = Table(
    "moderators",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    # The one site that is moderated; null for all.
    Column("site_id", ForeignKey("sites.id")),
    # Sessions bear this number: counting it up ends them all.
    Column("session", Integer, nullable=False, server_default="1"),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
)

# Failed sign-ins by name and by address, each under a keyed hash.
attempts = Table(
    "attempts",
    metadata,
    Column("subject", LargeBinary, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", Moment, nullable=False),
)

# Requests in the last minute that had any, by who sent them, under a keyed hash.
limits = Table(
    "limits",
    metadata,
    Column("subject", LargeBinary, primary_key=True),
    Column("minute", BigInteger, nullable=False),  # whole ones since 1970
    Column("requests", BigInteger, nullable=False),
)

comments = Table(
    "comments",
    metadata,
    Column("key", Key, primary_key=True),
    Column("site_id", ForeignKey("sites.id"), nullable=False),
    Column("id", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("text_hash", LargeBinary, nullable=False),
    # The decision that holds, by its number; and what it says.
    Column("decision", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("flagged", Boolean, nullable=False),
    # Why a person has to look (`service.domain.Waiting`), and since when; else null.
    Column("waiting", Text),
    Column("waiting_since", Moment),
    # Of the strongest reason of the automatic verdict.
    Column("rule", Text),
    Column("source", Text),
    Column("score", Float),
    # Whether the present revision's text is kept, and what it shares with its like.
    Column("kept", Boolean, nullable=False, server_default=false()),
    Column("alike", LargeBinary),
    Column("author_id", Text),
    Column("author_name", Text),
    Column("article_id", Text),
    Column("article_url", Text),
    Column("article_title", Text),
    Column("parent_id", Text),
    Column("language", Text),
    Column("received_at", Moment, nullable=False),
    # Since when nothing is left of it but that it was decided; see `store.erasing`.
    Column("erased_at", Moment),
    UniqueConstraint("site_id", "id"),
)
# What waits for people or is kept is a small part of all: the rest costs these nothing.
Index(
    "ix_comments_waiting",
    comments.c.site_id,
    comments.c.waiting_since,
    comments.c.key,
    # For filters: so what does not match is passed over without a look at its row.
    comments.c.waiting,
    comments.c.alike,
    comments.c.rule,
    comments.c.source,
    comments.c.score,
    comments.c.article_id,
    comments.c.author_id,
    comments.c.language,
    sqlite_where=comments.c.waiting.is_not(None),
    postgresql_where=comments.c.waiting.is_not(None),
)
Index(
    "ix_comments_waiting_kind",
    comments.c.site_id,
    comments.c.waiting,
    comments.c.waiting_since,
    comments.c.key,
    sqlite_where=comments.c.waiting.is_not(None),
    postgresql_where=comments.c.waiting.is_not(None),
)
Index(
    "ix_comments_kept",
    comments.c.site_id,
    comments.c.outcome,
    comments.c.key,
    # As SQLAlchemy asks SQLite for it: a bare `kept` is another expression there.
    sqlite_where=comments.c.kept == true(),
    postgresql_where=comments.c.kept == true(),
)
Index(
    "ix_comments_alike",
    comments.c.alike,
    comments.c.waiting_since,
    comments.c.key,
    comments.c.site_id,
    comments.c.waiting,
    sqlite_where=comments.c.waiting.is_not(None),
    postgresql_where=comments.c.waiting.is_not(None),
)
Index(
    "ix_comments_author",
    comments.c.site_id,
    comments.c.author_id,
    comments.c.outcome,
    sqlite_where=comments.c.author_id.is_not(None),
    postgresql_where=comments.c.author_id.is_not(None),
)

# Triggers refuse to change or delete a row, but for what `store.erasing` takes out.
decisions = Table(
    "decisions",
    metadata,
    Column("key", Key, primary_key=True),
    Column("comment_key", ForeignKey("comments.key"), nullable=False),
    # 1, 2, 3 … for each comment; unique, so that of two at once one fails.
    Column("number", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("flagged", Boolean, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("scores", Text),
    Column("notice", Text),
    Column("model", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", Moment, nullable=False),
    # How it was made (`service.domain.Kind`); the rule and the note are a person's.
    Column("kind", Text, nullable=False, server_default="automatic"),
    Column("rule", Text),
    Column("note", Text),
    # What a person found it waiting for, and since when: what an undo puts back.  Of an
    # automatic one, what it waits for from then on.
    Column("waiting", Text),
    Column("waiting_since", Moment),
    # The key of the comment that it was decided as one with.
    Column("together_with", BigInteger),
    UniqueConstraint("comment_key", "number"),
)

texts = Table(
    "texts",
    metadata,
    Column("comment_key", Key, primary_key=True, autoincrement=False),
    Column("revision", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    ForeignKeyConstraint(["comment_key"], ["comments.key"]),
)

reports = Table(
    "reports",
    metadata,
    Column("key", Key, primary_key=True),
    Column("comment_key", ForeignKey("comments.key"), nullable=False),
    Column("revision", Integer, nullable=False),
    # The site's own name for who complains, so that one complaint counts once.
    Column("reporter", Text),
    Column("words", Text),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("comment_key", "revision", "reporter"),
)
Index("ix_reports_reporter", reports.c.reporter)

appeals = Table(
    "appeals",
    metadata,
    Column("key", Key, primary_key=True),
    Column("comment_key", ForeignKey("comments.key"), nullable=False),
    # The decision objected to, and the one that answers; null until there is one.
    Column("decision", Integer, nullable=False),
    Column("answer", Integer),
    Column("words", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("comment_key", "decision"),
)

looks = Table(
    "looks",
    metadata,
    Column("comment_key", Key, primary_key=True, autoincrement=False),
    Column("moderator", Text, nullable=False),
    Column("until", Moment, nullable=False),
    ForeignKeyConstraint(["comment_key"], ["comments.key"]),
)

# Keys follow the order of commits: writers of one site's events take turns.
events = Table(
    "events",
    metadata,
    Column("key", Key, primary_key=True),
    Column("site_id", ForeignKey("sites.id"), nullable=False),
    Column("id", Text, nullable=False, unique=True),
    Column("type", Text, nullable=False),
    Column("comment_key", ForeignKey("comments.key"), nullable=False),
    # Which decision it tells of; the payload is made of it when it is told.
    Column("decision", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    # From when on it is told: until then it can be undone.
    Column("due_at", Moment, nullable=False),
)
Index("ix_events_site_id", events.c.site_id, events.c.key)
Index("ix_events_comment_key", events.c.comment_key, events.c.decision)

endpoints = Table(
    "endpoints",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site_id", ForeignKey("sites.id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    # The site's last event before: by key, for clocks differ and step back.
    Column("after_event", Key, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("endpoint_id", ForeignKey("endpoints.id"), primary_key=True),
    Column("event_key", ForeignKey("events.key"), primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("delivered_at", Moment),
    Column("error", Text),
)
Index(
    "ix_deliveries_endpoint_id",
    deliveries.c.endpoint_id,
    deliveries.c.due_at,
    sqlite_where=deliveries.c.delivered_at.is_(None),
    postgresql_where=deliveries.c.delivered_at.is_(None),
)
Index("ix_deliveries_event_key", deliveries.c.event_key)

# As Coral gave them out: without the secret itself no signature can be checked.
coral_secrets = Table(
    "coral_secrets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site_id", ForeignKey("sites.id"), nullable=False),
    Column("secret", Text, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
)

tallies = Table(
    "tallies",
    metadata,
    Column("site_id", ForeignKey("sites.id"), primary_key=True),
    # Days since 1970, UTC.
    Column("day", Integer, primary_key=True),
    Column("figures", Text, nullable=False),
)

models = Table(
    "models",
    metadata,
    Column("version", Text, primary_key=True),
    # `card.json` and `weights.npz`, as they were in the version's folder.
    Column("card", Text, nullable=False),
    # Some megabytes; null once neither promoted lately nor needed to go back to.
    Column("weights", LargeBinary),
    Column("stored_at", Moment, nullable=False),
    Column("stored_by", Text, nullable=False),
)

promotions = Table(
    "promotions",
    metadata,
    Column("key", Key, primary_key=True),
    # The version that answers from then on; null for the base, whichever it is.
    Column("version", ForeignKey("models.version")),
    # The one that answered until then.
    Column("replaces", ForeignKey("models.version")),
    # Of a rollback: the promotion that it undoes.
    Column("undoes", ForeignKey("promotions.key"), unique=True),
    Column("promoted_at", Moment, nullable=False),
    Column("promoted_by", Text, nullable=False),
)

shadows = Table(
    "shadows",
    metadata,
    Column("key", Key, primary_key=True),
    # The version that judges beside the active one; null for none.
    Column("version", ForeignKey("models.version")),
    Column("begun_at", Moment, nullable=False),
    Column("begun_by", Text, nullable=False),
    # Comments that it has judged, and those it had no time for.
    Column("judged", Integer, nullable=False, server_default="0"),
    Column("skipped", Integer, nullable=False, server_default="0"),
)

# By the site's own id and not by key: a comment can be erased all the same.
differences = Table(
    "differences",
    metadata,
    Column("key", Key, primary_key=True),
    Column("shadow_key", ForeignKey("shadows.key"), nullable=False),
    Column("site_id", ForeignKey("sites.id"), nullable=False),
    Column("comment_id", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    # What the active version decided and the shadow would have: accept, flag, reject.
    Column("was", Text, nullable=False),
    Column("would", Text, nullable=False),
    Column("was_rule", Text),
    Column("would_rule", Text),
    Column("noticed_at", Moment, nullable=False),
)
Index("ix_differences_shadow_key", differences.c.shadow_key, differences.c.key)
Index("ix_differences_comment", differences.c.site_id, differences.c.comment_id)

# The hash chain over the log, an entry for each decision; see `store.chain`.
seals = Table(
    "seals",
    metadata,
    # 1, 2, 3 … without a gap, so that of two who go on at once one fails.
    Column("number", Key, primary_key=True, autoincrement=False),
    Column("decision_key", ForeignKey("decisions.key"), nullable=False, unique=True),
    # Of what can be erased: its salted hash, and the salt until then.
    Column("details", LargeBinary, nullable=False),
    Column("salt", LargeBinary),
    Column("hash", LargeBinary, nullable=False),
)

# One row: how far the chain has come.
sealing = Table(
    "sealing",
    metadata,
    Column("id", Integer, primary_key=True),
    # Up to this key of `decisions` all are sealed, and none comes any more.
    Column("sealed_to", Key, nullable=False),
    # The same of this key, once no transaction runs that is older than the fence.
    Column("seen_to", Key, nullable=False),
    Column("fence", BigInteger, nullable=False),
    # How often something was erased, and of how many no file holds traces.
    Column("erased", Integer, nullable=False),
    Column("cleared", Integer, nullable=False),
    CheckConstraint("id = 1", name="single"),
)

# So that who asks again is told the same, and it can be shown that it was done.
erasures = Table(
    "erasures",
    metadata,
    Column("site_id", ForeignKey("sites.id"), primary_key=True),
    # A keyed hash of the id: it cannot be read back.
    Column("subject", LargeBinary, primary_key=True),
    Column("erased_at", Moment, nullable=False),
)

lessons = Table(
    "lessons",
    metadata,
    Column("comment_key", Key, primary_key=True, autoincrement=False),
    # A folder's name; not all versions are in `models`.
    Column("version", Text, primary_key=True),
    ForeignKeyConstraint(["comment_key"], ["comments.key"]),
)
Index("ix_lessons_version", lessons.c.version)
