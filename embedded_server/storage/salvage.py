"""A damaged catalogue: set aside, never deleted, and what can still be read of it is carried over."""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from embedded_server.storage.schema import (
    DEFAULT_TENANT,
    camera,
    event,
    event_label,
    label,
    label_bit,
    setting,
    tenant,
    user,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine, Table

_log = logging.getLogger("gatehouse.catalogue")

SAVED_TABLES = (setting, tenant, user, camera, label, event)
"""In this order, for their references. Footage rows are not among them: they come back from the files."""


def set_aside(path: Path) -> Path:
    """Rename the catalogue and its log; the new name of the file."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    aside = path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


def save_rows(damaged: Path, engine: Engine) -> dict[str, int]:
    """Copy every row that can still be read; how many of each table. What refuses is left out, never an error."""
    saved: dict[str, int] = {}
    with (
        contextlib.closing(sqlite3.connect(damaged)) as source,
        engine.begin() as connection,
    ):
        source.row_factory = sqlite3.Row
        for table in SAVED_TABLES:
            saved[table.name] = sum(
                _save(connection, table, row) for row in _readable_rows(source, table)
            )
    _log.warning("saved from the damaged catalogue: %s", saved)
    return saved


def _readable_rows(source: sqlite3.Connection, table: Table) -> Iterator[dict[str, Any]]:
    """Rows from the beginning up to the damage, then from the end back to it; some may come twice."""
    for order in ("ASC", "DESC"):
        try:
            for row in source.execute(f'SELECT * FROM "{table.name}" ORDER BY rowid {order}'):
                yield dict(row)
        except sqlite3.DatabaseError as error:
            _log.warning("table %s of the damaged catalogue: %s", table.name, error)
        else:
            return


def _save(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Whether the row could be entered."""
    try:
        with connection.begin_nested():
            if table is event:
                return _save_event(connection, row)
            return _insert(connection, table, row)
    except (DBAPIError, ValueError, TypeError):
        return False


def _save_event(connection: Connection, row: dict[str, Any]) -> bool:
    """With its labels, by name: the table of labels may be the one that is lost."""
    names = json.loads(row["labels"])
    _insert(connection, label, {"id": row["label"], "name": names[0]})
    if not _insert(connection, event, row):
        return False
    mask = 0
    for name in names:
        _insert(connection, label, {"name": name})
        number = connection.exec_driver_sql(
            "SELECT id FROM label WHERE name = ?", (name,)
        ).scalar_one()
        link = {
            "tenant": DEFAULT_TENANT,
            "label": number,
            "started_at": row["started_at"],
            "event_id": row["id"],
            "camera": row["camera"],
        }
        _insert(connection, event_label, link)
        mask |= label_bit(number)
    connection.execute(update(event).where(event.c.id == row["id"]).values(label_mask=mask))
    return True


def _insert(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    columns = [name for name in row if name in table.columns]
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join("?" for _ in columns)
    inserted = connection.exec_driver_sql(
        f'INSERT OR IGNORE INTO "{table.name}" ({names}) VALUES ({marks})',
        tuple(row[name] for name in columns),
    )
    return inserted.rowcount > 0
