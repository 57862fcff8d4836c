"""The console and its server's process: started, signed in to, crashed, refused, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from console import server_process
from console.actions import connect
from console.dialects.registry import dialect_of
from console.domain.camera import CameraKey
from console.domain.errors import CannotConnect, TimedOut
from console.domain.system import Phase
from console.garbage import Garbage
from console.known_systems import KnownSystems
from console.loop import qt_event_loop
from console.secrets import Secrets
from console.server_process import EmbeddedSignIn, ServerPhase, ServerProcess
from console.session import Sessions, Stores
from console.store.cameras import CameraStore
from console.store.detections import DetectionStore
from console.store.events import EventStore
from console.store.footage import FootageStore
from console.store.notices import NoticeStore
from console.store.systems import SystemStore
from console.tasks import Tasks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

pytestmark = [pytest.mark.anyio, pytest.mark.logs_warnings]


@pytest.fixture
def anyio_backend(qapp: QApplication) -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": qt_event_loop}


@pytest.fixture(autouse=True)
def _garbage(qapp: QApplication) -> Iterator[None]:
    garbage = Garbage()
    yield
    garbage.close()


STAND_IN = (sys.executable, "-m", "tests.support.stand_in_server", "server")


class Console:
    """As much of the console as signing in to its own server needs."""

    def __init__(self, folder: Path, mode: str = "") -> None:
        self.tasks = Tasks()
        self.stores = Stores(
            SystemStore(),
            CameraStore(),
            EventStore(),
            FootageStore(),
            DetectionStore(),
            NoticeStore(),
        )
        self.systems, self.cameras = self.stores.systems, self.stores.cameras
        self.notices = self.stores.notices
        self.secrets = Secrets(folder / "secrets.json")
        self.known = KnownSystems(folder / "systems.json")
        self.sessions = Sessions(self.stores, self.tasks, dialect_of)
        self.server = ServerProcess(
            folder,
            EmbeddedSignIn(self.secrets, folder),
            command=() if mode == "real" else STAND_IN,
            environment={"STAND_IN": mode},
        )

    async def aclose(self) -> None:
        await self.sessions.aclose()
        await self.server.aclose()
        await self.tasks.aclose()


@pytest.fixture
async def consoles(tmp_path: Path) -> AsyncIterator[Callable[..., Console]]:
    made: list[Console] = []

    def make(mode: str = "") -> Console:
        made.append(Console(tmp_path, mode))
        return made[-1]

    yield make
    while made:
        await made.pop().aclose()


async def until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_true():  # noqa: ASYNC110  what is awaited is another process
            await asyncio.sleep(0.02)


def starts(folder: Path) -> list[int]:
    return [int(pid) for pid in (folder / "starts").read_text().split()]


async def test_this_computer_is_started_and_its_cameras_are_listed(
    consoles: Callable[..., Console], tmp_path: Path
) -> None:
    console = consoles()
    await connect.use_this_computer(console)
    await until(lambda: len(console.cameras) == 1)
    assert console.cameras.get(CameraKey("local", "gate")) is not None
    assert console.systems.rows[0].phase is Phase.ONLINE
    assert [record.id for record in console.known.records] == ["local"]


async def test_the_password_is_made_once_and_only_this_account_may_read_it(
    consoles: Callable[..., Console], tmp_path: Path
) -> None:
    first = await consoles().server.sign_in.get()
    assert await consoles().server.sign_in.get() == first
    file = tmp_path / "secrets" / "console_sign_in.json"
    assert first[1] in file.read_text()
    if sys.platform != "win32":
        assert file.stat().st_mode & 0o777 == 0o600


async def test_a_killed_server_comes_back_on_the_same_port_and_the_session_with_it(
    consoles: Callable[..., Console], tmp_path: Path
) -> None:
    console = consoles()
    await connect.use_this_computer(console)
    await until(lambda: len(console.cameras) == 1)
    address = console.server.address
    os.kill(starts(tmp_path)[0], signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
    await until(lambda: console.systems.rows[0].phase is Phase.LOST)
    await until(lambda: console.systems.rows[0].phase is Phase.ONLINE)
    assert console.server.address == address
    assert len(starts(tmp_path)) == 2
    texts = [notice.text for notice in console.notices.rows]
    assert len([text for text in texts if "No connection" in text]) == 1
    assert len([text for text in texts if text == "Connected again."]) == 1


async def test_a_server_that_cannot_start_says_why(consoles: Callable[..., Console]) -> None:
    console = consoles("refuse")
    with pytest.raises(CannotConnect, match="in use by another server"):
        await connect.use_this_computer(console)
    assert console.server.phase is ServerPhase.FAILED


async def test_a_server_that_never_listens_is_given_up(
    consoles: Callable[..., Console], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_process, "READY_WITHIN_S", 2.0)
    console = consoles("mute")
    with pytest.raises(TimedOut):
        await console.server.start()


async def test_a_program_that_is_not_there_says_so(tmp_path: Path) -> None:
    sign_in = EmbeddedSignIn(Secrets(tmp_path / "s.json"), tmp_path)
    server = ServerProcess(tmp_path, sign_in, command=[str(tmp_path / "nothing")])
    with pytest.raises(CannotConnect, match="cannot be started"):
        await server.start()


@pytest.mark.parametrize("mode", ["", "deaf"])
async def test_stopping_ends_the_process_in_time(
    consoles: Callable[..., Console], tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_process, "STOP_WITHIN_S", 5.0 if not mode else 0.5)
    console = consoles(mode)
    await console.server.start()
    began = time.monotonic()
    await console.server.aclose()
    assert time.monotonic() - began < 5
    assert not psutil.pid_exists(starts(tmp_path)[0])
    assert console.server.phase is ServerPhase.STOPPED


async def test_the_real_server_on_a_directory_that_somebody_else_began(
    consoles: Callable[..., Console], tmp_path: Path
) -> None:
    done = await asyncio.to_thread(
        subprocess.run,
        [
            *(sys.executable, "-m", "embedded_server", "user", "create", "owner"),
            *("--data-dir", str(tmp_path), "--password-stdin"),
        ],
        input="a password of her own\n",
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    console = consoles("real")
    await connect.use_this_computer(console)
    await until(lambda: console.systems.rows != () and console.systems.at(0).phase is Phase.ONLINE)
