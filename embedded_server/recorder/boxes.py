"""Reads fragmented MP4 without FFmpeg: header, fragments, and where the last whole one ends."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from embedded_server.services.model import FragmentEntry

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = 8
_LARGE_HEAD = 16
_CODECS = {b"avc1": "h264", b"avc3": "h264", b"hvc1": "hevc", b"hev1": "hevc", b"mp4v": "mjpeg"}
_NOT_SYNC = 0x10000
_CHECKED_FRAGMENTS = 12
"""Fragments since the last sync that a power cut may have left as zeros: 2 s and some margin."""
_ZERO_RUN = 64


class Box(NamedTuple):
    """One box: ``start`` of its head, ``body`` behind it, ``end``."""

    kind: bytes
    start: int
    body: int
    end: int


class Header(NamedTuple):
    """What ftyp and moov say."""

    codec: str
    width: int
    height: int
    timescale: int


class Moof(NamedTuple):
    """Times in the timescale; ``sizes`` of the samples."""

    time: int
    duration: int
    is_key: bool
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """A file as far as it is whole."""

    header: Header
    header_length: int
    fragments: tuple[FragmentEntry, ...]
    duration_s: float

    @property
    def whole_length(self) -> int:
        """Where the last whole fragment ends."""
        if not self.fragments:
            return self.header_length
        return self.fragments[-1].offset + self.fragments[-1].length


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes of ``data[start:end]``; stops at the first that is not whole."""
    end = len(data) if end is None else end
    while start + _HEAD <= end:
        size = int.from_bytes(data[start : start + 4], "big")
        body = start + _HEAD
        if size == 1:
            size, body = int.from_bytes(data[body : body + 8], "big"), start + _LARGE_HEAD
        # A size of 0 would mean "to the end of the file"; here it is what a power cut leaves.
        if size < body - start or start + size > end:
            return
        yield Box(data[start + 4 : start + 8], start, body, start + size)
        start += size


def parse_header(data: bytes) -> Header:
    """Codec, size and timescale from ftyp + moov.

    Raises:
        ValueError: if they are not whole or not ours.
    """
    try:
        media = _find(data, b"moov", b"trak", b"mdia")
        mdhd = _find(data, b"mdhd", within=media)
        at = mdhd.body + (20 if data[mdhd.body] == 1 else 12)
        timescale = int.from_bytes(data[at : at + 4], "big")
        stsd = _find(data, b"minf", b"stbl", b"stsd", within=media)
        entry = next(boxes(data, stsd.body + 8, stsd.end))
        width, height = struct.unpack_from(">HH", data, entry.body + 24)
    except (StopIteration, struct.error, IndexError) as error:
        raise ValueError("no whole MP4 header") from error
    if entry.kind not in _CODECS or not timescale:
        raise ValueError("MP4 header of an unknown codec")
    return Header(_CODECS[entry.kind], width, height, timescale)


def parse_moof(data: bytes, start: int = 0) -> Moof:
    """Times and samples of the moof at ``start``.

    Raises:
        ValueError: if it is not whole.
    """
    try:
        moof = next(boxes(data, start))
        traf = _find(data, b"traf", within=moof)
        tfdt = _find(data, b"tfdt", within=traf)
        wide = data[tfdt.body] == 1
        time = int.from_bytes(data[tfdt.body + 4 : tfdt.body + (12 if wide else 8)], "big")
        defaults = _track_defaults(data, _find(data, b"tfhd", within=traf))
        runs = [
            _run(data, box, defaults)
            for box in boxes(data, traf.body, traf.end)
            if box.kind == b"trun"
        ]
    except (StopIteration, struct.error, IndexError) as error:
        raise ValueError("no whole movie fragment") from error
    if moof.kind != b"moof" or not runs:
        raise ValueError("no movie fragment")
    sizes = tuple(size for run in runs for size in run.sizes)
    return Moof(time, sum(run.duration for run in runs), runs[0].is_key, sizes)


def scan(file: BinaryIO, length: int, *, distrust_tail: bool = False) -> Scan:
    """Walk a file up to its last whole moof + mdat, reading no pictures.

    ``distrust_tail`` also reads the last fragments and drops those that hold zeros instead of pictures.

    Raises:
        ValueError: there is no whole header.
    """
    header_length = _header_length(file, length)
    file.seek(0)
    header = parse_header(file.read(header_length))
    found: list[tuple[FragmentEntry, Moof]] = []
    at = header_length
    while (entry := _fragment(file, at, length, header)) is not None:
        found.append(entry)
        at = entry[0].offset + entry[0].length
    if distrust_tail:
        _drop_damaged(file, found, header)
    end = (found[-1][1].time + found[-1][1].duration) / header.timescale if found else 0.0
    return Scan(header, header_length, tuple(entry for entry, _ in found), end)


class _Run(NamedTuple):
    duration: int
    is_key: bool
    sizes: tuple[int, ...]


def _find(data: bytes, *path: bytes, within: Box | None = None) -> Box:
    start, end = (within.body, within.end) if within else (0, len(data))
    box: Box | None = None
    for kind in path:
        box = next(found for found in boxes(data, start, end) if found.kind == kind)
        start, end = box.body, box.end
    if box is None:
        raise StopIteration
    return box


def _track_defaults(data: bytes, tfhd: Box) -> tuple[int, int, int]:
    """Default duration, size and flags (ISO/IEC 14496-12 §8.8.7)."""
    flags = int.from_bytes(data[tfhd.body + 1 : tfhd.body + 4], "big")
    at = tfhd.body + 8
    at += (8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0)
    values = []
    for bit in (0x8, 0x10, 0x20):
        present = bool(flags & bit)
        values.append(int.from_bytes(data[at : at + 4], "big") if present else 0)
        at += 4 if present else 0
    return values[0], values[1], values[2]


def _run(data: bytes, trun: Box, defaults: tuple[int, int, int]) -> _Run:
    """ISO/IEC 14496-12 §8.8.8."""
    flags = int.from_bytes(data[trun.body + 1 : trun.body + 4], "big")
    (count,) = struct.unpack_from(">I", data, trun.body + 4)
    at = trun.body + 8 + (4 if flags & 0x1 else 0)
    first_flags = defaults[2]
    if flags & 0x4:
        (first_flags,) = struct.unpack_from(">I", data, at)
        at += 4
    fields = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    if at + count * 4 * len(fields) > trun.end:
        raise IndexError("run longer than its box")
    width = len(fields)
    table = struct.unpack_from(f">{count * width}I", data, at)
    columns = {bit: table[place::width] for place, bit in enumerate(fields)}
    duration = sum(columns[0x100]) if 0x100 in columns else count * defaults[0]
    sizes = columns.get(0x200) or (defaults[1],) * count
    if 0x400 in columns and count and not flags & 0x4:
        first_flags = columns[0x400][0]
    return _Run(duration, not first_flags & _NOT_SYNC, sizes)


def _box_at(file: BinaryIO, at: int, length: int) -> Box | None:
    file.seek(at)
    head = file.read(_LARGE_HEAD)
    if len(head) < _HEAD:
        return None
    size, body = int.from_bytes(head[:4], "big"), at + _HEAD
    if size == 1:
        size, body = int.from_bytes(head[8:16], "big"), at + _LARGE_HEAD
    if size < body - at or at + size > length:
        return None
    return Box(head[4:8], at, body, at + size)


def _header_length(file: BinaryIO, length: int) -> int:
    at = 0
    while (box := _box_at(file, at, length)) is not None:
        at = box.end
        if box.kind == b"moov":
            return at
        if box.kind in {b"moof", b"mdat"}:
            break
    raise ValueError("no whole MP4 header")


def _fragment(
    file: BinaryIO, at: int, length: int, header: Header
) -> tuple[FragmentEntry, Moof] | None:
    moof_box = _box_at(file, at, length)
    if moof_box is None or moof_box.kind != b"moof":
        return None
    mdat = _box_at(file, moof_box.end, length)
    if mdat is None or mdat.kind != b"mdat":
        return None
    file.seek(at)
    try:
        moof = parse_moof(file.read(moof_box.end - at))
    except ValueError:
        return None
    time_s = moof.time / header.timescale
    return FragmentEntry(at, mdat.end - at, time_s, moof.is_key), moof


def _drop_damaged(file: BinaryIO, found: list[tuple[FragmentEntry, Moof]], header: Header) -> None:
    """Cut ``found`` before the first of the last fragments whose pictures are not whole."""
    first = max(0, len(found) - _CHECKED_FRAGMENTS)
    for index in range(first, len(found)):
        entry, moof = found[index]
        file.seek(entry.offset)
        data = file.read(entry.length)
        mdat = data[-sum(moof.sizes) :] if moof.sizes else b""
        if not _is_whole(mdat, moof.sizes, header.codec):
            del found[index:]
            return


def _is_whole(mdat: bytes, sizes: tuple[int, ...], codec: str) -> bool:
    if len(mdat) != sum(sizes) or mdat.endswith(bytes(_ZERO_RUN)):
        return False
    at = 0
    for size in sizes:
        sample = mdat[at : at + size]
        at += size
        if sample[:2] != b"\xff\xd8" if codec == "mjpeg" else not _is_nal_chain(sample):
            return False
    return True


def _is_nal_chain(sample: bytes) -> bool:
    """Whether 4-byte lengths lead exactly to the sample's end."""
    at = 0
    while at + 4 <= len(sample):
        size = int.from_bytes(sample[at : at + 4], "big")
        if size == 0:
            return False
        at += 4 + size
    return at == len(sample)
