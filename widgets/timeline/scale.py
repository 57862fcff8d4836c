"""Time against pixels: ticks, zooming and snapping; no Qt."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import tzinfo

SHORTEST = timedelta(seconds=2)
LONGEST = timedelta(days=62)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEPS_S = (
    1, 2, 5, 10, 15, 30,
    60, 120, 300, 600, 900, 1800,
    3600, 7200, 10800, 21600, 43200,
    86400, 172800, 604800,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """What is visible: half-open, in UTC."""

    start: datetime
    end: datetime

    @property
    def duration(self) -> timedelta:
        """Its length."""
        return self.end - self.start

    def contains(self, moment: datetime) -> bool:
        """Whether the moment is visible."""
        return self.start <= moment < self.end

    def moved(self, by: timedelta) -> TimeSpan:
        """The same length, earlier or later."""
        return TimeSpan(self.start + by, self.end + by)

    def around(self, moment: datetime) -> TimeSpan:
        """The same length with the moment in the middle."""
        return TimeSpan(moment - self.duration / 2, moment + self.duration / 2)


@dataclass(frozen=True, slots=True)
class Tick:
    """One label below the edge; a ``major`` one begins a day."""

    at: datetime
    text: str
    is_major: bool


@dataclass(frozen=True, slots=True)
class Scale:
    """A span laid over a width that begins at ``left``."""

    span: TimeSpan
    left: float
    width: float

    def x_of(self, moment: datetime) -> float:
        """Pixel of a moment; outside the width for one that is not visible."""
        if self.width <= 0:
            return self.left
        return self.left + (moment - self.span.start) / self.span.duration * self.width

    def time_at(self, x: float) -> datetime:
        """Moment under a pixel."""
        if self.width <= 0:
            return self.span.start
        return self.span.start + self.span.duration * ((x - self.left) / self.width)

    def length_of(self, pixels: float) -> timedelta:
        """How long that many pixels last."""
        return self.span.duration * (pixels / self.width) if self.width > 0 else timedelta(0)

    def zoomed(self, factor: float, at_x: float) -> TimeSpan:
        """The span after zooming in by ``factor``; the moment under ``at_x`` stays where it is."""
        duration = min(max(self.span.duration / factor, SHORTEST), LONGEST)
        share = min(max((at_x - self.left) / self.width, 0.0), 1.0) if self.width > 0 else 0.5
        start = self.time_at(self.left + share * self.width) - duration * share
        return TimeSpan(start, start + duration)

    def panned(self, pixels: float) -> TimeSpan:
        """The span after its content was dragged to the right by that many pixels."""
        return self.span.moved(-self.length_of(pixels))

    def snapped(
        self, moment: datetime, to: Iterable[datetime], *, within_px: float = 6
    ) -> datetime:
        """The nearest of some moments if it is close enough on the screen, else the moment itself."""
        reach = self.length_of(within_px)
        near = [candidate for candidate in to if abs(candidate - moment) <= reach]
        return min(near, key=lambda candidate: abs(candidate - moment), default=moment)

    def ticks(self, zone: tzinfo | None, *, apart_px: float = 90) -> tuple[Tick, ...]:
        """Round times of that zone (None: this computer's), no closer than ``apart_px``."""
        step = step_for(self.span.duration, self.width, apart_px=apart_px)
        return tuple(_tick(moment, zone, step) for moment in _round_times(self.span, zone, step))


def step_for(duration: timedelta, width: float, *, apart_px: float) -> timedelta:
    """The smallest round step whose ticks are far enough apart."""
    if width <= 0:
        return timedelta(seconds=_STEPS_S[-1])
    least = duration.total_seconds() * apart_px / width
    place = bisect_left(_STEPS_S, least)
    return timedelta(seconds=_STEPS_S[min(place, len(_STEPS_S) - 1)])


def merged_bars(
    bars: Sequence[tuple[float, float]], *, closer_px: float = 1.0
) -> list[tuple[float, float]]:
    """Bars in pixels, those that would touch on the screen made one; a day of segments paints as a few."""
    merged: list[tuple[float, float]] = []
    for left, right in sorted(bars):
        if merged and left - merged[-1][1] <= closer_px:
            merged[-1] = (merged[-1][0], max(merged[-1][1], right))
        else:
            merged.append((left, right))
    return merged


def _round_times(span: TimeSpan, zone: tzinfo | None, step: timedelta) -> list[datetime]:
    # Counted from local midnight of the epoch, so that hours are round in zones off by half an hour too.
    # Behind a change to summer time within the span the ticks stay evenly spaced and so are off by an hour.
    offset = span.start.astimezone(zone).utcoffset() or timedelta(0)
    local = span.start - _EPOCH + offset
    moment = _EPOCH + (-(-local // step)) * step - offset
    times = []
    while moment < span.end:
        times.append(moment)
        moment += step
    return times


def _tick(moment: datetime, zone: tzinfo | None, step: timedelta) -> Tick:
    local = moment.astimezone(zone)
    is_midnight = (local.hour, local.minute, local.second) == (0, 0, 0)
    if is_midnight or step >= timedelta(days=1):
        return Tick(moment, f"{local:%a} {local.day} {local:%b}", is_major=True)
    form = "%H:%M:%S" if step < timedelta(minutes=1) else "%H:%M"
    return Tick(moment, local.strftime(form), is_major=False)
