"""What the operating system must bring: Qt's libraries, a font, venv; found out by trying, not by package names."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from installers.errors import NotAllowed, NotAvailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class Need:
    """One thing that must be there, and the Debian package that brings it."""

    what: str
    package: str
    is_there: Callable[[], bool]


def library(soname: str, package: str) -> Need:
    """A shared library that the loader must find."""
    return Need(soname, package, lambda: _loads(soname))


def program(name: str, package: str) -> Need:
    """A program on the search path."""
    return Need(name, package, lambda: shutil.which(name) is not None)


# What Qt's own libraries and its offscreen platform ask for (readelf over the wheel).
LIBRARIES = (
    ("libEGL.so.1", "libegl1"),
    ("libGL.so.1", "libgl1"),
    ("libOpenGL.so.0", "libopengl0"),
    ("libX11.so.6", "libx11-6"),
    ("libdbus-1.so.3", "libdbus-1-3"),
    ("libfontconfig.so.1", "libfontconfig1"),
    ("libfreetype.so.6", "libfreetype6"),
    ("libgssapi_krb5.so.2", "libgssapi-krb5-2"),
    ("libglib-2.0.so.0", "libglib2.0-0"),
    ("libgthread-2.0.so.0", "libglib2.0-0"),
    ("libstdc++.so.6", "libstdc++6"),
    ("libxkbcommon.so.0", "libxkbcommon0"),
    ("libz.so.1", "zlib1g"),
)
# What a window on a screen needs on top.
SCREEN_LIBRARIES = (
    ("libX11-xcb.so.1", "libx11-xcb1"),
    ("libwayland-client.so.0", "libwayland-client0"),
    ("libwayland-cursor.so.0", "libwayland-cursor0"),
    ("libwayland-egl.so.1", "libwayland-egl1"),
    ("libxcb.so.1", "libxcb1"),
    ("libxcb-cursor.so.0", "libxcb-cursor0"),
    ("libxcb-glx.so.0", "libxcb-glx0"),
    ("libxcb-icccm.so.4", "libxcb-icccm4"),
    ("libxcb-image.so.0", "libxcb-image0"),
    ("libxcb-keysyms.so.1", "libxcb-keysyms1"),
    ("libxcb-randr.so.0", "libxcb-randr0"),
    ("libxcb-render.so.0", "libxcb-render0"),
    ("libxcb-render-util.so.0", "libxcb-render-util0"),
    ("libxcb-shape.so.0", "libxcb-shape0"),
    ("libxcb-shm.so.0", "libxcb-shm0"),
    ("libxcb-sync.so.1", "libxcb-sync1"),
    ("libxcb-util.so.1", "libxcb-util1"),
    ("libxcb-xfixes.so.0", "libxcb-xfixes0"),
    ("libxcb-xkb.so.1", "libxcb-xkb1"),
    ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
)
# The cameras that nobody here wrote, for the tests: GStreamer's own RTSP server.
PEER_PACKAGES = (
    "python3-gi",
    "gir1.2-gst-rtsp-server-1.0",
    "gir1.2-gstreamer-1.0",
    "gir1.2-gst-plugins-base-1.0",
    "gstreamer1.0-plugins-base",
    "gstreamer1.0-plugins-good",
    "gstreamer1.0-plugins-bad",
)
_PEER_PROBE = """
import gi
for name in ("Gst", "GstApp", "GstRtsp", "GstRtspServer"):
    gi.require_version(name, "1.0")
from gi.repository import Gst, GstApp, GstRtsp, GstRtspServer
Gst.init(None)
raise SystemExit(not all(Gst.ElementFactory.find(name) for name in (
    "appsrc", "rtph264pay", "h264parse", "h265parse", "jpegparse")))
"""
_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")


def needs_of_demo(*, has_screen: bool) -> tuple[Need, ...]:
    """What the console needs; the libraries of a window only where there is a screen."""
    if not sys.platform.startswith("linux"):
        return ()
    libraries = LIBRARIES + (SCREEN_LIBRARIES if has_screen else ())
    return (
        _venv(),
        *(library(soname, package) for soname, package in libraries),
        Need("a font", "fonts-dejavu-core", _has_font),
    )


def needs_of_tests() -> tuple[Need, ...]:
    """What only some tests use; without it they are skipped and say so."""
    if not sys.platform.startswith("linux"):
        return ()
    return (
        program("ffmpeg", "ffmpeg"),
        *(Need("GStreamer's RTSP server", package, _has_peers) for package in PEER_PACKAGES),
    )


def missing(needs: Sequence[Need]) -> tuple[Need, ...]:
    """Those that are not there; each question is asked once."""
    answers: dict[Callable[[], bool], bool] = {}
    for need in needs:
        if need.is_there not in answers:
            answers[need.is_there] = need.is_there()
    return tuple(need for need in needs if not answers[need.is_there])


def install(needs: Sequence[Need], *, say: Callable[[str], None]) -> None:
    """Bring what is missing, or raise with the one line that would.

    Raises:
        NotAllowed: this user may not install packages.
        NotAvailable: there is no apt-get, or it failed.
    """
    absent = missing(needs)
    if not absent:
        return
    packages = packages_of(absent)
    if shutil.which("apt-get") is None:
        raise NotAvailable(
            f"The system lacks: {', '.join(sorted({need.what for need in absent}))}.",
            "Install them with the package manager of this system, then run the same command again.",
        )
    prefix = _right_to_install()
    if prefix is None:
        raise NotAllowed(
            f"System packages are missing ({len(packages)}), and you may not install them.",
            "Type this line, then run the same command again:\n\n"
            f"    {line_to_type(packages, has_sudo=shutil.which('sudo') is not None)}\n",
        )
    _apt_get(prefix, packages, say)
    still = missing(absent)
    if still:
        raise NotAvailable(
            "apt-get has run, and these are still not found: "
            f"{', '.join(sorted({need.what for need in still}))}.",
            f"Look whether {', '.join(packages_of(still))} can be installed on this system.",
        )


def packages_of(needs: Sequence[Need]) -> tuple[str, ...]:
    """Package names, each once, in the order of the needs."""
    return tuple(dict.fromkeys(need.package for need in needs))


def line_to_type(packages: Sequence[str], *, has_sudo: bool) -> str:
    """One line for a shell that brings the packages."""
    install_them = "apt-get install -y --no-install-recommends " + " ".join(packages)
    if has_sudo:
        return f"sudo apt-get update && sudo {install_them}"
    return f"su - -c {shlex.quote(f'apt-get update && {install_them}')}"


def _venv() -> Need:
    minor = f"python3.{sys.version_info.minor}-venv"
    return Need("ensurepip", minor, lambda: importlib.util.find_spec("ensurepip") is not None)


def _loads(soname: str) -> bool:
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def _has_font() -> bool:
    folders = (Path(folder).expanduser() for folder in _FONT_FOLDERS)
    return any(
        path.suffix.lower() in {".ttf", ".otf", ".ttc"}
        for folder in folders
        for path in folder.rglob("*.*")
    )


def _has_peers() -> bool:
    python = Path("/usr/bin/python3")  # Debian's gi is built for Debian's Python only
    if not python.exists():
        return False
    asked = subprocess.run(
        [python, "-c", _PEER_PROBE],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return asked.returncode == 0


def _right_to_install() -> tuple[str, ...] | None:
    if sys.platform == "win32":
        return None
    if os.geteuid() == 0:
        return ()
    sudo = shutil.which("sudo")
    if sudo is None:
        return None
    asked = subprocess.run([sudo, "-n", "true"], capture_output=True, check=False)
    return (sudo, "-n") if asked.returncode == 0 else None


def _apt_get(prefix: Sequence[str], packages: Sequence[str], say: Callable[[str], None]) -> None:
    say(f"Installing {len(packages)} system packages with apt-get: {' '.join(packages)}")
    environment = ["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"]
    quiet = ["-qq", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=120"]
    apt_get = [*prefix, *environment, "apt-get", *quiet]
    steps = (["update"], ["install", "-y", "--no-install-recommends", *packages])
    for step in steps:
        done = subprocess.run(
            [*apt_get, *step],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise NotAvailable(
                f"apt-get {step[0]} failed (status {done.returncode}):\n{_tail(done.stdout)}",
                "Look at the network and the free space of this machine, then run the same command again.",
            )


def _tail(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-8:])
