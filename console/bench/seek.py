"""``gatehouse bench seek``: random moments of recorded footage, time to the exact picture, against ffmpeg."""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from console.bench.clips import write_clip
from console.bench.peer import find_ffmpeg, run_ffmpeg
from console.bench.segments import FolderFootage, read_index, write_segments
from console.domain.camera import CameraKey
from console.domain.footage import SegmentRef, TimeRange
from console.playback.convert import WHOLE, Scaler
from console.playback.cursor import Cursor, Seen
from console.playback.footage_source import to_us
from console.playback.mailbox import Shot
from console.playback.reader import FootageReader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from console.domain.footage import SegmentIndex
    from console.playback.reader import Nothing

_START = datetime(2026, 1, 5, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_BOX = (960, 540)
_PEER_SEEKS = 20


def main(arguments: Sequence[str]) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="gatehouse bench seek")
    parser.add_argument("--minutes", type=int, default=60, help="one file per minute")
    parser.add_argument("--seeks", type=int, default=80)
    parser.add_argument("--json", action="store_true", help="print the JSON object only")
    options = parser.parse_args(arguments)
    figures = run(options.minutes, options.seeks)
    if not options.json:
        _explain(figures)
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


def run(minutes: int, seeks: int) -> dict[str, Any]:
    """Measure ours, then the peer on the same files."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as made:
        footage = _record(Path(made), minutes)
        began = time.process_time()
        exact = _measure(footage, seeks, lambda cursor, at_us: cursor.at(at_us))
        cpu_s = time.process_time() - began
        key = _measure(footage, seeks, lambda cursor, at_us: cursor.key_at(at_us))
        peer = _measure_peer(footage, minutes)
    figures: dict[str, Any] = {
        "bench": "seek",
        "n": seeks,
        "seconds": minutes * 60,
        "cpu_s": round(cpu_s, 3),
        **_percentiles("", exact),
        **_percentiles("key_", key),
        **peer,
    }
    if peer.get("peer_p50_ms"):
        figures["ratio"] = round(figures["p50_ms"] / peer["peer_p50_ms"], 3)
    return figures


class _IndexedFootage(FolderFootage):
    """Indexes come from a catalogue, so reading them is no part of a seek."""

    def __init__(self, folder: Path, segments: Sequence[SegmentRef]) -> None:
        super().__init__(folder, segments)
        file = folder / segments[0].name
        self._index = read_index(file, segments[0])

    def index(self, segment: SegmentRef) -> Future[SegmentIndex]:
        """The same for all: they are copies of one file."""
        answer: Future[SegmentIndex] = Future()
        answer.set_result(replace(self._index, segment=segment))
        return answer


def _record(folder: Path, minutes: int) -> FolderFootage:
    camera = CameraKey("bench", "1")
    clip = write_clip(folder / "minute.mp4", seconds=60, seed=1)
    first = write_segments(clip, folder / "footage", camera, _START, segment_s=120)[0]
    segments = []
    for minute in range(minutes):
        begin = _START + minute * _MINUTE
        name = begin.strftime("%Y%m%dT%H%M%S%f") + ".mp4"
        if name != first.name:
            shutil.copyfile(folder / "footage" / first.name, folder / "footage" / name)
        segments.append(SegmentRef(camera, name, TimeRange(begin, begin + _MINUTE), False))
    return _IndexedFootage(folder / "footage", segments)


def _measure(
    footage: FolderFootage, seeks: int, look: Callable[[Cursor, int], Seen | Nothing]
) -> list[float]:
    cursor = Cursor(FootageReader(footage))
    scaler = Scaler()
    moments = random.Random(11)
    length_us = len(footage.listed) * 60_000_000
    taken: list[float] = []
    for _ in range(seeks):
        at_us = to_us(_START) + moments.randrange(length_us)
        began = time.perf_counter()
        seen = look(cursor, at_us)
        if not isinstance(seen, Seen):
            raise RuntimeError(f"no picture at {at_us}")
        scaler.picture(Shot(seen.frame, seen.at_us, seen.aspect), _BOX, WHOLE)
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def _measure_peer(footage: FolderFootage, minutes: int) -> dict[str, Any]:
    if find_ffmpeg() is None:
        return {"peer": None, "peer_skipped": "ffmpeg is not installed"}
    moments = random.Random(11)
    taken: list[float] = []
    for _ in range(_PEER_SEEKS):
        minute, second = moments.randrange(minutes), moments.uniform(0, 59)
        file = footage.folder / footage.listed[minute].name
        width, height = _BOX
        arguments = ["-ss", f"{second:.3f}", "-i", str(file), "-frames:v", "1"]
        arguments += ["-vf", f"scale={width}:{height}:flags=fast_bilinear", "-pix_fmt", "bgra"]
        run = run_ffmpeg([*arguments, "-f", "rawvideo", "-y", os.devnull], timeout_s=20)
        taken.append(run.wall_s * 1000)
    return {"peer": "ffmpeg -ss, a process for each", **_percentiles("peer_", taken)}


def _percentiles(prefix: str, taken_ms: list[float]) -> dict[str, float]:
    p50, p95, p99 = np.percentile(taken_ms, (50, 95, 99))
    return {
        f"{prefix}p50_ms": round(float(p50), 2),
        f"{prefix}p95_ms": round(float(p95), 2),
        f"{prefix}p99_ms": round(float(p99), 2),
    }


def _explain(figures: dict[str, Any]) -> None:
    summary = (
        "{n} random moments of {seconds} s: exact picture p50 {p50_ms} p95 {p95_ms} ms, "
        "key frame p50 {key_p50_ms} p95 {key_p95_ms} ms"
    )
    lines = [summary.format_map(figures)]
    if figures.get("peer"):
        lines.append(
            f"{figures['peer']}: p50 {figures['peer_p50_ms']} p95 {figures['peer_p95_ms']} ms; "
            f"ours ÷ peer {figures['ratio']}"
        )
    else:
        lines.append(f"No peer: {figures['peer_skipped']}.")
    sys.stdout.write("\n".join(lines) + "\n")
