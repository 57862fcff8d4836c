"""Requests to one system: bounded in time, with the token of the day, errors translated once."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx

from console.dialects import sentences
from console.domain.address import is_near
from console.domain.errors import (
    Conflict,
    ConsoleError,
    InvalidInput,
    NotFound,
    NotPermitted,
    SignInRefused,
    SystemFailed,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

ANSWER_WITHIN_S = 10.0
CONNECT_WITHIN_S = 5.0
KEEP_IDLE_S = 3.0
"""Shorter than servers keep an idle connection (5 s is usual): so it is us who closes, and no request is lost."""
RENEW_AT = 0.8
"""An access token is renewed when this share of its life is over."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; ``expires_at`` on the monotonic clock."""

    text: str
    renew_at: float

    @classmethod
    def fresh(cls, text: str, expires_in_s: float, now: float) -> Token:
        """A token that was issued just now."""
        return cls(text, now + expires_in_s * RENEW_AT)


Params = dict[str, str | int | float | list[str]]


class Http:
    """One system's HTTP connection.

    ``sign_in`` is asked for a token when there is none, when it grows old, and once more when a request is
    refused with 401; everybody who needs one at that moment waits for the same answer.
    """

    def __init__(
        self,
        address: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = address
        self._monotonic = monotonic
        self._client = httpx.AsyncClient(
            base_url=address,
            transport=transport,
            timeout=httpx.Timeout(ANSWER_WITHIN_S, connect=CONNECT_WITHIN_S),
            limits=httpx.Limits(keepalive_expiry=KEEP_IDLE_S),
            trust_env=not is_near(address),
            headers={"Accept": "application/json", "User-Agent": "gatehouse-console"},
        )
        self._sign_in: Callable[[], Awaitable[Token]] | None = None
        self._token: Token | None = None
        self._renewing = asyncio.Lock()

    def use_sign_in(self, sign_in: Callable[[], Awaitable[Token]], token: Token) -> None:
        """From now on requests carry ``token`` and, when it is over, what ``sign_in`` gives."""
        self._sign_in = sign_in
        self._token = token

    async def token(self) -> str:
        """An access token that lives for a while.

        Raises:
            SignInRefused: there is no session, or the system does not renew it.
        """
        token = self._token
        if token is None or self._monotonic() >= token.renew_at:
            token = await self.renew(None if token is None else token.text)
        return token.text

    async def renew(self, refused: str | None) -> Token:
        """A token other than the one that was refused; whoever comes second gets what the first brought."""
        async with self._renewing:
            if self._token is not None and self._token.text != refused:
                return self._token
            if self._sign_in is None:
                raise SignInRefused("Not signed in.", remedy="Sign in.")
            self._token = await self._sign_in()
            return self._token

    async def get(self, path: str, params: Params | None = None) -> Any:
        """JSON of a GET."""
        return self._json(await self.request("GET", path, params=params))

    async def send(self, method: str, path: str, body: Any = None) -> Any:
        """JSON of a request with a body; None for an empty answer."""
        answer = await self.request(method, path, json=body)
        return None if answer.status_code == 204 or not answer.content else self._json(answer)

    async def get_bytes(self, path: str, headers: Mapping[str, str] | None = None) -> bytes:
        """Body of a GET as it is."""
        return (await self.request("GET", path, headers=headers)).content

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """A signed-in request.

        Raises:
            ConsoleError: it did not succeed.
        """
        for attempt in (1, 2):
            used = await self.token()
            bearer = {"Authorization": f"Bearer {used}"}
            answer = await self.raw(
                method, path, params=params, json=json, headers={**(headers or {}), **bearer}
            )
            if answer.status_code != 401 or attempt == 2:
                break
            await self.renew(used)
        self._raise_for(answer)
        return answer

    async def raw(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """A request without sign-in; the answer whatever its status.

        Raises:
            CannotConnect: nobody answers.
            TimedOut: not in time.
        """
        request = partial(
            self._client.request,
            method,
            path,
            params=params,
            json=json,
            headers=dict(headers or {}),
        )
        try:
            try:
                return await request()
            except (httpx.RemoteProtocolError, httpx.ReadError):
                if method != "GET":
                    raise
                # The server closed an idle connection at the moment we used it again.
                return await request()
        except httpx.TimeoutException as error:
            raise sentences.too_slow(self.address) from error
        except httpx.ConnectError as error:
            raise sentences.unreachable(self.address, error) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise sentences.connection_lost(self.address, error) from error

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    def _json(self, answer: httpx.Response) -> Any:
        try:
            return answer.json()
        except ValueError as error:
            raise sentences.unreadable(self.address, "no JSON") from error

    def _raise_for(self, answer: httpx.Response) -> None:
        if answer.is_success:
            return
        raise _error_for(answer.status_code, _detail(answer))


def _error_for(status: int, detail: str) -> ConsoleError:
    if status == 401:
        return SignInRefused(detail or "The session has ended.", remedy="Sign in again.")
    if status == 403:
        return NotPermitted(
            detail or "This account may not do that.", remedy="Ask an administrator for the right."
        )
    if status in (404, 410):
        return NotFound(detail or "It is not there any more.")
    if status in (409, 412):
        return Conflict(detail or "It was changed meanwhile.", remedy="Look again, then repeat.")
    if status in (400, 413, 415, 416, 422):
        return InvalidInput(detail or "The server refuses what was entered.")
    if status == 429:
        return SystemFailed(detail or "The server has too much to do.", remedy="Wait a moment.")
    return SystemFailed(
        detail or f"The server answered with status {status}.",
        remedy="The server's log has the details.",
    )


def _detail(answer: httpx.Response) -> str:
    """The sentence of a problem body: ours, FastAPI's list of what is wrong, or none."""
    try:
        body = answer.json()
    except ValueError:
        return ""
    detail = body.get("detail") if isinstance(body, dict) else None
    if isinstance(detail, str):
        return detail
    if isinstance(detail, list):
        return "; ".join(_one_complaint(item) for item in detail if isinstance(item, dict))
    return ""


def _one_complaint(item: dict[str, Any]) -> str:
    place = [str(part) for part in item.get("loc", []) if part not in ("body", "query", "path")]
    message = str(item.get("msg", "not accepted"))
    return f"{'.'.join(place)}: {message}" if place else message
