from __future__ import annotations

from datetime import UTC, datetime

from embedded_server.contract.live import AccessUnit
from embedded_server.detector import wire
from embedded_server.ipc import Channel, Message, decode
from embedded_server.services.model import (
    AnalysisPlan,
    Box,
    DetectionBatch,
    DetectionOut,
    EventPhase,
    EventReport,
    Severity,
    StreamFormat,
    Zone,
)

AT = datetime(2026, 3, 1, 12, 0, 0, 123456, UTC)


def sent(message: Message) -> Message:
    """The message as it comes out of a pipe."""

    class Pipe:
        data = b""

        def send_bytes(self, data: bytes) -> None:
            self.data = data

    pipe = Pipe()
    Channel(pipe).send(message)  # type: ignore[arg-type]
    return decode(pipe.data)


def test_plans_come_through_whole() -> None:
    plan = AnalysisPlan(
        "gate",
        "gate/sub",
        detector="yolox_nano",
        fps=4.0,
        objects=frozenset({"person"}),
        label_map={"cell phone": "vehicle"},
        label_confidence={"person": 0.6},
        labels_off=frozenset({"animal"}),
        zones=(Zone("Yard", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)), ("person",), 0.5, 2.0),),
        masks=(((0.0, 0.0), (0.1, 0.0), (0.1, 0.1)),),
        camera_name="Gate 1",
    )
    assert wire.read_plans(sent(wire.plans_message([plan], ["bad"]))) == ([plan], ["bad"])


def test_formats_and_units_come_through_whole() -> None:
    stream_format = StreamFormat("h264", b"\0\0\0\1abc", (1, 90_000), 640, 360)
    message = sent(wire.format_message("gate", stream_format))
    assert wire.read_format(message) == stream_format
    unit = AccessUnit(1, 9000, 1_700_000_000_000_000, b"\0\0\0\1xyz")
    message = sent(wire.unit_message("gate", unit))
    assert message.body["camera"] == "gate"
    assert wire.read_unit(message) == unit


def test_detections_come_through_whole() -> None:
    batch = DetectionBatch("gate", AT, (DetectionOut("person", 0.5, Box(0.1, 0.2, 0.3, 0.4), 7),))
    assert wire.read_detections(sent(wire.detections_message(batch))) == batch


def report(snapshot: bytes | None, crop: bytes | None) -> EventReport:
    return EventReport(
        "k",
        "gate",
        EventPhase.UPDATE,
        AT,
        AT,
        None,
        "person",
        ("person", "bag"),
        0.7,
        Severity.ALERT,
        "Person in Gate",
        12,
        Box(0, 0, 1, 1),
        "Yard",
        snapshot,
        crop,
        {"zones": []},
    )


def test_events_come_through_with_and_without_pictures() -> None:
    for pictures in ((b"snap", b"crop"), (None, None), (b"snap", None), (b"", b"crop")):
        event = report(*pictures)
        assert wire.read_event(sent(wire.event_message(event))) == event
