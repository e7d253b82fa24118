"""Rate limits: how many requests of each caller were counted in a minute.

Written out, not taken from `service.store.schema`, which will have moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the counts."""
    op.create_table(
        "limits",
        sa.Column("subject", sa.LargeBinary, nullable=False),
        sa.Column("minute", sa.BigInteger, nullable=False),
        sa.Column("requests", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_limits"),
    )
