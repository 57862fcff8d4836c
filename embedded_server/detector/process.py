"""The analysis worker as the server sees it: started, fed with access units, started again after a crash."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import os
import threading
import time
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedded_server.children import born_deaf
from embedded_server.contract.live import AccessUnit
from embedded_server.detector import wire
from embedded_server.ipc import Channel, Message
from embedded_server.services.model import (
    EventPhase,
    EventReport,
    StreamFormat,
    StreamState,
    StreamStatus,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection
    from types import TracebackType

    from embedded_server.services.model import AnalysisPlan
    from embedded_server.services.ports import AnalysisListener, LiveReader

log = logging.getLogger("gatehouse.analysis")

MODELS_DIR_VARIABLE = "GATEHOUSE_MODELS_DIR"
"""One more folder of models, beside ``<data>/models``."""

_READY_WITHIN_S = 90.0
"""A slow disk and several models take their time; beyond this it hangs."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _STEADY_S = 0.5, 15.0, 60.0
_STUCK_S = 30.0
_OUTBOX_BYTES = 16_000_000
_INBOX_MESSAGES = 2_000
_READER_PAUSE_S = 1.0
_SILENT_STATES = {
    StreamState.OFFLINE,
    StreamState.OFF,
    StreamState.UNAUTHORISED,
    StreamState.UNSUPPORTED,
}


class AnalysisProcess:
    """Implements ``AnalysisPlane``; an async context manager.

    ``read`` opens a live reader for a stream id; it may raise KeyError while the stream is not planned yet.
    """

    def __init__(
        self,
        listener: AnalysisListener,
        read: Callable[[str], LiveReader],
        *,
        models_dir: Path,
        log_dir: Path,
    ) -> None:
        self._listener = listener
        self._read = read
        self._model_dirs = [models_dir]
        if extra := os.environ.get(MODELS_DIR_VARIABLE):
            self._model_dirs.append(Path(extra))
        self._log_dir = log_dir
        self._plans: tuple[AnalysisPlan, ...] = ()
        self._child: _Child | None = None
        self._pumps: dict[str, tuple[str, asyncio.Task[None]]] = {}
        self._starting: asyncio.Future[None] | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._open_events: dict[str, EventReport] = {}
        self._trying: set[str] = set()
        self._banned: set[str] = set()
        self.restarts = 0

    async def __aenter__(self) -> AnalysisProcess:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def pid(self) -> int | None:
        """Of the worker that runs now."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Start the worker and keep it running."""
        if self._supervisor is None:
            self._log_dir.mkdir(parents=True, exist_ok=True)
            self._supervisor = asyncio.create_task(self._supervise(), name="analysis-supervisor")

    async def stop(self, timeout_s: float = 4.0) -> None:
        """End the worker; events that are open are reported as ended."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is None:
            return
        supervisor.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await supervisor
        child, self._child = self._child, None
        await self._stop_pumps()
        if child is not None:
            await asyncio.to_thread(child.stop, timeout_s)
            self._hear(child.take())
        self._end_open_events()

    async def apply(self, plans: Sequence[AnalysisPlan]) -> None:
        """Analyse exactly these cameras."""
        self._plans = tuple(plans)
        if self._child is not None:
            self._send_plans(self._child)
            await self._arrange_pumps()

    async def _supervise(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            born_at = time.monotonic()
            try:
                cause = await self._run_once()
            except Exception:  # whatever it was: analysis that ends without a word helps nobody
                log.exception("the analysis worker cannot be run")
                cause = "it cannot be run"
            self._end_open_events()
            if time.monotonic() - born_at > _STEADY_S:
                pause_s = _FIRST_PAUSE_S
            self.restarts += 1
            self._ban_culprits()
            log.error("the analysis worker ended: %s", cause)
            self._listener.analysis_alarm(
                "worker_crashed",
                f"The analysis process ended unexpectedly ({cause}). It is being started again; "
                "recording goes on. If this repeats, look into logs/analysis.crash.log.",
            )
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def _run_once(self) -> str:
        """One life of the worker; returns why it ended."""
        birth = asyncio.ensure_future(asyncio.to_thread(_Child, self._model_dirs, self._log_dir))
        try:
            child = await asyncio.shield(birth)
        except OSError as error:
            return f"it could not be started: {error}"
        except asyncio.CancelledError:  # what is being born must be stopped as well
            self._child = await birth
            raise
        self._child = child
        child.listen(asyncio.get_running_loop(), self._hear_now)
        self._send_plans(child)
        while not child.has_ended.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(child.has_ended.wait(), 5.0)
            if child.is_stuck() or child.is_overdue():
                child.kill()
        self._child = None
        await self._stop_pumps()
        return await asyncio.to_thread(child.stop, 1.0)

    def _send_plans(self, child: _Child) -> None:
        child.post(wire.plans_message(self._plans, sorted(self._banned)))

    def _ban_culprits(self) -> None:
        """A model during whose loading the worker died is not tried again by this server."""
        self._banned |= self._trying
        self._trying.clear()

    async def _arrange_pumps(self) -> None:
        """One pump for each planned camera, none for others; pumps of unchanged plans go on.

        None before the worker is ready: what it would get in one burst is too old to be analysed.
        """
        child = self._child
        if child is None or not child.is_ready:
            return
        streams = self._streams()
        await self._stop_pumps([c for c, (s, _) in self._pumps.items() if streams.get(c) != s])
        if child is not self._child:
            return
        for camera_id, stream_id in self._streams().items():
            if camera_id not in self._pumps:
                task = asyncio.create_task(
                    self._pump(child, camera_id, stream_id), name=f"analysis-pump-{camera_id}"
                )
                self._pumps[camera_id] = stream_id, task

    def _streams(self) -> dict[str, str]:
        return {plan.camera_id: plan.stream_id for plan in self._plans}

    def _start_pumps(self) -> None:
        """The worker is ready: begin to feed it."""
        if self._child is not None:
            self._child.is_ready = True
            self._starting = asyncio.ensure_future(self._arrange_pumps())

    async def _stop_pumps(self, cameras: Sequence[str] | None = None) -> None:
        names = list(self._pumps) if cameras is None else cameras
        tasks = [self._pumps.pop(name)[1] for name in names]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _pump(self, child: _Child, camera_id: str, stream_id: str) -> None:
        """Forward one stream for as long as it is planned, whatever becomes of its readers."""
        while True:
            try:
                reader = self._read(stream_id)
            except KeyError:  # not captured (yet)
                await asyncio.sleep(_READER_PAUSE_S)
                continue
            try:
                await self._pump_once(child, camera_id, reader)
            except Exception:
                log.exception("the pictures of %s stopped coming", camera_id)
            finally:
                await reader.aclose()
            await asyncio.sleep(_READER_PAUSE_S)

    async def _pump_once(self, child: _Child, camera_id: str, reader: LiveReader) -> None:
        is_skipping = False
        async for item in reader:
            if isinstance(item, AccessUnit):
                if is_skipping and not item.is_key:
                    continue
                is_skipping = not child.post(wire.unit_message(camera_id, item), may_drop=True)
            elif isinstance(item, StreamFormat):
                child.post(wire.format_message(camera_id, item))
            elif isinstance(item, StreamStatus):
                if item.state in _SILENT_STATES:
                    child.post(Message(wire.SILENT, {"camera": camera_id}))
            else:
                child.post(Message(wire.DROPPED, {"camera": camera_id}))

    def _hear_now(self) -> None:
        if self._child is not None:
            self._hear(self._child.take())

    def _hear(self, messages: Sequence[Message]) -> None:
        for message in messages:
            try:
                self._hear_one(message)
            except Exception:
                log.exception("the analysis worker said something that makes no sense")

    def _hear_one(self, message: Message) -> None:
        if message.kind == wire.DETECTIONS:
            self._listener.detected(wire.read_detections(message))
        elif message.kind == wire.EVENT:
            self._tell(wire.read_event(message))
        elif message.kind == wire.ALARM:
            self._listener.analysis_alarm(message.body["kind"], message.body["message"])
        elif message.kind == wire.READY:
            self._start_pumps()
        elif message.kind == wire.TRYING:
            self._trying.add(message.body["model"])
        elif message.kind == wire.TRIED:
            self._trying.discard(message.body["model"])

    def _tell(self, report: EventReport) -> None:
        if report.phase is EventPhase.END:
            self._open_events.pop(report.key, None)
        else:
            self._open_events[report.key] = replace(report, snapshot_jpeg=None, crop_jpeg=None)
        self._listener.event_reported(report)

    def _end_open_events(self) -> None:
        """Nobody is left who could end them."""
        now = datetime.now(UTC)
        for report in list(self._open_events.values()):
            ended_at = max(report.at, report.started_at)
            self._tell(replace(report, phase=EventPhase.END, at=now, ended_at=ended_at))


def _work(connection: Connection[Any, Any], model_dirs: list[str], log_dir: str) -> None:
    """Entry point of the child, which imports its own work: OpenCV is none of the server's weight."""
    from embedded_server.detector.worker import main

    main(connection, model_dirs, log_dir)


class _Child:
    """One life of the worker: process, pipe, and a thread for each direction of it."""

    def __init__(self, model_dirs: Sequence[Path], log_dir: Path) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=True)
        self._process = context.Process(
            target=_work,
            args=(theirs, [str(folder) for folder in model_dirs], str(log_dir)),
            name="gatehouse-analysis",
        )
        try:
            with born_deaf():
                self._process.start()
        finally:
            theirs.close()
        self._channel = Channel(ours)
        self._outbox: deque[Message] = deque()
        self._outbox_bytes = 0
        self._outbox_changed = threading.Condition()
        self._is_over = False
        self._sent_at = time.monotonic()
        self._inbox: deque[Message] = deque()
        self._inbox_lock = threading.Lock()
        self._is_woken = False
        self._born_at = time.monotonic()
        self.is_ready = False
        self._threads: list[threading.Thread] = []
        self.has_ended = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Of the process."""
        return self._process.pid

    def listen(self, loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
        """Begin to talk; ``wake`` is called in the loop when there is something to take."""
        self._threads = [
            threading.Thread(target=self._write, name="analysis-writer"),
            threading.Thread(target=self._listen, args=(loop, wake), name="analysis-reader"),
        ]
        for thread in self._threads:
            thread.start()

    def post(self, message: Message, *, may_drop: bool = False) -> bool:
        """Queue a message; false when it was dropped because the worker is too far behind."""
        with self._outbox_changed:
            if may_drop and self._outbox_bytes > _OUTBOX_BYTES:
                return False
            if not self._outbox:
                self._sent_at = time.monotonic()
            self._outbox.append(message)
            self._outbox_bytes += len(message.payload)
            self._outbox_changed.notify()
            return True

    def take(self) -> list[Message]:
        """Everything heard since the last call."""
        with self._inbox_lock:
            self._is_woken = False
            messages = list(self._inbox)
            self._inbox.clear()
            return messages

    def is_stuck(self) -> bool:
        """Whether it has not read its pipe for a long time."""
        with self._outbox_changed:
            return bool(self._outbox) and time.monotonic() - self._sent_at > _STUCK_S

    def is_overdue(self) -> bool:
        """Whether it should have been ready long ago."""
        return not self.is_ready and time.monotonic() - self._born_at > _READY_WITHIN_S

    def kill(self) -> None:
        """End it the hard way."""
        self._process.kill()

    def stop(self, timeout_s: float) -> str:
        """Ask it to end, then make it; join its threads. Returns why it ended, if it did so by itself."""
        deadline = time.monotonic() + timeout_s
        if self.has_ended.is_set():  # its pipe closes a moment before it is gone
            self._process.join(timeout_s * 0.5)
        was_alive = self._process.is_alive()
        self.post(Message(wire.STOP))
        self._process.join(timeout_s * 0.75)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(max(deadline - time.monotonic(), 0.5))
        with self._outbox_changed:
            self._is_over = True
            self._outbox_changed.notify()
        for thread in self._threads:
            thread.join()
        self._channel.close()
        code = self._process.exitcode
        self._process.close()
        return "it was stopped" if was_alive else _exit_words(code)

    def _write(self) -> None:
        while True:
            with self._outbox_changed:
                self._outbox_changed.wait_for(lambda: bool(self._outbox) or self._is_over)
                if self._is_over:
                    return
                message = self._outbox[0]
            try:
                self._channel.send(message)
            except OSError:  # the reading side says so to the loop
                return
            with self._outbox_changed:
                self._outbox.popleft()
                self._outbox_bytes -= len(message.payload)
                self._sent_at = time.monotonic()

    def _listen(self, loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
        try:
            for message in self._channel:
                if self._keep(message):
                    _call(loop, wake)
        except Exception:
            log.exception("the analysis worker sent something that is no message")
            self.kill()
        _call(loop, wake)
        _call(loop, self.has_ended.set)

    def _keep(self, message: Message) -> bool:
        """Put a message where the loop takes it from; true if the loop must be woken."""
        with self._inbox_lock:
            if len(self._inbox) >= _INBOX_MESSAGES and message.kind == wire.DETECTIONS:
                return False
            self._inbox.append(message)
            is_first, self._is_woken = not self._is_woken, True
            return is_first


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[], Any]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
        loop.call_soon_threadsafe(function)


def _exit_words(code: int | None) -> str:
    if code is None:
        return "it does not answer"
    return f"killed by signal {-code}" if code < 0 else f"exit status {code}"
