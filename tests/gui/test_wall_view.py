from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtGui import QImage

from console.bench.segments import FolderFootage, write_segments
from console.domain.camera import Camera, CameraKey, Health
from console.domain.errors import NotFound
from console.domain.event import Box, Detection, Detections
from console.domain.stream import StreamSource
from console.domain.system import Phase, SystemState
from console.playback.footage_source import to_us
from console.playback.threads import Spawner
from console.store.cameras import CameraStore
from console.store.detections import DetectionStore
from console.store.events import EventStore
from console.store.systems import SystemStore
from console.views.wall import WallView
from embedded_server.contract.live import StreamStateMessage
from tests.support.clips import read_number, write_clip
from tests.support.live_server import LiveServer
from widgets.video_wall.state import TileMode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.anyio

FPS = 15
FRAMES = 180
START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
YARD = CameraKey("here", "yard")
GATE = CameraKey("here", "gate")


class FileFootage:
    """The recordings of a system, out of folders."""

    def __init__(self, sources: dict[CameraKey, FolderFootage]) -> None:
        self._sources = sources

    async def runs(self, cameras: Any, asked: Any) -> Any:
        return self._sources[cameras[0]].runs(asked).result()

    async def segments(self, camera: Any, asked: Any) -> Any:
        return self._sources[camera].segments(asked).result()

    async def index(self, segment: Any) -> Any:
        return self._sources[segment.camera].index(segment).result()

    async def read(self, segment: Any, offset: int, length: int) -> bytes:
        return self._sources[segment.camera].read(segment, offset, length).result()


class FakeDialect:
    """One signed-in system: live from a URL, footage from folders."""

    def __init__(self) -> None:
        self.urls: dict[CameraKey, str] = {}
        self.footage: FileFootage | None = None
        self.tokens = iter(("good",) * 100)
        self.asked: list[CameraKey] = []

    async def live(self, camera: CameraKey, profile: str) -> StreamSource:
        self.asked.append(camera)
        kind = "gatehouse-live" if self.urls[camera].startswith("ws") else "url"
        token = f"?token={next(self.tokens)}&profile={profile}" if kind != "url" else ""
        return StreamSource(camera, profile, kind, self.urls[camera] + token)


class Sessions:
    def __init__(self, dialect: FakeDialect) -> None:
        self.signed_in = True
        self._dialect = dialect

    def dialect_for(self, _camera: CameraKey) -> FakeDialect:
        if not self.signed_in:
            raise NotFound("You are not signed in to this system.")
        return self._dialect


def a_camera(key: CameraKey, name: str) -> Camera:
    return Camera(key, name, Health.ONLINE)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wall")
    return write_clip(folder / "clip.mp4", frames=FRAMES, fps=FPS, gop=30, width=320, height=180)


@pytest.fixture
def dialect(clip: Path, tmp_path: Path) -> FakeDialect:
    made = FakeDialect()
    made.urls = {YARD: clip.as_uri(), GATE: clip.as_uri()}
    sources = {}
    for key, late in ((YARD, 0.0), (GATE, 0.4)):
        folder = tmp_path / key.camera
        begin = START + timedelta(seconds=late)
        sources[key] = FolderFootage(
            folder, write_segments(clip, folder, key, begin, segment_s=4.0)
        )
    made.footage = FileFootage(sources)
    return made


@pytest.fixture
def spawner() -> Iterator[Spawner]:
    made = Spawner()
    yield made
    made.close()


@pytest.fixture
async def wall(dialect: FakeDialect, spawner: Spawner, qtbot: QtBot) -> AsyncIterator[WallView]:
    parts = SimpleNamespace(
        cameras=CameraStore(),
        events=EventStore(),
        detections=DetectionStore(),
        systems=SystemStore(),
        sessions=Sessions(dialect),
        spawner=spawner,
    )
    parts.cameras.load("here", (a_camera(YARD, "Yard"), a_camera(GATE, "Gate")))
    made = WallView(parts)  # type: ignore[arg-type]
    made.parts = parts  # type: ignore[attr-defined]
    qtbot.addWidget(made)
    made.resize(800, 450)
    made.show()
    yield made
    made.stop()
    made.close()
    for store in (parts.cameras, parts.detections, parts.events, parts.systems):
        store.deleteLater()


async def until(true: Callable[[], object], *, within_s: float = 8.0) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while not true():  # noqa: ASYNC110  a screen has no event to wait for
                await asyncio.sleep(0.02)
    assert true()


def shown_number(wall: WallView, tile: int) -> int | None:
    """The number that stands in the picture on the screen."""
    image = wall.video_wall.picture(tile)
    return None if image is None else number_in(image)


def number_in(image: QImage) -> int | None:
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    return read_number(rows[:, : grey.width()].copy())


def mode(wall: WallView, tile: int) -> TileMode:
    return wall.video_wall.state(tile).mode


async def test_a_file_moves_on_a_tile(wall: WallView) -> None:
    wall.deal_out([YARD])
    await until(lambda: shown_number(wall, 0) is not None)
    first = shown_number(wall, 0)
    await until(lambda: shown_number(wall, 0) not in (None, first))
    await until(lambda: mode(wall, 0) is TileMode.LIVE)
    assert wall.video_wall.state(0).name == "Yard"
    assert wall.video_wall.state(0).clock


async def test_whoever_signs_out_sees_nothing_more_until_signed_in_again(wall: WallView) -> None:
    systems: SystemStore = wall.parts.systems  # type: ignore[attr-defined]
    systems.put(SystemState("here", "Here", "", Phase.ONLINE))
    wall.deal_out([YARD])
    await until(lambda: shown_number(wall, 0) is not None)
    systems.flush()
    systems.remove("here")
    systems.flush()
    assert mode(wall, 0) is TileMode.NO_PERMISSION
    assert wall.video_wall.picture(0) is None
    assert wall.snapshot(0) is None
    systems.put(SystemState("here", "Here", "", Phase.CONNECTING))
    systems.flush()
    assert mode(wall, 0) is TileMode.CONNECTING
    systems.put(SystemState("here", "Here", "", Phase.ONLINE))
    systems.flush()
    await until(lambda: mode(wall, 0) is TileMode.LIVE)


async def test_a_live_socket_moves_on_a_tile(
    wall: WallView, dialect: FakeDialect, clip: Path
) -> None:
    with LiveServer(clip) as server:
        dialect.urls[YARD] = server.url
        wall.set_camera(1, YARD)
        seen: set[int | None] = set()

        def collected() -> bool:
            seen.add(shown_number(wall, 1))
            return len(seen - {None}) >= 10

        await until(collected)
        await until(lambda: mode(wall, 1) is TileMode.LIVE)
        wall.set_camera(1, None)


async def test_an_expired_token_is_renewed_unnoticed(
    wall: WallView, dialect: FakeDialect, clip: Path
) -> None:
    with LiveServer(clip) as server:
        dialect.urls[YARD] = server.url
        wall.set_camera(0, YARD)
        await until(lambda: mode(wall, 0) is TileMode.LIVE)
        modes: set[TileMode] = set()
        wall.tile_state_changed.connect(lambda tile: modes.add(mode(wall, tile)))
        server.close_all(4401)
        await until(lambda: server.connections == 2)
        before = shown_number(wall, 0)
        await until(lambda: shown_number(wall, 0) not in (None, before))
        assert modes <= {TileMode.LIVE}
        wall.set_camera(0, None)


async def test_silence_is_told_within_two_seconds_and_ends_when_pictures_come(
    wall: WallView, dialect: FakeDialect, clip: Path
) -> None:
    with LiveServer(clip) as server:
        dialect.urls[YARD] = server.url
        wall.set_camera(0, YARD)
        await until(lambda: mode(wall, 0) is TileMode.LIVE)
        server.silent = True
        await until(lambda: mode(wall, 0) is TileMode.STALLED, within_s=2.3)
        server.silent = False
        await until(lambda: mode(wall, 0) in {TileMode.LIVE, TileMode.LATE})
        wall.set_camera(0, None)


async def test_a_server_that_goes_is_told_with_cause_and_next_try_and_found_again(
    wall: WallView, dialect: FakeDialect, clip: Path
) -> None:
    with LiveServer(clip) as server:
        dialect.urls[YARD] = server.url
        wall.set_camera(0, YARD)
        await until(lambda: mode(wall, 0) is TileMode.LIVE)
    await until(lambda: mode(wall, 0) is TileMode.OFFLINE, within_s=3)
    state = wall.video_wall.state(0)
    assert state.headline.startswith("Offline for")
    assert state.detail
    with LiveServer(clip) as server:
        dialect.urls[YARD] = server.url
        await until(lambda: mode(wall, 0) is TileMode.LIVE)
        wall.set_camera(0, None)


async def test_what_the_system_says_of_its_camera_stands_on_the_tile(
    wall: WallView, dialect: FakeDialect, clip: Path
) -> None:
    said = StreamStateMessage(
        state="offline",
        cause="No answer on TCP 554.",
        next_try_at=datetime.now(UTC) + timedelta(seconds=30),
    )
    with LiveServer(clip, say_state=said) as server:
        dialect.urls[YARD] = server.url
        wall.set_camera(0, YARD)
        await until(lambda: mode(wall, 0) is TileMode.OFFLINE)
        state = wall.video_wall.state(0)
        assert "No answer on TCP 554" in state.detail
        assert state.hint.startswith("Next try in")
        wall.set_camera(0, None)


@pytest.mark.logs_warnings
async def test_garbage_freezes_one_tile_and_ends_nothing(
    wall: WallView, dialect: FakeDialect, clip: Path
) -> None:
    with LiveServer(clip) as server:
        dialect.urls[YARD] = server.url
        wall.set_camera(0, YARD)
        wall.set_camera(1, GATE)
        await until(lambda: mode(wall, 0) is TileMode.LIVE)
        server.garbage = True
        await until(lambda: mode(wall, 0) is TileMode.FROZEN, within_s=4)
        assert mode(wall, 1) is TileMode.LIVE
        server.garbage = False
        await until(lambda: mode(wall, 0) is TileMode.LIVE)
        wall.set_camera(0, None)


async def test_playback_shows_the_picture_of_the_moment_on_every_tile(wall: WallView) -> None:
    wall.deal_out([YARD, GATE])
    wall.go_to(START + timedelta(seconds=5.03), playing=False)
    assert not wall.is_live()
    await until(lambda: shown_number(wall, 0) == 75 and mode(wall, 0) is TileMode.PLAYBACK)
    await until(lambda: shown_number(wall, 1) == 69)
    assert wall.playhead() == START + timedelta(seconds=5.03)
    assert wall.video_wall.state(0).clock.endswith(".000")


async def test_stepping_moves_by_pictures_of_the_selected_camera(wall: WallView) -> None:
    wall.deal_out([YARD, GATE])
    wall.go_to(START + timedelta(seconds=5.03), playing=False)
    await until(lambda: shown_number(wall, 0) == 75)
    for step, expected in ((1, 76), (1, 77), (-1, 76), (-1, 75), (-1, 74)):
        wall.step(step)
        await until(lambda expected=expected: shown_number(wall, 0) == expected)
    await until(lambda: shown_number(wall, 1) == 68)


async def test_a_drag_ends_on_the_exact_picture(wall: WallView) -> None:
    wall.deal_out([YARD])
    for tenth in range(20, 60):
        wall.go_to(START + timedelta(seconds=tenth / 10), playing=False)
        await asyncio.sleep(0.01)
    await until(lambda: shown_number(wall, 0) == 88)


async def test_playing_shows_one_picture_after_another_in_step(wall: WallView) -> None:
    wall.deal_out([YARD, GATE])
    wall.go_to(START + timedelta(seconds=2), playing=True)
    skew: list[int] = []

    def far_enough() -> bool:
        first, second = shown_number(wall, 0), shown_number(wall, 1)
        if first is not None and second is not None:
            skew.append(first - second)
        return first is not None and first > 60

    await until(far_enough)
    late = sorted(skew)[len(skew) // 2]
    assert 5 <= late <= 7  # the second camera began 0.4 s (6 pictures) later
    wall.pause()
    held = wall.playhead()
    await asyncio.sleep(0.2)
    assert wall.playhead() == held


async def test_speed_and_reverse(wall: WallView) -> None:
    wall.deal_out([YARD])
    wall.set_speed(8)
    wall.go_to(START + timedelta(seconds=1), playing=True)
    await until(lambda: (shown_number(wall, 0) or 0) >= 90, within_s=3)
    wall.set_speed(-1)
    wall.go_to(START + timedelta(seconds=6), playing=True)
    await until(lambda: shown_number(wall, 0) in range(80, 88), within_s=3)


async def test_time_without_footage_is_told_and_left_again(wall: WallView) -> None:
    wall.deal_out([YARD])
    wall.go_to(START - timedelta(minutes=1), playing=False)
    await until(lambda: mode(wall, 0) is TileMode.NO_FOOTAGE)
    state = wall.video_wall.state(0)
    assert state.headline == "No footage here"
    assert state.action == "Jump to next footage"
    wall.video_wall.action_triggered.emit(0)
    await until(lambda: mode(wall, 0) is TileMode.PLAYBACK and shown_number(wall, 0) == 0)


async def test_back_to_live(wall: WallView) -> None:
    wall.deal_out([YARD])
    told: list[bool] = []
    wall.mode_changed.connect(told.append)
    wall.go_to(START + timedelta(seconds=2), playing=False)
    await until(lambda: mode(wall, 0) is TileMode.PLAYBACK)
    wall.go_live()
    await until(lambda: mode(wall, 0) is TileMode.LIVE)
    assert told == [False, True]
    assert wall.playhead() is None


async def test_a_snapshot_has_the_size_of_the_stream(wall: WallView) -> None:
    wall.deal_out([YARD])
    wall.go_to(START + timedelta(seconds=2.02), playing=False)
    await until(lambda: shown_number(wall, 0) == 30)
    image = wall.snapshot(0)
    assert image is not None
    assert (image.width(), image.height()) == (320, 180)
    assert number_in(image) == 30


async def test_boxes_of_the_moment_lie_on_the_picture(wall: WallView) -> None:
    wall.deal_out([YARD])
    await until(lambda: mode(wall, 0) is TileMode.LIVE)
    box = Detection("person", 0.91, Box(0.1, 0.2, 0.3, 0.4))
    detections = wall.parts.detections  # type: ignore[attr-defined]

    def boxes_shown() -> bool:
        detections.put(Detections(YARD, datetime.now(UTC), (box,)))
        return bool(wall.video_wall.state(0).boxes)

    await until(boxes_shown)
    assert wall.video_wall.state(0).boxes[0].label == "person 91%"
    wall.set_show_boxes(False)
    assert not wall.video_wall.state(0).boxes


async def test_the_wall_is_remembered(wall: WallView) -> None:
    wall.set_layout("9")
    wall.set_camera(3, GATE)
    wall.select(3)
    state = wall.state_dict()
    wall.set_camera(3, None)
    wall.set_layout("1")
    wall.restore_state(state)
    assert wall.layout_name() == "9"
    assert wall.cameras()[3] == GATE
    assert wall.selected_camera() == GATE
    wall.restore_state({"layout": "nonsense", "cameras": [7, "x"], "selected": "y"})
    assert wall.layout_name() == "9"


async def test_swapping_and_dropping(wall: WallView) -> None:
    wall.deal_out([YARD, GATE])
    wall.video_wall.tiles_swapped.emit(0, 1)
    assert wall.cameras()[:2] == [GATE, YARD]
    wall.set_layout("4")
    wall.video_wall.cameras_dropped.emit(3, [str(YARD), "broken"])
    assert wall.cameras()[3] == YARD


async def test_signed_out_is_told_and_left_when_signed_in(wall: WallView) -> None:
    sessions = wall.parts.sessions  # type: ignore[attr-defined]
    sessions.signed_in = False
    wall.deal_out([YARD])
    await until(lambda: mode(wall, 0) is TileMode.OFFLINE)
    assert "not signed in" in wall.video_wall.state(0).detail
    sessions.signed_in = True
    await until(lambda: mode(wall, 0) is TileMode.LIVE)


def test_microseconds_are_kept() -> None:
    assert to_us(START + timedelta(microseconds=7)) % 1_000_000 == 7
