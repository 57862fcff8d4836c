"""``gatehouse bench wall``: N sub-streams in one window, against one ffmpeg decoding and stacking the same."""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from console.bench.clips import FPS, write_clip
from console.bench.peer import find_ffmpeg, run_ffmpeg
from console.domain.camera import CameraKey
from console.domain.stream import StreamSource
from console.playback.convert import WHOLE
from console.playback.engine import Engine
from console.playback.live_tile import LiveTile
from console.playback.threads import Spawner
from widgets.video_wall.grid import LAYOUTS, layout_for, tile_rects
from widgets.video_wall.state import TileMode, TileState
from widgets.video_wall.widget import VideoWall

if TYPE_CHECKING:
    from collections.abc import Sequence

WINDOW = (1920, 1080)
_CLIPS = 4
_CLIP_SECONDS = 8.0
_SETTLE_S = 2.0
_PROBE_HZ = 100


def main(arguments: Sequence[str]) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="gatehouse bench wall")
    parser.add_argument("--tiles", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", action="store_true", help="print the JSON object only")
    options = parser.parse_args(arguments)
    if not 1 <= options.tiles <= LAYOUTS["25"].tiles:
        parser.error("--tiles must be 1 to 25")
    figures = run(options.tiles, options.seconds)
    if not options.json:
        _explain(figures)
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


def run(tiles: int, seconds: float) -> dict[str, Any]:
    """Measure ours, then the peer on the same clips."""
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.setswitchinterval(0.0005)
    spawner = Spawner()  # before QApplication, as in the application
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as folder:
        clips = [
            write_clip(Path(folder) / f"{seed}.mp4", seconds=_CLIP_SECONDS, seed=seed)
            for seed in range(_CLIPS)
        ]
        ours = _measure_ours(tiles, seconds, clips, spawner)
        peer = _measure_peer(tiles, seconds, clips)
    spawner.close()
    figures: dict[str, Any] = {"bench": "wall", "n": tiles, "seconds": seconds, **ours, **peer}
    if peer.get("peer_cpu_ms_per_frame"):
        figures["ratio"] = round(ours["cpu_ms_per_frame"] / peer["peer_cpu_ms_per_frame"], 3)
    return figures


class _Probe(QObject):
    """How long a signal from another thread takes to reach a slot of the window's thread."""

    asked = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.delays_ms: list[float] = []
        self._stopping = threading.Event()
        self.asked.connect(self._answer, Qt.ConnectionType.QueuedConnection)

    def start(self, spawner: Spawner) -> None:
        """Ask from now on."""
        self._thread = spawner.spawn(self._ask, name="probe")

    def stop(self) -> None:
        """Ask no more."""
        self._stopping.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._stopping.wait(1 / _PROBE_HZ):
            self.asked.emit(time.perf_counter())

    def _answer(self, asked_s: float) -> None:
        self.delays_ms.append((time.perf_counter() - asked_s) * 1000)


@dataclass
class _Wall:
    """The window with its streams."""

    spawner: Spawner
    window: VideoWall = field(default_factory=VideoWall)
    tiles: list[LiveTile] = field(default_factory=list)

    def open(self, count: int, clips: Sequence[Path]) -> None:
        """Show the window and open all streams at random moments."""
        self.engine = Engine(self.spawner)
        self.engine.converter.converted.connect(self._show)
        self.window.setWindowTitle("gatehouse bench wall")
        self.window.resize(*WINDOW)
        self.window.set_layout(layout_for(count))
        self.window.show()
        phases = random.Random(7)
        for tile in range(count):
            _run_loop(phases.uniform(0, 1 / FPS))
            self._open_tile(tile, clips[tile % len(clips)])

    def shown(self) -> int:
        """Pictures converted for the screen so far."""
        return sum(tile.slot.converted_count for tile in self.tiles)

    def dropped(self) -> int:
        """Pictures lost on the way so far."""
        return sum(tile.feed.figures().dropped for tile in self.tiles)

    def close(self) -> None:
        """End all threads."""
        for tile in self.tiles:
            tile.close()
        self.engine.close()
        self.window.close()

    def _open_tile(self, tile: int, clip: Path) -> None:
        source = StreamSource(CameraKey("bench", str(tile)), "main", "url", clip.as_uri())

        def fetch() -> Future[StreamSource]:
            answer: Future[StreamSource] = Future()
            answer.set_result(source)
            return answer

        slot = self.engine.slot(tile)
        self.engine.place(tile, self.window.picture_box(tile), WHOLE)
        self.window.set_state(
            tile, TileState(name=f"Camera {tile + 1}", mode=TileMode.LIVE, text="live")
        )
        opened = LiveTile(
            slot,
            ("main",),
            lambda _profile: self.engine.open_live(str(tile), fetch),
            height=360,
            now_s=time.monotonic(),
        )
        self.tiles.append(opened)

    def _show(self) -> None:
        for tile, picture in self.engine.collect().items():
            self.window.set_picture(tile, picture.image, picture.memory)


def _measure_ours(
    tiles: int, seconds: float, clips: Sequence[Path], spawner: Spawner
) -> dict[str, Any]:
    application = QApplication.instance() or QApplication(["bench"])
    process = psutil.Process()
    empty_mb = process.memory_info().rss / 1e6
    wall = _Wall(spawner)
    wall.open(tiles, clips)
    probe = _Probe()
    _run_loop(_SETTLE_S)
    probe.start(spawner)
    cpu, shown, dropped, began = time.process_time(), wall.shown(), wall.dropped(), time.monotonic()
    _run_loop(seconds)
    cpu_s, lasted_s = time.process_time() - cpu, time.monotonic() - began
    shown, dropped = wall.shown() - shown, wall.dropped() - dropped
    probe.stop()
    rss_mb = process.memory_info().rss / 1e6
    platform = QApplication.platformName()
    wall.close()
    p50, p95, p99 = np.percentile(probe.delays_ms, (50, 95, 99))
    del application
    return {
        "platform": platform,
        "cpu_s": round(cpu_s, 3),
        "cpu_percent": round(cpu_s / lasted_s * 100, 1),
        "shown": shown,
        "shown_per_s": round(shown / lasted_s, 1),
        "cpu_ms_per_frame": round(cpu_s / max(1, shown) * 1000, 3),
        "p50_ms": round(float(p50), 2),
        "p95_ms": round(float(p95), 2),
        "p99_ms": round(float(p99), 2),
        "dropped": dropped,
        "rss_mb": round(rss_mb, 1),
        "rss_mb_per_stream": round((rss_mb - empty_mb) / tiles, 2),
    }


def _measure_peer(tiles: int, seconds: float, clips: Sequence[Path]) -> dict[str, Any]:
    if find_ffmpeg() is None:
        return {"peer": None, "peer_skipped": "ffmpeg is not installed"}
    run = run_ffmpeg(_peer_arguments(tiles, seconds, clips), timeout_s=seconds * 4 + 30)
    frames = run.frames * tiles
    return {
        "peer": "ffmpeg -re, scale fast_bilinear, xstack, BGRA",
        "peer_cpu_s": round(run.cpu_s, 3),
        "peer_frames": frames,
        "peer_cpu_ms_per_frame": round(run.cpu_s / max(1, frames) * 1000, 3),
    }


def _peer_arguments(tiles: int, seconds: float, clips: Sequence[Path]) -> list[str]:
    layout = LAYOUTS[layout_for(tiles)]
    rects = tile_rects(layout, *WINDOW, seam=0)[:tiles]
    arguments: list[str] = []
    for tile in range(tiles):
        clip = clips[tile % len(clips)]
        arguments += ["-re", "-stream_loop", "-1", "-threads", "1", "-i", str(clip)]
    scaled = [
        f"[{tile}:v]scale={rect.width}:{rect.height}:flags=fast_bilinear[t{tile}]"
        for tile, rect in enumerate(rects)
    ]
    places = "|".join(f"{rect.x}_{rect.y}" for rect in rects)
    inputs = "".join(f"[t{tile}]" for tile in range(tiles))
    stack = f"{inputs}xstack=inputs={tiles}:layout={places}[out]" if tiles > 1 else "[t0]null[out]"
    graph = ";".join([*scaled, stack])
    output = ["-map", "[out]", "-t", str(seconds), "-pix_fmt", "bgra", "-f", "rawvideo"]
    return [*arguments, "-filter_complex", graph, *output, "-y", os.devnull]


def _run_loop(seconds: float) -> None:
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def _explain(figures: dict[str, Any]) -> None:
    summary = (
        "{n} tiles, {shown_per_s} pictures/s shown, {cpu_percent} % of one core, "
        "{cpu_ms_per_frame} ms each\n"
        "GUI latency p50 {p50_ms} p95 {p95_ms} p99 {p99_ms} ms, {dropped} dropped, "
        "{rss_mb_per_stream} MB per tile"
    )
    lines = [summary.format_map(figures)]
    if figures.get("peer"):
        lines.append(
            f"{figures['peer']}: {figures['peer_cpu_ms_per_frame']} ms per picture; "
            f"ours ÷ peer {figures['ratio']}"
        )
    else:
        lines.append(f"No peer: {figures['peer_skipped']}.")
    sys.stdout.write("\n".join(lines) + "\n")
