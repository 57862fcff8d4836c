"""The server's handle on the media process: starts it, feeds it plans, starts it again when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import random
import threading
import time
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from embedded_server.children import born_deaf
from embedded_server.ipc import Channel, Message
from embedded_server.media import wire
from embedded_server.media.backoff import Backoff
from embedded_server.media.child import media_main
from embedded_server.media.hub import Item, StreamHub
from embedded_server.services.model import (
    CapturePlan,
    Gap,
    GapCause,
    Segment,
    StreamState,
    StreamStatus,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
    from multiprocessing.context import SpawnProcess
    from pathlib import Path

    from embedded_server.media.hub import HubReader
    from embedded_server.services.ports import LiveReader, MediaListener

STUCK_S = 15.0
"""So long without a sign of life from the media process, and it is killed: nothing is recorded meanwhile."""
_LOOK_EVERY_S = 2.5
START_TIMEOUT_S = 60.0
"""Making the footage whole after a power cut takes its time."""
_CRASHED = "The media process ended unexpectedly and is started again."
_log = logging.getLogger("gatehouse.media.process")


class MediaProcess:
    """Implements ``ports.MediaPlane``; an async context manager.

    ``known_segments`` gives the ``camera/day/name`` of every segment in the catalogue: whatever else
    lies in the footage directory is made whole and reported. Without it only the newest files are.
    """

    def __init__(
        self,
        footage_dir: Path,
        listener: MediaListener,
        *,
        log_dir: Path,
        known_segments: Callable[[], Collection[str]] | None = None,
    ) -> None:
        self._footage_dir = footage_dir
        self._listener = listener
        self._log_dir = log_dir
        self._known_segments = known_segments
        self._plans: dict[str, CapturePlan] = {}
        self._statuses: dict[str, StreamStatus] = {}
        self._open: dict[str, Segment] = {}
        self._hubs: dict[str, StreamHub] = {}
        self._generations: dict[str, int] = {}
        self._crash_gaps: dict[str, Gap] = {}
        self._child: _Child | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._is_stopping = False

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def pid(self) -> int | None:
        """Of the process, while it runs."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Start the process and wait until the footage that was left is made whole.

        Raises:
            RuntimeError: it does not start.
        """
        self._footage_dir.mkdir(parents=True, exist_ok=True)
        await self._start_child()
        self._supervisor = asyncio.create_task(self._supervise(), name="media supervisor")

    async def stop(self, timeout_s: float = 3.0) -> None:
        """End it with the last fragment kept; killed if it takes longer than ``timeout_s``."""
        self._is_stopping = True
        if self._supervisor is not None:
            self._supervisor.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervisor
            self._supervisor = None
        if self._child is not None:
            await self._child.stop(timeout_s)
            self._drain(self._child)
            self._child = None
        for hub in self._hubs.values():
            hub.close()

    async def apply(self, plans: Sequence[CapturePlan]) -> None:
        """Make exactly these captures run; what stays the same is not interrupted."""
        self._plans = {plan.stream_id: plan for plan in plans}
        for gone in [stream_id for stream_id in self._hubs if stream_id not in self._plans]:
            self._hubs.pop(gone).close()
            self._statuses.pop(gone, None)
            self._generations.pop(gone, None)
        for stream_id in self._plans:
            self._hubs.setdefault(stream_id, StreamHub())
            self._statuses.setdefault(stream_id, _connecting(stream_id))
        self._send(Message(wire.APPLY, wire.plans_body(plans)))

    def statuses(self) -> Mapping[str, StreamStatus]:
        """By stream id."""
        return dict(self._statuses)

    def open_segments(self) -> Mapping[str, Segment]:
        """The segment being written, by camera id, as of its last whole fragment."""
        return dict(self._open)

    def read(self, stream_id: str) -> LiveReader:
        """A new reader, beginning with the current group of pictures.

        Raises:
            KeyError: no such stream is planned.
        """
        hub = self._hubs[stream_id]
        is_first = not hub.has_readers
        reader = _Reader(hub, asyncio.get_running_loop(), lambda: self._left(stream_id, hub))
        if is_first:
            self._subscribe(stream_id)
        return reader

    async def _supervise(self) -> None:
        """Start the process again, for ever, with growing pauses."""
        backoff = Backoff(random.random)
        backoff.connected(time.monotonic())
        while True:
            if self._child is not None:
                await self._until_ended(self._child)
                await self._child.reap()
                self._crashed(self._child)
                self._child = None
            await asyncio.sleep(backoff.failed(time.monotonic()))
            try:
                await self._start_child()
            except (OSError, RuntimeError) as error:
                _log.warning("the media process does not start: %s", error)
                continue
            backoff.connected(time.monotonic())
            self._resume()

    async def _until_ended(self, child: _Child) -> None:
        """It has ended, or did nothing for so long that it was killed.

        Looks are counted, not seconds: a server that was itself asleep must not blame its child.
        """
        silent_looks = 0
        while not child.ended.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(child.ended.wait(), _LOOK_EVERY_S)
            silent_looks = 0 if child.take_beat() else silent_looks + 1
            if silent_looks * _LOOK_EVERY_S >= STUCK_S:
                _log.error("the media process does nothing any more and is killed")
                child.kill()
                silent_looks = 0

    async def _start_child(self) -> None:
        loop = asyncio.get_running_loop()
        child = _Child(self._footage_dir, self._log_dir, loop, self._drain, self._picture)
        child.start()
        known = None
        if self._known_segments is not None:
            known = sorted(await asyncio.to_thread(self._known_segments))
        child.send(Message(wire.START, {"known": known}))
        self._child = child
        ready = asyncio.create_task(child.ready.wait())
        ended = asyncio.create_task(child.ended.wait())
        await asyncio.wait(
            {ready, ended}, timeout=START_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED
        )
        for task in (ready, ended):
            task.cancel()
        if not child.ready.is_set():
            self._child = None
            await child.stop(0.5)
            raise RuntimeError(f"The media process does not start. Its log is in {self._log_dir}.")

    def _resume(self) -> None:
        """Everything that the dead process was told, told again."""
        self._send(Message(wire.APPLY, wire.plans_body(list(self._plans.values()))))
        for stream_id, hub in self._hubs.items():
            if hub.has_readers:
                self._subscribe(stream_id)

    def _crashed(self, child: _Child) -> None:
        self._drain(child)
        _log.error("the media process ended with status %s", child.exit_code)
        self._listener.media_alarm("media_crashed", _CRASHED)
        now = datetime.now(UTC)
        for plan in self._plans.values():
            if plan.records and plan.camera_id not in self._crash_gaps:
                segment = self._open.get(plan.camera_id)
                self._begin_crash_gap(plan.camera_id, segment.end if segment else now)
        self._open.clear()
        for stream_id, status in list(self._statuses.items()):
            self._status_changed(
                replace(status, state=StreamState.OFFLINE, cause=_CRASHED, since=now)
            )
            self._hubs[stream_id].restart()

    def _begin_crash_gap(self, camera_id: str, start: datetime) -> None:
        gap = Gap(camera_id, start, None, GapCause.SERVER_CRASHED, _CRASHED)
        self._crash_gaps[camera_id] = gap
        self._listener.gap_changed(gap)

    def _end_crash_gap(self, camera_id: str, at: datetime) -> None:
        gap = self._crash_gaps.pop(camera_id, None)
        if gap is not None:
            self._listener.gap_changed(replace(gap, end=max(at, gap.start)))

    def _subscribe(self, stream_id: str) -> None:
        generation = self._generations.get(stream_id, 0) + 1
        self._generations[stream_id] = generation
        self._hubs[stream_id].restart()
        self._send(Message(wire.SUBSCRIBE, {"s": stream_id, "g": generation}))

    def _left(self, stream_id: str, hub: StreamHub) -> None:
        """A reader has gone; the last one ends the subscription."""
        if hub.has_readers or self._hubs.get(stream_id) is not hub:
            return
        self._generations[stream_id] = self._generations.get(stream_id, 0) + 1
        hub.restart()
        self._send(Message(wire.UNSUBSCRIBE, {"s": stream_id}))

    def _send(self, message: Message) -> None:
        if self._child is not None:
            self._child.send(message)

    def _drain(self, child: _Child) -> None:
        for message in child.take_news():
            self._obey(message)

    def _obey(self, message: Message) -> None:
        body = message.body
        match message.kind:
            case wire.STATUS:
                self._status_changed(wire.read_status(body))
            case wire.MEASURED:
                status = wire.read_status(body)
                if status.stream_id in self._plans:
                    self._statuses[status.stream_id] = status
            case wire.SEGMENT:
                self._segment_written(body)
            case wire.GAP:
                gap = wire.read_gap(body)
                self._end_crash_gap(gap.camera_id, gap.start)
                self._listener.gap_changed(gap)
            case wire.ALARM:
                self._listener.media_alarm(body["kind"], body["message"])

    def _status_changed(self, status: StreamStatus) -> None:
        if status.stream_id not in self._plans:
            return
        self._statuses[status.stream_id] = status
        self._hubs[status.stream_id].publish_status(status)
        self._listener.stream_changed(status)

    def _segment_written(self, body: dict[str, object]) -> None:
        assert self._child is not None
        segment = self._child.segments.decode(body)
        if segment.is_open:
            self._open[segment.camera_id] = segment
            self._end_crash_gap(segment.camera_id, segment.start)
        elif segment.camera_id in self._open and self._open[segment.camera_id].name == segment.name:
            del self._open[segment.camera_id]
        self._listener.segment_written(segment)

    def _picture(self, message: Message) -> None:
        """In the pump thread: formats, access units and losses go straight to the stream's hub."""
        stream_id = message.body["s"]
        hub = self._hubs.get(stream_id)
        if hub is None or self._generations.get(stream_id) != message.body["g"]:
            return
        if message.kind == wire.UNIT:
            hub.publish(wire.read_unit(message))
        elif message.kind == wire.FORMAT:
            hub.publish_format(wire.read_format(message))
        else:
            hub.publish_loss(message.body["units"])


class _Child:
    """One life of the process, with the thread that empties its pipe."""

    def __init__(
        self,
        footage_dir: Path,
        log_dir: Path,
        loop: asyncio.AbstractEventLoop,
        arrived: Callable[[_Child], None],
        picture: Callable[[Message], None],
    ) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=True)
        self._theirs = theirs
        self._channel = Channel(ours)
        arguments = (theirs, str(footage_dir), str(log_dir))
        self._process: SpawnProcess = context.Process(
            target=media_main, args=arguments, name="gatehouse-media", daemon=True
        )
        self._loop = loop
        self._arrived = arrived
        self._picture = picture
        self._news: deque[Message] = deque()
        self._is_woken = False
        self._has_beaten = False
        self._lock = threading.Lock()
        self.segments = wire.SegmentDecoder()
        self.ready = asyncio.Event()
        self.ended = asyncio.Event()
        self._pump = threading.Thread(target=self._run, name="media-pump", daemon=True)

    @property
    def exit_code(self) -> int | None:
        """None while it lives."""
        return self._process.exitcode

    @property
    def pid(self) -> int | None:
        """Of the process."""
        return self._process.pid

    def start(self) -> None:
        """Spawn it."""
        with born_deaf():
            self._process.start()
        self._theirs.close()
        self._pump.start()

    def send(self, message: Message) -> None:
        """Tell it something; a dead one does not listen."""
        with contextlib.suppress(OSError):
            self._channel.send(message)

    def take_news(self) -> list[Message]:
        """What has arrived since the last time."""
        with self._lock:
            news = list(self._news)
            self._news.clear()
            self._is_woken = False
        return news

    def take_beat(self) -> bool:
        """Whether it has shown that it lives since the last time."""
        beaten, self._has_beaten = self._has_beaten, False
        return beaten

    def kill(self) -> None:
        """End it the hard way."""
        self._process.kill()

    async def stop(self, timeout_s: float) -> None:
        """Ask, wait, then insist."""
        self.send(Message(wire.STOP))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.ended.wait(), timeout_s)
        await self.reap()

    async def reap(self) -> None:
        """The process is over, or will be now."""
        await asyncio.to_thread(self._process.join, 1.0)
        if self._process.is_alive():
            _log.warning("the media process does not end and is killed")
            self._process.kill()
            await asyncio.to_thread(self._process.join, 5.0)
        await asyncio.to_thread(self._pump.join, 1.0)
        self._channel.close()

    def _run(self) -> None:
        for message in self._channel:
            if message.kind in {wire.UNIT, wire.FORMAT, wire.LOSS}:
                self._picture(message)
            elif message.kind == wire.BEAT:
                self._has_beaten = True
            elif message.kind == wire.READY:
                self._call(self.ready.set)
            else:
                self._put(message)
        self._call(self.ended.set)

    def _put(self, message: Message) -> None:
        with self._lock:
            self._news.append(message)
            wakes, self._is_woken = not self._is_woken, True
        if wakes:
            self._call(lambda: self._arrived(self))

    def _call(self, function: Callable[[], object]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            self._loop.call_soon_threadsafe(function)


class _Reader:
    """Implements ``ports.LiveReader`` over a hub's reader."""

    def __init__(
        self, hub: StreamHub, loop: asyncio.AbstractEventLoop, left: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._left = left
        self._woken = asyncio.Event()
        self._items: deque[Item] = deque()
        self._is_closed = False
        self._reader: HubReader = hub.open(self._wake)
        self._woken.set()

    def __aiter__(self) -> AsyncIterator[Item]:
        return self

    async def __anext__(self) -> Item:
        while not self._items:
            if self._is_closed or self._reader.has_ended:
                raise StopAsyncIteration
            await self._woken.wait()
            self._woken.clear()
            self._items.extend(self._reader.take())
        return self._items.popleft()

    async def aclose(self) -> None:
        """Stop reading; safe to call twice."""
        if self._is_closed:
            return
        self._is_closed = True
        self._items.clear()
        self._reader.close()
        self._woken.set()
        self._left()

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._woken.set)


def _connecting(stream_id: str) -> StreamStatus:
    return StreamStatus(stream_id, StreamState.CONNECTING, since=datetime.now(UTC))
