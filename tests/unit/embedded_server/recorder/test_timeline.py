from __future__ import annotations

from datetime import UTC, datetime, timedelta

from embedded_server.recorder.timeline import ends_before, next_start

T0 = datetime(2026, 5, 30, 12, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def test_segments_follow_each_other_exactly() -> None:
    assert next_start(T0, T0) == T0
    assert next_start(None, T0) == T0


def test_jitter_nudges_by_milliseconds_only() -> None:
    assert next_start(T0, after(0.3)) == after(0.02)
    assert next_start(T0, after(-0.3)) == after(-0.02)
    assert next_start(T0, after(0.005)) == after(0.005)


def test_a_large_drift_is_followed() -> None:
    assert next_start(T0, after(0.6)) == after(0.6)
    assert next_start(T0, after(-3)) == after(-3)


def test_segments_last_about_their_length_and_cameras_are_spread() -> None:
    ends = {}
    for camera in ("gate", "yard", "hall", "lobby"):
        first = next(
            s for s in range(400) if ends_before(T0, after(s), segment_s=60, camera_id=camera)
        )
        assert 30 <= first <= 90
        second = next(
            s
            for s in range(first, 400)
            if ends_before(after(first), after(s), segment_s=60, camera_id=camera)
        )
        assert 59 <= second - first <= 61
        ends[camera] = first
    assert len(set(ends.values())) > 2
