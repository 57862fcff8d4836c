"""A made-up site for the console's views: stores full of it, a wall of still pictures, a system that answers.

``python -m tests.support.console_data FOLDER`` saves screenshots of every workspace in both themes.
"""

from __future__ import annotations

import contextlib
import math
import random
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QBuffer, QIODevice, QObject, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPolygonF
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from console.domain.camera import Camera, CameraCapability, CameraKey, CameraSource, Health
from console.domain.errors import ConsoleError, NotFound
from console.domain.event import Box, Event, EventKey, Severity
from console.domain.footage import Footage, Gap, TimeRange
from console.domain.layout import Wall
from console.domain.system import Phase, SystemRecord, SystemState
from console.known_systems import KnownSystems
from console.parts import ConsoleParts
from console.paths import paths_below
from console.settings import Settings
from console.store.cameras import CameraStore
from console.store.detections import DetectionStore
from console.store.events import EventStore
from console.store.footage import FootageStore
from console.store.layouts import LayoutStore
from console.store.notices import NoticeStore
from console.store.pictures import PictureStore
from console.store.systems import SystemStore
from widgets.video_wall.grid import LAYOUTS, layout_for
from widgets.video_wall.state import TileBox, TileMode, TileState
from widgets.video_wall.widget import VideoWall

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Mapping

SYSTEM = "depot"
PLACES = (
    ("lobby", "Lobby", Health.ONLINE, True),
    ("carpark", "Car park North", Health.ONLINE, False),
    ("yard", "Yard", Health.ONLINE, False),
    ("road", "Service road", Health.ONLINE, False),
    ("motorway", "Motorway gate with a very long name", Health.ONLINE, False),
    ("meeting", "Meeting room", Health.ONLINE, False),
    ("fisheye", "Yard fisheye", Health.ONLINE, False),
    ("barrier", "Barrier", Health.OFFLINE, False),
    ("east", "Yard East", Health.STALLED, False),
)


class ImmediateTasks(QObject):
    """Runs a coroutine to its end at once: what it calls here never really waits."""

    failed = Signal(str, object)
    finished = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.started: list[str] = []

    def start(self, coro: Coroutine[Any, Any, Any], *, name: str) -> Any:
        self.started.append(name)
        try:
            coro.send(None)
        except StopIteration:
            self.finished.emit(name)
        except ConsoleError as error:
            self.failed.emit(name, error)
        else:
            coro.close()
        return SimpleNamespace(done=lambda: True, cancel=lambda: None)


class MadeUpSystem:
    """A dialect that remembers what it was asked to do."""

    system = SYSTEM

    def __init__(self, cameras: CameraStore, events: EventStore) -> None:
        self._cameras, self._events = cameras, events
        self.acknowledged: list[EventKey] = []
        self.moves: list[tuple[float, float, float]] = []
        self.added: list[dict[str, str]] = []
        self.removed: list[CameraKey] = []
        self.changed: list[tuple[CameraSource, CameraSource, str]] = []
        self.refusal: ConsoleError | None = None
        self.events = self.footage = self.ptz = self.camera_admin = self

    async def acknowledge(self, key: EventKey) -> Event:
        self._refuse()
        self.acknowledged.append(key)
        event = self._events.get(key)
        if event is None:
            raise NotFound("This event is gone.")
        return replace(event, is_acknowledged=True, acknowledged_by="ada")

    async def picture(self, path: str) -> bytes:
        if path.startswith("/none"):
            raise NotFound("This picture is gone.")
        return a_jpeg(path.rsplit("/", 1)[-1])

    async def list(self, _wanted: Any, **_more: Any) -> tuple[list[Event], None]:
        return [], None

    async def runs(self, _cameras: Any, _asked: Any) -> list[Footage]:
        return []

    async def move(self, _camera: CameraKey, *, pan: float, tilt: float, zoom: float) -> None:
        self.moves.append((pan, tilt, zoom))

    async def stop(self, _camera: CameraKey) -> None:
        self.moves.append((0.0, 0.0, 0.0))

    async def presets(self, _camera: CameraKey) -> list[tuple[str, str]]:
        return [("1", "Door"), ("2", "Reception desk"), ("3", "Lift")]

    async def go_to_preset(self, _camera: CameraKey, token: str) -> None:
        self.moves.append((float(token), 0.0, 0.0))

    async def add(self, **values: str) -> Camera:
        self._refuse()
        self.added.append(values)
        return Camera(CameraKey(SYSTEM, f"new{len(self.added)}"), values["name"], Health.CONNECTING)

    async def source(self, key: CameraKey) -> CameraSource:
        camera = self._cameras.get(key)
        assert camera is not None
        return CameraSource(camera.name, "rtsp://10.0.0.7/main", "", "admin", has_password=True)

    async def change(
        self, key: CameraKey, before: CameraSource, after: CameraSource, password: str
    ) -> Camera:
        self._refuse()
        self.changed.append((before, after, password))
        camera = self._cameras.get(key)
        assert camera is not None
        return replace(camera, name=after.name)

    async def remove(self, key: CameraKey) -> None:
        self._refuse()
        self.removed.append(key)

    async def set_enabled(self, key: CameraKey, enabled: bool) -> Camera:
        camera = self._cameras.get(key)
        assert camera is not None
        return replace(camera, health=Health.CONNECTING if enabled else Health.OFF)

    def _refuse(self) -> None:
        if self.refusal is not None:
            raise self.refusal


class StillWall(QWidget):
    """The wall's surface with drawn pictures, and its whole interface, without a decoder."""

    selection_changed = Signal(object)
    cameras_changed = Signal()
    playhead_moved = Signal(object)
    mode_changed = Signal(bool)
    context_menu_requested = Signal(int, QPoint)
    tile_state_changed = Signal(int)

    def __init__(self, parts: ConsoleParts) -> None:
        super().__init__()
        self._parts = parts
        self.video_wall = VideoWall(self)
        self._keys: list[CameraKey | None] = [None] * self.video_wall.tile_count()
        self._playhead: datetime | None = None
        self._is_playing = True
        self._speed = 1.0
        self.is_stopped = False
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.video_wall)
        self.setFocusProxy(self.video_wall)
        self.video_wall.tile_selected.connect(
            lambda tile: self.selection_changed.emit(self._keys[tile])
        )
        self.video_wall.context_menu_requested.connect(self.context_menu_requested)
        self.video_wall.geometry_changed.connect(self.paint_tiles)

    def set_layout(self, name: str) -> None:
        self._keys = (self._keys + [None] * LAYOUTS[name].tiles)[: LAYOUTS[name].tiles]
        self.video_wall.set_layout(name)
        self.paint_tiles()
        self.cameras_changed.emit()

    def layout_name(self) -> str:
        return self.video_wall.layout_name()

    def cameras(self) -> list[CameraKey | None]:
        return list(self._keys)

    def set_camera(self, tile: int, key: CameraKey | None) -> None:
        self._keys[tile] = key
        self.paint_tiles()
        self.cameras_changed.emit()
        if tile == self.selected():
            self.selection_changed.emit(key)

    def deal_out(self, keys: Iterable[CameraKey]) -> None:
        wanted = list(keys)[:25]
        if len(wanted) > len(self._keys):
            self.set_layout(layout_for(len(wanted)))
        self._keys = (wanted + [None] * len(self._keys))[: len(self._keys)]
        self.paint_tiles()
        self.cameras_changed.emit()
        self.selection_changed.emit(self.selected_camera())

    def selected(self) -> int:
        return self.video_wall.selected()

    def select(self, tile: int) -> None:
        self.video_wall.select(tile)

    def selected_camera(self) -> CameraKey | None:
        return self._keys[self.selected()]

    def enlarge(self, tile: int | None) -> None:
        self.video_wall.enlarge(tile)

    def is_enlarged(self) -> bool:
        return self.video_wall.enlarged() is not None

    def set_show_statistics(self, shows: bool) -> None:
        self.shows_statistics = shows

    def set_show_boxes(self, shows: bool) -> None:
        self.shows_boxes = shows

    def snapshot(self, tile: int) -> QImage | None:
        return self.video_wall.picture(tile)

    def is_live(self) -> bool:
        return self._playhead is None

    def go_live(self) -> None:
        if self._playhead is not None:
            self._playhead = None
            self.mode_changed.emit(True)
            self.playhead_moved.emit(None)
            self.paint_tiles()

    def go_to(self, moment: datetime, *, playing: bool) -> None:
        was_live, self._playhead = self.is_live(), moment
        self._is_playing = playing
        if was_live:
            self.mode_changed.emit(False)
        self.playhead_moved.emit(moment)
        self.paint_tiles()

    def step(self, frames: int) -> None:
        self._is_playing = False
        at = self._playhead or datetime.now(UTC)
        self.go_to(at + timedelta(seconds=frames / 15), playing=False)

    def set_speed(self, speed: float) -> None:
        self._speed = speed

    def speed(self) -> float:
        return self._speed

    def play(self) -> None:
        self._is_playing = True

    def pause(self) -> None:
        self._is_playing = False
        if self._playhead is None:
            self.go_to(datetime.now(UTC), playing=False)

    def is_playing(self) -> bool:
        return self._is_playing

    def playhead(self) -> datetime | None:
        return self._playhead

    def state_dict(self) -> dict[str, Any]:
        keys = [None if key is None else str(key) for key in self._keys]
        return {"layout": self.layout_name(), "cameras": keys, "selected": self.selected()}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.set_layout(state["layout"])
        for tile, text in enumerate(state["cameras"]):
            self.set_camera(tile, None if text is None else CameraKey.parse(text))
        self.select(state["selected"])

    def stop(self) -> None:
        self.is_stopped = True

    def paint_tiles(self) -> None:
        if len(self._keys) != self.video_wall.tile_count():
            return  # in the middle of a change of layout
        for tile, key in enumerate(self._keys):
            camera = None if key is None else self._parts.cameras.get(key)
            if camera is None:
                self.video_wall.set_state(tile, TileState())
                self.video_wall.clear_picture(tile)
                continue
            self.video_wall.set_state(tile, self._state_of(camera))
            width, height = self.video_wall.picture_box(tile)
            ratio = self.devicePixelRatioF()
            self.video_wall.set_picture(tile, a_scene(camera.key.camera, width, height, ratio))

    def _state_of(self, camera: Camera) -> TileState:
        if self._playhead is not None:
            clock = f"{self._playhead.astimezone():%H:%M:%S}"
            return TileState(camera.name, TileMode.PLAYBACK, f"{self._speed:g}×", clock=clock)
        if camera.health is Health.OFFLINE:
            return TileState(
                camera.name,
                TileMode.OFFLINE,
                "offline",
                headline="Offline for 4 min 12 s",
                detail=camera.cause or "",
                hint="Next try in 6 s",
            )
        if camera.health is Health.STALLED:
            return TileState(
                camera.name, TileMode.FROZEN, "frozen", headline="Frozen picture · 00:18"
            )
        box = (TileBox(0.42, 0.3, 0.16, 0.5, "person 91 %"),)
        return TileState(
            camera.name,
            TileMode.LIVE,
            "live",
            stream="15 fps · sub",
            boxes=box if camera.key.camera in ("lobby", "carpark") else (),
            is_alarm=camera.key.camera == "carpark",
        )


def made_up_parts(
    folder: Path, *, with_content: bool = True, events: int = 60
) -> tuple[ConsoleParts, MadeUpSystem]:
    """Console parts over a made-up site; nothing in them needs a loop."""
    cameras, event_store = CameraStore(), EventStore()
    system = MadeUpSystem(cameras, event_store)
    tasks = ImmediateTasks()
    secrets = SimpleNamespace(has_keyring=_no_keyring)
    paths = paths_below(folder)

    async def fetch(_system: str, path: str) -> bytes:
        return await system.picture(path)

    parts = ConsoleParts(
        paths=paths,
        settings=Settings(paths.settings_file),
        secrets=cast("Any", secrets),
        known=KnownSystems(paths.systems_file),
        tasks=cast("Any", tasks),
        systems=SystemStore(),
        cameras=cameras,
        events=event_store,
        footage=FootageStore(),
        detections=DetectionStore(),
        notices=NoticeStore(),
        pictures=PictureStore(fetch, lambda coro: tasks.start(coro, name="Thumbnail")),
        layouts=LayoutStore({}, lambda _value: None),
        sessions=cast(
            "Any",
            SimpleNamespace(dialect=lambda _system: system, dialect_for=lambda _camera: system),
        ),
        server=cast("Any", SimpleNamespace(data_dir=paths.data)),
        spawner=cast("Any", None),
    )
    if with_content:
        fill(parts, events=events)
    return parts, system


async def _no_keyring() -> bool:
    return False


def fill(parts: ConsoleParts, *, events: int = 60) -> None:
    """A depot with nine cameras, an hour of footage, and what happened in it."""
    now = datetime.now(UTC)
    rows = [
        Camera(
            CameraKey(SYSTEM, slug),
            name,
            health,
            cause="No answer on TCP 554" if health is Health.OFFLINE else None,
            since=now - timedelta(minutes=4, seconds=12),
            capabilities=frozenset(
                {CameraCapability.LIVE, CameraCapability.FOOTAGE}
                | ({CameraCapability.PTZ} if can_ptz else set())
            ),
        )
        for slug, name, health, can_ptz in PLACES
    ]
    parts.known.remember(
        SystemRecord(SYSTEM, "Depot South", "http://127.0.0.1:8480", "A. Operator")
    )
    parts.systems.replace(
        [SystemState(SYSTEM, "Depot South", "http://127.0.0.1:8480", Phase.ONLINE, since=now)]
    )
    parts.cameras.replace(rows)
    parts.events.replace(some_events(now, events))
    parts.footage.replace([footage_of(camera.key, now) for camera in rows])
    parts.layouts.replace(
        [
            Wall("Day shift 3×3", "9", tuple(camera.key for camera in rows)),
            Wall("Perimeter 4×4", "16", tuple(camera.key for camera in rows)),
            Wall("Gate 1+5", "1+5", tuple(camera.key for camera in rows[:6])),
        ]
    )


def some_events(now: datetime, count: int) -> list[Event]:
    """Events of the last hour, newest first, the same ones each time."""
    chance = random.Random(7)
    made = []
    stories = (
        ("Vehicle in loading zone", "car", Severity.ALERT),
        ("Person loitering 48 s", "person", Severity.ALERT),
        ("Line crossed: lawn → yard", "person", Severity.DETECTION),
        ("Car, white, 38 km/h", "car", Severity.DETECTION),
        ("4 persons after 14:00", "person", Severity.DETECTION),
        ("Truck", "truck", Severity.DETECTION),
        ("Motion", "motion", Severity.MOTION),
        (
            "A very long story about somebody who walked by and came back twice",
            "person",
            Severity.ALERT,
        ),
    )
    for number in range(count):
        slug, name, _, _ = PLACES[chance.randrange(len(PLACES))]
        summary, label, severity = stories[number % len(stories)]
        start = now - timedelta(minutes=60 * number / count + 0.3)
        made.append(
            Event(
                EventKey(SYSTEM, str(number)),
                CameraKey(SYSTEM, slug),
                name,
                start,
                start + timedelta(seconds=chance.randrange(4, 90)),
                label,
                0.6 + chance.random() * 0.39,
                severity,
                summary,
                is_acknowledged=number > 14,
                acknowledged_by="ada" if number > 14 else None,
                box=Box(0.42, 0.3, 0.16, 0.5),
                snapshot_path=f"/snapshot/{slug}",
                thumbnail_path=None if number == 5 else f"/thumbnail/{slug}",
            )
        )
    return made


def footage_of(key: CameraKey, now: datetime) -> Footage:
    """Two hours, with a hole where the barrier's camera was not there."""
    asked = TimeRange(now - timedelta(hours=2), now)
    if key.camera != "barrier":
        return Footage(key, asked, (asked,), ())
    hole = TimeRange(now - timedelta(minutes=35), now - timedelta(minutes=16))
    runs = (TimeRange(asked.start, hole.start), TimeRange(hole.end, now - timedelta(minutes=4)))
    gaps = (
        Gap(hole.start, hole.end, "camera_lost"),
        Gap(now - timedelta(minutes=4), None, "camera_lost", "no answer on TCP 554"),
    )
    return Footage(key, asked, runs, gaps)


def a_scene(name: str, width: int, height: int, ratio: float = 1.0) -> QImage:
    """A drawn place: ground, sky, a house, a figure; a different one for each name."""
    chance = random.Random(name)
    image = QImage(QSize(max(width, 2), max(height, 2)), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    wide, high = image.width() / ratio, image.height() / ratio
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    hue = chance.randrange(360)
    shade = QLinearGradient(0, 0, 0, high)
    shade.setColorAt(0, QColor.fromHsv(hue, 40, 210))
    shade.setColorAt(0.45, QColor.fromHsv(hue, 25, 235))
    shade.setColorAt(0.46, QColor.fromHsv((hue + 90) % 360, 70, 130))
    shade.setColorAt(1, QColor.fromHsv((hue + 90) % 360, 80, 80))
    painter.fillRect(QRectF(0, 0, wide, high), shade)
    painter.setPen(Qt.PenStyle.NoPen)
    for _ in range(3):
        left, size = chance.random() * wide, (0.1 + chance.random() * 0.15) * wide
        painter.setBrush(QColor.fromHsv(chance.randrange(360), 60, 120 + chance.randrange(80)))
        painter.drawRect(QRectF(left, high * 0.46 - size * 0.6, size, size * 0.7))
    painter.setBrush(QColor(70, 74, 82))
    painter.drawPolygon(
        QPolygonF(
            [
                QPointF(wide * 0.46, high * 0.46),
                QPointF(wide * 0.54, high * 0.46),
                QPointF(wide * 0.95, high),
                QPointF(wide * 0.2, high),
            ]
        )
    )
    painter.setBrush(QColor.fromHsv(chance.randrange(360), 150, 150))
    middle, tall = wide * 0.5, high * 0.38
    painter.drawRoundedRect(
        QRectF(middle - tall * 0.13, high * 0.4, tall * 0.26, tall * 0.62), 6, 6
    )
    painter.setBrush(QColor(205, 170, 140))
    painter.drawEllipse(QPointF(middle, high * 0.37), tall * 0.1, tall * 0.11)
    painter.setBrush(QColor(40, 46, 60))
    for side in (-1, 1):
        leg = QRectF(
            middle + side * tall * 0.07 - tall * 0.045, high * 0.62, tall * 0.09, tall * 0.4
        )
        painter.drawRect(leg)
    painter.end()
    return image


def a_jpeg(name: str) -> bytes:
    """A drawn place, encoded."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    a_scene(name, 480, 270).save(buffer, "JPEG", 85)  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def _shoot(folder: Path) -> None:
    """Every workspace in every size and theme."""
    from console.views.main_window import MainWindow
    from widgets import theme

    app = QApplication.instance() or QApplication(["gatehouse"])
    assert isinstance(app, QApplication)
    folder.mkdir(parents=True, exist_ok=True)
    sizes = [(1920, 1080), (1280, 720)]
    if len(sys.argv) > 2:
        sizes = [tuple(map(int, size.split("x"))) for size in sys.argv[2:]]  # type: ignore[misc]
    for look in (theme.DARK, theme.LIGHT):
        theme.apply(app, look)
        for wide, high in sizes:
            parts, _ = made_up_parts(folder / "home")
            window = MainWindow(parts, wall=cast("Any", StillWall(parts)))
            window.resize(wide, high)
            window.show()
            _settle(app)
            stem = f"{look.name}-{wide}x{high}"
            window.grab().save(str(folder / f"{stem}-live.png"))
            window.show_workspace("review")
            window.wall.go_to(datetime.now(UTC) - timedelta(minutes=math.pi * 5), playing=True)
            _settle(app)
            window.grab().save(str(folder / f"{stem}-review.png"))
            for name in ("events", "system"):
                window.show_workspace(name)
                _settle(app)
                window.grab().save(str(folder / f"{stem}-{name}.png"))
            window.close()
            window.deleteLater()
            _settle(app)


def _settle(app: QApplication) -> None:
    from PySide6.QtTest import QTest

    for _ in range(6):
        app.processEvents()
        QTest.qWait(80)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        _shoot(Path(sys.argv[1]))
