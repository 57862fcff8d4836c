from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from embedded_server.detector.base import ArrayFrame, Finding
from embedded_server.detector.opencv import OpenCvDetector
from embedded_server.detector.pipeline import CameraPipeline
from embedded_server.detector.tracking import MODEL_TRACKS
from embedded_server.services.model import AnalysisPlan, Box, EventPhase, Severity, Zone
from tests.support.made_video import scene, walk, with_box

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    from embedded_server.detector.base import Detector, Frame
    from embedded_server.services.model import DetectionBatch, EventReport

BEGINNING = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)


class RedDetector:
    """Finds what is red, and calls it as it was told."""

    name = "red"
    needs_regions = False
    thresholds = MODEL_TRACKS

    def __init__(self, label: str = "person") -> None:
        self.label = label
        self.looks = 0

    def detect(self, frame: Frame, regions: tuple[Box, ...] = ()) -> list[Finding]:
        self.looks += 1
        picture = frame.bgr()
        red = (picture[:, :, 2] > 220) & (picture[:, :, 1] < 40)
        if not red.any():
            return []
        rows, columns = red.any(axis=1).nonzero()[0], red.any(axis=0).nonzero()[0]
        height, width = red.shape
        x, y = columns[0] / width, rows[0] / height
        box = Box(x, y, (columns[-1] + 1) / width - x, (rows[-1] + 1) / height - y)
        return [Finding(box, self.label, 0.8)]


class Film:
    """What comes out of one pipeline."""

    def __init__(self, detector: Detector, **plan: object) -> None:
        self.detector = detector
        self.pipeline = CameraPipeline(AnalysisPlan("gate_1", "gate_1/sub", **plan))
        self.reports: list[EventReport] = []
        self.batches: list[DetectionBatch] = []
        self.now_s = 0.0

    def show(self, pictures: Iterable[np.ndarray], fps: float = 5.0) -> Film:
        for picture in pictures:
            at = BEGINNING + timedelta(seconds=self.now_s)
            outcome = self.pipeline.step(ArrayFrame(picture), self.now_s, at, self.detector)
            self.reports += outcome.reports
            if outcome.batch:
                self.batches.append(outcome.batch)
            self.now_s += 1 / fps
        return self

    def keys(self) -> set[str]:
        return {report.key for report in self.reports}


def test_a_model_and_motion_make_one_event_with_a_good_picture() -> None:
    film = Film(RedDetector(), camera_name="Main gate").show(walk(11.0, 5))
    assert len(film.keys()) == 1
    first, last = film.reports[0], film.reports[-1]
    assert first.phase is EventPhase.START
    assert last.phase is EventPhase.END
    assert last.summary == "Person in Main gate"
    assert last.severity is Severity.ALERT
    assert first.snapshot_jpeg is not None
    assert first.snapshot_jpeg[:2] == b"\xff\xd8"
    assert first.crop_jpeg is not None
    assert (last.started_at - BEGINNING).total_seconds() == pytest.approx(3.3, abs=0.5)
    assert last.ended_at is not None
    assert (last.ended_at - BEGINNING).total_seconds() == pytest.approx(6.9, abs=0.5)


def test_the_gate_spares_the_detector_while_nothing_moves() -> None:
    detector = RedDetector()
    Film(detector).show([scene()] * 100)
    assert detector.looks <= 11


def test_boxes_are_told_of_every_analysed_picture_and_emptiness_once_a_second() -> None:
    film = Film(RedDetector()).show(walk(8.0, 5))
    full = [batch for batch in film.batches if batch.detections]
    assert len(full) >= 15
    assert {d.label for batch in full for d in batch.detections} == {"person"}
    quiet = [
        b for b in film.batches if not b.detections and b.at < BEGINNING + timedelta(seconds=3)
    ]
    assert len(quiet) == 3


def test_what_flickers_on_the_spot_gets_no_box() -> None:
    blank, lit = scene(), scene()
    lit[300:340, 20:180] = 255
    clock = Film(OpenCvDetector()).show([blank] * 15 + [blank, lit] * 30)
    assert not [batch for batch in clock.batches if batch.detections]
    assert not clock.reports


def test_the_operators_names_count() -> None:
    film = Film(RedDetector("cell phone"), label_map={"cell phone": "vehicle"}).show(walk(11.0, 5))
    assert film.reports[-1].label == "vehicle"
    assert film.reports[-1].severity is Severity.ALERT


def test_a_strange_label_is_still_a_large_moving_object() -> None:
    film = Film(RedDetector("cell phone")).show(walk(11.0, 5))
    assert film.reports[0].label == "motion"
    assert film.reports[0].summary == "Large moving object in Gate 1"


def test_nothing_is_found_inside_a_mask() -> None:
    everything = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    film = Film(RedDetector(), masks=(everything,)).show(walk(11.0, 5))
    assert film.reports == []
    assert not any(batch.detections for batch in film.batches)


def test_a_zone_names_the_event_and_the_times_of_the_visit() -> None:
    right = Zone("Yard", ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)))
    film = Film(RedDetector(), zones=(right,)).show(walk(11.0, 5))
    last = film.reports[-1]
    assert last.zone == "Yard"
    assert last.summary == "Person in Yard (Gate 1)"
    (visit,) = last.metadata["zones"]
    assert visit["title"] == "Yard"
    assert visit["entered_at"] < visit["left_at"]


def test_without_a_model_the_words_stay_careful() -> None:
    film = Film(OpenCvDetector()).show(walk(11.0, 5))
    assert len(film.keys()) == 1
    last = film.reports[-1]
    assert last.label in {"motion", "person"}
    assert last.confidence < 0.8
    assert last.metadata["is_like"] is True


def test_an_interruption_ends_what_is_open_and_begins_anew() -> None:
    film = Film(RedDetector()).show(list(walk(11.0, 5))[:26])
    assert film.reports
    (end,) = film.pipeline.interrupt()
    assert end.phase is EventPhase.END
    assert end.key == film.reports[0].key
    assert end.snapshot_jpeg is None
    assert film.pipeline.interrupt() == ()
    again = Film(RedDetector())
    again.pipeline, again.now_s = film.pipeline, 30.0
    still = scene()
    again.show(with_box(still, (0.1 + 0.05 * n, 0.5), (0.08, 0.4)) for n in range(9))
    assert again.reports == []  # the first two seconds of a new stretch


def test_keys_of_one_event_are_one_though_clocks_tremble() -> None:
    pipeline = CameraPipeline(AnalysisPlan("gate_1", "gate_1/sub"))
    reports: list[EventReport] = []
    for n, picture in enumerate(walk(11.0, 5)):
        at = BEGINNING + timedelta(seconds=n / 5 + 0.05 * (n % 3))
        reports += pipeline.step(ArrayFrame(picture), n / 5, at, RedDetector()).reports
    assert len({report.key for report in reports}) == 1
    assert len({report.started_at for report in reports}) == 1
