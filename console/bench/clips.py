"""Clips to measure with, drawn and encoded here: what a camera's sub-stream looks like to a decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

FPS = 15
GOP = 30
WIDTH, HEIGHT = 640, 360


def write_clip(path: Path, *, seconds: float, seed: int, bit_rate: int = 512_000) -> Path:
    """A moving scene with sensor noise: H.264, main profile, no B-frames, a key frame every two seconds."""
    random = np.random.default_rng(seed)
    noise = random.normal(0, 5, (4, HEIGHT, WIDTH)).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = GOP
        stream.codec_context.bit_rate = bit_rate
        stream.codec_context.options = {
            "preset": "veryfast",
            "profile": "main",
            "refs": "1",
            "bf": "0",
            "x264-params": f"keyint={GOP}:min-keyint={GOP}:scenecut=0:bframes=0",
        }
        for number in range(round(seconds * FPS)):
            frame = av.VideoFrame.from_ndarray(_scene(number, seed, noise), "gray8")
            frame.pts = number
            container.mux(stream.encode(frame.reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    return path


def _scene(number: int, seed: int, noise: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    x = np.linspace(0, 6.0, WIDTH, dtype=np.float32)
    y = np.linspace(0, 4.0, HEIGHT, dtype=np.float32)[:, None]
    scene = 110 + 45 * np.sin(x * 2 + seed) * np.cos(y * 3 - seed)
    for figure in range(4):
        left = (number * (3 + figure) + 150 * figure + 40 * seed) % (WIDTH - 60)
        top = 60 + 60 * figure
        scene[top : top + 90, left : left + 40] += 70 if figure % 2 else -60
    scene = scene + noise[number % len(noise)]
    picture: npt.NDArray[np.uint8] = np.clip(scene, 0, 255).astype(np.uint8)
    return picture
