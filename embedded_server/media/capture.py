"""One stream's capture: ``run`` never gives up, ``run_once`` may fail."""

from __future__ import annotations

import contextlib
import logging
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from embedded_server.media.diagnosis import address_of, knock
from embedded_server.media.errors import CameraLost, CaptureError, Stalled
from embedded_server.media.feed import Feed
from embedded_server.media.packet import Packet
from embedded_server.media.session import Session
from embedded_server.media.sockets import cut_silent
from embedded_server.services.model import StreamFormat, StreamState, StreamStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from embedded_server.media.backoff import Backoff
    from embedded_server.media.source import Opener
    from embedded_server.services.model import CapturePlan
    from embedded_server.services.ports import Clock

FIRST_OPEN_S = 1.5
"""A stalled camera holds an attempt until this ends, so it must be short after a loss."""
LONGEST_OPEN_S = 10.0
KNOCK_EVERY_S = 1.0
STATISTICS_EVERY_S = 2.0
_log = logging.getLogger("gatehouse.media.capture")


class CaptureSink(Protocol):
    """What a capture feeds; called from the capture thread, ``state_changed`` also by the watchdog."""

    @property
    def is_watched(self) -> bool:
        """Whether somebody waits for each picture; otherwise some may come together, half a second late."""

    def format_changed(self, stream_format: StreamFormat) -> None:
        """What follows is of this format; the next packet is a key frame."""

    def packet_arrived(self, packet: Packet) -> None:
        """One picture."""

    def state_changed(self, status: StreamStatus, error: CaptureError | None) -> None:
        """Online, or failed because of ``error``."""

    def measured(self, status: StreamStatus) -> None:
        """The same state with newer figures."""


class Capture:
    """Owns the capture thread of one plan."""

    def __init__(
        self,
        plan: CapturePlan,
        sink: CaptureSink,
        *,
        opener: Opener,
        backoff: Backoff,
        clock: Clock,
    ) -> None:
        self.plan = plan
        self._sink = sink
        self._opener = opener
        self._backoff = backoff
        self._clock = clock
        self._address = address_of(plan.url, plan.shown_url)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._status = StreamStatus(plan.stream_id, StreamState.CONNECTING, since=clock.now())
        self._figures = _Figures()
        self._arrival: float | None = None
        self._stalled: Stalled | None = None
        self._is_lost = False
        self._format: StreamFormat | None = None
        self._feed: Feed | None = None
        self._thread = threading.Thread(
            target=self.run, name=f"capture {plan.stream_id}", daemon=True
        )

    def start(self) -> None:
        """Begin."""
        self._sink.state_changed(self._status, None)
        self._thread.start()

    def request_stop(self) -> None:
        """Hand on what has come, and end soon; a blocked read ends with the next packet or its timeout."""
        self._stop.set()
        self._flush()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; False if the thread is still blocked in a read."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def run(self) -> None:
        """Capture until told to stop, however often it fails."""
        while not self._stop.is_set():
            try:
                self.run_once()
            except CaptureError as error:
                self._failed(error)
            except Exception as error:  # noqa: BLE001  (a fault of ours must not end the capture for good)
                _log.exception("%s: the capture stumbled", self.plan.stream_id)
                self._failed(CameraLost(f"Reading the stream failed ({type(error).__name__})."))

    def run_once(self) -> None:
        """One connection from opening to its end.

        Raises:
            CaptureError: why it ended, unless it was told to stop.
        """
        source = self._opener(
            self.plan, open_timeout_s=self._open_timeout_s(), pause=self._stop.wait
        )
        try:
            self._arrival = None
            session = Session(source.facts, shown=self._address.shown)
            self._figures = _Figures(source.facts.fps)
            self._feed = feed = Feed(session, source.facts.time_base, self._hand_on)
            for raw in source.packets():
                if self._stop.is_set():
                    return
                self._arrival = self._clock.monotonic()
                feed.take(raw, at_once=not self._is_online or self._sink.is_watched)
            if not self._stop.is_set():
                raise self._stalled or CameraLost(self._end_sentence())
        except CaptureError as error:
            if self._stop.is_set():
                return
            raise self._stalled or error from error
        finally:
            self._flush()
            self._feed = None
            self._arrival = None
            self._stalled = None
            source.close()

    def last_arrival(self) -> float | None:
        """For the watchdog."""
        return self._arrival

    def frame_s(self) -> float:
        """For the watchdog."""
        return self._figures.frame_s

    def stalled(self, silent_s: float) -> None:
        """Called by the watchdog: say so, and end the read where the platform lets us."""
        host = self._address.host or self._address.shown
        error = Stalled(f"{host} is connected but has sent no picture for {silent_s:.0f} s.")
        self._stalled = error
        self._flush()
        self._change(StreamState.STALLED, error)
        if self.plan.rtsp_transport != "udp" and self._address.host:
            cut_silent(self._address.port, silent_s=silent_s - 0.3)

    def _open_timeout_s(self) -> float:
        if not self._is_lost:
            return 2 * FIRST_OPEN_S
        return float(min(LONGEST_OPEN_S, FIRST_OPEN_S * 1.5 ** min(self._backoff.failures, 10)))

    @property
    def _is_online(self) -> bool:
        return self._status.state is StreamState.ONLINE

    def _flush(self) -> None:
        """Hand on what waits; if that is garbage, there is nothing in it to lose."""
        if (feed := self._feed) is not None:
            with contextlib.suppress(CaptureError):
                feed.flush()

    def _hand_on(self, items: Sequence[StreamFormat | Packet]) -> None:
        for item in items:
            if isinstance(item, Packet):
                if not self._is_online:
                    self._online()
                self._sink.packet_arrived(item)
            else:
                self._format = item
                self._sink.format_changed(item)
        self._measure([len(item.payload) for item in items if isinstance(item, Packet)])

    def _online(self) -> None:
        if self._is_lost:
            _log.info("%s is back", self.plan.stream_id)
        reconnects = self._status.reconnects + (1 if self._is_lost else 0)
        self._is_lost = False
        self._stalled = None
        self._backoff.connected(self._clock.monotonic())
        self._change(StreamState.ONLINE, None, reconnects=reconnects)

    def _failed(self, error: CaptureError) -> None:
        now = self._clock.monotonic()
        pause = self._backoff.failed(now, at_least_s=error.pause_at_least_s)
        if not self._is_lost:
            _log.warning("%s is lost: %s", self.plan.stream_id, error.sentence)
        self._is_lost = True
        next_try = self._clock.now() + timedelta(seconds=pause)
        self._change(error.state, error, next_try_at=next_try)
        self._wait(pause, knocks=isinstance(error, CameraLost) and error.host_is_away)

    def _wait(self, pause: float, *, knocks: bool) -> None:
        """Pause; a camera that was away altogether is tried as soon as its port answers again."""
        until = self._clock.monotonic() + pause
        while (rest := until - self._clock.monotonic()) > 0:
            if self._stop.wait(min(rest, KNOCK_EVERY_S)):
                return
            if knocks and rest > KNOCK_EVERY_S and knock(self._address) == "open":
                return

    def _change(
        self,
        state: StreamState,
        error: CaptureError | None,
        *,
        next_try_at: datetime | None = None,
        reconnects: int | None = None,
    ) -> None:
        with self._lock:
            before = self._status
            since = before.since if before.state is state else self._clock.now()
            self._status = self._described(
                state,
                cause=error.sentence if error else None,
                since=since,
                next_try_at=next_try_at,
                reconnects=before.reconnects if reconnects is None else reconnects,
            )
            self._sink.state_changed(self._status, error)

    def _measure(self, sizes: list[int]) -> None:
        if self._figures.add(sizes, self._clock.monotonic()):
            with self._lock:
                was = self._status
                self._status = self._described(
                    was.state,
                    cause=was.cause,
                    since=was.since,
                    next_try_at=was.next_try_at,
                    reconnects=was.reconnects,
                )
                self._sink.measured(self._status)

    def _described(
        self,
        state: StreamState,
        *,
        cause: str | None,
        since: datetime | None,
        next_try_at: datetime | None,
        reconnects: int,
    ) -> StreamStatus:
        last = self._arrival
        age_s = self._clock.monotonic() - last if last is not None else None
        return StreamStatus(
            stream_id=self.plan.stream_id,
            state=state,
            cause=cause,
            since=since,
            next_try_at=next_try_at,
            codec=self._format.codec if self._format else None,
            width=self._format.width if self._format else None,
            height=self._format.height if self._format else None,
            fps=self._figures.fps,
            bitrate_kbps=self._figures.kbps,
            reconnects=reconnects,
            last_packet_at=self._clock.now() - timedelta(seconds=age_s)
            if age_s is not None
            else self._status.last_packet_at,
        )

    def _end_sentence(self) -> str:
        return f"{self._address.host or self._address.shown} ended the stream."


class _Figures:
    """Frames and bits per second, over two seconds each."""

    def __init__(self, fps: float | None = None) -> None:
        self.fps: float | None = fps
        self.kbps: float | None = None
        self._began: float | None = None
        self._frames = 0
        self._bytes = 0

    @property
    def frame_s(self) -> float:
        return 1 / self.fps if self.fps else 0.1

    def add(self, sizes: list[int], now: float) -> bool:
        """Count pictures that came together; True when there are new figures."""
        if self._began is None:
            self._began = now
            return False
        self._frames += len(sizes)
        self._bytes += sum(sizes)
        span = now - self._began
        if span < STATISTICS_EVERY_S:
            return False
        self.fps = round(self._frames / span, 2)
        self.kbps = round(self._bytes * 8 / 1000 / span, 1)
        self._began, self._frames, self._bytes = now, 0, 0
        return True
