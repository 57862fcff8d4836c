"""``gatehouse demo``: the console with its own server and sample cameras, in a directory of its own."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.actions import cameras as camera_actions
from console.actions import connect
from console.domain.camera import Health
from console.domain.errors import CannotConnect, ConsoleError, InvalidInput
from console.domain.system import Phase

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AsyncExitStack
    from pathlib import Path

    from console.domain.camera import Camera, Polygon
    from console.parts import ConsoleParts

_log = logging.getLogger("gatehouse.demo")
_BURNT_IN: Polygon = ((0.0, 0.935), (1.0, 0.935), (1.0, 1.0), (0.0, 1.0))
"""Where the sample cameras burn clock and frame number in: it moves, and is nothing to detect."""
SAMPLES_READY_WITHIN_S = 60.0
LOADED_WITHIN_S = 30.0
VIDEO_SUFFIXES = frozenset({".mp4", ".mkv", ".mov", ".avi", ".ts", ".webm", ".m4v"})


@dataclass(frozen=True, slots=True)
class Source:
    """One camera of the demo."""

    name: str
    url: str
    sub_url: str = ""
    masks: tuple[Polygon, ...] = ()


@dataclass(frozen=True, slots=True)
class Demo:
    """What to show: the clips of a folder, or drawn sample cameras; and ``urls`` of real cameras beside them."""

    videos: Path | None = None
    urls: tuple[str, ...] = ()
    sample_count: int | None = None

    async def prepare(self, parts: ConsoleParts, stack: AsyncExitStack) -> None:
        """Start everything and add the cameras.

        Raises:
            ConsoleError: something does not start, with its sentence.
        """
        given = [*self._given()]
        if self.videos is None:
            samples = SampleCameras(self.sample_count)
            stack.push_async_callback(samples.aclose)
            # the server and the cameras take a second each: side by side
            system, sources = await asyncio.gather(
                connect.use_this_computer(parts), samples.start()
            )
        else:
            system, sources = await connect.use_this_computer(parts), []
        await _wait_until_loaded(parts, system)
        await _put_cameras(parts, system, [*sources, *given])

    def _given(self) -> Iterable[Source]:
        if self.videos is not None:
            yield from clips_in(self.videos)
        for number, url in enumerate(self.urls, start=1):
            yield Source(f"Camera {number}", url)


class SampleCameras:
    """The drawn cameras' process; it ends when we do, since it watches its standard input."""

    def __init__(self, count: int | None = None) -> None:
        self._command = [*_own_python("embedded_server.samples")]
        if count is not None:
            self._command += ["--count", str(count)]
        self._process: subprocess.Popen[str] | None = None

    async def start(self) -> list[Source]:
        """Their addresses, once they can be opened.

        Raises:
            CannotConnect: they do not start.
        """
        try:
            line = await asyncio.wait_for(
                asyncio.to_thread(self._start), timeout=SAMPLES_READY_WITHIN_S
            )
            return [
                Source(c["name"], c["url"], c["sub_url"], (_BURNT_IN,)) for c in read_cameras(line)
            ]
        except (OSError, TimeoutError, ValueError, KeyError, TypeError) as error:
            raise CannotConnect(
                "The sample cameras do not start.", remedy="Try --videos or --camera instead."
            ) from error

    async def aclose(self) -> None:
        """End them."""
        if self._process is not None:
            await asyncio.to_thread(_end, self._process)
            self._process = None

    def _start(self) -> str:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def clips_in(folder: Path) -> list[Source]:
    """Every clip of a folder as a looping camera; ``gate_main`` and ``gate_sub`` are two streams of one.

    Raises:
        InvalidInput: there is no such folder, or no clip in it.
    """
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is not a folder.", remedy="Give a folder with video files.")
    clips = sorted(p for p in folder.iterdir() if p.suffix.lower() in VIDEO_SUFFIXES)
    if not clips:
        raise InvalidInput(
            f"There are no video files in {folder}.",
            remedy=f"Files that count end in {', '.join(sorted(VIDEO_SUFFIXES))}.",
        )
    by_name: dict[str, dict[str, str]] = {}
    for clip in clips:
        name, profile = _name_and_profile(clip)
        by_name.setdefault(name, {})[profile] = clip.resolve().as_uri()
    return [
        Source(name, found.get("main") or found["sub"], found["sub"] if len(found) > 1 else "")
        for name, found in by_name.items()
    ]


def read_cameras(line: str) -> list[dict[str, str]]:
    """The cameras in the line that the sample process prints.

    Raises:
        ValueError: it is not that line.
    """
    cameras = json.loads(line).get("cameras")
    if not isinstance(cameras, list):
        raise ValueError("no cameras in it")
    return cameras


async def _put_cameras(parts: ConsoleParts, system: str, sources: list[Source]) -> None:
    there = {camera.name: camera for camera in parts.cameras.of_system(system)}
    for source in sources:
        try:
            await _put_camera(parts, system, source, there.pop(source.name, None))
        except ConsoleError as error:
            parts.notices.say(f"{source.name}: {error}", remedy=error.remedy)
    for name, camera in there.items():
        if camera.health is Health.OFF:
            continue
        # of an earlier demo with other sources; its footage stays
        _log.info("%s is not part of this demo", name)
        await camera_actions.set_enabled(parts, camera.key, enabled=False)


async def _put_camera(
    parts: ConsoleParts, system: str, source: Source, known: Camera | None
) -> None:
    if known is None:
        await camera_actions.add(
            parts,
            system,
            name=source.name,
            url=source.url,
            sub_url=source.sub_url,
            masks=source.masks,
        )
        return
    # the sample cameras listen on another port each time
    await camera_actions.set_source(parts, known.key, url=source.url, sub_url=source.sub_url)
    if known.health is Health.OFF:
        await camera_actions.set_enabled(parts, known.key, enabled=True)


async def _wait_until_loaded(parts: ConsoleParts, system: str) -> None:
    loaded = asyncio.Event()

    def look(_key: object = None) -> None:
        state = parts.systems.get(system)
        if state is not None and state.phase is not Phase.CONNECTING:
            loaded.set()

    parts.systems.keyed_changed.connect(look)
    try:
        look()
        await asyncio.wait_for(loaded.wait(), LOADED_WITHIN_S)
    except TimeoutError as error:
        raise CannotConnect("The embedded server does not list its cameras.") from error
    finally:
        parts.systems.keyed_changed.disconnect(look)


def _name_and_profile(clip: Path) -> tuple[str, str]:
    stem, _, last = clip.stem.rpartition("_")
    if not stem or last not in ("main", "sub"):
        stem, last = clip.stem, "main"
    name = stem.replace("_", " ").replace("-", " ").strip().capitalize()
    return name or clip.name, last


def _own_python(module: str) -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, "samples"]
    return [sys.executable, "-m", module]


def _end(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=2)
