"""Footage in the catalogue: segments, the runs that they make, gaps, and the server's alive mark."""

from __future__ import annotations

import struct
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, or_, select, update

from embedded_server.services.footage_rules import JOINED_BELOW, LastSeen
from embedded_server.services.model import FragmentEntry, Gap, GapCause, Segment, TimeRange
from embedded_server.storage.cameras_by_name import (
    camera_number,
    camera_number_or_new,
    retention_days,
)
from embedded_server.storage.changes import add_change, forget_changes
from embedded_server.storage.schema import (
    camera,
    from_microseconds,
    gap,
    run,
    segment,
    to_microseconds,
)
from embedded_server.storage.settings import read_setting, write_setting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from embedded_server.storage.catalog import Catalog

LONGEST_SEGMENT = timedelta(hours=2)
"""Bound of the search for what overlaps a moment; the settings allow an hour, a key frame may come late."""
_ALIVE = "server_alive"
_FRAGMENT = struct.Struct("<QIdB")
_PLAIN_COLUMNS = [column for column in segment.c if column.name != "fragments"]


class FootageRows:
    """Implements ``services.footage.FootageStore``."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    async def slug(self, name: str) -> str | None:
        """The slug of a camera named by slug, integer or uuid."""
        return await self._catalog.read(lambda connection: _slug(connection, name))

    async def put(self, entries: Sequence[Segment | Gap], *, at: datetime) -> None:
        """Enter segments and gaps, in order."""

        def work(connection: Connection) -> None:
            for entry in entries:
                number = camera_number_or_new(connection, entry.camera_id, at=at)
                if isinstance(entry, Gap):
                    _put_gap(connection, number, entry, at)
                else:
                    _put_segment(connection, number, entry, at)

        await self._catalog.write(work)

    async def segments(self, camera_id: str, window: TimeRange) -> list[Segment]:
        """Those that overlap the window, oldest first, without their fragments."""

        def work(connection: Connection) -> list[Segment]:
            own = segment.c
            rows = connection.execute(
                select(*_PLAIN_COLUMNS, camera.c.slug)
                .join(camera, camera.c.id == own.camera)
                .where(
                    own.camera == camera_number(connection, camera_id),
                    own.started_at >= window.start - LONGEST_SEGMENT,
                    own.started_at < window.end,
                    own.ended_at > window.start,
                    own.is_garbage.is_(False),
                )
                .order_by(own.started_at)
            )
            return [_segment(row) for row in rows]

        return await self._catalog.read(work)

    async def find(self, camera_id: str, name: str) -> Segment | None:
        """One segment with its fragments."""

        def work(connection: Connection) -> Segment | None:
            row = connection.execute(
                select(segment, camera.c.slug)
                .join(camera, camera.c.id == segment.c.camera)
                .where(
                    segment.c.camera == camera_number(connection, camera_id),
                    segment.c.name == name,
                    segment.c.is_garbage.is_(False),
                )
            ).one_or_none()
            return None if row is None else _segment(row, unpack_fragments(row.fragments))

        return await self._catalog.read(work)

    async def runs(self, camera_id: str, window: TimeRange) -> list[TimeRange]:
        """Runs that overlap the window, and the nearest one on each side of it."""

        def work(connection: Connection) -> list[TimeRange]:
            own = run.c
            mine = select(own.started_at, own.ended_at).where(
                own.camera == camera_number(connection, camera_id)
            )
            # Runs do not overlap, so their ends stand in the order of their starts.
            before = mine.where(own.started_at <= window.start)
            inside = mine.where(own.started_at > window.start, own.started_at < window.end)
            behind = mine.where(own.started_at >= window.end)
            rows = [
                *reversed(
                    connection.execute(before.order_by(own.started_at.desc()).limit(2)).all()
                ),
                *connection.execute(inside.order_by(own.started_at)),
                *connection.execute(behind.order_by(own.started_at).limit(1)),
            ]
            return [TimeRange(row.started_at, row.ended_at) for row in rows]

        return await self._catalog.read(work)

    async def gaps(self, camera_id: str, window: TimeRange) -> list[Gap]:
        """Gaps that overlap the window."""

        def work(connection: Connection) -> list[Gap]:
            rows = connection.execute(
                select(gap, camera.c.slug)
                .join(camera, camera.c.id == gap.c.camera)
                .where(
                    gap.c.camera == camera_number(connection, camera_id),
                    gap.c.started_at < window.end,
                    or_(gap.c.ended_at.is_(None), gap.c.ended_at > window.start),
                )
                .order_by(gap.c.started_at)
            )
            return [_gap(row) for row in rows]

        return await self._catalog.read(work)

    async def known(self) -> frozenset[str]:
        """Relative paths of all segments, garbage too."""

        def work(connection: Connection) -> frozenset[str]:
            rows = connection.execute(
                select(camera.c.slug, segment.c.started_at, segment.c.name).join(
                    camera, camera.c.id == segment.c.camera
                )
            )
            return frozenset(f"{row.slug}/{row.started_at:%Y-%m-%d}/{row.name}" for row in rows)

        return await self._catalog.read(work)

    async def last_seen(self) -> list[LastSeen]:
        """Of every camera that is switched on."""

        def work(connection: Connection) -> list[LastSeen]:
            last = select(run.c.camera, func.max(run.c.ended_at).label("end"))
            ends = {row.camera: row.end for row in connection.execute(last.group_by(run.c.camera))}
            open_gaps = {
                row.camera: _gap(row)
                for row in connection.execute(
                    select(gap, camera.c.slug)
                    .join(camera, camera.c.id == gap.c.camera)
                    .where(gap.c.ended_at.is_(None))
                )
            }
            cameras = select(camera.c.id, camera.c.slug).where(
                camera.c.enabled.is_(True), camera.c.deleted_at.is_(None)
            )
            return [
                LastSeen(row.slug, ends.get(row.id), open_gaps.get(row.id))
                for row in connection.execute(cameras)
            ]

        return await self._catalog.read(work)

    async def open_gaps(self) -> list[Gap]:
        """The gaps that have no end yet, of all cameras."""

        def work(connection: Connection) -> list[Gap]:
            rows = connection.execute(
                select(gap, camera.c.slug)
                .join(camera, camera.c.id == gap.c.camera)
                .where(gap.c.ended_at.is_(None), camera.c.deleted_at.is_(None))
            )
            return [_gap(row) for row in rows]

        return await self._catalog.read(work)

    async def alive_mark(self) -> tuple[datetime, bool] | None:
        """When the last server was known to run, and whether it stopped in order."""
        mark = await self._catalog.read(lambda connection: read_setting(connection, _ALIVE))
        return None if mark is None else (from_microseconds(mark["at"]), mark["is_clean"])

    async def set_alive_mark(self, at: datetime, *, is_clean: bool) -> None:
        """Remember that for the next start."""
        mark = {"at": to_microseconds(at), "is_clean": is_clean}
        await self._catalog.write(lambda connection: write_setting(connection, _ALIVE, mark))

    async def expired(self, now: datetime, *, limit: int) -> list[Segment]:
        """Segments older than their camera's retention, oldest first."""

        def work(connection: Connection) -> list[Segment]:
            found: list[Segment] = []
            for row in connection.execute(select(camera.c.id, camera.c.config)).all():
                kept = timedelta(days=retention_days(row.config))
                mine = _oldest(now - kept, limit - len(found)).where(segment.c.camera == row.id)
                found += [_segment(each) for each in connection.execute(mine)]
                if len(found) >= limit:
                    break
            return found

        return await self._catalog.read(work)

    async def oldest(self, before: datetime, *, limit: int) -> list[Segment]:
        """The oldest segments of all cameras that ended before a moment."""

        def work(connection: Connection) -> list[Segment]:
            return [_segment(row) for row in connection.execute(_oldest(before, limit))]

        return await self._catalog.read(work)

    async def to_garbage(self, segments: Sequence[Segment]) -> None:
        """Take them out of every list and of their runs."""

        def work(connection: Connection) -> None:
            for camera_id in sorted({each.camera_id for each in segments}):
                number = camera_number(connection, camera_id)
                if number is None:
                    continue
                mine = [each for each in segments if each.camera_id == camera_id]
                connection.execute(
                    update(segment)
                    .where(segment.c.camera == number, segment.c.name.in_([s.name for s in mine]))
                    .values(is_garbage=True)
                )
                for each in mine:
                    _cut_runs(connection, number, TimeRange(each.start, each.end))
                _forget_gaps_before_footage(connection, number)

        await self._catalog.write(work)

    async def garbage(self, *, limit: int) -> list[Segment]:
        """What is still to be unlinked."""

        def work(connection: Connection) -> list[Segment]:
            rows = connection.execute(
                select(*_PLAIN_COLUMNS, camera.c.slug)
                .join(camera, camera.c.id == segment.c.camera)
                .where(segment.c.is_garbage.is_(True))
                .limit(limit)
            )
            return [_segment(row) for row in rows]

        return await self._catalog.read(work)

    async def drop(self, segments: Sequence[Segment]) -> None:
        """Drop the rows of files that are gone."""

        def work(connection: Connection) -> None:
            for each in segments:
                connection.execute(
                    delete(segment).where(
                        segment.c.camera == camera_number(connection, each.camera_id),
                        segment.c.name == each.name,
                        segment.c.is_garbage.is_(True),
                    )
                )

        await self._catalog.write(work)

    async def forget_changes(self, before: datetime) -> int:
        """Drop old rows of the outbox."""
        return await self._catalog.write(lambda connection: forget_changes(connection, before))


def pack_fragments(fragments: Sequence[FragmentEntry]) -> bytes:
    """21 bytes each: a minute of half-second fragments takes 2.5 kB."""
    return b"".join(
        _FRAGMENT.pack(each.offset, each.length, each.time_s, each.is_key) for each in fragments
    )


def unpack_fragments(blob: bytes) -> tuple[FragmentEntry, ...]:
    """As packed."""
    return tuple(
        FragmentEntry(offset, length, time_s, bool(is_key))
        for offset, length, time_s, is_key in _FRAGMENT.iter_unpack(blob)
    )


def _slug(connection: Connection, name: str) -> str | None:
    number = camera_number(connection, name)
    if number is None:
        return None
    slug: str | None = connection.scalar(select(camera.c.slug).where(camera.c.id == number))
    return slug


def _oldest(before: datetime, limit: int) -> Any:
    return (
        select(*_PLAIN_COLUMNS, camera.c.slug)
        .join(camera, camera.c.id == segment.c.camera)
        .where(
            segment.c.started_at < before,
            segment.c.ended_at < before,
            segment.c.is_garbage.is_(False),
        )
        .order_by(segment.c.started_at)
        .limit(limit)
    )


def _put_segment(connection: Connection, number: int, entry: Segment, at: datetime) -> None:
    is_known = connection.scalar(
        select(segment.c.id).where(segment.c.camera == number, segment.c.name == entry.name)
    )
    if is_known is not None:
        return
    connection.execute(
        insert(segment).values(
            camera=number,
            name=entry.name,
            started_at=entry.start,
            ended_at=entry.end,
            size=entry.size,
            codec=entry.codec,
            width=entry.width,
            height=entry.height,
            header_length=entry.header_length,
            fragments=pack_fragments(entry.fragments),
            sha256=entry.sha256,
        )
    )
    _extend_runs(connection, number, TimeRange(entry.start, entry.end))
    _end_open_gap(connection, number, entry.start)
    add_change(
        connection, channel="events", kind="footage", at=at, camera=number, entity=None,
        body={"name": entry.name},
    )  # fmt: skip


def _extend_runs(connection: Connection, number: int, added: TimeRange) -> None:
    """Join the added time with every run that it touches."""
    touching = connection.execute(
        select(run.c.started_at, run.c.ended_at).where(
            run.c.camera == number,
            run.c.started_at <= added.end + JOINED_BELOW,
            run.c.ended_at >= added.start - JOINED_BELOW,
        )
    ).all()
    start = min([added.start, *(row.started_at for row in touching)])
    end = max([added.end, *(row.ended_at for row in touching)])
    if touching:
        starts = [row.started_at for row in touching]
        connection.execute(delete(run).where(run.c.camera == number, run.c.started_at.in_(starts)))
    connection.execute(insert(run).values(camera=number, started_at=start, ended_at=end))


def _cut_runs(connection: Connection, number: int, removed: TimeRange) -> None:
    """Take time out of the runs; what is left on both sides stays."""
    touched = connection.execute(
        select(run.c.started_at, run.c.ended_at).where(
            run.c.camera == number,
            run.c.started_at < removed.end,
            run.c.ended_at > removed.start,
        )
    ).all()
    for row in touched:
        connection.execute(
            delete(run).where(run.c.camera == number, run.c.started_at == row.started_at)
        )
        rest = (
            TimeRange(row.started_at, removed.start),
            TimeRange(removed.end, row.ended_at),
        )
        for left in rest:
            if left.duration > JOINED_BELOW:
                connection.execute(
                    insert(run).values(camera=number, started_at=left.start, ended_at=left.end)
                )


def _forget_gaps_before_footage(connection: Connection, number: int) -> None:
    first = connection.scalar(select(func.min(run.c.started_at)).where(run.c.camera == number))
    if first is not None:
        connection.execute(delete(gap).where(gap.c.camera == number, gap.c.ended_at <= first))


def _put_gap(connection: Connection, number: int, entry: Gap, at: datetime) -> None:
    _end_open_gap(connection, number, entry.start)
    connection.execute(delete(gap).where(gap.c.camera == number, gap.c.started_at == entry.start))
    connection.execute(
        insert(gap).values(
            camera=number,
            started_at=entry.start,
            ended_at=entry.end,
            cause=entry.cause.value,
            detail=entry.detail,
        )
    )
    add_change(
        connection, channel="events", kind="gap", at=at, camera=number, entity=None,
        body={"start": entry.start.isoformat(), "cause": entry.cause.value},
    )  # fmt: skip


def _end_open_gap(connection: Connection, number: int, at: datetime) -> None:
    """A camera has at most one open gap: what comes later ends it."""
    connection.execute(
        update(gap)
        .where(gap.c.camera == number, gap.c.ended_at.is_(None), gap.c.started_at < at)
        .values(ended_at=at)
    )


def _segment(row: Any, fragments: tuple[FragmentEntry, ...] = ()) -> Segment:
    return Segment(
        camera_id=row.slug,
        name=row.name,
        start=row.started_at,
        end=row.ended_at,
        size=row.size,
        codec=row.codec,
        width=row.width,
        height=row.height,
        header_length=row.header_length,
        fragments=fragments,
        sha256=row.sha256,
    )


def _gap(row: Any) -> Gap:
    return Gap(row.slug, row.started_at, row.ended_at, GapCause(row.cause), row.detail)
