from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded_server.detector.base import DetectorError
from embedded_server.detector.decoding import Sample
from embedded_server.detector.shelf import DetectorShelf
from embedded_server.detector.slots import Slots
from embedded_server.detector.worker import CameraAnalysis, MediaClock
from embedded_server.services.model import AnalysisPlan
from tests.support.made_video import encode, walk

if TYPE_CHECKING:
    from pathlib import Path


def sample(media_s: float, wall_s: float = 0.0, cut: int = 0) -> Sample:
    return Sample(None, media_s, int(wall_s * 1_000_000), cut)  # type: ignore[arg-type]


def test_media_time_only_grows_and_knows_when_it_was_cut() -> None:
    clock = MediaClock()
    assert clock.at(sample(500.0, 10.0)) == (0.0, False)
    assert clock.at(sample(500.2, 10.2)) == (pytest.approx(0.2), False)
    assert clock.at(sample(3.0, 14.2, cut=1)) == (pytest.approx(4.2), True)
    assert clock.at(sample(3.2, 14.4, cut=1)) == (pytest.approx(4.4), False)
    assert clock.at(sample(3.2, 14.4, cut=1)) == (pytest.approx(4.401), False)


def test_a_camera_decodes_what_it_is_fed_and_offers_the_newest_picture() -> None:
    slots: Slots[Sample] = Slots()
    camera = CameraAnalysis(AnalysisPlan("gate", "gate/sub"), slots)
    try:
        clip = encode(walk(1.0))
        camera.begin(clip.stream_format)
        for unit in clip.units:
            camera.feed(unit)
        taken = slots.take(5.0)
        assert taken is not None
        assert taken[0] == "gate"
        assert taken[1].frame.width == 640
    finally:
        camera.stop()


def test_a_flood_is_cut_back_to_the_next_key_frame() -> None:
    slots: Slots[Sample] = Slots()
    camera = CameraAnalysis(AnalysisPlan("gate", "gate/sub"), slots)
    camera.stop()  # nobody decodes: the queue can only grow
    clip = encode(walk(1.0))
    for _ in range(20):
        for unit in clip.units:
            camera.feed(unit)
    assert len(camera._queue) <= 121


def test_a_failed_model_is_not_tried_for_every_picture(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"nothing")
    shelf = DetectorShelf([tmp_path])
    with pytest.raises(DetectorError) as first:
        shelf.get("bad")
    with pytest.raises(DetectorError) as second:
        shelf.get("bad")
    assert second.value is first.value
    shelf.forget_failures()
    with pytest.raises(DetectorError) as third:
        shelf.get("bad")
    assert third.value is not first.value


def test_the_builtin_detector_is_made_once() -> None:
    shelf = DetectorShelf([])
    assert shelf.get("builtin") is shelf.get("builtin")
    assert shelf.has("builtin")
