"""One segment while it is written: muxed, appended by whole fragments, indexed and hashed on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import av

from embedded_server.media.fragments import FragmentedMux
from embedded_server.recorder.boxes import boxes, parse_header, parse_moof
from embedded_server.services.model import FragmentEntry, Segment

if TYPE_CHECKING:
    from datetime import datetime

    from embedded_server.media.packet import Packet
    from embedded_server.recorder.footage_dir import FootageFile
    from embedded_server.services.model import StreamFormat


class SegmentWriter:
    """Takes packets of one format from a key frame on."""

    def __init__(self, camera_id: str, file: FootageFile, stream_format: StreamFormat) -> None:
        self.file = file
        self._camera_id = camera_id
        self._format = stream_format
        self._mux = FragmentedMux(stream_format)
        self._tick_s = stream_format.time_base[0] / stream_format.time_base[1]
        self._first_dts: int | None = None
        self._last_dts = 0
        self._header_length = 0
        self._timescale = 0
        self._fragments: list[FragmentEntry] = []
        self._duration_s = 0.0

    @property
    def media_end(self) -> datetime:
        """Wall time of the end of what is in the file."""
        return self.file.start + timedelta(seconds=self._duration_s)

    @property
    def has_footage(self) -> bool:
        """Whether there is a whole fragment."""
        return bool(self._fragments)

    def time_of(self, packet: Packet) -> datetime:
        """Where a packet stands on the wall's clock, by media time."""
        first = packet.dts if self._first_dts is None else self._first_dts
        return self.file.start + timedelta(seconds=(packet.dts - first) * self._tick_s)

    def write(self, packet: Packet) -> bool:
        """Mux one packet; True if a whole fragment went to the file.

        Raises:
            OSError: the disk refuses; the file ends at its last whole fragment.
            av.FFmpegError: the packet cannot be muxed.
        """
        if self._first_dts is None:
            self._first_dts = packet.dts
        data = self._mux.push(packet.pts, packet.dts, packet.payload, is_key=packet.is_key)
        self._last_dts = packet.dts
        return self._append(data)

    def finish(self) -> None:
        """Write the last fragment.

        Raises:
            OSError: the disk refuses.
            av.FFmpegError: it cannot be muxed.
        """
        self._append(self._mux.close())

    def abandon(self) -> None:
        """Write nothing more; what is in the file stays."""
        try:
            self._mux.close()
        except av.FFmpegError:
            return  # what it still held is lost with it

    def as_segment(self, *, is_open: bool) -> Segment:
        """The segment as it stands in the file."""
        return Segment(
            camera_id=self._camera_id,
            name=self.file.path.name,
            start=self.file.start,
            end=self.media_end,
            size=self.file.size,
            codec=self._format.codec,
            width=self._format.width,
            height=self._format.height,
            header_length=self._header_length,
            fragments=tuple(self._fragments),
            sha256=None if is_open else self.file.sha256,
            is_open=is_open,
        )

    def _append(self, data: bytes) -> bool:
        if not data:
            return False
        header, entries, duration_s = self._read(data)
        self.file.append(header + data[len(header) :])
        self._header_length += len(header)
        self._fragments += entries
        self._duration_s = max(self._duration_s, duration_s)
        return bool(entries)

    def _read(self, data: bytes) -> tuple[bytes, list[FragmentEntry], float]:
        """The header in ``data`` as it shall be, the fragments, and where they end."""
        header = b""
        entries = []
        end_s = 0.0
        begin = 0
        for box in boxes(data):
            if box.kind == b"moov":
                # Apple's players and most browsers want H.265 called hvc1.
                header = data[: box.end].replace(b"hev1", b"hvc1", 1)
                self._timescale = parse_header(header).timescale
            elif box.kind == b"moof":
                begin = box.start
            elif box.kind == b"mdat":
                moof = parse_moof(data, begin)
                time_s = moof.time / self._timescale
                offset = self.file.size + begin
                entries.append(FragmentEntry(offset, box.end - begin, time_s, moof.is_key))
                end_s = time_s + moof.duration / self._timescale
        return header, entries, end_s
