"""Every route of sign-in, cameras, streams, PTZ and system, over the real application: one table, then the finer points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from embedded_server.contract.cameras import CameraCreate
from embedded_server.contract.live import KEY_FRAME
from embedded_server.services.camera_plans import capture_plans
from embedded_server.services.camera_source import FileRule
from embedded_server.services.model import StreamState, StreamStatus
from embedded_server.storage.cameras import CatalogCameras
from embedded_server.storage.catalog import Catalog
from embedded_server.storage.keys import Vault
from tests.support.server_parts import FORMAT, JPEG, PASSWORD, a_unit, server_parts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.server_parts import Parts

pytestmark = pytest.mark.anyio

PROBLEM = {"type", "title", "status", "detail", "instance", "code"}
CAMERA = {
    "id", "number", "uuid", "name", "status", "state", "cause", "created_at", "last_seen_at", "folder_path",
    "device_type", "connection_method", "site_id", "edge_router_id", "paths", "audio", "detection", "zones", "masks",
    "has_password", "onvif", "recording", "streams", "ptz", "recording_now",
}  # fmt: skip
HEALTH = {"status", "services", "timestamp"}
READY = {"ready", "status", "checks", "timestamp"}
ALIVE = {"status", "ok", "service", "version", "startedAt"}
USER = {"id", "username", "role", "is_admin", "permissions", "tenant_id"}
NEW = {"name": "Yard", "url": "rtsp://192.0.2.9/yard"}

# method, path, body, who may ("anyone", "guard" and up, "admin"), success, keys
ROUTES: list[tuple[str, str, Any, str, int, set[str]]] = [
    ("GET", "/health", None, "anyone", 200, ALIVE),
    ("GET", "/healthz", None, "anyone", 200, ALIVE),
    ("GET", "/api/system/health", None, "anyone", 200, HEALTH),
    ("GET", "/openapi.json", None, "anyone", 200, {"openapi", "paths", "components"}),
    ("POST", "/api/auth/login", {"username": "admin", "password": PASSWORD}, "anyone", 200,
     {"access_token", "token_type", "expires_in", "user"}),
    ("GET", "/api/auth/me", None, "guard", 200, USER),
    ("POST", "/api/auth/media-token", None, "guard", 200, {"token", "expires_in"}),
    ("GET", "/api/cameras", None, "guard", 200, {"items", "pagination"}),
    ("GET", "/api/cameras/gate", None, "guard", 200, CAMERA),
    ("GET", "/api/cameras/1", None, "guard", 200, CAMERA),
    ("GET", "/api/cameras/gate/config", None, "admin", 200, CAMERA),
    ("POST", "/api/cameras", NEW, "admin", 201, CAMERA),
    ("PUT", "/api/cameras/gate", {"site_id": 3}, "admin", 200, CAMERA),
    ("PATCH", "/api/cameras/gate", {"site_id": 3}, "admin", 200, CAMERA),
    ("DELETE", "/api/cameras/gate", None, "admin", 204, set()),
    ("GET", "/api/ptz/gate/info", None, "guard", 200, {"supported", "reason"}),
    ("POST", "/api/ptz/gate/move", {"pan": 0.5}, "admin", 409, PROBLEM),
    ("POST", "/api/ptz/gate/stop", None, "admin", 409, PROBLEM),
    ("POST", "/api/ptz/gate/home", None, "admin", 409, PROBLEM),
    ("GET", "/api/ptz/gate/presets", None, "guard", 409, PROBLEM),
    ("POST", "/api/ptz/gate/preset/1", None, "admin", 409, PROBLEM),
    ("GET", "/api/streams/gate/detections", None, "guard", 200, {"camera_id", "at", "detections"}),
]  # fmt: skip


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncIterator[Parts]:
    async with server_parts(tmp_path / "data") as parts:
        yield parts


@pytest.fixture
async def client(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    """Signed in as administrator, with one camera."""
    transport = httpx.ASGITransport(app=parts.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gatehouse") as client:
        client.headers["Authorization"] = f"Bearer {await parts.token()}"
        url = "rtsp://kim:geheim@192.0.2.7/gate"
        answer = await client.post("/api/cameras", json={"name": "Gate", "url": url})
        assert answer.status_code == 201, answer.text
        yield client


@pytest.mark.parametrize(
    ("method", "path", "body", "who", "status", "keys"), ROUTES, ids=lambda value: str(value)[:40]
)
async def test_route(
    client: httpx.AsyncClient,
    parts: Parts,
    method: str,
    path: str,
    body: Any,
    who: str,
    status: int,
    keys: set[str],
) -> None:
    client.headers.pop("authorization")
    guard = {"Authorization": f"Bearer {await parts.token('guard')}"}
    admin = {"Authorization": f"Bearer {await parts.token()}"}
    if who != "anyone":
        refused = await client.request(method, path, json=body)
        assert (refused.status_code, set(refused.json())) == (401, PROBLEM)
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.headers["www-authenticate"] == "Bearer"
    if who == "admin":
        refused = await client.request(method, path, json=body, headers=guard)
        assert refused.status_code == 403
        assert set(refused.json()) == {*PROBLEM, "permission"}
    headers = {"anyone": {}, "guard": guard, "admin": admin}[who]
    answer = await client.request(method, path, json=body, headers=headers)
    assert answer.status_code == status, answer.text
    if keys:
        assert keys <= set(answer.json())


async def test_description_is_true(client: httpx.AsyncClient) -> None:
    schema = (await client.get("/openapi.json")).json()
    names = set(schema["components"]["schemas"])
    assert {"Problem", "Camera", "HTTPValidationError"} <= names
    for path, methods in schema["paths"].items():
        for method, route in methods.items():
            assert route.get("description"), f"{method} {path} says nothing"
            is_public = "security" not in route
            assert is_public or "401" in route["responses"], f"{method} {path} hides its 401"


async def test_pages_need_no_network(client: httpx.AsyncClient) -> None:
    for path in ("/docs", "/redoc", "/setup"):
        answer = await client.get(path)
        assert "http://" not in answer.text.replace("http://www.w3.org", "")
        assert "https://" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_credentials_are_never_returned_nor_stored_readable(
    client: httpx.AsyncClient, parts: Parts, tmp_path: Path
) -> None:
    answer = await client.get("/api/cameras/gate/config")
    assert answer.json()["has_password"] is True
    assert answer.json()["username"] == "kim"
    assert "geheim" not in answer.text
    assert parts.media.plans[0].url == "rtsp://kim:geheim@192.0.2.7/gate"
    assert "geheim" not in parts.media.plans[0].shown_url
    for file in (tmp_path / "data").rglob("catalog.db*"):
        assert b"geheim" not in file.read_bytes()


async def test_blank_password_keeps_and_clear_clears(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    await client.put("/api/cameras/gate", json={"password": "", "name": "Main gate"})
    assert parts.media.plans[0].url.startswith("rtsp://kim:geheim@")
    answer = await client.put("/api/cameras/gate", json={"clear_password": True})
    assert answer.json()["has_password"] is False
    assert answer.json()["name"] == "Main gate"
    assert answer.json()["id"] == "gate"


async def test_names_are_unique_whatever_their_case(client: httpx.AsyncClient) -> None:
    again = await client.post("/api/cameras", json={"name": "GATE", "url": "rtsp://192.0.2.8/x"})
    assert (again.status_code, again.json()["code"]) == (409, "camera_already_exists")


async def test_folders_are_unique(client: httpx.AsyncClient) -> None:
    drop = {"name": "Drop", "folder_path": "/export/drop"}
    assert (await client.post("/api/cameras", json=drop)).status_code == 201
    again = await client.post("/api/cameras", json={**drop, "name": "Other"})
    assert (again.status_code, again.json()["code"]) == (409, "camera_already_exists")
    moved = await client.patch("/api/cameras/gate", json={"folder_path": "/export/drop"})
    assert moved.status_code == 409
    assert (await client.put("/api/cameras/drop", json=drop)).status_code == 200


async def test_sparse_fields(client: httpx.AsyncClient) -> None:
    page = (await client.get("/api/cameras", params={"fields": "id, name"})).json()
    assert page["items"] == [{"id": "gate", "name": "Gate"}]
    answer = await client.get("/api/cameras", params={"fields": "id,password"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (r'{"detection": {"objects": ["\ud800"]}}', ["detection", "objects", 0]),
        (r'{"detection": {"label_map": {"\ud800": "x"}}}', ["detection", "label_map"]),
        ('{"masks": [{"polygon": [[0, 0], [1e999, 0], [1, 1]]}]}', ["masks", 0, "polygon"]),
        ('{"masks": [{"polygon": [[0, NaN], [1, 0], [1, 1]]}]}', ["masks", 0, "polygon"]),
        ('{"site_id": 100000000000000000000000}', ["site_id"]),
    ],
)
async def test_what_no_answer_could_hold_is_not_stored(
    client: httpx.AsyncClient, body: str, field: list[str | int]
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await client.patch("/api/cameras/gate", content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][1 : len(field) + 1] == field
    assert (await client.get("/api/cameras")).status_code == 200


async def test_a_body_that_is_no_text_is_a_documented_refusal(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await client.patch("/api/cameras/gate", content=b"\xff", headers=headers)
    assert (answer.status_code, set(answer.json())) == (400, PROBLEM)
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert {"400", "413"} <= set(paths["/api/cameras/{camera_id}"]["patch"]["responses"])


async def test_slug_of_a_deleted_camera_is_not_used_again(client: httpx.AsyncClient) -> None:
    assert (await client.delete("/api/cameras/gate")).status_code == 204
    assert (await client.get("/api/cameras/gate")).status_code == 404
    answer = await client.post("/api/cameras", json={"name": "Gate", "url": "rtsp://192.0.2.8/x"})
    assert answer.json()["id"] == "gate_2"


@pytest.mark.parametrize(
    "body",
    [
        {"name": "X"},
        {"url": "rtsp://192.0.2.8/x"},
        {"name": "X", "url": "gopher://192.0.2.8/x"},
        {"name": "X", "url": "file:///no/such/clip.mp4"},
        {"name": "X", "paths": {"live": "/x"}},
        {"name": "X", "url": "rtsp://192.0.2.8/x", "port": 0},
    ],
)
async def test_unusable_cameras_are_refused(
    client: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    answer = await client.post("/api/cameras", json=body)
    assert answer.status_code == 422
    assert {"loc", "msg", "type"} == set(answer.json()["detail"][0])


async def test_invalid_input_is_not_repeated(client: httpx.AsyncClient) -> None:
    body = {"name": "X", "url": "rtsp://192.0.2.8/x", "password": "geheim" * 60}
    answer = await client.post("/api/cameras", json=body)
    assert answer.status_code == 422
    assert "geheim" not in answer.text


async def test_files_are_no_cameras_where_others_can_reach(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"x")
    async with server_parts(tmp_path / "data", allow_files=False) as parts:
        transport = httpx.ASGITransport(app=parts.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gatehouse") as client:
            client.headers["Authorization"] = f"Bearer {await parts.token()}"
            body = {"name": "Clip", "url": clip.as_uri()}
            answer = await client.post("/api/cameras", json=body)
    assert answer.status_code == 422
    assert "nobody else can reach" in answer.json()["detail"][0]["msg"]


async def test_cameras_are_kept_over_restarts(tmp_path: Path) -> None:
    body = CameraCreate(name="Gate", url="rtsp://kim:geheim@192.0.2.7/gate")
    async with server_parts(tmp_path / "data") as parts:
        created = await parts.cameras.create(body)
        before = parts.media.plans
    with Catalog.open(tmp_path / "data") as catalog:
        kept = await CatalogCameras(catalog, Vault.open(tmp_path / "data" / "secrets")).all()
    assert kept == [created]
    assert capture_plans(kept[0], FileRule(allow_files=False)) == tuple(before)


async def test_lost_key_costs_the_passwords_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    body = CameraCreate(name="Gate", url="rtsp://kim:geheim@192.0.2.7/gate")
    async with server_parts(tmp_path / "data") as parts:
        await parts.cameras.create(body)
    (tmp_path / "data" / "secrets" / "cameras.key").unlink()
    with Catalog.open(tmp_path / "data") as catalog:
        (kept,) = await CatalogCameras(catalog, Vault.open(tmp_path / "data" / "secrets")).all()
    assert (kept.name, kept.has_password) == ("Gate", False)
    assert "enter them again" in caplog.text


async def test_state_and_cause_are_shown(client: httpx.AsyncClient, parts: Parts) -> None:
    status = StreamStatus("gate/main", StreamState.UNAUTHORISED, "The camera refuses the password.")
    parts.media.status["gate/main"] = status
    shown = (await client.get("/api/cameras")).json()["items"][0]
    assert (shown["status"], shown["state"], shown["cause"]) == (
        "error",
        "unauthorised",
        "The camera refuses the password.",
    )


async def test_media_token_opens_pictures_and_nothing_else(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    parts.media.opening = (FORMAT, a_unit())
    token = (await client.post("/api/auth/media-token")).json()["token"]
    access = client.headers.pop("authorization").removeprefix("Bearer ")
    for path in ("/api/cameras/gate/snapshot", "/api/streams/gate/snapshot"):
        answer = await client.get(path, params={"token": token})
        assert (answer.status_code, answer.content) == (200, JPEG)
        assert (await client.get(path, params={"token": access})).status_code == 401
        assert (await client.get(path)).status_code == 401
    assert (await client.get("/api/cameras", params={"token": token})).status_code == 401
    bearing = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/api/auth/me", headers=bearing)).status_code == 401
    assert all(reader.closed.is_set() for reader in parts.media.readers)


async def test_snapshot_of_a_camera_that_is_away(client: httpx.AsyncClient, parts: Parts) -> None:
    parts.media.status["gate/main"] = StreamStatus(
        "gate/main", StreamState.OFFLINE, "No route to the camera."
    )
    answer = await client.get("/api/cameras/gate/snapshot")
    assert (answer.status_code, answer.json()["code"]) == (503, "no_picture")
    assert "No route to the camera." in answer.json()["detail"]


async def test_expired_and_forged_tokens(client: httpx.AsyncClient, parts: Parts) -> None:
    parts.clock.advance(901)
    answer = await client.get("/api/auth/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "expired_token")
    forged = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIiwic2NvcGUiOiJhY2Nlc3MiLCJleHAiOjk5OTk5OTk5OTl9."
    for token in (forged, "x", "", "a.b.c"):
        answer = await client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401


async def test_wrong_passwords_must_wait(client: httpx.AsyncClient, parts: Parts) -> None:
    wrong = {"username": "admin", "password": "wrong"}
    for _ in range(5):
        assert (await client.post("/api/auth/login", json=wrong)).status_code == 401
    answer = await client.post("/api/auth/login", json=wrong)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    parts.clock.advance(3)
    right = {"username": "Admin", "password": PASSWORD}
    assert (await client.post("/api/auth/login", json=right)).status_code == 200


async def test_health_says_what_is_wrong(client: httpx.AsyncClient, parts: Parts) -> None:
    parts.system.is_capturing = False
    answer = await client.get("/api/system/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")
    parts.system.is_capturing = True
    assert (await client.get("/ready")).json()["status"] == "not_ready"
    parts.goes_online("gate/main")
    for path in ("/ready", "/api/system/health/ready"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()["status"]) == (200, "ready")


async def test_everything_else_is_a_problem_too(client: httpx.AsyncClient) -> None:
    for method, path, status in (
        ("GET", "/nothing", 404),
        ("DELETE", "/health", 405),
        ("GET", "/api/cameras/nobody", 404),
    ):
        answer = await client.request(method, path)
        assert (answer.status_code, set(answer.json())) == (status, PROBLEM)
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_huge_bodies_are_refused(client: httpx.AsyncClient) -> None:
    body = b'{"name": "' + bytes(11 * 1024 * 1024) + b'"}'
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/api/cameras", content=body, headers=headers)
    assert answer.status_code == 413


async def test_units_of_a_still_begin_with_a_key_frame(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    parts.media.opening = (a_unit(is_key=False), FORMAT, a_unit(1, is_key=False), a_unit(2))
    assert a_unit(2).flags == KEY_FRAME
    assert (await client.get("/api/cameras/gate/snapshot")).content == JPEG
