"""Bringing every encrypted value of the database to the newest key, those of before encryption included."""

from sqlalchemy import Table, Text, select, type_coerce, update

from clinic.crypto import TOKEN, Encrypted, keyring
from clinic.db import Database
from clinic.tables import Base

BATCH = 200


def encrypt_rows(database: Database, *, only_plain: bool = False) -> int:
    """Encrypt what the first key does not open; with `only_plain`, what nothing encrypts yet. Returns how many values.

    Works beside running processes: a value that changes meanwhile is left to its writer. May be stopped and run again.
    """
    changed = 0
    for table in Base.metadata.sorted_tables:
        for column in [one.name for one in table.columns if isinstance(one.type, Encrypted)]:
            changed += _of_column(database, table, column, only_plain=only_plain)
    return changed


def _of_column(database: Database, table: Table, name: str, *, only_plain: bool) -> int:
    [key] = table.primary_key.columns
    stored = type_coerce(table.c[name], Text)
    changed, last = 0, None
    ring = keyring()
    while True:
        query = select(key, stored).where(table.c[name].is_not(None)).order_by(key).limit(BATCH)
        with database.transaction() as session:
            rows = session.execute(query if last is None else query.where(key > last)).all()
            for row_id, value in rows:
                is_plain = not value.startswith(TOKEN)
                if is_plain or (not only_plain and not ring.is_current(value)):
                    session.execute(
                        update(table).where(key == row_id, stored == value).values({name: ring.decrypt(value)})
                    )
                    changed += 1
        if len(rows) < BATCH:
            return changed
        last = rows[-1][0]
