"""Secrets by which Coral signs what it sends.

Written out, not taken from `service.store.schema`, which will have moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "coral_secrets",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_coral_secrets"),
        sa.ForeignKeyConstraint(
            ["site_id"], ["sites.id"], name="fk_coral_secrets_site_id"
        ),
        sa.UniqueConstraint("secret", name="uq_coral_secrets_secret"),
    )
