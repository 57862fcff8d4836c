"""Small values that the server keeps for itself, as JSON by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from embedded_server.storage.schema import setting

if TYPE_CHECKING:
    from sqlalchemy import Connection


def read_setting(connection: Connection, key: str) -> Any:
    """The value, or None."""
    return connection.scalar(select(setting.c.value).where(setting.c.key == key))


def write_setting(connection: Connection, key: str, value: Any) -> None:
    """Set or replace it."""
    changed = connection.execute(
        update(setting).where(setting.c.key == key).values(value=value)
    ).rowcount
    if not changed:
        connection.execute(insert(setting).values(key=key, value=value))
