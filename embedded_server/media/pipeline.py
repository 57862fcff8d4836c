"""The order of things for one stream: source → recorder → hub. Only this module knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from embedded_server.contract.live import DISCONTINUITY, KEY_FRAME, AccessUnit
from embedded_server.services.model import StreamState

if TYPE_CHECKING:
    from embedded_server.media.errors import CaptureError
    from embedded_server.media.hub import StreamHub
    from embedded_server.media.packet import Packet
    from embedded_server.recorder.recorder import CameraRecorder
    from embedded_server.services.model import StreamFormat, StreamStatus


class StatusReports(Protocol):
    """Who is told of states."""

    def stream_changed(self, status: StreamStatus) -> None:
        """A new state."""

    def stream_measured(self, status: StreamStatus) -> None:
        """The same state, newer figures."""


class StreamPipeline:
    """Feeds the recorder, if the stream is recorded, and the hub."""

    def __init__(
        self, hub: StreamHub, reports: StatusReports, recorder: CameraRecorder | None = None
    ) -> None:
        self.hub = hub
        self._reports = reports
        self._recorder = recorder
        self._format: StreamFormat | None = None
        self._is_detached = False

    @property
    def is_watched(self) -> bool:
        """For the capture: whether the hub has readers."""
        return self.hub.has_readers

    def record_with(self, recorder: CameraRecorder | None) -> None:
        """Record from the next key frame on, or no more."""
        if recorder is not None and self._format is not None and recorder is not self._recorder:
            recorder.set_format(self._format)
        self._recorder = recorder

    def detach(self) -> None:
        """What the capture still sends while it ends goes nowhere."""
        self._is_detached = True
        self._recorder = None

    def format_changed(self, stream_format: StreamFormat) -> None:
        """From the capture."""
        if self._is_detached:
            return
        self._format = stream_format
        if (recorder := self._recorder) is not None:
            recorder.set_format(stream_format)
        self.hub.publish_format(stream_format)

    def packet_arrived(self, packet: Packet) -> None:
        """From the capture."""
        if self._is_detached:
            return
        if (recorder := self._recorder) is not None:
            recorder.push(packet)
        flags = KEY_FRAME if packet.is_key else 0
        flags |= DISCONTINUITY if packet.is_discontinuous else 0
        self.hub.publish(AccessUnit(flags, packet.pts, packet.wall_us, packet.payload))

    def state_changed(self, status: StreamStatus, error: CaptureError | None) -> None:
        """From the capture or the watchdog."""
        if self._is_detached:
            return
        recorder = self._recorder
        if error is not None and recorder is not None and status.state is not StreamState.ONLINE:
            recorder.lose(error.gap_cause, error.sentence)
        self.hub.publish_status(status)
        self._reports.stream_changed(status)

    def measured(self, status: StreamStatus) -> None:
        """From the capture."""
        if not self._is_detached:
            self._reports.stream_measured(status)
