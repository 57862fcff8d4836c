"""A damaged catalogue: set aside, never deleted, and what can still be read of it is carried over."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from embedded_server.storage.schema import camera, event, event_label, label, setting, tenant, user

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine, Table

_log = logging.getLogger("gatehouse.catalogue")

SAVED_TABLES = (setting, tenant, user, camera, label, event, event_label)
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
    """Copy every row that can still be read; how many of each table."""
    saved: dict[str, int] = {}
    with engine.begin() as connection:
        for table in SAVED_TABLES:
            saved[table.name] = sum(
                _save(connection, table, row) for row in _readable_rows(damaged, table)
            )
    _log.warning("saved from the damaged catalogue: %s", saved)
    return saved


def _save(connection: Connection, table: Table, row: dict[str, Any]) -> int:
    columns = [name for name in row if name in table.columns]
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join("?" for _ in columns)
    inserted = connection.exec_driver_sql(
        f'INSERT OR IGNORE INTO "{table.name}" ({names}) VALUES ({marks})',
        tuple(row[name] for name in columns),
    )
    return inserted.rowcount


def _readable_rows(damaged: Path, table: Table) -> Iterator[dict[str, Any]]:
    """Rows up to the first that cannot be read."""
    with contextlib.closing(sqlite3.connect(damaged)) as connection:
        connection.row_factory = sqlite3.Row
        try:
            for row in connection.execute(f'SELECT * FROM "{table.name}"'):
                yield dict(row)
        except sqlite3.DatabaseError as error:
            _log.warning("table %s of the damaged catalogue: %s", table.name, error)
