"""RTSP cameras that nobody in this project wrote: starts ``../shared/peers/rtsp_camera``, or skips."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
CAMERA = SHARED / "peers" / "rtsp_camera"
SYSTEM_PYTHON = "/usr/bin/python3"


@dataclass(frozen=True)
class RtspCameras:
    """Running cameras; ``urls`` in the order given, by path name in ``by_name``."""

    port: int
    control_port: int
    urls: tuple[str, ...]
    auth: str | None
    process: subprocess.Popen[str]

    def url(self, name: str, *, auth: str | None = None) -> str:
        """The address of one path, with the right credentials or those given as ``user:password``."""
        sign_in = auth or self.auth
        return f"rtsp://{sign_in + '@' if sign_in else ''}127.0.0.1:{self.port}/{name}"

    def fault(self, name: str, kind: str, seconds: float = 0.0) -> None:
        """Make one path fail now: drop, stall, resolution, off or on."""
        query = f"fault?cam={name}&kind={kind}&seconds={seconds}"
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.control_port}/{query}", method="POST"
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            answer.read()

    def status(self) -> dict[str, dict[str, object]]:
        """What the cameras say of themselves, by path name."""
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.control_port}/status", timeout=5
        ) as answer:
            return dict(json.loads(answer.read()))


def missing() -> str | None:
    """Why no such camera can be started here, or None."""
    if not CAMERA.is_file():
        return "no ../shared/peers/rtsp_camera beside this checkout"
    if shutil.which(SYSTEM_PYTHON) is None:
        return f"no {SYSTEM_PYTHON} for the RTSP camera"
    probe = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    done = subprocess.run([SYSTEM_PYTHON, "-c", probe], capture_output=True, check=False)
    return (
        None
        if done.returncode == 0
        else "GStreamer's RTSP server (Debian packages) is not installed"
    )


@contextlib.contextmanager
def rtsp_cameras(
    number: int = 8,
    *,
    auth: str | None = None,
    cameras: Sequence[str] = (),
    arguments: Sequence[str] = (),
    port: int = 0,
) -> Iterator[RtspCameras]:
    """Cameras on a free port (cam1, cam1_sub, …), or those of ``cameras`` (``name=main.mp4,sub.mp4``).

    Skips the test where the peer is absent. ``auth`` is ``user:password`` (digest).
    """
    if reason := missing():
        pytest.skip(reason)
    command = [SYSTEM_PYTHON, str(CAMERA), "-n", str(number), "-p", str(port), "--control", "0"]
    command += ["--auth", auth] if auth else []
    for camera in cameras:
        command += ["--cam", camera]
    process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            pytest.fail("the RTSP camera ended before it was ready")
        ready = json.loads(line)
        yield RtspCameras(ready["port"], ready["control"], tuple(ready["urls"]), auth, process)
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()
