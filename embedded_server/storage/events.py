"""Events in the catalogue."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    tuple_,
    union,
    union_all,
    update,
)

from embedded_server.services.errors import Conflict, NotFound
from embedded_server.services.event_values import (
    EventChanges,
    EventCursor,
    EventFilter,
    EventRecord,
    ReportToSave,
    RiskLevel,
    SavedEvent,
    risk_level,
    risk_score,
)
from embedded_server.services.model import Box, EventPhase, Severity
from embedded_server.storage.cameras_by_name import camera_number, retention_days
from embedded_server.storage.changes import add_change
from embedded_server.storage.rows import add_row
from embedded_server.storage.schema import (
    DEFAULT_TENANT,
    LAST_MASKED_LABEL,
    UtcMicroseconds,
    camera,
    event,
    event_label,
    label,
    label_bit,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row, Select

    from embedded_server.services.model import EventReport
    from embedded_server.storage.catalog import Catalog

_SEVERITIES: Final = (Severity.MOTION, Severity.DETECTION, Severity.ALERT)
_LEVELS: Final = (RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.HIGH, RiskLevel.CRITICAL)

_IS_LIVE = event.c.deleted_at.is_(None)
_IS_UNREVIEWED = text("NOT event.reviewed")
"""As the partial index says it: SQLite matches the words, not the meaning."""
_NEWEST_FIRST = (event.c.started_at.desc(), event.c.id.desc())
_label_name = label.c.name.label("label_name")
_FULL: Final = (
    select(event, camera.c.slug, camera.c.name, camera.c.config, _label_name)
    .join(camera, camera.c.id == event.c.camera)
    .join(label, label.c.id == event.c.label)
)


class EventRows:
    """Implements ``services.events.EventStore``."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    async def save(self, reports: Sequence[ReportToSave]) -> list[SavedEvent]:
        """Insert or improve, by key."""
        return await self._catalog.write(lambda connection: _save_all(connection, reports))

    async def page(
        self, wanted: EventFilter, *, after: EventCursor | None, offset: int, limit: int
    ) -> list[EventRecord]:
        """Newest first."""

        def run(connection: Connection) -> list[EventRecord]:
            query = _Query(connection, wanted)
            if query.is_empty:
                return []
            ids: Sequence[int] = connection.scalars(query.page(after, offset, limit)).all()
            return _records(connection, ids)

        return await self._catalog.read(run)

    async def count(self, wanted: EventFilter) -> int:
        """All that match."""

        def run(connection: Connection) -> int:
            query = _Query(connection, wanted)
            return 0 if query.is_empty else int(connection.scalar(query.count()))

        return await self._catalog.read(run)

    async def get(self, event_id: int) -> EventRecord | None:
        """One event, deleted ones too."""
        return await self._catalog.read(lambda connection: _one(connection, event_id))

    async def change(
        self, event_id: int, changes: EventChanges, *, by: str, at: datetime
    ) -> SavedEvent:
        """Apply what a person changed."""
        return await self._catalog.write(
            lambda connection: _change(connection, event_id, changes, by, at)
        )

    async def delete_of_camera(self, camera_id: str, *, at: datetime) -> int:
        """Put all events of a camera in the trash."""

        def run(connection: Connection) -> int:
            number = camera_number(connection, camera_id)
            statement = update(event).where(event.c.camera == number, _IS_LIVE)
            return connection.execute(statement.values(deleted_at=at)).rowcount

        return await self._catalog.write(run)

    async def remove_expired(self, now: datetime, *, limit: int) -> list[EventRecord]:
        """Remove events older than their camera's retention; flagged ones stay."""

        def run(connection: Connection) -> list[EventRecord]:
            ids = _expired(connection, now, limit)
            records = _records(connection, ids)
            connection.execute(delete(event_label).where(event_label.c.event_id.in_(ids)))
            connection.execute(delete(event).where(event.c.id.in_(ids)))
            return records

        return await self._catalog.write(run)


# Reading


class _Query:
    """One filter as SQL, in the shapes that stay fast over a million events (spike, section 2).

    Cameras get one limited branch each, since ``camera IN (…)`` lets the planner walk all time looking for quiet ones;
    labels alone get one limited branch each on ``event_label``; all else is one scan of a covering index.
    """

    def __init__(self, connection: Connection, wanted: EventFilter) -> None:
        self._wanted = wanted
        self._cameras = _found(camera_number(connection, name) for name in wanted.camera_ids)
        self._labels = _label_ids(connection, wanted.labels) if wanted.labels else []
        self.is_empty = bool(
            (wanted.camera_ids and not self._cameras) or (wanted.labels and not self._labels)
        )

    def page(self, after: EventCursor | None, offset: int, limit: int) -> Select[Any]:
        """Ids of one page."""
        reach = offset + limit
        branches = [branch.limit(reach) for branch in self._branches(after)]
        if len(branches) == 1:
            return branches[0].with_only_columns(event.c.id).limit(limit).offset(offset)
        # Each in brackets of its own: SQLite takes ORDER BY and LIMIT only inside a sub-select of a compound.
        parts = [select(branch.subquery()) for branch in branches]
        several = (union_all if self._cameras else union)(*parts).subquery()
        newest = (several.c.started_at.desc(), several.c.id.desc())
        return select(several.c.id).order_by(*newest).limit(limit).offset(offset)

    def count(self) -> Select[Any]:
        """How many match."""
        conditions = self._conditions(None)
        if self._cameras:
            conditions.append(event.c.camera.in_(self._cameras))
        if self._labels:
            conditions.append(self._has_label())
        return select(func.count()).select_from(event).where(*conditions)

    def _branches(self, after: EventCursor | None) -> list[Select[Any]]:
        conditions = self._conditions(after)
        if self._labels and not (self._cameras or self._is_narrow):
            return [self._label_branch(number, after) for number in self._labels]
        if self._labels:
            conditions.append(self._has_label())
        scan = select(event.c.id, event.c.started_at).where(*conditions).order_by(*_NEWEST_FIRST)
        if not self._cameras:
            return [scan]
        return [scan.where(event.c.camera == number) for number in self._cameras]

    def _label_branch(self, number: int, after: EventCursor | None) -> Select[Any]:
        own = event_label.c
        bounds = [own.tenant == DEFAULT_TENANT, own.label == number]
        bounds += _times(self._wanted, after, own.started_at, own.event_id)
        return (
            select(event.c.id, event.c.started_at)
            .join(event_label, own.event_id == event.c.id)
            .where(*bounds, *self._plain_conditions())
            .order_by(own.started_at.desc(), own.event_id.desc())
        )

    @property
    def _is_narrow(self) -> bool:
        return bool(self._wanted.risk_levels or self._wanted.severities)

    def _conditions(self, after: EventCursor | None) -> list[ColumnElement[bool]]:
        # Cameras are resolved inside the tenant, and their index does not have it: asking would read every row.
        tenant = [] if self._cameras else [event.c.tenant == DEFAULT_TENANT]
        times = _times(self._wanted, after, event.c.started_at, event.c.id)
        return [*tenant, *times, *self._plain_conditions()]

    def _plain_conditions(self) -> list[ColumnElement[bool]]:
        wanted = self._wanted
        conditions: list[Any] = [] if wanted.include_deleted else [_IS_LIVE]
        if wanted.reviewed is not None:
            conditions.append(event.c.reviewed.is_(True) if wanted.reviewed else _IS_UNREVIEWED)
        if wanted.risk_levels:
            numbers = [_LEVELS.index(level) for level in wanted.risk_levels]
            conditions.append(_equals_any(event.c.risk_level, numbers))
        if wanted.severities:
            numbers = [_SEVERITIES.index(severity) for severity in wanted.severities]
            conditions.append(_equals_any(event.c.severity, numbers))
        return conditions

    def _has_label(self) -> ColumnElement[bool]:
        mask = sum(label_bit(number) for number in self._labels)
        late = [number for number in self._labels if number > LAST_MASKED_LABEL]
        conditions = [event.c.label_mask.bitwise_and(mask) != 0] if mask else []
        if late:
            own = event_label.c
            conditions.append(
                exists().where(
                    own.tenant == DEFAULT_TENANT,
                    own.label.in_(late),
                    own.started_at == event.c.started_at,
                    own.event_id == event.c.id,
                )
            )
        return or_(*conditions)


def _times(
    wanted: EventFilter, after: EventCursor | None, started_at: Any, number: Any
) -> list[ColumnElement[bool]]:
    """One lower and one upper bound: of a cursor and an end date SQLite seeks with one only (spike, trap 6)."""
    bounds: list[ColumnElement[bool]] = []
    if wanted.start is not None:
        bounds.append(started_at >= wanted.start)
    if after is not None and (wanted.end is None or after.started_at <= wanted.end):
        bounds.append(tuple_(started_at, number) < tuple_(_bound(after.started_at), after.id))
    elif wanted.end is not None:
        bounds.append(started_at <= wanted.end)
    return bounds


def _bound(moment: datetime) -> Any:
    return bindparam(None, moment, type_=UtcMicroseconds(), unique=True)


def _equals_any(column: Any, numbers: list[int]) -> ColumnElement[bool]:
    result: ColumnElement[bool] = column == numbers[0] if len(numbers) == 1 else column.in_(numbers)
    return result


def _found(numbers: Any) -> list[int]:
    return sorted({number for number in numbers if number is not None})


def _label_ids(connection: Connection, names: Sequence[str]) -> list[int]:
    return list(connection.execute(select(label.c.id).where(label.c.name.in_(names))).scalars())


def _expired(connection: Connection, now: datetime, limit: int) -> list[int]:
    found: list[int] = []
    for row in connection.execute(select(camera.c.id, camera.c.config)).all():
        old = select(event.c.id).where(
            event.c.camera == row.id,
            event.c.started_at < now - timedelta(days=retention_days(row.config)),
            event.c.flagged.is_(False),
        )
        for trash in (_IS_LIVE, event.c.deleted_at.is_not(None)):
            left = limit - len(found)
            found += connection.scalars(old.where(trash).order_by(event.c.started_at).limit(left))
    return found


def _one(connection: Connection, event_id: int) -> EventRecord | None:
    row = connection.execute(_FULL.where(event.c.id == event_id)).one_or_none()
    return None if row is None else _record(row)


def _records(connection: Connection, ids: Sequence[int]) -> list[EventRecord]:
    rows = {row.id: row for row in connection.execute(_FULL.where(event.c.id.in_(ids)))}
    return [_record(rows[event_id]) for event_id in ids if event_id in rows]


def _record(row: Row[Any]) -> EventRecord:
    config: Mapping[str, Any] = row.config or {}
    stored = row._mapping  # noqa: SLF001 (SQLAlchemy's public name for it)
    return EventRecord(
        id=row.id,
        key=row.key,
        camera_id=row.slug,
        camera_name=row.name,
        device_type=config.get("device_type") or "camera",
        connection_method=config.get("connection_method") or "direct",
        started_at=row.started_at,
        ended_at=row.ended_at,
        label=row.label_name,
        labels=tuple(row.labels),
        confidence=row.confidence,
        severity=_SEVERITIES[row.severity],
        risk_score=row.risk_score,
        summary=row.summary,
        reasoning=row.reasoning,
        zone=row.zone,
        box=Box(**row.box) if row.box else None,
        reviewed=row.reviewed,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        flagged=row.flagged,
        notes=row.notes,
        snooze_until=row.snooze_until,
        detection_count=row.detection_count,
        snapshot=row.snapshot,
        crop=row.crop,
        deleted_at=row.deleted_at,
        version=row.version,
        metadata=stored["metadata"],
    )


# Writing


def _save_all(connection: Connection, reports: Sequence[ReportToSave]) -> list[SavedEvent]:
    saved = (_save(connection, one) for one in reports)
    return [event for event in saved if event is not None]


def _save(connection: Connection, one: ReportToSave) -> SavedEvent | None:
    report = one.report
    stored = connection.execute(
        select(event.c.id, event.c.reported_at, event.c.started_at, event.c.camera).where(
            event.c.key == report.key
        )
    ).one_or_none()
    if stored is not None and report.at < stored.reported_at:
        return None
    number = camera_number(connection, report.camera_id) if stored is None else stored.camera
    if number is None:
        return None
    labels = _labels_of(connection, report)
    values = _values(one, labels)
    if stored is None:
        event_id = _insert(connection, report, number, values)
        started_at = report.started_at
    else:
        event_id, started_at = stored.id, stored.started_at
        connection.execute(update(event).where(event.c.id == event_id).values(**values))
    _link_labels(connection, event_id, number, started_at, labels)
    seq = add_change(
        connection,
        channel="events",
        kind="event",
        at=report.at,
        camera=number,
        entity=event_id,
        body={"phase": report.phase.value},
    )
    record = _one(connection, event_id)
    return None if record is None else SavedEvent(record, report.phase, seq)


def _insert(
    connection: Connection, report: EventReport, number: int, values: dict[str, Any]
) -> int:
    first = {
        "key": report.key,
        "tenant": DEFAULT_TENANT,
        "camera": number,
        "started_at": report.started_at,
        "reviewed": False,
        "flagged": False,
        "version": 1,
    }
    return add_row(connection, event, **first, **values)


def _values(one: ReportToSave, labels: Mapping[str, int]) -> dict[str, Any]:
    """What a report decides; what people decided is not among it."""
    report = one.report
    score = report.metadata.get("risk_score")
    if not isinstance(score, int) or not 0 <= score <= 100:
        score = risk_score(report.severity, report.label)
    values: dict[str, Any] = {
        "ended_at": report.ended_at,
        "reported_at": report.at,
        "label": labels[report.label],
        "labels": list(labels),
        "label_mask": sum(label_bit(number) for number in labels.values()),
        "confidence": report.confidence,
        "severity": _SEVERITIES.index(report.severity),
        "risk_score": score,
        "risk_level": _LEVELS.index(risk_level(score)),
        "summary": report.summary,
        "zone": report.zone,
        "box": asdict(report.box) if report.box else None,
        "detection_count": report.detection_count,
        "metadata": dict(report.metadata),
    }
    if one.snapshot:
        values["snapshot"] = one.snapshot
    if one.crop:
        values["crop"] = one.crop
    return values


def _labels_of(connection: Connection, report: EventReport) -> dict[str, int]:
    """Ids of the report's labels by name, its main label first; new names are added."""
    names = list(dict.fromkeys((report.label, *report.labels)))
    known = {
        row.name: row.id for row in connection.execute(select(label).where(label.c.name.in_(names)))
    }
    for name in names:
        if name not in known:
            known[name] = add_row(connection, label, name=name)
    return {name: known[name] for name in names}


def _link_labels(
    connection: Connection,
    event_id: int,
    number: int,
    started_at: datetime,
    labels: Mapping[str, int],
) -> None:
    linked = set(
        connection.execute(
            select(event_label.c.label).where(event_label.c.event_id == event_id)
        ).scalars()
    )
    wanted = set(labels.values())
    if gone := linked - wanted:
        connection.execute(
            delete(event_label).where(
                and_(event_label.c.event_id == event_id, event_label.c.label.in_(gone))
            )
        )
    rows = [
        {
            "tenant": DEFAULT_TENANT,
            "label": number_of_label,
            "started_at": started_at,
            "event_id": event_id,
            "camera": number,
        }
        for number_of_label in sorted(wanted - linked)
    ]
    if rows:
        connection.execute(insert(event_label), rows)


_REVIEWABLE: Final[frozenset[str]] = frozenset({"reviewed", "flagged", "notes", "snooze_until"})


def _change(
    connection: Connection, event_id: int, changes: EventChanges, by: str, at: datetime
) -> SavedEvent:
    record = _one(connection, event_id)
    if record is None:
        raise NotFound(f"There is no event {event_id}.", code="event_not_found")
    if changes.version is not None and changes.version != record.version:
        raise Conflict(
            "Event was modified by another request. Please refresh and retry.",
            code="version_conflict",
            current_version=record.version,
        )
    values: dict[str, Any] = {
        name: changes.values[name] for name in _REVIEWABLE & set(changes.values)
    }
    if "reviewed" in values and values["reviewed"] != record.reviewed:
        values["acknowledged_at"] = at if values["reviewed"] else None
        values["acknowledged_by"] = by if values["reviewed"] else None
    values["version"] = record.version + 1
    connection.execute(update(event).where(event.c.id == event_id).values(**values))
    seq = add_change(
        connection,
        channel="events",
        kind="event_reviewed",
        at=at,
        camera=camera_number(connection, record.camera_id),
        entity=event_id,
        body={"by": by},
    )
    changed = _one(connection, event_id)
    if changed is None:
        raise NotFound(f"There is no event {event_id}.", code="event_not_found")
    return SavedEvent(changed, EventPhase.UPDATE, seq)
