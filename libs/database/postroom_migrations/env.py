"""Alembic's entry: it runs on the connection that the caller opened and locked."""

from alembic import context

from postroom_database.models import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=False)
context.run_migrations()
