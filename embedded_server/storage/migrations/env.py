"""Runs migrations on the connection that ``storage.migrate`` hands in."""

from alembic import context

from embedded_server.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=False,
)
context.run_migrations()
