"""The console's dialect for Gatehouse's own server, against a fake of it: what comes in, what goes out, what goes wrong."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from console.dialects.base import (
    CameraChanged,
    CameraRemoved,
    CamerasLoaded,
    DetectionsSeen,
    EventChanged,
    FootageGrew,
    Moment,
    SystemNotice,
)
from console.dialects.http import Http
from console.dialects.native.client import NativeDialect
from console.domain.camera import CameraCapability, CameraKey, CameraSource, Health
from console.domain.errors import (
    CannotConnect,
    Conflict,
    InvalidInput,
    NotFound,
    SignInRefused,
    SystemFailed,
    TimedOut,
)
from console.domain.event import EventFilter, EventKey, Severity
from console.domain.footage import TimeRange
from tests.support import asgi_socket
from tests.support.fake_systems.native import FOOTAGE, JPEG, T0, FakeNative, iso

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from console.dialects.base import Change

pytestmark = pytest.mark.anyio
GATE = CameraKey("sys", "gate")


@pytest.fixture
def fake() -> FakeNative:
    return FakeNative()


@pytest.fixture
def now() -> list[float]:
    return [1000.0]


@pytest.fixture
async def signed_out(fake: FakeNative, now: list[float]) -> AsyncIterator[NativeDialect]:
    dialect = NativeDialect(
        "sys",
        "http://nvr.test:8480",
        transport=httpx.ASGITransport(fake.app),
        opener=asgi_socket.opener(fake.app),
        monotonic=lambda: now[0],
    )
    yield dialect
    await dialect.aclose()


@pytest.fixture
async def dialect(signed_out: NativeDialect) -> NativeDialect:
    await signed_out.sign_in("operator", "right")
    return signed_out


class Following:
    """Collects what ``follow`` says."""

    def __init__(self, dialect: NativeDialect) -> None:
        self._changes = dialect.follow()

    async def __aenter__(self) -> Following:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._changes.aclose()

    async def next(self) -> Change:
        return await asyncio.wait_for(anext(self._changes), 2)

    async def skip_loading(self) -> None:
        assert isinstance(await self.next(), CamerasLoaded)


# signing in


async def test_a_wrong_password_says_so_with_a_remedy(signed_out: NativeDialect) -> None:
    with pytest.raises(SignInRefused) as caught:
        await signed_out.sign_in("operator", "wrong")
    assert "password" in str(caught.value)
    assert caught.value.remedy


async def test_something_else_at_that_port_is_called_that(
    signed_out: NativeDialect, fake: FakeNative
) -> None:
    fake.is_something_else = True
    with pytest.raises(CannotConnect, match="not a Gatehouse server"):
        await signed_out.sign_in("operator", "right")


async def test_a_request_before_signing_in_is_refused_here(signed_out: NativeDialect) -> None:
    with pytest.raises(SignInRefused):
        await signed_out.events.list(EventFilter())


async def test_an_old_token_is_renewed_before_it_ends(
    dialect: NativeDialect, fake: FakeNative, now: list[float]
) -> None:
    await dialect.events.list(EventFilter())
    assert fake.logins == 1
    now[0] += fake.token_seconds * 0.9
    await dialect.events.list(EventFilter())
    assert fake.logins == 2


async def test_a_token_that_is_refused_is_renewed_once_for_everybody(
    dialect: NativeDialect, fake: FakeNative
) -> None:
    fake.expire_tokens()
    await asyncio.gather(*(dialect.events.list(EventFilter()) for _ in range(5)))
    assert fake.logins == 2


async def test_when_the_password_was_changed_meanwhile_the_session_has_ended(
    dialect: NativeDialect, fake: FakeNative
) -> None:
    fake.expire_tokens()
    fake.users["operator"] = "another"
    with pytest.raises(SignInRefused):
        await dialect.events.list(EventFilter())


# following


async def test_follow_loads_cameras_and_the_newest_events(
    dialect: NativeDialect, fake: FakeNative
) -> None:
    fake.add_event(1)
    fake.add_event(2)
    async with Following(dialect) as following:
        loaded = await following.next()
        assert isinstance(loaded, CamerasLoaded)
        (camera,) = loaded.cameras
        assert camera.key == GATE
        assert camera.health is Health.ONLINE
        assert camera.profiles == ("main", "sub")
        events = [await following.next(), await following.next()]
        assert [c.event.key.event for c in events if isinstance(c, EventChanged)] == ["2", "1"]


async def test_all_pages_of_cameras_are_loaded(dialect: NativeDialect, fake: FakeNative) -> None:
    for number in range(150):
        fake.add_camera(f"c{number}", f"Camera {number}")
    async with Following(dialect) as following:
        loaded = await following.next()
        assert isinstance(loaded, CamerasLoaded)
        assert len(loaded.cameras) == 151


async def test_messages_become_changes(dialect: NativeDialect, fake: FakeNative) -> None:
    async with Following(dialect) as following:
        await following.skip_loading()
        event = fake.an_event(7, severity="alert")
        fake.say("events", "event", {**event, "phase": "start"})
        change = await following.next()
        assert isinstance(change, EventChanged)
        assert change.moment is Moment.START
        assert change.event.severity is Severity.ALERT
        assert change.event.thumbnail_path == "/api/recordings/crop/7"

        status = {
            "camera_id": "gate",
            "state": "offline",
            "cause": "refused",
            "changed_at": iso(T0),
        }
        fake.say("events", "camera_status", status)
        change = await following.next()
        assert isinstance(change, CameraChanged)
        assert (change.camera.health, change.camera.cause) == (Health.OFFLINE, "refused")
        assert change.camera.name == "Gate"

        fake.say("events", "camera_created", fake.add_camera("yard", "Yard"))
        change = await following.next()
        assert isinstance(change, CameraChanged)
        fake.say("events", "camera_deleted", {"camera_id": "yard"})
        assert await following.next() == CameraRemoved(CameraKey("sys", "yard"))

        fake.say("events", "footage", fake.segment("gate", 1))
        change = await following.next()
        assert isinstance(change, FootageGrew)
        assert change.segment is not None
        assert change.segment.span.duration == timedelta(minutes=1)
        fake.say("events", "gap", {"camera_id": "gate", "start": iso(T0)})
        assert await following.next() == FootageGrew(None, GATE)

        fake.say("system", "system_status", {"status": "degraded", "message": "The disk is slow."})
        assert await following.next() == SystemNotice("degraded", "The disk is slow.")

        box = {"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4}
        seen = [{"label": "person", "confidence": 0.8, "box": box, "track_id": 4}]
        fake.say(
            "detections", "detections", {"camera_id": "gate", "at": iso(T0), "detections": seen}
        )
        change = await following.next()
        assert isinstance(change, DetectionsSeen)
        assert change.detections.boxes[0].track_id == 4


@pytest.mark.logs_warnings
async def test_words_and_messages_of_a_newer_server_do_no_harm(
    dialect: NativeDialect, fake: FakeNative
) -> None:
    fake.add_camera("odd", "Odd", state="dreaming", shape=[1, 2])
    fake.cameras["broken"] = {"no": "id"}
    async with Following(dialect) as following:
        loaded = await following.next()
        assert isinstance(loaded, CamerasLoaded)
        assert {c.health for c in loaded.cameras if c.name == "Odd"} == {Health.UNKNOWN}
        assert len(loaded.cameras) == 2
        fake.say("events", "weather", {"rain": True})
        fake.say("events", "event", {"id": 1})
        fake.say("events", "camera_status", {"camera_id": "nobody", "state": "online"})
        event = fake.an_event(3, severity="catastrophe")
        fake.say("events", "event", event)
        change = await following.next()
        assert isinstance(change, EventChanged)
        assert change.event.severity is Severity.DETECTION


async def test_an_expired_token_in_mid_stream_is_renewed_and_what_was_missed_is_loaded(
    dialect: NativeDialect, fake: FakeNative
) -> None:
    async with Following(dialect) as following:
        await following.skip_loading()
        fake.expire_tokens()
        fake.add_camera("yard", "Yard")
        fake.close_sockets(4401)
        loaded = await following.next()
        assert isinstance(loaded, CamerasLoaded)
        assert len(loaded.cameras) == 2
        assert fake.logins == 2


async def test_when_messages_were_left_out_everything_is_loaded_again(
    dialect: NativeDialect, fake: FakeNative
) -> None:
    async with Following(dialect) as following:
        await following.skip_loading()
        fake.say("events", "missed", {"messages": 12})
        assert isinstance(await following.next(), CamerasLoaded)


async def test_a_lost_connection_ends_following_with_an_error(
    dialect: NativeDialect, fake: FakeNative
) -> None:
    async with Following(dialect) as following:
        await following.skip_loading()
        fake.close_sockets(1006)
        with pytest.raises(CannotConnect, match="lost"):
            await following.next()


async def test_following_ends_all_its_sockets(dialect: NativeDialect, fake: FakeNative) -> None:
    async with Following(dialect) as following:
        await following.skip_loading()
        assert fake.listeners == 3
    assert fake.listeners == 0


# events, footage, PTZ, cameras, live


async def test_events_are_filtered_and_paged(dialect: NativeDialect, fake: FakeNative) -> None:
    for number in range(5):
        fake.add_event(number, label="car" if number == 2 else "person")
    page, cursor = await dialect.events.list(EventFilter(), limit=2)
    assert [event.key.event for event in page] == ["4", "3"]
    page, _ = await dialect.events.list(EventFilter(), limit=2, cursor=cursor)
    assert [event.key.event for event in page] == ["2", "1"]
    page, _ = await dialect.events.list(EventFilter(label="car", cameras=frozenset({GATE})))
    assert [event.key.event for event in page] == ["2"]


async def test_acknowledging_returns_the_event_as_it_is_now(
    dialect: NativeDialect, fake: FakeNative
) -> None:
    fake.add_event(1)
    event = await dialect.events.acknowledge(EventKey("sys", "1"))
    assert event.is_acknowledged
    assert event.acknowledged_by == "operator"
    with pytest.raises(NotFound):
        await dialect.events.acknowledge(EventKey("sys", "99"))


async def test_pictures_come_as_bytes(dialect: NativeDialect) -> None:
    assert await dialect.events.picture("/api/recordings/crop/1") == JPEG


async def test_footage_has_runs_gaps_segments_and_an_index(dialect: NativeDialect) -> None:
    asked = TimeRange(T0, T0 + timedelta(hours=1))
    (footage,) = await dialect.footage.runs([GATE], asked)
    assert footage.runs == (TimeRange(T0, T0 + timedelta(minutes=5)),)
    assert footage.gaps[0].cause == "camera_lost"
    segments = await dialect.footage.segments(GATE, asked)
    assert [segment.is_open for segment in segments] == [False, False, True]
    index = await dialect.footage.index(segments[0])
    assert (index.header_length, len(index.fragments)) == (100, 8)


@pytest.mark.parametrize("knows_range", [True, False])
async def test_a_part_of_a_file_is_read_in_one_request(
    dialect: NativeDialect, fake: FakeNative, knows_range: bool
) -> None:
    fake.knows_range = knows_range
    (segment, *_) = await dialect.footage.segments(GATE, TimeRange(T0, T0 + timedelta(hours=1)))
    assert await dialect.footage.read(segment, 100, 50) == FOOTAGE[100:150]
    assert await dialect.footage.read(segment, 0, 0) == b""


async def test_past_the_end_of_a_file_is_an_error(dialect: NativeDialect) -> None:
    (segment, *_) = await dialect.footage.segments(GATE, TimeRange(T0, T0 + timedelta(hours=1)))
    with pytest.raises(InvalidInput):
        await dialect.footage.read(segment, 10**6, 5)


async def test_ptz_moves_or_says_that_it_cannot(dialect: NativeDialect, fake: FakeNative) -> None:
    await dialect.ptz.move(GATE, pan=0.5, tilt=0, zoom=0)
    await dialect.ptz.stop(GATE)
    assert await dialect.ptz.presets(GATE) == [("1", "Door")]
    await dialect.ptz.go_to_preset(GATE, "a/b")
    assert [path for _, path, _ in fake.sent][:2] == ["/api/ptz/gate/move", "/api/ptz/gate/stop"]
    fake.can_ptz = False
    with pytest.raises(Conflict, match="cannot be moved"):
        await dialect.ptz.move(GATE, pan=0.5, tilt=0, zoom=0)


async def test_cameras_are_added_changed_and_removed(
    dialect: NativeDialect, fake: FakeNative
) -> None:
    camera = await dialect.camera_admin.add(
        name="Back Yard",
        url="rtsp://cam/main",
        username="u",
        password="p",
        sub_url="rtsp://cam/sub",
    )
    assert camera.key == CameraKey("sys", "back_yard")
    assert CameraCapability.LIVE in camera.capabilities
    _, _, sent = fake.sent[-1]
    assert sent["paths"] == {
        "live": "rtsp://cam/main",
        "record": "rtsp://cam/main",
        "detect": "rtsp://cam/sub",
    }
    assert (await dialect.camera_admin.set_enabled(camera.key, False)).health is Health.OFF
    await dialect.camera_admin.remove(camera.key)
    with pytest.raises(NotFound, match="no such camera"):
        await dialect.camera_admin.remove(camera.key)


async def test_a_refused_camera_says_which_field(dialect: NativeDialect) -> None:
    with pytest.raises(InvalidInput, match=r"paths\.live: not a URL"):
        await dialect.camera_admin.add(name="X", url="nonsense", username="", password="")
    with pytest.raises(Conflict, match="already"):
        await dialect.camera_admin.add(name="Gate", url="rtsp://x/", username="", password="")


async def test_live_is_a_description_with_a_fresh_token(
    dialect: NativeDialect, fake: FakeNative
) -> None:
    source = await dialect.live(GATE, "sub")
    assert source.kind == "gatehouse-live"
    assert source.url == "ws://nvr.test:8480/api/streams/gate/live?profile=sub"
    assert source.headers["Authorization"].removeprefix("Bearer ") in fake.tokens


# what goes wrong on the way


async def test_a_fault_of_the_server_is_told_in_its_words(
    dialect: NativeDialect, fake: FakeNative
) -> None:
    fake.is_down = True
    with pytest.raises(SystemFailed, match="being repaired"):
        await dialect.events.list(EventFilter())


@pytest.mark.parametrize(
    ("raised", "expected", "words"),
    [
        (httpx.ConnectTimeout("slow"), TimedOut, "does not answer in time"),
        (httpx.ReadTimeout("slow"), TimedOut, "does not answer in time"),
        (httpx.ConnectError("all failed"), CannotConnect, "No connection to"),
        (httpx.ReadError("reset"), CannotConnect, "was lost"),
        (httpx.RemoteProtocolError("garbage"), CannotConnect, "was lost"),
    ],
)
async def test_errors_of_the_library_become_ours(
    raised: Exception, expected: type[Exception], words: str
) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise raised

    dialect = NativeDialect("sys", "http://nvr.test:8480", transport=httpx.MockTransport(answer))
    with pytest.raises(expected, match=words):
        await dialect.sign_in("operator", "right")
    await dialect.aclose()


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"status": "ok"}', b"\xff\xfe"])
async def test_any_other_answer_is_not_ours(body: bytes) -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, content=body))
    dialect = NativeDialect("sys", "http://nvr.test:8480", transport=transport)
    with pytest.raises(CannotConnect, match="not a Gatehouse server"):
        await dialect.sign_in("operator", "right")
    await dialect.aclose()


async def test_what_is_changed_of_a_camera_is_sent_and_nothing_else(
    dialect: NativeDialect, fake: FakeNative
) -> None:
    fake.add_camera(
        "lobby",
        "Lobby",
        host="10.0.0.7",
        port=554,
        username="admin",
        has_password=True,
        paths={"live": "/main", "record": "/main", "detect": "/sub"},
    )
    admin, key = dialect.camera_admin, CameraKey("sys", "lobby")
    before = await admin.source(key)
    assert before == CameraSource(
        "Lobby", "rtsp://10.0.0.7:554/main", "rtsp://10.0.0.7:554/sub", "admin", has_password=True
    )
    await admin.change(key, before, before, "better")
    assert fake.sent[-1][2] == {"password": "better"}
    await admin.change(key, before, replace(before, username="", name="Hall"), "")
    assert fake.sent[-1][2] == {"name": "Hall", "username": None, "clear_password": True}
    await admin.change(key, before, replace(before, url="rtsp://10.0.0.8/x", sub_url=""), "")
    assert set(fake.sent[-1][2]["paths"].values()) == {"rtsp://10.0.0.8/x"}


async def test_a_question_that_met_a_closing_connection_is_asked_again_but_nothing_is_done_twice() -> (
    None
):
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        if asked.count(request.method) == 1:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        return httpx.Response(200, json={})

    http = Http("http://nvr.test:8480", transport=httpx.MockTransport(answer))
    assert (await http.raw("GET", "/health")).status_code == 200
    with pytest.raises(CannotConnect):
        await http.raw("POST", "/api/events/1/ack")
    assert asked == ["GET", "GET", "POST"]
    await http.aclose()
