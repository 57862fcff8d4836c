"""The real media process: files, real RTSP cameras and their faults, a kill, a restart."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from embedded_server.contract.live import AccessUnit
from embedded_server.media.process import MediaProcess
from embedded_server.services.model import (
    CapturePlan,
    Gap,
    GapCause,
    Segment,
    StreamFormat,
    StreamState,
    StreamStatus,
)
from tests.support.clips import numbers_of, write_clip
from tests.support.http_camera import mjpeg_camera
from tests.support.packets import plan_of
from tests.support.peers import rtsp_cameras

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from tests.support.peers import RtspCameras

pytestmark = [pytest.mark.anyio, pytest.mark.logs_warnings]


class Listener:
    """Remembers everything; ``until`` waits for something to be true of it."""

    def __init__(self) -> None:
        self.statuses: list[StreamStatus] = []
        self.segments: list[Segment] = []
        self.gaps: list[Gap] = []
        self.alarms: list[str] = []
        self._changed = asyncio.Event()

    def stream_changed(self, status: StreamStatus) -> None:
        self.statuses.append(status)
        self._changed.set()

    def segment_written(self, segment: Segment) -> None:
        self.segments.append(segment)
        self._changed.set()

    def gap_changed(self, gap: Gap) -> None:
        self.gaps.append(gap)
        self._changed.set()

    def media_alarm(self, kind: str, message: str) -> None:
        self.alarms.append(kind)
        self._changed.set()

    async def until(self, holds: Callable[[Listener], bool], within_s: float = 15.0) -> None:
        async with asyncio.timeout(within_s):
            while not holds(self):
                self._changed.clear()
                await self._changed.wait()

    @property
    def state(self) -> StreamState | None:
        return self.statuses[-1].state if self.statuses else None

    @property
    def closed(self) -> list[Segment]:
        return [segment for segment in self.segments if not segment.is_open]


class Site:
    """A media process on a scratch directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.listener = Listener()
        self.media = MediaProcess(root / "footage", self.listener, log_dir=root / "logs")

    async def record(self, *plans: CapturePlan) -> None:
        await self.media.apply(plans)

    async def online(self) -> None:
        await self.listener.until(lambda seen: seen.state is StreamState.ONLINE)

    def log(self) -> str:
        return (self.root / "logs" / "media.log").read_text(encoding="utf-8")


@pytest.fixture
def anyio_backend() -> str:
    """The server's side of things needs no Qt."""
    return "asyncio"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    site = Site(tmp_path)
    async with site.media:
        yield site


@pytest.fixture(scope="module")
def cameras() -> Iterator[RtspCameras]:
    with rtsp_cameras(6, auth="admin:secret") as running:
        yield running


async def units_of(
    site: Site, stream_id: str, count: int
) -> tuple[list[StreamFormat], list[AccessUnit]]:
    reader = site.media.read(stream_id)
    formats, units = [], []
    try:
        async with asyncio.timeout(15):
            async for item in reader:
                if isinstance(item, StreamFormat):
                    formats.append(item)
                elif isinstance(item, AccessUnit):
                    units.append(item)
                if len(units) >= count:
                    break
    finally:
        await reader.aclose()
    return formats, units


async def test_a_looping_file_is_live_and_recorded_with_no_picture_lost(site: Site) -> None:
    clip = write_clip(site.root / "a.mp4", frames=30, gop=15)
    await site.record(plan_of(clip.as_uri()))
    _, units = await units_of(site, "gate/main", 70)
    steps = {b.pts - a.pts for a, b in itertools.pairwise(units)}
    assert steps == {units[1].pts - units[0].pts}
    assert units[0].is_key
    await site.media.stop()
    (segment,) = site.listener.closed
    numbers = numbers_of(site.root / "footage" / segment.relative_path)
    assert numbers == [n % 30 for n in range(len(numbers))]
    assert len(numbers) >= 70
    assert site.listener.gaps == []


async def test_a_newcomer_gets_the_current_group_at_once(site: Site) -> None:
    clip = write_clip(site.root / "a.mp4", frames=150, gop=75)
    await site.record(plan_of(clip.as_uri()))
    await units_of(site, "gate/main", 20)
    began = time.monotonic()
    formats, units = await units_of(site, "gate/main", 20)
    assert time.monotonic() - began < 0.5
    assert units[0].is_key
    assert formats[0].width == 320


async def test_readers_share_a_stream_and_end_with_it(site: Site) -> None:
    clip = write_clip(site.root / "a.mp4", frames=30, gop=15)
    await site.record(plan_of(clip.as_uri()))
    results = await asyncio.gather(*(units_of(site, "gate/main", 20) for _ in range(4)))
    assert all(units[0].is_key for _, units in results)
    reader = site.media.read("gate/main")
    await site.record()
    async with asyncio.timeout(5):
        assert {type(item) for item in [item async for item in reader]}
    with pytest.raises(KeyError):
        site.media.read("gate/main")
    await site.listener.until(lambda seen: bool(seen.gaps))
    assert site.listener.gaps[0].cause is GapCause.SWITCHED_OFF


async def test_an_unchanged_capture_is_not_interrupted(site: Site) -> None:
    clip = write_clip(site.root / "a.mp4", frames=300, gop=15)
    plan = plan_of(clip.as_uri())
    await site.record(plan)
    await site.online()
    other = plan_of(str(site.root / "nix.mp4"), camera="other")
    reader = site.media.read("gate/main")
    await site.record(plan, other)
    await site.record(other, plan)
    stamps = []
    async for item in reader:
        if isinstance(item, AccessUnit):
            stamps.append(item.pts)
            if len(stamps) > 40:
                break
    await reader.aclose()
    assert {b - a for a, b in itertools.pairwise(stamps)} == {stamps[1] - stamps[0]}
    states = [s.state for s in site.listener.statuses if s.stream_id == "gate/main"]
    assert states == [StreamState.CONNECTING, StreamState.ONLINE]


async def test_a_missing_file_is_offline_with_its_cause_and_found_when_it_comes(site: Site) -> None:
    path = site.root / "late.mp4"
    await site.record(plan_of(str(path)))
    await site.listener.until(lambda seen: seen.state is StreamState.OFFLINE)
    assert "no file" in (site.listener.statuses[-1].cause or "")
    assert site.listener.statuses[-1].next_try_at is not None
    write_clip(path, frames=60)
    await site.online()
    await site.listener.until(lambda seen: any(gap.end for gap in seen.gaps))
    assert site.log().count("is lost") == site.log().count("is back") == 1


async def test_a_codec_that_is_not_for_us(site: Site) -> None:
    clip = write_clip(site.root / "a.mp4", frames=10, codec="mpeg4")
    await site.record(plan_of(str(clip)))
    await site.listener.until(lambda seen: seen.state is StreamState.UNSUPPORTED)
    assert "H.264, H.265 or Motion JPEG" in (site.listener.statuses[-1].cause or "")


@pytest.mark.parametrize(
    ("name", "transport", "codec"),
    [
        ("cam1_sub", "tcp", "h264"),
        ("cam2_sub", "udp", "h264"),
        ("cam5", "tcp", "hevc"),
        ("cam5", "udp", "hevc"),
        ("cam6", "tcp", "mjpeg"),
    ],
)
async def test_real_cameras(
    site: Site, cameras: RtspCameras, name: str, transport: str, codec: str
) -> None:
    await site.record(plan_of(cameras.url(name), transport=transport))
    formats, units = await units_of(site, "gate/main", 45)
    assert formats[0].codec == codec
    assert units[0].is_key
    await site.media.stop()
    (segment,) = site.listener.closed
    assert segment.codec == codec
    assert (segment.end - segment.start).total_seconds() > 2.5
    assert (segment.width, segment.height) == (formats[0].width, formats[0].height)


async def test_motion_jpeg_over_http(site: Site) -> None:
    with mjpeg_camera(fps=10, sign_in="admin:secret") as url:
        await site.record(plan_of(url))
        await site.listener.until(lambda seen: seen.state is StreamState.UNAUTHORISED)
        await site.record(plan_of(url.replace("//", "//admin:secret@")))
        formats, units = await units_of(site, "gate/main", 25)
        assert (formats[0].codec, formats[0].width) == ("mjpeg", 320)
        ticks = formats[0].time_base[1]
        assert (units[-1].pts - units[0].pts) / ticks == pytest.approx(2.4, abs=0.4)
        await site.media.stop()
    (segment,) = site.listener.closed
    numbers = numbers_of(site.root / "footage" / segment.relative_path)
    assert None not in numbers
    assert numbers == list(range(numbers[0] or 0, (numbers[0] or 0) + len(numbers)))


async def test_a_page_that_is_no_video(site: Site) -> None:
    with mjpeg_camera() as url:
        await site.record(plan_of(url.replace("http", "rtsp")))
        await site.listener.until(lambda seen: seen.state is StreamState.OFFLINE)
    assert "no video at" in (site.listener.statuses[-1].cause or "")


async def test_a_wrong_password_is_said_and_mended_by_the_right_one(
    site: Site, cameras: RtspCameras
) -> None:
    await site.record(plan_of(cameras.url("cam1_sub", auth="admin:wrongpass")))
    await site.listener.until(lambda seen: seen.state is StreamState.UNAUTHORISED)
    assert "user name or the password" in (site.listener.statuses[-1].cause or "")
    await site.record(plan_of(cameras.url("cam1_sub")))
    await site.online()
    assert "wrongpass" not in site.log()
    assert not any("wrongpass" in str(status) for status in site.listener.statuses)


async def test_a_dropped_connection_comes_back_within_three_seconds(
    site: Site, cameras: RtspCameras
) -> None:
    await site.record(plan_of(cameras.url("cam1_sub")))
    await site.online()
    await asyncio.sleep(5.5)
    cameras.fault("cam1_sub", "drop")
    began = time.monotonic()
    await site.listener.until(lambda seen: seen.state is StreamState.OFFLINE, 3)
    await site.listener.until(lambda seen: seen.state is StreamState.ONLINE, 3)
    assert time.monotonic() - began < 3
    await site.listener.until(lambda seen: any(gap.end for gap in seen.gaps), 5)
    assert site.listener.gaps[0].cause is GapCause.CAMERA_LOST


async def test_a_stall_is_told_within_two_seconds_and_ends(
    site: Site, cameras: RtspCameras
) -> None:
    await site.record(
        plan_of(cameras.url("cam2_sub")), plan_of(cameras.url("cam3_sub"), camera="b")
    )
    await site.listener.until(
        lambda seen: (
            {s.stream_id for s in seen.statuses if s.state is StreamState.ONLINE}
            == {"gate/main", "b/main"}
        )
    )
    await asyncio.sleep(1)
    known = len(site.listener.statuses)
    cameras.fault("cam2_sub", "stall", 4)
    began = time.monotonic()
    await site.listener.until(lambda seen: seen.state is StreamState.STALLED, 4)
    told_s = time.monotonic() - began
    await site.listener.until(lambda seen: seen.state is StreamState.ONLINE, 10)
    back_s = time.monotonic() - began - 4
    print(f"stall told after {told_s:.2f} s, back {back_s:.2f} s after its end")
    assert told_s < 2.3
    assert back_s < 3.0
    stalled = [gap for gap in site.listener.gaps if gap.cause is GapCause.STALLED]
    assert stalled[0].camera_id == "gate"
    since_the_stall = site.listener.statuses[known:]
    assert "b/main" not in {status.stream_id for status in since_the_stall}


async def test_a_camera_that_goes_and_returns(site: Site, cameras: RtspCameras) -> None:
    await site.record(plan_of(cameras.url("cam4_sub")))
    await site.online()
    cameras.fault("cam4_sub", "off")
    await site.listener.until(lambda seen: "no stream at" in (seen.statuses[-1].cause or ""), 5)
    cameras.fault("cam4_sub", "on")
    began = time.monotonic()
    await site.listener.until(lambda seen: seen.state is StreamState.ONLINE, 5)
    assert time.monotonic() - began < 3


async def test_another_resolution_is_a_new_segment_without_a_gap(
    site: Site, cameras: RtspCameras
) -> None:
    await site.record(plan_of(cameras.url("cam3")))
    await site.online()
    await asyncio.sleep(1.5)
    cameras.fault("cam3", "resolution")
    await site.listener.until(lambda seen: len({s.width for s in seen.segments}) == 2, 8)
    await asyncio.sleep(0.7)
    await site.media.stop()
    cameras.fault("cam3", "resolution")
    assert [segment.width for segment in site.listener.closed] == [960, 480]
    one, two = site.listener.closed
    assert abs((two.start - one.end).total_seconds()) < 0.1
    assert site.listener.gaps == []


async def test_stopping_keeps_the_last_fragment(site: Site) -> None:
    clip = write_clip(site.root / "a.mp4", frames=300, gop=75)
    await site.record(plan_of(clip.as_uri()))
    await site.online()
    await asyncio.sleep(1.3)
    stopped_at = datetime.now(UTC)
    began = time.monotonic()
    await site.media.stop()
    assert time.monotonic() - began < 3
    (segment,) = site.listener.closed
    assert (stopped_at - segment.end).total_seconds() < 0.2
    assert not site.listener.alarms


async def test_a_killed_process_loses_little_comes_back_and_tells(site: Site) -> None:
    clip = write_clip(site.root / "a.mp4", frames=600, gop=30)
    await site.record(plan_of(clip.as_uri()))
    reader = site.media.read("gate/main")
    await site.listener.until(lambda seen: len(seen.segments) >= 4)
    pid = site.media.pid
    assert pid is not None
    killed_at = datetime.now(UTC)
    os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    await site.listener.until(lambda seen: "media_crashed" in seen.alarms)
    await site.listener.until(lambda seen: bool(seen.closed))
    lost_s = (killed_at - site.listener.closed[0].end).total_seconds()
    print(f"lost {lost_s:.2f} s of footage")
    assert lost_s < 0.8
    await site.online()
    await site.listener.until(lambda seen: any(gap.end for gap in seen.gaps))
    (began, ended) = site.listener.gaps
    assert began.cause is ended.cause is GapCause.SERVER_CRASHED
    assert ended.end is not None
    async with asyncio.timeout(10):
        async for item in reader:
            if isinstance(item, AccessUnit) and item.wall_us / 1e6 > killed_at.timestamp() + 0.1:
                break
    await reader.aclose()
    numbers = numbers_of(site.root / "footage" / site.listener.closed[0].relative_path)
    assert numbers == list(range(len(numbers)))
