"""What a crash or a power cut left behind, made whole: torn files cut, empty ones removed, all indexed."""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from embedded_server.recorder.boxes import Scan, scan
from embedded_server.recorder.durable import sync_descriptor
from embedded_server.services.model import Segment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from embedded_server.recorder.footage_dir import FootageDir

NEWEST = 3
"""Files per camera that are looked at when nobody says which are known."""
DAMAGED_SUFFIX = ".damaged"
_NAME = "%Y-%m-%d_%H-%M-%S-%f"
_CHUNK = 1024 * 1024
_log = logging.getLogger("gatehouse.recorder.recovery")


def start_of(name: str) -> datetime | None:
    """The start that a segment's name tells, or None for a file that is not ours."""
    try:
        return datetime.strptime(name.removesuffix(".mp4"), _NAME).replace(tzinfo=UTC)
    except ValueError:
        return None


def unfinished(footage: FootageDir, known: Collection[str] | None) -> list[tuple[str, Path]]:
    """Files to recover, with their camera: those not ``known`` (as ``camera/day/name``).

    None means that nobody knows: then the newest few of every camera.
    """
    files = [(camera, path) for camera, path in footage.files() if start_of(path.name)]
    if known is not None:
        return [
            (c, path) for c, path in files if f"{c}/{path.parent.name}/{path.name}" not in known
        ]
    newest: list[tuple[str, Path]] = []
    for _, of_camera in groupby(files, key=lambda file: file[0]):
        newest += list(of_camera)[:NEWEST]
    return newest


def recover(camera_id: str, path: Path) -> Segment | None:
    """Cut a file at its last whole fragment and read it; None if there was no footage in it.

    A file without a whole fragment is removed; one that is no MP4 at all is kept under another name.

    Raises:
        OSError: the disk refuses.
    """
    start = start_of(path.name)
    if start is None:
        return None
    try:
        found = _cut(path)
    except ValueError:
        _set_aside(path)
        return None
    if not found.fragments:
        _log.info("%s holds no whole fragment and is removed", path.name)
        path.unlink()
        return None
    return Segment(
        camera_id=camera_id,
        name=path.name,
        start=start,
        end=start + timedelta(seconds=found.duration_s),
        size=found.whole_length,
        codec=found.header.codec,
        width=found.header.width,
        height=found.header.height,
        header_length=found.header_length,
        fragments=found.fragments,
        sha256=_sha256(path),
    )


def recover_all(files: Collection[tuple[str, Path]]) -> Iterator[Segment]:
    """Recover each of ``files``; one that the disk refuses is left for another time."""
    for camera_id, path in files:
        try:
            segment = recover(camera_id, path)
        except OSError as error:
            _log.warning("%s could not be recovered: %s", path.name, error.strerror)
            continue
        if segment is not None:
            yield segment


def _cut(path: Path) -> Scan:
    length = path.stat().st_size
    with path.open("r+b") as file:
        found = scan(file, length, distrust_tail=True)
        if found.fragments and found.whole_length < length:
            _log.info("%s is cut from %d to %d bytes", path.name, length, found.whole_length)
            file.truncate(found.whole_length)
            file.flush()
            sync_descriptor(file.fileno())
        return found


def _set_aside(path: Path) -> None:
    if path.stat().st_size < _CHUNK and not path.read_bytes().strip(b"\0"):
        path.unlink()
        return
    with path.open("rb") as file:
        is_torn_header = file.read(8)[4:8] == b"ftyp" and path.stat().st_size < _CHUNK
    if is_torn_header:
        path.unlink()
        return
    _log.warning("%s cannot be read as footage and is set aside", path.name)
    path.rename(path.with_name(path.name + DAMAGED_SUFFIX))


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
