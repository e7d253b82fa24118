"""What Alembic runs around the steps: they join `service.store.migrate`'s transaction.

There is no alembic.ini and no offline mode.  To write a new step, copy the last one.
"""

from __future__ import annotations

from alembic import context

from service.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter most of a table: Alembic copies it into a new one.
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
