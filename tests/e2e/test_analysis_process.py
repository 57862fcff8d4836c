"""The analysis worker as a real process: events arrive, crashes are survived, bad models are told of."""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial
from typing import TYPE_CHECKING

import psutil
import pytest

from embedded_server.detector.process import AnalysisProcess
from embedded_server.services.model import AnalysisPlan, EventPhase
from tests.support.made_video import ScriptedReader, encode, walk

if TYPE_CHECKING:
    from pathlib import Path

    from embedded_server.services.model import DetectionBatch, EventReport
    from tests.support.made_video import EncodedClip

pytestmark = [pytest.mark.e2e, pytest.mark.anyio]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def clip() -> EncodedClip:
    return encode(walk(9.0))


class Heard:
    """An AnalysisListener that remembers."""

    def __init__(self) -> None:
        self.batches: list[DetectionBatch] = []
        self.reports: list[EventReport] = []
        self.alarms: list[tuple[str, str]] = []
        self._changed = asyncio.Event()

    def detected(self, batch: DetectionBatch) -> None:
        self.batches.append(batch)
        self._changed.set()

    def event_reported(self, report: EventReport) -> None:
        self.reports.append(report)
        self._changed.set()

    def analysis_alarm(self, kind: str, message: str) -> None:
        self.alarms.append((kind, message))
        self._changed.set()

    async def until(self, is_true, timeout_s: float = 30.0) -> None:
        async with asyncio.timeout(timeout_s):
            while not is_true():
                self._changed.clear()
                await self._changed.wait()

    def phases(self, key: str) -> list[EventPhase]:
        return [report.phase for report in self.reports if report.key == key]


def plan(**changes) -> AnalysisPlan:
    return AnalysisPlan(camera_id="gate_1", stream_id="gate_1/sub", **changes)


def process_for(clip: EncodedClip, heard: Heard, tmp_path: Path) -> AnalysisProcess:
    items = [clip.stream_format, *clip.units]

    def read(stream_id: str) -> ScriptedReader:
        if stream_id != "gate_1/sub":
            raise KeyError(stream_id)
        return ScriptedReader(items, partial(asyncio.sleep, 0.03))

    return AnalysisProcess(heard, read, models_dir=tmp_path / "models", log_dir=tmp_path / "logs")


async def test_something_walks_by_and_becomes_an_event_with_pictures(clip, tmp_path):
    heard = Heard()
    async with process_for(clip, heard, tmp_path) as analysis:
        await analysis.apply([plan()])
        await heard.until(lambda: any(r.phase is EventPhase.END for r in heard.reports))

    first = heard.reports[0]
    assert first.phase is EventPhase.START
    assert first.camera_id == "gate_1"
    assert first.summary.endswith("in Gate 1")
    assert first.snapshot_jpeg is not None
    assert first.snapshot_jpeg.startswith(b"\xff\xd8")
    assert first.crop_jpeg is not None
    assert len(first.crop_jpeg) < len(first.snapshot_jpeg)
    assert {report.key for report in heard.reports} == {first.key}
    assert heard.reports[-1].ended_at is not None
    assert any(batch.detections for batch in heard.batches)
    assert heard.alarms == []


async def test_a_killed_worker_is_told_of_its_events_end_and_it_comes_back(clip, tmp_path):
    heard = Heard()
    async with process_for(clip, heard, tmp_path) as analysis:
        await analysis.apply([plan()])
        await heard.until(lambda: bool(heard.reports))
        assert analysis.pid is not None
        psutil.Process(analysis.pid).kill()
        await heard.until(lambda: bool(heard.alarms))
        cut_short = heard.reports[0].key
        assert heard.phases(cut_short)[-1] is EventPhase.END
        assert heard.alarms[0][0] == "worker_crashed"

        await heard.until(lambda: any(r.key != cut_short for r in heard.reports))


async def test_an_unknown_model_is_told_of_and_the_builtin_detector_watches(clip, tmp_path):
    heard = Heard()
    async with process_for(clip, heard, tmp_path) as analysis:
        await analysis.apply([plan(detector="no_such_model")])
        await heard.until(lambda: bool(heard.reports))

    assert [kind for kind, _ in heard.alarms] == ["model_missing"]
    assert "no_such_model.onnx" in heard.alarms[0][1]


async def test_the_worker_leaves_with_the_server(clip, tmp_path):
    heard = Heard()
    async with process_for(clip, heard, tmp_path) as analysis:
        await analysis.apply([plan()])
        await heard.until(lambda: bool(heard.batches))
        worker = psutil.Process(analysis.pid)
        if os.name == "posix":
            worker.send_signal(signal.SIGINT)  # as a terminal sends it to all; the server decides
    assert not worker.is_running()
