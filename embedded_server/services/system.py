"""How the server is: alive, healthy, ready, and what a person should know."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from embedded_server.contract.system import (
    Liveness,
    Readiness,
    ServiceHealth,
    SocketMessage,
    SystemHealth,
)
from embedded_server.contract.version import PRODUCT_VERSION
from embedded_server.services.bus import CHANNEL_SYSTEM
from embedded_server.services.errors import ServiceError
from embedded_server.services.model import StreamState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from embedded_server.services.bus import Bus
    from embedded_server.services.ports import Clock

_log = logging.getLogger("gatehouse.system")

ALARM_LASTS_S = 60.0
"""A trouble that is not reported again for that long is over."""
CAPTURE = "capture"
ANALYSIS = "analysis"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that wants a person."""

    part: str
    kind: str
    message: str
    at_s: float


class SystemService:
    """Knows the parts of the server by what they report."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        *,
        probe_catalogue: Callable[[], Awaitable[object]],
        camera_states: Callable[[], Sequence[StreamState]],
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._probe = probe_catalogue
        self._camera_states = camera_states
        self._started_at = clock.now()
        self._alarms: dict[tuple[str, str], Alarm] = {}
        self.is_capturing = False
        """Whether media process and analysis have been started."""

    def liveness(self) -> Liveness:
        """Always; whoever can ask has the answer."""
        return Liveness(version=PRODUCT_VERSION, startedAt=self._started_at)

    async def health(self) -> SystemHealth:
        """Every part."""
        parts = await self._parts()
        return SystemHealth(
            status=_worst(parts.values()), services=parts, timestamp=self._clock.now()
        )

    async def readiness(self) -> Readiness:
        """Whether cameras are being captured: ``degraded`` while some of them are not."""
        parts = await self._parts()
        parts["cameras"] = self._cameras()
        works = all(parts[name].status != "unhealthy" for name in parts)
        is_whole = all(part.status == "healthy" for part in parts.values())
        return Readiness(
            ready=works,
            status="ready" if works and is_whole else "degraded" if works else "not_ready",
            checks=parts,
            timestamp=self._clock.now(),
        )

    async def status_message(self, message: str | None = None) -> SocketMessage:
        """What /ws/system sends."""
        health = await self.health()
        states = self._camera_states()
        data = {
            "gpu": dict.fromkeys(
                ("utilization", "memory_used", "memory_total", "temperature", "inference_fps")
            ),
            "cameras": {"active": states.count(StreamState.ONLINE), "total": len(states)},
            "queue": {"pending": 0, "processing": 0},
            "health": health.status,
            "status": health.status,
            "services": {
                name: part.model_dump(mode="json") for name, part in health.services.items()
            },
        }
        if message is not None:
            data["message"] = message
        return SocketMessage(type="system_status", data=data, timestamp=self._clock.now())

    def media_alarm(self, kind: str, message: str) -> None:
        """The media process is in trouble."""
        self._alarm(CAPTURE, kind, message)

    def analysis_alarm(self, kind: str, message: str) -> None:
        """The analysis is in trouble."""
        self._alarm(ANALYSIS, kind, message)

    def _alarm(self, part: str, kind: str, message: str) -> None:
        key = part, kind
        is_new = key not in self._standing()
        if is_new:
            _log.warning("%s", message)
        self._alarms[key] = Alarm(part, kind, message, self._clock.monotonic())
        if is_new:
            data = {"status": "degraded", "health": "degraded", "kind": kind, "message": message}
            self._bus.publish(
                CHANNEL_SYSTEM,
                SocketMessage(type="system_status", data=data, timestamp=self._clock.now()),
            )

    def _standing(self) -> dict[tuple[str, str], Alarm]:
        oldest = self._clock.monotonic() - ALARM_LASTS_S
        over = [key for key, each in self._alarms.items() if each.at_s <= oldest]
        for key in over:
            _log.info("over, or not reported any more: %s", self._alarms.pop(key).message)
        return self._alarms

    async def _parts(self) -> dict[str, ServiceHealth]:
        return {
            "database": await self._database(),
            CAPTURE: self._part(CAPTURE),
            ANALYSIS: self._part(ANALYSIS),
        }

    async def _database(self) -> ServiceHealth:
        try:
            await self._probe()
        except ServiceError as error:
            return ServiceHealth(status="unhealthy", message=error.message)
        return ServiceHealth(status="healthy")

    def _part(self, part: str) -> ServiceHealth:
        if not self.is_capturing:
            return ServiceHealth(status="unhealthy", message="It is being started.")
        alarms = [each for each in self._standing().values() if each.part == part]
        if alarms:
            return ServiceHealth(
                status="degraded",
                message=alarms[-1].message,
                details={"kinds": [each.kind for each in alarms]},
            )
        return ServiceHealth(status="healthy")

    def _cameras(self) -> ServiceHealth:
        states = [each for each in self._camera_states() if each is not StreamState.OFF]
        online = states.count(StreamState.ONLINE)
        details = {"active": online, "total": len(states)}
        if online == len(states):
            return ServiceHealth(status="healthy", details=details)
        return ServiceHealth(
            status="degraded" if online else "unhealthy",
            message=f"{online} of {len(states)} cameras send pictures.",
            details=details,
        )


def _worst(parts: Iterable[ServiceHealth]) -> Literal["healthy", "degraded", "unhealthy"]:
    found = {part.status for part in parts}
    if "unhealthy" in found:
        return "unhealthy"
    return "degraded" if "degraded" in found else "healthy"
