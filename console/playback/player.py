"""Playback of several cameras on one clock: a thread per camera shows what the clock says."""

from __future__ import annotations

import enum
import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from console.domain.errors import ConsoleError
from console.playback.clock import MasterClock
from console.playback.cursor import Cursor, Seen
from console.playback.mailbox import Mailbox, Shot
from console.playback.pacing import RateMeter
from console.playback.reader import FootageReader, Nothing

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.playback.clock import Pace
    from console.playback.footage_source import FootageSource
    from console.playback.threads import Spawner

EXACT_SPEED = 4.0
"""Faster than this only key frames are shown."""
SETTLE_S = 0.12
"""While the playhead is dragged key frames are shown; the exact one after this long without a move."""
EDGE_DELAY_S = 1.5
"""How far behind now footage can be read: a fragment is written when the next picture arrives."""
_RETRY_S = 1.0
_EDGE_RETRY_S = 0.25
_KEY_TICK_S = 1 / 15
_IDLE_S = 5.0

_log = logging.getLogger("gatehouse.playback")


class Showing(enum.StrEnum):
    """What a playback tile shows."""

    LOADING = "loading"
    PICTURE = "picture"
    NOTHING = "nothing"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class ReelStatus:
    """What one camera shows now."""

    showing: Showing
    at_us: int = 0
    """Time of the picture."""
    is_exact: bool = True
    nothing: Nothing | None = None
    fault: str = ""
    shown_per_s: float = 0.0
    late: int = 0
    """Pictures left out because they were late."""


class Reel:
    """Shows one camera's footage at the clock's position, in a thread of its own."""

    def __init__(
        self,
        source: FootageSource,
        mailbox: Mailbox,
        clock: MasterClock,
        *,
        spawner: Spawner,
        name: str,
    ) -> None:
        self._cursor = Cursor(FootageReader(source))
        self._mailbox = mailbox
        self._clock = clock
        self._closing = threading.Event()
        self._steps = 0
        self._seen: Seen | None = None
        self._rate = RateMeter()
        self._late = 0
        self._status = ReelStatus(Showing.LOADING)
        self._thread = spawner.spawn(self._run, name=f"playback {name}")

    def status(self) -> ReelStatus:
        """What is shown now."""
        return replace(
            self._status, shown_per_s=self._rate.per_second(time.monotonic()), late=self._late
        )

    def step(self, frames: int) -> None:
        """Move the clock to the picture so many further (negative: back) of this camera."""
        self._steps += frames
        self._clock.wake()

    def close(self) -> None:
        """Stop; returns at once."""
        self._closing.set()
        self._clock.wake()

    # -- in the thread -------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing.is_set():
            pace = self._clock.pace()
            try:
                self._follow(pace)
            except ConsoleError as error:
                _log.info("%s", error)
                self._status = ReelStatus(Showing.FAULT, pace.position_us, fault=str(error))
                self._wait(pace, _RETRY_S)
            except Exception as fault:  # noqa: BLE001  hostile footage must not end the thread
                _log.warning("footage could not be shown: %r", fault)
                sentence = "The footage at this moment cannot be shown."
                self._status = ReelStatus(Showing.FAULT, pace.position_us, fault=sentence)
                self._wait(pace, _RETRY_S)

    def _follow(self, pace: Pace) -> None:
        if self._steps:
            self._take_steps()
        elif pace.speed == 0:
            self._rest(pace)
        elif 0 < pace.speed <= EXACT_SPEED:
            self._play(pace)
        elif -1 <= pace.speed < 0:
            self._play_back(pace)
        else:
            self._skim(pace)

    def _rest(self, pace: Pace) -> None:
        if pace.is_scrubbing and time.monotonic() - pace.jumped_s < SETTLE_S:
            self._show(self._cursor.key_at(pace.position_us), is_exact=False)
            if self._wait(pace, SETTLE_S):
                return
        found = self._cursor.at(pace.position_us)
        self._show(found)
        is_edge = isinstance(found, Nothing) and found.is_edge
        self._wait(pace, _EDGE_RETRY_S if is_edge else _IDLE_S)

    def _play(self, pace: Pace) -> None:
        """Show picture after picture until something changes."""
        found = self._cursor.at(pace.position_us)
        while not self._closing.is_set():
            self._show(found)
            now = self._clock.pace()
            if now.generation != pace.generation:
                return
            if isinstance(found, Nothing):
                self._wait(pace, self._nothing_wait_s(found, now))
                return
            self._cursor.read_ahead()
            if now.position_us - found.until_us > 500_000 * max(1.0, now.speed):
                self._late += 1
                found = self._cursor.at(now.position_us)
                continue
            following = self._cursor.after(found)
            if isinstance(following, Nothing) and following.is_edge:
                if self._wait(pace, _EDGE_RETRY_S):
                    return
                continue
            wait_s = (found.until_us - self._clock.position_us()) / 1e6 / now.speed
            if wait_s > 0 and self._wait(pace, wait_s):
                return
            found = following

    def _play_back(self, pace: Pace) -> None:
        found = self._cursor.at(pace.position_us)
        self._show(found)
        if isinstance(found, Nothing):
            self._wait(pace, _EDGE_RETRY_S)
            return
        wait_s = (self._clock.position_us() - found.at_us) / 1e6 / -pace.speed
        self._wait(pace, max(0.001, wait_s))

    def _skim(self, pace: Pace) -> None:
        found = self._cursor.key_at(pace.position_us)
        self._show(found, is_exact=False)
        self._wait(pace, _KEY_TICK_S)

    def _take_steps(self) -> None:
        steps, self._steps = self._steps, 0
        found: Seen | Nothing = self._cursor.at(self._clock.position_us())
        for _ in range(abs(steps)):
            if isinstance(found, Nothing):
                break
            found = self._cursor.after(found) if steps > 0 else self._cursor.before(found)
        if isinstance(found, Seen):
            self._clock.jump(found.at_us)

    def _show(self, found: Seen | Nothing, *, is_exact: bool = True) -> None:
        if isinstance(found, Nothing):
            if not found.is_edge:
                self._seen = None
                position = self._clock.position_us()
                self._status = ReelStatus(Showing.NOTHING, position, nothing=found)
            return
        if self._seen is None or self._seen.frame is not found.frame:
            self._seen = found
            self._rate.add(time.monotonic())
            self._mailbox.put(Shot(found.frame, found.at_us, found.aspect))
        self._status = ReelStatus(Showing.PICTURE, found.at_us, is_exact=is_exact)

    def _nothing_wait_s(self, nothing: Nothing, pace: Pace) -> float:
        if nothing.next_us is None:
            return _RETRY_S
        return min(_RETRY_S, max(0.01, (nothing.next_us - pace.position_us) / 1e6 / pace.speed))

    def _wait(self, pace: Pace, timeout_s: float) -> bool:
        return self._clock.wait_for_change(pace.generation, timeout_s) or self._closing.is_set()


class Player:
    """The clock of one timeline and a reel for each camera on it."""

    def __init__(self, spawner: Spawner, *, now_us: Callable[[], int] | None = None) -> None:
        wall = now_us or (lambda: time.time_ns() // 1000)
        self._spawner = spawner
        self.clock = MasterClock(lambda: wall() - round(EDGE_DELAY_S * 1e6))
        self._reels: dict[int, Reel] = {}
        self._moved_s = -1e9

    def add(self, tile: int, source: FootageSource, mailbox: Mailbox, *, name: str) -> None:
        """Show a camera's footage in a tile."""
        self.remove(tile)
        self._reels[tile] = Reel(source, mailbox, self.clock, spawner=self._spawner, name=name)

    def remove(self, tile: int) -> None:
        """Show no footage in a tile any more."""
        reel = self._reels.pop(tile, None)
        if reel is not None:
            reel.close()

    def status(self, tile: int) -> ReelStatus | None:
        """What a tile shows."""
        reel = self._reels.get(tile)
        return None if reel is None else reel.status()

    def go_to(self, at_us: int) -> None:
        """Put the playhead there; many of these in a row are a drag, shown by key frames meanwhile."""
        now_s = time.monotonic()
        self.clock.jump(at_us, scrubbing=now_s - self._moved_s < 2 * SETTLE_S)
        self._moved_s = now_s

    def step(self, frames: int, *, lead: int) -> None:
        """Hold, and move by pictures of the leading tile, or of any other if that one shows none."""
        self.clock.pause()
        reel = self._reels.get(lead) or next(iter(self._reels.values()), None)
        if reel is not None:
            reel.step(frames)

    def next_footage_us(self) -> int | None:
        """Where footage goes on, when no camera has any at the playhead."""
        statuses = [reel.status() for reel in self._reels.values()]
        if not statuses or any(status.showing is not Showing.NOTHING for status in statuses):
            return None
        later = [s.nothing.next_us for s in statuses if s.nothing and s.nothing.next_us]
        return min(later, default=None)

    def close(self) -> None:
        """Stop all reels."""
        for reel in self._reels.values():
            reel.close()
        self._reels = {}
