"""What every other table asks of a camera: the integer that stands for it, and how long it keeps things."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from embedded_server.storage.rows import add_row
from embedded_server.storage.schema import camera

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

DEFAULT_RETENTION_DAYS = 30.0
LONGEST_RETENTION_DAYS = 36_500.0


def camera_number(connection: Connection, name: str) -> int | None:
    """The row id of a camera named by slug, integer or uuid; deleted ones are found too."""
    matches = [camera.c.slug == name, camera.c.uuid == name]
    if name.isascii() and name.isdigit() and len(name) < 18:
        matches.append(camera.c.id == int(name))
    rows = connection.execute(select(camera.c.id, camera.c.slug).where(or_(*matches))).all()
    by_slug = next((row.id for row in rows if row.slug == name), None)
    return by_slug if by_slug is not None or not rows else rows[0].id


def camera_number_or_new(connection: Connection, slug: str, *, at: datetime) -> int:
    """The same for footage found on disk; a camera that the catalogue has lost gets a row, switched off."""
    number = camera_number(connection, slug)
    if number is not None:
        return number
    return add_row(
        connection,
        camera,
        uuid=str(uuid.uuid4()),
        slug=slug,
        name=slug,
        enabled=False,
        created_at=at,
        config={},
    )


def retention_days(config: dict[str, Any] | None) -> float:
    """How long a camera's footage is kept, from its stored settings."""
    recording = (config or {}).get("recording") or {}
    days = recording.get("retention_days")
    if not isinstance(days, int | float) or not days > 0:
        return DEFAULT_RETENTION_DAYS
    return float(min(days, LONGEST_RETENTION_DAYS))
