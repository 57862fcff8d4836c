"""What routes get handed: the services of the running server."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded_server.services.auth import AuthService
    from embedded_server.services.bus import Bus
    from embedded_server.services.cameras import CameraService
    from embedded_server.services.events import EventService
    from embedded_server.services.excerpts import ExcerptService
    from embedded_server.services.footage import FootageService
    from embedded_server.services.model import StreamFormat
    from embedded_server.services.ports import Fragments, MediaPlane, Renderer
    from embedded_server.services.ptz import PtzService
    from embedded_server.services.system import SystemService


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a route may call."""

    cameras: "CameraService"
    events: "EventService"
    footage: "FootageService"
    excerpts: "ExcerptService"
    auth: "AuthService"
    system: "SystemService"
    ptz: "PtzService"
    media: "MediaPlane"
    renderer: "Renderer"
    bus: "Bus"
    fragments: "Callable[[StreamFormat], Fragments]"
    """Makes a muxer of live video for browsers."""


def services_of(connection: HTTPConnection) -> Services:
    """The services behind a request or a socket."""
    return cast("Services", connection.app.state.services)


Served = Annotated[Services, Depends(services_of)]
"""For route signatures: ``async def route(services: Served) -> …``."""
