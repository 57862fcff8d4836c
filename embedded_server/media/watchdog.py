"""Notices silence by arrival times: a stream without a packet for two seconds has stalled."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

STALL_S = 1.8
"""With the check every quarter second a stall is told within two."""
INTERVAL_S = 0.25
_FRAMES = 3
_log = logging.getLogger("gatehouse.media.watchdog")


class Watched(Protocol):
    """A capture as the watchdog sees it."""

    def last_arrival(self) -> float | None:
        """Monotonic time of the last packet while pictures are expected, else None."""

    def frame_s(self) -> float:
        """Usual time between pictures."""

    def stalled(self, silent_s: float) -> None:
        """Nothing came for so long; called once per stall."""


def is_stalled(now: float, last_arrival: float | None, frame_s: float) -> bool:
    """Whether a stream has been silent for too long; slow streams get three frames' time."""
    return last_arrival is not None and now - last_arrival > max(STALL_S, _FRAMES * frame_s)


class Watchdog:
    """A thread that looks at every capture each quarter of a second, and says ``looked`` after each look."""

    def __init__(
        self,
        captures: Callable[[], Iterable[Watched]],
        monotonic: Callable[[], float],
        looked: Callable[[], object] = lambda: None,
    ) -> None:
        self._captures = captures
        self._monotonic = monotonic
        self._looked = looked
        self._stop = threading.Event()
        self._told: dict[int, float] = {}
        self._thread = threading.Thread(target=self._run, name="media-watchdog", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join(1.0)

    def look(self) -> None:
        """Tell the captures that have stalled since they last got a packet."""
        now = self._monotonic()
        told: dict[int, float] = {}
        for capture in self._captures():
            arrival = capture.last_arrival()
            if arrival is None or not is_stalled(now, arrival, capture.frame_s()):
                continue
            told[id(capture)] = arrival
            if self._told.get(id(capture)) != arrival:
                capture.stalled(now - arrival)
        self._told = told

    def _run(self) -> None:
        while not self._stop.wait(INTERVAL_S):
            try:
                self.look()
                self._looked()
            except Exception:  # noqa: BLE001  (one bad look must not end the watch)
                _log.exception("the watchdog stumbled")
