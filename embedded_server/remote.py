"""A running server, for the commands."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

import httpx

from embedded_server.contract.auth import LoginResponse
from embedded_server.contract.base import Page
from embedded_server.contract.cameras import Camera
from embedded_server.services.errors import ErrorKind, ServiceError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from embedded_server.contract.cameras import CameraCreate

DEFAULT_USER = "admin"


class RemoteRefusal(ServiceError):
    """The server refuses, or is not there."""

    kind = ErrorKind.UNAVAILABLE


class RemoteServer:
    """What the commands ask of it."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def cameras(self) -> list[Camera]:
        """All cameras."""
        return Page[Camera].model_validate(await self._send("GET", "/api/cameras")).items

    async def add_camera(self, body: CameraCreate) -> Camera:
        """Add one."""
        sent = body.model_dump(mode="json", exclude_unset=True)
        return Camera.model_validate(await self._send("POST", "/api/cameras", sent))

    async def remove_camera(self, camera_id: str) -> None:
        """Remove one."""
        await self._send("DELETE", f"/api/cameras/{camera_id}")

    async def _send(self, method: str, path: str, body: Any = None) -> Any:
        return await _sent(self._client, method, path, body)


@contextlib.asynccontextmanager
async def signed_in(
    address: str, username: str | None, ask_password: Callable[[str], str]
) -> AsyncIterator[RemoteServer]:
    """A signed-in connection; the password comes from GATEHOUSE_ADMIN_PASSWORD or is asked for.

    Raises:
        RemoteRefusal: no connection, or wrong credentials.
    """
    name = username or DEFAULT_USER
    password = os.environ.get("GATEHOUSE_ADMIN_PASSWORD") or ask_password(name)
    async with httpx.AsyncClient(base_url=address, timeout=15) as client:
        body = {"username": name, "password": password}
        login = LoginResponse.model_validate(await _sent(client, "POST", "/api/auth/login", body))
        client.headers["Authorization"] = f"Bearer {login.access_token}"
        yield RemoteServer(client)


async def _sent(client: httpx.AsyncClient, method: str, path: str, body: Any) -> Any:
    try:
        answer = await client.request(method, path, json=body)
    except httpx.HTTPError as error:
        raise RemoteRefusal(
            f"The server at {client.base_url} cannot be reached: {error}. Is it running?"
        ) from error
    if answer.is_success:
        return answer.json() if answer.content else None
    raise RemoteRefusal(_refusal(answer))


def _refusal(answer: httpx.Response) -> str:
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return f"The server answered with status {answer.status_code}."
    if isinstance(detail, list) and detail:
        return str(detail[0].get("msg"))
    return str(detail)
