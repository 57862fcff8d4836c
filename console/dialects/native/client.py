"""A Gatehouse server as a dialect."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from console.dialects import sentences
from console.dialects.base import (
    CameraChanged,
    CameraRemoved,
    CamerasLoaded,
    Change,
    EventChanged,
    Moment,
)
from console.dialects.feed import Feed, open_socket
from console.dialects.http import Http, Token
from console.dialects.native import mapping, wire
from console.domain.errors import NotPermitted, SystemFailed
from console.domain.event import Event, EventFilter, EventKey
from console.domain.stream import StreamSource

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence

    import httpx

    from console.dialects.feed import SocketOpener
    from console.dialects.http import Params
    from console.domain.camera import Camera, CameraKey, CameraSource, Polygon
    from console.domain.footage import Footage, SegmentIndex, SegmentRef, TimeRange

_log = logging.getLogger("gatehouse.native")
PAGE = 100
FIRST_EVENTS = 200
"""How many of the newest events are loaded after connecting."""
MISSED = "missed"
"""Type of the message that says that messages were left out."""


class NativeDialect:
    """One signed-in connection to one Gatehouse server."""

    def __init__(
        self,
        system: str,
        address: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        opener: SocketOpener = open_socket,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.system = system
        self._monotonic = monotonic
        self._opener = opener
        self._http = Http(address, transport=transport, monotonic=monotonic)
        self._username = ""
        self._password = ""
        self._known: dict[str, Camera] = {}
        self.events: NativeEvents = NativeEvents(system, self._http)
        self.footage: NativeFootage = NativeFootage(system, self._http)
        self.ptz: NativePtz = NativePtz(self._http)
        self.camera_admin: NativeCameraAdmin = NativeCameraAdmin(system, self._http)

    async def sign_in(self, username: str, password: str) -> None:
        """Sign in; the password stays in memory, to renew the token before it ends."""
        await self._check_that_it_is_one_of_ours()
        self._username, self._password = username, password
        self._http.use_sign_in(self._token, await self._token())

    async def follow(self) -> AsyncGenerator[Change, None]:
        """Load, then every change; what happens while loading waits in the sockets."""
        feed = Feed(
            [
                self._socket("/ws/events"),
                self._socket("/ws/system"),
                self._socket("/ws/detections"),
            ],
            opener=self._opener,
            token=self._http.token,
            renew=self._http.renew,
            reopened=json.dumps({"type": MISSED}),
        )
        async with feed:
            async for change in self._load():
                yield change
            async for text in feed:
                message = _read_message(text)
                if message is None:
                    continue
                if message.type == MISSED:
                    async for change in self._load():
                        yield change
                elif (seen := self._change(message)) is not None:
                    yield seen

    async def live(self, camera: CameraKey, profile: str) -> StreamSource:
        """The live socket of a camera, with a token that lives for a while."""
        return StreamSource(
            camera=camera,
            profile=profile,
            kind="gatehouse-live",
            url=self._socket(f"/api/streams/{quote(camera.camera)}/live?profile={quote(profile)}"),
            headers={"Authorization": f"Bearer {await self._http.token()}"},
        )

    async def aclose(self) -> None:
        """Close all connections and forget the password."""
        self._password = ""
        await self._http.aclose()

    async def _check_that_it_is_one_of_ours(self) -> None:
        answer = await self._http.raw("GET", "/health")
        try:
            liveness = wire.read(wire.Liveness, answer.json())
        except (ValueError, SystemFailed) as error:
            raise sentences.not_ours(self._http.address) from error
        if liveness.service != "gatehouse":
            raise sentences.not_ours(self._http.address)

    async def _token(self) -> Token:
        body = {"username": self._username, "password": self._password}
        answer = await self._http.raw("POST", "/api/auth/login", json=body)
        if answer.status_code in (401, 422):
            raise sentences.wrong_password(self._http.address)
        if answer.status_code == 403:
            raise NotPermitted("This account may not sign in.", remedy="Ask an administrator.")
        if not answer.is_success:
            raise SystemFailed(
                f"{self._http.address} cannot sign anybody in now (status {answer.status_code}).",
                remedy="Wait a moment; the server's log has the details.",
            )
        try:
            login = wire.read(wire.LoginResponse, answer.json())
        except ValueError as error:
            raise sentences.unreadable(self._http.address, "sign-in") from error
        return Token.fresh(login.access_token, login.expires_in, self._monotonic())

    def _change(self, message: wire.SocketMessage) -> Change | None:
        """What the message means; a camera's status is about a camera that was seen before."""
        try:
            if message.type == "camera_status":
                return self._status_change(wire.read(wire.CameraStatus, message.data))
            change = mapping.change(self.system, message)
        except SystemFailed as error:
            _log.warning("a message of type %s was left out: %s", message.type, error)
            return None
        if isinstance(change, CameraChanged):
            self._known[change.camera.key.camera] = change.camera
        elif isinstance(change, CameraRemoved):
            self._known.pop(change.key.camera, None)
        return change

    def _status_change(self, sent: wire.CameraStatus) -> CameraChanged | None:
        known = self._known.get(sent.camera_id)
        if known is None:
            return None
        camera = self._known[sent.camera_id] = mapping.with_status(known, sent)
        return CameraChanged(camera)

    async def _load(self) -> AsyncIterator[Change]:
        cameras = await self._cameras()
        self._known = {camera.key.camera: camera for camera in cameras}
        yield CamerasLoaded(cameras)
        cursor: str | None = None
        for _ in range(FIRST_EVENTS // PAGE):
            page, cursor = await self.events.list(EventFilter(), limit=PAGE, cursor=cursor)
            for event in page:
                yield EventChanged(event, Moment.UPDATE)
            if cursor is None:
                return

    async def _cameras(self) -> tuple[Camera, ...]:
        items = await _all_rows(self._http, "/api/cameras", {"limit": 1000})
        return tuple(
            mapping.camera(self.system, sent) for sent in wire.read_all(wire.Camera, items)
        )

    def _socket(self, path: str) -> str:
        return self._http.address.replace("http", "ws", 1) + path


class NativeEvents:
    """Events of a Gatehouse server."""

    def __init__(self, system: str, http: Http) -> None:
        self._system = system
        self._http = http

    async def list(
        self, wanted: EventFilter, *, limit: int = 50, cursor: str | None = None
    ) -> tuple[Sequence[Event], str | None]:
        """A page, newest first."""
        params = mapping.event_params(wanted, limit=limit, cursor=cursor)
        page = wire.rows_of(await self._http.get("/api/events", params))
        sent = wire.read_all(wire.Event, page.items)
        following = None if page.following is None else page.following.get("cursor")
        events = [mapping.event(self._system, event) for event in sent]
        return events, None if following is None else str(following)

    async def acknowledge(self, key: EventKey) -> Event:
        """Acknowledge."""
        sent = await self._http.send("POST", f"/api/events/{quote(key.event)}/ack")
        return mapping.event(self._system, wire.read(wire.Event, sent))

    async def picture(self, path: str) -> bytes:
        """JPEG below the server's address."""
        return await self._http.get_bytes(path)


class NativeFootage:
    """Recordings of a Gatehouse server."""

    def __init__(self, system: str, http: Http) -> None:
        self._system = system
        self._http = http

    async def runs(self, cameras: Sequence[CameraKey], asked: TimeRange) -> Sequence[Footage]:
        """Runs and gaps of each camera."""
        params: Params = {
            "camera_id": [key.camera for key in cameras],
            "start": mapping.moment(asked.start),
            "end": mapping.moment(asked.end),
        }
        page = wire.rows_of(await self._http.get("/api/recordings/runs", params))
        sent = wire.read_all(wire.CameraRuns, page.items)
        return [mapping.footage(self._system, runs, asked) for runs in sent]

    async def segments(self, camera: CameraKey, asked: TimeRange) -> Sequence[SegmentRef]:
        """Files that hold any of that time, oldest first."""
        params: Params = {
            "camera_id": camera.camera,
            "start": mapping.moment(asked.start),
            "end": mapping.moment(asked.end),
        }
        items = await _all_rows(self._http, "/api/recordings/segments", params)
        found = [mapping.segment(self._system, s) for s in wire.read_all(wire.Segment, items)]
        return sorted(found, key=lambda ref: ref.span.start)

    async def index(self, segment: SegmentRef) -> SegmentIndex:
        """Where in the file each moment lies."""
        sent = await self._http.get(f"{_file(segment)}/index")
        return mapping.segment_index(segment, wire.read(wire.SegmentIndex, sent))

    async def read(self, segment: SegmentRef, offset: int, length: int) -> bytes:
        """Bytes of the file, in one request."""
        if length <= 0:
            return b""
        answer = await self._http.request(
            "GET", _file(segment), headers={"Range": f"bytes={offset}-{offset + length - 1}"}
        )
        whole = answer.content
        # a server that knows no Range sends everything
        return whole if answer.status_code == 206 else whole[offset : offset + length]


class NativePtz:
    """PTZ of a Gatehouse server's cameras; a camera that cannot answers with a ``Conflict``."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def move(self, camera: CameraKey, *, pan: float, tilt: float, zoom: float) -> None:
        """Move until ``stop``."""
        body = {"pan": pan, "tilt": tilt, "zoom": zoom}
        await self._http.send("POST", f"{_ptz(camera)}/move", body)

    async def stop(self, camera: CameraKey) -> None:
        """Stop."""
        await self._http.send("POST", f"{_ptz(camera)}/stop")

    async def presets(self, camera: CameraKey) -> Sequence[tuple[str, str]]:
        """Token and name of each stored position."""
        page = wire.rows_of(await self._http.get(f"{_ptz(camera)}/presets"))
        return [(preset.token, preset.name) for preset in wire.read_all(wire.PtzPreset, page.items)]

    async def go_to_preset(self, camera: CameraKey, token: str) -> None:
        """Go there."""
        await self._http.send("POST", f"{_ptz(camera)}/preset/{quote(token, safe='')}")


class NativeCameraAdmin:
    """Cameras of a Gatehouse server, changed."""

    def __init__(self, system: str, http: Http) -> None:
        self._system = system
        self._http = http

    async def add(
        self,
        *,
        name: str,
        url: str,
        username: str,
        password: str,
        sub_url: str = "",
        masks: Sequence[Polygon] = (),
    ) -> Camera:
        """Add a camera by its URL."""
        body: dict[str, Any] = {"name": name, "paths": _paths(url, sub_url)}
        if masks:
            body["masks"] = [{"polygon": polygon} for polygon in masks]
        if username:
            body |= {"username": username, "password": password}
        return self._camera(await self._http.send("POST", "/api/cameras", body))

    async def set_source(self, key: CameraKey, *, url: str, sub_url: str = "") -> Camera:
        """Take its pictures from somewhere else."""
        body = {"paths": _paths(url, sub_url)}
        return self._camera(await self._http.send("PATCH", _camera(key), body))

    async def source(self, key: CameraKey) -> CameraSource:
        """Where its pictures come from now."""
        return mapping.source(wire.read(wire.Camera, await self._http.get(_camera(key))))

    async def change(
        self, key: CameraKey, before: CameraSource, after: CameraSource, password: str
    ) -> Camera:
        """Change what differs."""
        body: dict[str, Any] = {}
        if after.name != before.name:
            body["name"] = after.name
        if (after.url, after.sub_url) != (before.url, before.sub_url):
            body["paths"] = _paths(after.url, after.sub_url)
        if after.username != before.username:
            body["username"] = after.username or None
        if password:
            body["password"] = password
        elif before.has_password and not after.username:
            body["clear_password"] = True
        return self._camera(await self._http.send("PATCH", _camera(key), body))

    async def remove(self, key: CameraKey) -> None:
        """Remove it."""
        await self._http.send("DELETE", _camera(key))

    async def set_enabled(self, key: CameraKey, enabled: bool) -> Camera:
        """Switch it on or off."""
        return self._camera(await self._http.send("PATCH", _camera(key), {"enabled": enabled}))

    def _camera(self, sent: Any) -> Camera:
        return mapping.camera(self._system, wire.read(wire.Camera, sent))


async def _all_rows(http: Http, path: str, params: Params) -> list[Any]:
    rows: list[Any] = []
    following: dict[str, str | int] | None = {}
    while following is not None:
        page = wire.rows_of(await http.get(path, {**params, **following}))
        rows += page.items
        following = page.following
    return rows


def _paths(url: str, sub_url: str) -> dict[str, str]:
    return {"live": url, "record": url, "detect": sub_url or url}


def _camera(key: CameraKey) -> str:
    return f"/api/cameras/{quote(key.camera, safe='')}"


def _ptz(key: CameraKey) -> str:
    return f"/api/ptz/{quote(key.camera, safe='')}"


def _file(segment: SegmentRef) -> str:
    camera, name = quote(segment.camera.camera, safe=""), quote(segment.name, safe="")
    return f"/api/recordings/segment/{camera}/{name}"


def _read_message(text: str) -> wire.SocketMessage | None:
    try:
        return wire.read(wire.SocketMessage, json.loads(text))
    except (ValueError, SystemFailed) as error:
        _log.warning("a message that cannot be read was left out: %s", error)
        return None
