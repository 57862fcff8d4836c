"""Pictures for the screen: one thread scales what the mailboxes hold to the size of their tiles.

Two steps, each with its own cached swscale context: scale in YUV, then convert to BGRA unscaled. That is
cheaper than one step, and ``threads=1`` everywhere because swscale otherwise wakes all cores for a tile.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from av import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from console.playback.mailbox import Mailbox, Shot

if TYPE_CHECKING:
    import numpy.typing as npt
    from av.video.plane import VideoPlane

    from console.playback.threads import Spawner

TICK_S = 1 / 30
FILL_TOLERANCE = 0.03
"""A picture whose shape differs less than this from its tile fills it: a hairline of black looks like a fault."""
_PLANAR_420 = {"yuv420p", "yuvj420p"}

_log = logging.getLogger("gatehouse.wall")


class Part(NamedTuple):
    """The visible part of a picture, in fractions of it."""

    x: float = 0.0
    y: float = 0.0
    width: float = 1.0
    height: float = 1.0


WHOLE = Part()


class Picture(NamedTuple):
    """A picture of the size of its tile, with the memory that it shows."""

    image: QImage
    memory: object
    """Keep it as long as the image: QImage does not own its pixels."""
    shot: Shot


class Scaler:
    """Scales the frames of one stream; keeps its swscale contexts."""

    def __init__(self) -> None:
        self._scale = VideoReformatter()
        self._colour = VideoReformatter()
        self._planar = VideoReformatter()

    def picture(self, shot: Shot, box: tuple[int, int], part: Part) -> Picture:
        """The visible part of the shot, as large as fits into ``box`` (device pixels)."""
        frame = shot.frame if part == WHOLE else self._cropped(shot.frame, part)
        width, height = fitted(shot.aspect, box)
        scaled = self._scale.reformat(
            frame,
            width=width,
            height=height,
            format=frame.format.name if frame.format.name in _PLANAR_420 else "yuv420p",
            interpolation=Interpolation.FAST_BILINEAR,
            threads=1,
        )
        pixels = self._colour.reformat(
            scaled, format="bgra", interpolation=Interpolation.FAST_BILINEAR, threads=1
        )
        plane = pixels.planes[0]
        image = QImage(
            memoryview(plane),
            pixels.width,
            pixels.height,
            plane.line_size,
            QImage.Format.Format_RGB32,
        )
        return Picture(image, pixels, shot)

    def _cropped(self, frame: VideoFrame, part: Part) -> VideoFrame:
        planar = self._planar.reformat(
            frame,
            format=frame.format.name if frame.format.name in _PLANAR_420 else "yuv420p",
            threads=1,
        )
        x, y = int(part.x * frame.width) & ~1, int(part.y * frame.height) & ~1
        wide = max(2, min(int(part.width * frame.width) & ~1, frame.width - x))
        high = max(2, min(int(part.height * frame.height) & ~1, frame.height - y))
        crop = VideoFrame(wide, high, planar.format.name)
        crop.colorspace, crop.color_range = frame.colorspace, frame.color_range
        for number, (source, target) in enumerate(zip(planar.planes, crop.planes, strict=True)):
            half = 1 if number else 0
            _copy_part(source, target, x >> half, y >> half)
        return crop


class Slot:
    """One place on the screen: whose pictures it shows, how large, and which part."""

    def __init__(self) -> None:
        self.mailbox = Mailbox()
        self.box = (0, 0)
        self.part = WHOLE
        self.converted_count = 0
        self._scaler = Scaler()
        self._last: Shot | None = None
        self._shown: tuple[Shot, tuple[int, int], Part] | None = None

    def forget(self) -> None:
        """Drop the last picture, so that it is not drawn again in another size."""
        self._last = None
        self._shown = None

    def next_picture(self) -> Picture | None:
        """What has to be drawn anew: a new shot, or the last one in a new size."""
        shot = self.mailbox.take() or self._last
        box, part = self.box, self.part
        if shot is None or min(box) < 2 or self._is_shown(shot, box, part):
            return None
        self._last = shot
        self._shown = (shot, box, part)
        self.converted_count += 1
        return self._scaler.picture(shot, box, part)

    @property
    def last_shot(self) -> Shot | None:
        """The newest picture that was taken for showing, in its full size."""
        return self._last

    def _is_shown(self, shot: Shot, box: tuple[int, int], part: Part) -> bool:
        shown = self._shown
        return shown is not None and shown[0] is shot and shown[1:] == (box, part)


class Converter(QObject):
    """Converts for all slots in one thread; tells the GUI thread once per tick."""

    converted = Signal()
    """Pictures wait; call ``collect``."""

    def __init__(self, spawner: Spawner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._slots: dict[int, Slot] = {}
        self._ready: dict[int, Picture] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = spawner.spawn(self._run, name="converter")

    def set_slots(self, slots: dict[int, Slot]) -> None:
        """Convert for these slots from now on."""
        with self._lock:
            self._slots = dict(slots)
            self._ready = {}

    def collect(self) -> dict[int, Picture]:
        """The newest picture of each slot since the last call."""
        with self._lock:
            ready, self._ready = self._ready, {}
            return ready

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopping.is_set():
            self._tick()
            due = max(due + TICK_S, time.monotonic())
            self._stopping.wait(due - time.monotonic())

    def _tick(self) -> None:
        with self._lock:
            slots = tuple(self._slots.items())
        made = {key: (slot, _picture_or_none(slot)) for key, slot in slots}
        with self._lock:
            was_empty = not self._ready
            for key, (slot, picture) in made.items():
                if picture is not None and self._slots.get(key) is slot:
                    self._ready[key] = picture
            has_news = was_empty and bool(self._ready)
        if has_news and not self._stopping.is_set():
            self.converted.emit()


def fitted(aspect: float, box: tuple[int, int]) -> tuple[int, int]:
    """The largest size of that shape that fits into ``box``."""
    width, height = box
    ratio = aspect * height / width
    if abs(ratio - 1) < FILL_TOLERANCE:
        return width, height
    if ratio > 1:
        return width, max(2, round(width / aspect))
    return max(2, round(height * aspect)), height


def _picture_or_none(slot: Slot) -> Picture | None:
    try:
        return slot.next_picture()
    except Exception as fault:  # noqa: BLE001  one hostile picture must not end the thread of all
        _log.warning("a picture could not be converted for the screen: %s", fault)
        return None


def _copy_part(source: VideoPlane, target: VideoPlane, x: int, y: int) -> None:
    high, wide = target.height, target.width
    _rows(target)[:high, :wide] = _rows(source)[y : y + high, x : x + wide]


def _rows(plane: VideoPlane) -> npt.NDArray[np.uint8]:
    flat: npt.NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8)
    return flat[: len(flat) // plane.line_size * plane.line_size].reshape(-1, plane.line_size)
