"""Running ``ffmpeg`` beside our own code and counting the processor time that it took."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class PeerRun:
    """What it took."""

    cpu_s: float
    wall_s: float
    frames: int


def find_ffmpeg() -> str | None:
    """Where ffmpeg is, if it is installed."""
    return shutil.which("ffmpeg")


def run_ffmpeg(arguments: Sequence[str], *, timeout_s: float) -> PeerRun:
    """Run it to its end.

    Raises:
        RuntimeError: it failed; with what it said.
    """
    program = find_ffmpeg()
    if program is None:
        raise RuntimeError("ffmpeg is not installed")
    started = time.perf_counter()
    command = [program, "-hide_banner", "-loglevel", "error", "-nostdin", "-progress", "pipe:1"]
    with subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        cpu_s = _watch(process, timeout_s)
        said, complaint = process.communicate()
    if process.returncode:
        raise RuntimeError(f"ffmpeg failed: {complaint.strip().splitlines()[-1:]}")
    frames = [int(line[6:]) for line in said.splitlines() if line.startswith("frame=")]
    return PeerRun(cpu_s, time.perf_counter() - started, frames[-1] if frames else 0)


def _watch(process: subprocess.Popen[str], timeout_s: float) -> float:
    """Processor time, read every few milliseconds because a process that has ended no longer tells."""
    watched = psutil.Process(process.pid)
    cpu_s = 0.0
    until = time.monotonic() + timeout_s
    while process.poll() is None:
        try:
            times = watched.cpu_times()
            cpu_s = times.user + times.system
        except psutil.NoSuchProcess:
            break
        if time.monotonic() > until:
            process.kill()
            raise RuntimeError("ffmpeg did not end in time")
        time.sleep(0.01)
    return cpu_s
