"""Footage as it goes over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from embedded_server.contract import footage as wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedded_server.services.footage import Coverage
    from embedded_server.services.model import Segment, TimeRange


def segment_on_wire(segment: Segment) -> wire.Segment:
    """One file."""
    return wire.Segment(
        camera_id=segment.camera_id,
        name=segment.name,
        start=segment.start,
        end=segment.end,
        duration=(segment.end - segment.start).total_seconds(),
        size=segment.size,
        codec=segment.codec,
        width=segment.width,
        height=segment.height,
        sha256=segment.sha256,
        open=segment.is_open,
        url=f"/api/recordings/segment/{quote(segment.camera_id)}/{quote(segment.name)}",
    )


def index_on_wire(segment: Segment) -> wire.SegmentIndex:
    """Where the fragments of a file lie."""
    return wire.SegmentIndex(
        camera_id=segment.camera_id,
        name=segment.name,
        start=segment.start,
        header_length=segment.header_length,
        size=segment.size,
        open=segment.is_open,
        fragments=[
            wire.Fragment(offset=each.offset, length=each.length, time=each.time_s, key=each.is_key)
            for each in segment.fragments
        ],
    )


def runs_on_wire(window: TimeRange, coverages: Sequence[Coverage]) -> wire.RunList:
    """Runs and gaps of several cameras."""
    return wire.RunList(
        start=window.start,
        end=window.end,
        items=[
            wire.CameraRuns(
                camera_id=coverage.camera_id,
                runs=[wire.Run(start=run.start, end=run.end) for run in coverage.runs],
                gaps=[
                    wire.Gap(start=gap.start, end=gap.end, cause=gap.cause.value, detail=gap.detail)
                    for gap in coverage.gaps
                ],
            )
            for coverage in coverages
        ],
    )
