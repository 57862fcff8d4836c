"""A small Gatehouse server with state, for the console's tests: add a camera, raise an event, go down, refuse."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

if TYPE_CHECKING:
    from starlette.requests import Request

T0 = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
FOOTAGE = bytes(range(256)) * 16
JPEG = b"\xff\xd8 not really a picture \xff\xd9"


def iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


class FakeNative:
    """``app`` is the ASGI application; the rest is for the test to look at and to change."""

    def __init__(self) -> None:
        self.users = {"operator": "right"}
        self.tokens: set[str] = set()
        self.logins = 0
        self.token_seconds = 900
        self.cameras: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str]] = []
        self.sent: list[tuple[str, str, Any]] = []
        self.is_down = False
        self.is_something_else = False
        self.can_ptz = True
        self.knows_range = True
        self._sockets: list[tuple[str, asyncio.Queue[dict[str, Any] | int]]] = []
        self.app = Starlette(routes=self._routes())
        self.add_camera("gate", "Gate")

    # what a test does to it

    def add_camera(self, slug: str, name: str, **more: Any) -> dict[str, Any]:
        camera = {
            "id": slug,
            "number": len(self.cameras) + 1,
            "uuid": f"uuid-{slug}",
            "name": name,
            "status": "online",
            "state": "online",
            "created_at": iso(T0),
            "paths": {"live": "live", "record": "live", "detect": "sub"},
            "audio": {},
            "detection": {},
            "recording": {},
            "zones": [],
            "masks": [],
            "onvif": {},
            "recording_now": True,
            "streams": [
                {"profile": "main", "roles": ["live", "record"], "state": "online"},
                {"profile": "sub", "roles": ["detect"], "state": "online"},
            ],
            **more,
        }
        self.cameras[slug] = camera
        return camera

    def add_event(self, number: int, *, camera: str = "gate", **more: Any) -> dict[str, Any]:
        event = self.an_event(number, camera=camera, **more)
        self.events.insert(0, event)
        return event

    def an_event(self, number: int, *, camera: str = "gate", **more: Any) -> dict[str, Any]:
        """One that is not in the list, to be said only."""
        return {
            "id": number,
            "camera_id": camera,
            "camera_name": self.cameras[camera]["name"],
            "started_at": iso(T0 + timedelta(seconds=number)),
            "label": "person",
            "confidence": 0.9,
            "severity": "detection",
            "summary": f"Person at {camera}",
            "snapshot": f"/api/recordings/snapshot/{number}",
            "crop": f"/api/recordings/crop/{number}",
            **more,
        }

    def say(self, channel: str, kind: str, data: dict[str, Any]) -> None:
        """Send a message to everybody on that channel (``events``, ``system``, ``detections``)."""
        for at, queue in self._sockets:
            if at == channel:
                queue.put_nowait({"type": kind, "data": data, "timestamp": iso(T0)})

    def close_sockets(self, code: int = 1001) -> None:
        for _, queue in self._sockets:
            queue.put_nowait(code)

    def expire_tokens(self) -> None:
        self.tokens.clear()

    @property
    def listeners(self) -> int:
        return len(self._sockets)

    # what it answers

    def _routes(self) -> list[Route | WebSocketRoute]:
        private = [
            ("GET", "/api/cameras", self._list_cameras),
            ("POST", "/api/cameras", self._create_camera),
            ("GET", "/api/cameras/{id}", self._one_camera),
            ("PATCH", "/api/cameras/{id}", self._change_camera),
            ("DELETE", "/api/cameras/{id}", self._delete_camera),
            ("GET", "/api/events", self._list_events),
            ("POST", "/api/events/{id}/ack", self._acknowledge),
            ("GET", "/api/recordings/runs", self._runs),
            ("GET", "/api/recordings/segments", self._segments),
            ("GET", "/api/recordings/segment/{camera}/{name}", self._segment),
            ("GET", "/api/recordings/segment/{camera}/{name}/index", self._index),
            ("GET", "/api/recordings/crop/{id}", self._picture),
            ("POST", "/api/ptz/{id}/move", self._ptz),
            ("POST", "/api/ptz/{id}/stop", self._ptz),
            ("GET", "/api/ptz/{id}/presets", self._presets),
            ("POST", "/api/ptz/{id}/preset/{token:path}", self._ptz),
        ]
        return [
            Route("/health", self._health),
            Route("/api/auth/login", self._login, methods=["POST"]),
            *(Route(path, self._guarded(answer), methods=[m]) for m, path, answer in private),
            *(
                WebSocketRoute(f"/ws/{channel}", self._socket)
                for channel in ("events", "system", "detections")
            ),
        ]

    def _guarded(self, answer: Any) -> Any:
        async def guarded(request: Request) -> Response:
            self.requests.append((request.method, str(request.url.path)))
            if self.is_down:
                return problem(503, "The catalogue is being repaired.")
            if not self._may(request.headers.get("authorization", "")):
                return problem(401, "The token is not valid.")
            return await answer(request)

        return guarded

    def _may(self, authorization: str) -> bool:
        return authorization.removeprefix("Bearer ") in self.tokens

    async def _health(self, _request: Request) -> Response:
        if self.is_something_else:
            return Response("<html>It works!</html>", media_type="text/html")
        return JSONResponse(
            {
                "status": "alive",
                "ok": True,
                "service": "gatehouse",
                "version": "9",
                "startedAt": iso(T0),
            }
        )

    async def _login(self, request: Request) -> Response:
        body = await request.json()
        if self.users.get(body["username"]) != body["password"]:
            return problem(401, "Wrong name or password.")
        self.logins += 1
        token = f"token-{self.logins}"
        self.tokens.add(token)
        user = {
            "id": 1,
            "username": body["username"],
            "role": "admin",
            "is_admin": True,
            "permissions": [],
        }
        return JSONResponse(
            {
                "access_token": token,
                "token_type": "bearer",
                "expires_in": self.token_seconds,
                "user": user,
            }
        )

    async def _list_cameras(self, request: Request) -> Response:
        return page(list(self.cameras.values()), request)

    async def _create_camera(self, request: Request) -> Response:
        body = await self._body(request)
        if any(camera["name"] == body["name"] for camera in self.cameras.values()):
            return problem(409, f"There is a camera named {body['name']} already.")
        if "nonsense" in str(body.get("paths")):
            detail = [{"loc": ["body", "paths", "live"], "msg": "not a URL", "type": "value_error"}]
            return JSONResponse({"detail": detail}, status_code=422)
        slug = body["name"].lower().replace(" ", "_")
        return JSONResponse(self.add_camera(slug, body["name"]), status_code=201)

    async def _one_camera(self, request: Request) -> Response:
        camera = self.cameras.get(request.path_params["id"])
        return problem(404, "There is no such camera.") if camera is None else JSONResponse(camera)

    async def _change_camera(self, request: Request) -> Response:
        body = await self._body(request)
        camera = self.cameras.get(request.path_params["id"])
        if camera is None:
            return problem(404, "There is no such camera.")
        camera |= body
        return JSONResponse(camera)

    async def _delete_camera(self, request: Request) -> Response:
        if self.cameras.pop(request.path_params["id"], None) is None:
            return problem(404, "There is no such camera.")
        return Response(status_code=204)

    async def _list_events(self, request: Request) -> Response:
        asked = request.query_params
        wanted = [
            event
            for event in self.events
            if event["camera_id"] in (asked.getlist("camera_id") or [event["camera_id"]])
            and event["label"] == asked.get("label", event["label"])
        ]
        return page(wanted, request)

    async def _acknowledge(self, request: Request) -> Response:
        for event in self.events:
            if str(event["id"]) == request.path_params["id"]:
                event |= {
                    "reviewed": True,
                    "acknowledged": True,
                    "acknowledged_at": iso(T0),
                    "acknowledged_by": "operator",
                }
                self.say("events", "event_acknowledged", event)
                return JSONResponse(event)
        return problem(404, "There is no such event.")

    async def _runs(self, request: Request) -> Response:
        items = [
            {
                "camera_id": camera,
                "runs": [{"start": iso(T0), "end": iso(T0 + timedelta(minutes=5))}],
                "gaps": [
                    {"start": iso(T0 + timedelta(minutes=5)), "end": None, "cause": "camera_lost"}
                ],
            }
            for camera in request.query_params.getlist("camera_id")
        ]
        asked = request.query_params
        return JSONResponse({"start": asked["start"], "end": asked["end"], "items": items})

    async def _segments(self, request: Request) -> Response:
        camera = request.query_params["camera_id"]
        return page([self.segment(camera, n) for n in range(3)], request)

    def segment(self, camera: str, number: int) -> dict[str, Any]:
        start = T0 + timedelta(minutes=number)
        return {
            "camera_id": camera,
            "name": f"{number}.mp4",
            "start": iso(start),
            "end": iso(start + timedelta(minutes=1)),
            "duration": 60.0,
            "size": len(FOOTAGE),
            "codec": "h264",
            "width": 640,
            "height": 360,
            "open": number == 2,
            "url": f"/api/recordings/segment/{camera}/{number}.mp4",
        }

    async def _segment(self, request: Request) -> Response:
        asked = request.headers.get("range")
        if asked is None or not self.knows_range:
            return Response(FOOTAGE, media_type="video/mp4")
        first, last = asked.removeprefix("bytes=").split("-")
        if int(first) >= len(FOOTAGE):
            return problem(416, "Past the end of the file.")
        return Response(FOOTAGE[int(first) : int(last) + 1], status_code=206)

    async def _index(self, request: Request) -> Response:
        fragments = [
            {"offset": 100 + 50 * n, "length": 50, "time": 0.5 * n, "key": n % 4 == 0}
            for n in range(8)
        ]
        return JSONResponse(
            {
                "camera_id": request.path_params["camera"],
                "name": request.path_params["name"],
                "start": iso(T0),
                "header_length": 100,
                "size": len(FOOTAGE),
                "open": False,
                "fragments": fragments,
            }
        )

    async def _picture(self, _request: Request) -> Response:
        return Response(JPEG, media_type="image/jpeg")

    async def _ptz(self, request: Request) -> Response:
        if not self.can_ptz:
            return problem(409, "This camera cannot be moved.")
        body = await request.body()
        self.sent.append((request.method, request.url.path, body.decode()))
        return Response(status_code=204)

    async def _presets(self, _request: Request) -> Response:
        if not self.can_ptz:
            return problem(409, "This camera cannot be moved.")
        return JSONResponse([{"token": "1", "name": "Door"}])

    async def _body(self, request: Request) -> Any:
        body = await request.json()
        self.sent.append((request.method, request.url.path, body))
        return body

    async def _socket(self, socket: WebSocket) -> None:
        if self.is_down:
            await socket.close(1013)
            return
        await socket.accept()
        if not self._may(socket.headers.get("authorization", "")):
            await socket.close(4401)
            return
        queue: asyncio.Queue[dict[str, Any] | int] = asyncio.Queue()
        place = (socket.url.path.removeprefix("/ws/"), queue)
        self._sockets.append(place)
        try:
            with contextlib.suppress(WebSocketDisconnect):
                await self._pass_on(socket, queue)
        finally:
            self._sockets.remove(place)

    async def _pass_on(self, socket: WebSocket, queue: asyncio.Queue[Any]) -> None:
        hangs_up = asyncio.ensure_future(socket.receive())
        try:
            while True:
                message = asyncio.ensure_future(queue.get())
                await asyncio.wait((message, hangs_up), return_when=asyncio.FIRST_COMPLETED)
                if hangs_up.done():
                    message.cancel()
                    return
                if isinstance(message.result(), int):
                    await socket.close(message.result())
                    return
                await socket.send_json(message.result())
        finally:
            hangs_up.cancel()


def page(items: list[dict[str, Any]], request: Request) -> Response:
    limit = int(request.query_params.get("limit", 50))
    first = int(request.query_params.get("cursor", 0))
    following = str(first + limit) if first + limit < len(items) else None
    pagination = {
        "total": len(items),
        "limit": limit,
        "next_cursor": following,
        "has_more": following is not None,
    }
    return JSONResponse({"items": items[first : first + limit], "pagination": pagination})


def problem(status: int, detail: str) -> Response:
    return JSONResponse(
        {"type": "about:blank", "title": "Refused", "status": status, "detail": detail},
        status_code=status,
        media_type="application/problem+json",
    )
