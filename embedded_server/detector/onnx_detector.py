"""Any ONNX detection model as a detector: picture to input, run, outputs to findings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from embedded_server.detector.base import Finding, Frame, ModelBroken
from embedded_server.detector.onnx_formats import (
    Candidates,
    Feeding,
    Format,
    Outputs,
    Unrecognised,
    recognise,
    suppress,
)
from embedded_server.detector.onnx_session import Array, OnnxSession, Port, Runner
from embedded_server.detector.tracking import MODEL_TRACKS
from embedded_server.services.model import Box

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from embedded_server.detector.onnx_cards import Card, ModelFile

_USUAL_SIDE = 640
_MOST_FINDINGS = 200
_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}


class Placement(NamedTuple):
    """Where the picture lies on the model's input, in pixels of it."""

    left: float
    top: float
    width: float
    height: float


class OnnxDetector:
    """A model file with its card; one session, one thread."""

    needs_regions = False

    def __init__(
        self, model: ModelFile, open_session: Callable[[Path], Runner] = OnnxSession
    ) -> None:
        self.name = model.path.stem
        self._labels = model.labels
        self._card = model.card
        self._runner = open_session(model.path)
        self._input = InputTensor(self._runner.inputs[0], model.card, model.path.name)
        self._format = self._recognise()
        self._input.feeding = _feeding(self._format, model.card)
        limits = model.card.thresholds
        self.thresholds = replace(MODEL_TRACKS, high=limits.high, low=limits.low, new=limits.new)
        self._floor = max(limits.low - 0.1, 0.05)

    @property
    def format_name(self) -> str:
        """What the model was recognised as."""
        return self._format.name

    def detect(self, frame: Frame, regions: tuple[Box, ...] = ()) -> list[Finding]:
        """Look at one whole picture.

        Raises:
            ModelBroken: the model failed, or gave something that is not what it gave before.
        """
        del regions
        placement = self._input.fill(frame)
        outputs = self._run()
        try:
            found = self._format.decode(outputs, self._card.output, self._floor)
            if self._format.suppress:
                found = suppress(found, self._card.output.nms)
        except (ValueError, IndexError) as error:
            raise ModelBroken(self.name, f"its output changed its shape ({error})") from error
        return self._findings(found, placement)

    def _recognise(self) -> Format:
        """By a run on an empty picture: sides that the file leaves open are known only then."""
        try:
            return recognise(self._run(), name=self._card.format, label_count=len(self._labels))
        except Unrecognised as error:
            raise ModelBroken(self.name, str(error)) from error

    def _run(self) -> Outputs:
        arrays = self._runner.run(self._input.tensor)
        names = tuple(port.name for port in self._runner.outputs)
        if len(names) != len(arrays):
            raise ModelBroken(self.name, "it gives another number of outputs than it says")
        return Outputs(names, tuple(arrays), self._input.width, self._input.height)

    def _findings(self, found: Candidates, placement: Placement) -> list[Finding]:
        findings = []
        for corners, score, index in zip(*found, strict=True):
            if not np.isfinite(corners).all() or not np.isfinite(score):
                continue
            box = _in_picture(corners, placement)
            if box.width > 0.002 and box.height > 0.002:
                findings.append(Finding(box, self._label(int(index)), min(float(score), 1.0)))
        return findings[:_MOST_FINDINGS]

    def _label(self, index: int) -> str:
        if 0 <= index < len(self._labels):
            return self._labels[index]
        return self._format.one_class or f"class {index}"


class InputTensor:
    """The model's input, made once and filled again for each picture."""

    def __init__(self, port: Port, card: Card, model_name: str) -> None:
        shape = port.shape
        if len(shape) != 4 or port.type not in _TYPES:
            raise ModelBroken(model_name, f"its input {port.name} is not one picture: {port}")
        if shape[0] not in (None, 1):
            raise ModelBroken(model_name, f"it wants {shape[0]} pictures at once")
        self._is_planar = shape[3] != 3 or shape[1] == 3
        channels = shape[1] if self._is_planar else shape[3]
        if channels not in (None, 3):
            raise ModelBroken(model_name, f"it wants {channels} colour planes instead of 3")
        height, width = shape[2:] if self._is_planar else shape[1:3]
        self.width = width or card.input.width or _USUAL_SIDE
        self.height = height or card.input.height or _USUAL_SIDE
        if max(self.width, self.height) > 4096:
            raise ModelBroken(model_name, f"its input is {self.width} x {self.height} pixels large")
        planes = (3, self.height, self.width)
        pixels = (self.height, self.width, 3)
        self._type = _TYPES[port.type]
        self.tensor: Array = np.zeros((1, *(planes if self._is_planar else pixels)), self._type)
        self.feeding = Feeding()
        self._filled: Placement | None = None

    def fill(self, frame: Frame) -> Placement:
        """Put a picture on it."""
        how = self.feeding
        at = self._placement(frame)
        left, top, width, height = (int(side) for side in at)
        picture: Array = frame.scaled(width, height, by_area=how.by_area)
        if how.colour == "rgb":
            picture = picture[:, :, ::-1]
        if self._filled != at:
            self._pad()
            self._filled = at
        target = self.tensor[0] if not self._is_planar else self.tensor[0].transpose(1, 2, 0)
        target = target[top : top + height, left : left + width]
        if how.mean is None and how.deviation is None:
            np.multiply(picture, how.scale, out=target, casting="unsafe")
        else:
            target[...] = self._normalised(picture)
        return at

    def _placement(self, frame: Frame) -> Placement:
        if self.feeding.resize == "stretch":
            return Placement(0, 0, self.width, self.height)
        ratio = min(self.width / frame.width, self.height / frame.height)
        width = max(1, min(self.width, round(frame.width * ratio)))
        height = max(1, min(self.height, round(frame.height * ratio)))
        if self.feeding.resize == "letterbox":
            return Placement(0, 0, width, height)
        return Placement((self.width - width) // 2, (self.height - height) // 2, width, height)

    def _pad(self) -> None:
        grey = np.full((1, 1, 3), self.feeding.pad, np.float32)
        value = self._normalised(grey)[0, 0].astype(self._type)
        self.tensor[0] = value[:, None, None] if self._is_planar else value

    def _normalised(self, picture: Array) -> Array:
        how = self.feeding
        mean = np.array(how.mean or (0, 0, 0), np.float32)
        deviation = np.array(how.deviation or (1, 1, 1), np.float32)
        result: Array = (picture * np.float32(how.scale) - mean) / deviation
        return result


def _feeding(found: Format, card: Card) -> Feeding:
    """The format's way, with what the card says otherwise."""
    said = {
        name: value
        for name in ("resize", "pad", "colour", "scale", "mean", "deviation")
        if (value := getattr(card.input, name)) is not None
    }
    if card.input.by_area:
        said["by_area"] = True
    return replace(found.feeding, **said)


def _in_picture(corners: Array, at: Placement) -> Box:
    """Corners in pixels of the input to a box in fractions of the picture."""
    left, top, right, bottom = (float(side) for side in corners)
    x0, x1 = (min(max((side - at.left) / at.width, 0.0), 1.0) for side in (left, right))
    y0, y1 = (min(max((side - at.top) / at.height, 0.0), 1.0) for side in (top, bottom))
    return Box(x0, y0, x1 - x0, y1 - y0)
