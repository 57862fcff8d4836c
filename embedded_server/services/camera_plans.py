"""From a camera to what the media process and the analysis have to do. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded_server.services.model import AnalysisPlan, CapturePlan, Zone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded_server.services.camera_record import CameraRecord
    from embedded_server.services.camera_source import Address, FileRule

MAIN = "main"
SUB = "sub"


def capture_plans(record: CameraRecord, files: FileRule) -> tuple[CapturePlan, ...]:
    """One capture per distinct address: recording decides which is ``main``, detection which is ``sub``.

    An address for live alone that is neither of them has a capture of its own, called ``live``.
    """
    if not record.enabled:
        return ()
    found = {role: each for role, each in record.addresses().items() if files.allows(each)}
    wanted = _wanted(found)
    if not wanted:
        return ()
    opened = {role: address.opened(record.login_for(address)) for role, address in wanted.items()}
    plans = []
    for url in dict.fromkeys(opened[role] for role in ("record", "detect", "live")):
        roles = {role for role in opened if opened[role] == url}
        name = _stream_name(roles)
        address = next(wanted[role] for role in roles)
        plans.append(
            CapturePlan(
                stream_id=f"{record.slug}/{name}",
                camera_id=record.slug,
                profile=SUB if name == SUB else MAIN,
                url=url,
                shown_url=address.shown,
                roles=_effective(record, roles),
                rtsp_transport=record.config.rtsp_transport,
                segment_seconds=record.config.recording.max_segment_seconds,
            )
        )
    return tuple(plans)


def analysis_plan(record: CameraRecord, captures: tuple[CapturePlan, ...]) -> AnalysisPlan | None:
    """How the camera is analysed; None when it is not."""
    stream = next((plan for plan in captures if "detect" in plan.roles), None)
    if stream is None:
        return None
    settings = record.config.detection
    overrides = settings.object_overrides
    return AnalysisPlan(
        camera_id=record.slug,
        stream_id=stream.stream_id,
        detector=settings.detector,
        fps=settings.fps,
        min_confidence=settings.min_confidence,
        objects=frozenset(settings.objects),
        label_map=dict(settings.label_map),
        label_confidence={
            label: each.min_confidence
            for label, each in overrides.items()
            if each.min_confidence is not None
        },
        labels_off=frozenset(label for label, each in overrides.items() if not each.enabled),
        zones=tuple(
            Zone(
                title=zone.title,
                polygon=tuple(zone.polygon),
                labels=tuple(zone.labels),
                threshold=zone.threshold,
                dwell_s=zone.dwell,
            )
            for zone in record.config.zones
        ),
        masks=tuple(tuple(mask.polygon) for mask in record.config.masks),
        camera_name=record.name,
    )


def _wanted(found: Mapping[str, Address]) -> dict[str, Address]:
    """An address for every role: what is not given falls back on what is closest to it."""
    live = found.get("live") or found.get("record") or found.get("detect")
    if live is None:
        return {}
    return {
        "live": live,
        "record": found.get("record") or live,
        "detect": found.get("detect") or live,
    }


def _stream_name(roles: set[str]) -> str:
    if "record" in roles:
        return MAIN
    return SUB if "detect" in roles else "live"


def _effective(record: CameraRecord, roles: set[str]) -> frozenset[str]:
    """What is really done with the stream; watching is possible on every one."""
    effective = {"live"}
    if "record" in roles and record.config.recording.enabled:
        effective.add("record")
    if "detect" in roles and record.config.detection.enabled:
        effective.add("detect")
    return frozenset(effective)
