"""The one clock of a timeline, from which every tile derives what it shows. Pure, but for its lock."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


@dataclass(frozen=True, slots=True)
class Pace:
    """How the playhead moves; ``generation`` changes with every jump, start and stop."""

    generation: int
    position_us: int
    speed: float
    """Signed; 0 while paused."""
    jumped_s: float
    """When the playhead was last put somewhere, in monotonic seconds."""
    is_scrubbing: bool


class MasterClock:
    """Where the playhead is; never past the live edge."""

    def __init__(
        self,
        edge_us: Callable[[], int],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._edge_us = edge_us
        self._clock = clock
        self._changed = threading.Condition()
        self._anchor_us = 0
        self._anchor_s = clock()
        self._speed = 1.0
        self._is_playing = False
        self._generation = 0
        self._jumped_s = -1e9
        self._is_scrubbing = False

    @property
    def is_playing(self) -> bool:
        """Whether the playhead moves."""
        return self._is_playing

    @property
    def speed(self) -> float:
        """The chosen speed, also while paused."""
        return self._speed

    def position_us(self) -> int:
        """Where the playhead is now."""
        with self._changed:
            return self._position_us()

    def pace(self) -> Pace:
        """Position and speed at one instant."""
        with self._changed:
            speed = self._speed if self._is_playing else 0.0
            return Pace(
                self._generation, self._position_us(), speed, self._jumped_s, self._is_scrubbing
            )

    def jump(self, at_us: int, *, scrubbing: bool = False) -> None:
        """Put the playhead there."""
        with self._changed:
            self._anchor(min(at_us, self._edge_us()))
            self._jumped_s = self._anchor_s
            self._is_scrubbing = scrubbing
            self._generation += 1
            self._changed.notify_all()

    def play(self) -> None:
        """Let it move."""
        self._set(is_playing=True, speed=self._speed)

    def pause(self) -> None:
        """Hold it."""
        self._set(is_playing=False, speed=self._speed)

    def set_speed(self, speed: float) -> None:
        """Choose the speed; negative runs backwards."""
        self._set(is_playing=self._is_playing, speed=speed or 1.0)

    def wait_for_change(self, generation: int, timeout_s: float) -> bool:
        """Wait until something changed since that generation, at most so long."""
        with self._changed:
            return self._changed.wait_for(lambda: self._generation != generation, timeout_s)

    def wake(self) -> None:
        """Wake all that wait, as if something had changed."""
        with self._changed:
            self._generation += 1
            self._changed.notify_all()

    def _set(self, *, is_playing: bool, speed: float) -> None:
        with self._changed:
            if (is_playing, speed) == (self._is_playing, self._speed):
                return
            self._anchor(self._position_us())
            self._is_playing, self._speed = is_playing, speed
            self._generation += 1
            self._changed.notify_all()

    def _anchor(self, at_us: int) -> None:
        self._anchor_us = at_us
        self._anchor_s = self._clock()

    def _position_us(self) -> int:
        if not self._is_playing:
            return self._anchor_us
        moved = self._anchor_us + round((self._clock() - self._anchor_s) * self._speed * 1e6)
        edge = self._edge_us()
        if moved > edge:
            self._anchor(max(edge, self._anchor_us))
            return self._anchor_us
        return moved
