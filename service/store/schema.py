"""The tables.  No queries and no engine; `service.migrations` creates what is here.

    installation   one row: the secret that keys text hashes
    sites ─┬─ policies    thresholds, versioned; never updated
           ├─ api_keys    hashed
           └─ comments ─┬─ decisions   the log; never updated
                        └─ texts       only those that are kept, one per revision
    moderators     who may decide

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
)
from sqlalchemy.engine import Dialect

HEAD = "0001"
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
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
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
    Column("author_id", Text),
    Column("author_name", Text),
    Column("article_id", Text),
    Column("article_url", Text),
    Column("article_title", Text),
    Column("parent_id", Text),
    Column("language", Text),
    Column("received_at", Moment, nullable=False),
    UniqueConstraint("site_id", "id"),
)
# What waits for people is a small part of all: the rest costs this index nothing.
Index(
    "ix_comments_flagged",
    comments.c.site_id,
    comments.c.received_at,
    sqlite_where=comments.c.flagged,
    postgresql_where=comments.c.flagged,
)

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
