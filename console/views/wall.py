"""The wall of the main window: cameras on tiles, live or played back on one clock."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QTimer, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QVBoxLayout, QWidget

from console.actions import footage as footage_actions
from console.domain.camera import CameraKey
from console.domain.errors import ConsoleError, NotFound
from console.domain.event import Severity
from console.domain.system import Phase
from console.playback.convert import Part
from console.playback.engine import Engine
from console.playback.footage_source import DialectFootage, to_moment, to_us
from console.playback.live_tile import LiveTile
from console.playback.player import Player
from console.views.wall_text import (
    TileExtras,
    live_state,
    playback_state,
    signed_out,
    tile_boxes,
    without_recordings,
)
from widgets.video_wall.grid import LAYOUTS, layout_for
from widgets.video_wall.state import TileMode, TileState
from widgets.video_wall.widget import VideoWall

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from concurrent.futures import Future

    from PySide6.QtGui import QHideEvent, QShowEvent

    from console.domain.event import Detections
    from console.domain.stream import StreamSource
    from console.parts import ConsoleParts
    from console.playback.live import LiveFeed

_LIVE_TICK_MS = 250
_PLAYBACK_TICK_MS = 100
_BOXES_FIT_US = 1_000_000
"""Boxes belong to a picture that is at most this far away."""
_ALARM_ROWS = 300
_JUMP_AGAIN_S = 1.0


class WallView(QWidget):
    """Shows cameras on tiles; ``go_to`` makes it play back, ``go_live`` returns."""

    selection_changed = Signal(object)
    """The selected camera's key, or None."""
    cameras_changed = Signal()
    playhead_moved = Signal(object)
    """The moment shown, or None when live."""
    mode_changed = Signal(bool)
    """Whether it is live."""
    context_menu_requested = Signal(int, QPoint)
    tile_state_changed = Signal(int)

    def __init__(self, parts: ConsoleParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._engine = Engine(parts.spawner)
        self._wall = VideoWall(self)
        self._keys: list[CameraKey | None] = [None] * self._wall.tile_count()
        self._live: dict[int, LiveTile] = {}
        self._player: Player | None = None
        self._speed = 1.0
        self._shows_statistics = False
        self._shows_boxes = True
        self._alarms: frozenset[CameraKey] = frozenset()
        self._alarms_are_stale = True
        self._without_recordings: set[int] = set()
        self._told_us: int | None = None
        self._jumped_s = -1e9
        self._is_stopped = False
        self._signed_out: set[str] = set()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._wall)
        self.setFocusProxy(self._wall)
        self._connect()
        self._ticks = QTimer(self)
        self._ticks.timeout.connect(self._tick)
        self._ticks.start(_LIVE_TICK_MS)
        self._place_all()

    @property
    def video_wall(self) -> VideoWall:
        """The surface on which the tiles are painted."""
        return self._wall

    # -- cameras and layout --------------------------------------------------------------------------

    def set_layout(self, name: str) -> None:
        """Show the tiles of a layout; cameras that find no tile leave the wall.

        Raises:
            KeyError: there is no such layout.
        """
        count = LAYOUTS[name].tiles
        for tile in range(count, len(self._keys)):
            self._close(tile)
        self._keys = (self._keys + [None] * count)[:count]
        self._wall.set_layout(name)
        self.cameras_changed.emit()

    def layout_name(self) -> str:
        """Name of the layout."""
        return self._wall.layout_name()

    def cameras(self) -> list[CameraKey | None]:
        """The camera of each tile."""
        return list(self._keys)

    def set_camera(self, tile: int, key: CameraKey | None) -> None:
        """Show a camera in a tile, or nothing."""
        if not 0 <= tile < len(self._keys) or self._keys[tile] == key:
            return
        self._put(tile, key)
        self._report_cameras(tile)

    def deal_out(self, keys: Iterable[CameraKey]) -> None:
        """Fill the tiles with these cameras; the layout grows when they are more."""
        wanted = list(dict.fromkeys(keys))[: LAYOUTS["25"].tiles]
        if len(wanted) > len(self._keys):
            self.set_layout(layout_for(len(wanted)))
        filled = (wanted + [None] * len(self._keys))[: len(self._keys)]
        for tile, key in enumerate(filled):
            if self._keys[tile] != key:
                self._put(tile, key)
        self._report_cameras(self._wall.selected())

    def selected(self) -> int:
        """The selected tile."""
        return self._wall.selected()

    def select(self, tile: int) -> None:
        """Select a tile."""
        self._wall.select(tile)

    def selected_camera(self) -> CameraKey | None:
        """The camera of the selected tile."""
        return self._keys[self._wall.selected()]

    def enlarge(self, tile: int | None) -> None:
        """Let one tile fill the wall; None shows all."""
        self._wall.enlarge(tile)

    def is_enlarged(self) -> bool:
        """Whether one tile fills the wall."""
        return self._wall.enlarged() is not None

    def set_show_statistics(self, shows: bool) -> None:
        """Show rates and losses on the tiles, or not."""
        self._shows_statistics = shows
        self._tick()

    def set_show_boxes(self, shows: bool) -> None:
        """Show what was detected on the tiles, or not."""
        self._shows_boxes = shows
        self._tick()

    def set_arrows_move_selection(self, moves: bool) -> None:
        """Whether arrow keys move the selection; they do not while they steer a camera."""
        self._wall.set_arrows_move_selection(moves)

    def snapshot(self, tile: int) -> QImage | None:
        """The picture of a tile as it came, in its full size."""
        shot = self._engine.slot(tile).last_shot
        if shot is None:
            return None
        pixels = shot.frame.to_ndarray(format="bgra")
        height, width = pixels.shape[:2]
        image = QImage(pixels.tobytes(), width, height, width * 4, QImage.Format.Format_RGB32)
        return image.copy()

    # -- live and playback ---------------------------------------------------------------------------

    def is_live(self) -> bool:
        """Whether live pictures are shown."""
        return self._player is None

    def go_live(self) -> None:
        """Show live pictures."""
        if self._player is None:
            return
        self._player.close()
        self._player = None
        self._without_recordings.clear()
        for tile, key in enumerate(self._keys):
            if key is not None:
                self._open(tile, key)
        self._ticks.start(_LIVE_TICK_MS)
        self.mode_changed.emit(True)
        self._tell_playhead(None)

    def go_to(self, moment: datetime, *, playing: bool) -> None:
        """Show what was recorded at a moment, on every tile; then hold, or play on from there."""
        player = self._playback()
        player.go_to(to_us(moment))
        if playing:
            player.clock.play()
        else:
            player.clock.pause()
        self._tick()

    def step(self, frames: int) -> None:
        """Hold, and go so many pictures of the selected camera forward (negative: back)."""
        if self._player is None:
            self.pause()
        self._playback().step(frames, lead=self._wall.selected())

    def set_speed(self, speed: float) -> None:
        """Playback speed; negative runs backwards."""
        self._speed = speed
        if self._player is not None:
            self._player.clock.set_speed(speed)

    def speed(self) -> float:
        """Playback speed."""
        return self._speed

    def play(self) -> None:
        """Let the playhead move."""
        if self._player is not None:
            self._player.clock.play()

    def pause(self) -> None:
        """Hold the playhead; live pictures stop at what is shown now."""
        if self._player is not None:
            self._player.clock.pause()
            return
        shot = self._engine.slot(self._wall.selected()).last_shot
        self.go_to(datetime.now(UTC) if shot is None else to_moment(shot.at_us), playing=False)

    def is_playing(self) -> bool:
        """Whether the playhead moves; live is playing too."""
        return self._player is None or self._player.clock.is_playing

    def playhead(self) -> datetime | None:
        """The moment shown; None when live."""
        return None if self._player is None else to_moment(self._player.clock.position_us())

    # -- remembering and ending ----------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """What is to be remembered, as plain JSON values."""
        return {
            "layout": self.layout_name(),
            "cameras": [None if key is None else str(key) for key in self._keys],
            "selected": self._wall.selected(),
            "statistics": self._shows_statistics,
            "boxes": self._shows_boxes,
        }

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Be as remembered; what cannot be understood is left out."""
        name = state.get("layout")
        if name in LAYOUTS:
            self.set_layout(str(name))
        cameras = state.get("cameras")
        if isinstance(cameras, list):
            for tile, text in enumerate(cameras[: len(self._keys)]):
                self.set_camera(tile, _key_or_none(text))
        if isinstance(state.get("selected"), int):
            self.select(int(state["selected"]))
        self._shows_statistics = bool(state.get("statistics", False))
        self._shows_boxes = bool(state.get("boxes", True))

    def stop(self) -> None:
        """End all streams and threads; the wall shows nothing any more."""
        if self._is_stopped:
            return
        self._is_stopped = True
        self._ticks.stop()
        for tile in range(len(self._keys)):
            self._close(tile)
        if self._player is not None:
            self._player.close()
        self._engine.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Decode again."""
        super().showEvent(event)
        self._place_all()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: decode nothing."""
        super().hideEvent(event)
        self._place_all()

    # -- inside: signals -----------------------------------------------------------------------------

    def _connect(self) -> None:
        wall, parts = self._wall, self._parts
        wall.tile_selected.connect(self._on_selected)
        wall.enlarged_changed.connect(self._place_all)
        wall.geometry_changed.connect(self._place_all)
        wall.cameras_dropped.connect(self._on_dropped)
        wall.tiles_swapped.connect(self._on_swapped)
        wall.context_menu_requested.connect(self.context_menu_requested)
        wall.action_triggered.connect(self._on_action)
        self._engine.converter.converted.connect(self._show_pictures)
        parts.cameras.keyed_changed.connect(self._on_camera_changed)
        parts.cameras.reset.connect(self._reopen_unknown)
        parts.detections.keyed_changed.connect(self._on_detections)
        parts.events.keyed_changed.connect(self._on_events)
        parts.events.reset.connect(self._on_events)
        parts.systems.keyed_changed.connect(self._on_system)

    def _on_selected(self, tile: int) -> None:
        self.selection_changed.emit(self._keys[tile])

    def _on_dropped(self, tile: int, lines: list[str]) -> None:
        keys = [key for key in map(_key_or_none, lines) if key is not None]
        free = [other for other, key in enumerate(self._keys) if key is None and other != tile]
        for place, key in zip([tile, *free], keys, strict=False):
            self.set_camera(place, key)
        self._wall.select(tile)

    def _on_swapped(self, source: int, target: int) -> None:
        first, second = self._keys[source], self._keys[target]
        self._put(source, second)
        self._put(target, first)
        self._wall.select(target)
        self._report_cameras(target)

    def _on_action(self, tile: int) -> None:
        if self._player is None:
            if tile in self._live:
                self._live[tile].retry_now()
            return
        status = self._player.status(tile)
        if status is not None and status.nothing is not None and status.nothing.next_us:
            self._player.go_to(status.nothing.next_us)

    def _on_camera_changed(self, key: CameraKey) -> None:
        if self._is_stopped:
            return
        camera = self._parts.cameras.get(key)
        for tile, shown in enumerate(self._keys):
            if shown != key:
                continue
            live = self._live.get(tile)
            if live is not None and camera is not None and live.profiles != camera.profiles:
                self._open(tile, key)
            self._refresh(tile)

    def _reopen_unknown(self) -> None:
        for key in set(self._keys) - {None}:
            if key is not None:
                self._on_camera_changed(key)

    def _on_detections(self, key: CameraKey) -> None:
        for tile, shown in enumerate(self._keys):
            if shown == key:
                self._refresh(tile)

    def _on_events(self, _key: object = None) -> None:
        self._alarms_are_stale = True

    def _on_system(self, system: str) -> None:
        if self._is_stopped:
            return
        state = self._parts.systems.get(system)
        is_out = state is None or state.phase is Phase.SIGNED_OUT
        was_out = system in self._signed_out
        (self._signed_out.add if is_out else self._signed_out.discard)(system)
        for tile, key in enumerate(self._keys):
            if key is None or key.system != system:
                continue
            if is_out != was_out:
                self._put(tile, key)  # whoever has signed out sees nothing more
            elif tile in self._live:
                self._live[tile].retry_now()

    # -- inside: tiles -------------------------------------------------------------------------------

    def _put(self, tile: int, key: CameraKey | None) -> None:
        self._close(tile)
        self._keys[tile] = key
        self._wall.clear_picture(tile)
        self._wall.reset_zoom(tile)
        self._engine.slot(tile).forget()
        if key is None:
            self._wall.set_state(tile, TileState())
        else:
            self._open(tile, key)

    def _report_cameras(self, tile: int) -> None:
        self.cameras_changed.emit()
        if tile == self._wall.selected():
            self.selection_changed.emit(self._keys[tile])

    def _open(self, tile: int, key: CameraKey) -> None:
        if self._is_stopped:
            return
        self._close(tile)
        slot = self._engine.renew(tile)
        if key.system in self._signed_out:
            self._refresh(tile)
            return
        if self._player is not None:
            self._open_footage(self._player, tile, key)
        else:
            camera = self._parts.cameras.get(key)
            profiles = ("main",) if camera is None else camera.profiles
            self._live[tile] = LiveTile(
                slot,
                profiles,
                lambda profile: self._open_live(key, profile),
                height=self._wall.picture_box(tile)[1],
                now_s=time.monotonic(),
            )
        self._place(tile)
        self._refresh(tile)

    def _open_live(self, key: CameraKey, profile: str) -> LiveFeed:
        loop = asyncio.get_running_loop()

        async def describe() -> StreamSource:
            return await self._parts.sessions.dialect_for(key).live(key, profile)

        def fetch() -> Future[StreamSource]:
            return asyncio.run_coroutine_threadsafe(describe(), loop)

        return self._engine.open_live(f"{key} {profile}", fetch)

    def _open_footage(self, player: Player, tile: int, key: CameraKey) -> None:
        access = partial(footage_actions.access, self._parts.sessions, key)
        try:
            access()
        except NotFound:
            self._without_recordings.add(tile)
            return
        except ConsoleError:
            pass  # not signed in just now: the reel says so and tries again
        source = DialectFootage(key, access, asyncio.get_running_loop())
        player.add(tile, source, self._engine.slot(tile).mailbox, name=str(key))

    def _close(self, tile: int) -> None:
        live = self._live.pop(tile, None)
        if live is not None:
            live.close()
        if self._player is not None:
            self._player.remove(tile)
        self._without_recordings.discard(tile)

    def _playback(self) -> Player:
        if self._player is None:
            self._player = Player(self._parts.spawner)
            self._player.clock.set_speed(self._speed)
            for tile, key in enumerate(self._keys):
                if key is not None:
                    self._open(tile, key)
            self._ticks.start(_PLAYBACK_TICK_MS)
            self.mode_changed.emit(False)
        return self._player

    # -- inside: what is shown -----------------------------------------------------------------------

    def _place_all(self) -> None:
        for tile in range(len(self._keys)):
            self._place(tile)

    def _place(self, tile: int) -> None:
        box = self._wall.picture_box(tile) if self.isVisible() else (0, 0)
        view = self._wall.viewport(tile)
        self._engine.place(tile, box, Part(view.x, view.y, view.width, view.height))
        if tile in self._live:
            self._live[tile].set_watched(min(box) > 0)

    def _show_pictures(self) -> None:
        for tile, picture in self._engine.collect().items():
            self._wall.set_picture(tile, picture.image, picture.memory)

    def _tick(self) -> None:
        if self._is_stopped:
            return
        if self._alarms_are_stale:
            self._find_alarms()
        now_s = time.monotonic()
        for tile, live in self._live.items():
            live.tick(self._wall.picture_box(tile)[1] if self.isVisible() else 0, now_s)
        for tile in range(len(self._keys)):
            self._refresh(tile)
        if self._player is not None:
            self._skip_empty_time(self._player)
            self._tell_playhead(self._player.clock.position_us())

    def _refresh(self, tile: int) -> None:
        key = self._keys[tile]
        if key is None:
            return
        old, new = self._wall.state(tile), self._state_of(tile, key)
        self._wall.set_state(tile, new)
        if (old.mode, old.text) != (new.mode, new.text):
            self.tile_state_changed.emit(tile)

    def _state_of(self, tile: int, key: CameraKey) -> TileState:
        camera = self._parts.cameras.get(key)
        name = key.camera if camera is None else camera.name
        live = self._live.get(tile)
        if key.system in self._signed_out:
            return signed_out(name)
        if self._player is not None:
            return self._playback_state(self._player, tile, name)
        if live is None or (self._is_connecting(key) and not live.feed.has_picture):
            text = self.tr("connecting")
            head = self.tr("Connecting …")
            return TileState(name=name, mode=TileMode.CONNECTING, text=text, headline=head)
        shot = live.slot.last_shot
        extras = TileExtras(
            name=name,
            profile=live.profile,
            picture_us=None if shot is None else shot.at_us,
            figures=live.feed.figures() if self._shows_statistics else None,
            is_alarm=key in self._alarms,
            boxes=tile_boxes(self._fitting(key, None if shot is None else shot.at_us)),
        )
        return live_state(live.truth(time.monotonic()), extras, now=datetime.now(UTC))

    def _is_connecting(self, key: CameraKey) -> bool:
        """Whether its system is only being signed in to, so that no stream can be blamed yet."""
        system = self._parts.systems.get(key.system)
        return system is not None and system.phase is Phase.CONNECTING

    def _playback_state(self, player: Player, tile: int, name: str) -> TileState:
        status = player.status(tile)
        if status is None:
            return without_recordings(name)
        clock = player.clock
        return playback_state(
            status,
            name=name,
            speed=clock.speed,
            is_playing=clock.is_playing,
            shows_statistics=self._shows_statistics,
        )

    def _fitting(self, key: CameraKey, picture_us: int | None) -> Detections | None:
        detections = self._parts.detections.get(key) if self._shows_boxes else None
        if detections is None or picture_us is None:
            return None
        return detections if abs(to_us(detections.at) - picture_us) < _BOXES_FIT_US else None

    def _find_alarms(self) -> None:
        self._alarms_are_stale = False
        self._alarms = frozenset(
            event.camera
            for event in self._parts.events.rows[:_ALARM_ROWS]
            if event.severity is Severity.ALERT and not event.is_acknowledged
        )

    def _skip_empty_time(self, player: Player) -> None:
        """Nobody wants to watch black tiles: when no camera has footage, play on where one does."""
        if not player.clock.is_playing or time.monotonic() - self._jumped_s < _JUMP_AGAIN_S:
            return
        next_us = player.next_footage_us()
        if next_us is not None and player.clock.speed > 0:
            self._jumped_s = time.monotonic()
            player.clock.jump(next_us)

    def _tell_playhead(self, at_us: int | None) -> None:
        if at_us != self._told_us:
            self._told_us = at_us
            self.playhead_moved.emit(None if at_us is None else to_moment(at_us))


def _key_or_none(text: object) -> CameraKey | None:
    try:
        return CameraKey.parse(text) if isinstance(text, str) else None
    except ValueError:
        return None
