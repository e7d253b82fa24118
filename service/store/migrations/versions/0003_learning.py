"""Versions of the model: which are stored, which answers, and what another would do.

Written out, not taken from `service.store.schema`, which will have moved on.  What was
counted of past days is dropped: more is counted now, and it is counted again on demand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables."""
    create_models()
    create_shadows()
    op.execute("DELETE FROM tallies")


def create_models() -> None:
    op.create_table(
        "models",
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("card", sa.Text, nullable=False),
        sa.Column("weights", sa.LargeBinary),
        sa.Column("stored_at", sa.BigInteger, nullable=False),
        sa.Column("stored_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_models"),
    )
    op.create_table(
        "promotions",
        sa.Column("key", KEY, nullable=False),
        sa.Column("version", sa.Text),
        sa.Column("replaces", sa.Text),
        sa.Column("undoes", KEY),
        sa.Column("promoted_at", sa.BigInteger, nullable=False),
        sa.Column("promoted_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_promotions"),
        sa.ForeignKeyConstraint(
            ["version"], ["models.version"], name="fk_promotions_version"
        ),
        sa.ForeignKeyConstraint(
            ["replaces"], ["models.version"], name="fk_promotions_replaces"
        ),
        sa.ForeignKeyConstraint(
            ["undoes"], ["promotions.key"], name="fk_promotions_undoes"
        ),
        sa.UniqueConstraint("undoes", name="uq_promotions_undoes"),
    )


def create_shadows() -> None:
    op.create_table(
        "shadows",
        sa.Column("key", KEY, nullable=False),
        sa.Column("version", sa.Text),
        sa.Column("begun_at", sa.BigInteger, nullable=False),
        sa.Column("begun_by", sa.Text, nullable=False),
        sa.Column("judged", sa.Integer, nullable=False, server_default="0"),
        sa.Column("skipped", sa.Integer, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("key", name="pk_shadows"),
        sa.ForeignKeyConstraint(
            ["version"], ["models.version"], name="fk_shadows_version"
        ),
    )
    op.create_table(
        "differences",
        sa.Column("key", KEY, nullable=False),
        sa.Column("shadow_key", KEY, nullable=False),
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("comment_id", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("was", sa.Text, nullable=False),
        sa.Column("would", sa.Text, nullable=False),
        sa.Column("was_rule", sa.Text),
        sa.Column("would_rule", sa.Text),
        sa.Column("noticed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_differences"),
        sa.ForeignKeyConstraint(
            ["shadow_key"], ["shadows.key"], name="fk_differences_shadow_key"
        ),
        sa.ForeignKeyConstraint(
            ["site_id"], ["sites.id"], name="fk_differences_site_id"
        ),
    )
    op.create_index("ix_differences_shadow_key", "differences", ["shadow_key", "key"])
