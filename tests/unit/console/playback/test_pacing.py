from __future__ import annotations

from itertools import pairwise

import pytest

from console.playback.pacing import Pacer, RateMeter

FRAME_S = 1 / 15


def test_jitter_is_smoothed() -> None:
    pacer = Pacer(delay_s=0.1)
    shown = []
    for number in range(60):
        pts = number * FRAME_S
        now = 50 + pts + (0.05 if number % 3 else 0.0)
        pacer.arrived(pts, now)
        shown.append(now + max(0.0, pacer.wait_s(pts, now)))
    steps = [b - a for a, b in pairwise(shown[10:])]
    assert all(step == pytest.approx(FRAME_S, abs=1e-6) for step in steps)


def test_the_first_group_at_once_does_not_delay_what_follows() -> None:
    pacer = Pacer(delay_s=0.1)
    for number in range(30):
        pacer.arrived(number * FRAME_S, 50.0)
    assert pacer.wait_s(29 * FRAME_S, 50.0) == pytest.approx(0.1)
    assert pacer.wait_s(0.0, 50.0) < -0.5


def test_being_late_is_told_as_long_as_it_lasts() -> None:
    pacer = Pacer(delay_s=0.1)
    for number in range(300):
        pts = number * FRAME_S
        now = 50 + pts + (0.0 if number < 20 else 1.0)
        pacer.arrived(pts, now)
    assert pacer.late_s(pts, now) == pytest.approx(0.9, abs=0.05)
    pacer.reset()
    pacer.arrived(0.0, 80.0)
    assert pacer.late_s(0.0, 80.0) == 0.0


def test_a_backlog_is_left_behind_whatever_arrives_meanwhile() -> None:
    pacer = Pacer(delay_s=0.1)
    for number in range(60):
        pacer.arrived(number * FRAME_S, 50 + number * FRAME_S)
    now = 54.0
    waits = []
    for number in range(60):
        waits.append(pacer.wait_s(number * FRAME_S, now))
        now += 0.001
    assert waits[0] < -3.5
    assert all(wait < 0 for wait in waits[:55])
    assert sum(max(0.0, wait) for wait in waits) < 0.2


def test_pictures_that_go_on_arriving_late_get_a_pace_of_their_own() -> None:
    pacer = Pacer(delay_s=0.1)
    for number in range(300):
        pts = number * FRAME_S
        now = 50 + pts + (0.0 if number < 20 else 1.0)
        pacer.arrived(pts, now)
    assert pacer.wait_s(pts, now) == pytest.approx(0.1)


def test_times_that_begin_anew_begin_a_new_pace() -> None:
    pacer = Pacer(delay_s=0.1)
    for number in range(300):
        pacer.arrived(number * FRAME_S, 50 + number * FRAME_S)
    pacer.arrived(0.0, 71.0)
    assert pacer.wait_s(0.0, 71.0) == pytest.approx(0.1)
    assert pacer.late_s(0.0, 71.0) == 0.0


def test_a_clock_that_runs_slow_is_drift_not_lateness() -> None:
    pacer = Pacer(delay_s=0.1)
    for number in range(3600 * 2):
        pts = float(number)
        now = 50 + pts * 1.0005
        pacer.arrived(pts, now)
    assert pacer.late_s(pts, now) < 0.5


def test_rates_fall_to_nothing() -> None:
    meter = RateMeter(span_s=2.0)
    for number in range(60):
        meter.add(number * FRAME_S)
    assert meter.per_second(60 * FRAME_S) == pytest.approx(15, abs=1)
    assert meter.per_second(10.0) == 0
