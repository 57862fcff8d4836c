"""The one call behind which detectors are plugins, and the frames they look at.

DetectorError
├── ModelMissing     no model of that name
├── CardBroken       the card beside a model cannot be used
└── ModelBroken      the model file cannot be loaded, run or understood
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import cv2
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import av

    from embedded_server.detector.tracking import TrackSettings
    from embedded_server.services.model import Box

Picture = npt.NDArray[np.uint8]


class DetectorError(Exception):
    """A detector cannot be used; the text is a sentence with cause and remedy."""


class ModelMissing(DetectorError):
    """No model of that name."""

    def __init__(self, name: str, known: list[str]) -> None:
        have = ", ".join(known) if known else "none"
        super().__init__(
            f"There is no detector model named {name!r} (found: {have}). "
            f"Put {name}.onnx into the models folder or choose another detector for the camera."
        )
        self.name = name


class CardBroken(DetectorError):
    """The card beside a model cannot be used."""

    def __init__(self, card: str, cause: str) -> None:
        super().__init__(f"The model card {card} cannot be used: {cause}. Correct or delete it.")
        self.card = card


class ModelBroken(DetectorError):
    """The model file cannot be loaded, run or understood."""

    def __init__(self, model: str, cause: str) -> None:
        super().__init__(
            f"The detector model {model} cannot be used: {cause}. "
            "Replace the file, or say more about it in the card beside it."
        )
        self.model = model


class Finding(NamedTuple):
    """One box: where (fractions of the picture), what, and how sure (0 to 1)."""

    box: Box
    label: str
    confidence: float


class Frame(Protocol):
    """One decoded picture; conversions are made when asked for."""

    @property
    def width(self) -> int:
        """Pixels."""

    @property
    def height(self) -> int:
        """Pixels."""

    def grey(self, width: int, height: int) -> Picture:
        """Brightness, scaled by area."""

    def bgr(self) -> Picture:
        """The whole picture in colour, made once."""

    def scaled(self, width: int, height: int, *, by_area: bool = False) -> Picture:
        """The whole picture in colour (BGR), scaled to exactly this size."""


class Detector(Protocol):
    """Frame in; boxes, labels and confidences out. One object is used by one thread at a time."""

    @property
    def name(self) -> str:
        """How plans name it."""

    @property
    def needs_regions(self) -> bool:
        """Whether it looks at given regions only (then each finding's box is the region's)."""

    @property
    def thresholds(self) -> TrackSettings:
        """Which of its scores to trust, at the usual confidence of a plan."""

    def detect(self, frame: Frame, regions: tuple[Box, ...] = ()) -> list[Finding]:
        """Look at one picture.

        Raises:
            DetectorError: if it cannot.
        """


class VideoFrame:
    """A frame as the decoder gives it."""

    def __init__(self, frame: av.VideoFrame) -> None:
        self._frame = frame
        self._bgr: Picture | None = None

    @property
    def width(self) -> int:
        """Pixels."""
        return self._frame.width

    @property
    def height(self) -> int:
        """Pixels."""
        return self._frame.height

    def grey(self, width: int, height: int) -> Picture:
        """Brightness, scaled by area; the luma plane is used as it lies in memory where it can be."""
        frame = self._frame
        if not frame.format.name.startswith(("yuv420p", "yuvj4", "yuv422p", "yuv444p", "nv12")) or (
            frame.format.components[0].bits != 8
        ):
            frame = frame.reformat(format="gray")
        plane = frame.planes[0]
        luma = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        return _resize(luma[: frame.height, : frame.width], width, height, by_area=True)

    def bgr(self) -> Picture:
        """The whole picture in colour, made once."""
        if self._bgr is None:
            self._bgr = np.asarray(self._frame.to_ndarray(format="bgr24"), np.uint8)
        return self._bgr

    def scaled(self, width: int, height: int, *, by_area: bool = False) -> Picture:
        """The whole picture in colour, scaled and converted in one step."""
        way = "AREA" if by_area else "BILINEAR"
        small = self._frame.reformat(width=width, height=height, format="bgr24", interpolation=way)
        return np.asarray(small.to_ndarray(), np.uint8)


class ArrayFrame:
    """A frame from a BGR picture: for made sequences and still pictures."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture

    @property
    def width(self) -> int:
        """Pixels."""
        return int(self._picture.shape[1])

    @property
    def height(self) -> int:
        """Pixels."""
        return int(self._picture.shape[0])

    def grey(self, width: int, height: int) -> Picture:
        """Brightness, scaled by area."""
        grey = np.asarray(cv2.cvtColor(self._picture, cv2.COLOR_BGR2GRAY), np.uint8)
        return _resize(grey, width, height, by_area=True)

    def bgr(self) -> Picture:
        """The whole picture in colour."""
        return self._picture

    def scaled(self, width: int, height: int, *, by_area: bool = False) -> Picture:
        """The whole picture in colour, scaled to exactly this size."""
        return _resize(self._picture, width, height, by_area=by_area)


def _resize(picture: Picture, width: int, height: int, *, by_area: bool) -> Picture:
    way = cv2.INTER_AREA if by_area else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (width, height), interpolation=way), np.uint8)
