"""One live stream from its source to a mailbox: receive, decode, pace; reconnects for ever."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import websockets
from websockets.asyncio.client import connect

from console.domain.errors import ConsoleError, NotPermitted, SignInRefused
from console.playback import live_wire
from console.playback.decode import CannotDecode, Decoder
from console.playback.live_wire import Opening, StreamNews, Unit
from console.playback.mailbox import Mailbox, Shot
from console.playback.pacing import OVERDUE_S, Pacer, RateMeter
from console.playback.truth import Signs, Trouble
from console.playback.units import UnitQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from av import Packet, VideoStream
    from av.container import InputContainer

    from console.domain.stream import StreamSource
    from console.playback.sockets import SocketLoop
    from console.playback.threads import Spawner

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0
_MAX_MESSAGE_BYTES = 32 * 1024 * 1024
_OPEN_TIMEOUT_S = 5.0

_log = logging.getLogger("gatehouse.live")

_CLOSED_BECAUSE = {
    live_wire.CLOSE_FORBIDDEN: (Trouble.NO_PERMISSION, "This account may not watch this camera."),
    live_wire.CLOSE_NOT_FOUND: (Trouble.OFFLINE, "The camera was deleted."),
    live_wire.CLOSE_GONE: (Trouble.OFFLINE, "The camera was switched off or deleted."),
}
_REFUSED_BECAUSE = {
    401: (Trouble.NO_PERMISSION, "The system asks to sign in again."),
    403: (Trouble.NO_PERMISSION, "This account may not watch this camera."),
    404: (Trouble.OFFLINE, "The system does not know this camera or stream."),
}
_SOURCE_TROUBLE = {
    "offline": Trouble.OFFLINE,
    "unauthorised": Trouble.OFFLINE,
    "off": Trouble.OFFLINE,
    "unsupported": Trouble.UNSUPPORTED,
}


@dataclass(frozen=True, slots=True)
class FeedFigures:
    """What the statistics show of one stream."""

    codec: str
    width: int
    height: int
    shown_per_s: float
    kbit_per_s: float
    dropped: int
    damaged: int
    reconnects: int


class _TokenExpired(Exception):
    """The socket was closed because its token ran out."""


class _Lost(Exception):
    """The stream ended; carries what to say about it."""

    def __init__(self, trouble: Trouble, cause: str) -> None:
        super().__init__(cause)
        self.trouble = trouble


class LiveFeed:
    """One live stream on its way to the screen.

    ``fetch`` describes the stream with fresh credentials each time it is called.
    """

    def __init__(
        self,
        fetch: Callable[[], Future[StreamSource]],
        *,
        name: str,
        sockets: SocketLoop,
        spawner: Spawner,
        delay_s: float = 0.1,
    ) -> None:
        self.mailbox = Mailbox()
        self._fetch = fetch
        self._name = name
        self._spawner = spawner
        self._sockets = sockets
        self._queue = UnitQueue()
        self._pacer = Pacer(delay_s=delay_s)
        self._time_base = Fraction(1, 1_000_000)
        self._decoder: Decoder | None = None
        self._opening: Opening | None = None
        self._closing = threading.Event()
        self._retry: asyncio.Event | None = None
        self._opened_s = time.monotonic()
        self._arrived_s: float | None = None
        self._shown_s: float | None = None
        self._late_s = 0.0
        self._interval_s = 0.1
        self._last_pts_s: float | None = None
        self._trouble = Trouble.NONE
        self._cause: str | None = None
        self._trouble_since_s: float | None = None
        self._next_try_at: datetime | None = None
        self._is_stalled_at_source = False
        self._shown_rate = RateMeter()
        self._byte_rate = RateMeter()
        self._reconnects = 0
        self._unit_count = 0
        self._too_late_count = 0
        self._thread = spawner.spawn(self._decode_all, name=f"decode {name}")
        self._task = sockets.start(self._run())

    # -- what the window asks ------------------------------------------------------------------------

    @property
    def has_picture(self) -> bool:
        """Whether anything was shown yet."""
        return self._shown_s is not None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the stream, zeros while unknown."""
        decoder = self._decoder
        return (0, 0) if decoder is None else decoder.size

    def signs(self) -> Signs:
        """What there is to judge the stream by."""
        return Signs(
            opened_s=self._opened_s,
            arrived_s=self._arrived_s,
            shown_s=self._shown_s,
            late_s=self._late_s,
            interval_s=self._interval_s,
            trouble=self._trouble,
            cause=self._cause,
            trouble_since_s=self._trouble_since_s,
            next_try_at=self._next_try_at,
            is_stalled_at_source=self._is_stalled_at_source,
        )

    def figures(self) -> FeedFigures:
        """Figures for the statistics."""
        now = time.monotonic()
        width, height = self.size
        return FeedFigures(
            codec="" if self._opening is None else self._opening.codec,
            width=width,
            height=height,
            shown_per_s=self._shown_rate.per_second(now),
            kbit_per_s=self._byte_rate.per_second(now) * 8 / 1000,
            dropped=self._queue.dropped_count + self._too_late_count + self.mailbox.dropped_count,
            damaged=0 if self._decoder is None else self._decoder.error_count,
            reconnects=self._reconnects,
        )

    def set_watched(self, watched: bool) -> None:
        """Stop decoding while nobody can see the tile; the stream stays open."""
        self._queue.set_watched(watched)

    def retry_now(self) -> None:
        """Connect now instead of waiting for the next try."""
        if self._retry is not None:
            self._sockets.call(self._retry.set)

    def close(self) -> None:
        """Stop; returns at once, the threads end by themselves."""
        self._closing.set()
        self._queue.close()
        self._task.cancel()

    # -- receiving, in the socket loop ---------------------------------------------------------------

    async def _run(self) -> None:
        """Connect, receive, and do it again, for ever."""
        self._retry = asyncio.Event()
        pause_s = FIRST_PAUSE_S
        renewed = False
        while not self._closing.is_set():
            units_before = self._unit_count
            try:
                await self._run_once()
                raise _Lost(Trouble.OFFLINE, "The system ended the stream.")
            except _TokenExpired:
                if not renewed:
                    renewed = True
                    continue
                self._note_trouble(
                    Trouble.NO_PERMISSION, "The system refuses the sign-in.", pause_s
                )
            except _Lost as lost:
                self._note_trouble(lost.trouble, str(lost), pause_s)
            got_pictures = self._unit_count > units_before
            renewed = renewed and not got_pictures
            pause_s = FIRST_PAUSE_S if got_pictures else pause_s
            await self._pause(pause_s)
            pause_s = min(LONGEST_PAUSE_S, pause_s * 1.7)
            self._reconnects += 1

    async def _run_once(self) -> None:
        try:
            source = await asyncio.wrap_future(self._fetch())
        except (NotPermitted, SignInRefused) as refused:
            raise _Lost(Trouble.NO_PERMISSION, str(refused)) from refused
        except ConsoleError as error:
            raise _Lost(Trouble.OFFLINE, str(error)) from error
        if source.kind == "url":
            await self._demux(source)
        else:
            await self._receive(source)

    async def _receive(self, source: StreamSource) -> None:
        try:
            async with (
                connect(
                    source.url,
                    additional_headers=dict(source.headers),
                    compression=None,  # coded video does not shrink, and deflate triples the tail of the delay
                    max_size=_MAX_MESSAGE_BYTES,
                    open_timeout=_OPEN_TIMEOUT_S,
                    close_timeout=0.5,
                    ping_interval=3,
                    ping_timeout=4,
                    proxy=None,
                ) as socket
            ):
                self._pacer.reset()
                async for message in socket:
                    self._take(message)
        except websockets.ConnectionClosed as closed:
            raise _lost_by(closed.rcvd.code if closed.rcvd else None) from closed
        except websockets.InvalidStatus as refused:
            raise _refused_by(refused.response.status_code) from refused
        except (OSError, TimeoutError, websockets.WebSocketException) as fault:
            raise _Lost(Trouble.OFFLINE, "The system does not answer.") from fault

    def _take(self, message: str | bytes) -> None:
        try:
            if isinstance(message, bytes):
                self._take_unit(live_wire.read_unit(message))
                return
            said = live_wire.read_text(message)
        except ValueError as fault:
            _log.warning("%s: %s", self._name, fault)
            return
        if isinstance(said, Opening):
            self._take_opening(said)
        elif isinstance(said, StreamNews):
            self._take_news(said)

    def _take_opening(self, opening: Opening) -> None:
        self._time_base = opening.time_base
        self._queue.put_opening(opening)

    def _take_unit(self, unit: Unit) -> None:
        now = time.monotonic()
        if unit.is_discontinuous:
            self._pacer.reset()
        pts_s = float(unit.pts * self._time_base)
        self._learn_interval(pts_s)
        self._pacer.arrived(pts_s, now)
        self._arrived_s = now
        self._byte_rate.add(now, len(unit.payload))
        self._unit_count += 1
        if self._trouble is not Trouble.UNSUPPORTED:
            self._clear_trouble()
        self._queue.put(unit)

    def _learn_interval(self, pts_s: float) -> None:
        last, self._last_pts_s = self._last_pts_s, pts_s
        if last is not None and 0 < pts_s - last < 5:
            self._interval_s += 0.2 * (pts_s - last - self._interval_s)

    def _take_news(self, news: StreamNews) -> None:
        self._is_stalled_at_source = news.state == "stalled"
        trouble = _SOURCE_TROUBLE.get(news.state)
        if trouble is not None:
            self._set_trouble(trouble, news.cause or "", news.next_try_at)
        elif news.state == "online" and self._trouble is not Trouble.UNSUPPORTED:
            self._clear_trouble()
        else:
            self._cause = news.cause or self._cause
            self._next_try_at = news.next_try_at

    async def _pause(self, pause_s: float) -> None:
        assert self._retry is not None
        self._retry.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._retry.wait(), pause_s * random.uniform(0.8, 1.2))

    def _note_trouble(self, trouble: Trouble, cause: str, pause_s: float) -> None:
        self._set_trouble(trouble, cause, datetime.now(UTC) + timedelta(seconds=pause_s))

    def _set_trouble(self, trouble: Trouble, cause: str, next_try_at: datetime | None) -> None:
        if self._trouble is Trouble.NONE:
            self._trouble_since_s = time.monotonic()
            _log.info("%s: lost (%s)", self._name, cause)
        self._trouble, self._cause, self._next_try_at = trouble, cause, next_try_at

    def _clear_trouble(self) -> None:
        if self._trouble is not Trouble.NONE:
            _log.info("%s: back", self._name)
        self._trouble, self._cause, self._next_try_at = Trouble.NONE, None, None
        self._trouble_since_s = None
        self._is_stalled_at_source = False

    # -- reading a URL with FFmpeg, in a thread of its own -------------------------------------------

    async def _demux(self, source: StreamSource) -> None:
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[str] = loop.create_future()

        def finish(cause: str) -> None:
            if not ended.done():
                ended.set_result(cause)

        def run() -> None:
            cause = self._demux_all(source)
            if not loop.is_closed():
                loop.call_soon_threadsafe(finish, cause)

        self._spawner.spawn(run, name=f"demux {self._name}")
        raise _Lost(Trouble.OFFLINE, await ended)

    def _demux_all(self, source: StreamSource) -> str:
        options = {"rtsp_transport": "tcp", "analyzeduration": "1"}
        if not source.url.startswith("rtsp"):
            options = {}
        try:
            with av.open(source.url, options=options, timeout=(_OPEN_TIMEOUT_S, 3.0)) as container:
                return self._demux_container(container)
        except (av.error.FFmpegError, OSError, ValueError) as fault:
            return f"The address cannot be played: {type(fault).__name__}."

    def _demux_container(self, container: InputContainer) -> str:
        if not container.streams.video:
            return "There is no video at that address."
        stream = container.streams.video[0]
        context = stream.codec_context
        time_base = stream.time_base or Fraction(1, 90_000)
        self._take_opening(
            Opening(
                context.name, context.extradata or b"", time_base, context.width, context.height
            )
        )
        for packet in _packets(container, stream, self._closing):
            wall_us = time.time_ns() // 1000
            payload = memoryview(bytes(packet))
            self._take_unit(Unit(packet.is_keyframe, False, packet.pts or 0, wall_us, payload))
        return "The stream ended."

    # -- decoding, in its own thread -----------------------------------------------------------------

    def _decode_all(self) -> None:
        while (item := self._queue.get()) is not None:
            try:
                self._take_item(item)
            except Exception as fault:  # noqa: BLE001  hostile data must not end the thread
                _log.warning("%s: a picture could not be decoded: %r", self._name, fault)

    def _take_item(self, item: Opening | Unit) -> None:
        if isinstance(item, Opening):
            self._open(item)
        else:
            self._decode(item)

    def _open(self, opening: Opening) -> None:
        if self._decoder is not None and opening == self._opening:
            self._decoder.restart()
            return
        self._opening = opening
        try:
            self._decoder = Decoder(opening.codec, opening.extradata, time_base=opening.time_base)
        except CannotDecode as cannot:
            self._decoder = None
            self._set_trouble(Trouble.UNSUPPORTED, str(cannot), None)
            return
        if self._trouble is Trouble.UNSUPPORTED:
            self._clear_trouble()

    def _decode(self, unit: Unit) -> None:
        decoder = self._decoder
        if decoder is None:
            return
        for frame in decoder.decode(unit.payload, pts=unit.pts, is_key=unit.is_key):
            pts = unit.pts if frame.pts is None else frame.pts
            self._show(Shot(frame, unit.wall_us, decoder.aspect), float(pts * self._time_base))

    def _show(self, shot: Shot, pts_s: float) -> None:
        wait_s = self._pacer.wait_s(pts_s, time.monotonic())
        if wait_s > 0:
            self._closing.wait(wait_s)
        elif wait_s < -OVERDUE_S and not self._queue.is_empty():
            self._too_late_count += 1
            return
        now = time.monotonic()
        self._late_s = self._pacer.late_s(pts_s, now)
        self._shown_s = now
        self._shown_rate.add(now)
        self.mailbox.put(shot)


def _packets(
    container: InputContainer, stream: VideoStream, closing: threading.Event
) -> Iterator[Packet[VideoStream]]:
    """Packets with a time; those of a file come at its own speed and begin again after its end."""
    is_file = not container.name or "://" not in container.name or container.name[:5] == "file:"
    tick_s = float(stream.time_base or Fraction(1, 90_000))
    started_s = time.monotonic()
    offset = last = 0
    while not closing.is_set():
        for packet in container.demux(stream):
            if packet.pts is None or not packet.size:
                continue
            packet.pts = packet.pts + offset
            last = max(last, packet.pts + (packet.duration or 0))
            if is_file:
                closing.wait(max(0.0, started_s + packet.pts * tick_s - time.monotonic()))
            if closing.is_set():
                return
            yield packet
        if not is_file or last == offset:
            return
        offset = last
        container.seek(0)


def _lost_by(code: int | None) -> Exception:
    if code == live_wire.CLOSE_UNAUTHORISED:
        return _TokenExpired()
    if code in _CLOSED_BECAUSE:
        return _Lost(*_CLOSED_BECAUSE[code])
    return _Lost(Trouble.OFFLINE, "The connection to the system was lost.")


def _refused_by(status: int) -> Exception:
    if status == 401:
        return _TokenExpired()
    if status in _REFUSED_BECAUSE:
        return _Lost(*_REFUSED_BECAUSE[status])
    return _Lost(Trouble.OFFLINE, f"The system refuses the stream (HTTP {status}).")
