"""Real files of footage made without a camera or FFmpeg: boxes as the recorder writes them."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import replace
from typing import TYPE_CHECKING

from embedded_server.services.model import FragmentEntry, Segment
from tests.support.server_values import a_segment

if TYPE_CHECKING:
    from pathlib import Path

TIMESCALE = 1000


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def header() -> bytes:
    """ftyp + moov of one H.264 track of 640x360; just what a reader of boxes looks at."""
    mdhd = box(b"mdhd", bytes(12), struct.pack(">II", TIMESCALE, 0), bytes(4))
    entry = box(b"avc1", bytes(24), struct.pack(">HH", 640, 360), bytes(50))
    stsd = box(b"stsd", bytes(4), struct.pack(">I", 1), entry)
    minf = box(b"minf", box(b"stbl", stsd))
    return box(b"ftyp", b"isom", bytes(4)) + box(b"moov", box(b"trak", box(b"mdia", mdhd, minf)))


def fragment(time_s: float, seconds: float, payload: bytes) -> bytes:
    """One moof + mdat with a single key picture."""
    tfhd = box(b"tfhd", struct.pack(">II", 0x020000, 1))
    tfdt = box(b"tfdt", struct.pack(">IQ", 0x01000000, round(time_s * TIMESCALE)))
    trun = box(
        b"trun",
        struct.pack(">II", 0x000701, 1),
        struct.pack(">i", 0),
        struct.pack(">III", round(seconds * TIMESCALE), len(payload), 0x02000000),
    )
    return box(b"moof", box(b"traf", tfhd, tfdt, trun)) + box(b"mdat", payload)


def write_segment(
    footage: Path,
    start: float = 0,
    fragments: int = 3,
    *,
    camera_id: str = "gate",
    torn: bytes = b"",
) -> Segment:
    """A file of fragments of two seconds each, and what the recorder would say of it; ``torn`` follows the last."""
    content = header()
    header_length = len(content)
    entries = []
    for index in range(fragments):
        # Pictures are told apart, and hold no zeros as a power cut would leave them.
        data = fragment(2.0 * index, 2.0, struct.pack(">I", 300) + bytes([65 + index]) * 300)
        entries.append(FragmentEntry(len(content), len(data), 2.0 * index, is_key=True))
        content += data
    segment = replace(
        a_segment(start, 2.0 * fragments, camera_id=camera_id),
        size=len(content),
        header_length=header_length,
        fragments=tuple(entries),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    path = footage / segment.relative_path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content + torn)
    return segment
