"""Reading fragmented MP4 just far enough to decode it: where each picture lies and when it is shown. Pure.

Written by hand because it is what makes one Range read and one short decode out of a seek: a demuxer would
need a seekable file and costs twice as much. ISO/IEC 14496-12 names the boxes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOT_SYNC = 0x10000
_ENTRY_BYTES = 78
_MOST_SAMPLES = 100_000
_CODECS = {
    b"avc1": "h264",
    b"avc3": "h264",
    b"hvc1": "hevc",
    b"hev1": "hevc",
    b"jpeg": "mjpeg",
    b"av01": "av1",
    b"vp09": "vp9",
}
_PARAMETER_BOXES = (b"avcC", b"hvcC", b"av1C", b"vpcC")
_OBJECT_TYPES = {0x6C: "mjpeg", 0x20: "mpeg4"}


class DamagedFootage(ValueError):
    """The bytes are not what they should be."""


@dataclass(frozen=True, slots=True)
class TrackHeader:
    """The video track of a segment."""

    track_id: int
    timescale: int
    codec: str
    extradata: bytes
    default_duration: int
    default_size: int
    default_flags: int


class Sample(NamedTuple):
    """One encoded picture: where it lies in the bytes that were read, and when it is shown."""

    offset: int
    size: int
    time_us: int
    """Media time: microseconds from the segment's beginning."""
    duration_us: int
    is_key: bool


def read_header(data: bytes) -> TrackHeader:
    """The video track that a ``moov`` describes.

    Raises:
        DamagedFootage: there is none, or it is cut.
    """
    try:
        return _read_header(data)
    except (struct.error, IndexError, StopIteration) as fault:
        raise DamagedFootage("the beginning of the file is damaged") from fault


def read_samples(data: bytes, track: TrackHeader) -> list[Sample]:
    """The pictures of the whole fragments in ``data``, in decoding order; a cut tail is left out.

    Raises:
        DamagedFootage: a fragment contradicts itself.
    """
    samples: list[Sample] = []
    try:
        for kind, start, end in boxes(data):
            if kind == b"moof":
                samples += _fragment_samples(data, start, end, track)
    except (struct.error, IndexError, StopIteration) as fault:
        raise DamagedFootage("a fragment of the file is damaged") from fault
    return [s for s in samples if 0 <= s.offset <= s.offset + s.size <= len(data)]


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Kind, begin of the content and end of each whole box."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        header = 8
        if size == 1 and start + 16 <= end:
            size = struct.unpack_from(">Q", data, start + 8)[0]
            header = 16
        if size < header or start + size > end:
            return
        yield kind, start + header, start + size
        start += size


def _read_header(data: bytes) -> TrackHeader:
    moov = _only(data, b"moov", 0, len(data))
    defaults = _track_defaults(data, moov)
    for kind, start, end in boxes(data, *moov):
        if kind != b"trak":
            continue
        media = _only(data, b"mdia", start, end)
        handler = _only(data, b"hdlr", *media)
        if data[handler[0] + 8 : handler[0] + 12] != b"vide":
            continue
        track_id = _track_id(data, _only(data, b"tkhd", start, end)[0])
        timescale = _timescale(data, _only(data, b"mdhd", *media)[0])
        codec, extradata = _codec(data, media)
        return TrackHeader(
            track_id, timescale, codec, extradata, *defaults.get(track_id, (0, 0, 0))
        )
    raise DamagedFootage("there is no video in the file")


def _only(data: bytes, wanted: bytes, start: int, end: int) -> tuple[int, int]:
    return next((s, e) for kind, s, e in boxes(data, start, end) if kind == wanted)


def _track_defaults(data: bytes, moov: tuple[int, int]) -> dict[int, tuple[int, int, int]]:
    defaults = {}
    for kind, start, end in boxes(data, *moov):
        if kind == b"mvex":
            for inner, at, _ in boxes(data, start, end):
                if inner == b"trex":
                    track_id, _, *values = struct.unpack_from(">5I", data, at + 4)
                    defaults[track_id] = (values[0], values[1], values[2])
    return defaults


def _track_id(data: bytes, at: int) -> int:
    return int(struct.unpack_from(">I", data, at + (20 if data[at] == 1 else 12))[0])


def _timescale(data: bytes, at: int) -> int:
    timescale = int(struct.unpack_from(">I", data, at + (20 if data[at] == 1 else 12))[0])
    if timescale <= 0:
        raise DamagedFootage("the file has no time scale")
    return timescale


def _codec(data: bytes, media: tuple[int, int]) -> tuple[str, bytes]:
    table = _only(data, b"stbl", *_only(data, b"minf", *media))
    descriptions = _only(data, b"stsd", *table)
    kind, start, end = next(boxes(data, descriptions[0] + 8, descriptions[1]))
    for inner, at, until in boxes(data, start + _ENTRY_BYTES, end):
        if inner in _PARAMETER_BOXES:
            return _CODECS.get(kind, kind.decode("latin-1")), data[at:until]
        if inner == b"esds":
            return _elementary_codec(data[at + 4 : until])
    return _CODECS.get(kind, kind.decode("latin-1")), b""


def _elementary_codec(descriptor: bytes) -> tuple[str, bytes]:
    for tag, body in _descriptors(descriptor):
        if tag == 0x03:
            return _elementary_codec(body[3:])
        if tag == 0x04:
            codec = _OBJECT_TYPES.get(body[0], "mpeg4")
            setup = next((part for inner, part in _descriptors(body[13:]) if inner == 0x05), b"")
            return codec, setup
    return "mpeg4", b""


def _descriptors(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 2 <= len(data):
        tag, length = data[at], 0
        at += 1
        while True:
            length = length << 7 | data[at] & 0x7F
            at += 1
            if not data[at - 1] & 0x80:
                break
        yield tag, data[at : at + length]
        at += length


def _fragment_samples(data: bytes, start: int, end: int, track: TrackHeader) -> list[Sample]:
    samples: list[Sample] = []
    for kind, at, until in boxes(data, start, end):
        if kind == b"traf":
            samples += _track_samples(data, at, until, track, moof=start - 8)
    return samples


def _track_samples(
    data: bytes, start: int, end: int, track: TrackHeader, *, moof: int
) -> list[Sample]:
    inner = list(boxes(data, start, end))
    head = next(at for kind, at, _ in inner if kind == b"tfhd")
    flags, track_id = struct.unpack_from(">II", data, head)
    if track_id != track.track_id:
        return []
    duration, size, sample_flags = _fragment_defaults(data, head + 8, flags & 0xFFFFFF, track)
    time = next((_base_time(data, at) for kind, at, _ in inner if kind == b"tfdt"), 0)
    samples: list[Sample] = []
    for kind, at, _ in inner:
        if kind == b"trun":
            run, time = _run_samples(
                data, at, (duration, size, sample_flags), time, track.timescale, moof
            )
            samples += run
    return samples


def _fragment_defaults(
    data: bytes, at: int, flags: int, track: TrackHeader
) -> tuple[int, int, int]:
    at += 8 if flags & 0x1 else 0
    at += 4 if flags & 0x2 else 0
    values = [track.default_duration, track.default_size, track.default_flags]
    for place, bit in enumerate((0x8, 0x10, 0x20)):
        if flags & bit:
            values[place] = struct.unpack_from(">I", data, at)[0]
            at += 4
    return values[0], values[1], values[2]


def _base_time(data: bytes, at: int) -> int:
    return int(struct.unpack_from(">Q" if data[at] == 1 else ">I", data, at + 4)[0])


def _run_samples(
    data: bytes, at: int, defaults: tuple[int, int, int], time: int, timescale: int, moof: int
) -> tuple[list[Sample], int]:
    version = data[at]
    flags, count = struct.unpack_from(">II", data, at)
    if count > _MOST_SAMPLES:
        raise DamagedFootage("a fragment claims to hold more pictures than it can")
    flags &= 0xFFFFFF
    at += 8
    offset = moof
    first_flags: int | None = None
    if flags & 0x1:
        offset += struct.unpack_from(">i", data, at)[0]
        at += 4
    if flags & 0x4:
        first_flags = struct.unpack_from(">I", data, at)[0]
        at += 4
    samples: list[Sample] = []
    for number in range(count):
        values = list(defaults)
        for place, bit in enumerate((0x100, 0x200, 0x400)):
            if flags & bit:
                values[place] = struct.unpack_from(">I", data, at)[0]
                at += 4
        shift = 0
        if flags & 0x800:
            shift = struct.unpack_from(">i" if version else ">I", data, at)[0]
            at += 4
        if number == 0 and first_flags is not None and not flags & 0x400:
            values[2] = first_flags
        duration, size, sample_flags = values
        shown = _microseconds(time + shift, timescale)
        length = _microseconds(time + shift + duration, timescale) - shown
        samples.append(Sample(offset, size, shown, length, not sample_flags & _NOT_SYNC))
        offset += size
        time += duration
    return samples, time


def _microseconds(ticks: int, timescale: int) -> int:
    return (ticks * 1_000_000 + timescale // 2) // timescale
