"""The outbox: a numbered row beside every change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete

from embedded_server.storage.rows import add_row
from embedded_server.storage.schema import change

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection


def add_change(
    connection: Connection,
    *,
    channel: str,
    kind: str,
    at: datetime,
    camera: int | None,
    entity: int | None,
    body: Mapping[str, Any],
) -> int:
    """Write the row inside the caller's transaction; its number."""
    return add_row(
        connection,
        change,
        channel=channel,
        kind=kind,
        at=at,
        camera=camera,
        entity=entity,
        body=dict(body),
    )


def forget_changes(connection: Connection, before: datetime) -> int:
    """Drop rows that nobody will ask for any more; how many."""
    return connection.execute(delete(change).where(change.c.at < before)).rowcount
