"""Events and footage over HTTP: the real routes, services, catalogue and files; the renderer is a fake."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import anyio
import httpx
import pytest
from fastapi import FastAPI

from embedded_server.api import errors, events, recordings
from embedded_server.services.auth import Permission, Principal, Scope
from embedded_server.services.bus import Bus
from embedded_server.services.errors import Unauthenticated
from embedded_server.services.events import EventService
from embedded_server.services.excerpts import ExcerptService
from embedded_server.services.footage import FootageService
from embedded_server.services.model import (
    Box,
    DetectionBatch,
    DetectionOut,
    EventPhase,
    Gap,
    GapCause,
    Segment,
    Severity,
)
from embedded_server.services.ports import RenderError
from embedded_server.storage.catalog import Catalog
from embedded_server.storage.clips import RenderedClips
from embedded_server.storage.events import EventRows
from embedded_server.storage.footage import FootageRows
from embedded_server.storage.footage_files import FootageDisk
from embedded_server.storage.pictures import PictureFiles
from tests.support.footage_disk import write_segment
from tests.support.server_values import StoppedClock, a_report, add_cameras, after

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from embedded_server.services.model import ClipPiece

pytestmark = pytest.mark.anyio

JPEG = b"\xff\xd8 a picture"
PROBLEM = {"type", "title", "status", "detail", "instance", "code"}
DAY = {"start": "2026-05-01T00:00:00Z", "end": "2026-05-02T00:00:00Z"}


class Tokens:
    """Knows a token per scope; the guard may look and not touch."""

    async def authenticate(self, token: str, scope: Scope) -> Principal:
        known = {
            "kim": (Scope.ACCESS, frozenset(Permission)),
            "guard": (Scope.ACCESS, frozenset({Permission.EVENTS_VIEW})),
            "media": (Scope.MEDIA, frozenset({Permission.RECORDINGS_VIEW})),
        }
        if token not in known or known[token][0] is not scope:
            raise Unauthenticated("The token is not valid here.", code="invalid_token")
        return Principal(1, token, "operator", known[token][1], scope, after(3600))


@dataclass
class FakeRenderer:
    """Writes what it was asked for instead of pictures."""

    clips: int = 0
    failure: str | None = None

    async def frame(self, path: Path, at_s: float, *, width: int | None = None) -> bytes:
        self._may_fail()
        return f"{path.name} {at_s} {width}".encode()

    async def clip(self, pieces: Sequence[ClipPiece], destination: Path) -> Path:
        self._may_fail()
        self.clips += 1
        spans = [f"{piece.path.name}[{piece.start_s}:{piece.end_s}]" for piece in pieces]
        await anyio.Path(destination).write_text(" ".join(spans))
        return destination

    def _may_fail(self) -> None:
        if self.failure:
            raise RenderError(self.failure)


@dataclass
class Server:
    """A running server without its processes."""

    client: httpx.AsyncClient
    events: EventService
    footage: FootageService
    renderer: FakeRenderer
    clock: StoppedClock
    folder: Path
    open: dict[str, Segment] = field(default_factory=dict)

    def open_segments(self) -> dict[str, Segment]:
        return self.open

    async def get(self, path: str, *, by: str | None = "kim", **options: Any) -> httpx.Response:
        headers = dict(options.pop("headers", {}))
        if by:
            headers["Authorization"] = f"Bearer {by}"
        return await self.client.get(path, headers=headers, **options)

    async def has_event(self, key: str = "e1", **changes: Any) -> int:
        self.events.event_reported(a_report(key, **changes))
        await self.events.settle()
        return int((await self.get("/api/events")).json()["items"][0]["id"])

    async def has_footage(self, start: float = 0, fragments: int = 5) -> Segment:
        segment = write_segment(self.folder / "footage", start, fragments)
        self.footage.segment_written(segment)
        await self.footage.settle()
        return segment

    def bytes_of(self, segment: Segment) -> bytes:
        return self.footage.path(segment).read_bytes()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    clock, bus, renderer = StoppedClock(after(600)), Bus(), FakeRenderer()
    app = FastAPI()
    errors.install(app)
    app.include_router(events.router)
    app.include_router(recordings.router)
    transport = httpx.ASGITransport(app)
    with Catalog.open(tmp_path) as catalog:
        await add_cameras(catalog, "gate", "yard")
        event_service = EventService(
            EventRows(catalog), PictureFiles(tmp_path / "media"), bus, clock
        )
        async with httpx.AsyncClient(transport=transport, base_url="http://gatehouse") as client:
            server = Server(client, event_service, cast("Any", None), renderer, clock, tmp_path)
            server.footage = FootageService(
                FootageRows(catalog), FootageDisk(tmp_path / "footage"), bus, clock, server
            )
            excerpts = ExcerptService(
                event_service,
                server.footage,
                cast("Any", renderer),
                RenderedClips(tmp_path / "media"),
                clock,
            )
            app.state.services = SimpleNamespace(  # of Services, what these routes use
                events=event_service, footage=server.footage, excerpts=excerpts, auth=Tokens()
            )
            async with server.footage, event_service:
                yield server


def assert_problem(answer: httpx.Response, status: int, code: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert set(body) >= PROBLEM
    assert body["status"] == status
    assert isinstance(body["detail"], str)
    assert code is None or body["code"] == code
    return body


# Who may


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/events"),
        ("GET", "/api/events/1"),
        ("POST", "/api/events/1/ack"),
        ("PATCH", "/api/events/1"),
        ("GET", "/api/streams/gate/detections"),
        ("GET", "/api/recordings/runs"),
        ("GET", "/api/recordings/segments"),
        ("GET", "/api/recordings/segment/gate/x.mp4"),
        ("GET", "/api/recordings/segment/gate/x.mp4/index"),
        ("GET", "/api/recordings/frame"),
        ("GET", "/api/recordings/snapshot/1"),
        ("GET", "/api/recordings/crop/1"),
        ("GET", "/api/recordings/plate-crop/1"),
        ("GET", "/api/recordings/clip/1"),
    ],
)
async def test_nothing_is_open_to_strangers(server: Server, method: str, path: str) -> None:
    query = {"camera_id": "gate", "at": DAY["start"], **DAY}
    for headers in ({}, {"Authorization": "Bearer nobody"}):
        answer = await server.client.request(method, path, params=query, json={}, headers=headers)
        assert_problem(answer, 401)


async def test_a_media_token_opens_media_and_nothing_else(server: Server) -> None:
    event_id = await server.has_event(snapshot_jpeg=JPEG)
    token = {"token": "media"}
    assert (
        await server.get(f"/api/recordings/snapshot/{event_id}", by=None, params=token)
    ).content == JPEG
    assert_problem(await server.get("/api/events", by=None, params=token), 401)
    assert_problem(await server.get("/api/events", by="media"), 401)


async def test_who_may_look_may_not_review(server: Server) -> None:
    event_id = await server.has_event()
    guard = {"Authorization": "Bearer guard"}
    assert (await server.get("/api/events", by="guard")).status_code == 200
    assert_problem(await server.client.post(f"/api/events/{event_id}/ack", headers=guard), 403)
    assert_problem(
        await server.client.patch(f"/api/events/{event_id}", json={"flagged": True}, headers=guard),
        403,
    )


# Events


async def test_an_event_has_the_keys_of_both_references(server: Server) -> None:
    event_id = await server.has_event(
        snapshot_jpeg=JPEG, crop_jpeg=JPEG, severity=Severity.ALERT, zone="Drive",
        box=Box(0.1, 0.2, 0.3, 0.4), metadata={"colour": "red"},
    )  # fmt: skip
    event = (await server.get(f"/api/events/{event_id}")).json()
    assert event == (await server.get("/api/events")).json()["items"][0]
    assert event | {"id": 0} == {
        "id": 0,
        "camera_id": "gate",
        "camera_name": "Gate",
        "area_name": None,
        "device_type": "camera",
        "connection_method": "direct",
        "edge_router_name": None,
        "started_at": "2026-05-01T12:00:00Z",
        "ended_at": None,
        "label": "person",
        "labels": ["person"],
        "confidence": 0.8,
        "severity": "alert",
        "risk_score": 75,
        "risk_level": "high",
        "summary": "Person detected",
        "reasoning": None,
        "zone": "Drive",
        "box": {"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4},
        "reviewed": False,
        "acknowledged": False,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "flagged": False,
        "notes": None,
        "snooze_until": None,
        "detection_count": 1,
        "detection_ids": [],
        "snapshot": f"/api/recordings/snapshot/{event_id}",
        "crop": f"/api/recordings/crop/{event_id}",
        "clip": f"/api/recordings/clip/{event_id}",
        "plate_crop": None,
        "thumbnail_url": f"/api/recordings/crop/{event_id}",
        "deleted_at": None,
        "version": 1,
        "metadata": {"colour": "red"},
    }


async def test_the_list_pages_by_cursor(server: Server) -> None:
    for number in range(5):
        await server.has_event(str(number), started=number)
    first = (await server.get("/api/events", params={"limit": 2})).json()
    assert first["pagination"] == {
        "total": 5,
        "limit": 2,
        "offset": 0,
        "cursor": None,
        "next_cursor": first["pagination"]["next_cursor"],
        "has_more": True,
    }
    assert first["deprecation_warning"] is None
    cursor = first["pagination"]["next_cursor"]
    second = (await server.get("/api/events", params={"limit": 2, "cursor": cursor})).json()
    assert second["pagination"]["cursor"] == cursor
    times = [item["started_at"] for item in first["items"] + second["items"]]
    assert times == [f"2026-05-01T12:00:0{n}Z" for n in (4, 3, 2, 1)]


async def test_an_offset_still_works_and_says_that_it_will_not(server: Server) -> None:
    for number in range(3):
        await server.has_event(str(number), started=number)
    page = (await server.get("/api/events", params={"offset": 2})).json()
    assert len(page["items"]) == 1
    assert page["deprecation_warning"].startswith("Offset pagination is deprecated")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"camera_id": "gate"}, 2),
        ({"camera_id": ["gate", "yard"]}, 3),
        ({"camera_id": "nowhere"}, 0),
        ({"label": "dog"}, 1),
        ({"object_type": "dog"}, 1),
        ({"severity": "alert"}, 1),
        ({"risk_level": ["low", "medium"]}, 2),
        ({"start_date": "2026-05-01T12:00:10"}, 2),
        ({"end_date": "2026-05-01T12:00:10+00:00"}, 2),
        ({"end_date": "2026-05-01"}, 3),
        ({"end_date": "2026-04-30"}, 0),
        ({"reviewed": "false"}, 2),
        ({"acknowledged": "true"}, 1),
        ({"cursor": ""}, 3),
    ],
)
async def test_filters(server: Server, query: dict[str, Any], count: int) -> None:
    first = await server.has_event("a", severity=Severity.ALERT)
    await server.has_event("b", started=10)
    await server.has_event("c", started=20, camera_id="yard", label="dog", labels=("dog",))
    await server.events.acknowledge(first, by="kim")
    page = (await server.get("/api/events", params=query)).json()
    assert (len(page["items"]), page["pagination"]["total"]) == (count, count)


async def test_sparse_fields(server: Server) -> None:
    await server.has_event()
    page = (await server.get("/api/events", params={"fields": "id, risk_level"})).json()
    assert set(page["items"][0]) == {"id", "risk_level"}


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({"cursor": "x"}, 400, "Invalid cursor: "),
        ({"fields": "id,nonsense"}, 400, "Unknown field nonsense"),
        ({"start_date": "2026-05-02", "end_date": "2026-05-01"}, 400, "start_date"),
        ({"limit": 0}, 422, "greater than or equal to 1"),
        ({"limit": 101}, 422, "less than or equal to 100"),
        ({"severity": "dreadful"}, 422, "alert"),
        ({"start_date": "soon"}, 422, "datetime"),
    ],
)
async def test_a_list_that_makes_no_sense_is_refused(
    server: Server, query: dict[str, Any], status: int, words: str
) -> None:
    answer = await server.get("/api/events", params=query)
    assert answer.status_code == status
    assert words in answer.text
    if status == 400:
        assert_problem(answer, 400)
    else:
        assert set(answer.json()["detail"][0]) == {"loc", "msg", "type"}


async def test_acknowledging(server: Server) -> None:
    event_id = await server.has_event()
    by = {"Authorization": "Bearer kim"}
    event = (await server.client.post(f"/api/events/{event_id}/ack", headers=by)).json()
    assert (event["reviewed"], event["acknowledged"], event["acknowledged_by"]) == (
        True,
        True,
        "kim",
    )
    assert event["acknowledged_at"] == "2026-05-01T12:10:00Z"


async def test_reviewing_with_a_version(server: Server) -> None:
    path = f"/api/events/{await server.has_event()}"
    by = {"Authorization": "Bearer kim"}
    body = {"notes": "known", "snooze_until": "2026-05-01T13:00:00Z", "version": 1}
    event = (await server.client.patch(path, json=body, headers=by)).json()
    assert (event["notes"], event["snooze_until"], event["version"]) == (
        "known",
        "2026-05-01T13:00:00Z",
        2,
    )
    refused = assert_problem(await server.client.patch(path, json=body, headers=by), 409)
    assert refused["current_version"] == 2
    assert refused["detail"] == "Event was modified by another request. Please refresh and retry."
    event = (await server.client.patch(path, json={"snooze_until": None}, headers=by)).json()
    assert (event["snooze_until"], event["notes"]) == (None, "known")


async def test_events_that_are_not_there(server: Server) -> None:
    assert_problem(await server.get("/api/events/7"), 404, "event_not_found")
    for kind in ("snapshot", "crop", "clip", "plate-crop"):
        assert_problem(await server.get(f"/api/recordings/{kind}/7"), 404, "event_not_found")
    event_id = await server.has_event()
    assert_problem(await server.get(f"/api/recordings/crop/{event_id}"), 404, "crop_not_found")
    assert_problem(
        await server.get(f"/api/recordings/plate-crop/{event_id}"), 404, "plate_crop_not_found"
    )
    assert (await server.get("/api/events/word")).status_code == 422


async def test_latest_detections(server: Server) -> None:
    empty = (await server.get("/api/streams/gate/detections")).json()
    assert empty == {"camera_id": "gate", "at": None, "detections": []}
    server.events.detected(
        DetectionBatch("gate", after(1), (DetectionOut("car", 0.5, Box(0, 0, 0.5, 0.5), 3),))
    )
    latest = (await server.get("/api/streams/uuid-gate/detections")).json()
    assert latest["detections"][0]["label"] == "car"
    assert_problem(await server.get("/api/streams/nowhere/detections"), 404, "camera_not_found")


# Footage


async def test_runs_and_gaps(server: Server) -> None:
    await server.has_footage(0)
    server.footage.gap_changed(Gap("gate", after(10), None, GapCause.CAMERA_LOST, "no route"))
    await server.footage.settle()
    answer = await server.get("/api/recordings/runs", params={"camera_id": ["gate", "yard"], **DAY})
    assert answer.json() == {
        **DAY,
        "items": [
            {
                "camera_id": "gate",
                "runs": [{"start": "2026-05-01T12:00:00Z", "end": "2026-05-01T12:00:10Z"}],
                "gaps": [
                    {
                        "start": "2026-05-01T12:00:10Z",
                        "end": None,
                        "cause": "camera_lost",
                        "detail": "no route",
                    }
                ],
            },
            {"camera_id": "yard", "runs": [], "gaps": []},
        ],
    }


async def test_segments_and_their_index(server: Server) -> None:
    segment = await server.has_footage()
    page = (
        await server.get("/api/recordings/segments", params={"camera_id": "gate", **DAY})
    ).json()
    (item,) = page["items"]
    assert item["url"] == f"/api/recordings/segment/gate/{segment.name}"
    assert (item["duration"], item["size"], item["open"]) == (10.0, segment.size, False)
    index = (await server.get(item["url"] + "/index")).json()
    assert index["header_length"] == segment.header_length
    assert index["fragments"][2] == {
        "offset": segment.fragments[2].offset,
        "length": segment.fragments[2].length,
        "time": 4.0,
        "key": True,
    }


async def test_a_whole_segment(server: Server) -> None:
    segment = await server.has_footage()
    answer = await server.get(f"/api/recordings/segment/gate/{segment.name}")
    assert answer.status_code == 200
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.content == server.bytes_of(segment)


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-0", 0, 1), ("bytes=10-19", 10, 20), ("bytes=10-", 10, None), ("bytes=-7", -7, None),
     ("bytes=5-999999999", 5, None), ("bytes=-999999999", 0, None)],
)  # fmt: skip
async def test_a_range(server: Server, asked: str, start: int, end: int | None) -> None:
    segment = await server.has_footage()
    whole = server.bytes_of(segment)
    answer = await server.get(
        f"/api/recordings/segment/gate/{segment.name}", headers={"Range": asked}
    )
    assert answer.status_code == 206
    assert answer.content == whole[start:end]
    first = start if start >= 0 else len(whole) + start
    last = first + len(answer.content) - 1
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(whole)}"
    assert answer.headers["content-length"] == str(len(answer.content))


@pytest.mark.parametrize("asked", ["bytes=999999-", "bytes=-0"])
async def test_a_range_outside_the_file(server: Server, asked: str) -> None:
    segment = await server.has_footage()
    answer = await server.get(
        f"/api/recordings/segment/gate/{segment.name}", headers={"Range": asked}
    )
    assert_problem(answer, 416)
    assert answer.headers["content-range"] == f"bytes */{segment.size}"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,4-5", "pages=1-2", "bytes=9-2", "bytes=-", "bytes=a-b"]
)
async def test_what_is_no_single_range_gets_the_whole_file(server: Server, asked: str) -> None:
    segment = await server.has_footage()
    answer = await server.get(
        f"/api/recordings/segment/gate/{segment.name}", headers={"Range": asked}
    )
    assert (answer.status_code, len(answer.content)) == (200, segment.size)


async def test_a_range_of_another_version_of_the_file_is_not_mixed_in(server: Server) -> None:
    segment = await server.has_footage()
    path = f"/api/recordings/segment/gate/{segment.name}"
    etag = (await server.get(path)).headers["etag"]
    same = await server.get(path, headers={"Range": "bytes=0-3", "If-Range": etag})
    other = await server.get(path, headers={"Range": "bytes=0-3", "If-Range": '"other"'})
    assert (same.status_code, other.status_code) == (206, 200)


async def test_of_a_truncated_file_what_there_is(server: Server) -> None:
    """Its row promises more; an answer that breaks off would say neither that nor why."""
    segment = await server.has_footage()
    path = server.folder / "footage" / segment.relative_path
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    route = f"/api/recordings/segment/gate/{segment.name}"
    answer = await server.get(route)
    assert (answer.status_code, answer.content) == (200, whole[:100])
    assert "etag" not in answer.headers
    assert_problem(await server.get(route, headers={"Range": "bytes=100-"}), 416)


async def test_an_open_segment_ends_at_its_last_whole_fragment(server: Server) -> None:
    segment = write_segment(server.folder / "footage", 60, 3, torn=b"half a fragment")
    server.open["gate"] = replace(segment, is_open=True, sha256=None)
    path = f"/api/recordings/segment/gate/{segment.name}"
    whole = await server.get(path)
    assert len(whole.content) == segment.size
    assert whole.headers["cache-control"] == "no-store"
    behind = await server.get(path, headers={"Range": f"bytes={segment.size}-"})
    assert_problem(behind, 416)
    assert (await server.get(path + "/index")).json()["open"] is True


@pytest.mark.parametrize(
    "path",
    [
        "gate/..%2F..%2Fcatalog.db",
        "..%2F..%2F/catalog.db",
        "gate/2026-05-01_12-00-00-000.mp4",
        "nowhere/2026-05-01_12-00-00-000.mp4",
        "gate/%00",
    ],
)
async def test_names_lead_nowhere_else(server: Server, path: str) -> None:
    assert (await server.get(f"/api/recordings/segment/{path}")).status_code == 404


async def test_a_file_that_somebody_removed_is_not_found(server: Server) -> None:
    segment = await server.has_footage()
    server.footage.path(segment).unlink()
    answer = await server.get(f"/api/recordings/segment/gate/{segment.name}")
    assert_problem(answer, 404, "file_not_found")


async def test_a_frame_at_a_moment(server: Server) -> None:
    segment = await server.has_footage()
    query = {"camera_id": "gate", "at": "2026-05-01T12:00:04.500Z", "width": 320}
    answer = await server.get("/api/recordings/frame", by=None, params={**query, "token": "media"})
    assert answer.content == f"{segment.name} 4.5 320".encode()
    assert answer.headers["content-type"] == "image/jpeg"
    query["at"] = "2026-05-01T13:00:00Z"
    assert_problem(
        await server.get("/api/recordings/frame", params=query), 404, "footage_not_found"
    )


@pytest.mark.logs_warnings
async def test_footage_that_cannot_be_decoded(server: Server) -> None:
    await server.has_footage()
    server.renderer.failure = "the file is damaged"
    query = {"camera_id": "gate", "at": "2026-05-01T12:00:04Z"}
    body = assert_problem(await server.get("/api/recordings/frame", params=query), 503)
    assert "the file is damaged" in body["detail"]


async def test_a_clip_covers_the_event_and_is_made_once(server: Server) -> None:
    first = await server.has_footage(0)
    second = await server.has_footage(10)
    event_id = await server.has_event(started=8, at=12, phase=EventPhase.END, ended_at=after(12))
    path = f"/api/recordings/clip/{event_id}"
    clip = await server.get(path)
    assert clip.text == f"{first.name}[3.0:10.0] {second.name}[0.0:7.0]"
    assert clip.headers["content-type"] == "video/mp4"
    part = await server.get(path, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.text) == (206, clip.text[:4])
    assert server.renderer.clips == 1


async def test_a_clip_of_an_event_that_lasts_is_made_anew_and_not_kept(server: Server) -> None:
    await server.has_footage(0)
    event_id = await server.has_event(started=8)
    for count in (1, 2):
        assert (await server.get(f"/api/recordings/clip/{event_id}")).status_code == 200
        assert server.renderer.clips == count
    assert list((server.folder / "media" / "clips").iterdir()) == []


@pytest.mark.logs_warnings
async def test_a_clip_that_cannot_be(server: Server) -> None:
    event_id = await server.has_event()
    assert_problem(await server.get(f"/api/recordings/clip/{event_id}"), 404, "clip_not_found")
    await server.has_footage(0)
    server.renderer.failure = "the codec changes"
    assert_problem(await server.get(f"/api/recordings/clip/{event_id}"), 503, "not_rendered")
    assert list((server.folder / "media" / "clips").iterdir()) == []


@pytest.mark.parametrize("path", ["runs", "segments"])
async def test_times_the_wrong_way_round(server: Server, path: str) -> None:
    query = {"camera_id": "gate", "start": DAY["end"], "end": DAY["start"]}
    answer = await server.get(f"/api/recordings/{path}", params=query)
    assert_problem(answer, 400, "invalid_date_range")
