"""Adding, removing and switching cameras."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.domain.errors import InvalidInput, NotPermitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.actions.parts import HasCameras
    from console.dialects.base import CameraAdmin
    from console.domain.camera import Camera, CameraKey, CameraSource, Polygon


async def add(
    parts: HasCameras,
    system: str,
    *,
    name: str,
    url: str,
    username: str = "",
    password: str = "",
    sub_url: str = "",
    masks: Sequence[Polygon] = (),
) -> Camera:
    """Add a camera; the store has it at once, in whatever state it is.

    Raises:
        ConsoleError: the system refuses it, with its sentence.
    """
    if not name.strip():
        raise InvalidInput("The camera needs a name.")
    if not url.strip():
        raise InvalidInput(
            "The camera needs an address.", remedy="Such as rtsp://192.168.1.64/stream1."
        )
    camera = await _admin(parts, system).add(
        name=name.strip(),
        url=url.strip(),
        username=username,
        password=password,
        sub_url=sub_url.strip(),
        masks=masks,
    )
    parts.cameras.put(camera)
    return camera


async def set_source(parts: HasCameras, key: CameraKey, *, url: str, sub_url: str = "") -> Camera:
    """Have a camera take its pictures from another address.

    Raises:
        ConsoleError: the system refuses.
    """
    camera = await _admin(parts, key.system).set_source(key, url=url, sub_url=sub_url)
    parts.cameras.put(camera)
    return camera


async def source(parts: HasCameras, key: CameraKey) -> CameraSource:
    """Where a camera's pictures come from now.

    Raises:
        ConsoleError: the system does not say.
    """
    return await _admin(parts, key.system).source(key)


async def change(
    parts: HasCameras, key: CameraKey, before: CameraSource, after: CameraSource, password: str = ""
) -> Camera:
    """Change name, addresses and sign-in of a camera; an empty password leaves the one it has.

    Raises:
        ConsoleError: the system refuses, with its sentence.
    """
    camera = await _admin(parts, key.system).change(key, before, after, password)
    parts.cameras.put(camera)
    return camera


async def remove(parts: HasCameras, key: CameraKey) -> None:
    """Remove a camera; its footage stays until retention ends it.

    Raises:
        ConsoleError: the system refuses.
    """
    await _admin(parts, key.system).remove(key)
    parts.cameras.remove(key)


async def set_enabled(parts: HasCameras, key: CameraKey, *, enabled: bool) -> Camera:
    """Switch a camera on or off.

    Raises:
        ConsoleError: the system refuses.
    """
    camera = await _admin(parts, key.system).set_enabled(key, enabled)
    parts.cameras.put(camera)
    return camera


def _admin(parts: HasCameras, system: str) -> CameraAdmin:
    admin = parts.sessions.dialect(system).camera_admin
    if admin is None:
        raise NotPermitted("This system does not let its cameras be changed from here.")
    return admin
