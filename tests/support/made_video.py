"""Made pictures and streams for analysis: a still scene with a box that walks through it, encoded in memory."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np

from embedded_server.contract.live import KEY_FRAME, AccessUnit
from embedded_server.services.model import StreamFormat

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

    import numpy.typing as npt


def scene(width: int = 640, height: int = 360, *, seed: int = 1) -> npt.NDArray[np.uint8]:
    """A still scene with texture."""
    random = np.random.default_rng(seed)
    coarse = random.integers(60, 180, (height // 20, width // 20, 3), np.uint8)
    fine = np.kron(coarse, np.ones((20, 20, 1), np.uint8))[:height, :width]
    return np.ascontiguousarray(fine)


def with_box(
    picture: npt.NDArray[np.uint8],
    centre: tuple[float, float],
    size: tuple[float, float],
    colour: tuple[int, int, int] = (20, 20, 230),
) -> npt.NDArray[np.uint8]:
    """A copy with a filled box; centre and size in fractions."""
    height, width = picture.shape[:2]
    out = picture.copy()
    x0, x1 = ((centre[0] + sign * size[0] / 2) * width for sign in (-1, 1))
    y0, y1 = ((centre[1] + sign * size[1] / 2) * height for sign in (-1, 1))
    out[max(0, int(y0)) : max(0, int(y1)), max(0, int(x0)) : max(0, int(x1))] = colour
    return out


def walk(seconds: float, fps: int = 15, *, enters_s: float = 3.0, lasts_s: float = 4.0):
    """Pictures of an empty scene through which a tall box walks from left to right."""
    still = scene()
    for number in range(int(seconds * fps)):
        share = (number / fps - enters_s) / lasts_s
        yield with_box(still, (share * 1.2 - 0.1, 0.5), (0.08, 0.4)) if 0 <= share <= 1 else still


@dataclass(frozen=True)
class EncodedClip:
    """A clip as the hub would hand it out."""

    stream_format: StreamFormat
    units: tuple[AccessUnit, ...]


def encode(
    pictures: Iterable[npt.NDArray[np.uint8]],
    fps: int = 15,
    *,
    wall_us: int = 1_700_000_000_000_000,
) -> EncodedClip:
    """H.264 in Annex B, a key frame every second, no B-frames."""
    codec: av.VideoCodecContext | None = None
    packets: list[av.Packet] = []
    for number, picture in enumerate(pictures):
        if codec is None:
            height, width = picture.shape[:2]
            codec = av.CodecContext.create("libx264", "w")
            codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
            codec.time_base, codec.framerate = Fraction(1, fps), Fraction(fps, 1)
            codec.gop_size, codec.max_b_frames, codec.thread_count = fps, 0, 1
            codec.options = {"preset": "ultrafast", "tune": "zerolatency"}
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts = number
        packets += codec.encode(frame)
    assert codec is not None
    packets += codec.encode(None)
    units = tuple(
        AccessUnit(
            KEY_FRAME if p.is_keyframe else 0, p.pts, wall_us + p.pts * 1_000_000 // fps, bytes(p)
        )
        for p in packets
    )
    return EncodedClip(StreamFormat("h264", b"", (1, fps), codec.width, codec.height), units)


class ScriptedReader:
    """A LiveReader that gives what it was given, then waits until it is closed."""

    def __init__(
        self, items: Sequence[object], pause: Callable[[], object], *, ends: bool = False
    ) -> None:
        self._items = items
        self._pause = pause
        self._ends = ends
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[object]:
        for item in self._items:
            yield item
            await self._pause()
        while not self._ends:
            await self._pause()

    async def aclose(self) -> None:
        self.is_closed = True
