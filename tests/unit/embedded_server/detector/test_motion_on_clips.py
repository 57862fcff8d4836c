"""The made disturbances of test_motion on real empty scenes, as the detection spike measured them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
import pytest

from embedded_server.detector.base import VideoFrame
from embedded_server.detector.motion import HEIGHT, WIDTH, MotionModel
from tests.unit.embedded_server.detector.test_motion import events_of, play

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded_server.detector.base import Picture

MEDIA = Path(__file__).parents[5] / "shared" / "media"

needs_media = pytest.mark.skipif(
    not (MEDIA / "lobby_sub.mp4").is_file(), reason="the clips of ../shared/media are not here"
)


def still(clip: str) -> Picture:
    with av.open(str(MEDIA / clip)) as container:
        frame = next(frame for frame in container.decode(video=0) if float(frame.time or 0) >= 1.0)
        return VideoFrame(frame).bgr()


def disturbed(name: str, picture: Picture, seed: int = 3) -> Iterator[np.ndarray]:
    """120 pictures: quiet, then disturbed from the 30th on; made at full size, seen as the model sees them."""
    random = np.random.default_rng(seed)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
    height, width = grey.shape
    ramp = cv2.GaussianBlur(
        np.where(np.arange(width) > width // 2, 1.4, 1.0)[None, :].astype(np.float32),
        (0, 0),
        width / 40,
        borderType=cv2.BORDER_REPLICATE,
    )
    grains = [random.normal(0, 1, grey.shape).astype(np.float32) for _ in range(7)]
    for n in range(120):
        grain = grains[n % 7]
        out = grey + 3 * grain
        if n >= 30:
            if name == "noise 15":
                out = grey + 15 * grain
            elif name == "noise 25":
                out = grey + 25 * grain
            elif name == "light x0.4":
                out = out * 0.4
            elif name == "light x1.6":
                out = out * 1.6
            elif name == "lamp in half the room":
                out = out * ramp
            elif name == "exposure":
                out = out * (1 + 0.35 * np.sin((n - 30) / 8))
            elif name == "infrared":
                out = cv2.GaussianBlur(255 - grey, (0, 0), 2) * 0.6 + 60
            elif name == "shake":
                by_x, by_y = random.integers(-2, 3, 2)
                out = np.roll(out, (int(by_y), int(by_x)), (0, 1))
            elif name == "rain":
                for _ in range(150):
                    x, y = int(random.integers(0, width)), int(random.integers(0, height - 15))
                    out[y : y + 14, x : x + 2] += 70
            elif name == "cloud edge":
                edge = (n - 30) / 90 * (width * 1.4)
                shade = np.clip((np.arange(width) - edge) / (width / 6) + 0.5, 0, 1)
                out = out * (0.65 + 0.35 * shade)[None, :]
        small = cv2.resize(
            np.clip(out, 0, 255).astype(np.uint8), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA
        )
        yield small


KINDS = (
    "noise 15",
    "noise 25",
    "light x0.4",
    "light x1.6",
    "lamp in half the room",
    "exposure",
    "infrared",
    "shake",
    "rain",
    "cloud edge",
)


@needs_media
@pytest.mark.parametrize("clip", ["lobby_sub.mp4", "carpark_sub.mp4", "plaza_sub.mp4"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_event_of_light_and_weather(clip: str, kind: str) -> None:
    seen = play(MotionModel(), list(disturbed(kind, still(clip))))
    assert events_of(seen, 0.0) == 0
