from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import orjson

from embedded_server.contract.live import AccessUnit
from embedded_server.ipc import decode, encode
from embedded_server.media import wire
from embedded_server.services.model import (
    FragmentEntry,
    Gap,
    GapCause,
    Segment,
    StreamFormat,
    StreamState,
    StreamStatus,
)
from tests.support.packets import plan_of

NOW = datetime(2026, 5, 30, 12, 0, 1, 500, tzinfo=UTC)


def over_the_pipe(body: dict[str, object]) -> dict[str, object]:
    return dict(orjson.loads(orjson.dumps(body)))


def test_plans() -> None:
    plans = [plan_of("rtsp://u:p@h/1"), plan_of("rtsp://h/2", profile="sub", transport="udp")]
    assert wire.read_plans(over_the_pipe(wire.plans_body(plans))) == plans


def test_status() -> None:
    status = StreamStatus("gate/main", StreamState.STALLED, "why", NOW, None, fps=15.0, width=3)
    assert wire.read_status(over_the_pipe(wire.status_body(status))) == status


def test_gap() -> None:
    for end in (None, NOW):
        gap = Gap("gate", NOW, end, GapCause.DISK_FULL, "full")
        assert wire.read_gap(over_the_pipe(wire.gap_body(gap))) == gap


def test_pictures() -> None:
    stream_format = StreamFormat("h264", b"\0\1", (1, 90_000), 640, 360)
    message = decode(encode(wire.format_message("gate/main", 3, stream_format)))
    assert wire.read_format(message) == stream_format
    unit = AccessUnit(1, -5, 1_780_000_000_000_000, b"picture")
    assert wire.read_unit(decode(encode(wire.unit_message("gate/main", 3, unit)))) == unit


def test_growing_segments_are_sent_piece_by_piece_and_put_together() -> None:
    encoder, decoder = wire.SegmentEncoder(), wire.SegmentDecoder()
    entries = tuple(FragmentEntry(n * 10, 10, n * 0.5, n % 4 == 0) for n in range(40))
    segment = Segment("gate", "a.mp4", NOW, NOW, 10, "h264", 640, 360, 700, is_open=True)
    for count in (1, 2, 5, 39):
        grown = replace(segment, fragments=entries[:count])
        body = over_the_pipe(encoder.encode(grown))
        assert decoder.decode(body) == grown
    closed = replace(segment, fragments=entries, is_open=False, sha256="ab")
    body = over_the_pipe(encoder.encode(closed))
    assert len(body["fragments"]) == 1  # type: ignore[arg-type]
    assert decoder.decode(body) == closed
