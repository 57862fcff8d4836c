"""Small clips whose pictures carry their own frame number, readable back after any codec or scaling.

The number stands in a strip along the top, one eighth of the picture high: 24 equal cells, black for
0 and white for 1. Cells: 1 0 (marker), 16 bits of the number, 4 bits of checksum, 0 1 (marker).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Literal

import av
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

Codec = Literal["libx264", "libx265", "mjpeg", "mpeg4"]

CELLS = 24
_BITS = 16
_CONTRAST = 40


def draw_frame(number: int, *, width: int = 320, height: int = 240) -> NDArray[np.uint8]:
    """An RGB picture with ``number`` (0 to 65535) in its strip and a bar that moves below it."""
    picture = np.full((height, width, 3), 90, np.uint8)
    picture[:, :, 0] = np.linspace(40, 160, width, dtype=np.uint8)
    left = number * 7 % max(1, width - width // 8)
    picture[height // 2 : height // 2 + height // 8, left : left + width // 8] = (220, 60, 40)
    edges = np.linspace(0, width, CELLS + 1).round().astype(int)
    for cell, bit in enumerate(_cells(number)):
        picture[: height // 8, edges[cell] : edges[cell + 1]] = 255 if bit else 0
    return picture


def read_number(picture: NDArray[np.uint8]) -> int | None:
    """The number in a picture, grey or colour, at any size from about 96 px wide; None if there is none."""
    grey = picture if picture.ndim == 2 else picture[:, :, :3].mean(axis=2)
    height, width = grey.shape
    band = grey[height // 32 : max(height // 32 + 1, height * 3 // 32)]
    edges = np.linspace(0, width, CELLS + 1)
    thirds = [(int(a + (b - a) / 3), int(b - (b - a) / 3)) for a, b in itertools.pairwise(edges)]
    values = [float(band[:, a : max(a + 1, b)].mean()) for a, b in thirds]
    middle = (min(values) + max(values)) / 2
    if max(values) - min(values) < _CONTRAST:
        return None
    bits = [value > middle for value in values]
    number = sum(bit << (_BITS - 1 - place) for place, bit in enumerate(bits[2 : 2 + _BITS]))
    return number if bits == _cells(number) else None


def write_clip(
    path: Path,
    *,
    frames: int = 90,
    fps: int = 15,
    width: int = 320,
    height: int = 240,
    gop: int = 15,
    codec: Codec = "libx264",
    first: int = 0,
) -> Path:
    """A clip as IP cameras send it: no B-frames, a key frame every ``gop`` pictures; returns ``path``.

    The container follows the suffix. Picture number n shows ``first + n`` at ``n / fps`` seconds.
    """
    options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(gop), "keyint_min": str(gop)}
    if codec == "libx264":
        options |= {"x264-params": "scenecut=0:repeat-headers=1"}
    if codec == "libx265":
        options = {"preset": "ultrafast"}
        options |= {
            "x265-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes=0:log-level=none:repeat-headers=1"
        }
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height = width, height
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.gop_size = gop
        stream.codec_context.options = {} if codec in {"mjpeg", "mpeg4"} else options
        for number in range(first, first + frames):
            frame = av.VideoFrame.from_ndarray(
                draw_frame(number, width=width, height=height), "rgb24"
            )
            frame.pts = number - first
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def numbers_of(path: Path) -> list[int | None]:
    """The numbers of all pictures of a file, in the order shown."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        return [read_number(frame.to_ndarray(format="gray8")) for frame in container.decode(stream)]


def _cells(number: int) -> list[bool]:
    bits = [bool(number >> (_BITS - 1 - place) & 1) for place in range(_BITS)]
    check = (number ^ number >> 4 ^ number >> 8 ^ number >> 12 ^ 0b0101) & 0xF
    return [True, False, *bits, *(bool(check >> place & 1) for place in (3, 2, 1, 0)), False, True]
