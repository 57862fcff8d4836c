"""Moving cameras."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.domain.errors import NotPermitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.actions.parts import HasSessions
    from console.dialects.base import PtzControl
    from console.domain.camera import CameraKey


async def move(
    parts: HasSessions, camera: CameraKey, *, pan: float = 0, tilt: float = 0, zoom: float = 0
) -> None:
    """Move until ``stop``; speeds from -1 to 1.

    Raises:
        ConsoleError: the camera cannot, or not now.
    """
    await _ptz(parts, camera).move(
        camera, pan=_bounded(pan), tilt=_bounded(tilt), zoom=_bounded(zoom)
    )


async def stop(parts: HasSessions, camera: CameraKey) -> None:
    """Stop.

    Raises:
        ConsoleError: the camera cannot be reached.
    """
    await _ptz(parts, camera).stop(camera)


async def presets(parts: HasSessions, camera: CameraKey) -> Sequence[tuple[str, str]]:
    """Token and name of each stored position.

    Raises:
        ConsoleError: the camera has none.
    """
    return await _ptz(parts, camera).presets(camera)


async def go_to_preset(parts: HasSessions, camera: CameraKey, token: str) -> None:
    """Go to a stored position.

    Raises:
        ConsoleError: the camera cannot.
    """
    await _ptz(parts, camera).go_to_preset(camera, token)


def _bounded(speed: float) -> float:
    return max(-1.0, min(1.0, speed))


def _ptz(parts: HasSessions, camera: CameraKey) -> PtzControl:
    ptz = parts.sessions.dialect_for(camera).ptz
    if ptz is None:
        raise NotPermitted("The cameras of this system cannot be moved from here.")
    return ptz
