"""The moderators' desk: what waits, reports and appeals, events, words, sign-in.

Written out, not taken from `service.store.schema`, which will have moved on.  What near
texts share is taken from the code: later comments have to share it, too.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from service.alike import alike

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COMMENTS = sa.table(
    "comments",
    sa.column("key", KEY),
    sa.column("revision", sa.Integer),
    sa.column("flagged", sa.Boolean),
    sa.column("received_at", sa.BigInteger),
    sa.column("waiting", sa.Text),
    sa.column("waiting_since", sa.BigInteger),
    sa.column("kept", sa.Boolean),
    sa.column("alike", sa.LargeBinary),
    sa.column("author_id", sa.Text),
    sa.column("decision", sa.Integer),
    sa.column("rule", sa.Text),
    sa.column("source", sa.Text),
    sa.column("score", sa.Float),
)
DECISIONS = sa.table(
    "decisions",
    sa.column("comment_key", KEY),
    sa.column("number", sa.Integer),
    sa.column("reasons", sa.Text),
)
TEXTS = sa.table(
    "texts",
    sa.column("comment_key", KEY),
    sa.column("revision", sa.Integer),
    sa.column("text", sa.Text),
)
BATCH = 1_000


def upgrade() -> None:
    """Add columns and tables, and note what waits already."""
    extend_policies()
    extend_accounts()
    extend_comments()
    extend_log()
    create_feedback()
    create_events()


def extend_policies() -> None:
    for name, default in (("words", "[]"), ("allowed", "[]"), ("notices", "{}")):
        column = sa.Column(name, sa.Text, nullable=False, server_default=default)
        op.add_column("policies", column)
    op.add_column("policies", sa.Column("note", sa.Text))


def extend_accounts() -> None:
    with op.batch_alter_table("moderators") as batch:
        batch.add_column(sa.Column("site_id", sa.Integer))
        batch.add_column(
            sa.Column("session", sa.Integer, nullable=False, server_default="1")
        )
        batch.create_foreign_key("fk_moderators_site_id", "sites", ["site_id"], ["id"])
    op.create_table(
        "attempts",
        sa.Column("subject", sa.LargeBinary, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_attempts"),
    )


def extend_comments() -> None:
    op.drop_index("ix_comments_flagged", "comments")
    for column in (
        sa.Column("waiting", sa.Text),
        sa.Column("waiting_since", sa.BigInteger),
        sa.Column("rule", sa.Text),
        sa.Column("source", sa.Text),
        sa.Column("score", sa.Float),
        sa.Column("kept", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("alike", sa.LargeBinary),
    ):
        op.add_column("comments", column)
    op.execute(
        sa.update(COMMENTS)
        .where(COMMENTS.c.flagged)
        .values(waiting="flagged", waiting_since=COMMENTS.c.received_at)
    )
    kept = sa.exists().where(
        TEXTS.c.comment_key == COMMENTS.c.key,
        TEXTS.c.revision == COMMENTS.c.revision,
    )
    op.execute(sa.update(COMMENTS).where(kept).values(kept=sa.true()))
    note_reasons()
    waits = COMMENTS.c.waiting.is_not(None)
    place = ["waiting_since", "key"]
    filters = ["rule", "source", "score", "article_id", "author_id", "language"]
    index("waiting", ["site_id", *place, "waiting", "alike", *filters], waits)
    index("waiting_kind", ["site_id", "waiting", *place], waits)
    index("alike", ["alike", *place, "site_id", "waiting"], waits)
    index("kept", ["site_id", "outcome", "key"], COMMENTS.c.kept == sa.true())
    has_author = COMMENTS.c.author_id.is_not(None)
    index("author", ["site_id", "author_id", "outcome"], has_author)


def note_reasons() -> None:
    """Of what waits or is kept: its strongest reason, and what it is alike."""
    connection = op.get_bind()
    found = (
        sa.select(COMMENTS.c.key, DECISIONS.c.reasons, TEXTS.c.text)
        .join(
            DECISIONS,
            (DECISIONS.c.comment_key == COMMENTS.c.key)
            & (DECISIONS.c.number == COMMENTS.c.decision),
        )
        .outerjoin(
            TEXTS,
            (TEXTS.c.comment_key == COMMENTS.c.key)
            & (TEXTS.c.revision == COMMENTS.c.revision),
        )
        .where(sa.or_(COMMENTS.c.kept, COMMENTS.c.waiting.is_not(None)))
        .order_by(COMMENTS.c.key)
        .limit(BATCH)
    )
    noted = sa.update(COMMENTS).where(COMMENTS.c.key == sa.bindparam("noted"))
    last = 0
    while rows := connection.execute(found.where(COMMENTS.c.key > last)).all():
        last = rows[-1].key
        values = [
            {
                "noted": row.key,
                "alike": None if row.text is None else alike(row.text),
                **strongest(row.reasons),
            }
            for row in rows
        ]
        connection.execute(noted, values)


def strongest(reasons: str) -> dict[str, object]:
    first: dict[str, object] = next(iter(json.loads(reasons)), {})
    return {name: first.get(name) for name in ("rule", "source", "score")}


def index(name: str, columns: list[str], where: sa.ColumnElement[bool]) -> None:
    op.create_index(
        f"ix_comments_{name}",
        "comments",
        columns,
        sqlite_where=where,
        postgresql_where=where,
    )


def extend_log() -> None:
    for column in (
        sa.Column("kind", sa.Text, nullable=False, server_default="automatic"),
        sa.Column("rule", sa.Text),
        sa.Column("note", sa.Text),
        sa.Column("waiting", sa.Text),
        sa.Column("waiting_since", sa.BigInteger),
        sa.Column("together_with", sa.BigInteger),
    ):
        op.add_column("decisions", column)


def create_feedback() -> None:
    op.create_table(
        "reports",
        sa.Column("key", KEY, nullable=False),
        sa.Column("comment_key", KEY, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("reporter", sa.Text),
        sa.Column("words", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_reports"),
        sa.ForeignKeyConstraint(
            ["comment_key"], ["comments.key"], name="fk_reports_comment_key"
        ),
        sa.UniqueConstraint(
            "comment_key",
            "revision",
            "reporter",
            name="uq_reports_comment_key_revision_reporter",
        ),
    )
    op.create_table(
        "appeals",
        sa.Column("key", KEY, nullable=False),
        sa.Column("comment_key", KEY, nullable=False),
        sa.Column("decision", sa.Integer, nullable=False),
        sa.Column("answer", sa.Integer),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_appeals"),
        sa.ForeignKeyConstraint(
            ["comment_key"], ["comments.key"], name="fk_appeals_comment_key"
        ),
        sa.UniqueConstraint(
            "comment_key", "decision", name="uq_appeals_comment_key_decision"
        ),
    )
    op.create_table(
        "looks",
        sa.Column("comment_key", KEY, autoincrement=False, nullable=False),
        sa.Column("moderator", sa.Text, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("comment_key", name="pk_looks"),
        sa.ForeignKeyConstraint(
            ["comment_key"], ["comments.key"], name="fk_looks_comment_key"
        ),
    )
    op.create_table(
        "tallies",
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("figures", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "day", name="pk_tallies"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_tallies_site_id"),
    )


def create_events() -> None:
    op.create_table(
        "events",
        sa.Column("key", KEY, nullable=False),
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("comment_key", KEY, nullable=False),
        sa.Column("decision", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_events"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_events_site_id"),
        sa.ForeignKeyConstraint(
            ["comment_key"], ["comments.key"], name="fk_events_comment_key"
        ),
        sa.UniqueConstraint("id", name="uq_events_id"),
    )
    op.create_index("ix_events_site_id", "events", ["site_id", "key"])
    op.create_index("ix_events_comment_key", "events", ["comment_key", "decision"])
    op.create_table(
        "endpoints",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("after_event", KEY, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("disabled_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_endpoints"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_endpoints_site_id"),
    )
    deliveries = op.create_table(
        "deliveries",
        sa.Column("endpoint_id", sa.Integer, nullable=False),
        sa.Column("event_key", KEY, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("delivered_at", sa.BigInteger),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("endpoint_id", "event_key", name="pk_deliveries"),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"], name="fk_deliveries_endpoint_id"
        ),
        sa.ForeignKeyConstraint(
            ["event_key"], ["events.key"], name="fk_deliveries_event_key"
        ),
    )
    waiting = deliveries.c.delivered_at.is_(None)
    op.create_index(
        "ix_deliveries_endpoint_id",
        "deliveries",
        ["endpoint_id", "due_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_index("ix_deliveries_event_key", "deliveries", ["event_key"])
