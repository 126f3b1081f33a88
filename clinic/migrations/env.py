"""Alembic's entry: one connection, batch mode for SQLite, no offline mode."""

from alembic import context

from clinic import tables
from clinic.db import open_engine

ONE_AT_A_TIME = 0x10705  # any number; the same for every version of this program

engine = open_engine(context.config.attributes["url"], busy_timeout_ms=30_000)
with engine.connect() as connection:
    # Batch mode copies a table and drops the old one; with foreign keys on that would delete what points at it.
    if engine.dialect.name == "sqlite":
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    else:
        # Processes of several machines start at once; one migrates, the others wait and find nothing to do.
        connection.exec_driver_sql(f"SET lock_timeout = 0; SELECT pg_advisory_lock({ONE_AT_A_TIME})")
        connection.commit()
    context.configure(connection=connection, target_metadata=tables.Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()
