"""The recorder of one camera: segments cut at key frames, gaps with their cause. Never decodes."""

from __future__ import annotations

import errno
import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import av

from embedded_server.media.fragments import FRAGMENT_S
from embedded_server.recorder.gaps import GapBook
from embedded_server.recorder.segment import SegmentWriter
from embedded_server.recorder.timeline import ends_before, next_start
from embedded_server.services.model import Gap, GapCause, Segment

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded_server.media.packet import Packet
    from embedded_server.recorder.footage_dir import FootageFile
    from embedded_server.services.model import StreamFormat
    from embedded_server.services.ports import Clock

DISK_PAUSE_S = 5.0
"""After an error of the disk, the next attempt."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_CLOCK_JUMPED = "The camera's clock jumped."
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_log = logging.getLogger("gatehouse.recorder")


class RecorderReports(Protocol):
    """Who is told, from the capture thread or the sync thread."""

    def segment_written(self, segment: Segment) -> None:
        """A segment grew, or was closed and synced."""

    def gap_changed(self, gap: Gap) -> None:
        """A gap began or ended."""

    def alarm(self, kind: str, message: str) -> None:
        """Something that wants a person."""


class Files(Protocol):
    """Makes segment files."""

    def create(self, camera_id: str, start: datetime) -> FootageFile:
        """A new, empty file."""


class Syncing(Protocol):
    """Syncs files beside the writer."""

    def add(self, file: FootageFile) -> None:
        """It grows from now on."""

    def finish(self, file: FootageFile, done: Callable[[], None]) -> None:
        """It is complete: sync, close, then call ``done``."""


class CameraRecorder:
    """Takes formats and packets from the capture thread; any thread may close it."""

    def __init__(
        self,
        camera_id: str,
        *,
        segment_s: int,
        files: Files,
        syncing: Syncing,
        reports: RecorderReports,
        clock: Clock,
    ) -> None:
        self._camera_id = camera_id
        self.segment_s = segment_s
        self._files = files
        self._syncing = syncing
        self._reports = reports
        self._clock = clock
        self._lock = threading.Lock()
        self._gaps = GapBook(camera_id, clock.now())
        self._format: StreamFormat | None = None
        self._fragment_ticks = 0.0
        self._pending: list[Packet] = []
        self._recorded_dts = 0
        self._writer: SegmentWriter | None = None
        self._previous_end: datetime | None = None
        self._retry_at: float | None = None
        self._is_closed = False

    def set_format(self, stream_format: StreamFormat) -> None:
        """The next packet is a key frame of this format: the segment ends here."""
        with self._lock:
            self._record_pending()
            self._cut()
            self._format = stream_format
            self._fragment_ticks = (
                FRAGMENT_S * stream_format.time_base[1] / stream_format.time_base[0]
            )

    def push(self, packet: Packet) -> None:
        """Record one packet. An error of the disk becomes a gap, never an exception."""
        with self._lock:
            if self._is_closed or self._format is None:
                return
            self._pending.append(packet)
            # A fragment is written when the first packet of the next one comes, so until then packets may as well
            # wait here: muxing them in one go costs a third of muxing each with cold caches.
            rest = packet.dts - self._recorded_dts
            if packet.is_key or packet.is_discontinuous or not 0 <= rest < self._fragment_ticks:
                self._record_pending()

    def lose(self, cause: GapCause, detail: str | None = None) -> None:
        """Nothing more comes, for now; the segment ends."""
        with self._lock:
            if self._is_closed:
                return
            self._record_pending()
            self._cut()
            self._previous_end = None
            self._tell(self._gaps.missing(cause, detail, self._clock.now()))

    def close(self, cause: GapCause | None = None) -> None:
        """End the segment and record no more; with a cause when the camera is switched off."""
        with self._lock:
            if self._is_closed:
                return
            self._record_pending()
            self._cut()
            if cause is not None:
                self._tell(self._gaps.missing(cause, None, self._clock.now()))
            self._is_closed = True

    def _record_pending(self) -> None:
        pending, self._pending = self._pending, []
        for packet in pending:
            self._recorded_dts = packet.dts
            try:
                self._record(packet)
            except OSError as error:
                self._disk_failed(error)

    def _record(self, packet: Packet) -> None:
        if packet.is_discontinuous and self._writer is not None:
            self._cut()
            self._previous_end = None
            if not packet.is_key:  # nothing can be recorded before the next key frame
                self._tell(self._gaps.missing(GapCause.UNKNOWN, _CLOCK_JUMPED, self._clock.now()))
        if self._writer is not None and packet.is_key and self._is_due(packet):
            self._cut()
        if self._writer is None and not self._open(packet):
            return
        assert self._writer is not None
        try:
            grew = self._writer.write(packet)
        except av.FFmpegError as error:
            self._unmuxable(error)
            return
        if grew:
            self._tell(self._gaps.recorded(self._writer.file.start))
            self._gaps.covered(self._writer.media_end)
            self._reports.segment_written(self._writer.as_segment(is_open=True))

    def _is_due(self, packet: Packet) -> bool:
        assert self._writer is not None
        return ends_before(
            self._writer.file.start,
            self._writer.time_of(packet),
            segment_s=self.segment_s,
            camera_id=self._camera_id,
        )

    def _open(self, packet: Packet) -> bool:
        if not packet.is_key or self._is_pausing() or self._format is None:
            return False
        arrival = _EPOCH + timedelta(microseconds=packet.wall_us)
        start = next_start(self._previous_end, arrival)
        file = self._files.create(self._camera_id, start)
        self._writer = SegmentWriter(self._camera_id, file, self._format)
        self._syncing.add(file)
        self._retry_at = None
        return True

    def _is_pausing(self) -> bool:
        return self._retry_at is not None and self._clock.monotonic() < self._retry_at

    def _cut(self) -> None:
        """Close the segment, if there is one; an error of the disk is noted like any other."""
        if self._writer is None:
            return
        try:
            self._writer.finish()
        except av.FFmpegError as error:
            self._unmuxable(error)
        except OSError as error:
            self._disk_failed(error)
        else:
            self._release()

    def _release(self) -> None:
        writer, self._writer = self._writer, None
        if writer is None:
            return
        self._previous_end = writer.media_end
        if not writer.has_footage:
            self._syncing.finish(writer.file, lambda: writer.file.path.unlink(missing_ok=True))
            return
        self._tell(self._gaps.recorded(writer.file.start))
        self._gaps.covered(writer.media_end)
        closed = writer.as_segment(is_open=False)
        self._syncing.finish(writer.file, lambda: self._reports.segment_written(closed))

    def _unmuxable(self, error: Exception) -> None:
        _log.warning("%s: a packet could not be recorded (%s)", self._camera_id, error)
        if self._writer is not None:
            self._writer.abandon()
        self._release()
        self._previous_end = None

    def _disk_failed(self, error: OSError) -> None:
        self._retry_at = self._clock.monotonic() + DISK_PAUSE_S
        if self._writer is not None:
            self._writer.abandon()
        self._release()
        self._previous_end = None
        cause = GapCause.DISK_FULL if error.errno in _FULL else GapCause.DISK_ERROR
        sentence = _disk_sentence(cause, error)
        told = self._gaps.missing(cause, sentence, self._clock.now())
        if told:
            _log.info("%s: %s", self._camera_id, sentence)  # a warning where the alarm arrives
        # Every time: who hears no more of a trouble takes it for over.
        self._reports.alarm(cause.value, f"{self._camera_id}: {sentence}")
        self._tell(told)

    def _tell(self, gaps: list[Gap]) -> None:
        for gap in gaps:
            self._reports.gap_changed(gap)


def _disk_sentence(cause: GapCause, error: OSError) -> str:
    if cause is GapCause.DISK_FULL:
        return "The footage disk is full, so nothing is recorded. Free space or shorten retention."
    return f"The footage disk refuses to be written ({error.strerror or error}). Check the disk."
