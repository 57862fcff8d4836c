"""The real server as a process, its HTTP API, and the sample cameras; for tests from end to end."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

T = TypeVar("T")
USERNAME, PASSWORD = "operator", "a password for tests"
_LISTENING = re.compile(r"listening on (http://\S+)")


@dataclass
class RealServer:
    """A running server; ``api`` is signed in as its administrator."""

    process: subprocess.Popen[str]
    address: str
    data_dir: Path
    api: httpx.Client
    said: list[str]

    def add_camera(self, name: str, **fields: Any) -> str:
        """Create a camera; its slug."""
        answer = self.api.post("/api/cameras", json={"name": name, **fields})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def camera(self, slug: str) -> dict[str, Any]:
        """The camera as the API shows it."""
        answer = self.api.get(f"/api/cameras/{slug}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def stop(self, *, sig: int = signal.SIGTERM, within_s: float = 8.0) -> int:
        """End it by a signal; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(sig)
        return self.process.wait(within_s)


@contextlib.contextmanager
def real_server(
    data_dir: Path,
    *,
    arguments: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
    port: int = 0,
) -> Iterator[RealServer]:
    """Start ``python -m embedded_server`` on a free port and sign in."""
    env = {
        **os.environ,
        "GATEHOUSE_ADMIN_USERNAME": USERNAME,
        "GATEHOUSE_ADMIN_PASSWORD": PASSWORD,
        **(environment or {}),
    }
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "embedded_server",
            "--data-dir",
            str(data_dir),
            "--port",
            str(port),
            *arguments,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=env,
    )
    said: list[str] = []
    address = _wait_for_address(process, said)
    api = httpx.Client(base_url=address, timeout=20.0, trust_env=False)
    server = RealServer(process, address, data_dir, api, said)
    try:
        answer = api.post("/api/auth/login", json={"username": USERNAME, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        api.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield server
    finally:
        api.close()
        _end(process)


@contextlib.contextmanager
def sample_cameras(*arguments: str) -> Iterator[dict[str, dict[str, str]]]:
    """The drawn cameras by name, each with ``url`` and ``sub_url``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "embedded_server.samples", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield {
            camera["name"]: camera for camera in json.loads(process.stdout.readline())["cameras"]
        }
    finally:
        process.communicate(timeout=10)


def wait_for(
    what: str, look: Callable[[], T | None], within_s: float = 30.0, pause_s: float = 0.25
) -> T:
    """Ask until there is an answer that is true; fails with the last answer."""
    end = time.monotonic() + within_s
    while not (answer := look()):
        assert time.monotonic() < end, (
            f"{what} did not happen within {within_s:.0f} s (last: {answer!r})"
        )
        time.sleep(pause_s)
    return answer


def _wait_for_address(process: subprocess.Popen[str], said: list[str]) -> str:
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_drain, args=(process, said, lines), daemon=True).start()
    end = time.monotonic() + 60
    while (line := lines.get(timeout=max(0.1, end - time.monotonic()))) is not None:
        if found := _LISTENING.search(line):
            return found[1]
    raise AssertionError("the server ended before it listened: " + "".join(said))


def _drain(process: subprocess.Popen[str], said: list[str], lines: queue.Queue[str | None]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        lines.put(line)
    lines.put(None)
    process.stdout.close()


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
