from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from widgets.timeline.scale import LONGEST, SHORTEST, Scale, TimeSpan, merged_bars, step_for

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = TimeSpan(T0, T0 + timedelta(hours=1))

spans = st.builds(
    lambda start_s, length_s: TimeSpan(
        T0 + timedelta(seconds=start_s), T0 + timedelta(seconds=start_s + length_s)
    ),
    st.integers(-10_000_000, 10_000_000),
    st.integers(2, 5_000_000),
)
scales = st.builds(Scale, spans, st.integers(0, 300), st.integers(50, 4000))


def test_pixels_and_times_agree_at_the_edges() -> None:
    scale = Scale(HOUR, 100, 600)
    assert scale.x_of(HOUR.start) == 100
    assert scale.x_of(HOUR.end) == 700
    assert scale.time_at(400) == T0 + timedelta(minutes=30)


@given(scales, st.floats(0, 1))
def test_a_pixel_leads_to_its_time_and_back(scale: Scale, share: float) -> None:
    x = scale.left + share * scale.width
    assert abs(scale.x_of(scale.time_at(x)) - x) < 0.01


@given(scales, st.floats(0.05, 20), st.floats(0, 1))
def test_zooming_keeps_the_moment_under_the_pointer(
    scale: Scale, factor: float, share: float
) -> None:
    x = scale.left + share * scale.width
    after = Scale(scale.zoomed(factor, x), scale.left, scale.width)
    assert abs((after.time_at(x) - scale.time_at(x)).total_seconds()) < 0.001
    assert after.span.duration + timedelta(microseconds=2) >= SHORTEST
    assert after.span.duration <= LONGEST


def test_dragging_to_the_right_shows_earlier_times() -> None:
    assert Scale(HOUR, 0, 600).panned(60) == HOUR.moved(-timedelta(minutes=6))


def test_a_widget_without_width_divides_by_nothing() -> None:
    scale = Scale(HOUR, 10, 0)
    assert scale.time_at(50) == HOUR.start
    assert scale.x_of(HOUR.end) == 10
    assert scale.zoomed(2, 10).duration == timedelta(minutes=30)
    assert scale.ticks(UTC) == ()


def test_ticks_are_round_and_far_enough_apart() -> None:
    scale = Scale(HOUR, 0, 600)
    ticks = scale.ticks(UTC, apart_px=90)
    assert [tick.text for tick in ticks] == ["12:00", "12:10", "12:20", "12:30", "12:40", "12:50"]
    assert step_for(HOUR.duration, 600, apart_px=90) == timedelta(minutes=10)


def test_ticks_are_round_in_zones_off_by_half_an_hour() -> None:
    day = TimeSpan(T0, T0 + timedelta(hours=12))
    texts = [tick.text for tick in Scale(day, 0, 600).ticks(ZoneInfo("Asia/Kolkata"))]
    assert texts == ["18:00", "20:00", "22:00", "Mon 2 Mar", "02:00", "04:00"]


def test_seconds_are_shown_when_they_matter() -> None:
    span = TimeSpan(T0, T0 + timedelta(seconds=20))
    assert Scale(span, 0, 600).ticks(UTC)[1].text == "12:00:05"


def test_a_new_day_is_a_major_tick() -> None:
    span = TimeSpan(T0, T0 + timedelta(days=3))
    majors = [tick.text for tick in Scale(span, 0, 900).ticks(UTC) if tick.is_major]
    assert majors == ["Mon 2 Mar", "Tue 3 Mar", "Wed 4 Mar"]


@given(scales)
def test_ticks_never_crowd(scale: Scale) -> None:
    xs = [scale.x_of(tick.at) for tick in scale.ticks(UTC, apart_px=90)]
    assert all(scale.span.contains(tick.at) for tick in scale.ticks(UTC))
    if step_for(scale.span.duration, scale.width, apart_px=90) < timedelta(days=7):
        assert all(b - a > 89.9 for a, b in itertools.pairwise(xs))


def test_snapping_takes_the_nearest_within_reach() -> None:
    scale = Scale(HOUR, 0, 600)
    marks = [T0 + timedelta(minutes=10), T0 + timedelta(minutes=11)]
    near = T0 + timedelta(minutes=10, seconds=20)
    assert scale.snapped(near, marks) == marks[0]
    far = T0 + timedelta(minutes=30)
    assert scale.snapped(far, marks) == far


def test_bars_that_touch_on_the_screen_are_one() -> None:
    assert merged_bars([(30, 40), (0, 10), (10.5, 20)]) == [(0, 20), (30, 40)]
    assert merged_bars([]) == []
