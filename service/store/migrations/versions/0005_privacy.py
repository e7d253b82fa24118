"""Privacy: comments can be erased, and the log is chained and cannot be rewritten.

Written out, not taken from `service.store.schema`, which will have moved on.  What was
decided so far is chained later, a few at a time (`service.sealing`): for a large log
that takes minutes, in which nobody could use the tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.chain import FACTS

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REFUSAL = "the log of decisions is append-only"
SAME = {"sqlite": "IS", "postgresql": "IS NOT DISTINCT FROM"}


def upgrade() -> None:
    """Add what erasing needs, begin the chain, and close the log."""
    op.add_column("comments", sa.Column("erased_at", sa.BigInteger))
    op.create_index("ix_reports_reporter", "reports", ["reporter"])
    op.create_index("ix_differences_comment", "differences", ["site_id", "comment_id"])
    create_chain()
    create_erasures()
    begin_chain()
    close_log()


def create_chain() -> None:
    op.create_table(
        "seals",
        sa.Column("number", KEY, autoincrement=False, nullable=False),
        sa.Column("decision_key", KEY, nullable=False),
        sa.Column("details", sa.LargeBinary, nullable=False),
        sa.Column("salt", sa.LargeBinary),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_seals"),
        sa.ForeignKeyConstraint(
            ["decision_key"], ["decisions.key"], name="fk_seals_decision_key"
        ),
        sa.UniqueConstraint("decision_key", name="uq_seals_decision_key"),
    )
    op.create_table(
        "sealing",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("sealed_to", KEY, nullable=False),
        sa.Column("seen_to", KEY, nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("erased", sa.Integer, nullable=False),
        sa.Column("cleared", sa.Integer, nullable=False),
        sa.CheckConstraint("id = 1", name="ck_sealing_single"),
        sa.PrimaryKeyConstraint("id", name="pk_sealing"),
    )


def create_erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("site_id", sa.Integer, nullable=False),
        sa.Column("subject", sa.LargeBinary, nullable=False),
        sa.Column("erased_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "subject", name="pk_erasures"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_erasures_site_id"),
    )
    op.create_table(
        "lessons",
        sa.Column("comment_key", KEY, autoincrement=False, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("comment_key", "version", name="pk_lessons"),
        sa.ForeignKeyConstraint(
            ["comment_key"], ["comments.key"], name="fk_lessons_comment_key"
        ),
    )
    op.create_index("ix_lessons_version", "lessons", ["version"])


def begin_chain() -> None:
    """Say of nothing that it is sealed yet."""
    op.execute(
        "INSERT INTO sealing (id, sealed_to, seen_to, fence, erased, cleared)"
        " VALUES (1, 0, 0, 0, 0, 0)"
    )


def close_log() -> None:
    """Refuse to change or delete what stands in the log."""
    if op.get_bind().dialect.name == "sqlite":
        close_in_sqlite()
    else:
        close_in_postgresql()


def stays(dialect: str) -> str:
    """Whether an update of a decision leaves its facts, and takes what is erased."""
    same = " AND ".join(f"NEW.{name} {SAME[dialect]} OLD.{name}" for name in FACTS)
    gone = " AND ".join(f"NEW.{name} IS NULL" for name in ("scores", "notice", "note"))
    erased = (
        "EXISTS (SELECT 1 FROM decisions AS last WHERE"
        " last.comment_key = OLD.comment_key AND last.kind = 'erasure')"
    )
    return f"{same} AND {gone} AND {erased}"


def only_salt(dialect: str) -> str:
    """Whether an update of a seal takes its salt and nothing else."""
    names = ("number", "decision_key", "details", "hash")
    same = " AND ".join(f"NEW.{name} {SAME[dialect]} OLD.{name}" for name in names)
    return f"{same} AND NEW.salt IS NULL"


def close_in_sqlite() -> None:
    for table, allowed in (("decisions", stays), ("seals", only_salt)):
        refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        op.execute(
            f"CREATE TRIGGER {table}_stay BEFORE UPDATE ON {table}"
            f" WHEN NOT ({allowed('sqlite')}) {refuse}"
        )
        op.execute(f"CREATE TRIGGER {table}_remain BEFORE DELETE ON {table} {refuse}")


def close_in_postgresql() -> None:
    for table, allowed in (("decisions", stays), ("seals", only_salt)):
        op.execute(
            f"CREATE FUNCTION {table}_stay() RETURNS trigger LANGUAGE plpgsql AS $$"
            " BEGIN"
            f" IF TG_OP = 'UPDATE' THEN IF {allowed('postgresql')}"
            " THEN RETURN NEW; END IF; END IF;"
            f" RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = '23000';"
            " END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_stay BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {table}_stay()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_remain BEFORE TRUNCATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_stay()"
        )
