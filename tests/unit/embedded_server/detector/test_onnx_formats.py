"""Every output format from arrays made by hand: one object, where it was put."""

from __future__ import annotations

import numpy as np
import pytest

from embedded_server.detector.onnx_cards import OutputCard
from embedded_server.detector.onnx_formats import (
    FORMATS,
    Candidates,
    Outputs,
    Unrecognised,
    recognise,
    suppress,
)

SIDE = 128
CELLS = 16 * 16 + 8 * 8 + 4 * 4
WANTED = (40.0, 48.0, 72.0, 80.0)  # corners in pixels of the input: centre 56, 64, size 32 x 32
CARD = OutputCard()


def outputs(*named: tuple[str, np.ndarray]) -> Outputs:
    names = tuple(name for name, _ in named)
    return Outputs(names, tuple(a.astype(np.float32) for _, a in named), SIDE, SIDE)


def yolox(*, decoded: bool) -> Outputs:
    rows = np.zeros((1, CELLS, 5 + 3))
    rows[0, :, 2:4] = 1.0 if decoded else -1.0
    cell = 256 + 4 * 8 + 3  # stride 16, row 4, column 3
    box = [56, 64, 32, 32] if decoded else [0.5, 0.0, np.log(2), np.log(2)]
    rows[0, cell] = [*box, 0.9, 0.0, 1.0, 0.0]
    return outputs(("output", rows))


def yolov5() -> Outputs:
    rows = np.zeros((1, 3 * CELLS, 8))
    rows[0, 77] = [56, 64, 32, 32, 0.9, 0, 1, 0]
    return outputs(("output0", rows))


def yolov8() -> Outputs:
    rows = np.zeros((1, 4 + 3, CELLS))
    rows[0, :, 77] = [56, 64, 32, 32, 0, 0.9, 0]
    return outputs(("output0", rows))


def end_to_end() -> Outputs:
    rows = np.zeros((1, 300, 6))
    rows[0, 0] = [*WANTED, 0.9, 1]
    return outputs(("output0", rows))


def nanodet() -> Outputs:
    rows = np.full((1, CELLS + 4, 3 + 32), 0.0)
    cell = 256 + 4 * 8 + 3  # at 48, 64
    rows[0, cell, 1] = 0.9
    for side, reach in enumerate((0.5, 1.0, 1.5, 1.0)):  # strides of 16 to each side
        low = int(reach)
        rows[0, cell, 3 + 8 * side + low] = 20.0
        if reach % 1:
            rows[0, cell, 3 + 8 * side + low + 1] = 20.0
    return outputs(("output", rows))


def fastestdet() -> Outputs:
    cells = np.zeros((1, 5 + 3, 8, 8))
    inverse = -np.log(1 / (32 / SIDE) - 1)  # sigmoid gives a quarter
    cells[0, :, 4, 3] = [0.9, np.arctanh(0.5), 0.0, inverse, inverse, 0, 0.9, 0]
    return outputs(("758", cells))


def yunet() -> Outputs:
    named = []
    for stride, count in ((8, 256), (16, 64), (32, 16)):
        cls, obj, box = np.zeros((1, count, 1)), np.zeros((1, count, 1)), np.zeros((1, count, 4))
        if stride == 16:
            cls[0, 35], obj[0, 35] = 0.9, 0.9
            box[0, 35] = [0.5, 0.0, np.log(2), np.log(2)]
        named += [(f"cls_{stride}", cls), (f"obj_{stride}", obj), (f"bbox_{stride}", box)]
    return outputs(*named)


def detr(*, queries: int) -> Outputs:
    has_nothing = queries == 100
    logits = np.full((1, queries, 4 if has_nothing else 3), -9.0)
    if has_nothing:
        logits[0, :, 3] = 9.0
        logits[0, 5] = [-9, 9, -9, -9]
    else:
        logits[0, 5, 1] = 3.0
    boxes = np.full((1, queries, 4), 0.1)
    boxes[0, 5] = [56 / SIDE, 64 / SIDE, 32 / SIDE, 32 / SIDE]
    return outputs(("logits", logits), ("pred_boxes", boxes))


def ssd_of_tensorflow() -> Outputs:
    boxes = np.zeros((1, 100, 4))
    boxes[0, 0] = [48 / SIDE, 40 / SIDE, 80 / SIDE, 72 / SIDE]  # top, left, bottom, right
    scores, classes = np.zeros((1, 100)), np.ones((1, 100))
    scores[0, 0], classes[0, 0] = 0.9, 2
    return outputs(
        ("detection_boxes", boxes),
        ("detection_classes", classes),
        ("detection_scores", scores),
        ("num_detections", np.array([1])),
    )


def ssd_with_a_score_for_each_class() -> Outputs:
    scores, boxes = np.zeros((1, 50, 4)), np.zeros((1, 50, 4))
    scores[0, :, 0] = 1.0
    scores[0, 7] = [0.1, 0, 0.9, 0]
    boxes[0, 7] = np.array(WANTED) / SIDE
    return outputs(("scores", scores), ("boxes", boxes))


MADE = {
    "yolox not decoded": ("yolox", yolox(decoded=False)),
    "yolox decoded": ("yolox", yolox(decoded=True)),
    "yolov5": ("yolov5", yolov5()),
    "yolov8": ("yolov8", yolov8()),
    "end to end": ("end_to_end", end_to_end()),
    "nanodet": ("nanodet", nanodet()),
    "fastestdet": ("fastestdet", fastestdet()),
    "detr": ("detr", detr(queries=100)),
    "rt-detr": ("detr", detr(queries=300)),
    "ssd, tensorflow": ("ssd", ssd_of_tensorflow()),
    "ssd, raw": ("ssd", ssd_with_a_score_for_each_class()),
}


@pytest.mark.parametrize("name", MADE)
def test_one_object_is_found_where_it_is(name: str) -> None:
    format_name, made = MADE[name]
    found_format = recognise(made, name=None, label_count=0)
    assert found_format.name == format_name
    found = suppress(found_format.decode(made, CARD, 0.4), 0.45)
    assert found.classes.tolist() == [1]
    assert found.scores[0] == pytest.approx(0.9, abs=0.11)
    assert found.boxes[0] == pytest.approx(WANTED, abs=0.3)


def test_yunet_finds_a_face() -> None:
    made = yunet()
    found_format = recognise(made, name=None, label_count=0)
    assert found_format.one_class == "face"
    found = found_format.decode(made, CARD, 0.4)
    assert found.boxes[0] == pytest.approx(WANTED)


@pytest.mark.parametrize("name", MADE)
def test_a_high_floor_leaves_nothing(name: str) -> None:
    format_name, made = MADE[name]
    assert len(FORMATS[format_name].decode(made, CARD, 1.01).scores) == 0


def test_known_labels_settle_which_format_it_is() -> None:
    with pytest.raises(Unrecognised, match="fit no known detector"):
        recognise(yolox(decoded=True), name=None, label_count=80)


@pytest.mark.parametrize(
    ("name", "words"), [("yolov99", "is none of"), ("fastestdet", "says fastestdet, but")]
)
def test_a_card_that_names_the_wrong_format_is_told_so(name: str, words: str) -> None:
    with pytest.raises(Unrecognised, match=words):
        recognise(yolox(decoded=True), name=name, label_count=0)


def test_shapes_of_no_detector_are_told_of() -> None:
    with pytest.raises(Unrecognised, match=r"logits \[1, 1000\]"):
        recognise(outputs(("logits", np.zeros((1, 1000)))), name=None, label_count=0)


def test_of_two_boxes_on_one_thing_the_better_stays_unless_the_class_differs() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [1, 0, 11, 10], [50, 50, 60, 60]], np.float32)
    found = Candidates(boxes, np.array([0.5, 0.9, 0.4, 0.3], np.float32), np.array([1, 1, 2, 1]))
    kept = suppress(found, 0.45)
    assert kept.scores.tolist() == pytest.approx([0.9, 0.4, 0.3])


def test_nothing_in_nothing_out() -> None:
    none = Candidates(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.intp))
    assert len(suppress(none, 0.45).scores) == 0
