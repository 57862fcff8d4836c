"""Which box of this picture is which thing of the last: constant velocity, sure boxes first.

Own code instead of ``trackers``/``supervision``: at five pictures a second matching by centre distance keeps
identities that matching by overlap alone loses, and it needs neither scipy nor a second OpenCV.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from embedded_server.detector import geometry
from embedded_server.services.model import Box

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Sighting:
    """A box in one picture. Only sightings of the same ``group`` follow one another, unless they overlap much."""

    box: Box
    group: str
    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class TrackSettings:
    """Scores: ``high`` are matched first, ``low`` only continue what is known, ``new`` begins a track."""

    high: float = 0.45
    low: float = 0.20
    new: float = 0.50
    min_iou: float = 0.05
    reach: float = 1.0
    hits: int = 3
    sure: float = 0.60
    sure_hits: int = 2
    keep_s: float = 2.0
    keep_unsure_s: float = 0.7
    most: int = 100


MODEL_TRACKS = TrackSettings()
MOTION_TRACKS = TrackSettings(
    high=0.0, low=0.0, new=0.0, reach=1.5, hits=3, sure=2.0, keep_s=1.6, keep_unsure_s=0.5
)


USUAL_CONFIDENCE = 0.45
"""What a plan asks for when nobody has said otherwise; a model's own thresholds belong to it."""


def asked_for(settings: TrackSettings, min_confidence: float) -> TrackSettings:
    """A model's thresholds, stricter or laxer by as much as the plan is than usual."""
    by = min_confidence - USUAL_CONFIDENCE
    return replace(
        settings,
        high=min(max(settings.high + by, 0.05), 0.95),
        low=min(max(settings.low + by, 0.02), 0.90),
        new=min(max(settings.new + by, 0.05), 0.95),
        sure=min(max(settings.sure + by, 0.05), 0.97),
    )


class _Axis:
    """One coordinate with its velocity: a Kalman filter of two states, written out."""

    __slots__ = ("a", "b", "c", "position", "velocity")

    def __init__(self, position: float, spread: float) -> None:
        self.position, self.velocity = position, 0.0
        self.a, self.b, self.c = spread * spread, 0.0, (2 * spread) ** 2

    def predict(self, dt: float, noise: float) -> None:
        self.position += self.velocity * dt
        variance = noise * noise
        self.a += dt * (2 * self.b + dt * self.c) + variance * dt**4 / 4
        self.b += dt * self.c + variance * dt**3 / 2
        self.c += variance * dt**2

    def correct(self, measured: float, spread: float) -> None:
        total = self.a + spread * spread
        gain_position, gain_velocity = self.a / total, self.b / total
        wrong = measured - self.position
        self.position += gain_position * wrong
        self.velocity += gain_velocity * wrong
        self.c -= gain_velocity * self.b
        self.b -= gain_position * self.b
        self.a -= gain_position * self.a


@dataclass(slots=True, eq=False)
class Track:
    """One thing over time. Times are seconds of media time."""

    id: int
    first_s: float
    last_s: float
    box: Box
    group: str
    confidence: float
    hits: int = 1
    sure_hits: int = 0
    is_confirmed: bool = False
    best_confidence: float = 0.0
    label_scores: dict[str, float] = field(default_factory=dict)
    group_scores: dict[str, float] = field(default_factory=dict)
    tallness_sum: float = 0.0
    _x: _Axis = field(init=False)
    _y: _Axis = field(init=False)
    _low: tuple[float, float] = field(init=False)
    _high: tuple[float, float] = field(init=False)
    _predicted: Box = field(init=False)

    def __post_init__(self) -> None:
        x, y = geometry.centre(self.box)
        size = self.size
        self._x, self._y = _Axis(x, size * 0.2), _Axis(y, size * 0.2)
        self._low = self._high = (x, y)
        self._predicted = self.box

    @property
    def size(self) -> float:
        """Geometric mean of the sides, never nothing."""
        return max(math.sqrt(geometry.area(self.box)), 0.005)

    @property
    def duration_s(self) -> float:
        """From the first to the last sighting."""
        return self.last_s - self.first_s

    @property
    def travel(self) -> float:
        """How far the smoothed centre has come over the whole life, in parts of the picture.

        The full range on purpose: a spread of percentiles drops everybody who walks in and stands still.
        """
        return math.hypot(self._high[0] - self._low[0], self._high[1] - self._low[1])

    @property
    def speed(self) -> float:
        """Parts of the picture per second, over the life."""
        return self.travel / max(self.duration_s, 0.2)

    @property
    def tallness(self) -> float:
        """Mean height : width of the boxes, in fractions (not in pixels)."""
        return self.tallness_sum / max(self.hits, 1)

    @property
    def predicted(self) -> Box:
        """Where it should be in the picture being looked at."""
        return self._predicted

    def predict(self, dt: float) -> None:
        """Move on by ``dt`` seconds."""
        self._x.predict(dt, self.size)
        self._y.predict(dt, self.size)
        self._predicted = Box(
            self._x.position - self.box.width / 2,
            self._y.position - self.box.height / 2,
            self.box.width,
            self.box.height,
        )

    def see(self, sighting: Sighting, now_s: float, *, sure: float) -> None:
        """Take one more sighting."""
        spread = self.size * 0.1
        x, y = geometry.centre(sighting.box)
        self._x.correct(x, spread)
        self._y.correct(y, spread)
        self.hits += 1
        self.last_s = now_s
        self.box, self.confidence = sighting.box, sighting.confidence
        self._predicted = sighting.box
        self.count(sighting, sure=sure)
        here = (self._x.position, self._y.position)
        self._low = (min(self._low[0], here[0]), min(self._low[1], here[1]))
        self._high = (max(self._high[0], here[0]), max(self._high[1], here[1]))

    def count(self, sighting: Sighting, *, sure: float) -> None:
        """Add one sighting to the votes."""
        self.sure_hits += sighting.confidence > sure
        self.best_confidence = max(self.best_confidence, sighting.confidence)
        _add(self.label_scores, sighting.label, sighting.confidence)
        _add(self.group_scores, sighting.group, sighting.confidence)
        self.group = max(self.group_scores, key=self.group_scores.__getitem__)
        self.tallness_sum += sighting.box.height / max(sighting.box.width, 1e-6)


def _add(scores: dict[str, float], key: str, value: float) -> None:
    if key in scores or len(scores) < 32:
        scores[key] = scores.get(key, 0.0) + value


class Tracker:
    """All tracks of one kind of one camera."""

    def __init__(self, settings: TrackSettings = MODEL_TRACKS) -> None:
        self._s = settings
        self._tracks: list[Track] = []
        self._next_id = 1
        self._now_s: float | None = None

    @property
    def tracks(self) -> Sequence[Track]:
        """All that are alive, confirmed or not."""
        return tuple(self._tracks)

    @property
    def confirmed(self) -> list[Track]:
        """Those that were seen often enough."""
        return [track for track in self._tracks if track.is_confirmed]

    def update(self, sightings: Iterable[Sighting], now_s: float) -> list[Track]:
        """Take the boxes of one picture; return the confirmed tracks that are alive."""
        dt = 0.0 if self._now_s is None else max(now_s - self._now_s, 0.0)
        self._now_s = now_s
        for track in self._tracks:
            track.predict(dt)
        seen = list(sightings)
        high = [s for s in seen if s.confidence >= self._s.high]
        low = [s for s in seen if self._s.low <= s.confidence < self._s.high]
        free, rest = self._match(self._tracks, high, now_s)
        self._match([track for track in free if track.is_confirmed], low, now_s)
        self._begin(rest, now_s)
        self._tracks = [track for track in self._tracks if not self._is_over(track, now_s)]
        return self.confirmed

    def use(self, settings: TrackSettings) -> None:
        """Go on with other settings."""
        self._s = settings

    def forget(self) -> None:
        """Drop all tracks; identities go on counting."""
        self._tracks.clear()

    def _match(
        self, tracks: Sequence[Track], sightings: Sequence[Sighting], now_s: float
    ) -> tuple[list[Track], list[Sighting]]:
        """Best pairs first (greedy); returns what stayed alone on either side."""
        pairs = [
            (score, t, s)
            for t, track in enumerate(tracks)
            for s, sighting in enumerate(sightings)
            if (score := self._likeness(track, sighting)) > 0
        ]
        pairs.sort(key=lambda pair: -pair[0])
        taken_tracks: set[int] = set()
        taken_sightings: set[int] = set()
        for _, t, s in pairs:
            if t in taken_tracks or s in taken_sightings:
                continue
            taken_tracks.add(t)
            taken_sightings.add(s)
            self._see(tracks[t], sightings[s], now_s)
        return (
            [track for t, track in enumerate(tracks) if t not in taken_tracks],
            [sighting for s, sighting in enumerate(sightings) if s not in taken_sightings],
        )

    def _likeness(self, track: Track, sighting: Sighting) -> float:
        overlap = geometry.iou(track.predicted, sighting.box)
        if track.group != sighting.group and overlap < 0.5:
            return 0.0
        reach = self._s.reach * max(track.size, 0.02)
        away = geometry.distance(track.predicted, sighting.box) / reach
        if overlap < self._s.min_iou and away >= 1.0:
            return 0.0
        known = 0.2 if track.is_confirmed else 0.0
        return overlap + max(0.0, 1.0 - away) * 0.5 + known + 1e-6

    def _see(self, track: Track, sighting: Sighting, now_s: float) -> None:
        track.see(sighting, now_s, sure=self._s.sure)
        if track.hits >= self._s.hits or track.sure_hits >= self._s.sure_hits:
            track.is_confirmed = True

    def _begin(self, sightings: Sequence[Sighting], now_s: float) -> None:
        for sighting in sightings:
            if sighting.confidence < self._s.new or len(self._tracks) >= self._s.most:
                continue
            track = Track(
                self._next_id, now_s, now_s, sighting.box, sighting.group, sighting.confidence
            )
            track.count(sighting, sure=self._s.sure)
            self._next_id += 1
            self._tracks.append(track)

    def _is_over(self, track: Track, now_s: float) -> bool:
        keep = self._s.keep_s if track.is_confirmed else self._s.keep_unsure_s
        return now_s - track.last_s > keep
