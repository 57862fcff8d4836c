"""As much of the console as a test needs, and domain values with defaults."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from console.domain.camera import Camera, CameraCapability, CameraKey, Health
from console.domain.event import Event, EventKey, Severity
from console.session import Stores
from console.store.cameras import CameraStore
from console.store.detections import DetectionStore
from console.store.events import EventStore
from console.store.footage import FootageStore
from console.store.notices import NoticeStore
from console.store.systems import SystemStore

if TYPE_CHECKING:
    from console.domain.camera import CameraKey as Key

T0 = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def a_camera(slug: str = "gate", *, system: str = "sys", **more: Any) -> Camera:
    values = {
        "name": slug.capitalize(),
        "health": Health.ONLINE,
        "capabilities": frozenset({CameraCapability.LIVE, CameraCapability.FOOTAGE}),
        **more,
    }
    return Camera(key=CameraKey(system, slug), **values)


def an_event(number: int = 1, *, camera: Key | None = None, **more: Any) -> Event:
    values = {
        "camera_name": "Gate",
        "started_at": at(number),
        "ended_at": None,
        "label": "person",
        "confidence": 0.9,
        "severity": Severity.DETECTION,
        "summary": f"Person {number}",
        **more,
    }
    return Event(
        key=EventKey("sys", str(number)), camera=camera or CameraKey("sys", "gate"), **values
    )


def empty_stores() -> Stores:
    return Stores(
        SystemStore(), CameraStore(), EventStore(), FootageStore(), DetectionStore(), NoticeStore()
    )
