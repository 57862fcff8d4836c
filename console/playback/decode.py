"""Encoded pictures in, decoded ones out; damage is survived, never raised."""

from __future__ import annotations

import logging
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import av
from av.codec.context import Flags

from console.domain.errors import ConsoleError

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.video.codeccontext import VideoCodecContext

_log = logging.getLogger("gatehouse.decode")

_NAMES = {"h265": "hevc", "avc": "h264", "hev1": "hevc", "hvc1": "hevc", "jpeg": "mjpeg"}
MICROSECOND = Fraction(1, 1_000_000)


class CannotDecode(ConsoleError):
    """This computer has no decoder for the stream."""


class Decoder:
    """Decodes one stream. After damage it waits for the next key frame."""

    def __init__(self, codec: str, extradata: bytes, *, time_base: Fraction = MICROSECOND) -> None:
        """Open a decoder.

        Raises:
            CannotDecode: there is none for this codec, or it refuses the parameter sets.
        """
        self._context = _opened(codec, extradata)
        self._time_base = time_base
        self._needs_key = codec != "mjpeg"
        self.error_count = 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the stream; zeros until the first picture."""
        return self._context.width, self._context.height

    @property
    def aspect(self) -> float:
        """Width over height as it is to be shown."""
        width, height = self.size
        square = self._context.sample_aspect_ratio
        stretch = float(square) if square else 1.0
        return width / height * stretch if width and height else 16 / 9

    def decode(self, payload: bytes | memoryview, *, pts: int, is_key: bool) -> list[VideoFrame]:
        """The pictures that come out of this one; none while a key frame is awaited or after damage."""
        if self._needs_key and not is_key:
            return []
        packet = av.Packet(bytes(payload))
        packet.pts = packet.dts = pts
        packet.time_base = self._time_base
        packet.is_keyframe = is_key
        return self._decoded(packet)

    def drain(self) -> list[VideoFrame]:
        """Pictures that the decoder still holds; afterwards it is ready for the next key frame."""
        frames = self._decoded(None)
        self.restart()
        return frames

    def restart(self) -> None:
        """Forget everything; go on at the next key frame."""
        self._context.flush_buffers()
        self._needs_key = self._context.name != "mjpeg"

    def _decoded(self, packet: Packet[Any] | None) -> list[VideoFrame]:
        try:
            frames = self._context.decode(packet)
        except (av.error.FFmpegError, ValueError) as fault:
            self._note_damage(fault)
            return []
        self._needs_key = False
        return [frame for frame in frames if not frame.is_corrupt]

    def _note_damage(self, fault: Exception) -> None:
        self.error_count += 1
        self._needs_key = self._context.name != "mjpeg"
        if self.error_count in {1, 10, 100, 1000}:
            _log.warning(
                "damaged picture, waiting for the next key frame (%d so far): %s",
                self.error_count,
                fault,
            )


def _opened(codec: str, extradata: bytes) -> VideoCodecContext:
    name = _NAMES.get(codec.lower(), codec.lower())
    try:
        context = cast("VideoCodecContext", av.CodecContext.create(name, "r"))
        if context.type != "video":
            raise ValueError("not a video codec")
        if extradata:
            context.extradata = extradata
        context.thread_type = "NONE"
        context.thread_count = 1
        context.flags |= Flags.low_delay
        context.open()
    except (av.error.FFmpegError, ValueError) as fault:
        raise CannotDecode(
            f"The video format “{codec}” cannot be shown on this computer.",
            remedy="Set the camera to H.264, H.265 or Motion JPEG.",
        ) from fault
    return context
