from __future__ import annotations

import errno
import hashlib
import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from embedded_server.recorder.footage_dir import FootageDir
from embedded_server.recorder.recorder import CameraRecorder, Files
from embedded_server.services.model import GapCause, StreamFormat
from tests.support.clips import numbers_of, write_clip
from tests.support.packets import WALL_US, packets_of
from tests.support.recording import FailingFiles, ImmediateSync, ManualClock, Reports

if TYPE_CHECKING:
    from pathlib import Path

    from embedded_server.media.packet import Packet

FIRST = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=WALL_US)


class Bench:
    """One recorder and everything around it."""

    def __init__(self, root: Path, files: Files | None = None, segment_s: int = 60) -> None:
        self.root = root
        self.clock = ManualClock()
        self.reports = Reports()
        self.recorder = CameraRecorder(
            "gate",
            segment_s=segment_s,
            files=files or FootageDir(root),
            syncing=ImmediateSync(),
            reports=self.reports,
            clock=self.clock,
        )

    def push(self, packets: list[Packet]) -> None:
        for packet in packets:
            self.recorder.push(packet)

    def numbers(self) -> list[int | None]:
        paths = sorted(self.root.rglob("*.mp4"))
        return list(itertools.chain.from_iterable(numbers_of(path) for path in paths))


Clip = tuple[StreamFormat, list["Packet"]]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    path = tmp_path_factory.mktemp("clip") / "a.mp4"
    return packets_of(write_clip(path, frames=300, gop=15))


def test_every_picture_is_in_exactly_one_segment(tmp_path: Path, clip: Clip) -> None:
    bench = Bench(tmp_path, segment_s=5)
    bench.recorder.set_format(clip[0])
    bench.push(clip[1])
    bench.recorder.close()
    closed = bench.reports.closed
    assert len(closed) >= 3
    assert bench.numbers() == list(range(300))
    for one, two in itertools.pairwise(closed):
        assert abs(two.start - one.end) < timedelta(milliseconds=2)
    assert abs(closed[0].start - FIRST) < timedelta(milliseconds=1)
    assert bench.reports.gaps == []


def test_closed_segments_tell_the_truth_about_their_file(tmp_path: Path, clip: Clip) -> None:
    bench = Bench(tmp_path)
    bench.recorder.set_format(clip[0])
    bench.push(clip[1])
    bench.recorder.close()
    (segment,) = bench.reports.closed
    path = tmp_path / segment.relative_path
    data = path.read_bytes()
    assert len(data) == segment.size
    assert hashlib.sha256(data).hexdigest() == segment.sha256
    assert segment.fragments[0].offset == segment.header_length
    for one, two in itertools.pairwise(segment.fragments):
        assert one.offset + one.length == two.offset
        assert data[one.offset + 4 : one.offset + 8] == b"moof"
    assert segment.end - segment.start == timedelta(seconds=20)


def test_growth_is_told_fragment_by_fragment(tmp_path: Path, clip: Clip) -> None:
    bench = Bench(tmp_path)
    bench.recorder.set_format(clip[0])
    bench.push(clip[1][:150])
    ends = [segment.end for segment in bench.reports.segments]
    assert all(segment.is_open for segment in bench.reports.segments)
    steps = [(b - a).total_seconds() for a, b in itertools.pairwise(ends)]
    assert max(steps) <= 0.6
    on_disk = next(tmp_path.rglob("*.mp4")).stat().st_size
    assert bench.reports.segments[-1].size == on_disk
    assert clip[1][149].wall_us - WALL_US - (ends[-1] - FIRST).total_seconds() * 1e6 < 0.7e6
    bench.recorder.close()


def test_a_new_format_begins_a_new_segment(tmp_path: Path, clip: Clip) -> None:
    large = packets_of(write_clip(tmp_path / "b.mp4", frames=30, width=640, height=480))
    bench = Bench(tmp_path / "footage")
    bench.recorder.set_format(clip[0])
    bench.push(clip[1][:30])
    bench.recorder.set_format(large[0])
    later = 2_000_000
    bench.push([p._replace(wall_us=p.wall_us + later) for p in large[1]])
    bench.recorder.close()
    assert [(s.width, s.height) for s in bench.reports.closed] == [(320, 240), (640, 480)]
    assert bench.reports.gaps == []


def test_a_jumping_clock_begins_a_new_segment_and_keeps_every_picture(
    tmp_path: Path, clip: Clip
) -> None:
    bench = Bench(tmp_path)
    bench.recorder.set_format(clip[0])
    hour = 3600 * clip[0].time_base[1]
    back = [p._replace(pts=p.pts - hour, dts=p.dts - hour) for p in clip[1][30:60]]
    back[0] = back[0]._replace(is_discontinuous=True)
    bench.push(clip[1][:30] + back)
    bench.recorder.close()
    assert len(bench.reports.closed) == 2
    assert bench.numbers() == list(range(60))


def test_losing_the_camera_is_a_gap_with_its_cause(tmp_path: Path, clip: Clip) -> None:
    bench = Bench(tmp_path)
    bench.recorder.set_format(clip[0])
    bench.push(clip[1][:30])
    bench.recorder.lose(GapCause.CAMERA_LOST, "gone")
    (gap,) = bench.reports.gaps
    assert gap.start == bench.reports.closed[0].end
    bench.recorder.set_format(clip[0])
    bench.push([p._replace(wall_us=p.wall_us + 10_000_000) for p in clip[1][45:75]])
    bench.recorder.close()
    ended = bench.reports.gaps[-1]
    assert ended == replace(gap, end=ended.end)
    assert ended.end == bench.reports.segments[-1].start


@pytest.mark.parametrize(
    ("error", "cause"), [(errno.ENOSPC, GapCause.DISK_FULL), (errno.EIO, GapCause.DISK_ERROR)]
)
def test_a_failing_disk_is_a_gap_and_recording_resumes_by_itself(
    tmp_path: Path, clip: Clip, error: int, cause: GapCause
) -> None:
    files = FailingFiles(tmp_path, 40_000, error)
    bench = Bench(tmp_path, files)
    bench.recorder.set_format(clip[0])
    bench.push(clip[1][:150])
    assert [alarm[0] for alarm in bench.reports.alarms] == [cause.value]
    assert bench.reports.gaps[-1].cause is cause
    kept = bench.numbers()
    assert kept == list(range(len(kept)))
    assert kept
    bench.push(clip[1][150:160])
    files.room = 10**9
    bench.clock.seconds += 6
    bench.push(clip[1][160:])
    bench.recorder.close()
    assert bench.reports.gaps[-1].end is not None
    assert bench.numbers() == [*kept, *range(165, 300)]
    assert len(bench.reports.alarms) == 1


def test_a_full_disk_leaves_no_empty_files(tmp_path: Path, clip: Clip) -> None:
    bench = Bench(tmp_path, FailingFiles(tmp_path, 0))
    bench.recorder.set_format(clip[0])
    for _ in range(5):
        bench.push(clip[1][:15])
        bench.clock.seconds += 10
    assert list(tmp_path.rglob("*.mp4")) == []
    assert len(bench.reports.gaps) == 1


def test_names_never_collide(tmp_path: Path) -> None:
    footage = FootageDir(tmp_path)
    files = [footage.create("gate", FIRST) for _ in range(5)]
    assert len({file.path for file in files}) == 5
    assert sorted(file.start for file in files) == [file.start for file in files]
    for file in files:
        file.close()


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b", "c:"])
def test_hostile_camera_names_make_no_directory(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        FootageDir(tmp_path).create(name, FIRST)
