"""The media process itself: captures, recorders, hubs, and the pipe to the server."""

from __future__ import annotations

import faulthandler
import logging
import logging.handlers
import os
import random
import sys
import threading
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from embedded_server.children import leave_signals_to_the_server
from embedded_server.clock import SystemClock
from embedded_server.contract.live import AccessUnit
from embedded_server.ipc import Channel, Message
from embedded_server.media import wire
from embedded_server.media.backoff import Backoff
from embedded_server.media.capture import Capture
from embedded_server.media.hub import HubReader, StreamHub
from embedded_server.media.pipeline import StreamPipeline
from embedded_server.media.source import Opener, open_source
from embedded_server.media.watchdog import Watchdog
from embedded_server.recorder.footage_dir import FootageDir
from embedded_server.recorder.recorder import CameraRecorder
from embedded_server.recorder.recovery import recover_all, unfinished
from embedded_server.recorder.sync import SyncThread
from embedded_server.services.model import (
    CapturePlan,
    Gap,
    GapCause,
    Segment,
    StreamFormat,
    StreamStatus,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

STACK_BYTES = 512 * 1024
SWITCH_INTERVAL_S = 0.0005
"""One busy Python thread delays every packet by this, not by the default 5 ms (recorder spike §0.6)."""
PROMPT_RECOVERIES = 200
"""Files made whole before the captures start; more than that are adopted while they run."""
_log = logging.getLogger("gatehouse.media")


def media_main(connection: Connection[Any, Any], footage_dir: str, log_dir: str) -> NoReturn:
    """Entry function of the process; ends when the pipe closes or says stop."""
    _prepare(Path(log_dir))
    media = Media(Channel(connection), FootageDir(Path(footage_dir)))
    status = 0
    try:
        media.run()
    except Exception:  # noqa: BLE001  (the footage is closed properly whatever happened)
        _log.exception("the media process ends")
        status = 1
    finally:
        media.close()
        logging.shutdown()
        # Capture threads may still sit in a blocked read; the footage is safe, so do not wait for them.
        os._exit(status)


def _prepare(log_dir: Path) -> None:
    leave_signals_to_the_server()
    threading.stack_size(STACK_BYTES)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    log_dir.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        log_dir / "media.log", maxBytes=5_000_000, backupCount=3, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    native = (log_dir / "media.stderr.log").open("ab", buffering=0)
    os.dup2(native.fileno(), 2)  # what FFmpeg says goes to a file, not to the operator's terminal
    faulthandler.enable(native)


class Media:
    """Everything the process does; commands come in by the main thread."""

    def __init__(
        self, channel: Channel, footage: FootageDir, *, opener: Opener = open_source
    ) -> None:
        self._channel = channel
        self._footage = footage
        self._opener = opener
        self._clock = SystemClock()
        self._outbox = Outbox(channel)
        self._sync = SyncThread()
        self._streams: dict[str, _Stream] = {}
        self._recorders: dict[str, CameraRecorder] = {}
        self._watchdog = Watchdog(
            lambda: [stream.capture for stream in list(self._streams.values())],
            self._clock.monotonic,
            self._outbox.beat,
        )

    def run(self) -> None:
        """Obey until told to stop or the server is gone."""
        self._outbox.start()
        self._sync.start()
        self._watchdog.start()
        for message in self._channel:
            match message.kind:
                case wire.START:
                    self._recover(message.body["known"])
                case wire.APPLY:
                    self.apply(wire.read_plans(message.body))
                case wire.SUBSCRIBE:
                    self._subscribe(message.body["s"], message.body["g"])
                case wire.UNSUBSCRIBE:
                    self._outbox.unsubscribe(message.body["s"])
                case wire.STOP:
                    return

    def close(self) -> None:
        """Last fragments written, files synced, everything told."""
        self._watchdog.stop()
        for stream in self._streams.values():
            stream.capture.request_stop()
        for recorder in self._recorders.values():
            recorder.close()
        self._sync.stop()
        self._outbox.stop()

    def apply(self, plans: Sequence[CapturePlan]) -> None:
        """Run exactly these captures; one whose address stays the same goes on untouched."""
        recorded = _recorded_streams(plans)
        wanted = {plan.stream_id: plan for plan in plans}
        for stream_id in [known for known in self._streams if known not in wanted]:
            self._outbox.unsubscribe(stream_id)
            self._end(self._streams.pop(stream_id), is_replaced=False)
        for stream_id, plan in wanted.items():
            running = self._streams.get(stream_id)
            if running is not None and not _same_source(running.capture.plan, plan):
                self._end(running, is_replaced=True)
                running = None
            records = stream_id in recorded
            if running is None:
                self._streams[stream_id] = self._begin(plan, records=records)
            else:
                self._record(running, plan, records=records)

    def segment_written(self, segment: Segment) -> None:
        """From the recorders."""
        self._outbox.put_segment(segment)

    def gap_changed(self, gap: Gap) -> None:
        """From the recorders."""
        self._outbox.put(Message(wire.GAP, wire.gap_body(gap)))

    def alarm(self, kind: str, message: str) -> None:
        """From the recorders."""
        self._outbox.put(Message(wire.ALARM, {"kind": kind, "message": message}))

    def stream_changed(self, status: StreamStatus) -> None:
        """From the pipelines."""
        self._outbox.put(Message(wire.STATUS, wire.status_body(status)))

    def stream_measured(self, status: StreamStatus) -> None:
        """From the pipelines."""
        self._outbox.put(Message(wire.MEASURED, wire.status_body(status)))

    def _recover(self, known: list[str] | None) -> None:
        files = unfinished(self._footage, None if known is None else frozenset(known))
        for segment in recover_all(files[:PROMPT_RECOVERIES]):
            self.segment_written(segment)
        rest = files[PROMPT_RECOVERIES:]
        if rest:
            threading.Thread(target=self._adopt, args=(rest,), name="adopt", daemon=True).start()
        self._outbox.put(Message(wire.READY))

    def _adopt(self, files: list[tuple[str, Path]]) -> None:
        for segment in recover_all(files):
            self.segment_written(segment)

    def _begin(self, plan: CapturePlan, *, records: bool) -> _Stream:
        recorder = self._recorder(plan) if records else None
        pipeline = StreamPipeline(StreamHub(), self, recorder)
        capture = Capture(
            plan,
            pipeline,
            opener=self._opener,
            backoff=Backoff(random.random),
            clock=self._clock,
        )
        capture.start()
        self._outbox.rehome(plan.stream_id, pipeline.hub)
        return _Stream(capture, pipeline, records=records)

    def _record(self, stream: _Stream, plan: CapturePlan, *, records: bool) -> None:
        recorder = self._recorder(plan) if records else None
        if stream.records and not records:
            self._recorders[plan.camera_id].lose(GapCause.SWITCHED_OFF, "Recording is off.")
        stream.records = records
        stream.pipeline.record_with(recorder)
        stream.capture.plan = plan

    def _recorder(self, plan: CapturePlan) -> CameraRecorder:
        """The camera's recorder, which outlives its captures so that no gap is forgotten."""
        recorder = self._recorders.get(plan.camera_id)
        if recorder is None:
            recorder = CameraRecorder(
                plan.camera_id,
                segment_s=plan.segment_seconds,
                files=self._footage,
                syncing=self._sync,
                reports=self,
                clock=self._clock,
            )
            self._recorders[plan.camera_id] = recorder
        recorder.segment_s = plan.segment_seconds
        return recorder

    def _end(self, stream: _Stream, *, is_replaced: bool) -> None:
        plan = stream.capture.plan
        stream.capture.request_stop()
        stream.pipeline.detach()
        if stream.records:
            detail = "The camera's address was changed." if is_replaced else None
            self._recorders[plan.camera_id].lose(GapCause.SWITCHED_OFF, detail)
        stream.pipeline.hub.close()

    def _subscribe(self, stream_id: str, generation: int) -> None:
        stream = self._streams.get(stream_id)
        if stream is not None:
            self._outbox.subscribe(stream_id, generation, stream.pipeline.hub)


class _Stream:
    def __init__(self, capture: Capture, pipeline: StreamPipeline, *, records: bool) -> None:
        self.capture = capture
        self.pipeline = pipeline
        self.records = records


class Outbox:
    """One thread that sends: news first, then pictures; a slow server loses pictures, never news."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._condition = threading.Condition()
        self._news: deque[Message] = deque()
        self._segments = wire.SegmentEncoder()
        self._readers: dict[str, tuple[int, HubReader]] = {}
        self._woken: set[str] = set()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="media-outbox", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Send the news that wait, then end."""
        with self._condition:
            self._is_stopping = True
            self._condition.notify()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def put(self, message: Message) -> None:
        """Send this, in order."""
        with self._condition:
            self._news.append(message)
            self._condition.notify()

    def beat(self) -> None:
        """Tell the server that this process still does its work; nothing more while that waits."""
        with self._condition:
            if not self._news:
                self._news.append(Message(wire.BEAT))
                self._condition.notify()

    def put_segment(self, segment: Segment) -> None:
        """Send what is new of this segment."""
        with self._condition:
            self._news.append(Message(wire.SEGMENT, self._segments.encode(segment)))
            self._condition.notify()

    def subscribe(self, stream_id: str, generation: int, hub: StreamHub) -> None:
        """Send this stream's pictures, from the current group on."""
        self.unsubscribe(stream_id)
        reader = hub.open(lambda: self._wake(stream_id))
        with self._condition:
            self._readers[stream_id] = (generation, reader)
            self._woken.add(stream_id)
            self._condition.notify()

    def unsubscribe(self, stream_id: str) -> None:
        """Send no more of this stream."""
        with self._condition:
            _, reader = self._readers.pop(stream_id, (0, None))
        if reader is not None:
            reader.close()

    def rehome(self, stream_id: str, hub: StreamHub) -> None:
        """The stream has a new hub; a reader of the old one moves over."""
        with self._condition:
            subscribed = self._readers.get(stream_id)
        if subscribed is not None:
            self.subscribe(stream_id, subscribed[0], hub)

    def _wake(self, stream_id: str) -> None:
        with self._condition:
            self._woken.add(stream_id)
            self._condition.notify()

    def _run(self) -> None:
        try:
            while self._send_some():
                pass
        except OSError:
            return  # the server is gone; the main thread sees it too

    def _send_some(self) -> bool:
        with self._condition:
            while not (self._news or self._woken or self._is_stopping):
                self._condition.wait()
            news = list(self._news)
            self._news.clear()
            woken, self._woken = self._woken, set()
            readers = [(name, *self._readers[name]) for name in woken if name in self._readers]
            is_last = self._is_stopping
        for message in news:
            self._channel.send(message)
        for stream_id, generation, reader in readers:
            self._send_pictures(stream_id, generation, reader)
        return not (is_last and not news)

    def _send_pictures(self, stream_id: str, generation: int, reader: HubReader) -> None:
        for item in reader.take():
            if isinstance(item, AccessUnit):
                self._channel.send(wire.unit_message(stream_id, generation, item))
            elif isinstance(item, StreamFormat):
                self._channel.send(wire.format_message(stream_id, generation, item))
            elif isinstance(item, int):
                body = {"s": stream_id, "g": generation, "units": item}
                self._channel.send(Message(wire.LOSS, body))


def _same_source(one: CapturePlan, other: CapturePlan) -> bool:
    """Whether a change concerns only what is done with the pictures."""
    return replace(one, roles=other.roles, segment_seconds=other.segment_seconds) == other


def _recorded_streams(plans: Sequence[CapturePlan]) -> set[str]:
    """One recorded stream per camera, main before sub: they would share a folder."""
    chosen: dict[str, str] = {}
    for plan in sorted(plans, key=lambda plan: plan.profile != "main"):
        if plan.records:
            chosen.setdefault(plan.camera_id, plan.stream_id)
    return set(chosen.values())
