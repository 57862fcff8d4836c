"""``gatehouse bench record``: N cameras recorded, beside as many ``ffmpeg -c copy -f segment``.

The cameras are GStreamer's RTSP server where ``shared/peers`` lies beside the checkout, else the project's
own sample cameras. Both recorders read the same cameras in the same minute. In the end the media process is
killed without warning, and what it leaves is recovered and counted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from embedded_server.media.process import MediaProcess
from embedded_server.recorder.footage_dir import FootageDir
from embedded_server.recorder.recovery import recover_all, unfinished
from embedded_server.services.model import CapturePlan, StreamState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from embedded_server.services.model import Gap, Segment, StreamStatus

_PEER_CAMERAS = Path(__file__).resolve().parents[2].parent / "shared" / "peers" / "rtsp_camera"
_SYSTEM_PYTHON = "/usr/bin/python3"
_SETTLE_S = 4.0
_ONLINE_WITHIN_S = 20.0
_READY_WITHIN_S = 30.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the last line is one JSON object."""
    parser = argparse.ArgumentParser(prog="gatehouse bench record", description=__doc__)
    parser.add_argument("--streams", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--json", action="store_true", help="print only the JSON object")
    options = parser.parse_args(arguments)
    figures = run(options.streams, options.seconds)
    if not options.json:
        for name, value in figures.items():
            sys.stdout.write(f"{name:24} {value}\n")
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


def run(streams: int, seconds: float) -> dict[str, Any]:
    """The figures of DESIGN §8: CPU seconds are per stream and minute."""
    with (
        tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as made,
        _cameras(streams) as (urls, source),
        _ffmpegs(urls, Path(made) / "peer") as peers,
    ):
        figures = asyncio.run(_measure(urls, seconds, Path(made), peers))
    figures |= {"bench": "record", "n": streams, "seconds": seconds, "cameras": source}
    figures["peer"] = "ffmpeg -c copy -f segment" if peers else "skipped: ffmpeg is not installed"
    return figures


async def _measure(
    urls: Sequence[str], seconds: float, work: Path, peers: Sequence[psutil.Process]
) -> dict[str, Any]:
    tally = _Tally()
    async with MediaProcess(work / "footage", tally, log_dir=work / "logs") as media:
        await media.apply([_plan(number, url) for number, url in enumerate(urls)])
        await _all_online(media, len(urls))
        await asyncio.sleep(_SETTLE_S)
        assert media.pid is not None
        ours = psutil.Process(media.pid)
        before, peer_before, began = _cpu_s([ours]), _cpu_s(peers), time.monotonic()
        await asyncio.sleep(seconds)
        minutes = (time.monotonic() - began) / 60 * len(urls)
        cpu_s = (_cpu_s([ours]) - before) / minutes
        peer_cpu_s = (_cpu_s(peers) - peer_before) / minutes
        rss_mb = ours.memory_info().rss / 1e6
        kbps = {name: status.bitrate_kbps or 0.0 for name, status in media.statuses().items()}
        ours.kill()
        killed_at = datetime.now(UTC)
    return {
        "cpu_s": round(cpu_s, 4),
        "rss_mb": round(rss_mb, 1),
        "rss_mb_per_stream": round(rss_mb / len(urls), 2),
        "dropped": tally.gaps,
        **({"peer_cpu_s": round(peer_cpu_s, 4)} if peers else {}),
        **({"ratio": round(cpu_s / peer_cpu_s, 3)} if peers and peer_cpu_s else {}),
        **_losses(work / "footage", killed_at, kbps),
    }


def _losses(footage: Path, killed_at: datetime, kbps: dict[str, float]) -> dict[str, Any]:
    """What the kill cost: time, and bytes at the rate that each stream had."""
    ends: dict[str, datetime] = {}
    directory = FootageDir(footage)
    for segment in recover_all(unfinished(directory, frozenset())):
        before = ends.get(segment.camera_id, segment.end)
        ends[segment.camera_id] = max(before, segment.end)
    lost_s = {c: max(0.0, (killed_at - end).total_seconds()) for c, end in ends.items()}
    lost_bytes = sum(lost_s[c] * kbps.get(f"{c}/main", 0.0) * 125 for c in lost_s)
    return {
        "kill_lost_s_max": round(max(lost_s.values(), default=0.0), 3),
        "kill_lost_s_mean": round(sum(lost_s.values()) / max(1, len(lost_s)), 3),
        "kill_lost_bytes": round(lost_bytes),
        "kill_streams_left": len(lost_s),
    }


async def _all_online(media: MediaProcess, count: int) -> None:
    until = time.monotonic() + _ONLINE_WITHIN_S
    while time.monotonic() < until:
        states = [status.state for status in media.statuses().values()]
        if states.count(StreamState.ONLINE) == count:
            return
        await asyncio.sleep(0.1)
    causes = {status.cause for status in media.statuses().values() if status.cause}
    raise RuntimeError(f"not every camera came online within {_ONLINE_WITHIN_S:.0f} s: {causes}")


def _plan(number: int, url: str) -> CapturePlan:
    camera = f"camera{number:02d}"
    return CapturePlan(f"{camera}/main", camera, "main", url, url, frozenset({"record"}))


def _cpu_s(processes: Sequence[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes if process.is_running()]
    return float(sum(each.user + each.system for each in times))


@contextlib.contextmanager
def _cameras(count: int) -> Iterator[tuple[list[str], str]]:
    """Addresses of ``count`` streams and who serves them."""
    if _PEER_CAMERAS.is_file() and Path(_SYSTEM_PYTHON).is_file():
        command = [_SYSTEM_PYTHON, str(_PEER_CAMERAS), "--sub-only", "-n", str(count), "-p", "0"]
        source = "GStreamer RTSP server"
    else:
        command = [sys.executable, "-m", "embedded_server.samples", "--steady"]
        source = "own sample cameras"
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the cameras for the measurement did not start ({source})")
        yield _addresses(json.loads(line), count), source
    finally:
        process.terminate()
        process.communicate(timeout=_READY_WITHIN_S)


def _addresses(ready: dict[str, Any], count: int) -> list[str]:
    if "urls" in ready:
        found = [url for url in ready["urls"] if not url.endswith("_sub")]
    else:
        found = [camera.get("sub_url") or camera["url"] for camera in ready["cameras"]]
    return [found[number % len(found)] for number in range(count)]


@contextlib.contextmanager
def _ffmpegs(urls: Sequence[str], folder: Path) -> Iterator[Sequence[psutil.Process]]:
    """One recording ffmpeg per stream, or none where it is not installed."""
    program = shutil.which("ffmpeg")
    if program is None:
        yield []
        return
    folder.mkdir(parents=True)
    running = [
        psutil.Popen(_ffmpeg_command(program, url, folder / f"{number:02d}"))
        for number, url in enumerate(urls)
    ]
    try:
        yield running
    finally:
        for process in running:
            process.kill()
        psutil.wait_procs(running, timeout=5)


def _ffmpeg_command(program: str, url: str, stem: Path) -> list[str]:
    read = [program, "-nostdin", "-loglevel", "quiet", "-rtsp_transport", "tcp", "-i", url]
    write = ["-c", "copy", "-an", "-f", "segment", "-segment_time", "60", "-reset_timestamps", "1"]
    return [*read, *write, f"{stem}-%04d.mp4"]


class _Tally:
    """Counts the gaps while it runs; there should be none."""

    def __init__(self) -> None:
        self.gaps = 0

    def stream_changed(self, status: StreamStatus) -> None:
        """Not of interest."""

    def segment_written(self, segment: Segment) -> None:
        """Not of interest."""

    def gap_changed(self, gap: Gap) -> None:
        """Counted when it begins."""
        self.gaps += gap.end is None

    def media_alarm(self, kind: str, message: str) -> None:
        """Not of interest."""


if __name__ == "__main__":
    sys.exit(main())
