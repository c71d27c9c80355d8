"""Alembic runs this: on the connection it is handed, inside that connection's transaction."""

from alembic import context

from workflow.storage.schema import is_ours
from workflow.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True, transaction_per_migration=False,
    include_name=is_ours,
)  # fmt: skip
context.run_migrations()
