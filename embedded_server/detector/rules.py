"""Tracks to events: what is worth one, when it starts, gets better and ends. Knows no pixels and no clock."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedded_server.detector import geometry
from embedded_server.detector.naming import MOTION, PERSON, VEHICLE, Verdict, group_of
from embedded_server.services.model import EventPhase, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from embedded_server.detector.tracking import Track
    from embedded_server.services.model import AnalysisPlan, Box, Zone


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """Seconds, and parts of the picture."""

    model_travel: float = 0.06
    model_s: float = 0.4
    motion_travel: float = 0.12
    motion_s: float = 0.7
    update_s: float = 1.0
    most_open: int = 64
    most_per_minute: int = 120
    longest_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class Subject:
    """A track with what it is held to be in this picture."""

    track: Track
    verdict: Verdict
    by_model: bool

    @property
    def box(self) -> Box:
        """Where it is."""
        return self.track.box


@dataclass(frozen=True, slots=True)
class ZoneVisit:
    """When something was in a zone, in seconds of media time."""

    title: str
    entered_s: float
    left_s: float


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be said of an event, before pictures are added. Seconds are media time."""

    serial: int
    phase: EventPhase
    first_s: float
    last_s: float
    verdict: Verdict
    labels: tuple[str, ...]
    severity: Severity
    box: Box
    zone: str | None
    visits: tuple[ZoneVisit, ...]
    detection_count: int
    wants_picture: bool
    """Whether this very picture is the best so far."""


class ZoneWatch:
    """Where the feet of one thing have been."""

    def __init__(self, zones: Sequence[Zone]) -> None:
        self._zones = zones
        self._visits: dict[str, ZoneVisit] = {}

    def see(self, subject: Subject, labels: Iterable[str], now_s: float) -> None:
        """Note the zones that the thing stands in now."""
        names = set(labels)
        for zone in self._zones:
            if zone.labels and not names & set(zone.labels):
                continue
            if zone.threshold is not None and subject.verdict.confidence < zone.threshold:
                continue
            if not geometry.contains(zone.polygon, geometry.foot(subject.box)):
                continue
            entered = self._visits.get(zone.title)
            since = entered.entered_s if entered else now_s
            self._visits[zone.title] = ZoneVisit(zone.title, since, now_s)

    @property
    def visits(self) -> tuple[ZoneVisit, ...]:
        """Those that lasted as long as their zone asks."""
        dwell = {zone.title: zone.dwell_s or 0.0 for zone in self._zones}
        return tuple(v for v in self._visits.values() if v.left_s - v.entered_s >= dwell[v.title])

    @property
    def first(self) -> str | None:
        """The zone that gives the event its place."""
        return min(self.visits, key=lambda v: v.entered_s).title if self.visits else None


@dataclass(slots=True, eq=False)
class _Incident:
    """One event in the making: the tracks that are the same thing."""

    serial: int
    zones: ZoneWatch
    subjects: dict[int, Subject] = field(default_factory=dict)
    """By ``id(track)``, because tracks of model and motion count separately."""
    first_s: float = float("inf")
    last_s: float = 0.0
    said: Draft | None = None
    said_s: float = float("-inf")
    verdict: Verdict = field(default_factory=lambda: Verdict(MOTION, 0.0))
    severity: Severity = Severity.MOTION
    box: Box | None = None
    count: int = 0
    picture_worth: float = 0.0
    best_worth: float = 0.0
    labels: dict[str, None] = field(default_factory=dict)

    @property
    def has_model(self) -> bool:
        return any(subject.by_model for subject in self.subjects.values())

    @property
    def main(self) -> Subject | None:
        """The subject that names the event: the model's, then the longest-lived."""
        return max(
            self.subjects.values(),
            key=lambda s: (s.by_model, s.track.hits),
            default=None,
        )


_ORDER = {Severity.MOTION: 0, Severity.DETECTION: 1, Severity.ALERT: 2}


def severity_of(verdict: Verdict, *, in_zone: bool, has_zones: bool) -> Severity:
    """How urgent: people and vehicles where they matter, things, and mere motion.

    Where a camera has no zones its whole picture counts as one, but only for a model's word: shape and votes
    alone do not alarm anybody outside a zone.
    """
    if verdict.label in (PERSON, VEHICLE):
        if in_zone or (not has_zones and not verdict.is_like):
            return Severity.ALERT
        return Severity.DETECTION
    return Severity.MOTION if verdict.label == MOTION else Severity.DETECTION


class EventBook:
    """All open events of one camera."""

    def __init__(self, plan: AnalysisPlan, settings: RuleSettings | None = None) -> None:
        self._plan = plan
        self._s = settings or RuleSettings()
        self._open: list[_Incident] = []
        self._next_serial = 1
        self._starts: list[float] = []

    @property
    def open_count(self) -> int:
        """Events that have been told of and have not ended."""
        return sum(incident.said is not None for incident in self._open)

    def step(
        self,
        subjects: Sequence[Subject],
        now_s: float,
        *,
        holds_model: bool = False,
        holds_motion: bool = False,
    ) -> list[Draft]:
        """Take the subjects of one picture; return what is to be said now.

        While a kind is held, tracks of that kind begin nothing.
        """
        self._refresh(subjects)
        if not holds_model:
            self._adopt([s for s in subjects if s.by_model], now_s)
        if not holds_motion:
            self._adopt([s for s in subjects if not s.by_model], now_s)
        drafts = self._finish(now_s)
        for incident in self._open:
            drafts.extend(self._say(incident, now_s))
        return drafts

    def end_all(self) -> list[Draft]:
        """End every event where it was last seen: the picture has stopped."""
        drafts = [draft for incident in self._open if (draft := self._end(incident))]
        self._open.clear()
        return drafts

    def wants(self, verdict: Verdict, labels: Iterable[str]) -> bool:
        """Whether the operator asked for this label at this confidence."""
        names = {verdict.label, *labels}
        if verdict.label in self._plan.labels_off:
            return False
        if self._plan.objects and not names & self._plan.objects:
            return False
        floor = self._plan.label_confidence.get(verdict.label, self._plan.min_confidence)
        return verdict.confidence >= floor

    def _refresh(self, subjects: Sequence[Subject]) -> None:
        alive = {id(subject.track): subject for subject in subjects}
        for incident in self._open:
            incident.subjects = {key: alive[key] for key in incident.subjects if key in alive}

    def _adopt(self, subjects: Sequence[Subject], now_s: float) -> None:
        known = {key for incident in self._open for key in incident.subjects}
        for subject in subjects:
            if id(subject.track) in known or not self._is_worth_one(subject):
                continue
            incident = self._same_thing(subject) or self._begin(now_s)
            if incident is not None:
                incident.subjects[id(subject.track)] = subject

    def _is_worth_one(self, subject: Subject) -> bool:
        track = subject.track
        if subject.by_model:
            if track.travel < self._s.model_travel or track.duration_s < self._s.model_s:
                return False
            return self._is_watched(subject.verdict.label)
        return track.travel > self._s.motion_travel and track.duration_s > self._s.motion_s

    def _is_watched(self, label: str) -> bool:
        """Labels of no known group ("cell phone") make no event unless asked for; their motion does."""
        if group_of(label) in (PERSON, VEHICLE, "animal"):
            return True
        mapped = set(self._plan.label_map.values())
        return label in self._plan.objects or label in mapped

    def _same_thing(self, subject: Subject) -> _Incident | None:
        """The open event that this track belongs to, if there is one."""
        found = [incident for incident in self._open if _is_same_thing(incident, subject)]
        return max(found, key=lambda i: geometry.iou(_box(i), subject.box), default=None)

    def _begin(self, now_s: float) -> _Incident | None:
        self._starts = [start for start in self._starts if now_s - start < 60.0]
        if len(self._open) >= self._s.most_open or len(self._starts) >= self._s.most_per_minute:
            return None
        self._starts.append(now_s)
        incident = _Incident(self._next_serial, ZoneWatch(self._plan.zones))
        self._next_serial += 1
        self._open.append(incident)
        return incident

    def _say(self, incident: _Incident, now_s: float) -> list[Draft]:
        main = incident.main
        if main is None:
            return []
        self._absorb(incident, main, now_s)
        if incident.said is None:
            if not self.wants(incident.verdict, incident.labels):
                return []
            return [self._draft(incident, EventPhase.START, now_s)]
        if now_s - incident.said_s < self._s.update_s or not _is_news(incident):
            return []
        return [self._draft(incident, EventPhase.UPDATE, now_s)]

    def _absorb(self, incident: _Incident, main: Subject, now_s: float) -> None:
        """Take this picture's state of an event's tracks into it."""
        incident.count += 1
        incident.box = main.box
        incident.picture_worth = picture_worth(main, now_s)
        incident.first_s = min(
            incident.first_s, *(s.track.first_s for s in incident.subjects.values())
        )
        incident.last_s = max(incident.last_s, self._last_seen(incident))
        is_vaguer = main.by_model and not self._is_watched(main.verdict.label)
        if incident.said is None or not is_vaguer:
            said = incident.said is not None
            incident.verdict = _better(incident.verdict, main.verdict, said=said)
        for label in sorted(main.track.label_scores, key=lambda k: -main.track.label_scores[k])[:3]:
            incident.labels.setdefault(label)
        incident.zones.see(main, {incident.verdict.label, *incident.labels}, now_s)
        severity = severity_of(
            incident.verdict,
            in_zone=incident.zones.first is not None,
            has_zones=bool(self._plan.zones),
        )
        if incident.said is None or _ORDER[severity] > _ORDER[incident.severity]:
            incident.severity = severity

    def _last_seen(self, incident: _Incident) -> float:
        """Motion prolongs an event only while it is not some other event's motion as well."""
        own = [s for s in incident.subjects.values() if s.by_model == incident.has_model]
        last = max((s.track.last_s for s in own), default=0.0)
        for subject in incident.subjects.values():
            if not subject.by_model and not self._is_shared(subject, incident):
                last = max(last, subject.track.last_s)
        return last

    def _is_shared(self, motion: Subject, incident: _Incident) -> bool:
        return any(
            other is not incident and other.has_model and _agree(_box(other), motion.box)
            for other in self._open
        )

    def _finish(self, now_s: float) -> list[Draft]:
        """End events whose tracks are gone, and those that have lasted beyond all measure."""
        over = [
            i
            for i in self._open
            if not self._is_carried(i) or (i.said and now_s - i.first_s > self._s.longest_s)
        ]
        self._open = [incident for incident in self._open if incident not in over]
        return [draft for incident in over if (draft := self._end(incident))]

    def _is_carried(self, incident: _Incident) -> bool:
        """Whether any track of its own still lives."""
        if incident.has_model or not incident.subjects:
            return bool(incident.subjects)
        was_by_model = incident.said is not None and not incident.verdict.is_like
        if not was_by_model:
            return True
        return not all(self._is_shared(s, incident) for s in incident.subjects.values())

    def _end(self, incident: _Incident) -> Draft | None:
        if incident.said is None:
            return None
        return self._draft(incident, EventPhase.END, incident.last_s)

    def _draft(self, incident: _Incident, phase: EventPhase, now_s: float) -> Draft:
        labels = dict.fromkeys([incident.verdict.label, *incident.labels])
        wants_picture = phase is not EventPhase.END and (
            phase is EventPhase.START or _has_better_picture(incident)
        )
        if wants_picture:
            incident.best_worth = incident.picture_worth
        draft = Draft(
            serial=incident.serial,
            phase=phase,
            first_s=incident.first_s,
            last_s=incident.last_s,
            verdict=incident.verdict,
            labels=tuple(labels),
            severity=incident.severity,
            box=_box(incident),
            zone=incident.zones.first,
            visits=incident.zones.visits,
            detection_count=incident.count,
            wants_picture=wants_picture,
        )
        incident.said, incident.said_s = draft, now_s
        return draft


def _box(incident: _Incident) -> Box:
    """Where it is, or was last."""
    main = incident.main
    if main is not None:
        return main.box
    assert incident.box is not None
    return incident.box


def _is_same_thing(incident: _Incident, subject: Subject) -> bool:
    """The other kind of track at the same place; or the model wavering between two names for one box."""
    if incident.has_model != subject.by_model:
        return _agree(_box(incident), subject.box)
    main = incident.main
    if main is None or not subject.by_model or main.verdict.label == subject.verdict.label:
        return False
    return geometry.iou(main.box, subject.box) > 0.5


def _agree(a: Box, b: Box) -> bool:
    """Whether two boxes are of one thing: much of the smaller lies in the other."""
    return geometry.iou(a, b) > 0.15 or geometry.cover(a, b) > 0.6


def _better(old: Verdict, new: Verdict, *, said: bool) -> Verdict:
    """A name is decided late and by vote; a told name is not taken back for a vaguer one."""
    if said and new.label == MOTION and old.label != MOTION:
        return old
    if new.label == old.label and new.is_like == old.is_like and new.confidence < old.confidence:
        return old
    if not old.is_like and new.is_like and old.confidence > 0:
        return old
    return new


def _is_news(incident: _Incident) -> bool:
    said = incident.said
    if said is None:
        return True
    return (
        said.verdict.label != incident.verdict.label
        or said.severity != incident.severity
        or said.zone != incident.zones.first
        or incident.verdict.confidence - said.verdict.confidence > 0.1
        or _has_better_picture(incident)
    )


def _has_better_picture(incident: _Incident) -> bool:
    """Better by a third, so that an event's pictures are few however long it lasts."""
    return incident.picture_worth > 1.3 * incident.best_worth


def picture_worth(subject: Subject, now_s: float) -> float:
    """How good a picture of the thing this one is: big, sure, whole. Nothing where it was not seen just now."""
    box = subject.box
    if subject.track.last_s < now_s:
        return 0.0
    edge = 0.01
    is_cut = (
        box.x < edge
        or box.y < edge
        or box.x + box.width > 1 - edge
        or box.y + box.height > 1 - edge
    )
    return math.sqrt(geometry.area(box)) * subject.track.confidence * (0.5 if is_cut else 1.0)
