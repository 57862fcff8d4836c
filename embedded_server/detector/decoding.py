"""Access units to pictures: everything is decoded, every n-th picture is given out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple, cast

import av
import av.error

from embedded_server.detector.base import VideoFrame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded_server.contract.live import AccessUnit
    from embedded_server.services.model import StreamFormat

log = logging.getLogger("gatehouse.analysis.decode")

_CODECS = {"h264": "h264", "h265": "hevc", "hevc": "hevc", "mjpeg": "mjpeg"}
_MOST_PIXELS = 8192 * 8192
_REMEMBERED = 128


class Sample(NamedTuple):
    """A picture to be analysed: seconds of media time, and wall time of arrival in microseconds.

    Media times of samples with a different ``cut`` have nothing to do with one another.
    """

    frame: VideoFrame
    media_s: float
    wall_us: int
    cut: int = 0


class Pace:
    """Picks pictures so that ``fps`` come out of whatever goes in, evenly."""

    def __init__(self, fps: float) -> None:
        self.fps = fps
        self._step_s = 1.0 / fps
        self._next_s: float | None = None

    def is_due(self, media_s: float) -> bool:
        """Whether this picture is one of them."""
        if self._next_s is None or media_s < self._next_s - 2 * self._step_s:
            self._next_s = media_s
        if media_s < self._next_s - 0.02:  # cameras' time stamps tremble
            return False
        self._next_s = max(self._next_s, media_s - self._step_s) + self._step_s
        return True


class UnsupportedCodec(Exception):
    """Nothing here decodes this codec."""

    def __init__(self, codec: str) -> None:
        super().__init__(
            f"Video in {codec} cannot be analysed. Set the camera to H.264, H.265 or Motion JPEG."
        )


class StreamDecoder:
    """One stream's decoder: one thread, no frame threads, so that eight streams need no more than they must."""

    def __init__(self, stream_format: StreamFormat, fps: float) -> None:
        name = _CODECS.get(stream_format.codec.lower())
        if name is None:
            raise UnsupportedCodec(stream_format.codec)
        numerator, denominator = stream_format.time_base
        self._second = numerator / denominator if denominator else 0.0
        self._is_intra = name == "mjpeg"
        self._pace = Pace(fps)
        self._needs_key = True
        self._arrivals: dict[int, int] = {}
        self._last_s = float("-inf")
        self.broken = 0
        self._codec = cast("av.VideoCodecContext", av.CodecContext.create(name, "r"))
        self._codec.thread_type = "NONE"
        self._codec.thread_count = 1
        if stream_format.extradata:
            self._codec.extradata = stream_format.extradata

    def skip_to_key(self) -> None:
        """Units were lost: what comes before the next key frame cannot be decoded."""
        self._needs_key = True

    def use_fps(self, fps: float) -> None:
        """From now on give out so many pictures a second."""
        if fps != self._pace.fps:
            self._pace = Pace(fps)

    def push(self, unit: AccessUnit) -> Iterator[Sample]:
        """Decode one access unit; gives the pictures that are due. Broken units are counted and passed over."""
        if self._needs_key and not (unit.is_key or self._is_intra):
            return
        media_s = unit.pts * self._second
        if self._is_intra and not self._pace.is_due(media_s):
            return
        self._needs_key = False
        self._remember(unit)
        packet = av.Packet(bytes(unit.payload))
        packet.pts = packet.dts = unit.pts
        try:
            for frame in self._codec.decode(packet):
                yield from self._sample(frame, unit)
        except av.error.FFmpegError as error:
            self.broken += 1
            self._needs_key = True
            if self.broken in (1, 10, 100) or self.broken % 1000 == 0:
                log.warning("%d access units could not be decoded: %s", self.broken, error)

    def _remember(self, unit: AccessUnit) -> None:
        self._arrivals[unit.pts] = unit.wall_us
        if len(self._arrivals) > _REMEMBERED:
            del self._arrivals[next(iter(self._arrivals))]

    def _sample(self, frame: av.VideoFrame, unit: AccessUnit) -> Iterator[Sample]:
        pts = unit.pts if frame.pts is None else frame.pts
        media_s = pts * self._second
        if media_s <= self._last_s or frame.width * frame.height > _MOST_PIXELS:
            return
        if not self._is_intra and not self._pace.is_due(media_s):
            return
        self._last_s = media_s
        yield Sample(VideoFrame(frame), media_s, self._arrivals.get(pts, unit.wall_us))
