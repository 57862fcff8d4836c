"""Encoded pictures of a clip, as the media pipeline passes them on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded_server.media.session import Session
from embedded_server.media.source import open_source
from embedded_server.services.model import CapturePlan, StreamFormat

if TYPE_CHECKING:
    from pathlib import Path

    from embedded_server.media.packet import Packet

WALL_US = 1_780_000_000_000_000
"""Arrival of the first packet."""


def plan_of(
    url: str,
    *,
    camera: str = "gate",
    profile: str = "main",
    roles: frozenset[str] = frozenset({"live", "record"}),
    transport: str = "tcp",
    segment_s: int = 60,
) -> CapturePlan:
    """A plan for one stream; whoever passes credentials gets them only in ``url``."""
    shown = url.partition("@")[2]
    return CapturePlan(
        stream_id=f"{camera}/{profile}",
        camera_id=camera,
        profile=profile,
        url=url,
        shown_url=f"rtsp://{shown}" if shown else url,
        roles=roles,
        rtsp_transport=transport,
        segment_seconds=segment_s,
    )


def packets_of(path: Path, *, limit: int | None = None) -> tuple[StreamFormat, list[Packet]]:
    """Format and packets of one pass over a clip, arriving exactly at their pace."""
    source = open_source(plan_of(str(path)), open_timeout_s=1.0, pause=lambda _: False)
    session = Session(source.facts, shown="clip")
    tick_us = source.facts.time_base[0] / source.facts.time_base[1] * 1e6
    found: list[Packet] = []
    stream_format: StreamFormat | None = None
    one_pass = source._one_pass()  # type: ignore[attr-defined]  # the loop itself never ends
    for raw in one_pass:
        for item in session.feed(raw._replace(wall_us=WALL_US + round((raw.dts or 0) * tick_us))):
            if isinstance(item, StreamFormat):
                stream_format = item
            else:
                found.append(item)
        if limit is not None and len(found) >= limit:
            break
    source.close()
    assert stream_format is not None
    return stream_format, found
