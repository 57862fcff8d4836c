"""What the tiles of the wall say: the operator's words for what playback knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from console.playback.footage_source import to_moment
from console.playback.player import Showing
from console.playback.truth import Claim
from widgets.video_wall.state import TileBox, TileMode, TileState

if TYPE_CHECKING:
    from datetime import datetime

    from console.domain.event import Detections
    from console.playback.live import FeedFigures
    from console.playback.player import ReelStatus
    from console.playback.reader import Nothing
    from console.playback.truth import Truth


def _tr(text: str) -> str:
    return QCoreApplication.translate("Wall", text)


@dataclass(frozen=True, slots=True)
class TileExtras:
    """What a tile shows besides its state."""

    name: str
    profile: str = ""
    picture_us: int | None = None
    figures: FeedFigures | None = None
    is_alarm: bool = False
    boxes: tuple[TileBox, ...] = ()


def live_state(truth: Truth, extras: TileExtras, *, now: datetime) -> TileState:
    """The tile of a live camera."""
    mode = TileMode(truth.claim.value)
    texts = {
        Claim.CONNECTING: _tr("connecting"),
        Claim.LIVE: _tr("live"),
        Claim.LATE: _tr("{seconds:.1f} s late").format(seconds=truth.seconds),
        Claim.FROZEN: _tr("frozen"),
        Claim.STALLED: _tr("stalled"),
        Claim.OFFLINE: _tr("offline"),
        Claim.NO_PERMISSION: _tr("no permission"),
        Claim.UNSUPPORTED: _tr("unsupported"),
    }
    figures = extras.figures
    stream = ""
    if figures is not None:
        stream = _tr("{fps:.0f} fps · {profile}").format(
            fps=figures.shown_per_s, profile=extras.profile
        )
    return TileState(
        name=extras.name,
        mode=mode,
        text=texts[truth.claim],
        headline=_headline(truth),
        detail=_detail(truth, extras),
        hint=_next_try(truth, now),
        action=_tr("Try now") if truth.claim is Claim.OFFLINE else "",
        stream=stream,
        clock="" if mode.greys_picture else _clock(extras.picture_us),
        statistics=() if figures is None else _statistics(figures),
        is_alarm=extras.is_alarm,
        boxes=extras.boxes,
    )


def playback_state(
    status: ReelStatus, *, name: str, speed: float, is_playing: bool, shows_statistics: bool = False
) -> TileState:
    """The tile of a camera whose footage is shown."""
    if status.showing is Showing.LOADING:
        return TileState(name=name, mode=TileMode.LOADING, text=_tr("loading"))
    if status.showing is Showing.FAULT:
        return TileState(
            name=name,
            mode=TileMode.NO_FOOTAGE,
            text=_tr("cannot be played"),
            headline=_tr("This moment cannot be played"),
            detail=status.fault,
        )
    if status.nothing is not None:
        return _no_footage(status.nothing, name)
    statistics: tuple[str, ...] = ()
    if shows_statistics:
        statistics = (
            _tr("{fps:.1f} pictures/s").format(fps=status.shown_per_s),
            _tr("{count} left out").format(count=status.late),
        )
    return TileState(
        name=name,
        mode=TileMode.PLAYBACK,
        text=_speed(speed) if is_playing else _tr("paused"),
        clock=_clock(status.at_us, with_milliseconds=True),
        statistics=statistics,
    )


def without_recordings(name: str) -> TileState:
    """The tile of a camera whose system gives no footage."""
    return TileState(
        name=name,
        mode=TileMode.NO_FOOTAGE,
        text=_tr("no footage"),
        headline=_tr("No recordings"),
        detail=_tr("This system does not offer recordings of the camera."),
    )


def signed_out(name: str) -> TileState:
    """The tile of a camera whose system nobody is signed in to."""
    return TileState(
        name=name,
        mode=TileMode.NO_PERMISSION,
        text=_tr("signed out"),
        headline=_tr("Signed out"),
        detail=_tr("Sign in to its system to see this camera."),
    )


def tile_boxes(detections: Detections | None) -> tuple[TileBox, ...]:
    """Boxes with their labels."""
    if detections is None:
        return ()
    return tuple(
        TileBox(
            found.box.x,
            found.box.y,
            found.box.width,
            found.box.height,
            f"{found.label} {found.confidence:.0%}" if found.confidence < 1 else found.label,
        )
        for found in detections.boxes
    )


def duration_text(seconds: float) -> str:
    """A duration as somebody would say it: ``18 s``, ``4 min 12 s``, ``3 h 05 min``."""
    whole = int(seconds)
    if whole < 60:
        return _tr("{s} s").format(s=whole)
    if whole < 3600:
        return _tr("{m} min {s} s").format(m=whole // 60, s=whole % 60)
    if whole < 86_400:
        return _tr("{h} h {m:02d} min").format(h=whole // 3600, m=whole % 3600 // 60)
    return _tr("{d} d {h} h").format(d=whole // 86_400, h=whole % 86_400 // 3600)


def cause_text(cause: str | None) -> str:
    """The operator's words for the cause of a gap."""
    return {
        "camera_lost": _tr("The camera could not be reached"),
        "unauthorised": _tr("The camera refused its sign-in"),
        "stalled": _tr("The camera sent nothing"),
        "unsupported": _tr("The camera sent a format that cannot be recorded"),
        "disk_full": _tr("The disk was full"),
        "disk_error": _tr("The disk could not be written"),
        "switched_off": _tr("Recording was switched off"),
        "server_stopped": _tr("The server was stopped"),
        "server_crashed": _tr("The server had failed"),
        "damaged": _tr("The recording is damaged here"),
    }.get(cause or "", _tr("Nothing was recorded"))


def _headline(truth: Truth) -> str:
    lasted = duration_text(truth.seconds)
    headlines = {
        Claim.CONNECTING: _tr("Connecting …"),
        Claim.OFFLINE: _tr("Offline for {time}"),
        Claim.NO_PERMISSION: _tr("No permission"),
        Claim.UNSUPPORTED: _tr("Cannot be shown"),
        Claim.FROZEN: _tr("Frozen picture · {time}"),
        Claim.STALLED: _tr("Nothing arrives · {time}"),
    }
    return headlines.get(truth.claim, "").format(time=lasted)


def _detail(truth: Truth, extras: TileExtras) -> str:
    parts = [truth.cause or ""]
    if truth.claim is Claim.OFFLINE and extras.picture_us is not None:
        parts.append(_tr("last picture {clock}").format(clock=_clock(extras.picture_us)))
    return " · ".join(part.rstrip(".") if len(parts) > 1 else part for part in parts if part)


def _next_try(truth: Truth, now: datetime) -> str:
    if truth.next_try_at is None or truth.claim is Claim.LIVE:
        return ""
    left = (truth.next_try_at - now).total_seconds()
    if left < 1:
        return _tr("Trying again …")
    return _tr("Next try in {time}").format(time=duration_text(left + 0.5))


def _no_footage(nothing: Nothing, name: str) -> TileState:
    detail = cause_text(nothing.cause)
    if nothing.start_us is not None:
        until = "…" if nothing.end_us is None else _clock(nothing.end_us)
        detail = f"{detail} {_clock(nothing.start_us)} – {until}"
    has_next = nothing.next_us is not None
    return TileState(
        name=name,
        mode=TileMode.NO_FOOTAGE,
        text=_tr("no footage"),
        headline=_tr("No footage here"),
        detail=detail,
        hint=_tr("Goes on at {clock}").format(clock=_clock(nothing.next_us)) if has_next else "",
        action=_tr("Jump to next footage") if has_next else "",
    )


def _statistics(figures: FeedFigures) -> tuple[str, ...]:
    return (
        f"{figures.codec} {figures.width}×{figures.height}",
        _tr("{fps:.1f} pictures/s · {rate:.0f} kbit/s").format(
            fps=figures.shown_per_s, rate=figures.kbit_per_s
        ),
        _tr("{dropped} left out · {damaged} damaged · {times} reconnects").format(
            dropped=figures.dropped, damaged=figures.damaged, times=figures.reconnects
        ),
    )


def _speed(speed: float) -> str:
    return f"{speed:g}×".replace("-", "−")


def _clock(time_us: int | None, *, with_milliseconds: bool = False) -> str:
    if time_us is None:
        return ""
    local = to_moment(time_us).astimezone()
    return local.strftime("%H:%M:%S.%f")[:-3] if with_milliseconds else local.strftime("%H:%M:%S")
