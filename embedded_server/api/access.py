"""Who is calling and what they may do: the dependencies that every route but the public ones has.

A request bears ``Authorization: Bearer <access token>``. Media routes also take ``?token=<media token>``, since a
picture element cannot set headers; sockets take the access token in either place, for the same reason.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Query, Request, Security, WebSocket
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from embedded_server.api.deps import services_of
from embedded_server.services.auth import Permission, Principal, Scope
from embedded_server.services.errors import Unauthenticated

_bearer = HTTPBearer(auto_error=False, description="Access token of POST /api/auth/login")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
MediaTokenQuery = Annotated[
    str | None,
    Query(alias="token", description="Media token of POST /api/auth/media-token"),
]


async def principal(request: Request, bearer: Bearer) -> Principal:
    """The signed-in caller of an ordinary route.

    Raises:
        Unauthenticated: there is none.
    """
    return await _known(request, bearer.credentials if bearer else None, Scope.ACCESS)


SignedIn = Annotated[Principal, Depends(principal)]
"""For route signatures: whoever is signed in."""


async def media_principal(
    request: Request, bearer: Bearer, token: MediaTokenQuery = None
) -> Principal:
    """The caller of a media route: by access token in the header, or by media token in the query.

    Raises:
        Unauthenticated: there is none.
    """
    if bearer is not None:
        return await _known(request, bearer.credentials, Scope.ACCESS)
    return await _known(request, token, Scope.MEDIA)


async def socket_principal(socket: WebSocket) -> Principal:
    """The caller of a socket, by the header or ``?token=``.

    Raises:
        Unauthenticated: there is none; the socket is not accepted yet.
    """
    scheme, _, sent = socket.headers.get("authorization", "").partition(" ")
    token = sent.strip() if scheme.lower() == "bearer" else socket.query_params.get("token")
    if not token:
        raise _nobody()
    return await services_of(socket).auth.authenticate(token, Scope.ACCESS)


async def live_principal(socket: WebSocket) -> Principal:
    """The caller of the live socket: as other sockets, or by media token.

    Raises:
        Unauthenticated: there is none.
    """
    auth = services_of(socket).auth
    media_token = socket.query_params.get("token")
    if media_token and auth.scope_of(media_token) is Scope.MEDIA:
        return await auth.authenticate(media_token, Scope.MEDIA)
    return await socket_principal(socket)


def needs(permission: Permission) -> Callable[[Principal], Awaitable[Principal]]:
    """A dependency for routes that not everyone may use."""

    async def permitted(caller: SignedIn) -> Principal:
        caller.require(permission)
        return caller

    return permitted


async def _known(request: Request, token: str | None, scope: Scope) -> Principal:
    if not token:
        raise _nobody()
    return await services_of(request).auth.authenticate(token, scope)


def _nobody() -> Unauthenticated:
    return Unauthenticated(
        "Nobody is signed in. Send the access token of POST /api/auth/login as "
        "`Authorization: Bearer`.",
        code="authentication_required",
    )


MediaCaller = Annotated[Principal, Depends(media_principal)]
"""For the signatures of media routes."""
CameraEditor = Annotated[Principal, Depends(needs(Permission.CAMERAS_EDIT))]
PtzOperator = Annotated[Principal, Depends(needs(Permission.PTZ_CONTROL))]
EventEditor = Annotated[Principal, Depends(needs(Permission.EVENTS_EDIT))]
