"""What the services need from the processes beside the server, as Protocols; tests hand in fakes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from embedded_server.contract.live import AccessUnit
    from embedded_server.services.model import (
        AnalysisPlan,
        CapturePlan,
        ClipPiece,
        DetectionBatch,
        EventReport,
        Gap,
        Segment,
        StreamFormat,
        StreamStatus,
    )


class Clock(Protocol):
    """Time, handed in so that tests need not wait."""

    def now(self) -> datetime:
        """Aware UTC."""

    def monotonic(self) -> float:
        """Seconds that never jump."""


class LiveReader(Protocol):
    """One bounded reader of one stream, starting with the current group of pictures."""

    def __aiter__(self) -> AsyncIterator[StreamFormat | AccessUnit | StreamStatus | int]:
        """Formats (first, and when they change), access units, states, and a number: units dropped just now."""

    async def aclose(self) -> None:
        """Stop reading; safe to call twice."""


class MediaPlane(Protocol):
    """Capture, hub and recorder: the media process as seen from the server."""

    async def apply(self, plans: Sequence[CapturePlan]) -> None:
        """Make exactly these captures run; what stays the same is not interrupted."""

    def statuses(self) -> Mapping[str, StreamStatus]:
        """By stream id."""

    def open_segments(self) -> Mapping[str, Segment]:
        """The segment being written, by camera id, as of its last whole fragment."""

    def read(self, stream_id: str) -> LiveReader:
        """A new reader.

        Raises:
            KeyError: no such stream is planned.
        """


class MediaListener(Protocol):
    """Who is told by the media plane, always in the server's event loop."""

    def stream_changed(self, status: StreamStatus) -> None:
        """A capture changed its state or format."""

    def segment_written(self, segment: Segment) -> None:
        """A segment grew (``is_open``) or was closed and synced (not ``is_open``)."""

    def gap_changed(self, gap: Gap) -> None:
        """A gap began (``end`` None) or ended."""

    def media_alarm(self, kind: str, message: str) -> None:
        """Something that wants a person: disk_full, disk_error, media_crashed … with a sentence."""


class AnalysisPlane(Protocol):
    """The analysis worker as seen from the server."""

    async def apply(self, plans: Sequence[AnalysisPlan]) -> None:
        """Analyse exactly these cameras."""


class AnalysisListener(Protocol):
    """Who is told by the analysis plane, always in the server's event loop."""

    def detected(self, batch: DetectionBatch) -> None:
        """All boxes of one frame."""

    def event_reported(self, report: EventReport) -> None:
        """An event began, improved or ended."""

    def analysis_alarm(self, kind: str, message: str) -> None:
        """Something that wants a person: worker_crashed, model_missing … with a sentence."""


class Fragments(Protocol):
    """Muxes one stream for browsers, from its first key frame on."""

    def push(self, unit: AccessUnit) -> list[bytes]:
        """What the unit completed: at first the initialisation segment, later now and then a fragment."""


class RenderError(Exception):
    """A picture or clip could not be made; the message is a sentence for the operator."""


class Renderer(Protocol):
    """Decodes and remuxes on request, in a process that may crash; every method may raise RenderError."""

    async def still(
        self, stream_format: StreamFormat, units: Sequence[AccessUnit], *, width: int | None = None
    ) -> bytes:
        """JPEG of the last picture of a group of pictures."""

    async def frame(self, path: Path, at_s: float, *, width: int | None = None) -> bytes:
        """JPEG of the picture shown ``at_s`` seconds after a segment's first."""

    async def clip(self, pieces: Sequence[ClipPiece], destination: Path) -> Path:
        """Ordinary MP4 of these pieces, cut at key frames, without re-encoding."""
