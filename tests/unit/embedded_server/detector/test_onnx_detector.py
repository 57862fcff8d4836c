from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embedded_server.detector.base import ArrayFrame, ModelBroken
from embedded_server.detector.onnx_cards import Card, InputCard, LabelsCard, ModelFile, read_model
from embedded_server.detector.onnx_detector import OnnxDetector
from embedded_server.detector.onnx_session import Port

SIDE = 128
MODELS = Path(__file__).parents[5] / "shared" / "models"


class FakeRunner:
    """A model of the YOLOv8 shape that finds one object, wherever the input is brightest."""

    def __init__(
        self, shape: tuple[int | None, ...] = (1, 3, SIDE, SIDE), kind: str = "float"
    ) -> None:
        self.inputs = (Port("images", shape, f"tensor({kind})"),)
        self.outputs = (Port("output0", (1, 6, None), "tensor(float)"),)
        self.fed: list[np.ndarray] = []
        self.fails = False

    def run(self, tensor: np.ndarray) -> list[np.ndarray]:
        if self.fails:
            raise ModelBroken("fake", "it broke")
        self.fed.append(tensor.copy())
        planes = tensor[0] if tensor.shape[1] == 3 else tensor[0].transpose(2, 0, 1)
        rows, columns = planes.shape[1:]
        cells = sum((rows // s) * (columns // s) for s in (8, 16, 32))
        out = np.zeros((1, 6, cells), np.float32)
        bright = planes.sum(axis=0) > 2.0
        if bright.any():
            y, x = np.nonzero(bright)
            sides = (x.min(), y.min(), x.max() + 1, y.max() + 1)
            out[0, :, 0] = [
                (sides[0] + sides[2]) / 2,
                (sides[1] + sides[3]) / 2,
                sides[2] - sides[0],
                sides[3] - sides[1],
                0.0,
                0.8,
            ]
        return [out]


def detector(
    runner: FakeRunner, card: Card | None = None, labels: tuple[str, ...] = ()
) -> OnnxDetector:
    model = ModelFile(Path("fake.onnx"), card or Card(), labels)
    return OnnxDetector(model, open_session=lambda _: runner)


def picture() -> ArrayFrame:
    """256 x 128, dark, with a white square from 64, 32 to 128, 96."""
    out = np.zeros((128, 256, 3), np.uint8)
    out[32:96, 64:128] = 255
    return ArrayFrame(out)


@pytest.mark.parametrize("resize", ["letterbox", "letterbox_centre", "stretch"])
def test_boxes_are_fractions_of_the_picture_however_it_was_fitted(resize: str) -> None:
    runner = FakeRunner()
    card = Card(input=InputCard(resize=resize, pad=0))
    (found,) = detector(runner, card, ("bag", "cat")).detect(picture())
    assert found.label == "cat"
    assert found.confidence == pytest.approx(0.8)
    assert (found.box.x, found.box.y) == pytest.approx((0.25, 0.25), abs=0.02)
    assert (found.box.width, found.box.height) == pytest.approx((0.25, 0.5), abs=0.03)


def test_the_card_says_how_the_picture_is_fed() -> None:
    runner = FakeRunner()
    blue = np.zeros((128, 128, 3), np.uint8)
    blue[:, :, 0] = 200
    for colour, plane in (("bgr", 0), ("rgb", 2)):
        detector(runner, Card(input=InputCard(colour=colour, scale=1.0))).detect(ArrayFrame(blue))
        assert runner.fed[-1][0, plane].max() == 200
        assert runner.fed[-1][0, 2 - plane].max() == 0
    normal = InputCard(colour="bgr", scale=1.0, mean=(100, 0, 0), deviation=(50, 1, 1))
    detector(runner, Card(input=normal)).detect(ArrayFrame(blue))
    assert runner.fed[-1][0, 0].max() == pytest.approx(2.0)


def test_the_rest_of_the_input_is_padded() -> None:
    runner = FakeRunner()
    detector(runner, Card(input=InputCard(resize="letterbox", pad=114, scale=1.0))).detect(
        picture()
    )
    assert (runner.fed[-1][0, :, 64:] == 114).all()


def test_open_sides_and_pixels_first_are_understood() -> None:
    runner = FakeRunner((None, None, None, 3), "uint8")
    card = Card(input=InputCard(width=64, height=96, resize="stretch", scale=1.0))
    detector(runner, card).detect(picture())
    assert runner.fed[-1].shape == (1, 96, 64, 3)
    assert runner.fed[-1].dtype == np.uint8


def test_a_class_that_nobody_named_still_has_a_name() -> None:
    (found,) = detector(FakeRunner()).detect(picture())
    assert found.label == "class 1"


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((1, 1000), "not one picture"),
        ((8, 3, 64, 64), "8 pictures at once"),
        ((1, 1, 64, 64), "1 colour planes"),
        ((1, 3, 64_000, 64), "pixels large"),
    ],
)
def test_inputs_that_are_no_picture_are_refused(shape: tuple[int, ...], words: str) -> None:
    with pytest.raises(ModelBroken, match=words):
        detector(FakeRunner(shape))


def test_labels_that_do_not_fit_the_model_are_refused() -> None:
    with pytest.raises(ModelBroken, match="fit no known detector"):
        detector(FakeRunner(), labels=("a", "b", "c"))


def test_a_model_that_breaks_says_so() -> None:
    runner = FakeRunner()
    looking = detector(runner)
    runner.fails = True
    with pytest.raises(ModelBroken, match="it broke"):
        looking.detect(picture())


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07" + bytes(500)])
def test_hostile_model_files_are_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelBroken, match=r"The detector model bad\.onnx cannot be used"):
        OnnxDetector(read_model(path))


@pytest.mark.skipif(not MODELS.is_dir(), reason="the models of ../shared/models are not here")
@pytest.mark.parametrize(
    ("name", "format_name", "labels"),
    [
        ("yolox_nano", "yolox", 80),
        ("FastestDet", "fastestdet", 80),
        ("yunet_n_640_640", "yunet", 1),
    ],
)
def test_the_shared_models_are_recognised_with_and_without_their_cards(
    name: str, format_name: str, labels: int
) -> None:
    path = MODELS / f"{name}.onnx"
    known = read_model(path)
    assert len(known.labels) == labels
    assert OnnxDetector(known).format_name == format_name
    assert OnnxDetector(ModelFile(path)).format_name == format_name
    assert LabelsCard().names == ()
