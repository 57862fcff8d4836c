"""What the handle decides by itself; its life with a real worker is in tests/e2e."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from embedded_server.detector import wire
from embedded_server.detector.process import AnalysisProcess, _Child
from embedded_server.ipc import Message
from embedded_server.services.model import AnalysisPlan

if TYPE_CHECKING:
    from pathlib import Path


class Outbox:
    """Stands in for a running worker."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    def post(self, message: Message) -> bool:
        self.sent.append(message)
        return True


def handle(tmp_path: Path) -> AnalysisProcess:
    return AnalysisProcess(None, None, models_dir=tmp_path, log_dir=tmp_path)  # type: ignore[arg-type]


def banned(process: AnalysisProcess) -> list[str]:
    box = Outbox()
    process._plans = (AnalysisPlan("cam", "cam/sub"),)
    process._send_plans(box)  # type: ignore[arg-type]
    return wire.read_plans(box.sent[0])[1]


def test_a_model_that_killed_the_worker_while_it_was_loaded_is_not_tried_again(tmp_path) -> None:
    process = handle(tmp_path)
    process._hear([Message(wire.TRYING, {"model": "good"}), Message(wire.TRIED, {"model": "good"})])
    process._hear([Message(wire.TRYING, {"model": "evil"})])
    process._ban_culprits()
    assert banned(process) == ["evil"]


def test_a_second_folder_of_models_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEHOUSE_MODELS_DIR", str(tmp_path / "more"))
    assert handle(tmp_path)._model_dirs == [tmp_path, tmp_path / "more"]


@pytest.mark.logs_warnings
def test_nonsense_from_the_worker_is_survived(tmp_path: Path) -> None:
    process = handle(tmp_path)
    process._hear([Message(wire.EVENT, {"key": "x"}), Message(wire.DETECTIONS, {})])
    assert banned(process) == []


class Listener:
    def __init__(self) -> None:
        self.alarms: list[str] = []
        self.heard = asyncio.Event()

    def analysis_alarm(self, kind: str, message: str) -> None:
        self.alarms.append(f"{kind}: {message}")
        self.heard.set()


@pytest.mark.anyio
@pytest.mark.logs_warnings
async def test_a_worker_that_cannot_even_be_made_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise TypeError("half an installation")

    monkeypatch.setattr("embedded_server.detector.process._Child", fail)
    listener = Listener()
    process = AnalysisProcess(listener, None, models_dir=tmp_path, log_dir=tmp_path)  # type: ignore[arg-type]
    async with process:
        await asyncio.wait_for(listener.heard.wait(), 5)
    assert listener.alarms[0].startswith("worker_crashed: ")


def test_a_worker_that_is_never_ready_is_overdue() -> None:
    child = object.__new__(_Child)
    child.is_ready, child._born_at = False, time.monotonic() - 1000
    assert child.is_overdue()
    child.is_ready = True
    assert not child.is_overdue()
