"""Playback of the wall: keys, transport bar and timeline ask here, and show what became of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from console.actions.playback import play_event
from widgets.transport_bar import SPEEDS

if TYPE_CHECKING:
    from console.domain.event import Event, EventKey
    from console.parts import ConsoleParts
    from console.views.timeline_panel import TimelinePanel
    from console.views.wall import WallView


class PlaybackControls(QObject):
    """Everything that moves the playhead."""

    mode_changed = Signal(bool)
    """Whether the wall is live."""

    def __init__(
        self, parts: ConsoleParts, wall: WallView, panel: TimelinePanel, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._parts = parts
        self._wall = wall
        self._panel = panel
        wall.playhead_moved.connect(self._show_playhead)
        wall.mode_changed.connect(self._show_mode)
        panel.moment_wanted.connect(self.go_to)
        panel.event_wanted.connect(self.play_event_of)
        transport = panel.transport
        transport.play_wanted.connect(self.set_playing)
        transport.step_wanted.connect(self.step)
        transport.speed_wanted.connect(self.set_speed)
        transport.live_wanted.connect(self.go_live)
        self._show_mode(wall.is_live())

    def go_live(self) -> None:
        """Back to live."""
        self._wall.go_live()
        self.set_speed(1.0)

    def go_to(self, moment: datetime, playing: bool) -> None:
        """Show a moment; close to now it is live that is meant."""
        if datetime.now(UTC) - moment < timedelta(seconds=1) and playing:
            self.go_live()
            return
        self._wall.go_to(moment, playing=playing)
        self._panel.transport.set_playing(self._wall.is_playing())

    def play_event_of(self, key: EventKey) -> None:
        """Play an event by its key."""
        event = self._parts.events.get(key)
        if event is not None:
            self.play(event)

    def play(self, event: Event) -> None:
        """Play an event from a moment before it began."""
        play_event(self._wall, event, lead_s=self._parts.settings.values.event_lead_seconds)
        self._panel.show_around(event.started_at)
        self._panel.transport.set_playing(self._wall.is_playing())

    def toggle(self) -> None:
        """Play or pause."""
        self.set_playing(not self._wall.is_playing())

    def set_playing(self, is_playing: bool) -> None:
        """Play or pause; pausing live holds what is shown now."""
        if is_playing:
            self._wall.play()
        else:
            self._wall.pause()
        self._panel.transport.set_playing(self._wall.is_playing())

    def step(self, frames: int) -> None:
        """Hold, and go that many pictures on."""
        self._wall.step(frames)
        self._panel.transport.set_playing(self._wall.is_playing())

    def set_speed(self, speed: float) -> None:
        """Play at this speed."""
        self._wall.set_speed(speed)
        self._panel.transport.set_speed(speed)

    def change_speed(self, steps: int) -> None:
        """One of the speeds further up or down."""
        place = SPEEDS.index(self._panel.transport.speed()) + steps
        self.set_speed(SPEEDS[min(max(place, 0), len(SPEEDS) - 1)])

    def replay(self) -> None:
        """Show again what just happened."""
        back = timedelta(seconds=self._parts.settings.values.replay_seconds)
        self.go_to((self._wall.playhead() or datetime.now(UTC)) - back, playing=True)

    def _show_playhead(self, moment: datetime | None) -> None:
        self._panel.show_playhead(moment)
        self._panel.transport.set_playing(self._wall.is_playing())

    def _show_mode(self, is_live: bool) -> None:
        if is_live:
            self._panel.show_playhead(None)
        self._panel.transport.set_playing(self._wall.is_playing())
        self.mode_changed.emit(is_live)
