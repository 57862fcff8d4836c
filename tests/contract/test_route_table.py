"""Every route of the server in one table, against the real application: who may call it, and what it answers with.

The table and ``/openapi.json`` must name the same routes, so that a new one cannot come without its row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.support.footage_disk import write_segment
from tests.support.server_parts import FORMAT, PASSWORD, a_unit, server_parts
from tests.support.server_values import a_report, after

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.server_parts import Parts

pytestmark = pytest.mark.anyio

ANYONE, SIGNED_IN, EDITOR, MEDIA = "anyone", "signed in", "editor", "media"
LIST = frozenset({"items", "pagination", "deprecation_warning"})
PROBLEM = frozenset({"type", "title", "status", "detail", "instance", "code"})
ALIVE = frozenset({"status", "ok", "service", "version", "startedAt"})
READY = frozenset({"ready", "status", "checks", "timestamp"})
SESSION = frozenset({"access_token", "token_type", "expires_in", "user"})
CAMERA = frozenset({
    "id", "number", "uuid", "name", "status", "state", "cause", "created_at", "last_seen_at", "folder_path",
    "device_type", "connection_method", "site_id", "edge_router_id", "paths", "audio", "detection", "recording", "zones",
    "masks", "has_password", "onvif", "ptz", "recording_now", "streams",
})  # fmt: skip
EVENT = frozenset({
    "id", "camera_id", "camera_name", "area_name", "device_type", "connection_method", "edge_router_name", "started_at",
    "ended_at", "label", "confidence", "risk_score", "risk_level", "summary", "reasoning", "reviewed", "acknowledged",
    "acknowledged_at", "acknowledged_by", "flagged", "notes", "snooze_until", "detection_count", "detection_ids",
    "snapshot", "crop", "clip", "plate_crop", "thumbnail_url", "deleted_at", "version", "metadata",
})  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One route. ``keys`` are of a JSON answer; none for pictures, clips and empty answers."""

    method: str
    path: str
    who: str
    status: int
    keys: frozenset[str] = frozenset()
    query: str = ""
    body: Any = None


_DAY = "start=2026-05-01T00:00:00Z&end=2026-05-02T00:00:00Z"
_LOGIN = {"username": "admin", "password": PASSWORD}
_SETUP = {"secret": "wrong", "username": "kim", "password": PASSWORD}
_NEW = {"name": "Yard", "url": "rtsp://192.0.2.9/yard"}
_SEGMENT = "/api/recordings/segment/{camera_id}/{name}"
TABLE = (
    Row("GET", "/health", ANYONE, 200, ALIVE),
    Row("GET", "/healthz", ANYONE, 200, ALIVE),
    Row("GET", "/ready", ANYONE, 200, READY),
    Row("GET", "/api/system/health", ANYONE, 200, frozenset({"status", "services", "timestamp"})),
    Row("GET", "/api/system/health/ready", ANYONE, 200, READY),
    Row("POST", "/api/auth/login", ANYONE, 200, SESSION, body=_LOGIN),
    Row("POST", "/api/auth/setup", ANYONE, 403, PROBLEM, body=_SETUP),
    Row("GET", "/api/auth/me", SIGNED_IN, 200, frozenset({"id", "username", "role", "permissions"})),
    Row("POST", "/api/auth/media-token", SIGNED_IN, 200, frozenset({"token", "expires_in"})),
    Row("GET", "/api/cameras", SIGNED_IN, 200, LIST),
    Row("POST", "/api/cameras", EDITOR, 201, CAMERA, body=_NEW),
    Row("GET", "/api/cameras/{camera_id}", SIGNED_IN, 200, CAMERA),
    Row("PUT", "/api/cameras/{camera_id}", EDITOR, 200, CAMERA, body={"site_id": 3}),
    Row("PATCH", "/api/cameras/{camera_id}", EDITOR, 200, CAMERA, body={"site_id": 4}),
    Row("GET", "/api/cameras/{camera_id}/config", EDITOR, 200, CAMERA),
    Row("GET", "/api/cameras/{camera_id}/snapshot", MEDIA, 200),
    Row("GET", "/api/streams/{camera_id}/snapshot", MEDIA, 200),
    Row("GET", "/api/streams/{camera_id}/detections", SIGNED_IN, 200, frozenset({"camera_id", "at", "detections"})),
    Row("GET", "/api/events", SIGNED_IN, 200, LIST),
    Row("GET", "/api/events/{event_id}", SIGNED_IN, 200, EVENT),
    Row("POST", "/api/events/{event_id}/ack", EDITOR, 200, EVENT),
    Row("PATCH", "/api/events/{event_id}", EDITOR, 200, EVENT, body={"flagged": True}),
    Row("GET", "/api/recordings/runs", SIGNED_IN, 200, frozenset({"start", "end", "items"}), "camera_id=gate&" + _DAY),
    Row("GET", "/api/recordings/segments", SIGNED_IN, 200, LIST, "camera_id=gate&" + _DAY),
    Row("GET", _SEGMENT, MEDIA, 200),
    Row("GET", _SEGMENT + "/index", MEDIA, 200, frozenset({"camera_id", "name", "start", "header_length", "fragments"})),
    Row("GET", "/api/recordings/frame", MEDIA, 200, query="camera_id=gate&at=2026-05-01T12:00:03Z"),
    Row("GET", "/api/recordings/snapshot/{event_id}", MEDIA, 200),
    Row("GET", "/api/recordings/crop/{event_id}", MEDIA, 200),
    Row("GET", "/api/recordings/plate-crop/{event_id}", MEDIA, 404, PROBLEM),
    Row("GET", "/api/recordings/clip/{event_id}", MEDIA, 200),
    Row("GET", "/api/ptz/{camera_id}/info", SIGNED_IN, 200, frozenset({"supported", "reason"})),
    Row("GET", "/api/ptz/{camera_id}/presets", SIGNED_IN, 409, PROBLEM),
    Row("POST", "/api/ptz/{camera_id}/move", EDITOR, 409, PROBLEM, body={"pan": 0.5}),
    Row("POST", "/api/ptz/{camera_id}/stop", EDITOR, 409, PROBLEM),
    Row("POST", "/api/ptz/{camera_id}/home", EDITOR, 409, PROBLEM),
    Row("POST", "/api/ptz/{camera_id}/preset/{token}", EDITOR, 409, PROBLEM),
    Row("DELETE", "/api/cameras/{camera_id}", EDITOR, 204),
)  # fmt: skip


@dataclass(frozen=True)
class Site:
    """A server with one camera that is online, a minute of footage and one event."""

    client: httpx.AsyncClient
    admin: dict[str, str]
    guard: dict[str, str]
    media_token: str
    names: dict[str, str]

    async def ask(
        self, row: Row, headers: dict[str, str] | None = None, token: str = ""
    ) -> httpx.Response:
        """The answer to a row's request, sent as somebody, or with a token in the query."""
        query = "&".join(filter(None, (row.query, token and f"token={token}")))
        return await self.client.request(
            row.method,
            f"{row.path.format(**self.names)}?{query}",
            json=row.body,
            headers=headers or {},
        )


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    data = tmp_path / "data"
    async with server_parts(data) as parts:
        services = parts.app.state.services
        transport = httpx.ASGITransport(app=parts.app)
        async with (
            services.footage,
            httpx.AsyncClient(transport=transport, base_url="http://gatehouse") as client,
        ):
            admin, guard = [{"Authorization": f"Bearer {await parts.token(name)}"} for name in ("admin", "guard")]  # fmt: skip
            camera = {"name": "Gate", "url": "rtsp://192.0.2.7/gate"}
            assert (await client.post("/api/cameras", json=camera, headers=admin)).is_success
            names = await _fill(parts, data)
            media_token = (await client.post("/api/auth/media-token", headers=guard)).json()
            yield Site(client, admin, guard, media_token["token"], names)


async def _fill(parts: Parts, data: Path) -> dict[str, str]:
    services = parts.app.state.services
    parts.goes_online("gate/main")
    parts.media.opening = (FORMAT, a_unit())
    segment = write_segment(data / "footage", fragments=30)
    services.footage.segment_written(segment)
    await services.footage.settle()
    parts.clock.advance(600)
    picture = b"\xff\xd8 a picture"
    services.events.event_reported(
        a_report(started=10, at=20, ended_at=after(20), snapshot_jpeg=picture, crop_jpeg=picture)
    )
    await services.events.settle()
    return {"camera_id": "gate", "event_id": "1", "name": segment.name, "token": "1"}


async def test_table_and_description_name_the_same_routes(site: Site) -> None:
    description = (await site.client.get("/openapi.json")).json()
    described = {
        (method.upper(), path)
        for path, operations in description["paths"].items()
        for method in operations
    }
    assert described == {(row.method, row.path) for row in TABLE}
    for row in TABLE:
        route = description["paths"][row.path][row.method.lower()]
        assert str(row.status) in route["responses"], row
        assert (row.who == ANYONE) == ("security" not in route), row


async def test_strangers_and_media_tokens_get_no_further_than_they_may(site: Site) -> None:
    for row in TABLE:
        if row.who == ANYONE:
            continue
        for answer in (
            await site.ask(row),
            await site.ask(row, {"Authorization": f"Bearer {site.media_token}"}),
        ):
            assert answer.status_code == 401, row
            assert set(answer.json()) >= PROBLEM, row
        by_token = (await site.ask(row, token=site.media_token)).status_code
        assert by_token == (row.status if row.who == MEDIA else 401), row


async def test_who_may_look_may_not_change(site: Site) -> None:
    for row in TABLE:
        if row.who == EDITOR:
            assert (await site.ask(row, site.guard)).status_code == 403, row
        elif row.who == SIGNED_IN:
            assert (await site.ask(row, site.guard)).status_code == row.status, row


async def test_every_route_answers_as_the_table_says(site: Site) -> None:
    for row in TABLE:
        answer = await site.ask(row, site.admin)
        assert answer.status_code == row.status, (row, answer.text)
        if row.keys:
            assert row.keys <= set(answer.json()), row
