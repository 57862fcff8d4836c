"""States and times in the operator's words: one glyph, one text and one colour role for each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from console.domain.camera import Health
from console.domain.event import Severity
from console.domain.system import Phase

if TYPE_CHECKING:
    from collections.abc import Iterable

    from console.domain.camera import Camera
    from console.domain.event import Event
    from console.domain.footage import Gap
    from console.domain.system import SystemState


@dataclass(frozen=True, slots=True)
class Look:
    """How a state shows: never by colour alone."""

    glyph: str
    text: str
    role: str


def tr(text: str) -> str:
    """Text of this module in the operator's language."""
    return QCoreApplication.translate("words", text)


def health_look(health: Health) -> Look:
    """State of a camera."""
    return {
        Health.ONLINE: Look("●", tr("live"), "ok"),
        Health.CONNECTING: Look("◌", tr("connecting"), "text_2"),
        Health.STALLED: Look("◼", tr("frozen"), "caution"),
        Health.OFFLINE: Look("▲", tr("offline"), "alert"),
        Health.UNAUTHORISED: Look("▲", tr("refused"), "alert"),
        Health.UNSUPPORTED: Look("▲", tr("unsupported"), "alert"),
        Health.OFF: Look("○", tr("off"), "text_3"),
        Health.UNKNOWN: Look("?", tr("unknown"), "text_3"),
    }[health]


def phase_look(phase: Phase) -> Look:
    """State of a system."""
    return {
        Phase.ONLINE: Look("●", tr("connected"), "ok"),
        Phase.CONNECTING: Look("◌", tr("connecting"), "text_2"),
        Phase.LOST: Look("▲", tr("connection lost"), "alert"),
        Phase.SIGNED_OUT: Look("○", tr("signed out"), "caution"),
    }[phase]


def severity_look(severity: Severity) -> Look:
    """Triage class of an event."""
    return {
        Severity.ALERT: Look("▲", tr("Alert"), "alert"),
        Severity.DETECTION: Look("●", tr("Detection"), "caution"),
        Severity.MOTION: Look("◦", tr("Motion"), "text_3"),
    }[severity]


def event_state(event: Event) -> str:
    """Such as ``Alert · new`` or ``Detection · acknowledged by ada``."""
    kind = severity_look(event.severity).text
    if not event.is_acknowledged:
        return tr("{kind} · new").format(kind=kind)
    if event.acknowledged_by:
        return tr("{kind} · seen by {who}").format(kind=kind, who=event.acknowledged_by)
    return tr("{kind} · seen").format(kind=kind)


def systems_summary(systems: Iterable[SystemState], cameras: Iterable[Camera]) -> Look:
    """All systems in one line: the worst state counts."""
    rows, watched = tuple(systems), tuple(cameras)
    if not rows:
        return Look("○", tr("No system"), "text_2")
    name = rows[0].name if len(rows) == 1 else tr("{n} systems").format(n=len(rows))
    bad = [row for row in rows if row.phase is not Phase.ONLINE]
    if bad:
        look = phase_look(bad[0].phase)
        return Look(look.glyph, f"{bad[0].name} · {look.text}", look.role)
    online = sum(camera.health is Health.ONLINE for camera in watched)
    wanted = sum(camera.health is not Health.OFF for camera in watched)
    if not watched:
        return Look("●", tr("{name} · no cameras").format(name=name), "ok")
    text = tr("{name} · {online} of {all} cameras").format(name=name, online=online, all=wanted)
    return Look("●", text, "ok") if online == wanted else Look("◐", text, "caution")


def gap_text(gap: Gap) -> str:
    """Why footage is missing."""
    known = {
        "server_stopped": tr("the server was stopped"),
        "server_crashed": tr("the server ended unexpectedly"),
        "camera_lost": tr("the camera could not be reached"),
        "unauthorised": tr("the camera refused name and password"),
        "unsupported": tr("the camera's format cannot be recorded"),
        "stalled": tr("the camera sent no pictures"),
        "switched_off": tr("recording was switched off"),
        "disk_error": tr("the disk reported an error"),
        "unknown": tr("cause unknown"),
        "disk_full": tr("the disk was full"),
    }
    text = known.get(gap.cause, gap.cause.replace("_", " "))
    return f"{text} ({gap.detail})" if gap.detail else text


def clock(moment: datetime) -> str:
    """Time of day in the operator's zone."""
    return f"{moment.astimezone():%H:%M:%S}"


def zone_name(moment: datetime) -> str:
    """Name of the operator's zone."""
    return moment.astimezone().tzname() or ""


def when(moment: datetime, now: datetime) -> str:
    """Time of day; with the day where it is not today."""
    return when_on(moment, now.astimezone().date())


def when_on(moment: datetime, today: date) -> str:
    """The same, for whoever asks often on one day of the operator's zone."""
    local = moment.astimezone()
    if local.date() == today:
        return f"{local:%H:%M:%S}"
    return f"{local:%a} {local.day} {local:%b} {local:%H:%M}"


def full_time(moment: datetime, *, milliseconds: bool = False) -> str:
    """Date, time and zone, as playback shows it."""
    local = moment.astimezone()
    fraction = f".{local.microsecond // 1000:03d}" if milliseconds else ""
    return (
        f"{local:%a} {local.day} {local:%b %Y %H:%M:%S}{fraction} {local.tzname() or ''}".rstrip()
    )


def utc_time(moment: datetime) -> str:
    """The same moment in UTC, for tool tips."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def span_text(duration: timedelta) -> str:
    """Such as ``4 min 12 s``."""
    seconds = int(duration.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    if seconds < 86400:
        return f"{seconds // 3600} h {seconds % 3600 // 60} min"
    return f"{seconds // 86400} d {seconds % 86400 // 3600} h"
