"""A fake Gatehouse server as a process with the options and the words of the real one.

``python -m tests.support.stand_in_server server --data-dir DIR --port N``; what it is to do wrong is in ``STAND_IN``:
``refuse`` (says why and ends with 3), ``crash`` (ends with 9 soon after listening), ``deaf`` (ignores SIGTERM),
``mute`` (never says that it listens).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import uvicorn

from tests.support.fake_systems.native import FakeNative


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """The test's own."""


async def _serve(port: int, mode: str) -> None:
    fake = FakeNative()
    fake.users = {os.environ["GATEHOUSE_ADMIN_USERNAME"]: os.environ["GATEHOUSE_ADMIN_PASSWORD"]}
    listener = socket.create_server(("127.0.0.1", port))
    port = listener.getsockname()[1]
    config = uvicorn.Config(fake.app, log_level="warning", ws="websockets-sansio", lifespan="off")
    serving = asyncio.ensure_future(_Server(config).serve(sockets=[listener]))
    if mode != "mute":
        sys.stdout.write(f"Gatehouse server listening on http://127.0.0.1:{port}\n")
        sys.stdout.flush()
    if mode == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if mode == "crash":
        await asyncio.sleep(0.3)
        os._exit(9)
    await serving


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["server"])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    mode = os.environ.get("STAND_IN", "")
    (options.data_dir / "starts").open("a").write(f"{os.getpid()}\n")
    if mode == "refuse":
        sys.stderr.write("The data directory is in use by another server.\n")
        sys.exit(3)
    asyncio.run(_serve(options.port, mode))


if __name__ == "__main__":
    main()
