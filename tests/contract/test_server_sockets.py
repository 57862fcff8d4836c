"""The sockets over a real uvicorn on a free port: news, live video, and how each of them ends."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect

from embedded_server.api import sockets
from embedded_server.contract.cameras import CameraCreate
from embedded_server.contract.live import unpack_access_unit
from embedded_server.contract.system import SocketMessage
from embedded_server.services.bus import CHANNEL_DETECTIONS, CHANNEL_EVENTS
from embedded_server.services.model import StreamState, StreamStatus
from embedded_server.serving import listening
from tests.support.server_parts import FORMAT, Parts, a_unit, server_parts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from websockets.asyncio.client import ClientConnection

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def served(data_dir: Path, *, access_s: float = 900) -> AsyncIterator[tuple[Parts, str]]:
    async with server_parts(data_dir, access_s=access_s) as parts:
        await parts.cameras.create(CameraCreate(name="Gate", url="rtsp://192.0.2.7/gate"))
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            listener.setblocking(False)
            async with listening(parts.app, listener):
                yield parts, f"ws://127.0.0.1:{listener.getsockname()[1]}"
                parts.bus.close()


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[tuple[Parts, str]]:
    async with served(tmp_path / "data") as running:
        yield running


async def test_whoever_has_no_token_is_told_so(running: tuple[Parts, str]) -> None:
    parts, address = running
    media_token, _ = await parts.auth.media_token(await _caller(parts))
    for path in ("/ws/events", "/ws/system", "/ws/detections"):
        for query in ("", "?token=wrong", f"?token={media_token}"):
            assert await _close_code(f"{address}{path}{query}") == 4401
    for path, code in (
        ("/api/streams/gate/live", 4401),
        (f"/api/streams/nobody/live?token={media_token}", 4404),
    ):
        assert await _close_code(f"{address}{path}") == code


async def test_news_reach_every_subscriber(running: tuple[Parts, str]) -> None:
    parts, address = running
    token = await parts.token()
    async with (
        connect(f"{address}/ws/events?token={token}") as by_query,
        connect(f"{address}/ws/events", additional_headers=_bearer(token)) as by_header,
    ):
        await _subscribed(by_query, by_header)
        parts.goes_online("gate/main")
        for client in (by_query, by_header):
            news = json.loads(await client.recv())
            assert news["type"] == "camera_status"
            assert news["data"]["camera_id"] == "gate"
            assert (news["data"]["status"], news["data"]["previous_status"]) == (
                "online",
                "unknown",
            )
            assert json.loads(await client.recv())["type"] == "camera_updated"


async def test_cameras_that_come_and_go_are_told(running: tuple[Parts, str]) -> None:
    parts, address = running
    async with connect(f"{address}/ws/events?token={await parts.token()}") as client:
        await _subscribed(client)
        await parts.cameras.create(CameraCreate(name="Yard", url="rtsp://192.0.2.8/yard"))
        created = json.loads(await client.recv())
        assert (created["type"], created["data"]["name"]) == ("camera_created", "Yard")
        await parts.cameras.delete("yard")
        deleted = json.loads(await client.recv())
        assert (deleted["type"], deleted["data"]["camera_id"]) == ("camera_deleted", "yard")


async def test_patterns_choose(running: tuple[Parts, str]) -> None:
    parts, address = running
    async with connect(f"{address}/ws/events?token={await parts.token()}") as client:
        answer = await _ask(client, {"type": "subscribe", "data": {"events": ["Camera.*"]}})
        assert answer == {"action": "subscribed", "events": ["Camera.*"]}
        _publish(parts, "event")
        _publish(parts, "camera_status")
        assert json.loads(await client.recv())["type"] == "camera_status"
        answer = await _ask(client, {"type": "unsubscribe", "data": {}})
        assert answer == {"action": "unsubscribed", "events": []}
        _publish(parts, "event")
        assert json.loads(await client.recv())["type"] == "event"


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ("ping", {"type": "pong"}),
        ('{"type":"PING"}', {"type": "pong"}),
        ("{", {"type": "error", "error": "invalid_json", "message": "Message must be valid JSON",
               "details": {"raw_data_preview": "{"}}),
        ('{"type":"resync","data":{"last_sequence":7}}',
         {"type": "resync_ack", "channel": "events", "last_sequence": 7}),
    ],
)  # fmt: skip
async def test_talk(running: tuple[Parts, str], sent: str, answer: dict[str, Any]) -> None:
    parts, address = running
    async with connect(f"{address}/ws/events?token={await parts.token()}") as client:
        await client.send('{"type":"pong"}')  # is not answered
        await client.send(sent)
        assert json.loads(await client.recv()) == answer


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ("[]", "invalid_message_format"),
        ('{"type":3}', "invalid_message_format"),
        ('{"type":"subscribe","data":{"events":"x"}}', "invalid_message_format"),
        ('{"type":"dance"}', "unknown_message_type"),
        (b"\x00\x01", "invalid_message_format"),
    ],
)
async def test_mistakes_do_not_close(
    running: tuple[Parts, str], sent: str | bytes, error: str
) -> None:
    parts, address = running
    async with connect(f"{address}/ws/events?token={await parts.token()}") as client:
        await client.send(sent)
        assert json.loads(await client.recv())["error"] == error
        assert await _ask(client, {"type": "ping"}) == {"type": "pong"}


async def test_heartbeat_names_the_last_message(
    running: tuple[Parts, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "PING_EVERY_S", 0.05)
    parts, address = running
    async with connect(f"{address}/ws/events?token={await parts.token()}") as client:
        assert json.loads(await client.recv()) == {"type": "ping", "data": {}, "lastSeq": 0}
        parts.bus.publish(CHANNEL_EVENTS, SocketMessage(type="event", seq=7))
        while json.loads(await client.recv())["type"] == "ping":
            pass
        assert json.loads(await client.recv())["lastSeq"] == 7


async def test_who_talked_and_then_said_nothing_is_idle(
    running: tuple[Parts, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "IDLE_S", 0.05)
    parts, address = running
    async with connect(f"{address}/ws/events?token={await parts.token()}") as client:
        await client.send("ping")
        assert json.loads(await client.recv()) == {"type": "pong"}
        await client.wait_closed()
        assert (client.close_code, client.close_reason) == (1000, "Idle timeout")


async def test_system_status_comes_at_once(running: tuple[Parts, str]) -> None:
    parts, address = running
    async with connect(f"{address}/ws/system?token={await parts.token()}") as client:
        status = json.loads(await client.recv())
    assert status["type"] == "system_status"
    assert status["data"]["cameras"] == {"active": 0, "total": 1}
    assert {"gpu", "queue", "health"} <= set(status["data"])


@pytest.mark.logs_warnings
async def test_alarms_are_told_once(running: tuple[Parts, str]) -> None:
    parts, address = running
    async with connect(f"{address}/ws/system?token={await parts.token()}") as client:
        await client.recv()
        parts.system.media_alarm("disk_full", "The disk is full.")
        parts.system.media_alarm("disk_full", "The disk is full.")
        assert json.loads(await client.recv())["data"]["message"] == "The disk is full."
        assert await _ask(client, {"type": "ping"}) == {"type": "pong"}


async def test_slow_client_loses_news_and_nobody_else_waits(running: tuple[Parts, str]) -> None:
    parts, address = running
    token = await parts.token()
    async with (
        connect(f"{address}/ws/detections?token={token}", max_queue=1) as slow,
        connect(f"{address}/ws/detections?token={token}", max_queue=None) as quick,
    ):
        await _subscribed(slow, quick)
        padding = "x" * 100_000
        for number in range(300):
            message = SocketMessage(type="detections", data={"n": number, "padding": padding})
            parts.bus.publish(CHANNEL_DETECTIONS, message)
            assert json.loads(await quick.recv())["data"]["n"] == number
        kinds = set()
        while "missed" not in kinds:
            kinds.add(json.loads(await slow.recv())["type"])


async def test_token_over_in_mid_stream(tmp_path: Path) -> None:
    async with served(tmp_path / "data", access_s=0.4) as (parts, address):
        parts.media.opening = (FORMAT, a_unit())
        token = await parts.token()
        codes = await asyncio.gather(
            _close_code(f"{address}/ws/events?token={token}"),
            _close_code(f"{address}/api/streams/gate/live?token={token}"),
        )
    assert codes == [4401, 4401]


async def test_live_video(running: tuple[Parts, str]) -> None:
    parts, address = running
    parts.goes_online("gate/main")
    parts.media.opening = (FORMAT, a_unit(0))
    token, _ = await parts.auth.media_token(await _caller(parts))
    async with connect(f"{address}/api/streams/gate/live?profile=sub&token={token}") as client:
        state, opening = json.loads(await client.recv()), json.loads(await client.recv())
        assert (state["type"], state["state"]) == ("state", "online")
        assert opening["type"] == "stream"
        assert (opening["codec"], opening["profile"], opening["time_base"]) == (
            "h264",
            "main",
            [1, 90000],
        )
        unit = unpack_access_unit(await client.recv(decode=False))
        assert unit.is_key
        assert bytes(unit.payload) == a_unit(0).payload
        (reader,) = parts.media.readers
        offline = StreamStatus("gate/main", StreamState.OFFLINE, "No route.")
        reader.put(7, offline, a_unit(9, is_key=False))
        assert json.loads(await client.recv()) == {"type": "dropped", "access_units": 7}
        assert json.loads(await client.recv())["cause"] == "No route."
        assert unpack_access_unit(await client.recv(decode=False)).pts == a_unit(9).pts
    async with asyncio.timeout(5):
        await reader.closed.wait()


@pytest.mark.parametrize(("is_deleted", "code"), [(False, 1012), (True, 4410)])
async def test_live_ends_with_its_stream(
    running: tuple[Parts, str], is_deleted: bool, code: int
) -> None:
    parts, address = running
    ending = asyncio.create_task(
        _close_code(f"{address}/api/streams/gate/live?token={await parts.token()}")
    )
    await parts.media.opened.wait()
    if is_deleted:
        await parts.cameras.delete("gate")
    parts.media.readers[0].end()
    assert await ending == code


def _publish(parts: Parts, kind: str) -> None:
    parts.bus.publish(CHANNEL_EVENTS, SocketMessage(type=kind))


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def _caller(parts: Parts) -> Any:
    from embedded_server.services.auth import Scope

    return await parts.auth.authenticate(await parts.token(), Scope.ACCESS)


async def _ask(client: ClientConnection, message: dict[str, Any]) -> dict[str, Any]:
    await client.send(json.dumps(message))
    answer = json.loads(await client.recv())
    assert isinstance(answer, dict)
    return answer


async def _subscribed(*clients: ClientConnection) -> None:
    """What is answered is listening too."""
    for client in clients:
        assert await _ask(client, {"type": "ping"}) == {"type": "pong"}


async def _close_code(url: str) -> int | None:
    async with connect(url) as client, asyncio.timeout(5):
        await client.wait_closed()
        return client.close_code
