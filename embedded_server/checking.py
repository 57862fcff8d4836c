"""``gatehouse check``: whether catalogue and footage are sound and fit each other."""

from __future__ import annotations

import asyncio
import enum
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from embedded_server.services.model import Gap, GapCause, Segment, TimeRange
from embedded_server.storage.cameras import CatalogCameras
from embedded_server.storage.catalog import Catalog
from embedded_server.storage.footage import FootageRows
from embedded_server.storage.footage_files import FootageDisk
from embedded_server.storage.keys import Vault

if TYPE_CHECKING:
    from embedded_server.config import ServerSettings

_ALWAYS = TimeRange(datetime(1971, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
_LOST = "The file of this time is lost."


class Depth(enum.StrEnum):
    """How much is looked at."""

    CATALOGUE = "catalogue"
    FILES = "files"
    CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Findings:
    """What was looked at, and what is wrong, one sentence each."""

    segments: int
    unknown_files: int
    problems: tuple[str, ...]


async def check(settings: ServerSettings, depth: Depth, *, repair: bool) -> Findings:
    """Look at a data directory on which no server works.

    Raises:
        StorageError: it is in use, or damaged and ``repair`` was not asked for.
    """
    catalog = await asyncio.to_thread(
        Catalog.open, settings.data_dir, url=settings.database_url, rebuild=repair
    )
    try:
        disk = FootageDisk(settings.data_dir / "footage")
        await disk.identify(catalog, is_repair=repair)
        if depth is Depth.CATALOGUE:
            return Findings(0, 0, ())
        return await _check_footage(settings, catalog, disk, depth, repair=repair)
    finally:
        await asyncio.to_thread(catalog.close)


async def _check_footage(
    settings: ServerSettings, catalog: Catalog, disk: FootageDisk, depth: Depth, *, repair: bool
) -> Findings:
    rows = FootageRows(catalog)
    unknown = await disk.unknown(await rows.known())
    problems: list[str] = []
    count = 0
    for camera in await CatalogCameras(catalog, Vault.open(settings.data_dir / "secrets")).all():
        segments = await rows.segments(camera.slug, _ALWAYS)
        count += len(segments)
        found = await asyncio.to_thread(_problems, disk, segments, depth)
        problems += [problem.sentence for problem in found]
        if repair:
            await _let_go(rows, [problem.segment for problem in found if problem.is_lost])
    return Findings(count, len(unknown), tuple(problems))


async def _let_go(rows: FootageRows, lost: list[Segment]) -> None:
    """Timelines show the hole and its cause from now on; what is left of a file is adopted at the next start."""
    if not lost:
        return
    await rows.to_garbage(lost)
    await rows.drop(lost)
    holes = [Gap(s.camera_id, s.start, s.end, GapCause.DISK_ERROR, _LOST) for s in lost]
    await rows.put(holes, at=datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class _Problem:
    segment: Segment
    sentence: str
    is_lost: bool = False
    """The row promises what the file does not have."""


def _problems(disk: FootageDisk, segments: list[Segment], depth: Depth) -> list[_Problem]:
    return [found for segment in segments if (found := _problem(disk, segment, depth)) is not None]


def _problem(disk: FootageDisk, segment: Segment, depth: Depth) -> _Problem | None:
    path = disk.path(segment)
    try:
        size = path.stat().st_size
        if size < segment.size:
            sentence = f"{segment.relative_path} has {size} bytes of {segment.size}."
            return _Problem(segment, sentence, is_lost=True)
        if depth is Depth.CONTENT and segment.sha256 is not None:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != segment.sha256:
                sentence = f"{segment.relative_path} has been changed since it was recorded."
                return _Problem(segment, sentence)
    except FileNotFoundError:
        return _Problem(segment, f"{segment.relative_path} is missing.", is_lost=True)
    except OSError as error:
        sentence = f"{segment.relative_path} cannot be read: {error.strerror or error}."
        return _Problem(segment, sentence)
    return None
