from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from embedded_server.media.backoff import Backoff
from embedded_server.media.capture import Capture
from embedded_server.media.errors import CameraLost, CaptureError, Stalled, Unauthorised
from embedded_server.media.packet import Packet, RawPacket
from embedded_server.services.model import CapturePlan, StreamFormat, StreamState, StreamStatus
from tests.support.clips import write_clip
from tests.support.packets import packets_of, plan_of
from tests.support.recording import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from embedded_server.media.session import SourceFacts

pytestmark = pytest.mark.logs_warnings


class Scripted:
    """An opener that plays a list: errors are raised, lists of packets are given, then the capture ends."""

    def __init__(self, facts: SourceFacts, script: list[CaptureError | list[Packet]]) -> None:
        self.facts = facts
        self.script = script
        self.timeouts: list[float] = []
        self.capture: Capture | None = None
        self.meanwhile: Callable[[], None] = lambda: None

    def __call__(
        self, plan: CapturePlan, *, open_timeout_s: float, pause: Callable[[float], bool]
    ) -> Scripted:
        self.timeouts.append(open_timeout_s)
        if not self.script:
            assert self.capture is not None
            self.capture.request_stop()
            raise CameraLost("the script is over")
        if isinstance(self.script[0], CaptureError):
            raise self.script.pop(0)  # type: ignore[misc]
        return self

    def packets(self) -> Iterator[RawPacket]:
        for p in self.script.pop(0):  # type: ignore[union-attr]
            yield RawPacket(p.pts, p.dts, p.is_key, p.payload, p.wall_us)
        self.meanwhile()

    def close(self) -> None:
        pass


class Sink:
    is_watched = False

    def __init__(self) -> None:
        self.states: list[tuple[StreamState, str | None]] = []
        self.packets: list[Packet] = []
        self.formats: list[StreamFormat] = []

    def format_changed(self, stream_format: StreamFormat) -> None:
        self.formats.append(stream_format)

    def packet_arrived(self, packet: Packet) -> None:
        self.packets.append(packet)

    def state_changed(self, status: StreamStatus, error: CaptureError | None) -> None:
        self.states.append((status.state, status.cause))

    def measured(self, status: StreamStatus) -> None:
        pass


@pytest.fixture
def packets(tmp_path: Path) -> list[Packet]:
    return packets_of(write_clip(tmp_path / "a.mp4", frames=15))[1]


def run(
    script: list[CaptureError | list[Packet]],
    monkeypatch: pytest.MonkeyPatch,
    meanwhile: Callable[[Capture], None] | None = None,
) -> tuple[Sink, Scripted, list[float]]:
    from embedded_server.media.session import SourceFacts

    opener = Scripted(SourceFacts("h264", b"", (1, 15_360), 0, 0, 15.0), script)
    sink, clock = Sink(), ManualClock()
    capture = Capture(
        plan_of("rtsp://a:b@cam/x"), sink, opener=opener, backoff=Backoff(lambda: 0.5), clock=clock
    )
    opener.capture = capture
    if meanwhile is not None:
        opener.meanwhile = lambda: meanwhile(capture)
    pauses: list[float] = []

    def wait(event: threading.Event, timeout: float | None = None) -> bool:
        pauses.append(timeout or 0.0)
        clock.seconds += timeout or 0.0
        return event.is_set()

    monkeypatch.setattr(threading.Event, "wait", wait)
    capture.run()
    monkeypatch.undo()
    return sink, opener, pauses


def test_the_first_connect_is_tried_again_like_any_other(
    packets: list[Packet], monkeypatch: pytest.MonkeyPatch
) -> None:
    sink, _, pauses = run([CameraLost("no"), CameraLost("no"), packets], monkeypatch)
    assert pauses[:2] == [0.5, 1.0]
    assert [state for state, _ in sink.states][:3] == [
        StreamState.OFFLINE,
        StreamState.OFFLINE,
        StreamState.ONLINE,
    ]
    assert len(sink.packets) == 15


def test_the_end_of_a_stream_is_a_loss(
    packets: list[Packet], monkeypatch: pytest.MonkeyPatch
) -> None:
    sink, _, _ = run([packets, packets], monkeypatch)
    assert len(sink.packets) == 30
    assert (StreamState.OFFLINE, "cam ended the stream.") in sink.states


def test_a_stall_stays_a_stall_until_the_next_attempt_says_otherwise(
    packets: list[Packet], monkeypatch: pytest.MonkeyPatch
) -> None:
    script: list[CaptureError | list[Packet]] = [packets, CameraLost("gone"), packets]
    sink, _, _ = run(script, monkeypatch, lambda capture: capture.stalled(1.9))
    states = [state for state, _ in sink.states]
    assert states[:4] == [
        StreamState.ONLINE,
        StreamState.STALLED,
        StreamState.STALLED,
        StreamState.OFFLINE,
    ]
    assert "no picture for 2 s" in (sink.states[1][1] or "")


def test_a_wrong_password_is_no_reason_to_hammer(
    packets: list[Packet], monkeypatch: pytest.MonkeyPatch
) -> None:
    sink, _, pauses = run([Unauthorised("wrong password"), packets], monkeypatch)
    assert sum(pauses[:5]) == 5.0
    assert sink.states[0] == (StreamState.UNAUTHORISED, "wrong password")


def test_attempts_after_a_loss_are_short_and_get_patient(
    packets: list[Packet], monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[CaptureError | list[Packet]] = [CameraLost("no") for _ in range(9)]
    _, opener, _ = run([packets, *lost], monkeypatch)
    assert opener.timeouts[0] == 3.0
    assert opener.timeouts[1] < 3.0
    assert max(opener.timeouts) == 10.0


def test_lost_and_back_are_said_once(
    packets: list[Packet], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    lost: list[CaptureError | list[Packet]] = [CameraLost("no") for _ in range(6)]
    run([*lost, packets], monkeypatch)
    messages = [record.getMessage() for record in caplog.records]
    assert messages[:2] == ["gate/main is lost: no", "gate/main is back"]


def test_stalled_is_an_error_of_its_own() -> None:
    assert Stalled("x").state is StreamState.STALLED
