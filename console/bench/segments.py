"""Footage in a folder as the recorder writes it, for measuring and testing playback without a server."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

import av

from console.domain.footage import (
    Footage,
    Fragment,
    Gap,
    SegmentIndex,
    SegmentRef,
    TimeRange,
    join_runs,
)
from console.playback.sample_table import boxes, read_header, read_samples

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from av import Packet, VideoStream

    from console.domain.camera import CameraKey

MP4_OPTIONS = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof+skip_trailer",
    "frag_duration": "500000",
}
"""What the recorder uses: fragments of half a second, each group of pictures decodes alone."""

Answer = TypeVar("Answer")


def write_segments(
    clip: Path, folder: Path, camera: CameraKey, start: datetime, *, segment_s: float = 60.0
) -> list[SegmentRef]:
    """Cut a clip at key frames into fragmented files, as if it had been recorded from ``start`` on."""
    written: list[SegmentRef] = []
    folder.mkdir(parents=True, exist_ok=True)
    with av.open(str(clip)) as source:
        stream = source.streams.video[0]
        tick = stream.time_base or Fraction(1, 90_000)
        for packets in _cut(source.demux(stream), segment_s):
            first = packets[0].pts or 0
            begin = start + timedelta(seconds=float(first * tick))
            name = begin.strftime("%Y%m%dT%H%M%S%f") + ".mp4"
            with av.open(str(folder / name), "w", format="mp4", options=MP4_OPTIONS) as target:
                out = target.add_stream_from_template(stream)
                for packet in packets:
                    packet.pts = (packet.pts or 0) - first
                    packet.dts = packet.pts
                    packet.stream = out
                    target.mux_one(packet)
            last = packets[-1]
            length = timedelta(seconds=float(((last.pts or 0) + (last.duration or 0)) * tick))
            written.append(SegmentRef(camera, name, TimeRange(begin, begin + length), False))
    return written


def read_index(file: Path, segment: SegmentRef) -> SegmentIndex:
    """Where in a fragmented file each moment lies."""
    data = file.read_bytes()
    found = list(boxes(data))
    header_end = next(end for kind, _, end in found if kind == b"moov")
    track = read_header(data[:header_end])
    fragments: list[Fragment] = []
    for place, (kind, start, _) in enumerate(found[:-1]):
        if kind != b"moof":
            continue
        offset, end = start - 8, found[place + 1][2]
        first = read_samples(data[offset:end], track)[0]
        fragments.append(Fragment(offset, end - offset, first.time_us / 1e6, first.is_key))
    return SegmentIndex(segment, header_end, len(data), tuple(fragments))


class FolderFootage:
    """Footage of one camera out of a folder; answers at once."""

    def __init__(
        self, folder: Path, segments: Sequence[SegmentRef], *, gaps: Sequence[Gap] = ()
    ) -> None:
        self.folder = folder
        self.listed = tuple(segments)
        self.gaps = tuple(gaps)
        self.reads: list[tuple[str, int, int]] = []

    def segments(self, asked: TimeRange) -> Future[Sequence[SegmentRef]]:
        """Files that hold any of that time."""
        return _done(
            [
                ref
                for ref in self.listed
                if ref.span.start < asked.end and ref.span.end > asked.start
            ]
        )

    def index(self, segment: SegmentRef) -> Future[SegmentIndex]:
        """Where in the file each moment lies."""
        current = next(ref for ref in self.listed if ref.name == segment.name)
        return _done(read_index(self.folder / segment.name, current))

    def read(self, segment: SegmentRef, offset: int, length: int) -> Future[bytes]:
        """Bytes of the file."""
        self.reads.append((segment.name, offset, length))
        with (self.folder / segment.name).open("rb") as file:
            file.seek(offset)
            return _done(file.read(length))

    def runs(self, asked: TimeRange) -> Future[Sequence[Footage]]:
        """Runs and gaps."""
        runs = join_runs((ref.span for ref in self.listed), within=timedelta(seconds=1))
        camera = self.listed[0].camera
        return _done([Footage(camera, asked, runs, self.gaps)])

    def set_open(self, name: str, *, is_open: bool) -> None:
        """Say that a file is still being written, or no longer."""
        self.listed = tuple(
            replace(ref, is_open=is_open) if ref.name == name else ref for ref in self.listed
        )


def _cut(
    packets: Iterator[Packet[VideoStream]], segment_s: float
) -> Iterator[list[Packet[VideoStream]]]:
    collected: list[Packet[VideoStream]] = []
    began = 0
    for packet in packets:
        if packet.pts is None or packet.time_base is None:
            continue
        if collected and packet.is_keyframe:
            lasted = float((packet.pts - began) * packet.time_base)
            if lasted >= segment_s:
                yield collected
                collected = []
        if not collected:
            began = packet.pts
        collected.append(packet)
    if collected:
        yield collected


def _done(answer: Answer) -> Future[Answer]:
    future: Future[Answer] = Future()
    future.set_result(answer)
    return future
