"""Fragmented MP4 from encoded pictures, one whole fragment at a time.

Everything that FFmpeg writes during one call is handed back by that call, so the owner decides what a
write is, and an error of the disk never passes through FFmpeg.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av

from embedded_server.media.bitstream import MJPEG

if TYPE_CHECKING:
    from embedded_server.services.model import StreamFormat

FRAGMENT_S = 0.5
"""A fragment is written when the next picture arrives: at risk is this and one frame."""
_CHUNK_BYTES = 256 * 1024


class FragmentedMux:
    """Muxes one stream; the first packet must be a key frame that carries its parameter sets."""

    def __init__(self, stream_format: StreamFormat, *, fragment_s: float = FRAGMENT_S) -> None:
        self._sink = _Sink()
        self._has_header = self._keeps_time_base = False
        self._time_base = Fraction(*stream_format.time_base)
        flags = "empty_moov+default_base_moof+skip_trailer"
        if stream_format.codec != MJPEG:  # every JPEG is a key frame: one fragment each
            flags = "frag_keyframe+" + flags
        options = {"movflags": flags, "frag_duration": str(round(fragment_s * 1e6))}
        self._container = av.open(
            self._sink, "w", format="mp4", options=options, buffer_size=_CHUNK_BYTES
        )
        self._stream = self._container.add_mux_stream(
            stream_format.codec,
            width=stream_format.width,
            height=stream_format.height,
            time_base=self._time_base,
        )

    def push(self, pts: int, dts: int, payload: bytes, *, is_key: bool) -> bytes:
        """The bytes this packet completed: the header at first, then now and then a fragment, mostly none.

        Raises:
            av.FFmpegError: the packet cannot be muxed.
        """
        packet = av.Packet(payload)
        packet.pts, packet.dts = pts, dts
        if not self._keeps_time_base:
            packet.time_base = self._time_base
        packet.is_keyframe = is_key
        packet.stream = self._stream
        self._container.mux_one(packet)
        if not self._has_header:
            self._has_header = True
            # Unset, a packet's time base is its stream's; setting it is a third of what muxing costs.
            self._keeps_time_base = self._stream.time_base == self._time_base
        return self._sink.take()

    def close(self) -> bytes:
        """The last fragment; safe to call twice.

        Raises:
            av.FFmpegError: it cannot be written.
        """
        self._container.close()
        return self._sink.take()


class _Sink:
    """What FFmpeg writes to; without ``seek`` it never goes back."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def write(self, data: bytes | memoryview) -> int:
        chunk = bytes(data)
        self._chunks.append(chunk)
        return len(chunk)

    def take(self) -> bytes:
        if not self._chunks:
            return b""
        data = b"".join(self._chunks)
        self._chunks.clear()
        return data
