"""The first tables: sites and their policies, keys, accounts, comments and the log.

Written out, not taken from `service.store.schema`, which will have moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create them all."""
    create_installation()
    create_sites()
    create_accounts()
    create_comments()
    create_log()


def create_installation() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1", name="ck_installation_single"),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
    )


def create_sites() -> None:
    op.create_table(
        "sites",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("policy_version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sites"),
        sa.UniqueConstraint("name", name="uq_sites_name"),
    )
    op.create_table(
        "policies",
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("thresholds", sa.Text, nullable=False),
        sa.Column("flagged_until_decided", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "version", name="pk_policies"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_policies_site_id"),
    )


def create_accounts() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_api_keys_site_id"),
        sa.UniqueConstraint("hash", name="uq_api_keys_hash"),
    )
    op.create_table(
        "moderators",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("disabled_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_moderators"),
        sa.UniqueConstraint("name", name="uq_moderators_name"),
    )


def create_comments() -> None:
    comments = op.create_table(
        "comments",
        sa.Column("key", KEY, nullable=False),
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("text_hash", sa.LargeBinary, nullable=False),
        sa.Column("decision", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("flagged", sa.Boolean, nullable=False),
        sa.Column("author_id", sa.Text),
        sa.Column("author_name", sa.Text),
        sa.Column("article_id", sa.Text),
        sa.Column("article_url", sa.Text),
        sa.Column("article_title", sa.Text),
        sa.Column("parent_id", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_comments"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_comments_site_id"),
        sa.UniqueConstraint("site_id", "id", name="uq_comments_site_id_id"),
    )
    op.create_index(
        "ix_comments_flagged",
        "comments",
        ["site_id", "received_at"],
        sqlite_where=comments.c.flagged,
        postgresql_where=comments.c.flagged,
    )


def create_log() -> None:
    op.create_table(
        "decisions",
        sa.Column("key", KEY, nullable=False),
        sa.Column("comment_key", KEY, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("flagged", sa.Boolean, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("scores", sa.Text),
        sa.Column("notice", sa.Text),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decided_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_decisions"),
        sa.ForeignKeyConstraint(
            ["comment_key"], ["comments.key"], name="fk_decisions_comment_key"
        ),
        sa.UniqueConstraint(
            "comment_key", "number", name="uq_decisions_comment_key_number"
        ),
    )
    op.create_table(
        "texts",
        sa.Column("comment_key", KEY, autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("comment_key", "revision", name="pk_texts"),
        sa.ForeignKeyConstraint(
            ["comment_key"], ["comments.key"], name="fk_texts_comment_key"
        ),
    )
