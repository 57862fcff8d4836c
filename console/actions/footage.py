"""Finding out what is recorded."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from console.domain.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.actions.parts import HasFootage
    from console.dialects.base import FootageAccess
    from console.domain.camera import CameraKey
    from console.domain.footage import TimeRange
    from console.session import Sessions


async def load(parts: HasFootage, cameras: Sequence[CameraKey], span: TimeRange) -> None:
    """Load runs and gaps of the cameras into the store, a margin of half the span on both sides included.

    Raises:
        ConsoleError: a system does not tell.
    """
    margin = span.duration / 2
    asked = type(span)(span.start - margin, span.end + margin)
    by_system: defaultdict[str, list[CameraKey]] = defaultdict(list)
    for key in cameras:
        by_system[key.system].append(key)
    for system, keys in by_system.items():
        footage = parts.sessions.dialect(system).footage
        if footage is None:
            continue
        for found in await footage.runs(keys, asked):
            parts.footage.merge(found)


def access(sessions: Sessions, camera: CameraKey) -> FootageAccess:
    """The way to a camera's recordings.

    Raises:
        NotFound: its system offers none, or we are signed out of it.
    """
    footage = sessions.dialect_for(camera).footage
    if footage is None:
        raise NotFound("This system does not offer recordings.")
    return footage
