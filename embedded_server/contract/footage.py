"""Recorded footage on the wire."""

from typing import Literal

from pydantic import Field

from embedded_server.contract.base import UtcTime, WireModel

GapCause = Literal[
    "camera_lost",
    "unauthorised",
    "stalled",
    "unsupported",
    "disk_full",
    "disk_error",
    "switched_off",
    "server_stopped",
    "server_crashed",
    "unknown",
]


class Segment(WireModel):
    """One file of footage; ``open`` while it is still being written."""

    camera_id: str
    name: str = Field(description="File name, used in /api/recordings/segment/{camera_id}/{name}")
    start: UtcTime
    end: UtcTime
    duration: float = Field(description="Seconds")
    size: int = Field(description="Bytes so far")
    codec: str
    width: int
    height: int
    sha256: str | None = None
    open: bool = False
    url: str


class Fragment(WireModel):
    """One moof+mdat pair: it decodes alone after the header, if it begins with a key frame."""

    offset: int
    length: int
    time: float = Field(description="Seconds of its first picture from the segment's start")
    key: bool


class SegmentIndex(WireModel):
    """What a player needs to read one moment of a segment with one Range request."""

    camera_id: str
    name: str
    start: UtcTime
    header_length: int = Field(description="Bytes of ftyp + moov at the beginning of the file")
    size: int
    open: bool
    fragments: list[Fragment]


class Run(WireModel):
    """Recorded time without a gap, half open."""

    start: UtcTime
    end: UtcTime


class Gap(WireModel):
    """Time without footage, with its cause; ``end`` is null while it lasts."""

    start: UtcTime
    end: UtcTime | None
    cause: GapCause
    detail: str | None = None


class CameraRuns(WireModel):
    """Runs and gaps of one camera in the asked time range."""

    camera_id: str
    runs: list[Run]
    gaps: list[Gap]


class RunList(WireModel):
    """GET /api/recordings/runs."""

    start: UtcTime
    end: UtcTime
    items: list[CameraRuns]
