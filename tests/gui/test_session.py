"""A session on the Qt loop, against the fake server: loaded, followed, lost, back, signed out."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import httpx
import pytest

from console.actions import cameras as camera_actions
from console.actions import events as event_actions
from console.dialects.native.client import NativeDialect
from console.domain.camera import Health
from console.domain.errors import InvalidInput, NotFound, SignInRefused
from console.domain.system import Phase, SystemRecord
from console.session import Sessions
from console.tasks import Tasks
from tests.support import asgi_socket
from tests.support.console_parts import empty_stores
from tests.support.fake_systems.native import FakeNative

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

pytestmark = pytest.mark.anyio
RECORD = SystemRecord("sys", "The yard", "http://nvr.test:8480", "operator")


class Console:
    def __init__(self) -> None:
        self.fake = FakeNative()
        self.tasks = Tasks()
        self.stores = empty_stores()
        self.cameras, self.events = self.stores.cameras, self.stores.events
        self.sessions = Sessions(self.stores, self.tasks, self._dialect)

    def _dialect(self, record: SystemRecord) -> NativeDialect:
        return NativeDialect(
            record.id,
            record.address,
            transport=httpx.ASGITransport(self.fake.app),
            opener=asgi_socket.opener(self.fake.app),
        )

    @property
    def phase(self) -> Phase | None:
        state = self.stores.systems.get("sys")
        return None if state is None else state.phase

    def texts(self) -> list[str]:
        return [notice.text for notice in self.stores.notices.rows]


@pytest.fixture
async def console() -> AsyncIterator[Console]:
    made = Console()
    yield made
    await made.sessions.aclose()
    await made.tasks.aclose()
    stores = made.stores
    for store in (stores.systems, stores.cameras, stores.events, stores.footage, stores.detections):
        store.flush()
    await asyncio.sleep(0.1)  # until the stores' timers have run out


async def until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_signing_in_fills_the_stores(console: Console) -> None:
    console.fake.add_event(1)
    await console.sessions.connect(RECORD, "right")
    await until(lambda: len(console.cameras) == 1 and len(console.events) == 1)
    assert console.phase is Phase.ONLINE
    assert console.texts() == []


async def test_a_wrong_password_leaves_nothing_behind(console: Console) -> None:
    with pytest.raises(SignInRefused):
        await console.sessions.connect(RECORD, "wrong")
    assert console.phase is None
    with pytest.raises(NotFound):
        console.sessions.dialect("sys")


@pytest.mark.logs_warnings
async def test_lost_and_back_are_said_once_each(console: Console) -> None:
    await console.sessions.connect(RECORD, "right")
    await until(lambda: len(console.cameras) == 1)
    console.fake.is_down = True
    console.fake.close_sockets(1012)
    await until(lambda: console.phase is Phase.LOST)
    console.cameras.flush()
    assert console.cameras.at(0).health is Health.UNKNOWN
    await asyncio.sleep(1.2)  # two more tries in vain
    assert len(console.texts()) == 1
    console.fake.is_down = False
    await until(lambda: console.phase is Phase.ONLINE)
    console.cameras.flush()
    assert console.cameras.at(0).health is Health.ONLINE
    assert [text.partition(".")[0] for text in console.texts()] == [
        "No connection",
        "Connected again",
    ]


async def test_a_system_that_is_away_at_the_start_is_found_later(console: Console) -> None:
    console.fake.is_something_else = True
    await console.sessions.resume(RECORD, "right")
    await until(lambda: console.phase is Phase.LOST)
    console.fake.is_something_else = False
    await until(lambda: console.phase is Phase.ONLINE)


async def test_a_password_changed_meanwhile_ends_the_session(console: Console) -> None:
    await console.sessions.connect(RECORD, "right")
    await until(lambda: len(console.cameras) == 1)
    console.fake.users["operator"] = "another"
    console.fake.expire_tokens()
    console.fake.close_sockets(4401)
    await until(lambda: console.phase is Phase.SIGNED_OUT)
    assert "password" in console.texts()[-1]


async def test_signing_out_takes_the_system_away(console: Console) -> None:
    await console.sessions.connect(RECORD, "right")
    await until(lambda: len(console.cameras) == 1)
    await console.sessions.sign_out("sys")
    console.stores.systems.flush()
    assert (len(console.cameras), console.phase) == (0, None)
    await until(lambda: console.fake.listeners == 0)


async def test_a_flood_of_events_does_not_end_the_session(console: Console) -> None:
    await console.sessions.connect(RECORD, "right")
    await until(lambda: len(console.cameras) == 1)
    for number in range(1000):
        console.fake.say("events", "event", console.fake.an_event(number))
    await until(lambda: len(console.events) == 1000)
    assert console.phase is Phase.ONLINE


async def test_actions_show_in_the_stores_at_once(console: Console) -> None:
    console.fake.add_event(1)
    await console.sessions.connect(RECORD, "right")
    await until(lambda: len(console.events) == 1)
    event = await event_actions.acknowledge(console, console.events.at(0).key)
    assert console.events.get(event.key) == event
    camera = await camera_actions.add(console, "sys", name="Yard", url="rtsp://yard/1")
    await until(lambda: console.cameras.get(camera.key) is not None)
    await camera_actions.remove(console, camera.key)
    await until(lambda: console.cameras.get(camera.key) is None)
    with pytest.raises(InvalidInput):
        await camera_actions.add(console, "sys", name=" ", url="rtsp://yard/1")


async def test_a_failed_task_is_reported_once_and_a_cancelled_one_never(console: Console) -> None:
    failed: list[tuple[str, str]] = []
    console.tasks.failed.connect(lambda name, error: failed.append((name, str(error))))

    async def refuse() -> None:
        raise NotFound("It is gone.")

    tasks = [
        console.tasks.start(refuse(), name="Open"),
        console.tasks.start(asyncio.sleep(60), name="Wait"),
    ]
    tasks[1].cancel()
    for task in tasks:
        with contextlib.suppress(NotFound, asyncio.CancelledError):
            await task
    await asyncio.sleep(0)
    assert failed == [("Open", "It is gone.")]
