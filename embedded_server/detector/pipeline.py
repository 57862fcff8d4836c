"""One camera's path from picture to event; this module alone knows the order of the stages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import cv2

from embedded_server.detector import geometry
from embedded_server.detector.gate import Gate
from embedded_server.detector.motion import HEIGHT, WIDTH, Motion, MotionModel
from embedded_server.detector.naming import (
    MOTION,
    PERSON,
    Looks,
    Shape,
    Verdict,
    group_of,
    judge,
    place_name,
    summary,
)
from embedded_server.detector.rules import EventBook, Subject
from embedded_server.detector.tracking import (
    MOTION_TRACKS,
    Sighting,
    Track,
    Tracker,
    asked_for,
)
from embedded_server.services.model import (
    Box,
    DetectionBatch,
    DetectionOut,
    EventPhase,
    EventReport,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from embedded_server.detector.base import Detector, Finding, Frame, Picture
    from embedded_server.detector.rules import Draft
    from embedded_server.services.model import AnalysisPlan

_FIRST_LOOK_S, _LATER_LOOK_S, _FIRST_LOOKS = 0.6, 1.5, 6
_IDLE_BATCH_S = 1.0
_SHOWN_TRAVEL = 0.06
"""What flickers on the spot, such as a clock burnt into the picture, gets no box."""
_MODEL_ID, _MOTION_ID = 0, 1_000_000
"""Identities of motion tracks begin here, so that one number names one track of a camera."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one picture led to; ``batch`` is None when there is nothing new to say."""

    batch: DetectionBatch | None
    reports: tuple[EventReport, ...]


class CameraPipeline:
    """Motion, gate, detector, trackers, rules and pictures of one camera. Used by one thread at a time."""

    def __init__(self, plan: AnalysisPlan) -> None:
        self.plan = plan
        self._motion = MotionModel(masks=plan.masks)
        self._gate = Gate()
        self._model_tracks = Tracker()
        self._motion_tracks = Tracker(MOTION_TRACKS)
        self._book = EventBook(plan)
        self._looks: dict[int, Looks] = {}
        self._looked_s: dict[int, float] = {}
        self._names: dict[int, tuple[datetime, str]] = {}
        self._started_s: float | None = None
        self._said_boxes = False
        self._batch_s = float("-inf")
        self._clock: tuple[float, datetime] | None = None
        self._aspect = 16 / 9

    def step(self, frame: Frame, now_s: float, at: datetime, detector: Detector) -> Outcome:
        """Analyse one picture taken at ``now_s`` of media time, which arrived at ``at``."""
        self._clock = (now_s, at)
        self._aspect = frame.width / max(frame.height, 1)
        if self._started_s is None:
            self._started_s = now_s
        motion = self._motion.update(frame.grey(WIDTH, HEIGHT), now_s)
        if motion.camera_moved:
            self._model_tracks.forget()
        moving = self._motion_tracks.update(_sightings_of(motion), now_s)
        if detector.needs_regions:
            self._look(frame, moving, now_s, detector)
            subjects = [self._judged(track) for track in moving]
        else:
            found = self._detect(frame, motion, now_s, detector)
            subjects = [*found, *(Subject(t, Verdict(MOTION, 0.5), by_model=False) for t in moving)]
        self._forget_dead(moving)
        drafts = self._book.step(
            subjects,
            now_s,
            holds_model=now_s - self._started_s < 2.0 or motion.camera_moved,
            holds_motion=motion.is_held,
        )
        reports = tuple(self._report(draft, frame) for draft in drafts)
        return Outcome(self._batch(subjects, now_s, at), reports)

    def interrupt(self) -> tuple[EventReport, ...]:
        """The stream stopped or jumped: end what is open, begin anew with the next picture."""
        reports = tuple(self._report(draft, None) for draft in self._book.end_all())
        self._motion = MotionModel(masks=self.plan.masks)
        self._gate = Gate()
        self._model_tracks.forget()
        self._motion_tracks.forget()
        self._looks.clear()
        self._looked_s.clear()
        self._started_s = None
        self._batch_s = float("-inf")
        return reports

    def _detect(
        self, frame: Frame, motion: Motion, now_s: float, detector: Detector
    ) -> list[Subject]:
        is_open = self._gate.is_open(
            now_s, moving_share=motion.largest, has_tracks=bool(self._model_tracks.tracks)
        )
        if is_open:
            self._model_tracks.use(asked_for(detector.thresholds, self.plan.min_confidence))
            self._model_tracks.update(self._kept(detector.detect(frame)), now_s)
        return [_by_model(track) for track in self._model_tracks.confirmed]

    def _kept(self, findings: Sequence[Finding]) -> list[Sighting]:
        """Findings outside the masks, with the names that the operator gave."""
        kept = []
        for box, name, confidence in findings:
            label = self.plan.label_map.get(name, name)
            middle = geometry.centre(box)
            if any(geometry.contains(mask, middle) for mask in self.plan.masks):
                continue
            kept.append(Sighting(geometry.clip(box), group_of(label), label, confidence))
        return kept

    def _look(
        self, frame: Frame, tracks: Sequence[Track], now_s: float, detector: Detector
    ) -> None:
        """Let the built-in detector vote on the crops that are due: the price stays small on busy scenes."""
        due = [track for track in tracks if track.last_s == now_s and self._is_due(track, now_s)][
            :4
        ]
        if not due:
            return
        found = {f.box: f.label for f in detector.detect(frame, tuple(t.box for t in due))}
        for track in due:
            looks = self._looks.setdefault(track.id, Looks())
            looks.looks += 1
            label = found.get(track.box)
            looks.persons += label == PERSON
            looks.vehicles += label is not None and label != PERSON
            self._looked_s[track.id] = now_s

    def _is_due(self, track: Track, now_s: float) -> bool:
        looks = self._looks.get(track.id)
        wait_s = _FIRST_LOOK_S if looks is None or looks.looks < _FIRST_LOOKS else _LATER_LOOK_S
        return now_s - self._looked_s.get(track.id, float("-inf")) >= wait_s - 0.05

    def _judged(self, track: Track) -> Subject:
        shape = Shape(track.tallness / self._aspect, track.size, track.speed)
        return Subject(track, judge(self._looks.get(track.id, Looks()), shape), by_model=False)

    def _forget_dead(self, alive: Sequence[Track]) -> None:
        ids = {track.id for track in alive}
        for track_id in [track_id for track_id in self._looked_s if track_id not in ids]:
            self._looked_s.pop(track_id, None)
            self._looks.pop(track_id, None)

    def _batch(
        self, subjects: Sequence[Subject], now_s: float, at: datetime
    ) -> DetectionBatch | None:
        """The boxes seen in this very picture; emptiness is said at once, then once a second."""
        seen = [s for s in subjects if s.track.last_s == now_s]
        models = [s.box for s in seen if s.by_model]
        shown = tuple(
            DetectionOut(
                s.verdict.label,
                s.verdict.confidence if not s.by_model else s.track.confidence,
                s.box,
                s.track.id + (_MODEL_ID if s.by_model else _MOTION_ID),
            )
            for s in seen
            if s.by_model
            or (
                s.track.travel >= _SHOWN_TRAVEL
                and not any(geometry.cover(s.box, box) > 0.5 for box in models)
            )
        )
        if not shown and not self._said_boxes and now_s - self._batch_s < _IDLE_BATCH_S:
            return None
        self._said_boxes, self._batch_s = bool(shown), now_s
        return DetectionBatch(self.plan.camera_id, at, shown)

    def _report(self, draft: Draft, frame: Frame | None) -> EventReport:
        assert self._clock is not None
        started_at, key = self._named(draft)
        snapshot = crop = None
        if draft.wants_picture and frame is not None:
            snapshot, crop = _pictures(frame.bgr(), draft.box)
        camera = place_name(self.plan.camera_id, self.plan.camera_name)
        is_over = draft.phase is EventPhase.END
        if is_over:
            del self._names[draft.serial]
        return EventReport(
            key=key,
            camera_id=self.plan.camera_id,
            phase=draft.phase,
            started_at=started_at,
            at=self._clock[1],
            ended_at=self._wall(draft.last_s) if is_over else None,
            label=draft.verdict.label,
            labels=draft.labels,
            confidence=draft.verdict.confidence,
            severity=draft.severity,
            summary=summary(draft.verdict, camera=camera, zone=draft.zone),
            detection_count=draft.detection_count,
            box=draft.box,
            zone=draft.zone,
            snapshot_jpeg=snapshot,
            crop_jpeg=crop,
            metadata={
                "is_like": draft.verdict.is_like,
                "zones": [
                    {
                        "title": visit.title,
                        "entered_at": self._wall(visit.entered_s).isoformat(),
                        "left_at": self._wall(visit.left_s).isoformat(),
                    }
                    for visit in draft.visits
                ],
            },
        )

    def _named(self, draft: Draft) -> tuple[datetime, str]:
        """Start and key of an event, settled when it is first told of: wall times tremble, keys must not."""
        if draft.serial not in self._names:
            started_at = self._wall(draft.first_s)
            key = f"{self.plan.camera_id}-{int(started_at.timestamp() * 1000)}-{uuid4().hex[:12]}"
            self._names[draft.serial] = started_at, key
        return self._names[draft.serial]

    def _wall(self, media_s: float) -> datetime:
        """Wall time of a moment of media time, counted back from the picture just analysed."""
        assert self._clock is not None
        now_s, at = self._clock
        return at - timedelta(seconds=max(now_s - media_s, 0.0))


def _sightings_of(motion: Motion) -> list[Sighting]:
    return [Sighting(blob.box, MOTION, MOTION, 0.5) for blob in motion.blobs]


def _by_model(track: Track) -> Subject:
    """What the model says of a track over its whole life."""
    return Subject(track, Verdict(track.group, track.best_confidence), by_model=True)


def _pictures(picture: Picture, box: Box) -> tuple[bytes | None, bytes | None]:
    """The whole picture, and the thing with some of what is round it."""
    height, width = picture.shape[:2]
    around = geometry.pad(box, 0.15)
    left, top = int(around.x * width), int(around.y * height)
    right = max(left + 8, int((around.x + around.width) * width))
    bottom = max(top + 8, int((around.y + around.height) * height))
    return _jpeg(picture), _jpeg(picture[top:bottom, left:right])


def _jpeg(picture: Picture) -> bytes | None:
    if not picture.size:
        return None
    is_good, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return data.tobytes() if is_good else None
