"""The analysis worker: entry point of the process that decodes, detects and tracks.

Threads: this one reads the pipe, one per camera decodes, a few analyse. Only pictures wait between them, one
per camera. The process ends when its pipe closes.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import threading
import time
from collections import deque
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av.logging
import cv2

from embedded_server.children import give_way, leave_signals_to_the_server
from embedded_server.contract.live import DISCONTINUITY, AccessUnit
from embedded_server.detector import wire
from embedded_server.detector.base import DetectorError
from embedded_server.detector.decoding import Sample, StreamDecoder, UnsupportedCodec
from embedded_server.detector.opencv import NAME as BUILTIN
from embedded_server.detector.pipeline import CameraPipeline
from embedded_server.detector.shelf import DetectorShelf
from embedded_server.detector.slots import Slots
from embedded_server.ipc import Channel, Message
from embedded_server.services.model import StreamFormat

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

    from embedded_server.detector.base import Detector
    from embedded_server.services.model import AnalysisPlan, EventReport

log = logging.getLogger("gatehouse.analysis")

_MOST_THREADS = 4
_QUEUED_UNITS = 120
_SILENCE_S = 6.0
_HOUSEKEEPING_S = 1.0


def main(connection: Connection[Any, Any], model_dirs: list[str], log_dir: str) -> None:
    """Entry point of the child process."""
    leave_signals_to_the_server()
    give_way()
    with (Path(log_dir) / "analysis.crash.log").open("a", encoding="utf-8") as crash_log:
        faulthandler.enable(crash_log)
        _log_to(Path(log_dir) / "analysis.log")
        av.logging.set_level(None)
        cv2.setNumThreads(1)
        Worker(Channel(connection), [Path(folder) for folder in model_dirs]).run()
        faulthandler.disable()
    logging.shutdown()


def _log_to(path: Path) -> None:
    out = RotatingFileHandler(path, maxBytes=2_000_000, backupCount=2, encoding="utf-8")
    out.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger("gatehouse")
    root.setLevel(logging.INFO)
    root.addHandler(out)


class Worker:
    """All cameras of this process."""

    def __init__(self, channel: Channel, model_dirs: Sequence[Path]) -> None:
        self._channel = channel
        self._slots: Slots[Sample] = Slots()
        self._cameras: dict[str, CameraAnalysis] = {}
        self._model_dirs = model_dirs
        self._banned: frozenset[str] = frozenset()
        self._refused: dict[str, str] = {}
        self._generation = 0
        self._lock = threading.Lock()

    def run(self) -> None:
        """Work until the pipe closes or the server says stop; every thread is joined before it returns."""
        count = max(1, min(os.cpu_count() or 1, _MOST_THREADS))
        threads = [
            threading.Thread(target=self._analyse, args=(number,), name=f"analyse-{number}")
            for number in range(count)
        ]
        for thread in threads:
            thread.start()
        try:
            self._send(Message(wire.READY))
            for message in self._channel:
                if message.kind == wire.STOP:
                    break
                self._obey(message)
        finally:
            self._slots.close()
            for thread in threads:  # a thread inside onnxruntime at exit aborts the process
                thread.join()
            for camera in self._cameras.values():
                camera.stop()
                self._report(camera.interrupt())

    def _obey(self, message: Message) -> None:
        if message.kind == wire.PLANS:
            plans, banned = wire.read_plans(message)
            self._apply(plans, banned)
            return
        camera = self._cameras.get(message.body.get("camera", ""))
        if camera is None:
            return
        if message.kind == wire.UNIT:
            camera.feed(wire.read_unit(message))
        elif message.kind == wire.FORMAT:
            camera.begin(wire.read_format(message))
        elif message.kind == wire.DROPPED:
            camera.skip()
        elif message.kind == wire.SILENT:
            self._report(camera.interrupt())

    def _apply(self, plans: Sequence[AnalysisPlan], banned: Sequence[str]) -> None:
        with self._lock:
            self._banned = frozenset(banned)
            self._refused.clear()  # a file may have been put there or mended
            self._generation += 1
        wanted = {plan.camera_id: plan for plan in plans}
        for camera_id, camera in list(self._cameras.items()):
            plan = wanted.get(camera_id)
            if plan is None:
                del self._cameras[camera_id]
                camera.stop()
                self._slots.drop(camera_id)
                self._report(camera.interrupt())
            elif plan != camera.plan:
                self._report(camera.change(plan))
        for plan in plans:
            if plan.camera_id not in self._cameras:
                self._cameras[plan.camera_id] = CameraAnalysis(plan, self._slots)

    def _analyse(self, number: int) -> None:
        """One analysis thread, with detectors of its own."""
        shelf = DetectorShelf(self._model_dirs)
        generation = 0
        tidied_at = time.monotonic()
        while not self._slots.is_closed:
            if generation != self._generation:
                generation = self._generation
                shelf.forget_failures()
            if taken := self._slots.take(_HOUSEKEEPING_S):
                camera_id, sample = taken
                try:
                    self._step(camera_id, sample, shelf)
                finally:
                    self._slots.done(camera_id)
            if number == 0 and time.monotonic() - tidied_at > _HOUSEKEEPING_S:
                tidied_at = time.monotonic()
                self._end_silent()

    def _step(self, camera_id: str, sample: Sample, shelf: DetectorShelf) -> None:
        camera = self._cameras.get(camera_id)
        if camera is None:
            return
        detector = self._detector(camera.plan, shelf)
        try:
            batch, reports = camera.step(sample, detector)
        except DetectorError as error:
            self._refuse(camera.plan.detector, error)
            return
        except Exception:
            log.exception("a picture of %s could not be analysed", camera_id)
            return
        if batch is not None:
            self._send(batch)
        self._report(reports)

    def _detector(self, plan: AnalysisPlan, shelf: DetectorShelf) -> Detector:
        """The one that the plan names, or the built-in one with an alarm that says why."""
        name = plan.detector
        if name == BUILTIN or name in self._refused:
            return shelf.get(BUILTIN)
        if name in self._banned:
            self._refuse(
                name,
                DetectorError(
                    f"The detector model {name} made the analysis process crash and is not used until "
                    "the server starts again. Replace the model; the built-in detector watches meanwhile."
                ),
            )
            return shelf.get(BUILTIN)
        try:
            if not shelf.has(name):
                # one at a time, so that the server knows which model it was if this process dies now
                with self._lock:
                    self._send(Message(wire.TRYING, {"model": name}))
                    shelf.get(name)
                    self._send(Message(wire.TRIED, {"model": name}))
            return shelf.get(name)
        except DetectorError as error:
            self._send(Message(wire.TRIED, {"model": name}))
            self._refuse(name, error)
            return shelf.get(BUILTIN)

    def _refuse(self, name: str, error: DetectorError) -> None:
        with self._lock:
            is_new = name not in self._refused
            self._refused[name] = str(error)
        if is_new:
            log.warning("%s", error)
            text = f"{error} The built-in detector watches meanwhile."
            self._send(Message(wire.ALARM, {"kind": "model_missing", "message": text}))

    def _end_silent(self) -> None:
        for camera in list(self._cameras.values()):
            if camera.is_silent():
                self._report(camera.interrupt())

    def _report(self, reports: Sequence[EventReport]) -> None:
        for report in reports:
            self._send(wire.event_message(report))

    def _send(self, message: Message) -> None:
        try:
            self._channel.send(message)
        except (OSError, ValueError):  # the server is gone; the reading loop ends this process
            self._slots.close()


class CameraAnalysis:
    """One camera in this process: a bounded queue of access units, its decode thread and its pipeline."""

    def __init__(self, plan: AnalysisPlan, slots: Slots[Sample]) -> None:
        self.plan = plan
        self._slots = slots
        self._pipeline = CameraPipeline(plan)
        self._pipeline_lock = threading.Lock()
        self._queue: deque[AccessUnit | StreamFormat | None] = deque()
        self._changed = threading.Condition()
        self._is_skipping = False
        self._is_stopped = False
        self._clock = MediaClock()
        self._heard_at = time.monotonic()
        self._is_quiet = True
        self._thread = threading.Thread(target=self._decode, name=f"decode-{plan.camera_id}")
        self._thread.start()

    def begin(self, stream_format: StreamFormat) -> None:
        """The stream starts or changes its parameters."""
        self._put(stream_format)

    def feed(self, unit: AccessUnit) -> None:
        """Take one access unit; when too many wait, all are dropped up to the next key frame."""
        with self._changed:
            if len(self._queue) >= _QUEUED_UNITS:
                kept = [item for item in self._queue if isinstance(item, StreamFormat)]
                self._queue.clear()
                self._queue.extend(kept[-1:])
                self._is_skipping = True
            if self._is_skipping and not unit.is_key:
                return
            self._is_skipping = False
        self._put(unit)

    def skip(self) -> None:
        """Units were lost on the way; go on with the next key frame."""
        self._put(None)

    def change(self, plan: AnalysisPlan) -> tuple[EventReport, ...]:
        """Go on with another plan; what is open under the old one ends."""
        with self._pipeline_lock:
            reports = self._pipeline.interrupt()
            self.plan = plan
            self._pipeline = CameraPipeline(plan)
            return reports

    def interrupt(self) -> tuple[EventReport, ...]:
        """The stream has stopped: end what is open."""
        self._slots.drop(self.plan.camera_id)
        with self._pipeline_lock:
            self._is_quiet = True
            return self._pipeline.interrupt()

    def is_silent(self) -> bool:
        """Whether it has just been without pictures for so long that its events must end."""
        return not self._is_quiet and time.monotonic() - self._heard_at > _SILENCE_S

    def step(
        self, sample: Sample, detector: Detector
    ) -> tuple[Message | None, tuple[EventReport, ...]]:
        """Analyse one picture."""
        with self._pipeline_lock:
            self._heard_at, self._is_quiet = time.monotonic(), False
            reports: tuple[EventReport, ...] = ()
            now_s, is_cut = self._clock.at(sample)
            if is_cut:
                reports = self._pipeline.interrupt()
            at = datetime.fromtimestamp(sample.wall_us / 1_000_000, UTC)
            outcome = self._pipeline.step(sample.frame, now_s, at, detector)
            batch = None if outcome.batch is None else wire.detections_message(outcome.batch)
            return batch, reports + outcome.reports

    def stop(self) -> None:
        """End the decode thread and wait for it."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify()
        self._thread.join()

    def _put(self, item: AccessUnit | StreamFormat | None) -> None:
        with self._changed:
            self._queue.append(item)
            self._changed.notify()

    def _decode(self) -> None:
        decoder: StreamDecoder | None = None
        cut = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._queue) or self._is_stopped)
                if self._is_stopped:
                    return
                item = self._queue.popleft()
            if isinstance(item, StreamFormat):
                decoder, cut = self._open(item), cut + 1
            elif decoder is None:
                continue
            elif item is None:
                decoder.skip_to_key()
            else:
                cut += bool(item.flags & DISCONTINUITY)
                decoder.use_fps(self.plan.fps)
                for sample in decoder.push(item):
                    self._slots.put(self.plan.camera_id, sample._replace(cut=cut))

    def _open(self, stream_format: StreamFormat) -> StreamDecoder | None:
        try:
            return StreamDecoder(stream_format, self.plan.fps)
        except (UnsupportedCodec, OSError, ValueError) as error:
            log.warning("%s: %s", self.plan.camera_id, error)
            return None


class MediaClock:
    """Seconds that only grow, from media times that jump when a stream begins anew."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._last: Sample | None = None

    def at(self, sample: Sample) -> tuple[float, bool]:
        """The moment of a picture, and whether the pictures before it belong to another stretch of time."""
        last, self._last = self._last, sample
        if last is None:
            return self._now_s, False
        if sample.cut != last.cut:
            self._now_s += max((sample.wall_us - last.wall_us) / 1_000_000, 0.1)
            return self._now_s, True
        self._now_s += max(sample.media_s - last.media_s, 0.001)
        return self._now_s, False
