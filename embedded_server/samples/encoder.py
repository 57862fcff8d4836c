"""Draws and encodes one sample camera in a thread: a main and a sub stream of the same pictures."""

from __future__ import annotations

import datetime
import fractions
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
from av.video.frame import PictureType

from embedded_server.samples.marks import draw_mark
from embedded_server.samples.scenes import HEIGHT, WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from av.video.codeccontext import VideoCodecContext
    from numpy.typing import NDArray

    from embedded_server.samples.scenes import Scene

FPS = 12
CLOCK_RATE = 90_000
_TICKS_PER_FRAME = CLOCK_RATE // FPS
_FRAMES_PER_GROUP = FPS
_LATE_FRAMES = FPS // 2


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One encoded picture in Annex B, with its time in ticks of 1/90000 s since 1970."""

    data: bytes
    ticks: int
    is_key: bool


@dataclass(frozen=True, slots=True)
class StreamSize:
    """A profile of a sample camera."""

    name: str
    width: int
    height: int
    bit_rate: int


MAIN = StreamSize("main", WIDTH, HEIGHT, 1_200_000)
SUB = StreamSize("sub", WIDTH // 2, HEIGHT // 2, 350_000)


class SceneEncoder:
    """Draws a scene ``FPS`` times a second and gives each encoded picture to ``publish`` (from its own thread).

    The burnt-in number is the picture's wall time: ``number = round(seconds since 1970 × FPS)`` modulo 2**24, so that
    live delay and playback position can be read from any picture.
    """

    def __init__(self, scene: Scene, publish: Callable[[str, AccessUnit], None]) -> None:
        self._scene = scene
        self._publish = publish
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"scene {scene.name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the thread."""
        self._stopping.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        encoders = [(size, _encoder(size)) for size in (MAIN, SUB)]
        number = int(time.time() * FPS) + 1
        while not self._stopping.wait(max(0.0, number / FPS - time.time())):
            picture = render(self._scene, number)
            for size, encoder in encoders:
                self._encode(size, encoder, picture, number)
            number = _next_number(number)

    def _encode(
        self, size: StreamSize, encoder: VideoCodecContext, picture: NDArray[np.uint8], number: int
    ) -> None:
        if size.width != WIDTH:
            picture = np.asarray(
                cv2.resize(picture, (size.width, size.height), interpolation=cv2.INTER_AREA),
                np.uint8,
            )
        planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = number
        frame.pict_type = PictureType.I if number % _FRAMES_PER_GROUP == 0 else PictureType.NONE
        for packet in encoder.encode(frame):
            pts = number if packet.pts is None else packet.pts
            self._publish(
                size.name, AccessUnit(bytes(packet), pts * _TICKS_PER_FRAME, packet.is_keyframe)
            )


def render(scene: Scene, number: int) -> NDArray[np.uint8]:
    """The picture with this number, with name, clock and number burnt in as a camera does."""
    at_s = number / FPS
    picture = scene.draw(at_s)
    moment = datetime.datetime.fromtimestamp(at_s, datetime.UTC).astimezone()
    _caption(picture, f"{moment:%Y-%m-%d %H:%M:%S}.{int(at_s % 1 * 10)}", WIDTH // 5, HEIGHT - 14)
    _caption(picture, f"#{number % 10_000_000:07d}", WIDTH - 150, HEIGHT - 14)
    draw_mark(picture, number)
    return picture


def _next_number(number: int) -> int:
    """The number after this one; pictures that are already late by half a second are left out, not hurried through."""
    due = int(time.time() * FPS)
    return due + 1 if due - number > _LATE_FRAMES else number + 1


def _caption(picture: NDArray[np.uint8], text: str, x: int, y: int) -> None:
    for colour, thickness in (((0, 0, 0), 4), ((245, 245, 245), 1)):
        cv2.putText(
            picture, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.6, colour, thickness, cv2.LINE_AA
        )


def _encoder(size: StreamSize) -> VideoCodecContext:
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height = size.width, size.height
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = fractions.Fraction(1, FPS)
    encoder.framerate = fractions.Fraction(FPS)
    encoder.bit_rate = size.bit_rate
    encoder.thread_count = 1
    encoder.options = {
        "preset": "superfast" if size is SUB else "ultrafast",
        "tune": "zerolatency",
        "profile": "main",
        "x264-params": f"keyint={_FRAMES_PER_GROUP * 2}:min-keyint=1:scenecut=0:repeat-headers=1:bframes=0",
    }
    return encoder
