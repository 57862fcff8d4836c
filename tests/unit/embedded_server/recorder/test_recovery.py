from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from embedded_server.recorder.footage_dir import FootageDir
from embedded_server.recorder.recorder import CameraRecorder
from embedded_server.recorder.recovery import recover, recover_all, start_of, unfinished
from embedded_server.services.model import Segment, segment_name
from tests.support.clips import numbers_of, write_clip
from tests.support.packets import packets_of
from tests.support.recording import ImmediateSync, ManualClock, Reports

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def recorded(tmp_path: Path) -> tuple[Path, Segment]:
    stream_format, packets = packets_of(write_clip(tmp_path / "a.mp4", frames=120, gop=30))
    reports = Reports()
    recorder = CameraRecorder(
        "gate",
        segment_s=60,
        files=FootageDir(tmp_path / "footage"),
        syncing=ImmediateSync(),
        reports=reports,
        clock=ManualClock(),
    )
    recorder.set_format(stream_format)
    for packet in packets:
        recorder.push(packet)
    recorder.close()
    return tmp_path / "footage" / reports.closed[0].relative_path, reports.closed[0]


def test_a_whole_file_is_read_back_as_it_was_told(recorded: tuple[Path, Segment]) -> None:
    path, segment = recorded
    assert recover("gate", path) == segment


def test_torn_files_keep_every_whole_fragment(recorded: tuple[Path, Segment]) -> None:
    path, segment = recorded
    data = path.read_bytes()
    first_end = segment.fragments[0].offset + segment.fragments[0].length
    for at in random.Random(7).sample(range(first_end, len(data)), 25):
        path.write_bytes(data[:at])
        found = recover("gate", path)
        assert found is not None
        whole = [e for e in segment.fragments if e.offset + e.length <= at]
        assert found.fragments == tuple(whole)
        assert path.stat().st_size == found.size == whole[-1].offset + whole[-1].length
        numbers = numbers_of(path)
        assert numbers == list(range(len(numbers)))
        assert recover("gate", path) == found


def test_files_without_footage_are_removed(recorded: tuple[Path, Segment]) -> None:
    path, segment = recorded
    data = path.read_bytes()
    for left in (data[: segment.header_length + 100], data[:300], b"", bytes(5000)):
        path.write_bytes(left)
        assert recover("gate", path) is None
        assert not path.exists()


@pytest.mark.logs_warnings
def test_what_is_not_ours_is_kept_under_another_name(recorded: tuple[Path, Segment]) -> None:
    path, _ = recorded
    path.write_bytes(b"somebody's notes" * 100)
    assert recover("gate", path) is None
    assert path.with_name(path.name + ".damaged").exists()


def test_only_unknown_files_are_recovered(recorded: tuple[Path, Segment]) -> None:
    path, segment = recorded
    footage = FootageDir(path.parents[2])
    assert unfinished(footage, {segment.relative_path}) == []
    assert unfinished(footage, set()) == [("gate", path)]
    assert unfinished(footage, None) == [("gate", path)]
    (path.parent / "holiday.mp4").write_bytes(b"x")
    assert unfinished(footage, set()) == [("gate", path)]
    assert list(recover_all(unfinished(footage, set()))) == [segment]


def test_without_a_catalogue_only_the_newest_are_looked_at(tmp_path: Path) -> None:
    day = tmp_path / "gate" / "2026-05-30"
    day.mkdir(parents=True)
    names = [segment_name(datetime(2026, 5, 30, 12, minute, tzinfo=UTC)) for minute in range(9)]
    for name in names:
        (day / name).touch()
    found = [path.name for _, path in unfinished(FootageDir(tmp_path), None)]
    assert found == names[:-4:-1]


def test_the_name_tells_the_start() -> None:
    start = datetime(2026, 5, 30, 12, 1, 2, 345000, tzinfo=UTC)
    assert start_of(segment_name(start)) == start
    assert start_of("holiday.mp4") is None
