"""``gatehouse bench live``: camera → server → console on this machine, from arrival to the picture.

The server stamps each picture when it arrives from the camera; here the stamp is compared with the clock at the
moment at which the decoded picture is handed to the screen. The 100 ms by which the wall smooths jitter are in
it and are given apart, too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from console.demo import SampleCameras
from console.dialects.registry import dialect_of
from console.domain.errors import CannotConnect
from console.domain.system import SystemRecord
from console.playback.live import LiveFeed
from console.playback.mailbox import Mailbox
from console.playback.sockets import SocketLoop
from console.playback.threads import Spawner

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from console.dialects.base import Dialect
    from console.domain.camera import CameraKey
    from console.domain.stream import StreamSource
    from console.playback.mailbox import Shot

SMOOTHING_S = 0.1
_SETTLE_S = 6.0
_LISTENING = re.compile(r"listening on (https?://\S+)")


def main(arguments: Sequence[str]) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="gatehouse bench live")
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", action="store_true", help="print the JSON object only")
    options = parser.parse_args(arguments)
    figures = asyncio.run(run(options.cameras, options.seconds))
    if not options.json:
        summary = "{n} cameras: p50 {p50_ms} p95 {p95_ms} p99 {p99_ms} ms from arrival to picture\n"
        sys.stdout.write(summary.format_map(figures))
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


async def run(cameras: int, seconds: float) -> dict[str, Any]:
    """Start sample cameras and a server, watch them, and end both."""
    samples = SampleCameras(cameras)
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as folder:
        password = secrets.token_urlsafe(16)
        server = _start_server(Path(folder), password)
        try:
            address = await asyncio.to_thread(_address_of, server)
            dialect = dialect_of(
                SystemRecord("bench", "Bench", address, username="bench", dialect="native")
            )
            await dialect.sign_in("bench", password)
            keys = []
            for source in (await samples.start())[:cameras]:
                if dialect.camera_admin is not None:
                    added = await dialect.camera_admin.add(
                        name=source.name, url=source.url, username="", password=""
                    )
                    keys.append(added.key)
            delays_ms, dropped = await _watch(dialect, keys, seconds)
            await dialect.aclose()
        finally:
            server.terminate()
            await asyncio.to_thread(server.wait, 10)
            await samples.aclose()
    if not delays_ms:
        raise CannotConnect("No pictures came from the sample cameras.")
    p50, p95, p99 = (round(float(v), 1) for v in np.percentile(delays_ms, (50, 95, 99)))
    return {
        "bench": "live",
        "n": cameras,
        "seconds": seconds,
        "pictures": len(delays_ms),
        "p50_ms": p50,
        "p95_ms": p95,
        "p99_ms": p99,
        "smoothing_ms": SMOOTHING_S * 1000,
        "dropped": dropped,
        "peer": None,
    }


class _Stopwatch(Mailbox):
    """Notes how old each picture is when it is handed over."""

    def __init__(self) -> None:
        super().__init__()
        self.delays_ms: list[float] = []
        self.counts = threading.Event()

    def put(self, shot: Shot) -> None:
        """Note and drop it: nobody looks."""
        if self.counts.is_set():
            self.delays_ms.append((time.time_ns() // 1000 - shot.at_us) / 1000)


async def _watch(
    dialect: Dialect, keys: Sequence[CameraKey], seconds: float
) -> tuple[list[float], int]:
    spawner = Spawner()
    sockets = SocketLoop(spawner)
    watches = [_Stopwatch() for _ in keys]
    feeds = [_open(dialect, key, spawner, sockets) for key in keys]
    for feed, watch in zip(feeds, watches, strict=True):
        feed.mailbox = watch
    await asyncio.sleep(_SETTLE_S)
    for watch in watches:
        watch.counts.set()
    dropped = sum(feed.figures().dropped for feed in feeds)
    await asyncio.sleep(seconds)
    dropped = sum(feed.figures().dropped for feed in feeds) - dropped
    for feed in feeds:
        feed.close()
    await asyncio.to_thread(sockets.close)
    spawner.close()
    return [delay for watch in watches for delay in watch.delays_ms], dropped


def _open(dialect: Dialect, key: CameraKey, spawner: Spawner, sockets: SocketLoop) -> LiveFeed:
    loop = asyncio.get_running_loop()

    def fetch() -> Future[StreamSource]:
        return asyncio.run_coroutine_threadsafe(dialect.live(key, "main"), loop)

    return LiveFeed(fetch, name=str(key), sockets=sockets, spawner=spawner, delay_s=SMOOTHING_S)


def _start_server(folder: Path, password: str) -> subprocess.Popen[str]:
    environment = os.environ | {
        "GATEHOUSE_ADMIN_USERNAME": "bench",
        "GATEHOUSE_ADMIN_PASSWORD": password,
    }
    command = [sys.executable, "-m", "embedded_server", "server", "--data-dir", str(folder)]
    return subprocess.Popen(
        [*command, "--port", "0"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _address_of(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    for line in server.stdout:
        found = _LISTENING.search(line)
        if found:
            return found.group(1)
    raise CannotConnect("The server did not start.")
