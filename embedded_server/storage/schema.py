"""The catalogue's tables, indexes and column types; the same for SQLite and PostgreSQL.

Times are integer microseconds UTC: half the index size of text, and compared as numbers (catalogue spike, section 1).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

DEFAULT_TENANT = 1


def to_microseconds(moment: datetime) -> int:
    """Microseconds since 1970 UTC, exactly.

    Raises:
        ValueError: the moment has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(value: int) -> datetime:
    """The aware UTC moment of a stored number."""
    return _EPOCH + timedelta(microseconds=value)


class UtcMicroseconds(TypeDecorator[datetime]):
    """An aware moment stored as a 64-bit integer."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To the database."""
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else from_microseconds(value)


RowId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite gives a rowid alias only to a column declared exactly INTEGER."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

setting = Table(
    "setting",
    metadata,
    Column("key", String(120), primary_key=True),
    Column("value", JSON, nullable=False),
)

tenant = Table(
    "tenant",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", String(255), nullable=False),
    sqlite_autoincrement=True,
)

user = Table(
    "user",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("uuid", String(36), nullable=False, unique=True),
    Column("tenant", ForeignKey("tenant.id"), nullable=False, server_default=text("1")),
    Column("username", String(255), nullable=False, unique=True),
    Column("email", String(255)),
    Column("role", String(40), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("token_epoch", Integer, nullable=False, server_default=text("0")),
    Column("created_at", UtcMicroseconds, nullable=False),
    Column("last_sign_in_at", UtcMicroseconds),
    Column("disabled_at", UtcMicroseconds),
    sqlite_autoincrement=True,
)
"""``token_epoch`` is part of every token; raising it ends all sessions of the user."""

camera = Table(
    "camera",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("uuid", String(36), nullable=False, unique=True),
    Column("slug", String(120), nullable=False, unique=True),
    Column("tenant", ForeignKey("tenant.id"), nullable=False, server_default=text("1")),
    Column("name", String(255), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", UtcMicroseconds, nullable=False),
    Column("last_seen_at", UtcMicroseconds),
    Column("deleted_at", UtcMicroseconds),
    Column("config", JSON, nullable=False),
    Column("secrets", LargeBinary),
    sqlite_autoincrement=True,
)
"""A slug is never used twice, not even after deletion: it names the footage's folder. ``secrets`` is encrypted."""

label = Table(
    "label",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", String(120), nullable=False, unique=True),
    sqlite_autoincrement=True,
)

_LIVE = text("deleted_at IS NULL")
_UNREVIEWED = text("deleted_at IS NULL AND NOT reviewed")
_DELETED = text("deleted_at IS NOT NULL")

event = Table(
    "event",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("tenant", ForeignKey("tenant.id"), nullable=False, server_default=text("1")),
    Column("camera", ForeignKey("camera.id"), nullable=False),
    Column("started_at", UtcMicroseconds, nullable=False),
    Column("ended_at", UtcMicroseconds),
    Column("reported_at", UtcMicroseconds, nullable=False),
    Column("label", ForeignKey("label.id"), nullable=False),
    Column("labels", JSON, nullable=False),
    Column("label_mask", BigInteger, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("risk_score", Integer, nullable=False),
    Column("risk_level", Integer, nullable=False),
    Column("summary", Text),
    Column("reasoning", Text),
    Column("zone", String(120)),
    Column("box", JSON),
    Column("reviewed", Boolean, nullable=False),
    Column("acknowledged_at", UtcMicroseconds),
    Column("acknowledged_by", String(255)),
    Column("flagged", Boolean, nullable=False),
    Column("notes", Text),
    Column("snooze_until", UtcMicroseconds),
    Column("detection_count", Integer, nullable=False),
    Column("snapshot", String(200)),
    Column("crop", String(200)),
    Column("deleted_at", UtcMicroseconds),
    Column("version", Integer, nullable=False),
    Column("metadata", JSON, nullable=False),
    # The filter columns stand at the end of each index, so that a filter is decided without reading the row.
    Index("ev_time", "tenant", "started_at", "id", "camera", "risk_level", "severity", "reviewed",
          "label_mask", sqlite_where=_LIVE, postgresql_where=_LIVE),
    Index("ev_camera", "camera", "started_at", "id", "risk_level", "severity", "reviewed",
          "label_mask", sqlite_where=_LIVE, postgresql_where=_LIVE),
    Index("ev_level", "tenant", "risk_level", "started_at", "id", "camera", "severity", "reviewed",
          "label_mask", sqlite_where=_LIVE, postgresql_where=_LIVE),
    Index("ev_severity", "tenant", "severity", "started_at", "id", "camera", "risk_level", "reviewed",
          "label_mask", sqlite_where=_LIVE, postgresql_where=_LIVE),
    Index("ev_unreviewed", "tenant", "started_at", "id", "camera", "risk_level", "severity",
          "label_mask", sqlite_where=_UNREVIEWED, postgresql_where=_UNREVIEWED),
    Index("ev_trash", "tenant", "deleted_at", "id", sqlite_where=_DELETED,
          postgresql_where=_DELETED),
    sqlite_autoincrement=True,
)  # fmt: skip
"""``label_mask`` has a bit per label id up to 62; later labels are found through ``event_label`` alone."""

LAST_MASKED_LABEL = 62


def label_bit(number: int) -> int:
    """The label's bit in ``event.label_mask``; none for later ones."""
    return 1 << number if number <= LAST_MASKED_LABEL else 0


event_label = Table(
    "event_label",
    metadata,
    Column("tenant", Integer, primary_key=True, autoincrement=False),
    Column("label", ForeignKey("label.id"), primary_key=True),
    Column("started_at", UtcMicroseconds, primary_key=True),
    Column("event_id", ForeignKey("event.id", ondelete="CASCADE"), primary_key=True),
    Column("camera", Integer, nullable=False),
    Index("ix_event_label_event", "event_id"),
    sqlite_with_rowid=False,
)

segment = Table(
    "segment",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("camera", ForeignKey("camera.id"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("started_at", UtcMicroseconds, nullable=False),
    Column("ended_at", UtcMicroseconds, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("codec", String(20), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("header_length", Integer, nullable=False),
    Column("fragments", LargeBinary, nullable=False),
    Column("sha256", String(64)),
    Column("is_garbage", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("camera", "name"),
    Index("seg_camera", "camera", "started_at", "ended_at"),
    Index("seg_time", "started_at"),
    Index(
        "seg_garbage", "id", sqlite_where=text("is_garbage"), postgresql_where=text("is_garbage")
    ),
    sqlite_autoincrement=True,
)

run = Table(
    "run",
    metadata,
    Column("camera", ForeignKey("camera.id"), primary_key=True),
    Column("started_at", UtcMicroseconds, primary_key=True),
    Column("ended_at", UtcMicroseconds, nullable=False),
    sqlite_with_rowid=False,
)

gap = Table(
    "gap",
    metadata,
    Column("camera", ForeignKey("camera.id"), primary_key=True),
    Column("started_at", UtcMicroseconds, primary_key=True),
    Column("ended_at", UtcMicroseconds),
    Column("cause", String(40), nullable=False),
    Column("detail", Text),
    sqlite_with_rowid=False,
)

change = Table(
    "change",
    metadata,
    Column("seq", RowId, primary_key=True),
    Column("tenant", Integer, nullable=False, server_default=text("1")),
    Column("at", UtcMicroseconds, nullable=False),
    Column("channel", String(40), nullable=False),
    Column("kind", String(60), nullable=False),
    Column("camera", Integer),
    Column("entity", BigInteger),
    Column("body", JSON, nullable=False),
    Index("ix_change_at", "at"),
    sqlite_autoincrement=True,
)
"""The outbox: one row per change, in the transaction of the change, so that a follower can be told what it missed."""
