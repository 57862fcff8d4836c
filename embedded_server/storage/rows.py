"""Small things that every repository does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table


def add_row(connection: Connection, table: Table, **values: Any) -> int:
    """Insert one row; its integer primary key."""
    key = connection.execute(insert(table).values(**values)).inserted_primary_key
    if key is None:
        raise TypeError(f"table {table.name} has no primary key of its own")
    return int(key[0])
