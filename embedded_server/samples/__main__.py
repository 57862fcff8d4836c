"""``python -m embedded_server.samples``: the sample cameras as a process of their own.

Prints one JSON line when they can be opened, and ends when its standard input closes (its parent has gone) or on a signal.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
import threading
from typing import TYPE_CHECKING

import cv2

from embedded_server.samples.encoder import MAIN, SUB, SceneEncoder
from embedded_server.samples.rtsp_server import Feed, RtspServer
from embedded_server.samples.scenes import all_scenes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from embedded_server.samples.encoder import AccessUnit

DROP_OUT_EVERY_S = 150.0
DROP_OUT_FOR_S = 12.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop."""
    parser = argparse.ArgumentParser(
        prog="python -m embedded_server.samples", description="Drawn sample cameras over RTSP."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument(
        "--count",
        type=int,
        default=len(all_scenes()),
        help="how many of the scenes (1 to %(default)s)",
    )
    parser.add_argument("--steady", action="store_true", help="no camera drops out now and then")
    parser.add_argument(
        "--keep-running", action="store_true", help="do not end when standard input closes"
    )
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    asyncio.run(_run(options))
    return 0


async def _run(options: argparse.Namespace) -> None:
    stop = _stop_event(watch_stdin=not options.keep_running)
    loop = asyncio.get_running_loop()
    scenes = all_scenes()[: max(1, options.count)]
    feeds: dict[str, Feed] = {}
    encoders = []
    for scene in scenes:
        slug = scene.name.lower().replace(" ", "_")
        own = {size.name: Feed(f"{scene.name} {size.name}") for size in (MAIN, SUB)}
        feeds |= {f"{slug}/{profile}": feed for profile, feed in own.items()}

        def publish(profile: str, unit: AccessUnit, own: dict[str, Feed] = own) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended before the thread
                loop.call_soon_threadsafe(own[profile].publish, unit)

        encoders.append(SceneEncoder(scene, publish))
    server = RtspServer(feeds)
    port = await server.start(options.host, options.port)
    for encoder in encoders:
        encoder.start()
    _announce([scene.name for scene in scenes], options.host, port)
    unsteady = (
        []
        if options.steady
        else [feed for path, feed in feeds.items() if path.startswith("back_fence/")]
    )
    drops = asyncio.create_task(_drop_out(unsteady))
    await stop.wait()
    drops.cancel()
    await asyncio.gather(*(asyncio.to_thread(encoder.stop) for encoder in encoders))
    await server.stop()


def _announce(names: Sequence[str], host: str, port: int) -> None:
    base = [(name, f"rtsp://{host}:{port}/{name.lower().replace(' ', '_')}") for name in names]
    cameras = [{"name": name, "url": f"{url}/main", "sub_url": f"{url}/sub"} for name, url in base]
    sys.stdout.write(json.dumps({"cameras": cameras}) + "\n")
    sys.stdout.flush()


async def _drop_out(feeds: Sequence[Feed]) -> None:
    while feeds:
        await asyncio.sleep(DROP_OUT_EVERY_S)
        for feed in feeds:
            feed.switch(on=False)
        await asyncio.sleep(DROP_OUT_FOR_S)
        for feed in feeds:
            feed.switch(on=True)


def _stop_event(*, watch_stdin: bool) -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(stop.set)

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: end())
    if watch_stdin:
        threading.Thread(target=_wait_for_end, args=(end,), daemon=True).start()
    return stop


def _wait_for_end(end: Callable[[], None]) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    end()


if __name__ == "__main__":
    sys.exit(main())
