"""What detection models put out, recognised by the shapes, and turned into boxes.

A format is a name, the usual way to feed it, and a function from the outputs to candidates: boxes as left, top,
right, bottom in pixels of the model's input, with score and class. Pure array arithmetic: tested without a model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from embedded_server.detector.onnx_cards import OutputCard

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

_STRIDES = (8, 16, 32)


class Unrecognised(Exception):
    """The shapes fit no format; the text says what they are."""


class Candidates(NamedTuple):
    """Boxes before suppression: ``boxes`` is n x 4 in pixels of the input."""

    boxes: Floats
    scores: Floats
    classes: npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Feeding:
    """How pictures are usually given to a format; the card may say otherwise."""

    resize: str = "letterbox"
    pad: float = 114.0
    colour: str = "rgb"
    scale: float = 1 / 255
    mean: tuple[float, float, float] | None = None
    deviation: tuple[float, float, float] | None = None
    by_area: bool = False


@dataclass(frozen=True, slots=True)
class Outputs:
    """The arrays of one run, with their names and the size of the input in pixels."""

    names: tuple[str, ...]
    arrays: tuple[Array, ...]
    width: int
    height: int

    def grid(self, strides: Sequence[int] = _STRIDES) -> int:
        """Number of cells of an anchor-free head."""
        return sum(math.ceil(self.width / s) * math.ceil(self.height / s) for s in strides)


@dataclass(frozen=True, slots=True)
class Format:
    """One family of outputs."""

    name: str
    feeding: Feeding
    fits: Callable[[Outputs, int], bool]
    """Whether these outputs are of it; the number is how many labels are known (0: unknown)."""
    decode: Callable[[Outputs, OutputCard, float], Candidates]
    """Candidates with a score of at least so much."""
    suppress: bool = True
    one_class: str | None = None


def recognise(outputs: Outputs, *, name: str | None, label_count: int) -> Format:
    """The format of a model.

    Raises:
        Unrecognised: no format fits, or the card names one that is not known or does not fit.
    """
    shapes = ", ".join(
        f"{n} {list(a.shape)}" for n, a in zip(outputs.names, outputs.arrays, strict=True)
    )
    if name is not None:
        if name not in FORMATS:
            raise Unrecognised(f"the card's format {name!r} is none of {', '.join(FORMATS)}")
        if not FORMATS[name].fits(outputs, label_count):
            raise Unrecognised(f"the card says {name}, but its outputs are {shapes}")
        return FORMATS[name]
    for candidate in FORMATS.values():
        if candidate.fits(outputs, label_count):
            return candidate
    raise Unrecognised(f"its outputs fit no known detector: {shapes}")


def suppress(found: Candidates, limit: float, *, most: int = 300) -> Candidates:
    """Per class, drop boxes that overlap a better one by more than ``limit``."""
    order = np.argsort(-found.scores)[: 4 * most]
    boxes, classes = found.boxes[order], found.classes[order]
    areas = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1)
    keep: list[int] = []
    alive = np.ones(len(order), np.bool_)
    for i in range(len(order)):
        if not alive[i]:
            continue
        keep.append(i)
        if len(keep) >= most:
            break
        low = np.maximum(boxes[i, :2], boxes[i + 1 :, :2])
        high = np.minimum(boxes[i, 2:], boxes[i + 1 :, 2:])
        common = np.prod(np.maximum(high - low, 0), axis=1)
        union = np.maximum(areas[i] + areas[i + 1 :] - common, 1e-6)
        alive[i + 1 :] &= (common / union <= limit) | (classes[i + 1 :] != classes[i])
    return _pick(found, order[keep])


def _pick(found: Candidates, which: Any) -> Candidates:
    return Candidates(found.boxes[which], found.scores[which], found.classes[which])


def _best(scores: Array, floor: float) -> tuple[Any, Floats, npt.NDArray[np.intp]]:
    """Rows whose best class reaches the floor, with that score and class."""
    classes = scores.argmax(axis=1)
    best = scores[np.arange(len(scores)), classes]
    rows = np.flatnonzero(best >= floor)
    return rows, best[rows].astype(np.float32), classes[rows]


def _corners(centre_x: Array, centre_y: Array, width: Array, height: Array) -> Floats:
    sides = (
        centre_x - width / 2,
        centre_y - height / 2,
        centre_x + width / 2,
        centre_y + height / 2,
    )
    return np.stack(sides, axis=1).astype(np.float32)


def _sigmoid(x: Array) -> Array:
    result: Array = 1.0 / (1.0 + np.exp(-np.clip(x, -60, 60)))
    return result


def _softmax(x: Array) -> Array:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    result: Array = powers / powers.sum(axis=-1, keepdims=True)
    return result


def _cells(outputs: Outputs, strides: Sequence[int]) -> Floats:
    """Column, row and stride of every cell, stride by stride, row by row."""
    parts = []
    for stride in strides:
        columns, rows = math.ceil(outputs.width / stride), math.ceil(outputs.height / stride)
        y, x = np.mgrid[0:rows, 0:columns]
        parts.append(np.stack([x.ravel(), y.ravel(), np.full(x.size, stride)], axis=1))
    return np.concatenate(parts).astype(np.float32)


def _is_single(outputs: Outputs, dimensions: int) -> bool:
    arrays = outputs.arrays
    return len(arrays) == 1 and arrays[0].ndim == dimensions and arrays[0].shape[0] == 1


# -- YOLOX: 1 x cells x (4 + objectness + classes) ---------------------------------------------------


def _fits_yolox(outputs: Outputs, labels: int) -> bool:
    if not _is_single(outputs, 3):
        return False
    _, rows, columns = outputs.arrays[0].shape
    return rows == outputs.grid() and columns >= 6 and (not labels or columns == 5 + labels)


def _decode_yolox(outputs: Outputs, card: OutputCard, floor: float) -> Candidates:
    rows = outputs.arrays[0][0]
    # an export that has not decoded its boxes writes the logarithm of the size, which is mostly below zero
    is_decoded = card.decoded if card.decoded is not None else bool((rows[:, 2:4] >= 0).all())
    hopeful = np.flatnonzero(rows[:, 4] >= floor)
    rows, cells = rows[hopeful], _cells(outputs, _STRIDES)[hopeful]
    which, scores, classes = _best(rows[:, 5:] * rows[:, 4:5], floor)
    rows, cells = rows[which], cells[which]
    if is_decoded:
        return Candidates(_corners(*rows[:, :4].T), scores, classes)
    stride = cells[:, 2]
    width, height = (np.exp(np.clip(rows[:, i], -20, 20)) * stride for i in (2, 3))
    boxes = _corners(
        (rows[:, 0] + cells[:, 0]) * stride, (rows[:, 1] + cells[:, 1]) * stride, width, height
    )
    return Candidates(boxes, scores, classes)


# -- YOLOv5, v7: 1 x (3 anchors x cells) x (4 + objectness + classes), decoded ---------------------------


def _fits_yolov5(outputs: Outputs, labels: int) -> bool:
    if not _is_single(outputs, 3):
        return False
    _, rows, columns = outputs.arrays[0].shape
    return rows == 3 * outputs.grid() and columns >= 6 and (not labels or columns == 5 + labels)


def _decode_yolov5(outputs: Outputs, card: OutputCard, floor: float) -> Candidates:
    del card
    rows = outputs.arrays[0][0]
    rows = rows[rows[:, 4] >= floor]
    which, scores, classes = _best(rows[:, 5:] * rows[:, 4:5], floor)
    return Candidates(_corners(*rows[which, :4].T), scores, classes)


# -- YOLOv8, v9, 11: 1 x (4 + classes) x cells, decoded, no objectness ------------------------------------


def _fits_yolov8(outputs: Outputs, labels: int) -> bool:
    if not _is_single(outputs, 3):
        return False
    _, columns, rows = outputs.arrays[0].shape
    return rows == outputs.grid() and columns >= 5 and (not labels or columns == 4 + labels)


def _decode_yolov8(outputs: Outputs, card: OutputCard, floor: float) -> Candidates:
    del card
    rows = outputs.arrays[0][0].T
    which, scores, classes = _best(rows[:, 4:], floor)
    return Candidates(_corners(*rows[which, :4].T), scores, classes)


# -- end to end (YOLOv10, exports with suppression inside): 1 x n x (corners, score, class) ----------------


def _fits_end_to_end(outputs: Outputs, labels: int) -> bool:
    del labels
    return _is_single(outputs, 3) and outputs.arrays[0].shape[2] == 6


def _decode_end_to_end(outputs: Outputs, card: OutputCard, floor: float) -> Candidates:
    del card
    rows = outputs.arrays[0][0]
    rows = rows[rows[:, 4] >= floor]
    return Candidates(
        rows[:, :4].astype(np.float32), rows[:, 4].astype(np.float32), rows[:, 5].astype(np.intp)
    )


# -- NanoDet-Plus: 1 x cells of strides 8 to 64 x (classes + 4 x 8 distances) -------------------------------

_NANODET_STRIDES, _REACHES = (8, 16, 32, 64), 8


def _fits_nanodet(outputs: Outputs, labels: int) -> bool:
    if not _is_single(outputs, 3):
        return False
    _, rows, columns = outputs.arrays[0].shape
    classes = columns - 4 * _REACHES
    is_grid = rows == outputs.grid(_NANODET_STRIDES)
    return is_grid and classes >= 1 and (not labels or classes == labels)


def _decode_nanodet(outputs: Outputs, card: OutputCard, floor: float) -> Candidates:
    rows = outputs.arrays[0][0]
    scores = rows[:, : -4 * _REACHES]
    if card.activation == "sigmoid":
        scores = _sigmoid(scores)
    which, best, classes = _best(scores, floor)
    cells = _cells(outputs, _NANODET_STRIDES)[which]
    shares = _softmax(rows[which, -4 * _REACHES :].reshape(-1, 4, _REACHES))
    away = (shares * np.arange(_REACHES)).sum(axis=2) * cells[:, 2:3]
    x, y = cells[:, 0] * cells[:, 2], cells[:, 1] * cells[:, 2]
    sides = (x - away[:, 0], y - away[:, 1], x + away[:, 2], y + away[:, 3])
    return Candidates(np.stack(sides, axis=1).astype(np.float32), best, classes)


# -- FastestDet: 1 x (objectness + 4 + classes) x rows x columns of stride 16 -------------------------------


def _fits_fastestdet(outputs: Outputs, labels: int) -> bool:
    if not _is_single(outputs, 4):
        return False
    _, channels, rows, columns = outputs.arrays[0].shape
    is_grid = rows * 16 == outputs.height and columns * 16 == outputs.width
    return is_grid and channels >= 6 and (not labels or channels == 5 + labels)


def _decode_fastestdet(outputs: Outputs, card: OutputCard, floor: float) -> Candidates:
    del card
    channels, rows, columns = outputs.arrays[0].shape[1:]
    cells = outputs.arrays[0][0].reshape(channels, rows * columns)
    objectness, classes = np.maximum(cells[0], 0), np.maximum(cells[5:], 0)
    which, scores, best = _best((objectness**0.6 * classes**0.4).T, floor)
    row, column = np.divmod(which, columns)
    box = cells[1:5, which]
    boxes = _corners(
        (np.tanh(box[0]) + column) / columns * outputs.width,
        (np.tanh(box[1]) + row) / rows * outputs.height,
        _sigmoid(box[2]) * outputs.width,
        _sigmoid(box[3]) * outputs.height,
    )
    return Candidates(boxes, scores, best)


# -- YuNet: cls, obj, bbox (and kps) for three strides -------------------------------------------------------


def _fits_yunet(outputs: Outputs, labels: int) -> bool:
    del labels
    return {f"{kind}_{s}" for kind in ("cls", "obj", "bbox") for s in _STRIDES} <= set(
        outputs.names
    )


def _decode_yunet(outputs: Outputs, card: OutputCard, floor: float) -> Candidates:
    del card
    named = dict(zip(outputs.names, outputs.arrays, strict=True))

    def gathered(kind: str, width: int) -> Array:
        return np.concatenate([named[f"{kind}_{s}"].reshape(-1, width) for s in _STRIDES])

    product = np.clip(gathered("cls", 1), 0, 1) * np.clip(gathered("obj", 1), 0, 1)
    which, scores, classes = _best(np.sqrt(product), floor)
    cells, box = _cells(outputs, _STRIDES)[which], gathered("bbox", 4)[which]
    stride = cells[:, 2]
    width, height = (np.exp(np.clip(box[:, i], -20, 20)) * stride for i in (2, 3))
    boxes = _corners(
        (cells[:, 0] + box[:, 0]) * stride, (cells[:, 1] + box[:, 1]) * stride, width, height
    )
    return Candidates(boxes, scores, classes)


# -- DETR family: class scores 1 x queries x classes, boxes 1 x queries x 4 as fractions -------------------------


def _detr_parts(outputs: Outputs) -> tuple[Array, Array] | None:
    if len(outputs.arrays) < 2 or any(a.ndim != 3 for a in outputs.arrays[:2]):
        return None
    first, second = outputs.arrays[:2]
    if first.shape[:2] != second.shape[:2] or first.shape[0] != 1 or first.shape[1] > 2000:
        return None
    boxes_first = "box" in outputs.names[0].lower() or (first.shape[2] == 4 != second.shape[2])
    logits, boxes = (second, first) if boxes_first else (first, second)
    return (logits[0], boxes[0]) if boxes.shape[2] == 4 and logits.shape[2] >= 2 else None


def _fits_detr(outputs: Outputs, labels: int) -> bool:
    del labels
    return _detr_parts(outputs) is not None and not _has_ssd_names(outputs)


def _decode_detr(outputs: Outputs, card: OutputCard, floor: float) -> Candidates:
    parts = _detr_parts(outputs)
    assert parts is not None
    logits, boxes = parts
    # DETR itself has 100 queries and a last class "nothing"; its followers score each class alone
    has_nothing = card.background if card.background is not None else len(logits) == 100
    activation = card.activation or ("softmax" if has_nothing else "sigmoid")
    scores = {"softmax": _softmax, "sigmoid": _sigmoid}.get(activation, np.asarray)(logits)
    which, best, classes = _best(scores[:, :-1] if has_nothing else scores, floor)
    size = np.array([outputs.width, outputs.height] * 2, np.float32)
    return Candidates(_corners(*(boxes[which] * size).T), best, classes)


# -- SSD: boxes, scores and classes of the survivors; or boxes and a score for each class -------------------------


def _has_ssd_names(outputs: Outputs) -> bool:
    return "scores" in outputs.names and "boxes" in outputs.names and len(outputs.names) == 2


def _find(outputs: Outputs, *words: str) -> Array | None:
    for name, array in zip(outputs.names, outputs.arrays, strict=True):
        if any(word in name.lower() for word in words) and "num" not in name.lower():
            return array
    return None


def _fits_ssd(outputs: Outputs, labels: int) -> bool:
    del labels
    boxes, scores = _find(outputs, "box"), _find(outputs, "score")
    if boxes is None or scores is None or boxes.shape[-1] != 4:
        return False
    rows = boxes.reshape(-1, 4).shape[0]
    has_classes = _find(outputs, "class", "label") is not None
    return scores.size == rows if has_classes else scores.ndim == 3 and scores.shape[1] == rows


def _decode_ssd(outputs: Outputs, card: OutputCard, floor: float) -> Candidates:
    boxes, scores = _find(outputs, "box"), _find(outputs, "score")
    assert boxes is not None
    assert scores is not None
    boxes = boxes.reshape(-1, 4).astype(np.float32)
    named = _find(outputs, "class", "label")
    has_background = card.background if card.background is not None else True
    shift = 1 if has_background else 0
    if named is None:
        scores = scores.reshape(len(boxes), -1)[:, shift:]
        which, best, classes = _best(scores, floor)
    else:
        scores = scores.ravel()
        which = np.flatnonzero(scores >= floor)
        best = scores[which].astype(np.float32)
        classes = named.ravel()[which].astype(np.intp) - shift
    boxes = boxes[which]
    order = card.box_order or ("yxyx" if "detection_boxes" in " ".join(outputs.names) else "xyxy")
    if order == "yxyx":
        boxes = boxes[:, [1, 0, 3, 2]]
    if boxes.size and float(np.abs(boxes).max()) <= 2.0:  # fractions, not pixels
        boxes = boxes * np.array([outputs.width, outputs.height] * 2, np.float32)
    good = classes >= 0
    return Candidates(boxes[good], best[good], classes[good])


_IMAGENET = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))

FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format(
            "yunet",
            Feeding(colour="bgr", scale=1.0, pad=0.0),
            _fits_yunet,
            _decode_yunet,
            one_class="face",
        ),
        Format(
            "nanodet",
            Feeding(
                "stretch",
                colour="bgr",
                scale=1.0,
                mean=(103.53, 116.28, 123.675),
                deviation=(57.375, 57.12, 58.395),
            ),
            _fits_nanodet,
            _decode_nanodet,
        ),
        Format("yolox", Feeding(colour="bgr", scale=1.0), _fits_yolox, _decode_yolox),
        Format("yolov5", Feeding("letterbox_centre"), _fits_yolov5, _decode_yolov5),
        Format("yolov8", Feeding("letterbox_centre"), _fits_yolov8, _decode_yolov8),
        Format(
            "end_to_end",
            Feeding("letterbox_centre"),
            _fits_end_to_end,
            _decode_end_to_end,
            suppress=False,
        ),
        Format(
            "fastestdet",
            Feeding("stretch", colour="bgr", by_area=True),
            _fits_fastestdet,
            _decode_fastestdet,
        ),
        Format(
            "detr",
            Feeding("stretch", scale=1.0, mean=_IMAGENET[0], deviation=_IMAGENET[1]),
            _fits_detr,
            _decode_detr,
            suppress=False,
        ),
        Format("ssd", Feeding("stretch", scale=1.0), _fits_ssd, _decode_ssd),
    )
}
