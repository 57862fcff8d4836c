"""The console reads by hand what the server's contract writes; here the two are held together."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.playback import live_wire
from embedded_server.contract import live as contract


@given(
    st.integers(0, 3),
    st.integers(-(2**62), 2**62),
    st.integers(0, 2**62),
    st.binary(max_size=64),
)
def test_units(flags: int, pts: int, wall_us: int, payload: bytes) -> None:
    sent = contract.AccessUnit(flags, pts, wall_us, payload)
    read = live_wire.read_unit(contract.pack_access_unit(sent))
    assert (read.pts, read.wall_us, bytes(read.payload)) == (pts, wall_us, payload)
    assert read.is_key == sent.is_key
    assert read.is_discontinuous == bool(flags & contract.DISCONTINUITY)


def test_openings() -> None:
    sent = contract.StreamOpening(
        camera_id="yard",
        profile="sub",
        codec="h265",
        extradata="AAAB",
        time_base=(1, 90_000),
        width=640,
        height=360,
    )
    read = live_wire.read_text(sent.model_dump_json())
    assert read == live_wire.Opening("h265", b"\0\0\1", Fraction(1, 90_000), 640, 360)


def test_states() -> None:
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    sent = contract.StreamStateMessage(state="offline", cause="why", next_try_at=when)
    read = live_wire.read_text(sent.model_dump_json())
    assert read == live_wire.StreamNews("offline", "why", when)


def test_dropped() -> None:
    sent = contract.DroppedMessage(access_units=7)
    assert live_wire.read_text(sent.model_dump_json()) == live_wire.Dropped(7)


def test_close_codes() -> None:
    for name in ("CLOSE_UNAUTHORISED", "CLOSE_FORBIDDEN", "CLOSE_NOT_FOUND", "CLOSE_GONE"):
        assert getattr(live_wire, name) == getattr(contract, name)


@given(st.text(max_size=60) | st.just('{"type":"stream","time_base":[1,0]}'))
def test_nonsense_is_refused_or_passed_over(text: str) -> None:
    try:
        assert live_wire.read_text(text) is None
    except ValueError:
        return


@given(st.binary(max_size=40))
def test_damaged_units_are_refused(message: bytes) -> None:
    if len(message) < 20 or message[1] != 1:
        with pytest.raises(ValueError, match="access unit"):
            live_wire.read_unit(message)
